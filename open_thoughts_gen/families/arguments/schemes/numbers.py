"""Counts that overlap: how many must be in two or three groups at once.

Of N people a are in this group and b in that; what follows is max(0, a + b - N) at least. A group may be
given exactly, from below, through those who are not in it, or as a majority; some may be in no group at all, and two
groups may be known to share some.

The second implementation lists every table of counts that fits, pair by pair, and has no formula. The traps: "at least"
taken as a count, those outside counted in, a correction that helps too little, or that takes away what it adds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.scheme import PeopleScheme, shared
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, nudged, patched
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, Kind, YesNo
from open_thoughts_gen.families.kit.telling import Narrative

FORMULAS = {"spared": "n - q", "majority": "n / 2 + 1"}  # where the figure is not that of the group itself
OPS = ("exact", "least", "spared", "majority")
NUM_OPS = {1: 1, 2: 3, 3: 4, 4: 4}  # how many of these ways there are to say how many are in a group
STEPS = (5, 4, 3, 2, 1, -1, -2, -3, -4, -5)  # how far a correction seems to help
NUM_GROUPS = {1: (2,), 2: (2,), 3: (2, 3), 4: (3,)}


class Numbers(PeopleScheme):
    """Counts of people in groups that overlap."""

    name: ClassVar[str] = "numbers"
    more_words: ClassVar[Sequence[Path]] = shared("people")
    asks: ClassVar[Mapping[str, Ask]] = {
        "follows": Ask(YesNo(), "follows", needs=("claim",), coin="follows"),
        "least": Ask(HowMuch(), "least"),
        "figure": Ask(Flip(3), "follows", level=2, needs=("claim",), coin="follows"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw bounds, near the point at which something begins to follow."""
        setting, keys = self.drawn_from(rng, "setting", "trait")
        groups = keys[: rng.choice(NUM_GROUPS[level])]
        total = 2 * rng.randint(9, 36)
        facts: dict[str, Any] = {"setting": setting, "total": total, "bounds": []}
        if level > 2 and rng.random() < 0.6:
            facts["rest"] = rng.randint(2, 2 + total // 6)
        room, share = total - facts.get("rest", 0), 0.36 + 0.14 * len(groups)
        for group in groups:
            op, size = rng.choice(OPS[: NUM_OPS[level]]), round(room * (share + rng.uniform(-0.12, 0.2)))
            num = {"majority": {}, "spared": {"num": total - size}}.get(op, {"num": size})
            facts["bounds"].append({"op": op, "group": group, **num})
        if level > 3 and rng.random() < 0.6:
            facts |= {"shared": rng.randint(total // 4, total // 2), "first_two": tuple(groups[:2])}
        facts["everything"] = tuple(groups)
        if not _is_possible(facts) or any(bound.get("num", 2) < 2 for bound in facts["bounds"]):
            return None
        least = self.assess(facts)["least"]
        facts["claim"] = max(2, least + rng.choice((-2, -1, 0, 0, 1, 1, 2, 3)))
        return facts if least or rng.random() < 0.15 else None

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; a number is one of people."""
        kind = super().kind_of(case)
        return HowMuch(self.words.lists["setting"][case.facts["setting"]]["many"]) if type(kind) is HowMuch else kind

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Compute by the formula, if the figures go together."""
        least = _at_least(Reckoning(facts)) if _is_possible(facts) else None
        return {"least": least, "follows": least >= facts["claim"] if least is not None and "claim" in facts else None}

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with the figure of one group changed, or another fact."""
        return patched(facts, "bounds", patch, "group") if "group" in patch else {**facts, **patch}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the counts and what is asked of them."""
        facts, opening = case.facts, page.say("prompt/total", **case.facts)
        said = [page.say(f"prompt/bound.{bound['op']}", **bound) for bound in facts["bounds"]]
        more = [page.say(f"prompt/{key}", **facts) for key in ("rest", "shared") if key in facts]
        claim = page.say("prompt/claim", **facts, **case.cast) if "claim" in facts else ""
        grounds = " ".join([opening, *self.mixed(case, page, said, *more, rate=0.7)])
        return self.framed(case, page, grounds=grounds, claim=claim)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell how many are counted twice."""
        reckoning = Reckoning(case.facts, narrative.work, narrative)
        reckoning.say("want")
        number = _at_least(reckoning, is_shown=case.asks == "least" or self.assess(case.facts).get(case.asks) is False)
        if "claim" not in case.facts:
            reckoning.answer("answer.least" if number else "answer.none", number, both=number)
            return
        is_short = narrative.work.exceeds(case.facts["claim"], number)
        reckoning.answer("answer.short" if is_short else "answer.enough", not is_short, both=number)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """List every number of people that can be in all groups at once."""
        tables = _tables(facts)
        follows = {"follows": all(number >= facts["claim"] for number in tables)} if "claim" in facts else {}
        return {"least": min(tables), **follows}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield other figures; as options one that turns the answer, one the other way, and one that seems to help."""
        yield from nudged(case.facts, {"claim": STEPS}, least=2)
        yield from (Change(change.patch) for _, change in _corrections(case.facts))
        if case.asks == "figure":
            follows, sorts = self.assess(case.facts)["follows"], [list[tuple[int, Change]]() for _ in range(3)]
            for by, change in _corrections(case.facts):
                other = self.assess(self.applied(case.facts, change.patch))["follows"]
                sort = 0 if other != follows else 1 + ((by > 0) == follows)
                sorts[sort] += [(-abs(by) if sort else abs(by), change)] if other is not None else []
            yield from (min(rng.choices(sort, k=2), key=lambda pair: pair[0])[1] for sort in sorts if sort)


def _corrections(facts: Facts) -> Iterator[tuple[int, Change]]:
    """Yield other figures for a group, for all people or for those in no group, each with how far it seems to help."""
    for by in STEPS:
        changes = [] if abs(by) > 3 else [Change({"total": facts["total"] - 2 * by}, option="total")]
        changes += [Change({"rest": facts["rest"] + by}, option="rest")] if facts.get("rest", -by) + by > 1 else []
        for bound in facts["bounds"]:
            num = bound.get("num", 0) + (-by if bound["op"] == "spared" else by)
            changes += [Change({**bound, "num": num}, option=bound["op"])] if "num" in bound and num > 1 else []
        yield from ((by, change) for change in changes)


def _sizes(reckoning: Reckoning) -> tuple[int, list[int]]:
    """Return how many people can be in a group at all, and how many are in each at least."""
    facts, sizes = reckoning.facts, list[int]()
    room = int(facts["total"])
    if "rest" in facts:
        room = int(reckoning.work("n - r", n=room, r=facts["rest"]))
        reckoning.say("room", room=room)
    for bound in facts["bounds"]:
        formula, num = FORMULAS.get(bound["op"]), bound.get("num", 0)
        sizes.append(int(reckoning.work(formula, n=facts["total"], q=num)) if formula else num)
        if formula:
            reckoning.say(bound["op"], **{**bound, "few": sizes[-1]})
    return room, sizes


def _is_possible(facts: Facts) -> bool:
    """Return whether there can be people of whom all the counts are true."""
    room, sizes = _sizes(Reckoning(facts))
    most = [bound["num"] if bound["op"] == "exact" else room for bound in facts["bounds"][:2]]
    return max(sizes) <= room and facts.get("shared", 0) <= min(most)


def _at_least(reckoning: Reckoning, *, is_shown: bool = False) -> int:
    """Return how many are in all groups at least; if it is to be shown, tell counts that fit with no more in all."""
    facts, (room, sizes) = reckoning.facts, _sizes(reckoning)
    both = sizes[0]
    for number, size in enumerate(sizes[1:]):
        if number and "shared" in facts:
            is_more = reckoning.work.exceeds(facts["shared"], both)
            reckoning.say("shared.more" if is_more else "shared.less", both=both)
            both = facts["shared"] if is_more else both
        if number and both:
            reckoning.say("next", both=both, other=size)
        elif number:
            break
        counts = {"one": both, "other": size, "room": room}
        both = max(0, int(reckoning.work("a + b - m", a=both, b=size, m=room)))
        reckoning.say("overlap" if both else "apart", both=both, **counts)
        if both and is_shown and (number or facts.get("shared", 0) <= both):
            only, alone = (int(reckoning.work("a - x", a=counts[name], x=both)) for name in ("one", "other"))
            reckoning.say("table.more" if number else "table", both=both, only=only, alone=alone, room=room)
    return both


def _tables(facts: Facts) -> set[int]:
    """Return every number of people that may be in all groups, by listing sizes and overlaps that fit."""
    most = facts["total"] - facts.get("rest", 0)
    allowed = {
        "exact": lambda size, num: size == num,
        "least": lambda size, num: size >= num,
        "spared": lambda size, num: facts["total"] - size <= num,
        "majority": lambda size, num: 2 * size > facts["total"],
    }
    common = {most}
    for number, bound in enumerate(facts["bounds"]):
        sizes = [size for size in range(most + 1) if allowed[bound["op"]](size, bound.get("num", 0))]
        pairs = ((before, size) for before in common for size in sizes)
        least = facts.get("shared", 0) if number == 1 else 0
        common = {
            both for one, other in pairs for both in range(least, min(one, other) + 1) if one + other - both <= most
        }
    return common


SCHEME = Numbers()
