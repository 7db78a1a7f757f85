"""Exact arithmetic in which zero has one form: rational functions over Q with square roots, pi, i and letters.

A polynomial maps monomials to rational coefficients. A monomial is a square-free number under a root, and letters with
their exponents: 3/2 * sqrt(6) * x^2 is {(6, (("x", 2),)): 3/2}. Square roots of square-free numbers are linearly
independent over the rationals (Besicovitch, 1940), pi is transcendental, letters are free and i^2 is written as -1, so
a polynomial is zero only if it is empty, and two fractions of polynomials are equal only if their cross products have
the same form.

What grows too large is refused: `TooLargeError` bounds time and memory.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from math import gcd, isqrt

Letters = tuple[tuple[str, int], ...]
Monomial = tuple[int, Letters]
Polynomial = dict[Monomial, Fraction]
Ratio = tuple[Polynomial, Polynomial]

UNIT: Monomial = (1, ())
ONE: Polynomial = {UNIT: Fraction(1)}
_MAX_TERMS = 80
_MAX_PRODUCTS = 1600
_MAX_EXPONENT = 64
_MAX_BITS = 20_000
_MAX_RADICAND = 10**8


class TooLargeError(ArithmeticError):
    """The result would be larger than anything worth computing here."""


def constant(value: Fraction) -> Ratio:
    """Return a number."""
    return ({UNIT: value} if value else {}), ONE


def letter(name: str) -> Ratio:
    """Return an unknown, or an irrational number with a name."""
    return {(1, ((name, 1),)): Fraction(1)}, ONE


def number(ratio: Ratio) -> Fraction | None:
    """Return the value of a rational number; None for all else."""
    above, below = ratio
    if below is not ONE:
        return None
    if not above:
        return Fraction(0)
    return above.get(UNIT) if len(above) == 1 else None


def add(left: Ratio, right: Ratio) -> Ratio:
    """Return the sum."""
    (a, b), (c, d) = left, right
    if b is ONE and d is ONE:
        return _plus(a, c), ONE
    return _plus(_times(a, d), _times(c, b)), _times(b, d)


def negate(ratio: Ratio) -> Ratio:
    """Return the negative."""
    return {monomial: -factor for monomial, factor in ratio[0].items()}, ratio[1]


def multiply(left: Ratio, right: Ratio) -> Ratio:
    """Return the product."""
    (a, b), (c, d) = left, right
    return _times(a, c), ONE if b is ONE and d is ONE else _times(b, d)


def divide(left: Ratio, right: Ratio) -> Ratio:
    """Return the quotient; ZeroDivisionError where the divisor is zero."""
    above, below = right
    if not above:
        raise ZeroDivisionError("division by zero")
    if len(above) == 1:
        ((root, letters), factor) = next(iter(above.items()))
        inverted, sign = _without_squares_of_i(tuple((name, -power) for name, power in letters))
        inverse: Polynomial = {(root, inverted): sign / (factor * root)}
        return multiply(left, (_times(inverse, below), ONE))
    return multiply(left, (below, above))


def power(base: Ratio, exponent: int) -> Ratio:
    """Return an integer power."""
    if abs(exponent) > _MAX_EXPONENT and not (number(base) is not None and abs(exponent) <= _MAX_BITS):
        raise TooLargeError
    if exponent < 0:
        return divide(constant(Fraction(1)), power(base, -exponent))
    value = number(base)
    if value is not None:
        if max(value.numerator.bit_length(), value.denominator.bit_length()) * exponent > _MAX_BITS:
            raise TooLargeError
        return constant(value**exponent)
    result: Ratio = (ONE, ONE)
    while exponent:
        if exponent & 1:
            result = multiply(result, base)
        exponent >>= 1
        if exponent:
            base = multiply(base, base)
    return result


def square_root(value: Fraction) -> Ratio | None:
    """Return the root of a rational number, with i where it is negative; None if it is too large to be factored."""
    if value < 0:
        positive = square_root(-value)
        return None if positive is None else multiply(positive, letter("i"))
    whole = value.numerator * value.denominator
    root = isqrt(whole)
    if root * root == whole:
        return constant(Fraction(root, value.denominator))
    if whole > _MAX_RADICAND:
        return None
    outside, inside = _square_free(whole)
    return {(inside, ()): Fraction(outside, value.denominator)}, ONE


def equal(left: Ratio, right: Ratio) -> bool:
    """Return whether two are the same for all values of the letters for which both mean something."""
    (a, b), (c, d) = left, right
    if b is ONE and d is ONE:
        return a == c
    return _times(a, d) == _times(c, b)


def proportional(left: Ratio, right: Ratio) -> Fraction | None:
    """Return the rational number that the right has to be multiplied by to give the left, None if there is none."""
    (a, b), (c, d) = left, right
    first, second = _times(a, d), _times(c, b)
    if not first or first.keys() != second.keys():
        return None
    factors = {first[monomial] / second[monomial] for monomial in first}
    return factors.pop() if len(factors) == 1 else None


def name_of(ratio: Ratio) -> str:
    """Return a name that equal polynomials share; fractions that are equal may have two."""
    return "/".join(
        ",".join(f"{factor}*{root}{letters}" for (root, letters), factor in sorted(each.items())) for each in ratio
    )


def _plus(left: Polynomial, right: Polynomial) -> Polynomial:
    total = dict(left)
    for monomial, factor in right.items():
        present = total.get(monomial)
        value = factor if present is None else present + factor
        if value:
            total[monomial] = value
        else:
            del total[monomial]
    if len(total) > _MAX_TERMS:
        raise TooLargeError
    return total


def _times(left: Polynomial, right: Polynomial) -> Polynomial:
    if left is ONE:
        return right
    if right is ONE:
        return left
    if len(left) * len(right) > _MAX_PRODUCTS:
        raise TooLargeError
    total: Polynomial = {}
    for (first, letters), factor in left.items():
        for (second, others), other in right.items():
            common = gcd(first, second)
            joined, sign = _without_squares_of_i(_join(letters, others)) if letters or others else ((), 1)
            monomial = (first // common) * (second // common), joined
            value = factor * other if common * sign == 1 else factor * other * (common * sign)
            present = total.get(monomial)
            value = value if present is None else present + value
            if value:
                total[monomial] = value
            else:
                total.pop(monomial, None)
    num_bits = [each.numerator.bit_length() + each.denominator.bit_length() for each in total.values()]
    if len(total) > _MAX_TERMS or max(num_bits, default=0) > 2 * _MAX_BITS:
        raise TooLargeError
    return total


def _without_squares_of_i(letters: Letters) -> tuple[Letters, int]:
    """Return letters with i to the power 0 or 1, and the sign that this brings."""
    for index, (name, exponent) in enumerate(letters):
        if name == "i" and exponent not in {0, 1}:
            rest: Letters = (("i", 1),) if exponent % 2 else ()
            return letters[:index] + rest + letters[index + 1 :], -1 if exponent % 4 > 1 else 1
    return letters, 1


def _join(letters: Letters, others: Letters) -> Letters:
    if not letters or not others:
        return letters or others
    powers = dict(letters)
    for name, exponent in others:
        powers[name] = powers.get(name, 0) + exponent
    return tuple(sorted((name, exponent) for name, exponent in powers.items() if exponent))


@lru_cache(maxsize=4096)
def _square_free(whole: int) -> tuple[int, int]:
    """Return (outside, inside) with whole = outside^2 * inside, the inside without a square factor."""
    outside, inside, factor = 1, 1, 2
    while factor * factor <= whole:
        count = 0
        while whole % factor == 0:
            whole //= factor
            count += 1
        outside *= factor ** (count // 2)
        inside *= factor ** (count % 2)
        factor += 1 + (factor > 2)
    return outside, inside * whole
