"""Networks that carry something: how much can arrive, what one arrow less takes away, who is cut off.

A derivation sends as much as it can along routes, and then shows the arrows that stand in the way of more: the largest
flow is the narrowest cut (L. Ford and D. Fulkerson, Maximal flow through a network, 1956). The second implementation
knows no routes: it tries every way to part the boxes in two. The traps: to add up all that leaves the source or enters
the sink, and to take what a closed arrow carried for what is lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, pairwise
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.scheme import DiagramScheme, redrawn
from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, ProblemCase
from open_thoughts_gen.families.kit.graphs import reached
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, Kind, YesNo
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.kit.sheets import Rows

NUM_PLACES = {1: (4, 5), 2: (5, 6), 3: (7, 7), 4: (8, 9)}
NUM_ROUTES = {1: (1, 2), 2: (2, 3), 3: (3, 4), 4: (4, 6)}
Edge = tuple[str, str]
Room = dict[Edge, int]


class Pipes(DiagramScheme):
    """A network with a source, a sink, and arrows that carry so much and no more."""

    name: ClassVar[str] = "pipes"
    notations: ClassVar[Sequence[str]] = ("flow", "flow", "dot", "dot", "table", "lines")
    details: ClassVar[Mapping[str, str]] = {"ends": "source"}
    asks: ClassVar[Mapping[str, Ask]] = {
        "flow": Ask(HowMuch(), "flow"),
        "enough": Ask(YesNo(), "enough", needs=("wanted",), coin="enough"),
        "lost": Ask(HowMuch(), "lost", 2, ("one", "other"), "touched", (True, True, True, False)),
        "flip": Ask(Flip(), "flow", level=3),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a network whose largest flow takes few routes, and an arrow to close."""
        names = rng.sample(self.pool("places"), rng.randint(*NUM_PLACES[level]))
        last = len(names) - 1
        pairs = {(rng.randrange(index), index) for index in range(1, last)}
        pairs |= {(index, rng.randrange(index + 1, last + 1)) for index in range(last)}
        pairs |= {pair for pair in combinations(range(last + 1), 2) if rng.random() < 0.22}
        if level > 2:
            pairs |= {(other, one) for one, other in combinations(range(1, last), 2) if rng.random() < 0.1}
        pairs.discard((0, last))
        chart = tuple((names[one], names[other], str(rng.randint(2, 14))) for one, other in pairs)
        chart = tuple(rng.sample(chart, len(chart)))
        facts: dict[str, Any] = {"chart": chart, "source": names[0], "sink": names[last]}
        flow = largest(rooms(chart), names[0], names[last])
        low, high = NUM_ROUTES[level]
        if not low <= len(routes(flow, names[0], names[last])) <= high:
            return None
        ends = [sum(int(row[2]) for row in chart if row[at] == names[at * last]) for at in (0, 1)]
        if arriving(flow, names[last]) == min(ends) and rng.random() < 0.6:
            return None  # or what leaves the source or enters the sink would mostly be all there is to it
        one, other, _ = rng.choice(chart)
        wanted = arriving(flow, names[last]) + rng.choice((-3, -2, -1, 0, 1, 2, 3))
        if wanted > min(ends) and rng.random() < 0.85:
            return None  # or what could leave or enter would mostly be less than is wanted, if it is not enough
        return {**facts, "one": one, "other": other, "wanted": max(wanted, 1)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind, with the unit of this case."""
        kind = super().kind_of(case)
        return HowMuch(self.words.lists["world"][case.cast["world"]]["unit"]) if isinstance(kind, HowMuch) else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Send as much as there is room for, with all arrows open and without the closed one."""
        source, sink = facts["source"], facts["sink"]
        whole, flow = (arriving(largest(rooms(facts["chart"], closed), source, sink), sink) for closed in (None, facts))
        enough = whole >= facts["wanted"] if "wanted" in facts else None
        return {"flow": flow, "lost": whole - flow, "touched": whole > flow, "enough": enough}

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Fill the routes, find the narrowest cut; then again without the closed arrow."""
        facts, asks, work, chart = case.facts, case.asks, narrative.work, case.facts["chart"]
        known, source, sink = {**case.cast, **facts}, facts["source"], facts["sink"]
        narrative.step(f"issue.{asks}", **known)
        narrative.point = 1
        used = largest(rooms(chart), source, sink).get((facts.get("one", ""), facts.get("other", "")), 0)
        if asks == "lost":
            was = tell_flow(narrative, rooms(chart), source, sink)
            narrative.step("whole", was=was, **known)
            narrative.point = 2
            if work.settle(not used, bool(used)):
                narrative.step("unused", **facts)
                narrative.answer("answer.lost.none", 0, **known)
                return
        if "one" in facts:
            narrative.step("closed" if used else "closed.unused", **facts)
        total = tell_flow(narrative, rooms(chart, facts), source, sink)
        if asks == "lost":
            lost = int(work("was - now", was=was, now=total))
            bank = "answer.lost" if lost else "answer.lost.other"
            narrative.answer(bank, lost, was=was, total=total, lost=lost, arrows=len(chart) - 1, **known)
        else:
            result = not work.exceeds(facts["wanted"], total) if asks == "enough" else total
            narrative.answer("answer.enough" if asks == "enough" else "answer.flow", result, **known, total=total)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Try every way to part the boxes."""
        arrows = {(one, other): int(figure) for one, other, figure in facts["chart"]}
        names = sorted({name for pair in arrows for name in pair} - {facts["source"], facts["sink"]})
        gone, before, after = (facts.get("one"), facts.get("other")), [], []
        for mask in range(1 << len(names)):
            side = {facts["source"], *(name for index, name in enumerate(names) if mask >> index & 1)}
            cut = {pair: room for pair, room in arrows.items() if pair[0] in side and pair[1] not in side}
            before.append(sum(cut.values()))
            after.append(sum(room for pair, room in cut.items() if pair != gone))
        enough = {"enough": min(before) >= facts["wanted"]} if "wanted" in facts else {}
        return {"flow": min(after), "lost": min(before) - min(after), **enough}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another figure on an arrow, an arrow turned round, another arrow closed."""
        chart = case.facts["chart"]
        for index, (one, other, figure) in enumerate(chart):
            changed = [(one, other, str(int(figure) + by)) for by in (-3, -1, 2, 4) if int(figure) + by > 0]
            changed += [(other, one, figure)] if all(row[:2] != (other, one) for row in chart) else []
            yield from (redrawn(chart, index, row) for row in changed)
            if case.asks in ("flow", "flip"):
                yield Change({"one": one, "other": other}, option="closed")


def rooms(chart: Rows, facts: Mapping[str, Any] | None = None) -> Room:
    """Return what each arrow carries, without the one that is closed."""
    gone = (facts.get("one"), facts.get("other")) if facts else None
    return {(one, other): int(figure) for one, other, figure in chart if (one, other) != gone}


def largest(room: Room, source: str, sink: str) -> Room:
    """Return a largest flow, arrow by arrow: shortest routes that have room, until there is none (Edmonds and Karp)."""
    flow = dict.fromkeys(room, 0)
    while path := open_path(room, flow, source, sink):
        much = min(slack(room, flow, step) for step in path)
        for one, other in path:
            back = min(much, flow.get((other, one), 0))
            if back:
                flow[other, one] -= back
            if much > back:
                flow[one, other] += much - back
    return flow


def slack(room: Room, flow: Room, step: Edge) -> int:
    """Return how much more can go from one box to another, what goes the other way taken back."""
    return room.get(step, 0) - flow.get(step, 0) + flow.get((step[1], step[0]), 0)


def side_of(room: Room, flow: Room, source: str) -> dict[str, list[str]]:
    """Return the boxes to which more could be sent, each with a shortest way there."""
    names = dict.fromkeys(name for pair in room for name in pair)
    return reached(source, lambda one: (other for other in names if slack(room, flow, (one, other)) > 0))


def open_path(room: Room, flow: Room, source: str, sink: str) -> list[Edge]:
    """Return the steps of a shortest route with room on it; empty if there is none."""
    return [*pairwise(side_of(room, flow, source).get(sink, ()))]


def arriving(flow: Room, sink: str) -> int:
    """Return what arrives; no arrow leads out of the sink."""
    return sum(much for pair, much in flow.items() if pair[1] == sink)


def routes(flow: Room, source: str, sink: str) -> list[tuple[list[str], int]]:
    """Return the flow as routes from source to sink, each with what it carries."""
    left, found = {pair: much for pair, much in flow.items() if much}, list[tuple[list[str], int]]()
    while steps := open_path(left, dict.fromkeys(left, 0), source, sink):
        much = min(left[step] for step in steps)
        left = {pair: rest for pair, many in left.items() if (rest := many - much * (pair in steps))}
        found.append(([source, *(other for _, other in steps)], much))
    return found


def tell_flow(narrative: Narrative, room: Room, source: str, sink: str) -> int:
    """Tell what goes along which route, what shared arrows carry, and what stands in the way of more; return it all."""
    flow, work, total = largest(room, source, sink), narrative.work, 0
    side = side_of(room, flow, source)
    found = routes(flow, source, sink)
    for names, much in found:
        if names is found[0][0]:
            total = work.settle(much, much + 1)
            narrative.step("route", names=names, total=total, arrows=len(room))
        else:
            left, total = total, int(work("a + b", a=total, b=much))
            narrative.step("route.more", names=names, left=left, num=much, total=total, arrows=len(room))
    for pair, space in room.items():
        used = [much for names, much in found if pair in pairwise(names)]
        if len(used) > 1:
            more = summed(work, used)
            if work.exceeds(more, space):
                continue
            narrative.step("shared", here=pair[0], there=pair[1], loads=used, more=more, room=space)
    cut = {pair: space for pair, space in room.items() if pair[0] in side and pair[1] not in side}
    if not cut:
        narrative.step("none", names=list(side), sink=sink)
        return total
    entering = [space for pair, space in room.items() if pair[1] == sink]
    if len(entering) > 1 and sum(entering) > sum(cut.values()):
        narrative.step("turn.enters", sum=summed(work, entering), terms=entering, sink=sink)
        limit = summed(work, list(cut.values()))
        if work.exceeds(sum(entering), limit):
            narrative.step("turn.refuted", rest=limit)
    arrows = [f"{one} -> {other}" for one, other in cut]
    limit = summed(work, list(cut.values()))
    bank = "cut" if len(cut) > 1 else "cut.one"
    narrative.step(bank, names=list(side), others=arrows, terms=list(cut.values()), rest=limit)
    return total


SCHEME = Pipes()
