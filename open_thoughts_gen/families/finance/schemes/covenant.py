"""A covenant on net debt: what the agreement calls EBITDA and net debt decides whether the group has complied.

Definitions differ from case to case: leases count or do not, cash in escrow does not, what is exceptional is a closed
list, and the sum added back is capped at a share of EBITDA as it stands before the addition or after it. The traps: a
charge that looks exceptional and is not on the list; cash that is not free; the cap measured at the wrong moment; a
limit that has stepped down; new shares taken off net debt where the clause adds them to EBITDA.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.finance.scheme import FinanceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Figures, Flip, ProblemCase, YesNo
from open_thoughts_gen.families.kit.proof import solved

MULTIPLES = tuple(Fraction(quarter, 4) for quarter in range(9, 18))
CAPS = tuple(Fraction(share, 100) for share in (10, 15, 20, 25))
OWED = ("loans", "bonds", "leases", "payables")


class Covenant(FinanceScheme):
    """A test of net debt against EBITDA, as an invented facility agreement defines both."""

    name: ClassVar[str] = "covenant"
    labels: ClassVar[Sequence[str]] = ("ebitda", "exceptional", "cap", "debt", "test", "cure")
    lines: ClassVar[Sequence[str]] = tuple(
        "profit depreciation restructuring litigation storm loans bonds leases payables cash".split()
    )
    asks: ClassVar[Mapping[str, Ask]] = {
        "complies": Ask(YesNo(), "complies", coin="complies"),
        "ebitda": Ask(Amount(), "ebitda", until=2),
        "cure": Ask(Amount(), "cure", level=3, coin="complies", outcomes=(False,)),
        "flip": Ask(Flip(), "complies", level=3, coin="complies"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw figures, then loans so that a wrong reading would decide otherwise, or that it is close."""
        profit = rng.randint(2_500, 9_500)
        ranges = {"restructuring": (profit // 10, profit // 3), "payables": (900, 6_900), "cash": (1_200, 6_400)}
        if level > 1:
            ranges |= {"leases": (600, 3_900), "locked": (200, 1_000), "storm": (150, 900)}
        if level > 2:
            ranges["litigation"] = (150, 1_400)
        facts: dict[str, Any] = {key: Fraction(rng.randint(*bounds)) for key, bounds in ranges.items()} | {
            "currency": rng.choice(("EUR", "SEK", "NOK", "CHF", "GBP", "PLN")),
            "year": rng.randint(2028, 2039),
            "profit": Fraction(profit),
            "depreciation": Fraction(-profit % 180 + 180 * rng.randint(profit // 900, profit // 400)),
            "bonds": Fraction(100 * rng.randint(20, 120)),
            "multiple": rng.choice(MULTIPLES[1:]),
        }
        facts |= {"leases_count": rng.random() < 0.5, "shares": True} if level > 1 else {}
        if level > 2:
            facts["cap"] = rng.choice(CAPS)
            facts["cap_after"] = level == 4 and facts["cap"] != CAPS[1] and rng.random() < 0.7
        if level > 3:
            facts["later_multiple"] = facts["multiple"] - rng.choice((Fraction(1, 4), Fraction(1, 2)))
            facts["step_year"] = facts["year"] + rng.choice((-2, -1, 0, 1))
        facts["loans"] = Fraction(0)
        room, *others = (self.story(each).figure("headroom") for each in (facts, *misread(facts)))
        gaps = [other - room for other in others if other != room]
        margin = -rng.choice(gaps) * Fraction(rng.randint(15, 85), 100) if gaps and rng.random() < 0.6 else None
        loans = round(room - (rng.choice((-1, 1)) * rng.randint(20, 1_500) if margin is None else margin))
        facts["loans"] = Fraction(loans)
        return facts if 3_000 < loans < 60_000 else None

    def walk(self, story: Figures, asks: str) -> object:
        """Return EBITDA, whether the test is met, or what would cure a breach."""
        if asks == "ebitda":
            return story.figure("ebitda")
        for point, name in enumerate(("ebitda", "debt", "most"), start=1):
            story.part(point)
            story.figure(name)
        is_breach = story.exceeds("debt", "most", yes="breach", no="met")
        if asks == "cure" and is_breach:
            story.figure("one_less")  # works out the cure, and then sees that it is the smallest
            return story.known["cure"]
        return None if asks == "cure" else not is_breach

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield single figures moved, most of them by about as much as the test is met or missed by, the wrong way more."""
        facts, room = case.facts, self.story(case.facts).figure("headroom")
        for key, share, sign in product(self.lines, (20, 36, 75, 105), (-1, 1)):
            is_away = (sign > 0) == ((key in OWED) == (room < 0))
            step = Fraction(round(abs(room) * (share if is_away else min(share, 70)) / 60) + rng.randint(1, 9)) * sign
            if "cap" in facts and key in ("profit", "depreciation"):  # EBITDA stays whole
                step = Fraction(180 * (round(step / 180) or sign))
            if key in facts and facts[key] + step > facts.get("locked" if key == "cash" else "", 100):
                yield Change({key: facts[key] + step}, key)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Solve what may be added as an equation, and look for the sums asked for among whole thousands."""
        base, claimed = facts["profit"] + facts["depreciation"], facts["restructuring"] + facts.get("litigation", 0)
        if "cap" in facts:
            cap, after = facts["cap"], facts["cap_after"]
            tied = ({"added": 1, "ebitda": -cap * after}, cap * base * (not after))
            claimed = min(claimed, solved([({"ebitda": 1, "added": -1}, base), tied])["added"])
        limit = facts["multiple" if facts["year"] <= facts.get("step_year", facts["year"]) else "later_multiple"]
        signs = {"loans": 1, "bonds": 1, "cash": -1, "locked": 1, "leases": int(facts.get("leases_count", False))}
        debt, ebitda = sum(sign * facts.get(key, 0) for key, sign in signs.items()), base + claimed
        results: dict[str, Any] = {"ebitda": ebitda, "complies": debt <= limit * ebitda}
        cure = bisect_left(range(1 << 24), True, key=lambda more: debt <= limit * (ebitda + more))
        return results if results["complies"] else results | {"cure": cure}


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


SCHEME = Covenant()
