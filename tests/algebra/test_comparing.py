from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.algebra import UnreadableError, read, same


@pytest.mark.parametrize(
    ("known", "given_", "found"),
    [
        ("1/3", "0.333333", None),  # six places: it may have been rounded
        ("1/3", "0.33", False),
        ("123456789", "123456788", False),  # no decimal point: nothing was rounded
        (r"\sqrt{2}", "1.4142136", None),
        (r"\sqrt{2}+10^{-9}", r"\sqrt{2}", None),
        (r"\sin 1", r"\cos 1", False),
        (r"\ln 6", r"\ln 2+\ln 3", None),
        (r"(-\infty,\infty)", r"(-\infty,\infty)", True),
        (r"(-\infty,0)", r"(0,\infty)", False),
        (r"[0,1]\cup(1,2]", "[0,2]", True),  # they touch
        (r"[0,1]\cup[3,4]", r"[3,4]\cup[0,1]", True),
        (r"[0,1]\cup[3,4]", r"[0,1]\cup[3,5]", False),
        (r"\{1,1\}", r"\{1\}", True),
        (r"\{1,2\}", r"\{1,2,2\}", True),
        (r"\{1,2\}", r"\{1,2,3\}", False),
        ("{1,2}", "2,1", True),
        ("1<x<2", "(1,2)", True),
        ("(1,2)", "2>x>1", True),
        ("1<x<2", r"1\le x<2", False),
        ("(x,y)=(1,2)", "(1,2)", True),
        ("f(x)=2x", "2x", True),
        ("D=[0,1]", "[0,1]", True),
        ("x=1+2=3", "3", True),
        (r"x=1/3\approx 0.33", "1/3", True),
        (r"x\approx 11", "11", True),
        ("x<3", "x<4", False),
        ("x<3", r"x\le 3", False),
        ("x<3", "y<3", None),
        ("1,22", "1.22", True),
        ("4 4/9", "40/9", True),
        (r"(-\infty,5]", r"[-\infty,5]", True),
        (r"\frac12\pm 1", "3/2,-1/2", True),
        (r"\frac{1\pm\sqrt5}{2}", r"\frac{1-\sqrt5}{2}, \frac{1+\sqrt5}{2}", True),
        (r"x=1, x=2\pm 3", "1,5,-1", True),
        ("1, 22", "1.22", False),
        ("12:00", "12:00", True),
        ("the midpoints form a hexagon", "The midpoints  form a hexagon", True),
        ("the midpoints form a hexagon", "they make a hexagon", None),
        (r"\{1,2\}", r"(2,1)", True),  # any order was asked for
        ("(1,2)", r"\{2,1\}", False),  # this one
        ("(1,2),(3,4)", "(3,4),(1,2)", True),
        ("x=1,y=2", "y=2,x=1", True),
        ("x=1,y=2", "y=1,x=2", False),
        ("x=1,y=2", "x=1,z=2", False),
        (r"x^2=4", r"2x^2=8", True),
        (r"x^2=4", "x=2", None),
        ("x<3", "3>x", True),
        ("x<3", "-x<-3", False),
        ("x<3", "-x>-3", True),
        ("12.5%", "12.5", True),
        ("50%", "50", True),
        (r"\begin{pmatrix}1&2\end{pmatrix}", "(1,2)", True),
        ("yes", "no", False),
        ("on", "no", None),  # or products of letters
        ("5", "yes", False),
        ("5", "Evelyn", None),
    ],
)
def test_it_says_what_is_certain(known: str, given_: str, found: bool | None) -> None:
    assert same(read(known), read(given_)) is found


rationals = st.fractions(-1000, 1000, max_denominator=60)
forms = st.sampled_from(
    ("{0.numerator}/{0.denominator}", r"\frac{{{0.numerator}}}{{{0.denominator}}}", "x={0}", "({0})", "{0}+1-1")
)


@given(rationals, rationals, forms, forms)
def test_numbers_are_compared_by_value(one: Fraction, other: Fraction, form: str, second: str) -> None:
    known, answer = form.format(one), second.format(other)
    assert same(read(known), read(answer)) is (one == other)


@given(st.lists(st.integers(-50, 50), min_size=2, max_size=6, unique=True), st.randoms())
def test_a_set_has_no_order(members: list[int], rng: object) -> None:
    told = ", ".join(map(str, members))
    backwards = r"\{" + ",".join(map(str, members[::-1])) + r"\}"
    assert same(read(told), read(backwards)) is True
    assert same(read(backwards), read(told + ", 99")) is False


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=4), st.integers(-9, 9))
def test_polynomials_are_compared_for_all_values(roots: list[int], off: int) -> None:
    product = "".join(f"(x-{root})" if root >= 0 else f"(x+{-root})" for root in roots)
    coefficients = [1]
    for root in roots:
        shifted, scaled = [*coefficients, 0], [0, *(-root * each for each in coefficients)]
        coefficients = [a + b for a, b in zip(shifted, scaled, strict=True)]
    degree = len(roots)
    told = "+".join(f"({factor})x^{{{degree - index}}}" for index, factor in enumerate(coefficients[:-1]))
    assert same(read(product), read(f"{told}+({coefficients[-1]})")) is True
    assert same(read(product), read(f"{told}+({coefficients[-1]})+({off})")) is (off == 0)


@pytest.mark.parametrize("text", ["9" * 700, "(" * 300 + "1" + ")" * 300, "2^{99999}", "9^{9^{9^9}}", "x" * 500])
def test_what_is_too_large_is_refused_or_has_no_exact_form(text: str) -> None:
    try:
        found = same(read(text), read("1"))
    except UnreadableError:
        return
    assert found in {None, False}
