"""The worlds that a puzzle leaves open: a reading, and what each operator does, with alterations that come to three."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from open_thoughts_gen.families.wonderland.logs.symbols.puzzle import READINGS, LetterEquation, LetterPuzzle

PLAIN = {"+": "sum", "*": "product", "-": "difference"}
FIRST_ALTERED = {"+": "sum plus 1", "*": "product plus 1", "-": "absolute"}  # of three that are alike
# What an operator can do, with the slots it can then stand in; `near` is one more or one less.
SLOTS = {
    "sum": "+",
    "sum near": "+",
    "sum plus 1": "+",
    "sum minus 1": "+",
    "joined": "+*",
    "product": "*",
    "product near": "*",
    "product plus 1": "*",
    "product minus 1": "*",
    "difference": "-",
    "absolute": "-",
    "minus absolute": "-",
    "remainder": "-",
}
_NEAR_SUM, _NEAR_PRODUCT = (
    tuple(f"{name} {near}" for near in ("near", "plus 1", "minus 1")) for name in ("sum", "product")
)
# What a result without a sign can be, by its number of letters.
BY_LENGTH: Mapping[int, Sequence[str]] = {
    1: ("difference", "absolute", "remainder"),
    2: ("sum", *_NEAR_SUM, "difference", "absolute", "remainder"),
    3: ("sum", *_NEAR_SUM, "product", *_NEAR_PRODUCT),
    4: ("joined", "product", *_NEAR_PRODUCT),
}


@dataclass(frozen=True, slots=True)
class OpenWorld:
    """A reading, what each operator of the examples does, in which slots, and whether the signs are substituted."""

    reading: str
    meanings: Mapping[str, str]
    slots: Sequence[str] = ()
    substituted: bool = False

    def __str__(self) -> str:
        """Return the world as a line of the log writes it."""
        return f"{self.reading} " + " , ".join(f"{sign} {meaning}" for sign, meaning in self.meanings.items())

    @property
    def offsets(self) -> Mapping[str, int]:
        """How far operators are off, where it is known from the start."""
        offsets = {"plus 1": 1, "minus 1": -1}
        nears = ((sign, meaning.partition(" ")[2]) for sign, meaning in self.meanings.items())
        return {sign: offsets[near] for sign, near in nears if near in offsets}

    def covers(self, world: OpenWorld) -> bool:
        """Return whether another world, in which perhaps more operators mean something, fails if this one does.

        Flipped reading is reversed reading with the operands in the other order, which only a difference with its sign
        can show.
        """
        if any(world.meanings.get(sign) != meaning for sign, meaning in self.meanings.items()):
            return False
        is_turned = "forward" not in (self.reading, world.reading) and "difference" not in self.meanings.values()
        return world.reading == self.reading or is_turned

    @property
    def altered(self) -> list[bool]:
        """Whether each operator is altered."""
        return [meaning != PLAIN[slot] for meaning, slot in zip(self.meanings.values(), self.slots, strict=True)]

    @property
    def num_left(self) -> int:
        """How many of the slots that are not shown are altered, so that with the symbols the alterations are three."""
        return 2 - (self.reading != "forward") - self.substituted - sum(self.altered)

    @property
    def is_lawful(self) -> bool:
        """Whether the alterations can come to three, and the slots are different."""
        return len(set(self.slots)) == len(self.slots) and 0 <= self.num_left <= len(PLAIN) - len(self.slots)

    def unshown(self, glyph: str) -> tuple[str, str]:
        """Return the slot of an operator that no example shows, and what it does there: what is likeliest."""
        left = [slot for slot in PLAIN if slot not in self.slots]
        slot = glyph if glyph in left else left[0]
        return slot, FIRST_ALTERED[slot] if self.num_left == len(left) else PLAIN[slot]


def options(puzzle: LetterPuzzle, reading: str, *, joint: bool) -> dict[str, list[str]]:
    """Return what each operator can do in a reading, by the lengths, the signs, and whether a result is joined.

    One more and one less are a single option where they are tried together (`joint`).
    """
    others = ("plus 1", "minus 1") if joint else ("near",)
    meanings = [meaning for meaning in SLOTS if not meaning.endswith(others)]
    left: dict[str, list[str]] = {sign: meanings for sign in puzzle.signs}
    for equation in puzzle.examples:
        possible = _possible(equation, reading)
        left[equation.sign] = [meaning for meaning in left[equation.sign] if meaning in possible]
    return left


def _possible(equation: LetterEquation, reading: str) -> Sequence[str]:
    if equation.sign_at:
        is_its_place = (equation.sign_at == "behind") == (reading == "flipped")
        return ("difference", "minus absolute") if is_its_place else ()
    first, second, digits = equation.read(reading)
    orders = [first + second] if reading == "forward" else [first + second, second + first]
    possible = BY_LENGTH.get(len(digits), ())
    return possible if digits in orders else [meaning for meaning in possible if meaning != "joined"]


def open_worlds(puzzle: LetterPuzzle, left: Mapping[str, Mapping[str, list[str]]]) -> Iterator[OpenWorld]:
    """Yield the worlds whose alterations come to three, the symbols being one: fewest altered operators first."""
    worlds: list[tuple[int, OpenWorld]] = []
    glyphs = [puzzle.glyph_of_sign(sign) for sign in puzzle.signs]
    is_plain = all(glyph in PLAIN for glyph in puzzle.sign_of)
    for reading in READINGS:
        for meanings in product(*(left[reading][sign] for sign in puzzle.signs)):
            by_sign = dict(zip(puzzle.signs, meanings, strict=True))
            lawful = [
                world
                for slots in product(*(SLOTS[meaning] for meaning in meanings))
                for substituted in (False, True)
                if substituted or (is_plain and glyphs == list(slots) and reading != "flipped")
                if (world := OpenWorld(reading, by_sign, slots, substituted)).is_lawful
            ]
            if lawful:
                world = min(lawful, key=lambda world: world.substituted)
                worlds.append((sum(world.altered), world))
    yield from (world for _, world in sorted(worlds, key=lambda ranked: ranked[0]))
