"""Shows that two equations have different solutions: by a point on one that is clearly not on the other.

Points have positive coordinates only, so that what is shown holds for letters that stand for positive numbers too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction

from open_thoughts_gen.algebra.polynomials import ONE, Monomial, Polynomial, Ratio

_TRIALS = ((0.31, 0.57, 0.23), (1.37, 0.83, 1.91), (0.071, 2.39, 0.47), (2.71, 1.13, 3.07), (4.9, 6.1, 5.3))
_CONSTANTS = {"π": math.pi, "e": math.e}
_MAX_LETTERS = 4
_CLEAR = 1e-6


def differ(first: Ratio, second: Ratio) -> bool:
    """Return whether one of two polynomials in the same letters is zero where the other clearly is not."""
    (one, below), (other, below_other) = first, second
    letters = _letters(one)
    if below is not ONE or below_other is not ONE or letters is None or letters != _letters(other):
        return False
    if not 2 <= len(letters) <= _MAX_LETTERS:
        return False
    for solved, checked in ((one, other), (other, one)):
        for point in _points(solved, sorted(letters)):
            terms = [_value(monomial, point, factor) for monomial, factor in checked.items()]
            if abs(math.fsum(terms)) > _CLEAR * math.fsum(map(abs, terms)):
                return True
    return False


def _letters(polynomial: Polynomial) -> set[str] | None:
    """Return the letters of a polynomial; None if it has roots, functions or i in it."""
    powers = [each for _, letters in polynomial for each in letters]
    names = {name for name, _ in powers}
    if any(power < 0 for _, power in powers) or "i" in names or any("(" in name for name in names):
        return None
    return names - _CONSTANTS.keys()


def _points(polynomial: Polynomial, letters: list[str]) -> Iterator[dict[str, float]]:
    """Yield points at which a polynomial is zero, by solving for a letter in which it is of degree 1 or 2."""
    for name in letters:
        others = [letter for letter in letters if letter != name]
        for trial in _TRIALS:
            point = dict(zip(others, trial, strict=False))
            yield from ({**point, name: value} for value in _solutions(polynomial, name, point))


def _solutions(polynomial: Polynomial, name: str, point: Mapping[str, float]) -> list[float]:
    """Return the positive numbers for one letter that make a polynomial zero."""
    factors = [0.0, 0.0, 0.0]
    for monomial, factor in polynomial.items():
        power = dict(monomial[1]).get(name, 0)
        if power > 2:
            return []
        factors[power] += _value((monomial[0], tuple(each for each in monomial[1] if each[0] != name)), point, factor)
    c, b, a = factors
    if not a:
        solutions = [-c / b] if b else []
    else:
        inside = b * b - 4 * a * c
        solutions = [(-b + sign * math.sqrt(inside)) / (2 * a) for sign in (1, -1)] if inside > 0 else []
    return [value for value in solutions if 1e-3 < value < 1e3]


def _value(monomial: Monomial, point: Mapping[str, float], factor: Fraction) -> float:
    value = float(factor) * math.sqrt(monomial[0])
    for name, power in monomial[1]:
        value *= (point[name] if name in point else _CONSTANTS[name]) ** power
    return value
