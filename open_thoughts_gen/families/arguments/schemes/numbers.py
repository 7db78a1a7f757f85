"""Counts that overlap: how many must be in two or three groups at once.

Of N people a are in this group and b in that; what follows is max(0, a + b - N) at least. A group may be
given exactly, from below, through those who are not in it, or as a majority; some may be in no group at all, and two
groups may be known to share some.

The second implementation lists every table of counts that fits, pair by pair, and has no formula. The traps: "at least"
taken as a count, those outside counted in, a majority of one group carried over to another.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.forms import profile_form, sorts
from open_thoughts_gen.families.arguments.scheme import ArgumentScheme, shared
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Form, Page, ProblemCase, Reckoning, patched
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, Kind, YesNo
from open_thoughts_gen.families.kit.telling import Narrative

FORMULAS = {"spared": "n - q", "majority": "n / 2 + 1"}  # where the figure is not that of the group itself
OPS = ("exact", "least", "spared", "majority")
NUM_OPS = {1: 1, 2: 3, 3: 4, 4: 4}  # how many of these ways there are to say how many are in a group
NUM_GROUPS = {1: (2,), 2: (2,), 3: (2, 3), 4: (3,)}


class Numbers(ArgumentScheme):
    """Counts of people in groups that overlap."""

    name: ClassVar[str] = "numbers"
    more_words: ClassVar[Sequence[Path]] = shared("people")
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch(), "least"),
        "follows": Ask(YesNo(), "follows", needs=("claim",), coin="follows"),
        "figure": Ask(Flip(3), "follows", level=2, needs=("claim",), coin="follows", outcomes=(False,)),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of a group, and of what all in several groups are."""
        lists = self.words.lists
        people = EntryForm(sorts(lists["setting"], lists["trait"]))
        return {"person": people, "people": profile_form(lists["trait"], "are", "arent")}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw bounds, near the point at which something begins to follow."""
        setting, keys = self.drawn_from(rng, "setting", "trait")
        groups = keys[: rng.choice(NUM_GROUPS[level])]
        total = 2 * rng.randint(9, 36)
        facts: dict[str, Any] = {"setting": setting, "total": total}
        if level > 2 and rng.random() < 0.6:
            facts["rest"] = rng.randint(2, 2 + total // 6)
        ops, share = OPS[: NUM_OPS[level]], 0.36 + 0.14 * len(groups)
        facts["bounds"] = [_bound(rng, facts, rng.choice(ops), group, share) for group in groups]
        if level > 3 and rng.random() < 0.6:
            facts |= {"shared": rng.randint(total // 4, total // 2), "first_two": tuple(groups[:2])}
        facts["everything"] = tuple(groups)
        if not _tables(facts) or any(bound.get("num", 2) < 2 for bound in facts["bounds"]):
            return None
        least = self.assess(facts)["least"]
        facts["claim"] = max(2, least + rng.choice((-1, 0, 0, 0, 1, 1, 2)))
        return facts if least or rng.random() < 0.15 else None

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; a number is one of people."""
        kind = super().kind_of(case)
        return HowMuch(self.words.lists["setting"][case.facts["setting"]]["many"]) if type(kind) is HowMuch else kind

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Compute by the formula."""
        least = _at_least(Reckoning(facts))
        return {"least": least, "follows": least >= facts["claim"] if "claim" in facts else None}

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
        number = _at_least(reckoning)
        if "claim" not in case.facts:
            reckoning.answer("answer.least" if number else "answer.none", number, both=number)
            return
        falls_short = narrative.work.exceeds(case.facts["claim"], number)
        reckoning.answer("answer.short" if falls_short else "answer.enough", not falls_short, both=number)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """List every number of people that can be in all groups at once."""
        tables = _tables(facts)
        follows = {"follows": all(number >= facts["claim"] for number in tables)} if "claim" in facts else {}
        return {"least": min(tables), **follows}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another figure for one group, or another number of people in none."""
        facts, offered = case.facts, case.asks == "figure"
        for bound in facts["bounds"]:
            for by in (-3, -2, -1, 1, 2, 3, 4):
                num = bound.get("num", 0) + by
                if bound["op"] != "majority" and 1 < num < facts["total"] - facts.get("rest", 0):
                    patch = {"op": bound["op"], "num": num, "group": bound["group"]}
                    if _tables(self.applied(facts, patch)):
                        yield Change(patch, option=bound["op"] if offered else "")


def _bound(rng: Random, facts: Facts, op: str, group: str, share: float) -> dict[str, Any]:
    """Draw what is said of one group."""
    if op == "majority":
        return {"op": op, "group": group}
    room = facts["total"] - facts.get("rest", 0)
    num = min(room - 1, max(2, round(room * (share + rng.uniform(-0.12, 0.2)))))
    return {"op": op, "num": facts["total"] - num if op == "spared" else num, "group": group}


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


def _at_least(reckoning: Reckoning) -> int:
    """Return how many are in all groups at least: what the counts come to beyond the people there are."""
    facts, (room, sizes) = reckoning.facts, _sizes(reckoning)
    both = _overlap(reckoning, sizes[0], sizes[1], room)
    if "shared" in facts and len(sizes) > 2:
        is_more = reckoning.work.exceeds(facts["shared"], both)
        reckoning.say("shared.more" if is_more else "shared.less", both=both)
        both = facts["shared"] if is_more else both
    for size in sizes[2:]:
        reckoning.say("next", both=both, other=size)
        both = _overlap(reckoning, both, size, room, "table.more")
    return both


def _overlap(reckoning: Reckoning, one: int, other: int, room: int, table: str = "table") -> int:
    """Return how many must be in two groups at once, and tell it with a table in which no more are."""
    work, counts = reckoning.work, {"one": one, "other": other, "room": room}
    both = int(work("a + b - m", a=one, b=other, m=room))
    if both <= 0:
        reckoning.say("apart", both=0, **counts)
        return 0
    reckoning.say("overlap", both=both, **counts)
    only, alone = int(work("a - x", a=one, x=both)), int(work("b - x", b=other, x=both))
    reckoning.say(table, both=both, only=only, alone=alone, room=room)
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
