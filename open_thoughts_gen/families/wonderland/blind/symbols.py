"""Equation puzzles in which glyphs stand for digits: partial maps of glyphs to digits, tabled for every world.

For each world of the law the examples are taken one after another. A table holds every map of the glyphs met so far to
different digits that agrees with them; an example adds its glyphs to the table and leaves the rows that it allows. How
many complete maps a row stands for is counted by formula, so glyphs that settle nothing cost nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import perm

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.families.wonderland.blind.digits import is_numeric
from open_thoughts_gen.families.wonderland.blind.equations import (
    DIGIT_GLYPHS,
    Equation,
    joined,
    operands,
    printed,
    read,
    unprinted,
    worlds,
)
from open_thoughts_gen.plugin.blind import UNSHOWN, Solution, UnreadablePuzzleError, solution

Digits = NDArray[np.int8]
Masks = NDArray[np.uint16]
_LENGTHS = {"sum": (2, 3), "product": (3, 4), "difference": (1, 2), "absolute": (1, 2), "modulo": (1, 2)}
MAX_ROWS = 400_000
_NO_DIGIT = 31
_BIT = (1 << np.arange(10)).astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Claim:
    """An example as it is read in one world: what `variant` makes of two operands is `result`, perhaps negative."""

    variant: str
    first: str
    second: str
    result: str
    is_negative: bool

    @classmethod
    def read(cls, example: Equation, variant: str, mode: str) -> Claim | None:
        """Return an example as a world reads it, None where its length, sign or glyphs rule the world out."""
        first, second = operands(example, mode)
        can_be_negative = variant in ("difference", "minus absolute")
        result, is_negative = unprinted(example.result or "", example.glyph, mode, can_be_negative=can_be_negative)
        if variant == "join":
            return cls(variant, first, second, result, False) if result == joined(first, second, mode) else None
        kind = "absolute" if variant == "minus absolute" else variant.removesuffix("+1").removesuffix("-1")
        shortest, longest = _LENGTHS[kind]
        shortest -= variant == "product-1"  # 10 * 10 - 1 has two digits
        return cls(variant, first, second, result, is_negative) if shortest <= len(result) <= longest else None


@dataclass(slots=True)
class Table:
    """Maps of glyphs to different digits, a row each: `digits` has a column for each of `glyphs`, in their order."""

    glyphs: list[str]
    digits: Digits
    used: Masks  # the digits that a row uses, a bit each
    leading: frozenset[str]  # glyphs that are not zero

    @classmethod
    def empty(cls, leading: frozenset[str]) -> Table:
        """Return the table with no glyph, and one row."""
        return cls([], np.zeros((1, 0), np.int8), np.zeros(1, np.uint16), leading)

    def column(self, glyph: str) -> Digits:
        """Return the digits of a glyph."""
        column: Digits = self.digits[:, self.glyphs.index(glyph)]
        return column

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Leave out all other rows."""
        self.digits, self.used = self.digits[rows], self.used[rows]

    def add(self, glyph: str) -> None:
        """Add a glyph with every digit that is free."""
        free = (self.used[:, None] & _BIT) == 0
        if glyph in self.leading:
            free[:, 0] = False
        rows, digits = np.nonzero(free)
        self._append(glyph, rows, digits.astype(np.int8))

    def settle(self, glyph: str, digits: Digits) -> NDArray[np.intp]:
        """Keep the rows in which a glyph is the digit computed for the row, and return which they are.

        A glyph that the table does not have becomes that digit.
        """
        if glyph in self.glyphs:
            rows = np.flatnonzero(self.column(glyph) == digits)
            self.digits, self.used = self.digits[rows], self.used[rows]
            return rows
        is_free = (self.used & _BIT[digits]) == 0
        rows = np.flatnonzero(is_free & (digits != 0) if glyph in self.leading else is_free)
        self._append(glyph, rows, digits[rows])
        return rows

    def _append(self, glyph: str, rows: NDArray[np.intp], digits: Digits) -> None:
        self.digits = np.concatenate((self.digits[rows], digits[:, None]), axis=1)
        self.used = self.used[rows] | _BIT[digits]
        self.glyphs.append(glyph)

    def number(self, glyphs: str) -> NDArray[np.int32]:
        """Return the number that glyphs stand for in each row."""
        total = np.zeros(len(self.digits), np.int32)
        for glyph in glyphs:
            total = total * 10 + self.column(glyph)
        return total

    def completions(self, glyphs: Sequence[str]) -> NDArray[np.float64]:
        """Return in how many ways each row can be extended to `glyphs`, which it does not have."""
        num_free = 10 - len(self.glyphs)
        if len(glyphs) > num_free:
            return np.zeros(len(self.digits))
        num_leading = sum(glyph in self.leading for glyph in glyphs)
        all_ways = perm(num_free, len(glyphs))
        with_zero = num_leading * perm(num_free - 1, len(glyphs) - 1) if num_leading else 0
        return np.where(self.used & 1, float(all_ways), float(all_ways - with_zero))

    def apply(self, claim: Claim) -> None:
        """Add an example's glyphs to the table, and leave the maps that agree with it."""
        for glyph in dict.fromkeys(claim.first + claim.second):
            if glyph not in self.glyphs:
                self.add(glyph)
        values = _values(claim.variant, self.number(claim.first), self.number(claim.second))
        if claim.is_negative:
            rows = values < 0
        elif claim.variant == "minus absolute":
            rows = values == 0
        else:
            rows = values >= 0
        values = np.abs(values)
        low, high = 10 ** (len(claim.result) - 1), 10 ** len(claim.result)
        rows &= (values < high) & (values >= (low if len(claim.result) > 1 else 0))
        self.keep(rows)
        values = values[rows]
        for power, glyph in zip(range(len(claim.result) - 1, -1, -1), claim.result, strict=True):
            values = values[self.settle(glyph, (values // 10**power % 10).astype(np.int8))]

    def unmapped(self, equations: Sequence[Equation], meanings: Mapping[str, tuple[str, str]], mode: str) -> list[str]:
        """Return the glyphs of digits that the puzzle shows and it does not have."""
        shown: dict[str, None] = {}
        for equation in equations:
            shown.update(dict.fromkeys(equation.left + equation.right))
            if equation.result is not None:
                negative = meanings[equation.glyph][1] in ("difference", "minus absolute")
                result, _ = unprinted(equation.result, equation.glyph, mode, can_be_negative=negative)
                shown.update(dict.fromkeys(result))
        return [glyph for glyph in shown if glyph not in self.glyphs]

    def texts(self, values: NDArray[np.int32]) -> Iterator[tuple[str, NDArray[np.intp]]]:
        """Yield each number in glyphs, a minus before it where it is negative, with the rows that give it."""
        if not len(values):
            return
        glyph_of = np.full((len(values), 10), len(self.glyphs), np.int64)
        for index in range(len(self.glyphs)):
            glyph_of[np.arange(len(values)), self.digits[:, index]] = index
        sizes = np.abs(values)
        lengths = 1 + sum((sizes >= 10**power).astype(np.int64) for power in (1, 2, 3))
        codes = (values < 0).astype(np.int64) << 20  # a bit for the sign, then five for each digit
        for power in range(4):
            glyphs = glyph_of[np.arange(len(values)), sizes // 10**power % 10]
            codes |= np.where(lengths > power, glyphs, _NO_DIGIT) << 5 * power
        unique, inverse = np.unique(codes, return_inverse=True)
        names = [*self.glyphs, UNSHOWN]
        order = np.argsort(inverse, kind="stable")
        groups = np.split(order, np.cumsum(np.bincount(inverse))[:-1])
        for code, rows in zip(unique.tolist(), groups, strict=True):
            digits = (code >> 5 * power & 31 for power in (3, 2, 1, 0))
            text = "".join(names[index] for index in digits if index != _NO_DIGIT)
            yield ("-" if code >> 20 & 1 else "") + text, rows


def solve(prompt: str, *, any_number: bool = False) -> Solution:
    """Return the results that the law admits; `any_number` of alterations may hold in place of three.

    Raises:
        UnreadablePuzzleError: the text is not an equation puzzle in glyphs.

    """
    examples, query = read(prompt)
    if is_numeric([*examples, query]):
        raise UnreadablePuzzleError("its digits are digits")
    shown = list(dict.fromkeys(example.glyph for example in examples))
    tables: dict[tuple[str, tuple[str, ...]], Table | None] = {}
    weighted: list[tuple[str, float]] = []
    readings = set()
    for world in worlds(list(dict.fromkeys([*shown, query.glyph])), symbolic=True, any_number=any_number):
        variants = tuple(world.meanings[glyph][1] for glyph in shown)
        mode = (
            world.mode.removesuffix(" flip")
            if "join" not in (*variants, world.meanings[query.glyph][1])
            else world.mode
        )
        key = (mode, variants)
        if key not in tables:
            tables[key] = _table(examples, dict(zip(shown, variants, strict=True)), query, mode)
        table = tables[key]
        if table is not None:
            rest = table.unmapped([*examples, query], world.meanings, mode)
            weighted += _answers(table, rest, query, world.meanings[query.glyph][1], mode, world.weight)
            readings.add((mode, tuple(sorted(world.meanings.items()))))
    shown_glyphs = {glyph for equation in (*examples, query) for glyph in equation.text}
    unshown = [glyph for glyph in DIGIT_GLYPHS if glyph not in shown_glyphs]
    guessed = (guess for answer in weighted for guess in _guesses(*answer, unshown))
    return solution("symbols", guessed, len(readings), {"query_operator_shown": query.glyph in shown})


def _guesses(answer: str, weight: float, unshown: Sequence[str]) -> Iterator[tuple[str, float]]:
    """Yield an answer with each glyph that the puzzle does not show for the one digit that has none; all are alike."""
    if answer.count(UNSHOWN) == 1 and unshown:
        yield from ((answer.replace(UNSHOWN, glyph), weight / len(unshown)) for glyph in unshown)
    else:
        yield answer, weight


def _table(examples: Sequence[Equation], variants: Mapping[str, str], query: Equation, mode: str) -> Table | None:
    """Return the maps that agree with every example in one world, None where there is none."""
    claims = []
    leading = {operand[0] for equation in (*examples, query) for operand in operands(equation, mode)}
    for example in examples:
        claim = Claim.read(example, variants[example.glyph], mode)
        if claim is None:
            return None
        if claim.variant != "join":
            claims.append(claim)
    table = Table.empty(frozenset(leading))
    while claims:
        claim = min(claims, key=lambda claim: len(set(claim.first + claim.second + claim.result) - set(table.glyphs)))
        claims.remove(claim)
        table.apply(claim)
        if not len(table.digits):
            return None
    return table


def _values(variant: str, first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.int32]:
    """Compute a variant for whole columns."""
    if variant.startswith("sum"):
        return first + second + _extra(variant)
    if variant.startswith("product"):
        return first * second + _extra(variant)
    if variant == "modulo":
        remainder: NDArray[np.int32] = np.maximum(first, second) % np.minimum(first, second)
        return remainder
    difference = first - second
    return {"difference": difference, "absolute": abs(difference), "minus absolute": -abs(difference)}[variant]


def _extra(variant: str) -> int:
    return {"+1": 1, "-1": -1}.get(variant[-2:], 0)


def _answers(
    table: Table, rest: Sequence[str], query: Equation, variant: str, mode: str, weight: float
) -> Iterator[tuple[str, float]]:
    """Yield each answer of one world with its weight: that of the world times the maps that give it."""
    first, second = operands(query, mode)
    if variant == "join":
        total = float(table.completions(rest).sum())
        if total:
            yield printed(joined(first, second, mode), "", mode), weight * total
        return
    table = Table(list(table.glyphs), table.digits, table.used, table.leading)
    for glyph in dict.fromkeys(first + second):
        if glyph not in table.glyphs:
            table.add(glyph)
    if not len(table.digits):  # the query shows more glyphs than there are digits left
        return
    left = [glyph for glyph in rest if glyph not in table.glyphs]
    if len(table.digits) * perm(10 - len(table.glyphs), len(left)) <= MAX_ROWS:
        for glyph in left:  # the answer may need a digit for which one of them stands
            table.add(glyph)
        left = []
    counts = table.completions(left)
    values = _values(variant, table.number(first), table.number(second))
    for text, rows in table.texts(values):
        total = float(counts[rows].sum())
        if total:
            yield printed(text.lstrip("-"), query.glyph if text.startswith("-") else "", mode), weight * total
