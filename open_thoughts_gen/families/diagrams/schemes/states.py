"""State machines: where a log of events leads, and whether a redrawn arrow makes a difference.

The derivation runs the log, or the machine and the redrawn one side by side. The second implementation is an answer set
program that parts the states of both machines round by round, from the end (E. Moore, Gedanken-experiments on sequential
machines, 1956): the round in which the two beginnings are parted is the length of the shortest log that tells them
apart. The trap: an event without an arrow changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.scheme import DiagramScheme, redrawn
from open_thoughts_gen.families.kit.authoring import Ask, Change, Form, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.kinds import HowMuch, OneOf, YesNo
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.sheets import Rows

MARK = "[*]"  # where it begins, and what the states point to in which a log may end
NUM_STATES = {1: (4, 5), 2: (4, 5), 3: (5, 6), 4: (6, 7)}
NUM_EVENTS = {1: 2, 2: 2, 3: 3, 4: 3}
LENGTHS = {1: (3, 4), 2: (6, 8), 3: (11, 14), 4: (17, 22)}
NUM_PAIRS = {1: (0, 12), 2: (2, 5), 3: (5, 9), 4: (9, 18)}  # of states, that are gone through with the redrawn arrow
Pair = tuple[str, str]
Came = dict[Pair, tuple[int, Pair, str]]


class States(DiagramScheme):
    """A machine, a log of what happened to it, or an arrow that leads elsewhere now."""

    name: ClassVar[str] = "states"
    notations: ClassVar[Sequence[str]] = ("states", "states", "states", "flow", "dot", "table", "lines")
    mermaid: ClassVar[Mapping[str, Sequence[str]]] = {"states": ("stateDiagram-v2",)}
    said: ClassVar[str] = "{0} to {1} on {2} ~ {0} to {1}"
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

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the states."""
        return states_of(case.facts["chart"])

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
        used = {event for _, _, event in moves}
        least, most = NUM_PAIRS[level]
        if len(used) < len(events) or len(set(run(chart, log))) < 3 or not least <= len(side_by_side(facts)) <= most:
            return None
        return facts if set(names) == {name for row in moves for name in row[:2]} else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Run the log; run both machines side by side."""
        chart, results = facts["chart"], dict[str, Any]()
        if "log" in facts:
            results["after"] = run(chart, facts["log"])[-1]
        if "here" in facts:
            pairs = side_by_side(facts)
            parted = next((number for pair, (number, _, _) in pairs.items() if is_parted(chart, pair)), None)
            met = any(one != other for one, other in pairs)
            results |= {"same": parted is None if met else None, "tells": parted}
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the machine, how it is read, the log or the redrawn arrow, and the question."""
        given = [page.say("prompt/log" if "log" in case.facts else "prompt/redrawn", **case.facts)]
        return self.drawn(case, page, ("rule.ends", "rule.none"), given)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the run, or the two machines side by side."""
        facts, chart, work = case.facts, case.facts["chart"], narrative.work
        narrative.step(f"issue.{case.asks}", **facts)
        narrative.point = 1
        moves, state = moves_of(chart), start_of(chart)
        narrative.step("start", state=state)
        if "log" not in facts:
            self._tell_pairs(narrative, facts, case.asks)
            return
        for event in facts["log"]:
            was, to = state, moves.get((state, event), state)
            state = work.settle(to, *(name for name in states_of(chart) if name != to))
            narrative.step("moves" if state != was else "stays", event=event, state=state, here=was)
        narrative.answer("answer.after", state, state=state)

    def _tell_pairs(self, narrative: Narrative, facts: Mapping[str, Any], asks: str) -> None:
        """Run both machines side by side until exactly one of them stops, or nothing new comes."""
        chart, work, count = facts["chart"], narrative.work, 0
        pairs, stops = side_by_side(facts), stops_of(chart)
        narrative.step("redrawn", **facts)
        for number in range(1, 1 + max(number for number, _, _ in pairs.values())):
            was, count = count, int(work("a + 1", a=count))
            narrative.step("pairs", was=was, count=count)
            layer = {pair: came for pair, came in pairs.items() if came[0] == number}
            for pair, (_, before, event) in layer.items():
                narrative.step("pair", before=written(before), event=event, pair=written(pair))
            parted = work.settle(any(is_parted(chart, pair) for pair in layer))
            if parted:
                one, other = next((pair for pair in layer if is_parted(chart, pair)), next(iter(layer)))
                narrative.step("parted" if one in stops else "parted.other", state=one, next=other)
                result = False if asks == "same" else count
                narrative.answer(f"answer.{asks}", result, count=count, state=one, next=other)
                return
        narrative.step("never.parted")
        narrative.answer("answer.same.yes", True if asks == "same" else None)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one arrow that leads elsewhere, one event of the log that is another, another redrawn arrow."""
        facts = case.facts
        chart, names = facts["chart"], states_of(facts["chart"])
        for index, (one, other, event) in enumerate(chart):
            if event and any(other in row[:2] for row in (*chart[:index], *chart[index + 1 :])):  # or it would vanish
                others = [name for name in names if name not in (one, other)]
                yield from (redrawn(chart, index, (one, name, event)) for name in others)
        if "there" in facts:
            known = moves_of(chart)[facts["here"], facts["event"]], facts["there"]
            yield from (Change({"there": name}, option="redrawn") for name in names if name not in known)
        log = facts.get("log", ())
        for index, event in product(range(len(log)), sorted({event for _, _, event in chart if event})):
            if event != log[index]:
                yield Change({"log": (*log[:index], event, *log[index + 1 :])})


def states_of(chart: Rows) -> list[str]:
    """Return the states in printed order."""
    names = dict.fromkeys(name for row in chart for name in row[:2])
    return [name for name in names if name != MARK]


def start_of(chart: Rows) -> str:
    """Return the state in which the machine begins."""
    return next(other for one, other, _ in chart if one == MARK)


def stops_of(chart: Rows) -> set[str]:
    """Return the states from which an arrow leads to the stop."""
    return {one for one, other, _ in chart if other == MARK}


def moves_of(chart: Rows) -> dict[Pair, str]:
    """Return where each event leads from each state that has an arrow for it."""
    return {(one, event): other for one, other, event in chart if event}


def run(chart: Rows, log: Sequence[str]) -> list[str]:
    """Return the states that a log goes through."""
    moves, found = moves_of(chart), [start_of(chart)]
    for event in log:
        found.append(moves.get((found[-1], event), found[-1]))
    return found


def side_by_side(facts: Mapping[str, Any]) -> Came:
    """Return in which two states the machine and the redrawn one can be, up to a pair that parts them.

    Each comes with after how many events at least, from which pair and on which event.
    """
    moves = moves_of(facts["chart"])
    bent = moves | {(facts["here"], facts["event"]): facts["there"]}
    first, events = (start_of(facts["chart"]),) * 2, dict.fromkeys(event for _, event in moves)
    found: Came = {first: (0, first, "")}
    queue = [first]
    for one, other in queue:  # it grows while it is gone through
        for event in events:
            pair = moves.get((one, event), one), bent.get((other, event), other)
            if pair not in found:
                found[pair] = found[one, other][0] + 1, (one, other), event
                queue.append(pair)
        if any(is_parted(facts["chart"], pair) for pair in found):
            break
    return found


def is_parted(chart: Rows, pair: Pair) -> bool:
    """Return whether exactly one of two states leads to the stop."""
    stops = stops_of(chart)
    return (pair[0] in stops) != (pair[1] in stops)


def written(pair: Pair) -> str:
    """Return two states as a trace has them: `old/new`, or one name if they are the same."""
    return "/".join(dict.fromkeys(pair))


SCHEME = States()
