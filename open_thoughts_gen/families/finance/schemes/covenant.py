"""A covenant on net debt: what the agreement calls EBITDA and net debt decides whether the group has complied.

Definitions differ from case to case: leases count or do not, cash in escrow does not, what is exceptional is a closed
list, and the sum added back is capped at a share of EBITDA as it stands before the addition or after it. The traps: a
charge that looks exceptional and is not on the list; cash that is not free; the cap measured at the wrong moment; a
limit that has stepped down; new shares taken off net debt where the clause adds them to EBITDA.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme, Reckoning, quiet
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import ExactForm, Form
from open_thoughts_gen.families.kit.kinds import Flip, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError, solved
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative

LINES = (
    "profit",
    "depreciation",
    "restructuring",
    "litigation",
    "storm",
    "loans",
    "bonds",
    "leases",
    "payables",
    "cash",
)
MULTIPLES = tuple(Fraction(quarter, 4) for quarter in range(9, 18))
CAPS = tuple(Fraction(share, 100) for share in (10, 15, 20, 25))


class Leverage(Reckoning):
    """EBITDA, net debt, and the limit that ties them."""

    def ebitda(self) -> Fraction:
        """Return EBITDA as the agreement defines it."""
        facts = self.facts
        base = self.work("profit + depreciation", profit=facts["profit"], depreciation=facts["depreciation"])
        self.say("base", base=base)
        claimed = facts["restructuring"]
        if self.has("litigation"):
            claimed = self.work("one + other", one=claimed, other=facts["litigation"])
            self.say("claimed", claimed=claimed)
        if self.has("storm"):
            self.say("storm")
        added = self.added(base, claimed) if self.has("cap") else claimed
        ebitda = self.work("base + added", base=base, added=added)
        self.say("ebitda", base=base, added=added, ebitda=ebitda)
        return ebitda

    def added(self, base: Fraction, claimed: Fraction) -> Fraction:
        """Return how much of the exceptional items may be added, which the cap limits."""
        cap = self.facts["cap"]
        most = self.work("base * cap", base=base, cap=cap)
        if self.facts["cap_after"]:
            rest = self.work("1 - cap", cap=cap)
            before, most = most, self.work("most / rest", most=most, rest=rest)
            self.say("cap.after", base=base, before=before, rest=rest, most=most)
        else:
            self.say("cap.before", base=base, most=most)
        binds = self.work.exceeds(claimed, most)
        added = most if binds else claimed
        self.say("cap.binds" if binds else "cap.idle", claimed=claimed, most=most, added=added)
        return added

    def debt(self) -> Fraction:
        """Return net debt as the agreement defines it."""
        facts = self.facts
        owed = [facts["loans"], facts["bonds"], *([facts["leases"]] if facts.get("leases_count") else [])]
        gross = self.total(owed)
        self.say("gross.with" if facts.get("leases_count") else "gross", gross=gross)
        if self.has("leases") and not facts["leases_count"]:
            self.say("leases.out")
        free = facts["cash"]
        if self.has("locked"):
            free = self.work("cash - locked", cash=free, locked=facts["locked"])
            self.say("free", free=free)
        debt = self.work("gross - free", gross=gross, free=free)
        self.say("debt.locked" if self.has("locked") else "debt", gross=gross, free=free, debt=debt)
        return debt

    def multiple(self) -> Fraction:
        """Return the limit in force at the test date."""
        if not self.has("step_year"):
            return self.facts["multiple"]  # type: ignore[no-any-return]
        stepped = self.work.exceeds(self.facts["year"], self.facts["step_year"])
        multiple: Fraction = self.facts["later_multiple" if stepped else "multiple"]
        self.say("stepped" if stepped else "unstepped", limit=multiple)
        return multiple

    def tested(self) -> tuple[Fraction, Fraction, Fraction, bool]:
        """Return EBITDA, net debt, the most that net debt may be, and whether it is more."""
        ebitda, debt, multiple = self.ebitda(), self.debt(), self.multiple()
        most = self.work("multiple * ebitda", multiple=multiple, ebitda=ebitda)
        breached = self.work.exceeds(debt, most)
        return ebitda, debt, most, breached


class Covenant(FinanceScheme):
    """A test of net debt against EBITDA, as an invented facility agreement defines both."""

    name: ClassVar[str] = "covenant"
    labels: ClassVar[Sequence[str]] = ("ebitda", "exceptional", "cap", "debt", "test", "cure")
    amounts: ClassVar[str] = (
        " ".join(LINES) + " locked base claimed added ebitda most before gross free debt cure headroom"
        " room short guess lower"
    )
    asks: ClassVar[Mapping[str, Ask]] = {
        "complies": Ask(YesNo(), "complies", coin="complies"),
        "headroom": Ask(Amount(), "headroom", coin="complies", outcomes=(True,)),
        "ebitda": Ask(Amount(), "ebitda"),
        "cure": Ask(Amount(), "cure", level=2, coin="complies", outcomes=(False,)),
        "flip": Ask(Flip(), "complies", level=2, coin="complies"),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.shared_forms(),
            **dict.fromkeys(("multiple", "later_multiple", "limit", "cap", "rest"), ExactForm()),
            "step_year": self.shared_forms()["year"],
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw figures, then loans so that a wrong reading would decide otherwise, or that it is close."""
        profit = rng.randint(2_500, 9_500)
        facts: dict[str, Any] = {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "PLN")),
            "year": rng.randint(2028, 2039),
            "profit": Fraction(profit),
            "depreciation": Fraction(-profit % 180 + 180 * rng.randint(profit // 900, profit // 400)),
            "restructuring": Fraction(rng.randint(profit // 10, profit // 3)),
            "bonds": Fraction(100 * rng.randint(20, 120)),
            "payables": Fraction(rng.randint(900, 6_900)),
            "cash": Fraction(rng.randint(1_200, 6_400)),
            "multiple": rng.choice(MULTIPLES[1:]),
        }
        if level > 1:
            facts |= {"leases": Fraction(rng.randint(600, 3_900)), "leases_count": rng.random() < 0.5}
            facts |= {"locked": Fraction(rng.randint(200, int(facts["cash"]) - 500)), "shares": True}
            facts["storm"] = Fraction(rng.randint(150, 900))
        if level > 2:
            facts |= {"litigation": Fraction(rng.randint(150, 1_400)), "cap": rng.choice(CAPS)}
            facts["cap_after"] = level == 4 and facts["cap"] != CAPS[1] and rng.random() < 0.7
        if level > 3:
            facts["later_multiple"] = facts["multiple"] - rng.choice((Fraction(1, 4), Fraction(1, 2)))
            facts["step_year"] = facts["year"] + rng.choice((-2, -1, 0, 1))
        facts["loans"] = Fraction(0)
        room = self.room(facts)
        gaps = [gap for gap in (self.room(other) - room for other in misread(facts)) if gap]
        margin = -rng.choice(gaps) * Fraction(rng.randint(15, 85), 100) if gaps and rng.random() < 0.6 else None
        loans = round(room - (rng.choice((-1, 1)) * rng.randint(20, 1_500) if margin is None else margin))
        facts["loans"] = Fraction(loans)
        return facts if 3_000 < loans < 60_000 else None

    def room(self, facts: Mapping[str, Any]) -> Fraction:
        """Return how far net debt stays below the limit; negative in a breach."""
        _, debt, most, _ = Leverage(*quiet(facts)).tested()
        return most - debt

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return EBITDA, whether the test is met, by how much, and what would cure a breach."""
        ebitda, debt, most, breached = Leverage(*quiet(facts)).tested()
        results: dict[str, Any] = {"ebitda": ebitda, "complies": not breached}
        results["headroom"] = None if breached else (most - debt) // 1
        results["cure"] = -((most - debt) * ebitda // most) if breached else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print letter, figures, clauses and question."""
        facts, pen = case.facts, case.pen("story")
        values = {**facts, **case.cast}
        lines = [page.say(f"prompt/line.{key}", **facts) for key in LINES if key in facts]
        table = "\n".join((page.say("prompt/head", **values), *lines))
        asides = [page.say(f"prompt/aside.{key}", **values) for key in ("locked", "storm") if key in facts]
        asides = [*pen.order("asides", asides), page.say("prompt/colour")]
        clauses = "\n".join((page.say("prompt/extract"), self.clause_lines(case, page)))
        parts = [page.say("prompt/opening", **values), table, " ".join(asides), clauses]
        return "\n\n".join((*parts, page.say(f"prompt/ask.{case.asks}", **values)))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell EBITDA, net debt, the limit, and what is asked of them."""
        facts, work = case.facts, narrative.work
        story = Leverage(facts, work, narrative)
        narrative.point = 1
        ebitda = story.ebitda()
        if case.asks == "ebitda":
            narrative.answer("answer.ebitda", ebitda, ebitda=ebitda, currency=facts["currency"])
            return
        narrative.point = 2
        debt = story.debt()
        narrative.point = 3
        multiple = story.multiple()
        most = work("multiple * ebitda", multiple=multiple, ebitda=ebitda)
        story.say("most", ebitda=ebitda, most=most, limit=multiple)
        breached = work.exceeds(debt, most)
        known = {"debt": debt, "most": most, "currency": facts["currency"]}
        if case.asks != "flip":  # there the answer to the first half says it
            story.say("breach" if breached else "met", **known)
        if case.asks == "headroom":
            room = work("most - debt", most=most, debt=debt)
            headroom = work("room // 1", room=room) if room.denominator > 1 else room
            story.say("room" if room == headroom else "room.whole", room=room, headroom=headroom, **known)
            narrative.answer("answer.headroom", headroom, headroom=headroom, **known)
        elif case.asks == "cure":
            self.tell_cure(story, ebitda, debt, multiple)
        else:
            narrative.answer("answer.no" if breached else "answer.yes", not breached, **known)

    def tell_cure(self, story: Leverage, ebitda: Fraction, debt: Fraction, multiple: Fraction) -> None:
        """Tell how much new money cures a breach."""
        narrative, work = story.narrative, story.work
        assert narrative is not None
        most = multiple * ebitda
        short = work("debt - most", debt=debt, most=most)
        story.say("short", short=short, debt=debt, most=most)
        story.say("turn.short", short=short)
        work.exceeds(multiple, 1)
        story.say("refute.short", limit=multiple)
        cure = work("-(-short // multiple)", short=short, multiple=multiple)
        story.say("cure", short=short, cure=cure, limit=multiple)
        guess = work("cure - 1", cure=cure)
        lower = work("guess * multiple", guess=guess, multiple=multiple)
        work.exceeds(short, lower)
        story.say("less", guess=guess, lower=lower, short=short)
        narrative.answer("answer.cure", cure, cure=cure, currency=story.facts["currency"])

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Tell what the test says of the changed figures."""
        ebitda, debt, most, breached = Leverage(case.facts, narrative.work).tested()
        bank = "trial.breach" if breached else "trial.met"
        narrative.step(bank, letter=letter, ebitda=ebitda, debt=debt, most=most)
        return not breached

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield single figures moved, most of them by about as much as the test is met or missed by."""
        facts = case.facts
        gap = abs(self.room(facts))
        for key in LINES:
            for share in (Fraction(1, 3), Fraction(3, 5), Fraction(5, 4), Fraction(8, 5)):
                step = Fraction(round(gap * share) + rng.randint(1, 9))
                if "cap" in facts and key in ("profit", "depreciation"):  # EBITDA stays whole
                    step = Fraction(180 * max(1, round(step / 180)))
                for sign in (-1, 1):
                    if key in facts and facts[key] + sign * step > facts.get("locked" if key == "cash" else "", 100):
                        yield Change({key: facts[key] + sign * step}, key)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve EBITDA as an equation, and look for the sums asked for among whole thousands."""
        ebitda, debt, limit = _ebitda(facts), _net_debt(facts), _limit(facts)
        complies = debt <= limit * ebitda
        results: dict[str, Any] = {"ebitda": ebitda, "complies": complies}
        if complies:
            results["headroom"] = _first(lambda sum_: debt + sum_ > limit * ebitda) - 1
        else:
            results["cure"] = _first(lambda sum_: debt <= limit * (ebitda + sum_))
        return results


def misread(facts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the facts as readers get them wrong who overlook a clause."""
    if "storm" in facts:
        yield {**facts, "restructuring": facts["restructuring"] + facts["storm"]}
        yield {**facts, "locked": Fraction(0)}
        yield {**facts, "leases_count": not facts["leases_count"]}
    if "cap" in facts:
        yield {**facts, "cap_after": facts["cap"] != CAPS[1] and not facts["cap_after"]}
        yield {**facts, "cap": Fraction(9, 10)}
    if "step_year" in facts:
        yield {**facts, "step_year": facts["year"] - 1 if facts["step_year"] >= facts["year"] else facts["year"]}


# The second implementation: the definition of EBITDA as equations, and sums found by halving, never by a formula.
def _ebitda(facts: Mapping[str, Any]) -> Fraction:
    items = {"restructuring": facts["restructuring"], "litigation": facts.get("litigation", 0)}
    equations: list[tuple[Mapping[str, int | Fraction], int | Fraction]] = [
        ({"before": 1}, facts["profit"] + facts["depreciation"]),
        ({"ebitda": 1, "before": -1, "added": -1}, 0),
    ]
    free = [*equations, ({"added": 1}, sum(items.values()))]
    values = solved(free)
    if "cap" in facts:
        of = "ebitda" if facts["cap_after"] else "before"
        capped = solved([*equations, ({"added": 1, of: -facts["cap"]}, 0)])
        values = min(values, capped, key=lambda known: known["added"])
    return values["ebitda"]


def _net_debt(facts: Mapping[str, Any]) -> Fraction:
    counted = {"loans": 1, "bonds": 1, "cash": -1, "locked": 1, "leases": int(facts.get("leases_count", False))}
    return sum((sign * facts.get(key, Fraction(0)) for key, sign in counted.items()), Fraction(0))


def _limit(facts: Mapping[str, Any]) -> Fraction:
    limits = {True: facts["multiple"], False: facts.get("later_multiple", facts["multiple"])}
    return Fraction(limits[facts["year"] <= facts.get("step_year", facts["year"])])


def _first(holds: Callable[[int], bool]) -> int:
    """Return the smallest whole number from which on something holds."""
    low, high = -1, 1 << 24
    if not holds(high):
        raise UnprovedError("no sum is large enough")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high


SCHEME = Covenant()
