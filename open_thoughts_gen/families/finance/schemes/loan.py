"""A loan that is paid back in a few instalments: what is owed when, how much interest it all comes to.

Each instalment pays interest first. A fee may be added to the debt, the first instalments may be interest alone, more
may be paid in on one day, the rate may change. The traps: to take the whole instalment off the debt; interest on the
first debt throughout; the new rate a period too early; rounding at the end in place of each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import UNITS
from open_thoughts_gen.families.finance.scheme import FinanceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Figures, OnDay, YesNo
from open_thoughts_gen.families.kit.work import Work

MONTHS = {"month": 1, "quarter": 3, "half": 6}
RATES = {"month": (40, 130), "quarter": (90, 260), "half": (200, 480)}  # in hundredths of a per cent
Payment = tuple[date, Fraction, Fraction]  # its day, the interest in it, and what is owed after it


class Schedule(Figures):
    """The debt, instalment by instalment."""

    def payments(self, is_last: Callable[[Payment], bool] = lambda _: False) -> list[Payment]:
        """Return the instalments, up to the one that is the last to be looked at."""
        facts, rows, num, grace = self.facts, list[Payment](), self.facts["num"], self.facts.get("grace", 0)
        self.know("owed", self.find("owed", "principal + fee", "fee") if self.has("fee") else facts["principal"])
        while len(rows) < num and not (rows and is_last(rows[-1])):
            number = len(rows) + 1
            day = self.know("day", self.work.months_after(facts["start"], number * MONTHS[facts["period"]]))
            interest = self.interest(day)
            if number <= grace:
                left = self.know("left", self.known["owed"], "only.interest")
            elif number == num:
                left = self.know("left", Fraction(0), "last")
            else:
                if number == grace + 1:
                    self.find("guess", "owed - instalment", "turn.whole, refute.whole")
                self.find("part", "instalment - interest")
                left = self.find("left", "owed - part", "paid")
            if facts.get("extra_day") == day:
                left = self.find("left", "before - extra", "extra", before=left)
            rows.append((day, interest, self.know("owed", left)))
        return rows

    def interest(self, day: date) -> Fraction:
        """Return the interest of a payment date."""
        is_later = self.has("changes") and day > self.facts["changes"]
        rate = self.facts["later_rate" if is_later else "rate"]
        self.know("used", rate, "change" if is_later and self.known.get("used") != rate else "")
        exact = self.find("exact", "owed * used")
        if (100 * exact).denominator == 1:
            return self.know("interest", exact, "interest")
        return self.find("interest", "(exact * 200 + 1) // 2 / 100", "interest.rounded")


class Loan(FinanceScheme):
    """A short loan under the clauses of one bank."""

    name: ClassVar[str] = "loan"
    labels: ClassVar[Sequence[str]] = ("interest", "payment", "fee", "grace", "extra", "change", "early")
    lines: ClassVar[Sequence[str]] = ("principal", "fee", "rate", "later_rate", "instalment", "num")
    reckoning: ClassVar[type[Figures]] = Schedule
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {
        **dict.fromkeys(("principal", "instalment", "fee", "extra", "flat"), (-200, -100, 100, 200)),
        "mark": (-12_000, -6_000, -3_000, -1_000, 1_000, 3_000, 6_000, 12_000),
    }
    asks: ClassVar[Mapping[str, Ask]] = {
        "balance": Ask(UNITS, "balance", needs=("asked",)),
        "total": Ask(UNITS, "total", level=2),
        "below": Ask(OnDay(), "below", level=3, needs=("mark",)),
        "cheaper": Ask(YesNo(), "cheaper", needs=("flat",), coin="cheaper"),
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
        days = [Work(is_quiet=True).months_after(facts["start"], k * MONTHS[period]) for k in range(num + 1)]
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
        _, interests, debts = zip(*Schedule(facts).payments(), strict=True)
        if not facts["instalment"] / 3 < debts[-2] < facts["instalment"] * 2:
            return None
        index = rng.randint(max(1, num - 4), num - 2)  # of a later date, on which the debt falls below the mark
        mark = debts[index] + (debts[index - 1] - debts[index]) * Fraction(rng.randint(15, 85), 100)
        flat = sum(interests) * Fraction(rng.choice((rng.randint(86, 99), rng.randint(101, 114))), 100)
        facts |= {"asked": days[rng.randint(max(2, num - 2), num - 1)], "mark": Fraction(100 * round(mark / 100))}
        return facts | {"flat": Fraction(round(flat))}

    def walk(self, story: Schedule, asks: str) -> object:
        """Return what is owed on a day, the interest, when little enough is owed, or whether a flat charge is less."""
        facts = story.facts
        if asks == "balance":
            *_, (day, _, owed) = story.payments(lambda row: row[0] == facts["asked"])
            return owed if day == facts["asked"] else None
        if asks == "below":
            *_, (day, _, owed) = rows = story.payments(lambda row: row[2] < facts["mark"])
            if facts["principal"] < facts["mark"] or (owed <= 0 and len(rows) < facts["num"]):
                return None
            story.exceeds("mark", "left")
            return story.know("day", day, "reached")
        rows = story.payments()
        if rows[-2][2] <= 0:
            return None
        interests = tuple(interest for _, interest, _ in rows)
        total = story.know("total", story.total(interests), "total", sum=interests)
        return total if asks == "total" else story.exceeds("total", "flat", yes="flat.less", no="flat.more")

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run the loan again in decimals, by the number of its months."""
        days, interests, debts = zip(*_run(facts), strict=True)
        owed, total = dict(zip(days, map(Fraction, debts), strict=True)), Fraction(sum(interests))
        below = min((day for day, debt in owed.items() if debt < facts.get("mark", 0)), default=None)
        cheaper = total > facts.get("flat", 0)
        return {"total": total, "balance": owed.get(facts.get("asked")), "below": below, "cheaper": cheaper}


# The second implementation: decimals as a bank's ledger has them, nothing of `Schedule`.
def _run(facts: Mapping[str, Any]) -> Iterator[tuple[date, Decimal, Decimal]]:
    exact = {key: value for key, value in facts.items() if isinstance(value, Fraction)}
    number = {key: Decimal(value.numerator) / value.denominator for key, value in exact.items()}
    debt, rate = number["principal"] + number.get("fee", 0), number["rate"]
    month = facts["start"].year * 12 + facts["start"].month - 1
    for left in range(facts["num"] - 1, -1, -1):
        month += {"month": 1, "quarter": 3, "half": 6}[facts["period"]]
        day = date(month // 12, month % 12 + 1, facts["start"].day)
        interest = (debt * rate).quantize(Decimal("0.01"), ROUND_HALF_UP)
        is_free = facts["num"] - left <= facts.get("grace", 0)
        debt += interest
        debt -= debt if not left else interest if is_free else number["instalment"]
        debt -= number["extra"] if day == facts.get("extra_day") else 0
        rate = number["later_rate"] if day == facts.get("changes") else rate
        yield day, interest, debt


SCHEME = Loan()
