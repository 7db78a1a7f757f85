"""What an answer can be: a number or expression, several of them, an interval, an equation, a measure, words.

A `Scalar` carries three readings of one expression. The exact one (`polynomials`) proves that two are equal; it is None
where the expression is beyond that arithmetic. The approximate one is its value at one fixed point, where every letter
stands for a number of its own, with a bound on what rounding has done to it; it shows that two are different. `tree`
is what to evaluate where neither decides (`evaluating`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

from open_thoughts_gen.algebra import polynomials
from open_thoughts_gen.algebra.polynomials import Ratio
from open_thoughts_gen.algebra.units import Unit

Tree = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number or an expression: with letters in it (`free`), a decimal point, or a percent sign after it.

    `places` is how many digits stand after the point of a number that is written as a decimal; None for all else.
    """

    exact: Ratio | None
    approx: complex
    error: float
    tree: Tree = field(compare=False, default=())
    free: bool = False
    decimal: bool = False
    percent: bool = False
    places: int | None = None

    @property
    def value(self) -> Fraction | None:
        """The number, if it is rational."""
        return None if self.exact is None else polynomials.number(self.exact)

    @property
    def real(self) -> float:
        """The approximate value of a real number; NaN if there is none."""
        return self.approx.real if not self.approx.imag else math.nan


@dataclass(frozen=True, slots=True)
class Many:
    """Several values: in order (a tuple), in any order (a set, or a plain list), or in rows of `width` (a matrix).

    In braces it does not matter how often a member is named.
    """

    kind: Literal["tuple", "set", "matrix", "ratio"]
    members: tuple[Value, ...]
    width: int = 0
    in_braces: bool = False


@dataclass(frozen=True, slots=True)
class Interval:
    """All numbers between two; `closed` says which of the two belong to it. With equal ends: one number."""

    low: Scalar
    high: Scalar
    closed: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class Union:
    """Intervals and sets taken together."""

    parts: tuple[Interval | Many, ...]


@dataclass(frozen=True, slots=True)
class Relation:
    """Two sides with =, <, <= or != between them; `name` is what is given a value: a letter, f(x), words.

    `general` is the right side with the name of its argument taken out: f(x) = 2x and f(t) = 2t share it.
    """

    sign: str
    left: Scalar
    right: Value
    name: str | None = None
    general: Value | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """Words that are not a formula: yes, Evelyn, is even. Case folded."""

    text: str


@dataclass(frozen=True, slots=True)
class Measured:
    """A value and its unit, or what is counted (`noun`)."""

    value: Scalar
    unit: Unit | None = None
    noun: str = ""


@dataclass(frozen=True, slots=True)
class Residue:
    """The whole numbers that leave one of these residues when divided by the modulus."""

    residues: frozenset[int]
    modulus: int


@dataclass(frozen=True, slots=True)
class Numeral:
    """A whole number written in a base that is named."""

    digits: str
    base: int

    @property
    def value(self) -> int:
        """The number."""
        return int(self.digits, self.base)


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day in seconds; `half` is am, pm or empty, where it is not said."""

    seconds: int
    half: str = ""


@dataclass(frozen=True, slots=True)
class Option:
    """The letter of a choice and what that choice says."""

    letter: str
    text: Value | None


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words and signs with values between them, each read; compared piece by piece.

    `denies`: it says that something is not so. `is_loose`: a formula had to be cut up: a difference proves nothing.
    """

    pieces: tuple[Value | str, ...]
    denies: bool = False
    is_loose: bool = False


@dataclass(frozen=True, slots=True)
class Either:
    """A text with several readings. `any`: one of them is meant. `all`: only what holds for each is certain.

    `comma`: two numbers, or one with a decimal comma, which counts only against one with a decimal point.
    """

    readings: tuple[Value, ...]
    kind: Literal["any", "all", "comma"] = "any"


@dataclass(frozen=True, slots=True)
class Where:
    """A value, and what is said of its letters (`∈ℤ`). `general` is the value with its one letter taken out."""

    value: Value
    condition: str
    general: Value | None = None


@dataclass(frozen=True, slots=True)
class Absurd:
    """A statement that contradicts itself, such as 43 = 42."""

    text: str


Value = (
    Scalar
    | Many
    | Interval
    | Union
    | Relation
    | Word
    | Measured
    | Residue
    | Numeral
    | Clock
    | Option
    | Phrase
    | Either
    | Where
    | Absurd
)
