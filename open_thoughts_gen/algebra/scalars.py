"""Compares two numbers or expressions: True and False only where that is certain.

Equal is proved exactly. Different is proved exactly for numbers, and seen at a point for the rest: a difference counts
only if it is beyond what rounding has done to either. A decimal of six places or more that was asked
for is what it was rounded from; one that is given is so if it has the fifteen digits of a double, or where
`accepts_rounded` says so.
"""

from __future__ import annotations

import math
from fractions import Fraction

from open_thoughts_gen.algebra import polynomials
from open_thoughts_gen.algebra.values import Scalar

_MIN_PLACES = 6  # a decimal that is rounded to fewer is a value of its own
_ALL_PLACES = 15  # what a computer prints of a number that it holds in double precision
_MIN_SIGNIFICANT = 3
_CLOSE = 1e-5  # computed decimals that are nearer than this, relatively, may have been rounded
_SEEN = 1e-9  # what is relatively further apart is different


def same(known: Scalar, answer: Scalar, *, strict_percent: bool = False, accepts_rounded: bool = False) -> bool | None:
    """Return whether two are the same value; None where that is not certain."""
    if known.percent or answer.percent:
        return _percents(known, answer, strict=strict_percent)
    if math.isinf(known.approx.real) or math.isinf(answer.approx.real):
        return known.approx == answer.approx if known.free == answer.free else None
    if known.places is not None or answer.places is not None:
        return _decimals(known, answer, accepts_rounded=accepts_rounded)
    if known.exact is not None and answer.exact is not None:
        if equal(known, answer):
            return True
        first, second = known.value, answer.value
        if first is not None and second is not None:
            has_decimal = known.decimal or answer.decimal
            is_near = has_decimal and abs(first - second) <= Fraction(_CLOSE) * max(abs(first), abs(second))
            return None if is_near else False
    return False if differ(known, answer) else None


def equal(known: Scalar, answer: Scalar) -> bool:
    """Return whether two are proved to be equal."""
    if known.exact is None or answer.exact is None:
        return False
    try:
        return polynomials.equal(known.exact, answer.exact)
    except polynomials.TooLargeError:
        return False


def differ(known: Scalar, answer: Scalar) -> bool:
    """Return whether two are seen to be different."""
    gap = abs(known.approx - answer.approx)
    size = max(abs(known.approx), abs(answer.approx))
    if not gap > 4 * (known.error + answer.error) or not gap > _SEEN * size:
        return False
    return not ((known.decimal or answer.decimal) and gap <= _CLOSE * size)


def _decimals(known: Scalar, answer: Scalar, *, accepts_rounded: bool) -> bool | None:
    """Compare where at least one is written as a decimal, and so may have been rounded."""
    if equal(known, answer):
        return True
    if known.free or answer.free or known.approx.imag or answer.approx.imag:
        return False if differ(known, answer) else None
    if known.value is not None and answer.value is not None:
        return rounded(known, answer, abs(known.value - answer.value), accepts=accepts_rounded)
    gap = abs(known.approx - answer.approx)
    if not math.isfinite(gap) or known.error + answer.error >= 1e-3 * max(gap, 1e-12):
        return None
    return rounded(known, answer, Fraction(gap), accepts=accepts_rounded)


def rounded(known: Scalar, answer: Scalar, gap: Fraction, *, accepts: bool) -> bool | None:
    """Compare two numbers by the gap between them, where at least one is a decimal that may have been rounded."""
    coarse, fine = (known, answer) if _places(known) <= _places(answer) else (answer, known)
    if coarse.places is None:
        return None
    half = Fraction(1, 2 * 10**coarse.places)
    is_rounded, is_cut = (gap <= size * Fraction(1_000_001, 1_000_000) for size in (half, 2 * half))
    if is_rounded and _digits(coarse) >= _MIN_PLACES:
        return True if coarse is known or accepts or _digits(coarse) >= _ALL_PLACES else None
    if not is_cut:
        return False
    if coarse is known and coarse.places > 1 and _places(fine) > coarse.places + 2:
        return None  # the reference itself may have been rounded or cut
    if is_rounded and known.places is not None and _significant(coarse) >= _MIN_SIGNIFICANT:
        return None  # a measured value, rounded once more
    return None if _digits(coarse) >= _MIN_PLACES and fine.places is None else False


def _places(scalar: Scalar) -> float:
    return math.inf if scalar.places is None else scalar.places


def _digits(scalar: Scalar) -> int:
    """Return how many digits after the point a decimal has, or how many significant ones if these are fewer."""
    value = scalar.value
    if value is None or not value or scalar.places is None:
        return 0
    return min(scalar.places, _significant(scalar))


def _significant(scalar: Scalar) -> int:
    """Return how many significant digits a decimal is written with."""
    value = abs(scalar.value or Fraction(0))
    return len(str(value.numerator * 10 ** (scalar.places or 0) // value.denominator))


def _percents(known: Scalar, answer: Scalar, *, strict: bool) -> bool | None:
    """Compare where a percent sign stands: 50 % is one half, and by habit also 50."""
    first, second = known.value, answer.value
    if first is None or second is None:
        return None
    hundredths = [value / 100 if each.percent else value for each, value in ((known, first), (answer, second))]
    if hundredths[0] == hundredths[1]:
        return True
    if first == second and known.percent != answer.percent:
        return False if strict else True if abs(first) >= 1 else None
    gap = abs(hundredths[0] - hundredths[1])
    if known.percent != answer.percent and not strict:
        gap = min(gap, abs(first - second) / 100)
    unit = max(
        (Fraction(1, 10**each.places) for each in (known, answer) if each.places is not None), default=Fraction(0)
    )
    return None if gap * 100 <= unit else False
