"""The protocol of a study: what acts on what is agreed, and the question is what has to be held constant.

The criterion is printed (J. Pearl, Causality, 2nd edition 2009, section 3.3, the back-door criterion): a set is enough
if it has nothing that the cause acts on and blocks every back-door path. The traps: to hold everything that was
recorded, which can open a path where two arrows meet; to hold what lies between cause and effect; to leave out what
nobody recorded.

The first implementation lists the paths and looks where each is blocked; the second, an answer set program, takes the
ancestors, marries those who have a child in common, and looks whether cause and effect are still connected (S. Lauritzen
et al., 1990).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import combinations, islice, pairwise
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import graphs
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.forms import EntryForm, Form, PrintedSoFar
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.kinds import OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.proof import answer_set, named
from open_thoughts_gen.families.kit.traces import TraceForm, joined

NUM_OTHERS = {1: 3, 2: 3, 3: 4, 4: 5}
NUM_PATHS = {1: range(1, 2), 2: range(1, 4), 3: range(3, 7), 4: range(5, 10)}  # back-door paths
Arrow = tuple[str, str]
Way = Sequence[Arrow]


class ThingsForm(TraceForm):
    """Several things, as `age and the workload`, or a path from the cause on, as `sleep <- age -> diet`."""

    def __init__(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        """Take the forms of each thing."""
        self._entries = entries

    def write(self, value: Sequence[Any], style: str, seen: PrintedSoFar) -> str:
        """Return the things of a tuple of keys, or the path of a list of arrows."""
        if isinstance(value, tuple):
            return joined([self._entries[thing]["the"] for thing in value], nothing="nothing")
        text = self._entries[at := value[0][1]]["plain"]
        for one, other in value:
            text += f" {'->' if one == at else '<-'} {self._entries[other if one == at else one]['plain']}"
            at = other if one == at else one
        return text


class Adjust(PartedScheme):
    """What to hold constant, so that a comparison shows an effect and nothing else."""

    name: ClassVar[str] = "adjust"
    labels: ClassVar[Sequence[str]] = ("enough", "blocked")
    always = labels
    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Rule {}", "Point {}", "Section {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "enough": Ask(YesNo(), "enough", until=3, needs=("held", "also"), coin="enough"),
        "smallest": Ask(SomeOf(()), "smallest"),
        "spoils": Ask(OneOf(()), "spoils", level=2, until=3),
        "identified": Ask(YesNo(), "identified", level=4, coin="identified"),
    }

    @cached_property
    def things(self) -> dict[str, Mapping[str, str]]:
        """The forms of the things of all fields."""
        fields = (field for name, field in self.words.lists.items() if name != "topic")
        return {key: forms for field in fields for key, forms in field.items()}

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of a thing, and of several."""
        return {"thing": EntryForm(self.things), "things": ThingsForm(self.things)}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw arrows along an order of the field, so that nothing acts on what comes before it."""
        known = [*self.words.lists[rng.choice([name for name in self.words.lists if name != "topic"])]]
        order = sorted(rng.sample(known, NUM_OTHERS[level] + 2), key=known.index)
        cause = rng.randint(1, len(order) - 2)
        x, y = order[cause], order[rng.randint(cause + 1, len(order) - 1)]
        planted, rate = {(x, y)}, 0.5 if level < 3 else 0.42
        if level > 1 and cause > 2 and rng.random() < 0.6:  # two causes that meet in something before the cause
            first, second, meeting = sorted(rng.sample(order[:cause], 3), key=order.index)
            before, beyond = rng.sample((first, second), 2)
            planted |= {(first, meeting), (second, meeting), (before, x), (beyond, y)}
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
        return facts if len(back_doors(facts)) in NUM_PATHS[level] else None

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return what may be held, and behind that whatever else an answer could name."""
        return [*map(self._name, dict.fromkeys([*sorted(candidates(case.facts)), *self.things]))]

    def _name(self, thing: str) -> str:
        return self.things[thing]["plain"]

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Look along every path for each set that could be held."""
        diagram, sets = Diagram(facts), allowed_sets(facts)
        sound = [each for each in sets if diagram.fits(each)]
        least = [each for each in sound if len(each) == len(sound[0])]
        spoiled = [each for each in sets if len(each) == 1 and each not in sound]
        is_spoilt = sound and not sound[0] and len(spoiled) == 1
        return {
            "identified": bool(sound),
            "smallest": frozenset(map(self._name, least[0])) if len(least) == 1 else None,
            "spoils": self._name(spoiled[0][0]) if is_spoilt else None,
            "enough": diagram.fits(chosen_of(facts)) if "held" in facts else None,
        }

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return what acts on what, and what was recorded."""
        agreed = self.listed(page, "arrow", case.facts["arrows"]), page.say("prompt/closed")
        hidden = [page.say("prompt/unseen", **entry) for entry in case.facts.get("unseen", ())]
        return "\n\n".join((*agreed, " ".join(hidden or [page.say("prompt/recorded")])))

    def asked(self, case: ProblemCase, page: Page) -> str:
        """Return the question."""
        both = ".both" if case.facts.get("also") else ""
        return self.said(case, page)(f"ask.{case.asks}{both}")

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """List the paths, say which are open, then try what is asked about."""
        facts, asks, diagram = case.facts, case.asks, Diagram(case.facts, narrative.work, narrative)
        diagram.say(f"issue.{asks}")
        diagram.survey()
        sets = allowed_sets(facts)
        if asks in ("enough", "spoils"):
            sets = [chosen_of(facts)] if asks == "enough" else [each for each in sets if len(each) == 1]
            hits = [each for each in sets if diagram.fits(each) == (asks == "enough")]
        else:
            hits = [*islice(filter(diagram.fits, sets), 1)]  # the sets behind the first one that is enough go untried
        names = (hits or [chosen_of(facts)])[0]
        results: dict[str, Any] = {"spoils": self._name(names[0]) if len(hits) == 1 and names else None}
        results["smallest"] = frozenset(map(self._name, names)) if hits else None
        diagram.answer(f"answer.{asks}", results.get(asks, bool(hits)), names=names)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, which numbers what may be held in the order of the alphabet."""
        absent = {facts["x"], facts["y"], *(entry["hidden"] for entry in facts.get("unseen", ()))}
        names = sorted({end for arrow in facts["arrows"] for end in arrow.values()} - absent)
        proved = named(answer_set(self.word_file.with_suffix(".lp"), facts), smallest=names)
        if "smallest" in proved:
            proved["smallest"] = frozenset(map(self._name, proved["smallest"]))
        return proved | ({"spoils": self._name(proved["spoils"])} if "spoils" in proved else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one arrow left out, and one thing held in place of another."""
        facts = case.facts
        for index, arrow in enumerate(facts["arrows"]):
            rest = [*facts["arrows"][:index], *facts["arrows"][index + 1 :]]
            still = {end for other in rest for end in other.values()}
            if set(arrow.values()) <= still and back_doors({**facts, "arrows": rest}):
                yield Change({"arrows": rest})
        for thing in candidates(facts) if "held" in facts else ():
            if thing not in chosen_of(facts):
                yield Change({"held": thing})


def things_of(facts: Facts) -> list[str]:
    """Return everything that the protocol names, in printed order."""
    return list(dict.fromkeys(thing for arrow in arrows_of(facts) for thing in arrow))


def unseen(facts: Facts) -> set[str]:
    """Return what was not recorded."""
    return {entry["hidden"] for entry in facts.get("unseen", ())}


def candidates(facts: Facts) -> list[str]:
    """Return what could be held: whatever was recorded, other than cause and effect."""
    return [thing for thing in things_of(facts) if thing not in {facts["x"], facts["y"], *unseen(facts)}]


def allowed_sets(facts: Facts) -> list[tuple[str, ...]]:
    """Return the sets of recorded things on which the cause does not act, the smallest first."""
    allowed = [thing for thing in candidates(facts) if thing not in reached(facts, facts["x"])]
    return [each for size in range(len(allowed) + 1) for each in combinations(allowed, size)]


def chosen_of(facts: Facts) -> tuple[str, ...]:
    """Return what the question proposes to hold."""
    return tuple(facts[key] for key in ("held", "also") if facts.get(key))


def arrows_of(facts: Facts) -> list[Arrow]:
    """Return the arrows, each from what acts to what it acts on."""
    return [(arrow["one"], arrow["other"]) for arrow in facts["arrows"]]


def reached(facts: Facts, start: str) -> set[str]:
    """Return what something acts on, directly or through others."""
    return {*graphs.reached(start, lambda at: [other for one, other in arrows_of(facts) if one == at])} - {start}


def back_doors(facts: Facts) -> list[Way]:
    """Return each path from cause to effect that begins with an arrow into the cause."""

    def extended(path: list[Arrow], at: str, passed: set[str]) -> Iterator[Way]:
        if at == facts["y"]:
            yield path
            return
        for one, other in arrows_of(facts):
            for here, there in ((one, other), (other, one)):
                if here == at and there not in passed and (path or there == one):
                    yield from extended([*path, (one, other)], there, {*passed, there})

    return list(extended([], facts["x"], {facts["x"]}))


class Diagram(Reckoning):
    """The first implementation: every back-door path is looked along for where it is blocked."""

    def blocked_at(self, path: Way, held: Collection[str] = ()) -> str | None:
        """Return the first thing on a path at which it is blocked; None if it is open."""
        for first, second in pairwise(path):
            (middle,) = set(first) & set(second)
            is_meeting = first[1] == middle == second[1]
            opened = bool({middle, *reached(self.facts, middle)} & set(held))
            if self.work.settle(not opened if is_meeting else middle in held):
                return middle
        return None

    def survey(self) -> None:
        """Say which paths there are, whether they are open by themselves, and what must not be held."""
        paths, after = back_doors(self.facts), reached(self.facts, self.facts["x"]) - {self.facts["y"]}
        self.say("paths", num=len(paths), point=1)
        for path in paths:
            middle = self.blocked_at(path)
            self.say("open" if middle is None else "shut", path=path, middle=middle)
        if after:
            self.say("after", names=tuple(thing for thing in things_of(self.facts) if thing in after))
        self.part(2)

    def fits(self, chosen: tuple[str, ...]) -> bool:
        """Return whether it is enough to hold a set, and say why, or why not."""
        after = [thing for thing in chosen if thing in reached(self.facts, self.facts["x"])]
        if after:
            self.say("try.after", names=chosen, middle=after[0])
            return False
        path = next((path for path in back_doors(self.facts) if self.blocked_at(path, chosen) is None), None)
        was_open = path is None or Diagram(self.facts).blocked_at(path) is None
        self.say("try.sound" if path is None else "try.open" if was_open else "try.opened", names=chosen, path=path)
        return path is None


SCHEME = Adjust()
