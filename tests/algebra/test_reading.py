from __future__ import annotations

from fractions import Fraction

import pytest

from open_thoughts_gen.algebra import UnreadableError, read
from open_thoughts_gen.algebra.values import Interval, Many, Measured, Relation, Scalar, Union, Value, Word


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("007", Fraction(7)),
        ("-0.50", Fraction(-1, 2)),
        (r"+\frac{3}{6}", Fraction(1, 2)),
        (r"2\frac{1}{2}", Fraction(5, 2)),
        ("1,234.5", Fraction(2469, 2)),
        (r"25\,000", Fraction(25000)),
        ("1e3", Fraction(1000)),
        ("2.5e-3", Fraction(1, 400)),
        (r"0.1\overline{6}", Fraction(1, 6)),
        (r"-1.\overline{09}", Fraction(-12, 11)),
        (r"\sqrt{\frac{9}{4}}", Fraction(3, 2)),
        (r"\sqrt[3]{27}", Fraction(3)),
        (r"\binom{5}{2}", Fraction(10)),
        ("2(3)", Fraction(6)),
        ("-2^2", Fraction(-4)),
        ("6/2*3", Fraction(9)),
    ],
)
def test_numbers(text: str, value: Fraction) -> None:
    found = read(text)
    assert isinstance(found, Scalar)
    assert found.value == value


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("(1,2]", Interval),
        ("(2,1)", Many),
        (r"\{1,2\}", Many),
        ("1, 2 and 3", Many),
        (r"[0,1)\cup(2,3]", Union),
        ("x=3", Relation),
        (r"x\in\{1,2\}", Relation),
        ("Evelyn", Word),
        ("5 apples", Measured),
        ("5 m", Measured),
        (r"\$4.00", Measured),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", Many),
    ],
)
def test_kinds(text: str, kind: type[Value]) -> None:
    assert isinstance(read(text), kind)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", r"\pi x^12", r"\frac123", r"\sqrt12", "1 2", "2^3^2", "1/0", "f(x)", "2e5x", "x_12", "1<x>2",
        r"\frac{1}{", "{", "3x4", r"2\frac{1}{2}x", "11 7/6", "1 1/0", r"\pm 1\pm 2", r"x<\pm 2", "1/2x", r"\sin x/2",
        r"\foo{3}", "12_1", "@", r"\begin{pmatrix}1&2\\3\end{pmatrix}", "▦5", "(▦3)",
        r"3 \begin{pmatrix}1&2\end{pmatrix} (mod 4)",
    ],
)  # fmt: skip
def test_what_is_not_certain_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        read(text)
