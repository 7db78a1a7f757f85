"""Models of data: how many there must or can be of one thing, given how many there are of another.

Along a chain of relations each end counts the links between two kinds of thing, and both counts are the same (the double
counting behind cardinality constraints; M. Lenzerini and P. Nobili, On the satisfiability of dependency constraints in
entity-relationship schemata, 1990). The second implementation tries every number. The trap: to read a range at the wrong
end of its line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.scheme import DiagramScheme, redrawn
from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, ProblemCase, nudged
from open_thoughts_gen.families.kit.graphs import reached
from open_thoughts_gen.families.kit.kinds import HowMuch, YesNo
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.sheets import Notation, RowByRow, Rows

LINKS = ("assigned", "linked", "listed", "paired", "recorded", "booked", "matched", "noted")
MOST = 160
Step = tuple[str, str, tuple[int, int], tuple[int, int]]  # from, to, how many of the first per second, and the reverse


class Crow(RowByRow):
    """An entity diagram of Mermaid (https://mermaid.js.org/syntax/entityRelationshipDiagram.html), with its feet.

    A foot says no more than the range in the label: one or many, and whether none will do.
    """

    FEET: ClassVar[Mapping[bool, Sequence[str]]] = {True: ("||", "|o", "}|", "}o"), False: ("||", "o|", "|{", "o{")}

    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the diagram."""
        return super().lines(tuple(self._with_feet(row) for row in rows), pen)

    def parse(self, lines: Sequence[str]) -> Rows:
        """Return the relations, if the feet are those of the ranges."""
        rows = super().parse(lines)
        if any(self._with_feet(row[:5]) != row for row in rows):
            raise ValueError("a foot that is not of its range")
        return tuple(row[:5] for row in rows)

    def _with_feet(self, row: Sequence[str]) -> tuple[str, ...]:
        ends = zip((True, False), map(range_of, row[2:4]), strict=True)
        return (*row, *(self.FEET[is_left][2 * (high > 1) + (low == 0)] for is_left, (low, high) in ends))


class Schema(DiagramScheme):
    """Kinds of thing, relations with ranges at both ends, and a few numbers."""

    name: ClassVar[str] = "schema"
    notations: ClassVar[Sequence[str]] = ("crow", "crow", "classes", "classes", "table", "lines")
    mermaid: ClassVar[Mapping[str, Sequence[str]]] = {"classes": ("classDiagram",)}
    said: ClassVar[str] = "{2} {0} to {3} {1}"
    details: ClassVar[Mapping[str, str]] = {"given": "given"}
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("rows"), "least", needs=("asked",)),
        "most": Ask(HowMuch("rows"), "most", needs=("asked",)),
        "possible": Ask(YesNo(), "possible", needs=("asked", "wanted"), coin="possible"),
    }

    def own_notations(self) -> dict[str, Notation]:
        """Return the diagram of entities of Mermaid too."""
        crow = Crow(*self.templates("crow"), fence="mermaid", head=("erDiagram",))
        return {**super().own_notations(), "crow": crow}

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a chain of relations and some beside it, and a number at one end of the chain or at both."""
        names, num = rng.sample(self.drawn_world(rng)["names"].split("|"), 7), level
        chart = [drawn(rng, names[index], names[index + 1], 1) for index in range(num)]
        beside = names[num + 1 : num + 1 + rng.randint(1, 2)]
        chart += [drawn(rng, rng.choice(names[: num + 1]), name, 0) for name in beside]
        facts: dict[str, Any] = {"chart": tuple(rng.sample(chart, len(chart))), "asked": names[num]}
        facts["given"] = [{"entity": names[0], "count": rng.randint(6, 40)}]
        if level > 2 and num > 1 and rng.random() < 0.5:
            facts["asked"] = names[num - 1]
            facts["given"].append({"entity": names[num], "count": rng.randint(4, 60)})
        found = bounds(facts)
        if found is None or found[0] == found[1]:
            return None
        low, high = found
        around = (low - 2, low - 1, low, low + 1, (low + high) // 2, high - 1, high, high + 1, high + 3)
        facts["wanted"] = rng.choice(around)
        return facts if facts["wanted"] > 0 else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Carry the bounds along the chain."""
        found = bounds(facts)
        if found is None:
            return {}
        least, most = found
        return {"least": least, "most": most, "possible": least <= facts.get("wanted", least) <= most}

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go along the chain, counting links from both sides, and bring the bounds together."""
        facts, asks, asked = case.facts, case.asks, case.facts["asked"]
        narrative.step(f"issue.{asks}", **facts)
        sides = ["least", "most"] if asks == "possible" else [asks]
        results: dict[str, int] = {}
        for narrative.point, side in enumerate(sides, start=1):
            ends = []
            for entry in facts["given"]:
                number = entry["count"]
                narrative.step("given", **entry)
                for one, other, per_second, per_first in path(facts["chart"], entry["entity"], asked):
                    number = tell_step(narrative, side, number, (one, other, per_second, per_first))
                ends.append(number)
            results[side] = max(ends) if side == "least" else min(ends)
            if len(ends) > 1:
                narrative.step(f"both.{side}", terms=ends, **{side: results[side]}, asked=asked)
        if asks != "possible":
            narrative.answer(f"answer.{asks}", results[asks], asked=asked, **results)
            return
        is_low = narrative.work.exceeds(results["least"], facts["wanted"])
        is_high = narrative.work.exceeds(facts["wanted"], results["most"])
        bank = "low" if is_low else "high" if is_high else "yes"
        narrative.answer(f"answer.possible.{bank}", bank == "yes", **facts, **results)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Try every number of each thing along the chain, and every number of links between two of them."""
        ranges: dict[tuple[str, str], tuple[list[int], list[int]]] = {}
        for left, right, *ends in facts["chart"]:
            here, there = ([int(number) for number in end.split("..")] for end in ends[:2])
            ranges[left, right], ranges[right, left] = (here, there), (there, here)
        fits: set[int] = set(range(MOST + 1))
        for entry in facts["given"]:
            linked = {entry["entity"]: {entry["count"]}}
            while facts["asked"] not in linked:
                for (one, other), (here, there) in ranges.items():
                    if one in linked and other not in linked:
                        pairs = [(a, num) for a in linked[one] for num in range(1, MOST + 1)]
                        low = {pair: max(pair[0] * there[0], pair[1] * here[0]) for pair in pairs}
                        linked[other] = {b for a, b in pairs if low[a, b] <= min(a * there[-1], b * here[-1])}
            fits &= linked[facts["asked"]]
        proved: dict[str, Any] = {"least": min(fits), "most": max(fits)} if fits else {}
        return proved | ({"possible": facts["wanted"] in fits} if "wanted" in facts else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another number, another range at one end of a relation."""
        facts = case.facts
        yield from nudged(facts, {"given.count": (-3, -1, 2, 5)}, least=4)
        for index, (left, right, *ends, link) in enumerate(facts["chart"]):
            (a, b), (c, d) = map(range_of, ends)
            others = [(f"{a}..{b + 1}", ends[1]), (ends[0], f"{c}..{d + 1}"), (ends[0], f"{c}..{d + 2}")]
            others += [(f"{a + 1}..{b + 1}", ends[1])] if a else []
            others += [(ends[0], f"{c + 1}..{d + 1}")] if c else []
            for at_left, at_right in others:
                yield redrawn(facts["chart"], index, (left, right, at_left, at_right, link))


def range_of(text: str) -> tuple[int, int]:
    """Return the two numbers of a range; both are the same for a single one."""
    low, _, high = text.partition("..")
    return int(low), int(high or low)


def drawn(rng: Random, one: str, other: str, least: int) -> tuple[str, ...]:
    """Return a relation; with `least` 0 nothing at its first end needs any of the second."""
    lows = rng.randint(1, 3), rng.randint(least, 3) if least else 0
    ends = [str(low) if low and rng.random() < 0.25 else f"{low}..{low + rng.randint(1, 4)}" for low in lows]
    link = rng.choice(LINKS)
    return (one, other, *ends, link) if rng.random() < 0.5 else (other, one, *ends[::-1], link)


def path(chart: Rows, start: str, goal: str) -> list[Step]:
    """Return the relations that lead from one thing to another, each seen in the direction in which one goes."""
    steps: dict[tuple[str, str], Step] = {}
    for left, right, *ends, _ in chart:
        here, there = map(range_of, ends)
        steps |= {(left, right): (left, right, here, there), (right, left): (right, left, there, here)}
    ways = reached(start, lambda one: (other for here, other in steps if here == one))
    return [steps[pair] for pair in pairwise(ways[goal])]


def bounds(facts: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return the least and the largest number; None if one in between is impossible, or links might be doubled."""
    lows, highs = [], []
    for entry in facts["given"]:
        low = high = entry["count"]
        for _, _, (least_first, most_first), second in path(facts["chart"], entry["entity"], facts["asked"]):
            numbers = range(low, high + 1)
            spans = [(-(-number * second[0] // most_first), number * second[1] // least_first) for number in numbers]
            is_gapless = all(later[0] <= earlier[1] + 1 for earlier, later in pairwise(spans))
            if not is_gapless or any(first > last for first, last in spans):
                return None
            if low < most_first or spans[0][0] < second[1] or spans[-1][1] > MOST:
                return None
            low, high = spans[0][0], spans[-1][1]
        lows.append(low)
        highs.append(high)
    return (max(lows), min(highs)) if max(lows) <= min(highs) else None


def tell_step(narrative: Narrative, side: str, number: int, step: Step) -> int:
    """Tell how many there are at the other end of a relation, at the least or at the most; return it."""
    one, other, first, second = step
    work = narrative.work
    per, share = (second[0], first[1]) if side == "least" else (second[1], first[0])
    links = int(work("a * b", a=number, b=per))
    found = int(work("(a + b - 1) // b" if side == "least" else "a // b", a=links, b=share))
    bank = "exact" if found * share == links else "rest"
    narrative.step(f"{side}.{bank}", one=one, other=other, num=number, per=per, links=links, left=share, total=found)
    return found


SCHEME = Schema()
