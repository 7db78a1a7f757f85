"""A loan that is paid back in a few instalments: what is owed when, how much interest it all comes to.

Each instalment pays interest first. A fee may be added to the debt, the first instalments may be interest alone, more
may be paid in on one day, the rate may change. The traps: to take the whole instalment off the debt; interest on the
first debt throughout; the new rate a period too early; rounding at the end in place of each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.forms import CentsForm, TermsForm, cents
from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme, Reckoning, quiet
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import DayForm, EntryForm, ExactForm, Form, WholeForm
from open_thoughts_gen.families.kit.kinds import OnDay, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative

MONTHS = {"month": 1, "quarter": 3, "half": 6}
RATES = {"month": (40, 130), "quarter": (90, 260), "half": (200, 480)}  # in hundredths of a per cent
CENTS = Amount("", closing="closing/units")
TERMS = ("principal", "fee", "rate", "later_rate", "instalment", "num")


@dataclass(frozen=True, slots=True)
class Payment:
    """One instalment: its day, the interest in it, and what is owed after it."""

    day: date
    interest: Fraction
    owed: Fraction


class Schedule(Reckoning):
    """The debt, instalment by instalment."""

    def payments(self, last: date | None = None) -> list[Payment]:
        """Return the instalments, up to a day if it is given."""
        facts, rows = self.facts, list[Payment]()
        owed = facts["principal"]
        if self.has("fee"):
            owed = self.work("principal + fee", principal=owed, fee=facts["fee"])
            self.say("fee", owed=owed)
        for number in range(1, facts["num"] + 1):
            day = self.work.months_after(facts["start"], number * MONTHS[facts["period"]])
            rows.append(self.payment(number, day, owed))
            owed = rows[-1].owed
            if day == last:
                break
        return rows

    def payment(self, number: int, day: date, owed: Fraction) -> Payment:
        """Return one instalment."""
        facts = self.facts
        rate = facts["later_rate"] if self.has("changes") and day > facts["changes"] else facts["rate"]
        exact = self.work("owed * rate", owed=owed, rate=rate)
        interest = exact
        if (100 * exact).denominator > 1:
            interest = self.work("(exact * 200 + 1) // 2 / 100", exact=exact)
        known = {"day": day, "owed": owed, "used": rate, "exact": exact, "interest": interest}
        self.say("interest" if interest == exact else "interest.rounded", **known)
        if number <= facts.get("grace", 0):
            left, bank = owed, "only.interest"
        elif number == facts["num"]:
            left, bank = owed - owed, "last"
        else:
            part = self.work("instalment - interest", instalment=facts["instalment"], interest=interest)
            left, bank, known["part"] = self.work("owed - part", owed=owed, part=part), "paid", part
            if self.narrative is not None and number == facts.get("grace", 0) + 1:
                self.turn(owed, interest)
        self.say(bank, **known, left=left)
        if facts.get("extra_day") == day:
            before, left = left, self.work("left - extra", left=left, extra=facts["extra"])
            self.say("extra", before=before, left=left)
        return Payment(day, interest, left)

    def turn(self, owed: Fraction, interest: Fraction) -> None:
        """Say the wrong turn of an instalment that is taken off the debt whole."""
        instalment = self.facts["instalment"]
        guess = self.work("owed - instalment", owed=owed, instalment=instalment)
        self.say("turn.whole", owed=owed, guess=guess)
        self.work("instalment - interest", instalment=instalment, interest=interest)
        self.say("refute.whole", interest=interest)


class Loan(FinanceScheme):
    """A short loan under the clauses of one bank."""

    name: ClassVar[str] = "loan"
    labels: ClassVar[Sequence[str]] = ("interest", "payment", "fee", "grace", "extra", "change", "early")
    amounts: ClassVar[str] = "principal fee instalment extra mark flat owed exact interest part left before guess total"
    asks: ClassVar[Mapping[str, Ask]] = {
        "balance": Ask(CENTS, "balance", needs=("asked",)),
        "total": Ask(CENTS, "total"),
        "below": Ask(OnDay(), "below", level=2, needs=("mark",)),
        "cheaper": Ask(YesNo(), "cheaper", needs=("flat",), coin="cheaper"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        lists = self.words.lists
        self.forms: Mapping[str, Form[Any]] = {
            **self.shared_forms(),
            **dict.fromkeys(self.amounts.split(), CentsForm()),
            "sum": TermsForm(cents),
            **dict.fromkeys(("rate", "later_rate", "used"), ExactForm()),
            **dict.fromkeys(("start", "asked", "extra_day", "changes", "day"), DayForm()),
            "period": EntryForm(lists["periods"]),
            **dict.fromkeys(("num", "grace", "early"), WholeForm()),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw terms under which the last instalment is neither nothing nor far larger than the others."""
        period, num = rng.choice(tuple(MONTHS)), level + 2
        facts: dict[str, Any] = {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "PLN", "CZK")),
            "period": period,
            "start": date(rng.randint(2027, 2038), rng.randint(1, 12), rng.choice((1, 10, 15, 20, 28))),
            "principal": Fraction(100 * rng.randint(80, 900)),
            "rate": Fraction(5 * (rng.randint(*RATES[period]) // 5), 10_000),
            "num": num,
            "early": rng.choice((2, 3, 4, 6)),
        }
        days = [Schedule(*quiet(facts)).work.months_after(facts["start"], k * MONTHS[period]) for k in range(num + 1)]
        if level > 1 and rng.random() < 0.7:
            facts["fee"] = Fraction(rng.randint(50, 400))
        if level > 1 and ("fee" not in facts or rng.random() < 0.5):
            facts["grace"] = 1 if level < 4 else rng.choice((1, 2))
        if level > 2:
            facts |= {"extra": Fraction(50 * rng.randint(10, 60)), "extra_day": days[rng.randint(2, num - 2)]}
        if level > 3:
            facts["changes"] = days[rng.randint(1, num - 2)]
            facts["later_rate"] = facts["rate"] + rng.choice((-1, 1)) * Fraction(rng.randint(3, 9), 2_000)
        paying = num - facts.get("grace", 0)
        owed = facts["principal"] - facts.get("extra", 0)
        facts["instalment"] = Fraction(10 * (int(owed * rng.randint(92, 104)) // (1_000 * paying)))
        if facts.get("later_rate", facts["rate"]) <= 0 or facts["instalment"] <= 0:
            return None
        rows = Schedule(*quiet(facts)).payments()
        if not facts["instalment"] / 3 < rows[-2].owed < facts["instalment"] * 2:
            return None
        asked = rng.randint(max(2, num - 2), num - 1)
        facts |= {"asked": days[asked], "mark": self.mark(rng, rows)}
        total = sum((row.interest for row in rows), Fraction(0))
        facts["flat"] = Fraction(round(total * Fraction(rng.choice((rng.randint(86, 99), rng.randint(101, 114))), 100)))
        return facts

    def mark(self, rng: Random, rows: Sequence[Payment]) -> Fraction:
        """Return a sum that what is owed falls below on one of the later days."""
        index = rng.randint(max(1, len(rows) - 4), len(rows) - 2)
        high, low = rows[index - 1].owed, rows[index].owed
        return Fraction(100 * round((low + (high - low) * Fraction(rng.randint(15, 85), 100)) / 100))

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is owed on the day that is asked about, the interest, and when little enough is owed."""
        rows = Schedule(*quiet(facts)).payments()
        total = sum((row.interest for row in rows), Fraction(0))
        results: dict[str, Any] = {"total": total, "balance": None, "below": None, "cheaper": None}
        if rows[-2].owed <= 0:
            return dict.fromkeys(results)
        if "asked" in facts:
            results["balance"] = next((row.owed for row in rows if row.day == facts["asked"]), None)
        if "mark" in facts:
            results["below"] = next(row.day for row in rows if row.owed < facts["mark"])
        if "flat" in facts:
            results["cheaper"] = None if total == facts["flat"] else total > facts["flat"]
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print frame, terms, clauses and question."""
        values = {**case.facts, **case.cast}
        lines = [page.say("prompt/head", **values)]
        lines += [page.say(f"prompt/term.{key}", **values) for key in TERMS if key in values]
        parts = [page.say("prompt/opening", **values), "\n".join(lines), self.clause_lines(case, page)]
        asides = [page.say("prompt/aside.extra", **values)] if "extra" in values else []
        parts.append(" ".join((*asides, page.say("prompt/colour"))))
        return "\n\n".join((*parts, page.say(f"prompt/ask.{case.asks}", **values)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the instalments as far as they are needed, and the answer."""
        facts, work = case.facts, narrative.work
        narrative.year = facts["start"].year
        story = Schedule(facts, work, narrative)
        known = {"currency": facts["currency"]}
        if case.asks == "balance":
            rows = story.payments(facts["asked"])
            balance = next((row.owed for row in rows if row.day == facts["asked"]), None)
            narrative.answer("answer.balance", balance, left=balance, asked=facts["asked"], **known)
            return
        if case.asks == "below":
            for row in (rows := story.payments()):
                if row.owed < facts["mark"]:
                    work.exceeds(facts["mark"], row.owed)
                    shown = {"day": row.day, "left": row.owed, "mark": facts["mark"]}
                    narrative.step("reached", **shown)
                    narrative.answer("answer.below", row.day, **shown, **known)
                    return
        rows = story.payments()
        interests = tuple(row.interest for row in rows)
        total = story.total(interests)
        narrative.step("total", sum=interests, total=total)
        if case.asks == "total":
            narrative.answer("answer.total", total, total=total, **known)
        else:
            cheaper = work.exceeds(total, facts["flat"])
            bank = "answer.yes" if cheaper else "answer.no"
            story.say("flat.less" if cheaper else "flat.more", total=total)
            narrative.answer(bank, cheaper, total=total, flat=facts["flat"], **known)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other sums, rates and days."""
        facts = case.facts
        for key in ("principal", "instalment", "fee", "extra", "flat", "mark"):
            for step in (-200, -100, 100, 200):
                if key in facts and facts[key] + step > 0:
                    yield Change({key: facts[key] + step})
        for step in (-10, -5, 5, 10):
            if facts["rate"] + Fraction(step, 10_000) > 0:
                yield Change({"rate": facts["rate"] + Fraction(step, 10_000)})

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run the loan again in decimals, by the number of its months."""
        dues, interests, debts = [*_run(facts)], list[Decimal](), list[Decimal]()
        for _, interest, debt in dues:
            interests.append(interest)
            debts.append(debt)
        days = [day for day, _, _ in dues]
        results: dict[str, Any] = {"total": Fraction(sum(interests))}
        if facts.get("asked") in days:
            results["balance"] = Fraction(debts[days.index(facts["asked"])])
        if "mark" in facts:
            results["below"] = min(day for day, debt in zip(days, debts, strict=True) if debt < int(facts["mark"]))
        if "flat" in facts:
            results["cheaper"] = sum(interests) > int(facts["flat"])
        return results


# The second implementation: decimals as a bank's ledger has them, nothing of `Schedule`.
def _run(facts: Mapping[str, Any]) -> Iterator[tuple[date, Decimal, Decimal]]:
    def number(key: str) -> Decimal:
        value = Fraction(facts.get(key, 0))
        return Decimal(value.numerator) / Decimal(value.denominator)

    debt, rate = number("principal") + number("fee"), number("rate")
    month = facts["start"].year * 12 + facts["start"].month - 1
    for left in range(facts["num"] - 1, -1, -1):
        month += {"month": 1, "quarter": 3, "half": 6}[facts["period"]]
        day = date(month // 12, month % 12 + 1, facts["start"].day)
        interest = (debt * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        is_free = facts["num"] - left <= facts.get("grace", 0)
        debt += interest
        debt -= debt if not left else interest if is_free else number("instalment")
        if day == facts.get("extra_day"):
            debt -= number("extra")
        if day == facts.get("changes"):
            rate = number("later_rate")
        yield day, interest, debt


SCHEME = Loan()
