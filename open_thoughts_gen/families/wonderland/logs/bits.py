"""The log of a bit puzzle: the two outer columns leave a few rules, which are tried on the other six.

Positions are numbered 1 to 8 from the left, and column j of the output is gate(x[j+a], x[j-b], x[j+c around]), where a
position outside 1 to 8 holds 0. Column 1 therefore never has a bit of the right shift, and column 8 never one of the
left shift: what the two columns equal narrows 1,715 rules to a handful.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

Bits = str  # one bit for each example
_PAIR = re.compile(r"^([01]{8}) -> ([01]{8})\s*$", re.MULTILINE)
_QUERY = re.compile(r"determine the output for: ([01]{8})")
SHIFTS = range(1, 8)
# The output of a gate for the bits (left, right, turned) that it uses.
GATES: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "L^R": ("LR", {"00": "0", "01": "1", "10": "1", "11": "0"}),
    "L^T": ("LT", {"00": "0", "01": "1", "10": "1", "11": "0"}),
    "L|T": ("LT", {"00": "0", "01": "1", "10": "1", "11": "1"}),
    "L&T": ("LT", {"00": "0", "01": "0", "10": "0", "11": "1"}),
    "R^T": ("RT", {"00": "0", "01": "1", "10": "1", "11": "0"}),
    "R|T": ("RT", {"00": "0", "01": "1", "10": "1", "11": "1"}),
    "R&T": ("RT", {"00": "0", "01": "0", "10": "0", "11": "1"}),
    "CH": ("LRT", dict(zip(("".join(bits) for bits in product("01", repeat=3)), "01010011", strict=True))),
    "MAJ": ("LRT", dict(zip(("".join(bits) for bits in product("01", repeat=3)), "00010111", strict=True))),
    "OX": ("LRT", dict(zip(("".join(bits) for bits in product("01", repeat=3)), "10110111", strict=True))),
    "NX": ("LRT", dict(zip(("".join(bits) for bits in product("01", repeat=3)), "10110110", strict=True))),
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A gate and its shifts, 0 for a stream that it does not use."""

    gate: str
    a: int = 0
    b: int = 0
    c: int = 0

    def __str__(self) -> str:
        """Return the rule as a line of the log writes it."""
        shifts = zip("abc", (self.a, self.b, self.c), strict=True)
        return " ".join([self.gate, *(f"{name}{shift}" for name, shift in shifts if shift)])

    def operands(self, column: int) -> list[int]:
        """Return the input columns that an output column is made of, 0 for a bit that is always 0."""
        positions = {"L": column + self.a, "R": column - self.b, "T": (column + self.c - 1) % 8 + 1}
        return [positions[stream] if 1 <= positions[stream] <= 8 else 0 for stream in GATES[self.gate][0]]


def bit_log(prompt: str, design: str = "operands") -> tuple[list[str], str | None]:
    """Return the lines of a puzzle's log, and the answer that they come to; None where they come to none.

    Raises:
        ValueError: the text is not such a puzzle.

    """
    log = BitLog(prompt, design)
    return log.write(), log.answer


class BitLog:
    """The log of one puzzle, written as it is worked out."""

    def __init__(self, prompt: str, design: str = "operands") -> None:
        """Read the puzzle.

        Where a rule is tried on a column, `operands` writes the bits that go in before the one that comes out, and
        `results` only the latter.

        Raises:
            ValueError: it is not one.

        """
        pairs, query = _PAIR.findall(prompt), _QUERY.search(prompt)
        if not pairs or query is None:
            raise ValueError("not a bit puzzle")
        self.query = query[1]
        self.results_only = design == "results"
        self.inputs: dict[int, Bits] = {0: "0" * len(pairs)}
        self.outputs: dict[int, Bits] = {}
        for column in range(1, 9):
            self.inputs[column] = "".join(byte[column - 1] for byte, _ in pairs)
            self.outputs[column] = "".join(result[column - 1] for _, result in pairs)
        self.lines: list[str] = []
        self.answer: str | None = None

    def write(self) -> list[str]:
        """Write the whole log; `answer` is None afterwards where no rule fits."""
        self.lines.append("input columns")
        self.lines += (f"x{column} {self.inputs[column]}" for column in range(1, 9))
        self.lines.append("output columns")
        self.lines += (f"y{column} {self.outputs[column]}" for column in range(1, 9))
        first = self._equal(1, range(2, 9))
        last = self._equal(8, range(1, 8))
        for rule in self._rules(first, last):
            if self._fits(rule):
                self.lines.append("all columns fit")
                self._apply(rule)
                break
        else:
            self.lines.append("no rule fits")
        return self.lines

    def _equal(self, column: int, positions: Sequence[int]) -> list[int]:
        """Walk an outer column against input columns: bits are copied up to the first that differs."""
        self.lines.append(f"y{column} equals")
        target = self.outputs[column]
        equal = [position for position in positions if self._walk(f"x{position}", self.inputs[position], target)]
        self.lines.append(f"y{column} list {_names(equal)}")
        return equal

    def _walk(self, name: str, bits: Bits, target: Bits) -> bool:
        """Copy bits up to the first that is not the target's; return whether there is none."""
        for index, (bit, wanted) in enumerate(zip(bits, target, strict=True)):
            if bit != wanted:
                self.lines.append(f"{name} {bits[: index + 1]} no")
                return False
        self.lines.append(f"{name} {bits} yes")
        return True

    def _cover(self, column: int, bit: str, positions: Sequence[int], name: str) -> list[int]:
        """List the input columns that are 1 wherever an outer column is `bit`."""
        self.lines.append(f"x is 1 where y{column} is {bit}:")
        listed = []
        for position in positions:
            bits = self.inputs[position]
            wrong = next((i for i, wanted in enumerate(self.outputs[column]) if wanted == bit and bits[i] == "0"), None)
            self.lines.append(f"x{position} {bits} yes" if wrong is None else f"x{position} {bits[: wrong + 1]} no")
            listed += [position] if wrong is None else []
        self.lines.append(f"{name} list {_names(listed)}")
        return listed

    def _rules(self, first: Sequence[int], last: Sequence[int]) -> Iterator[Rule]:
        """Yield the rules that the outer columns leave, two streams before three."""
        if first and last:
            self.lines.append("gate L^R")
            yield from (Rule("L^R", a=position - 1, b=8 - other) for position in first for other in last)
        else:
            self.lines.append("gate L^R needs both lists")
        yield from self._with_turned_last(last)
        yield from self._with_turned_first(first)
        yield from self._left_and_turned()
        yield from self._right_and_turned()
        yield from self._choice(last)
        yield from self._majority()
        yield from self._same()

    def _with_turned_last(self, last: Sequence[int]) -> Iterator[Rule]:
        if not last:
            self.lines.append("gates L^T L|T need y8 list")
        for c in last:
            for gate in ("L^T", "L|T"):
                self.lines.append(f"gate {gate} c{c}: y1 = ? {gate[1]} x{1 + c}")
                yield from (Rule(gate, a=position - 1, c=c) for position in self._partners(1, gate, range(2, 9), 1 + c))

    def _with_turned_first(self, first: Sequence[int]) -> Iterator[Rule]:
        if not first:
            self.lines.append("gates R^T R|T need y1 list")
        for c in (position - 1 for position in first):
            for gate in ("R^T", "R|T"):
                self.lines.append(f"gate {gate} c{c}: y8 = ? {gate[1]} x{c}")
                yield from (Rule(gate, b=8 - position, c=c) for position in self._partners(8, gate, range(1, 8), c))

    def _left_and_turned(self) -> Iterator[Rule]:
        if "1" in self.outputs[8]:
            self.lines.append("gate L&T needs y8 zero: no")
            return
        self.lines.append("gate L&T")
        listed = self._cover(1, "1", range(2, 9), "and")
        for c in (position - 1 for position in listed):
            self.lines.append(f"c{c}: y1 = ? & x{1 + c}")
            yield from (Rule("L&T", a=position - 1, c=c) for position in self._partners(1, "L&T", listed, 1 + c))

    def _right_and_turned(self) -> Iterator[Rule]:
        if "1" in self.outputs[1]:
            self.lines.append("gate R&T needs y1 zero: no")
            return
        self.lines.append("gate R&T")
        listed = self._cover(8, "1", range(1, 8), "and")
        for c in listed:
            self.lines.append(f"c{c}: y8 = ? & x{c}")
            yield from (Rule("R&T", b=8 - position, c=c) for position in self._partners(8, "R&T", listed, c))

    def _choice(self, last: Sequence[int]) -> Iterator[Rule]:
        if not last:
            self.lines.append("gate CH needs y8 list")
        for c in last:
            self.lines.append(f"gate CH c{c}: y1 = x{1 + c} and not ?")
            for position in self._partners(1, "CH", range(2, 9), 1 + c):
                yield from (Rule("CH", a=position - 1, b=b, c=c) for b in SHIFTS)

    def _majority(self) -> Iterator[Rule]:
        self.lines.append("gate MAJ")
        first = self._cover(1, "1", range(2, 9), "and")
        last = self._cover(8, "1", range(1, 8), "and") if first else []
        shifts = [position for position in last if position + 1 in first]
        self.lines.append(f"c in both and lists {' '.join(map(str, shifts)) or 'none'}")
        for c in shifts:
            self.lines.append(f"c{c}: y1 = x{1 + c} & ?")
            lefts = self._partners(1, "L&T", first, 1 + c)
            if lefts:
                self.lines.append(f"c{c}: y8 = x{c} & ?")
                rights = self._partners(8, "R&T", last, c)
                yield from (Rule("MAJ", a=left - 1, b=8 - right, c=c) for left in lefts for right in rights)

    def _same(self) -> Iterator[Rule]:
        self.lines.append("gates OX NX")
        for c in self._cover(8, "0", range(1, 8), "zero"):
            self.lines.append(f"c{c}: y1 = ? same as x{1 + c}")
            lefts = self._partners(1, "OX", range(2, 9), 1 + c)
            if lefts:
                self.lines.append(f"c{c}: y8 = ? or not x{c}")
                rights = self._partners(8, "OX", range(1, 8), c)
                for left, right in product(lefts, rights):
                    for gate in ("OX", "NX"):
                        yield Rule(gate, a=left - 1, b=8 - right, c=c)

    def _partners(self, column: int, gate: str, positions: Sequence[int], turned: int) -> list[int]:
        """Walk what a gate makes of each column and the turned one against an outer column."""
        streams, table = GATES[gate]
        partners = []
        for position in positions:
            bits = {"L": self.inputs[position if column == 1 else 0], "R": self.inputs[position if column == 8 else 0]}
            bits["T"] = self.inputs[turned]
            outputs = "".join(table["".join(key)] for key in zip(*(bits[stream] for stream in streams), strict=True))
            if self._walk(f"x{position}", outputs, self.outputs[column]):
                partners.append(position)
        return partners

    def _fits(self, rule: Rule) -> bool:
        """Try a rule on columns 2 to 7, bit by bit."""
        self.lines.append(f"try {rule}")
        table = GATES[rule.gate][1]
        for column in range(2, 8):
            positions = rule.operands(column)
            groups, fits = [], True
            for keys, wanted in zip(
                zip(*(self.inputs[position] for position in positions), strict=True), self.outputs[column], strict=True
            ):
                bits = "".join(keys)
                groups.append(table[bits] if self.results_only else bits + table[bits])
                if table[bits] != wanted:
                    fits = False
                    break
            joint = "" if self.results_only else " "
            self.lines.append(f"y{column} {_operands(positions)}: {joint.join(groups)} {'ok' if fits else 'no'}")
            if not fits:
                return False
        return True

    def _apply(self, rule: Rule) -> None:
        """Apply the rule to the query, a position at a time."""
        self.lines.append(f"apply to {self.query}")
        table, answer = GATES[rule.gate][1], ""
        for column in range(1, 9):
            positions = rule.operands(column)
            bits = "".join(self.query[position - 1] if position else "0" for position in positions)
            answer += table[bits]
            self.lines.append(f"{column} {_operands(positions)}: {bits} {table[bits]}")
        self.lines.append(f"output {answer}")
        self.answer = answer


def _names(positions: Sequence[int]) -> str:
    return " ".join(f"x{position}" for position in positions) or "none"


def _operands(positions: Sequence[int]) -> str:
    return " ".join(f"x{position}" if position else "0" for position in positions)
