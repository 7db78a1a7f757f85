"""Works two expressions out at many digits, where neither exact arithmetic nor one point decides: for worker processes.

Both are evaluated at several points at two precisions, whose difference bounds what rounding did. They are equal if
they agree in all digits at every point at which both have a value, and different if they clearly differ at one. Letters
stand for positive reals, unless `negative` asks for others as well. It takes milliseconds, or for ever: the process is
to be killed from outside.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import mpmath  # type: ignore[import-untyped]

from open_thoughts_gen.algebra import arithmetic, scalars
from open_thoughts_gen.algebra.values import Scalar, Tree

Number = Any  # mpmath has no types
_DIGITS = (50, 80)
_AGREE, _DIFFER = 40, 12  # in how many digits two agree that are equal, and in how many two may that are not
_NEEDED = 3
_POINTS = (
    ("0.3731", "0.6217", "0.8419", "0.2713", "0.5903"),
    ("1.2837", "2.3719", "1.7351", "3.1873", "2.9141"),
    ("0.1193", "1.9433", "0.7727", "2.2291", "0.4337"),
    ("0.9137", "0.0871", "1.1131", "0.6619", "3.3391"),
    ("5.1713", "7.3319", "4.2897", "6.9371", "9.1739"),
    ("0.0413", "0.0297", "0.0619", "0.0531", "0.0173"),
    ("31.171", "23.719", "47.351", "61.873", "29.141"),
)
_LETTERS = {"π": lambda: +mpmath.pi, "e": lambda: +mpmath.e, "i": lambda: mpmath.mpc(0, 1)}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan, "cot": mpmath.cot, "sec": mpmath.sec, "csc": mpmath.csc,
    "arcsin": mpmath.asin, "arccos": mpmath.acos, "arctan": mpmath.atan, "sinh": mpmath.sinh, "cosh": mpmath.cosh,
    "tanh": mpmath.tanh, "coth": mpmath.coth, "arcsinh": mpmath.asinh, "arccosh": mpmath.acosh,
    "arctanh": mpmath.atanh, "ln": mpmath.log, "abs": abs, "floor": mpmath.floor, "ceil": mpmath.ceil,
    "sech": mpmath.sech, "csch": mpmath.csch, "arccot": mpmath.acot, "arcsec": mpmath.asec, "arccsc": mpmath.acsc,
    "factorial": mpmath.factorial, "binomial": mpmath.binomial,
    "log": lambda value, base=10: mpmath.log(value) / mpmath.log(base),
}  # fmt: skip

_BINARY: dict[str, Callable[..., Number]] = {
    "+": operator.add, "*": operator.mul, "/": operator.truediv, "^": mpmath.power,
}  # fmt: skip


class NoValueError(ArithmeticError):
    """An expression has no value at a point."""


@dataclass(frozen=True, slots=True)
class Found:
    """The result of a comparison: whether equal (None: not certain), and whether only for positive letters."""

    same: bool | None
    positive_only: bool = False


def compared(known: Scalar, answer: Scalar, *, accepts_rounded: bool = False) -> Found:
    """Return whether two expressions are equal at all test points where both have a value, or only at positive ones."""
    letters = sorted(arithmetic.letters(known) | arithmetic.letters(answer))
    has_i = any(_holds_i(each.tree) for each in (known, answer))
    here = [_at(point, known, answer, is_complex=has_i) for point in _points(letters, sign=1)]
    if not letters and (known.places is not None or answer.places is not None):
        return Found(_rounded(known, answer, accepts=accepts_rounded))
    if False in here:
        return Found(False)
    if here.count(True) < (_NEEDED if letters else 1):
        return Found(None)
    there = [_at(point, known, answer, is_complex=has_i) for point in _points(letters, sign=-1)] if letters else []
    return Found(True, positive_only=False in there)


def _rounded(known: Scalar, answer: Scalar, *, accepts: bool) -> bool | None:
    """Compare a decimal with what it may have been rounded from."""
    try:
        first, second = (_value(each.tree, {}, _DIGITS[1]) for each in (known, answer))
        if (mpmath.im(first) != 0) != (mpmath.im(second) != 0):
            return None  # the odd root of a negative number is real for some and complex for others
        gap = mpmath.fabs(first - second)
        return scalars.rounded(known, answer, Fraction(mpmath.nstr(gap, 30)), accepts=accepts)
    except (ArithmeticError, ValueError, TypeError):
        return None


def _points(letters: list[str], sign: int) -> Iterator[dict[str, str]]:
    """Yield what each letter stands for; without letters there is one point."""
    if not letters:
        yield {}
        return
    for point in _POINTS:
        minus = "-" if sign < 0 else ""
        yield {name: minus + point[index % len(point)] + str(index) for index, name in enumerate(letters)}


def _at(point: dict[str, str], known: Scalar, answer: Scalar, *, is_complex: bool) -> bool | None:
    """Compare two expressions at one point; None if one has no value there, or it is not clear."""
    try:
        rough, fine = ([_value(each.tree, point, digits) for each in (known, answer)] for digits in _DIGITS)
    except (ArithmeticError, ValueError, TypeError):
        return None
    if not is_complex and any(abs(mpmath.im(value)) > 0 for value in fine):
        return None
    size = max(map(abs, fine))
    if not mpmath.isfinite(size):
        return None
    unsure = sum(abs(one - other) for one, other in zip(rough, fine, strict=True))
    gap = abs(fine[0] - fine[1])
    if size == 0 or gap < size * mpmath.mpf(10) ** -_AGREE:
        return True
    is_clear = gap > 1000 * unsure and gap > size * mpmath.mpf(10) ** -_DIFFER
    tolerance = mpmath.mpf(10) ** -5 * size if known.decimal or answer.decimal else 0
    return False if is_clear and gap > tolerance else None


def _value(tree: Tree, point: dict[str, str], digits: int) -> Number:
    with mpmath.workdps(digits):
        return +_worked_out(tree, point)


def _worked_out(tree: Tree, point: dict[str, str]) -> Number:
    kind, *rest = tree
    if kind == "n":
        fraction: Fraction = rest[0]
        return mpmath.mpf(fraction.numerator) / fraction.denominator
    if kind == "x":
        known = _LETTERS.get(rest[0])
        return known() if known else mpmath.mpf(point[rest[0]])
    if kind == "root":
        value, degree = _worked_out(rest[0], point), rest[1]
        is_real = degree % 2 and mpmath.im(value) == 0 and mpmath.re(value) < 0
        return -mpmath.root(-value, degree) if is_real else mpmath.root(value, degree)
    if kind == "f":
        return _FUNCTIONS[rest[0]](*(_worked_out(each, point) for each in rest[1:]))
    if kind not in _BINARY:
        raise NoValueError(f"{kind} has no value")
    left, right = (_worked_out(each, point) for each in rest)
    return _BINARY[kind](left, right)


def _holds_i(tree: Tree) -> bool:
    return tree == ("x", "i") or any(_holds_i(part) for part in tree[1:] if isinstance(part, tuple))
