"""Circuits of gates: whether the lamp is lit, which switches alone would change that, which other gate would.

The derivation goes from gate to gate, and where something is turned over only through what changes. The second
implementation has every setting with one switch turned over beside the one that holds, all of them in one answer set.
The traps: to read a NAND as an AND, and to think that a change must reach the lamp.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.notation import Graph
from open_thoughts_gen.families.diagrams.scheme import DiagramScheme, redrawn
from open_thoughts_gen.families.kit.authoring import Ask, Change, Form, Narrative, ProblemCase, Work
from open_thoughts_gen.families.kit.graphs import in_turn
from open_thoughts_gen.families.kit.kinds import SomeOf, YesNo
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.prose import CompanyForm
from open_thoughts_gen.families.kit.sheets import Rows
from open_thoughts_gen.families.kit.telling import MAX_GROUNDS

GATES = {  # as sums of two bits; a NOT has the first alone
    "AND": "first * second",
    "OR": "first + second - first * second",
    "XOR": "first + second - 2 * first * second",
    "NAND": "1 - first * second",
    "NOR": "1 - first - second + first * second",
    "NOT": "1 - first",
}
NUM_GATES = {1: (3, 3), 2: (4, 5), 3: (6, 7), 4: (9, 10)}
NUM_PINS = {1: 3, 2: 3, 3: 4, 4: 5}
LIKELY = {"AND": 0, "NOR": 0, "OR": 1, "NAND": 1}  # what such a gate gives in three cases out of four
Bits = dict[str, int]


def gates_drawn(rows: Rows, pen: Pen) -> Graph:
    """Return gates as boxes with their kind, switches as bare boxes, and an arrow for each input."""
    pins = dict.fromkeys(name for row in rows for name in row[2:] if name.islower())
    captions = {pin: pin for pin in pins} | {row[0]: f"{row[0]} {row[1]}" for row in rows}
    return Graph(captions, [(name, row[0], "") for row in rows for name in row[2:] if name])


def gates_read(graph: Graph) -> Rows:
    """Return the gates of boxes and arrows."""
    rows = []
    for key, caption in graph.captions.items():
        name, _, kind = caption.partition(" ")
        inputs = [one for one, other, _ in graph.edges if other == key]
        if kind:
            rows.append((name, kind, *inputs, *([""] * (2 - len(inputs)))))
    return tuple(rows)


def pins_of(chart: Rows) -> list[str]:
    """Return the switches in the order of the alphabet."""
    return sorted({name for row in chart for name in row[2:] if name.islower()})


class Circuit(DiagramScheme):
    """Switches, gates and a lamp."""

    name: ClassVar[str] = "circuit"
    notations: ClassVar[Sequence[str]] = ("flow", "flow", "dot", "table", "lines", "lines")
    graph: ClassVar[Mapping[str, Any]] = {"graph": gates_drawn, "rows": gates_read, "is_declared": True}
    said: ClassVar[str] = "{0} {1} of {2} and {3} ~ {0} {1} of {2}"
    sets: ClassVar[Mapping[str, str]] = {"deciders": "names.c0"}
    details: ClassVar[Mapping[str, str]] = {"on": "on", "lamp": "lamp"}
    answers = staticmethod(pins_of)
    asks: ClassVar[Mapping[str, Ask]] = {
        "lit": Ask(YesNo(), "lit", coin="lit"),
        "deciders": Ask(SomeOf(()), "deciders", coin="some", outcomes=(True, True, True, False)),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of switches too."""
        return {**super().own_forms(), "pins": CompanyForm("abcdefgh")}

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw gates that all lead to one lamp, and which switches are on."""
        pins, num = "abcdefgh"[: NUM_PINS[level]], rng.randint(*NUM_GATES[level])
        names = [f"G{number}" for number in rng.sample(range(1, 2 * num + 4), num)]
        rows = list[tuple[str, ...]]()
        for index, name in enumerate(names):
            known = [*pins, *names[:index]]
            fresh = [one for one in known if not any(one in row[2:] for row in rows)]
            pool = rng.sample(known, 2) if len(fresh) < 2 or rng.random() < 0.4 else rng.sample(fresh, 2)
            kind = rng.choice(list(GATES))
            rows.append((name, kind, pool[0], "" if kind == "NOT" else pool[1]))
        used = {name for row in rows for name in row[2:]}
        on = tuple(pin for pin in pins if rng.random() < 0.5)
        if not on or not {*pins, *names[:-1]} <= used or sum(row[1] == "NOT" for row in rows) > num // 3:
            return None
        if LIKELY.get(rows[-1][1]) == bits_of(tuple(rows), set(on))[names[-1]] and rng.random() < 0.65:
            return None  # or the last gate alone would give the answer away
        return {"chart": tuple(rng.sample(rows, num)), "on": on, "lamp": names[-1]}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go from gate to gate, as things are and with each switch turned over."""
        chart, on, lamp = facts["chart"], set(facts["on"]), facts["lamp"]
        lit = bits_of(chart, on)[lamp]
        deciders = frozenset(pin for pin in pins_of(chart) if bits_of(chart, on ^ {pin})[lamp] != lit)
        return {"lit": bool(lit), "deciders": deciders, "some": bool(deciders)}

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go from gate to gate; then turn over each switch, and go through what changes."""
        facts, asks, work, chart = case.facts, case.asks, narrative.work, case.facts["chart"]
        narrative.step(f"issue.{asks}", **case.cast)
        narrative.point = 1
        bits, lamp = bits_of(chart, set(facts["on"]), work, narrative), facts["lamp"]
        if asks != "deciders":
            if len(chart) > MAX_GROUNDS:
                narrative.step("outputs", others=[f"{gate} {bits[gate]}" for gate in bits if gate.isupper()])
            narrative.answer("answer.lit", bool(bits[lamp]), lamp=lamp, world=case.cast["world"])
            return
        narrative.step("lamp", lamp=lamp, bit=bits[lamp])
        deciders = []
        for pin in pins_of(chart):
            turned = bits_of(chart, set(facts["on"]) ^ {pin})
            others = [f"{row[0]} to {turned[row[0]]}" for row in in_turn(chart) if turned[row[0]] != bits[row[0]]]
            matters = work.settle(turned[lamp] != bits[lamp], turned[lamp] == bits[lamp])
            deciders += [pin] if matters else []
            bank = "turn.matters" if matters else "turn.fades" if others else "turn.idle"
            narrative.step(bank, pin=pin, others=others, lamp=lamp)
        narrative.answer("answer.deciders", frozenset(deciders), names=deciders)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another kind of gate in one place, one switch turned over."""
        chart, on = case.facts["chart"], set(case.facts["on"])
        for index, (name, kind, one, other) in enumerate(chart):
            kinds = [new for new in GATES if other and new not in (kind, "NOT")]
            yield from (redrawn(chart, index, (name, new, one, other)) for new in kinds)
        for pin in pins_of(chart):
            if on ^ {pin}:
                yield Change({"on": tuple(sorted(on ^ {pin}))}, option="on")


def bits_of(chart: Rows, on: set[str], work: Work | None = None, narrative: Narrative | None = None) -> Bits:
    """Return what each switch and gate gives, 0 or 1, and tell it."""
    work, bits = work or Work(is_quiet=True), {pin: int(pin in on) for pin in pins_of(chart)}
    for name, kind, one, other in in_turn(chart):
        values = {"first": bits[one]} | ({"second": bits[other]} if other else {})
        bits[name] = int(work(GATES[kind], **values)) % 2
        if narrative is not None:
            shown: dict[str, Any] = {"gate": name, "kind": kind, "one": one, "bit": bits[name], **values}
            narrative.step("gate" if other else "gate.not", **shown, other=other)
    return bits


SCHEME = Circuit()
