"""The protocol of a study: what acts on what is agreed, and the question is what has to be held constant.

The criterion is printed (J. Pearl, Causality, 2nd edition 2009, section 3.3, the back-door criterion): a set is enough
if it has nothing that the cause acts on and blocks every back-door path. The traps: to hold everything that was
recorded, which can open a path where two arrows meet; to hold what lies between cause and effect; to leave out what
nobody recorded.

The first implementation lists the paths and looks where each is blocked; the second takes the ancestors, marries those
who have a child in common, and looks whether cause and effect are still connected (S. Lauritzen et al., 1990).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, PrintedSoFar, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

FIELDS = ("health", "farm", "school")
NUM_OTHERS = {1: 3, 2: 3, 3: 4, 4: 5}
MAX_PATHS = {1: 2, 2: 3, 3: 4, 4: 6}
SURNAMES = (
    "Lindqvist",
    "Okonkwo",
    "Ferreira",
    "Halloran",
    "Petrov",
    "Nakagawa",
    "Brandt",
    "Osei",
    "Marchetti",
    "Dunne",
)
Arrow = tuple[str, str]


class Adjust(ProblemScheme):
    """What to hold constant, so that a comparison shows an effect and nothing else."""

    name: ClassVar[str] = "adjust"
    labels: ClassVar[Sequence[str]] = ("enough", "blocked")
    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Rule {}", "Point {}", "Section {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "enough": Ask(YesNo(), "enough", needs=("held", "also"), coin="enough"),
        "smallest": Ask(SomeOf(()), "smallest"),
        "open": Ask(
            HowMuch("paths"),
            "open",
            coin="open",
            outcomes=(0, 1, 2),
            outcomes_at=dict.fromkeys((3, 4), (0, 1, 2, 3)),
        ),
        "spoils": Ask(OneOf(()), "spoils", level=2),
        "identified": Ask(YesNo(), "identified", level=4, coin="identified"),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists = self.words.lists
        things = {key: lists[field][key] for field in FIELDS for key in lists[field]}
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("x", "y", "one", "other", "held", "also", "hidden", "middle"), EntryForm(things)),
            **dict.fromkeys(("path", "names", "author"), NameForm()),
            **dict.fromkeys(("num", "num_open"), WholeForm()),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw arrows along an order of the field, so that nothing acts on what comes before it."""
        known = self.words.lists[rng.choice(FIELDS)]
        order = sorted(rng.sample(list(known), NUM_OTHERS[level] + 2), key=list(known).index)
        cause = rng.randint(1, len(order) - 2)
        x, y = order[cause], order[rng.randint(cause + 1, len(order) - 1)]
        planted, rate = {(x, y)}, 0.5 if level < 3 else 0.42
        if level > 1 and cause > 2 and rng.random() < 0.6:  # two causes that meet in something before the cause
            first, second, meeting = sorted(rng.sample(order[:cause], 3), key=order.index)
            planted |= {
                (first, meeting),
                (second, meeting),
                *rng.choice((((first, x), (second, y)), ((second, x), (first, y)))),
            }
            rate = 0.15
        arrows = [pair for pair in combinations(order, 2) if pair in planted or rng.random() < rate]
        if any(thing not in {end for arrow in arrows for end in arrow} for thing in order):
            return None
        facts: dict[str, Any] = {"x": x, "y": y}
        facts["arrows"] = [{"one": one, "other": other} for one, other in rng.sample(arrows, len(arrows))]
        others = [thing for thing in order if thing not in (x, y)]
        if level == 4:
            facts["unseen"] = [{"hidden": thing} for thing in rng.sample(others, rng.choice((1, 1, 2)))]
        seen = [thing for thing in others if thing not in unseen(facts)]
        chosen = rng.sample(seen, rng.choice((1, 2)))
        facts |= {"held": chosen[0], "also": chosen[1] if len(chosen) > 1 else None}
        return facts if 1 <= len(list(back_doors(facts))) <= MAX_PATHS[level] else None

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw whose study it is."""
        return {"author": f"Dr {rng.choice(SURNAMES)}"}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of what may be held."""
        kind = self.asks[case.asks].kind
        names = tuple(self._named(thing) for thing in candidates(case.facts))
        return type(kind)(names) if isinstance(kind, SomeOf | OneOf) else kind

    def _list(self, things: Sequence[str]) -> str:
        """Return things in a sentence: `age and the workload`, `nothing`."""
        return " and ".join(self.forms["x"].write(thing, "the", PrintedSoFar()) for thing in things) or "nothing"

    def _named(self, thing: str) -> str:
        return self.forms["x"].write(thing, "", PrintedSoFar())

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Look along every path for each set that could be held."""
        work, paths = Work(is_quiet=True), list(back_doors(facts))
        sound = [each for each in allowed_sets(facts) if is_sound(facts, paths, each, work)]
        least = [each for each in sound if len(each) == len(sound[0])]
        spoiled = [each[0] for each in allowed_sets(facts) if len(each) == 1 and each not in sound]
        results: dict[str, Any] = {
            "open": sum(blocked_at(facts, path, (), work) is None for path in paths),
            "identified": bool(sound),
            "smallest": frozenset(map(self._named, least[0])) if len(least) == 1 else None,
            "spoils": self._named(spoiled[0]) if sound and not sound[0] and len(spoiled) == 1 else None,
        }
        if "held" in facts:
            results["enough"] = is_sound(facts, paths, chosen_of(facts), work)
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print what is to be found out, what acts on what, the criterion and the question."""
        facts, ends = case.facts, {"x": case.facts["x"], "y": case.facts["y"]}
        opening = page.say("prompt/opening", **ends, **case.cast)
        arrows = [page.say("prompt/arrow", **arrow) for arrow in facts["arrows"]]
        hidden = [page.say("prompt/unseen", **entry) for entry in facts.get("unseen", ())]
        rules = [page.say("prompt/enough", **ends), page.say("prompt/blocked")]
        both = ".both" if case.asks == "enough" and facts["also"] else ""
        needed = {key: facts[key] for key in self.asks[case.asks].needs if facts[key]} | {"x": facts["x"]}
        asked = page.say(f"prompt/ask.{case.asks}{both}", **needed)
        agreed = " ".join((*arrows, page.say("prompt/closed")))
        recorded = " ".join((*(hidden or [page.say("prompt/recorded")]), page.say("prompt/colour")))
        return "\n\n".join((opening, agreed, recorded, "\n".join(rules), asked))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """List the paths, say which are open, then try what is asked about."""
        facts, asks, work = case.facts, case.asks, narrative.work
        paths = list(back_doors(facts))
        narrative.step(f"issue.{asks}", x=facts["x"], y=facts["y"])
        narrative.step("paths", num=len(paths), x=facts["x"], y=facts["y"], point=1)
        num_open = 0
        for path in paths:
            middle = blocked_at(facts, path, (), work)
            num_open += middle is None
            narrative.step("open" if middle is None else "shut", path=self._drawn(facts, path), middle=middle)
        after = [thing for thing in things_of(facts) if thing in reached(facts, facts["x"]) - {facts["y"]}]
        if after and asks != "open":
            narrative.step("after", names=self._list(after), x=facts["x"])
        narrative.point = 2
        if asks == "open":
            narrative.answer("answer.open", num_open, num_open=num_open)
        elif asks == "enough":
            sound = self._try(facts, paths, chosen_of(facts), narrative)
            names = self._list(chosen_of(facts))
            narrative.answer(f"answer.enough.{'yes' if sound else 'no'}", sound, names=names)
        elif asks == "spoils":
            singles = [each for each in allowed_sets(facts) if len(each) == 1]
            spoiled = [each[0] for each in singles if not self._try(facts, paths, each, narrative)]
            result = self._named(spoiled[0]) if len(spoiled) == 1 else None
            narrative.answer("answer.spoils", result, names=self._list(spoiled))
        else:
            sets = allowed_sets(facts)
            sound_set = next((each for each in sets if self._try(facts, paths, each, narrative)), None)
            self._close(case, narrative, sound_set)

    def _close(self, case: ProblemCase, narrative: Narrative, sound: Sequence[str] | None) -> None:
        """Tell the answer to a question that tries one set after another."""
        names = self._list(sound or ())
        if case.asks == "smallest":
            result = None if sound is None else frozenset(map(self._named, sound))
            narrative.answer("answer.smallest", result, names=names)
        else:
            narrative.answer(f"answer.identified.{'no' if sound is None else 'yes'}", sound is not None, names=names)

    def _try(
        self, facts: Mapping[str, Any], paths: Sequence[Sequence[Arrow]], chosen: Sequence[str], narrative: Narrative
    ) -> bool:
        """Tell why a set is not enough, or that it is."""
        names = self._list(chosen)
        after = [thing for thing in chosen if thing in reached(facts, facts["x"])]
        if after:
            narrative.step("try.after", names=names, middle=after[0], x=facts["x"])
            return False
        for path in paths:
            if blocked_at(facts, path, chosen, narrative.work) is None:
                bank = "try.open" if blocked_at(facts, path, (), Work(is_quiet=True)) is None else "try.opened"
                narrative.step(bank, names=names, path=self._drawn(facts, path))
                return False
        narrative.step("try.sound", names=names)
        return True

    def _drawn(self, facts: Mapping[str, Any], path: Sequence[Arrow]) -> str:
        """Return a path as `sleep <- age -> diet`."""
        at, text = facts["x"], self._named(facts["x"])
        for one, other in path:
            text += f" -> {self._named(other)}" if one == at else f" <- {self._named(one)}"
            at = other if one == at else one
        return text

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Look for what connects cause and effect among the ancestors."""
        names = sorted({end for arrow in facts["arrows"] for end in arrow.values()} - {facts["x"], facts["y"]})
        names = [name for name in names if {"hidden": name} not in facts.get("unseen", [])]
        sound = [
            set(each)
            for size in range(len(names) + 1)
            for each in combinations(names, size)
            if separated(facts, set(each)) and not set(each) & offspring(facts, facts["x"])
        ]
        fewest = min((len(each) for each in sound), default=0)
        least = [each for each in sound if len(each) == fewest]
        spoiled = [name for name in names if {name} not in sound and name not in offspring(facts, facts["x"])]
        results: dict[str, Any] = {"identified": bool(sound), "open": count_open(facts)}
        if len(least) == 1:
            results["smallest"] = frozenset(map(self._named, least[0]))
        if set() in sound and len(spoiled) == 1:
            results["spoils"] = self._named(spoiled[0])
        if "held" in facts:
            results["enough"] = {facts["held"], facts["also"] or facts["held"]} in sound
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one arrow left out, and one thing held in place of another."""
        facts = case.facts
        for index, arrow in enumerate(facts["arrows"]):
            rest = [*facts["arrows"][:index], *facts["arrows"][index + 1 :]]
            still = {end for other in rest for end in other.values()}
            if set(arrow.values()) <= still and list(back_doors({**facts, "arrows": rest})):
                yield Change({"arrows": rest})
        for thing in candidates(facts) if "held" in facts else ():
            if thing not in chosen_of(facts):
                yield Change({"held": thing})


def things_of(facts: Mapping[str, Any]) -> list[str]:
    """Return everything that the protocol names, in printed order."""
    return list(dict.fromkeys(arrow[end] for arrow in facts["arrows"] for end in ("one", "other")))


def unseen(facts: Mapping[str, Any]) -> set[str]:
    """Return what was not recorded."""
    return {entry["hidden"] for entry in facts.get("unseen", ())}


def candidates(facts: Mapping[str, Any]) -> list[str]:
    """Return what could be held: whatever was recorded, other than cause and effect."""
    return [thing for thing in things_of(facts) if thing not in {facts["x"], facts["y"], *unseen(facts)}]


def allowed_sets(facts: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Return the sets of recorded things on which the cause does not act, the smallest first."""
    allowed = [thing for thing in candidates(facts) if thing not in reached(facts, facts["x"])]
    return [each for size in range(len(allowed) + 1) for each in combinations(allowed, size)]


def chosen_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the question proposes to hold."""
    return tuple(facts[key] for key in ("held", "also") if facts[key])


def arrows_of(facts: Mapping[str, Any]) -> list[Arrow]:
    """Return the arrows, each from what acts to what it acts on."""
    return [(arrow["one"], arrow["other"]) for arrow in facts["arrows"]]


def reached(facts: Mapping[str, Any], start: str) -> set[str]:
    """Return what something acts on, straight or through others."""
    ends: set[str] = set()
    fresh = {start}
    while fresh:
        fresh = {other for one, other in arrows_of(facts) if one in fresh} - ends
        ends |= fresh
    return ends


def back_doors(facts: Mapping[str, Any]) -> Iterator[list[Arrow]]:
    """Yield each path from cause to effect that begins with an arrow into the cause."""

    def extended(path: list[Arrow], at: str, passed: set[str]) -> Iterator[list[Arrow]]:
        if at == facts["y"]:
            yield path
            return
        for one, other in arrows_of(facts):
            for here, there in ((one, other), (other, one)):
                if here == at and there not in passed and (path or there == one):
                    yield from extended([*path, (one, other)], there, {*passed, there})

    yield from extended([], facts["x"], {facts["x"]})


def blocked_at(facts: Mapping[str, Any], path: Sequence[Arrow], held: Collection[str], work: Work) -> str | None:
    """Return the first thing on a path at which it is blocked; None if it is open."""
    for first, second in pairwise(path):
        (middle,) = set(first) & set(second)
        is_meeting = first[1] == middle == second[1]
        opened = bool({middle, *reached(facts, middle)} & set(held))
        if work.settle(not opened if is_meeting else middle in held):
            return middle
    return None


def is_sound(facts: Mapping[str, Any], paths: Sequence[Sequence[Arrow]], held: Collection[str], work: Work) -> bool:
    """Return whether it is enough to hold a set."""
    if set(held) & reached(facts, facts["x"]):
        return False
    return all(blocked_at(facts, path, held, work) for path in paths)


# The second implementation.
def offspring(facts: Mapping[str, Any], name: str) -> set[str]:
    """Return the descendants of a node."""
    children = {arrow["other"] for arrow in facts["arrows"] if arrow["one"] == name}
    return children.union(*(offspring(facts, child) for child in children))


def separated(facts: Mapping[str, Any], held: set[str]) -> bool:
    """Return whether a set separates cause and effect once the arrows out of the cause are taken away."""
    parents: dict[str, set[str]] = {}
    for arrow in facts["arrows"]:
        if arrow["one"] != facts["x"]:
            parents.setdefault(arrow["other"], set()).add(arrow["one"])
    family = {facts["x"], facts["y"], *held}
    while more := {parent for name in family for parent in parents.get(name, ())} - family:
        family |= more
    ties = {frozenset((name, parent)) for name in family for parent in parents.get(name, ())}
    ties |= {frozenset(pair) for name in family for pair in combinations(sorted(parents.get(name, ())), 2)}
    group = {facts["x"]}
    while more := {end for tie in ties if tie & group for end in tie} - group - held:
        group |= more
    return facts["y"] not in group


def count_open(facts: Mapping[str, Any]) -> int:
    """Return how many back-door paths no head-on meeting blocks: one way up to a common source, and one way down."""
    step: dict[str, list[str]] = {}
    for arrow in facts["arrows"]:
        step.setdefault(arrow["one"], []).append(arrow["other"])

    def ways(start: str, end: str, barred: frozenset[str]) -> list[frozenset[str]]:
        if start == end:
            return [frozenset((end,))]
        onward = [name for name in step.get(start, ()) if name not in barred]
        return [way | {start} for name in onward for way in ways(name, end, barred)]

    total = 0
    for source in set(step) - {facts["x"], facts["y"]}:
        down = ways(source, facts["y"], frozenset((facts["x"],)))
        up = ways(source, facts["x"], frozenset((facts["y"],)))
        total += sum(one & other == {source} for one in down for other in up)
    return total


SCHEME = Adjust()
