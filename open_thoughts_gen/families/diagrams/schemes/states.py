"""State machines: where a log of events leads, and whether a redrawn arrow makes a difference.

The derivation runs the log, or the machine and the redrawn one side by side. The second implementation is an answer set
program that parts the states of both machines round by round, from the end (E. Moore, Gedanken-experiments on sequential
machines, 1956): the round in which the two beginnings are parted is the length of the shortest log that tells them
apart. The trap: an event without an arrow changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.scheme import DiagramScheme, redrawn
from open_thoughts_gen.families.kit.authoring import Ask, Change, Form, Narrative, ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.graphs import reached
from open_thoughts_gen.families.kit.kinds import HowMuch, OneOf, YesNo
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.sheets import Rows

MARK = "[*]"  # where it begins, and what the states point to in which a log may end
NUM_STATES = {1: (4, 5), 2: (4, 5), 3: (5, 6), 4: (6, 7)}
NUM_EVENTS = {1: 2, 2: 2, 3: 3, 4: 3}
LENGTHS = {1: (3, 4), 2: (6, 8), 3: (11, 14), 4: (17, 22)}
NUM_PAIRS = {1: (0, 11), 2: (1, 4), 3: (4, 8), 4: (8, 17)}  # of states, that are gone through with the redrawn arrow
UNLIKE = {1: 0, 2: 0.9, 3: 0.65, 4: 0}  # how often one is refused whose two states differ in their marks at once
Pair = tuple[str, str]
Came = dict[Pair, tuple[int, Pair, str]]


def states_of(chart: Rows) -> list[str]:
    """Return the states in printed order."""
    names = dict.fromkeys(name for row in chart for name in row[:2])
    return [name for name in names if name != MARK]


class Machine:
    """A machine as its chart has it: where it begins, in which states it may stop, where each event leads from each."""

    def __init__(self, chart: Rows) -> None:
        """Take its arrows."""
        self.start = next(other for one, other, _ in chart if one == MARK)
        self.stops = {one for one, other, _ in chart if other == MARK}
        self.moves: dict[Pair, str] = {(one, event): other for one, other, event in chart if event}

    def run(self, log: Sequence[str]) -> list[str]:
        """Return the states that a log goes through."""
        return list(accumulate(log, lambda state, event: self.moves.get((state, event), state), initial=self.start))

    def parts(self, pair: Pair) -> bool:
        """Return whether it may stop in exactly one of two states."""
        return (pair[0] in self.stops) != (pair[1] in self.stops)


class States(DiagramScheme):
    """A machine, a log of what happened to it, or an arrow that leads elsewhere now."""

    name: ClassVar[str] = "states"
    notations: ClassVar[Sequence[str]] = ("states", "states", "states", "flow", "dot", "table", "lines")
    mermaid: ClassVar[Mapping[str, Sequence[str]]] = {"states": ("stateDiagram-v2",)}
    said: ClassVar[str] = "{0} to {1} on {2} ~ {0} to {1}"
    details: ClassVar[Mapping[str, str]] = {"log": "log", "redrawn": "here"}
    answers = staticmethod(states_of)
    asks: ClassVar[Mapping[str, Ask]] = {
        "after": Ask(OneOf(()), "after", needs=("log",)),
        "same": Ask(YesNo(), "same", level=2, needs=("here", "event", "there"), coin="same"),
        "tells": Ask(HowMuch("events"), "tells", level=2, needs=("here", "event", "there")),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of events too, which are those of all worlds."""
        events = [event for forms in self.words.lists["world"].values() for event in forms["events"].split()]
        named = EntryForm({event: {"": event} for event in events})
        return {**super().own_forms(), "event": named, "log": CompanyForm(events)}

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a machine, a log that is not too dull, and an arrow that leads elsewhere."""
        world = self.drawn_world(rng)
        names = rng.sample(world["names"].split("|"), rng.randint(*NUM_STATES[level]))
        events = rng.sample(world["events"].split(), NUM_EVENTS[level])
        arrows = [(one, event) for one in names for event in events if rng.random() < 0.7]
        moves = [(one, rng.choice([other for other in names if other != one]), event) for one, event in arrows]
        stops = rng.sample(names, rng.randint(1, 2 if len(names) < 6 else 3))
        chart = (*moves, (MARK, names[0], ""), *((name, MARK, "") for name in stops))
        here, was, event = rng.choice(moves)
        there = rng.choice([name for name in names if name != was])
        log = tuple(rng.choice(events) for _ in range(rng.randint(*LENGTHS[level])))
        facts: dict[str, Any] = {"chart": tuple(rng.sample(chart, len(chart))), "log": log}
        facts |= {"here": here, "event": event, "there": there}
        used, machine = {cell for row in moves for cell in row}, Machine(chart)
        if not used >= {*names, *events} or len(set(machine.run(log))) < 3:
            return None
        if machine.parts((was, there)) and rng.random() < UNLIKE[level]:
            return None
        least, most = NUM_PAIRS[level]
        return facts if least <= len(side_by_side(facts)) <= most else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Run the log; run both machines side by side."""
        machine, results = Machine(facts["chart"]), dict[str, Any]()
        if "log" in facts:
            results["after"] = machine.run(facts["log"])[-1]
        if "here" in facts:
            pairs = side_by_side(facts)
            parted = next((number for pair, (number, _, _) in pairs.items() if machine.parts(pair)), None)
            met = any(one != other for one, other in pairs)
            results |= {"same": parted is None if met else None, "tells": parted}
        return results

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the run, or the two machines side by side."""
        facts, chart, work = case.facts, case.facts["chart"], narrative.work
        narrative.step(f"issue.{case.asks}", **facts)
        narrative.point = 1
        machine = Machine(chart)
        state = machine.start
        narrative.step("start", state=state)
        if "log" not in facts:
            self._tell_pairs(narrative, facts, case.asks)
            return
        for event in facts["log"]:
            was, to = state, machine.moves.get((state, event), state)
            state = work.settle(to, *(name for name in states_of(chart) if name != to))
            narrative.step("moves" if state != was else "stays", event=event, state=state, here=was)
        narrative.answer("answer.after", state, state=state)

    def _tell_pairs(self, narrative: Narrative, facts: Mapping[str, Any], asks: str) -> None:
        """Run both machines side by side until exactly one of them stops, or nothing new comes."""
        machine, pairs, work, count = Machine(facts["chart"]), side_by_side(facts), narrative.work, 0
        narrative.step("redrawn", **facts)
        for number in range(1, 1 + max((number for number, _, _ in pairs.values()), default=0)):
            was, count = count, int(work("a + 1", a=count))
            narrative.step("pairs", was=was, count=count)
            layer = {pair: came for pair, came in pairs.items() if came[0] == number}
            for pair, (_, before, event) in layer.items():
                narrative.step("pair", before=written(before), event=event, pair=written(pair))
            parted = work.settle(any(map(machine.parts, layer)))
            if parted:
                one, other = next(filter(machine.parts, layer), next(iter(layer)))
                narrative.step("parted" if one in machine.stops else "parted.other", state=one, next=other)
                narrative.answer(f"answer.{asks}", asks != "same" and count, count=count, state=one, next=other)
                return
        narrative.step("never.parted")
        narrative.answer("answer.same.yes", True if asks == "same" else None)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one arrow that leads elsewhere, one event of the log that is another, another redrawn arrow."""
        facts, chart, names = case.facts, case.facts["chart"], states_of(case.facts["chart"])
        for index, (one, other, event) in enumerate(chart):
            if event and any(other in row[:2] for row in (*chart[:index], *chart[index + 1 :])):  # or it would vanish
                others = [name for name in names if name not in (one, other)]
                yield from (redrawn(chart, index, (one, name, event)) for name in others)
        if "there" in facts:
            known = Machine(chart).moves[facts["here"], facts["event"]], facts["there"]
            yield from (Change({"there": name}, option="redrawn") for name in names if name not in known)
        log = facts.get("log", ())
        for index, event in product(range(len(log)), sorted({event for _, _, event in chart if event})):
            if event != log[index]:
                yield Change({"log": (*log[:index], event, *log[index + 1 :])})


def side_by_side(facts: Mapping[str, Any]) -> Came:
    """Return in which two states the machine and the redrawn one can be after an event, up to a pair that parts them.

    Each comes with after how many events at least, from which pair and on which event.
    """
    machine = Machine(facts["chart"])
    bent = machine.moves | {(facts["here"], facts["event"]): facts["there"]}
    events = list(dict.fromkeys(event for _, event in machine.moves))

    def onward(pair: Pair) -> list[Pair]:
        one, other = pair
        return [(machine.moves.get((one, event), one), bent.get((other, event), other)) for event in events]

    ways = list(reached((machine.start, machine.start), onward).items())[1:]
    end = next((at for at, (pair, _) in enumerate(ways, start=1) if machine.parts(pair)), len(ways))
    return {pair: (len(way) - 1, way[-2], events[onward(way[-2]).index(pair)]) for pair, way in ways[:end]}


def written(pair: Pair) -> str:
    """Return two states as a trace has them: `old/new`, or one name if they are the same."""
    return "/".join(dict.fromkeys(pair))


SCHEME = States()
