from __future__ import annotations

from fractions import Fraction
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.algebra import polynomials as p
from open_thoughts_gen.algebra.polynomials import Ratio

small = st.fractions(-20, 20, max_denominator=9)


@st.composite
def ratios(draw: st.DrawFn) -> Ratio:
    total = p.constant(draw(small))
    for name in ("x", "y", "π"):
        total = p.add(total, p.multiply(p.constant(draw(small)), p.letter(name)))
    root = p.square_root(Fraction(draw(st.integers(1, 30))))
    assert root is not None
    return p.add(total, root)


@given(ratios(), ratios(), ratios())
def test_it_is_a_ring(one: Ratio, other: Ratio, third: Ratio) -> None:
    assert p.equal(p.add(one, other), p.add(other, one))
    assert p.equal(p.multiply(one, other), p.multiply(other, one))
    assert p.equal(p.multiply(one, p.add(other, third)), p.add(p.multiply(one, other), p.multiply(one, third)))
    assert p.equal(p.add(one, p.negate(one)), p.constant(Fraction(0)))


@given(ratios(), ratios())
def test_division_undoes_multiplication(one: Ratio, other: Ratio) -> None:
    if not p.equal(other, p.constant(Fraction(0))):
        assert p.equal(p.divide(p.multiply(one, other), other), one)


@given(st.fractions(0, 10_000, max_denominator=100))
def test_a_root_squared_is_what_it_was_drawn_from(value: Fraction) -> None:
    root = p.square_root(value)
    if root is not None:
        assert p.number(p.power(root, 2)) == value
        ((inside, _), factor) = next(iter(root[0].items()), ((1, ()), Fraction(0)))
        assert isclose(float(factor) * sqrt(inside), sqrt(value))


def test_what_grows_is_refused() -> None:
    many = p.constant(Fraction(0))
    for name in "abcdefgh":
        many = p.add(many, p.letter(name))
    with pytest.raises(p.TooLargeError):
        p.power(many, 9)
    with pytest.raises(p.TooLargeError):
        p.power(p.constant(Fraction(9)), 10**6)
    with pytest.raises(ZeroDivisionError):
        p.divide(many, p.constant(Fraction(0)))
    assert p.square_root(Fraction(-1)) == p.letter("i")
