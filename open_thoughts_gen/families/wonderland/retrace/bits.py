"""Goes through the log of a bit puzzle."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import product

from open_thoughts_gen.families.wonderland.retrace.lines import LogLines

Rule = tuple[str, int, int, int]  # a gate, and how far each stream is shifted; 0 where it is not used
_PAIR = re.compile(r"([01]{8}) -> ([01]{8})")
_QUERY = re.compile(r"output for: ([01]{8})")
_FUNCTIONS: Mapping[str, Callable[[int, int, int], int]] = {
    "L^R": lambda left, right, turned: left ^ right,
    "L^T": lambda left, right, turned: left ^ turned,
    "L|T": lambda left, right, turned: left | turned,
    "L&T": lambda left, right, turned: left & turned,
    "R^T": lambda left, right, turned: right ^ turned,
    "R|T": lambda left, right, turned: right | turned,
    "R&T": lambda left, right, turned: right & turned,
    "CH": lambda left, right, turned: right if left else turned,
    "MAJ": lambda left, right, turned: int(left + right + turned > 1),
    "OX": lambda left, right, turned: right | (left == turned),
    "NX": lambda left, right, turned: int(not (left and turned)) if right else int(left == turned),
}
_LEFT, _RIGHT = range(2, 9), range(1, 8)  # where the first column's left bit, and the last one's right bit, can be


def follow(lines: LogLines, prompt: str) -> str | None:
    """Go through the lines; return the answer that they come to, None for none."""
    log = _BitRetrace(lines, prompt)
    for rule in log.rules():
        if log.fits(rule):
            lines.take("all columns fit")
            return log.apply(rule, _QUERY.findall(prompt)[-1])
    lines.take("no rule fits")
    return None


class _BitRetrace:
    """What the first lines state, column by column; everything after rests on these."""

    def __init__(self, lines: LogLines, prompt: str) -> None:
        self.lines = lines
        pairs = _PAIR.findall(prompt)
        self.x, self.y = (self._state(name, [pair[side] for pair in pairs]) for side, name in enumerate("xy"))

    def _state(self, name: str, texts: list[str]) -> dict[int, list[int]]:
        self.lines.take({"x": "input columns", "y": "output columns"}[name])
        columns = {}
        for column, bits in enumerate(zip(*texts, strict=True), 1):
            line = self.lines.take(f"{name}{column} {''.join(bits)}")
            columns[column] = [int(bit) for bit in line.split()[1]]
        return columns

    def rules(self) -> Iterator[Rule]:
        """Yield the rules that the outer columns leave, in the order in which they are to be tried."""
        take = self.lines.take
        take("y1 equals")
        first = self._listed("y1", [at for at in _LEFT if self._copied(at, self.x[at], 1)])
        take("y8 equals")
        last = self._listed("y8", [at for at in _RIGHT if self._copied(at, self.x[at], 8)])
        take("gate L^R" if first and last else "gate L^R needs both lists")
        yield from (("L^R", left - 1, 8 - right, 0) for left in first for right in last)
        if not last:
            take("gates L^T L|T need y8 list")
        for c, sign in product(last, "^|"):
            take(f"gate L{sign}T c{c}: y1 = ? {sign} x{c + 1}")
            yield from ((f"L{sign}T", left - 1, 0, c) for left in self._lefts(f"L{sign}T", c + 1))
        if not first:
            take("gates R^T R|T need y1 list")
        for turned, sign in product(first, "^|"):
            take(f"gate R{sign}T c{turned - 1}: y8 = ? {sign} x{turned - 1}")
            yield from ((f"R{sign}T", 0, 8 - right, turned - 1) for right in self._rights(f"R{sign}T", turned - 1))
        yield from self._conjunctions()
        if not last:
            take("gate CH needs y8 list")
        for c in last:
            take(f"gate CH c{c}: y1 = x{c + 1} and not ?")
            for left in self._lefts("CH", c + 1):
                yield from (("CH", left - 1, b, c) for b in range(1, 8))
        yield from self._majorities()
        yield from self._sames()

    def _conjunctions(self) -> Iterator[Rule]:
        if self._allowed("gate L&T", 8):
            for turned in (listed := self._covering("and", 1, 1, _LEFT)):
                self.lines.take(f"c{turned - 1}: y1 = ? & x{turned}")
                yield from (("L&T", left - 1, 0, turned - 1) for left in self._lefts("L&T", turned, listed))
        if self._allowed("gate R&T", 1):
            for c in (listed := self._covering("and", 8, 1, _RIGHT)):
                self.lines.take(f"c{c}: y8 = ? & x{c}")
                yield from (("R&T", 0, 8 - right, c) for right in self._rights("R&T", c, listed))

    def _allowed(self, gate: str, zero: int) -> bool:
        is_allowed = not any(self.y[zero])
        self.lines.take(gate if is_allowed else f"{gate} needs y{zero} zero: no")
        return is_allowed

    def _majorities(self) -> Iterator[Rule]:
        self.lines.take("gate MAJ")
        first = self._covering("and", 1, 1, _LEFT)
        last = self._covering("and", 8, 1, _RIGHT) if first else []
        both = [c for c in last if c + 1 in first]
        self.lines.take(" ".join(["c in both and lists", *(map(str, both) if both else ["none"])]))
        for c in both:
            self.lines.take(f"c{c}: y1 = x{c + 1} & ?")
            lefts = self._lefts("L&T", c + 1, first)
            if lefts:
                self.lines.take(f"c{c}: y8 = x{c} & ?")
                rights = self._rights("R&T", c, last)
                yield from (("MAJ", left - 1, 8 - right, c) for left, right in product(lefts, rights))

    def _sames(self) -> Iterator[Rule]:
        self.lines.take("gates OX NX")
        for c in self._covering("zero", 8, 0, _RIGHT):
            self.lines.take(f"c{c}: y1 = ? same as x{c + 1}")
            lefts = self._lefts("OX", c + 1)
            if lefts:
                self.lines.take(f"c{c}: y8 = ? or not x{c}")
                for left, right, gate in product(lefts, self._rights("OX", c), ("OX", "NX")):
                    yield gate, left - 1, 8 - right, c

    def _lefts(self, gate: str, turned: int, positions: Iterable[int] = _LEFT) -> list[int]:
        """Return where the left bit of column 1 can be: there is no right bit."""
        outputs = {at: [_FUNCTIONS[gate](*bits) for bits in self._bits([at, 0, turned])] for at in positions}
        return [at for at, bits in outputs.items() if self._copied(at, bits, 1)]

    def _rights(self, gate: str, turned: int, positions: Iterable[int] = _RIGHT) -> list[int]:
        """Return where the right bit of column 8 can be: there is no left bit."""
        outputs = {at: [_FUNCTIONS[gate](*bits) for bits in self._bits([0, at, turned])] for at in positions}
        return [at for at, bits in outputs.items() if self._copied(at, bits, 8)]

    def _bits(self, positions: Iterable[int]) -> list[tuple[int, ...]]:
        """Return the bits at input positions, example by example; 0 where there is no position."""
        nothing = [0] * len(self.x[1])
        return list(zip(*(self.x.get(at, nothing) for at in positions), strict=True))

    def _copied(self, position: int, bits: list[int], column: int) -> bool:
        """Check a line that copies bits as far as they are an output column's."""
        wrong = [bit != wanted for bit, wanted in zip(bits, self.y[column], strict=True)]
        end = wrong.index(True) + 1 if any(wrong) else len(bits)
        self.lines.take(f"x{position} {''.join(map(str, bits[:end]))} {'no' if any(wrong) else 'yes'}")
        return not any(wrong)

    def _covering(self, name: str, column: int, bit: int, positions: Iterable[int]) -> list[int]:
        """Check the lines that list the input columns which are 1 wherever an output column is a bit."""
        self.lines.take(f"x is 1 where y{column} is {bit}:")
        listed = []
        for at in positions:
            wrong = [wanted == bit and not one for one, wanted in zip(self.x[at], self.y[column], strict=True)]
            end = wrong.index(True) + 1 if any(wrong) else len(wrong)
            self.lines.take(f"x{at} {''.join(map(str, self.x[at][:end]))} {'no' if any(wrong) else 'yes'}")
            listed += [] if any(wrong) else [at]
        return self._listed(name, listed)

    def _listed(self, name: str, positions: list[int]) -> list[int]:
        self.lines.take(f"{name} list {' '.join(f'x{at}' for at in positions) or 'none'}")
        return positions

    def fits(self, rule: Rule) -> bool:
        """Check the lines that try a rule on columns 2 to 7, up to the first bit that is wrong."""
        gate, *shifts = rule
        words = [f"{name}{shift}" for name, shift in zip("abc", shifts, strict=True) if shift]
        self.lines.take(" ".join(["try", gate, *words]))
        for column in range(2, 8):
            positions = _positions(rule, column)
            with_operands, results = [], ""
            for bits, wanted in zip(self._bits(positions.values()), self.y[column], strict=True):
                result = _output(rule, positions, bits)
                with_operands.append("".join(map(str, (*bits, result))))
                results += str(result)
                if result != wanted:
                    break
            outcome = "ok" if [int(bit) for bit in results] == self.y[column] else "no"
            start = f"y{column} {_names(positions)}: "
            self.lines.take(f"{start}{' '.join(with_operands)} {outcome}", f"{start}{results} {outcome}")
            if outcome == "no":
                return False
        return True

    def apply(self, rule: Rule, query: str) -> str:
        """Check the lines that apply a rule to the query, and return the output."""
        self.lines.take(f"apply to {query}")
        output = ""
        for column in range(1, 9):
            positions = _positions(rule, column)
            bits = tuple(int(query[at - 1]) if at else 0 for at in positions.values())
            output += str(_output(rule, positions, bits))
            self.lines.take(f"{column} {_names(positions)}: {''.join(map(str, bits))} {output[-1]}")
        self.lines.take(f"output {output}")
        return output


def _positions(rule: Rule, column: int) -> dict[str, int]:
    """Return where the bits of an output column come from, stream by stream; 0 for nowhere."""
    _, a, b, c = rule
    positions = {
        "L": column + a if a and column + a <= 8 else 0,
        "R": max(column - b, 0),
        "T": column + c if column + c <= 8 else column + c - 8,
    }
    return {stream: at for stream, at in positions.items() if (a, b, c)["LRT".index(stream)]}


def _output(rule: Rule, positions: Mapping[str, int], bits: tuple[int, ...]) -> int:
    streams = {"L": 0, "R": 0, "T": 0} | dict(zip(positions, bits, strict=True))
    return int(_FUNCTIONS[rule[0]](streams["L"], streams["R"], streams["T"]))


def _names(positions: Mapping[str, int]) -> str:
    return " ".join(f"x{at}" if at else "0" for at in positions.values())
