"""The law of equation puzzles: ordinary arithmetic with three of six alterations.

1. the slot + is altered: a + b + 1, a + b - 1, or a and b joined
2. the slot * is altered: a * b + 1, a * b - 1, or joined
3. the slot - is altered: |a - b|, -|a - b|, or the larger modulo the smaller
4. other glyphs stand for the three operators (any of 26, so by chance perhaps + - * themselves)
5. numbers are read in reverse
6. ten of 23 glyphs stand for the digits

Exactly three hold, never the first three together: 19 triples, equally likely, each alteration of a slot one of its
three variants. A negative number shows the glyph of its operator as its sign. Operands are two-digit numbers as they
are read.

Reversed reading alone turns the digits of each number (`le`). Together with other glyphs it may turn the whole
equation instead (`fr`: operands change places, the sign stands behind), and joining may take its operands in the other
order (`flip`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, combinations, permutations, product

from open_thoughts_gen.plugin.blind import UnreadablePuzzleError

_EXAMPLE = re.compile(r"^(\S\S)(\S)(\S\S) = (\S{1,6})$", re.MULTILINE)
_QUERY = re.compile(r"determine the result for: (\S\S)(\S)(\S\S)$", re.MULTILINE)
SLOTS = "+*-"
DIGIT_GLYPHS = "!\"#$%&'()/:<>?@[\\]^`{|}"
NUM_OPERATOR_GLYPHS = 26  # these and + * -
NUM_TRIPLES = 19
PLAIN = {"+": "sum", "*": "product", "-": "difference"}
ALTERED = {
    "+": ("sum+1", "sum-1", "join"),
    "*": ("product+1", "product-1", "join"),
    "-": ("absolute", "minus absolute", "modulo"),
}
MODES = ("be", "le", "le flip", "fr", "fr flip")
# How likely each reading is, given which of the alterations 4 (glyphs) and 5 (reversed) hold.
_READINGS: Mapping[tuple[bool, bool], Mapping[str, float]] = {
    (False, False): {"be": 1.0},
    (True, False): {"be": 1.0},
    (False, True): {"le": 1.0},
    (True, True): {"le": 3 / 8, "le flip": 1 / 8, "fr": 1 / 4, "fr flip": 1 / 4},
}


@dataclass(frozen=True, slots=True)
class Equation:
    """`left` and `right` are operands of two glyphs as printed; `result` is None for the query."""

    left: str
    glyph: str
    right: str
    result: str | None

    @property
    def text(self) -> str:
        """Every glyph of it."""
        return self.left + self.glyph + self.right + (self.result or "")


@dataclass(frozen=True, slots=True)
class World:
    """One way the law can hold: how numbers are read, what each glyph means, how likely that is before any example.

    `meanings` has the slot and its variant for each glyph that the puzzle shows, the query's included.
    """

    mode: str
    meanings: Mapping[str, tuple[str, str]]
    weight: float
    triple: tuple[int, ...]  # the alterations that hold


def read(prompt: str) -> tuple[list[Equation], Equation]:
    """Return the examples and the query.

    Raises:
        UnreadablePuzzleError: the text is not an equation puzzle.

    """
    query = _QUERY.search(prompt)
    examples = [Equation(*match) for match in _EXAMPLE.findall(prompt)]
    if not examples or query is None:
        raise UnreadablePuzzleError("not an equation puzzle")
    return examples, Equation(query[1], query[2], query[3], None)


def worlds(glyphs: Sequence[str], *, symbolic: bool, any_number: bool = False) -> Iterator[World]:
    """Yield every world for the glyphs of the operators, whatever the examples say.

    With `any_number`, not three of the alterations hold but any number of them, each set as likely as another.
    """
    for triple in chain.from_iterable(combinations(range(1, 7), num) for num in (range(7) if any_number else (3,))):
        if (6 in triple) != symbolic or (triple == (1, 2, 3) and not any_number):
            continue
        readings = _READINGS[4 in triple, 5 in triple]
        for slots, chance in _assignments(tuple(glyphs), substituted=4 in triple):
            variants = [ALTERED[slot] if number in triple else (PLAIN[slot],) for number, slot in enumerate(SLOTS, 1)]
            shown = [variants[SLOTS.index(slot)] for slot in slots]
            for chosen in product(*shown):
                meanings = dict(zip(glyphs, zip(slots, chosen, strict=True), strict=True))
                share = 1.0
                for options in shown:
                    share /= len(options)
                for mode, likelihood in readings.items():
                    yield World(mode, meanings, chance * share * likelihood / NUM_TRIPLES, triple)


@lru_cache(maxsize=1024)
def _assignments(glyphs: tuple[str, ...], *, substituted: bool) -> list[tuple[tuple[str, ...], float]]:
    """Return the slots that the glyphs can stand for, in order, with how likely that is."""
    if not substituted:
        return [(glyphs, 1.0)] if set(glyphs) <= set(SLOTS) else []
    chance = 1.0
    for index in range(len(glyphs)):
        chance /= NUM_OPERATOR_GLYPHS - index
    return [(slots, chance) for slots in permutations(SLOTS, len(glyphs))]


def operands(equation: Equation, mode: str) -> tuple[str, str]:
    """Return the two operands as they are read, the most significant glyph first."""
    if mode == "be":
        return equation.left, equation.right
    if mode.startswith("le"):
        return equation.left[::-1], equation.right[::-1]
    return equation.right[::-1], equation.left[::-1]


def joined(first: str, second: str, mode: str) -> str:
    """Return two operands, as they are read, joined."""
    return second + first if mode.endswith("flip") else first + second


def printed(digits: str, sign: str, mode: str) -> str:
    """Return a number as it is printed: its digits as they are read, and the glyph of its sign or nothing."""
    if mode == "be":
        return sign + digits
    return digits[::-1] + sign if mode.startswith("fr") else sign + digits[::-1]


def unprinted(result: str, glyph: str, mode: str, *, can_be_negative: bool) -> tuple[str, bool]:
    """Return the digits of a printed result as they are read, and whether it has a sign."""
    is_negative = False
    if can_be_negative and len(result) > 1:
        if mode.startswith("fr"):
            is_negative = result.endswith(glyph)
            result = result[:-1] if is_negative else result
        else:
            is_negative = result.startswith(glyph)
            result = result[1:] if is_negative else result
    return (result if mode == "be" else result[::-1]), is_negative


def value(variant: str, first: int, second: int) -> int:
    """Compute what a variant other than `join` makes of two numbers."""
    total, times, difference = first + second, first * second, first - second
    return {
        "sum": total,
        "sum+1": total + 1,
        "sum-1": total - 1,
        "product": times,
        "product+1": times + 1,
        "product-1": times - 1,
        "difference": difference,
        "absolute": abs(difference),
        "minus absolute": -abs(difference),
        "modulo": max(first, second) % min(first, second),
    }[variant]
