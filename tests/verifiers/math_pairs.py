"""Pairs of answers as models and datasets write them, right and wrong, with the truth known from how they were made.

Each maker draws a value, writes it in one of several ways as the reference, and writes either the same value or another
one as the answer. What is compared on them: our judgement with math-verify's, and both with the truth.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from random import Random
from typing import NamedTuple

SHARES = {
    "integer": 15, "decimal": 12, "fraction": 13, "latex": 20, "set": 10, "interval": 8, "matrix": 5, "equation": 6,
    "expression": 11,
}  # fmt: skip
UNITS = (" cm", r"\text{ cm}", r"\,\text{m}^2", r"\text{ miles}", " hours", r"^\circ", r"\text{ dollars}")


class Pair(NamedTuple):
    """A reference, an answer, whether they are the same, and the class they belong to."""

    kind: str
    reference: str
    answer: str
    is_same: bool


def pairs(num: int, seed: int = 0, kinds: dict[str, int] | None = None) -> Iterator[Pair]:
    """Yield a mixed set: pair *i* depends on the seed and *i* alone."""
    shares = kinds or SHARES
    for index in range(num):
        rng = Random(f"{seed}/{index}")
        (kind,) = rng.choices(list(shares), list(shares.values()))
        yield Pair(kind, *MAKERS[kind](rng))


def either(rng: Random, right: object, wrong: object) -> tuple[object, bool]:
    is_same = rng.random() < 0.55
    return (right if is_same else wrong), is_same


def grouped(value: int) -> str:
    return f"{value:,}"


def integer(rng: Random) -> tuple[str, str, bool]:
    value = rng.choice((rng.randrange(-20, 200), rng.randrange(-9999, 99999), rng.randrange(10**6, 10**12)))
    other, is_same = either(
        rng, value, rng.choice((value + 1, -value - 1 - (value == 0), value * 10 + 1, value + rng.randrange(2, 99)))
    )
    return write_integer(rng, value), write_integer(rng, int(str(other)), has_unit=True), is_same


def write_integer(rng: Random, value: int, *, has_unit: bool = False) -> str:
    forms = [str(value)] * 6 + [f"${value}$", rf"\text{{{value}}}", f"{value}.", f"{value}.0"]
    if value > 999:
        forms += [grouped(value), grouped(value).replace(",", "{,}"), grouped(value)]
    if value > 0:
        forms += [f"+{value}"]
    if has_unit and value > 0:
        forms += [rf"\${value}", f"{value}{rng.choice(UNITS)}", rf"{value}^\circ"]
    return rng.choice(forms)


def decimal(rng: Random) -> tuple[str, str, bool]:
    places = rng.randrange(1, 5)
    value = round(rng.choice((1, 100, 10**5)) * (rng.random() * 2 - 0.6), places)
    shift = rng.choice((1, 0.5, -0.25, 10**-places, 100 * value + 3))
    other, is_same = either(rng, value, value + shift)
    right, left = f"{value:.{places}f}", f"{float(str(other)):.{places}f}"
    is_same = right == left
    forms = [left] * 5 + [f"${left}$", left + "0" * rng.randrange(3), left + rng.choice(UNITS), rf"\text{{{left}}}"]
    if is_same:
        fraction = Fraction(right)
        forms += [f"{fraction.numerator}/{fraction.denominator}"] * (fraction.denominator > 1)
        forms += [f"{float(right):,}"] * (abs(value) > 1000)
    return right, rng.choice(forms), is_same


def ratio(rng: Random) -> Fraction:
    return Fraction(rng.randrange(-60, 90) or 7, rng.randrange(2, 60))


def fraction(rng: Random) -> tuple[str, str, bool]:
    value = ratio(rng)
    wrong = rng.choice((1 / value, -value, value + 1, value + Fraction(1, rng.randrange(2, 40))))
    other, is_same = either(rng, value, wrong)
    if not is_same and other == value:
        is_same = True
    return write_ratio(rng, value), write_ratio(rng, Fraction(str(other))), is_same


def write_ratio(rng: Random, value: Fraction) -> str:
    above, below = value.numerator, value.denominator
    if below == 1:
        return str(above)
    sign, size = "-" * (above < 0), abs(above)
    times = rng.choice((1, 1, 1, 2, 3))
    forms = [rf"{sign}\frac{{{size}}}{{{below}}}"] * 3 + [
        f"{above}/{below}",
        rf"{sign}\dfrac{{{size * times}}}{{{below * times}}}",
        rf"\frac{{{above}}}{{{below}}}",
        rf"\tfrac{{{above}}}{{{below}}}",
    ]
    if size < 10 and below < 10:
        forms.append(rf"{sign}\frac{size}{below}")
    if size > below:
        forms.append(rf"{sign}{size // below}\frac{{{size % below}}}{{{below}}}")
    if Fraction(str(float(value))) == value:
        forms.append(str(float(value)))
    return rng.choice(forms)


def latex(rng: Random) -> tuple[str, str, bool]:
    maker = rng.choice((surd, surd, circle, percent, power, sum_of_roots, grouping, trigonometric))
    return maker(rng)


def surd(rng: Random) -> tuple[str, str, bool]:
    outside, inside, below = rng.randrange(2, 12), rng.choice((2, 3, 5, 6, 7, 10, 13)), rng.randrange(2, 9)
    right = rf"\frac{{{outside}\sqrt{{{inside}}}}}{{{below}}}"
    same = (
        rf"\frac{{\sqrt{{{outside**2 * inside}}}}}{{{below}}}", rf"\frac{{{outside}}}{{{below}}}\sqrt{{{inside}}}",
        rf"\dfrac{{{outside * inside}}}{{{below}\sqrt{{{inside}}}}}", rf"{outside}\sqrt{{{inside}}}/{below}", right,
    )  # fmt: skip
    other = (
        rf"\frac{{{outside + 1}\sqrt{{{inside}}}}}{{{below}}}", rf"\frac{{{outside}\sqrt{{{inside + 1}}}}}{{{below}}}",
        rf"{outside}\sqrt{{{inside}}}", rf"-{right}", str(outside * inside),
    )  # fmt: skip
    answer, is_same = either(rng, rng.choice(same), rng.choice(other))
    return right, str(answer), is_same


def circle(rng: Random) -> tuple[str, str, bool]:
    above, below = rng.randrange(1, 20), rng.choice((2, 3, 4, 6, 12))
    right = rf"\frac{{{above}\pi}}{{{below}}}"
    same = (
        rf"\frac{{{above}}}{{{below}}}\pi",
        rf"{above}\pi/{below}",
        rf"\dfrac{{{above}}}{{{below}}} \pi",
        rf"{above / 4}\pi",
    )
    other = (
        rf"\frac{{{above + 1}\pi}}{{{below}}}",
        rf"{above}\pi",
        f"{above}/{below}",
        rf"\frac{{{below}\pi}}{{{above}}}",
    )
    answer, is_same = either(rng, same[rng.randrange(4 if below == 4 else 3)], rng.choice(other))
    return (
        right,
        str(answer),
        is_same or (above == below and "frac" in str(answer) and "+" not in str(answer) and str(answer) == right),
    )


def percent(rng: Random) -> tuple[str, str, bool]:
    value = rng.randrange(1, 100)
    answer, is_same = either(
        rng, rng.choice((value, value / 100, rf"{value} \%", f"{value}%")), rng.choice((value + 3, rf"{value * 2}\%"))
    )
    return rf"{value}\%", str(answer), is_same


def power(rng: Random) -> tuple[str, str, bool]:
    base, exponent = rng.randrange(2, 8), rng.randrange(2, 9)
    answer, is_same = either(rng, base**exponent, base ** (exponent + 1) + rng.randrange(2))
    return rf"{base}^{{{exponent}}}", str(answer), is_same


def sum_of_roots(rng: Random) -> tuple[str, str, bool]:
    whole, inside = rng.randrange(1, 12), rng.choice((2, 3, 5, 7))
    right = rf"{whole}+\sqrt{{{inside}}}"
    same = (
        rf"\sqrt{{{inside}}}+{whole}",
        rf"\sqrt {inside} + {whole}",
        rf"\left({whole}+\sqrt{{{inside}}}\right)",
        rf"{whole} + \sqrt{{{inside}}}",
    )
    answer, is_same = either(
        rng, rng.choice(same), rng.choice((rf"{whole}-\sqrt{{{inside}}}", rf"{whole + 1}+\sqrt{{{inside}}}"))
    )
    return right, str(answer), is_same


def grouping(rng: Random) -> tuple[str, str, bool]:
    value = rng.randrange(10**4, 10**8)
    answer, is_same = either(rng, grouped(value), grouped(value + rng.choice((1, 100, 10**5))))
    return (
        str(value),
        rng.choice((str(answer), str(answer).replace(",", "{,}"), str(answer).replace(",", r",\!"))),
        is_same,
    )


def trigonometric(rng: Random) -> tuple[str, str, bool]:
    factor = rng.randrange(2, 7)
    right = rng.choice(
        (
            rf"{factor}\sin(x)",
            rf"\ln({factor})",
            rf"e^{{{factor}}}",
            rf"\log_{{10}}({factor})",
            rf"{factor}\cos\frac{{\pi}}{{7}}",
        )
    )
    answer, is_same = either(rng, right.replace("(x)", " x"), right.replace(str(factor), str(factor + 1)))
    return right, str(answer), is_same


def several(rng: Random) -> tuple[str, str, bool]:
    values = [Fraction(value) for value in rng.sample(range(-12, 20), rng.randrange(2, 5))]
    if rng.random() < 0.3:
        values[0] += Fraction(1, 2)
    changed = [values[0] + 20, *values[1:]] if rng.random() < 0.7 else values[:-1]
    ordered = rng.random() < 0.4 and len(values) > 2
    answer, is_same = either(rng, values, changed)
    members = list(answer) if isinstance(answer, list) else []
    if ordered:
        return tell(rng, values, "(", ")"), tell(rng, members, "(", ")"), is_same
    rng.shuffle(members)
    forms = (("", ""), (r"\{", r"\}"), (r"\left\{", r"\right\}"))
    return tell(rng, values, *rng.choice(forms)), tell(rng, members, *rng.choice(forms)), is_same


def tell(rng: Random, values: list[Fraction], opening: str, closing: str) -> str:
    return opening + rng.choice((", ", ",", ", ")).join(write_ratio(rng, value) for value in values) + closing


def interval(rng: Random) -> tuple[str, str, bool]:
    low, high = sorted(rng.sample(range(-20, 30), 2))
    opening, closing = rng.choice("(["), rng.choice(")]")
    left, right = (rng.choice((str(low), str(low), r"-\infty")), rng.choice((str(high), str(high), r"\infty")))
    opening, closing = "(" if "inf" in left else opening, ")" if "inf" in right else closing
    told = f"{opening}{left},{right}{closing}"
    wrong: tuple[str, ...] = (
        f"{opening}{left}, {high + 3}{closing}",
        f"{opening}{low - 2},{right}{closing}",
        f"[{low}, {high}]",
        f"[{low},{high + 1})",
    )
    same: tuple[str, ...] = (told, told.replace(",", ", "), rf"\left{opening}{left}, {right}\right{closing}")
    if rng.random() < 0.4:
        told = rf"{opening}{left},{right if 'inf' not in right else high}) \cup ({high + 2}, {high + 5}]"
        same = (told, told.replace(r" \cup ", r"\cup"))
        wrong = (told.replace(str(high + 5), str(high + 6)), told.replace(str(high + 5), str(high + 9)))
    answer, _ = either(rng, rng.choice(same), rng.choice(wrong))
    bare = str(answer).replace(" ", "").replace(r"\left", "").replace(r"\right", "")
    return told, str(answer), bare == told.replace(" ", "")


def matrix(rng: Random) -> tuple[str, str, bool]:
    width, height = rng.randrange(1, 4), rng.randrange(1, 4)
    cells = [rng.randrange(-9, 12) for _ in range(width * height)]
    changed = list(cells)
    changed[rng.randrange(len(cells))] += rng.randrange(1, 5)
    answer, is_same = either(rng, cells, changed)
    given = list(answer) if isinstance(answer, list) else []
    return rows(cells, width, "p"), rows(given, width, rng.choice("pb")), is_same


def rows(cells: list[int], width: int, bracket: str) -> str:
    lines = [" & ".join(map(str, cells[at : at + width])) for at in range(0, len(cells), width)]
    return rf"\begin{{{bracket}matrix}} " + r" \\ ".join(lines) + rf" \end{{{bracket}matrix}}"


def equation(rng: Random) -> tuple[str, str, bool]:
    name, value = rng.choice("xyznk"), rng.randrange(-30, 99)
    slope = rng.randrange(2, 9)
    if rng.random() < 0.3:
        right = f"y={slope}x+{abs(value)}"
        answer, is_same = either(
            rng, rng.choice((f"y = {slope}x + {abs(value)}", f"{slope}x+{abs(value)}")), f"y={slope + 1}x+{abs(value)}"
        )
        return right, str(answer), is_same
    answer, is_same = either(rng, value, value + rng.choice((1, 7)))
    told = rng.choice((f"{name}={answer}", f"{name} = {answer}", str(answer)))
    return rng.choice((f"{name}={value}", str(value))), told, is_same


def expression(rng: Random) -> tuple[str, str, bool]:
    a, b, c = (rng.randrange(1, 9) for _ in range(3))
    same_as: tuple[tuple[str, tuple[str, ...], str], ...] = (
        (f"x^2+{a + b}x+{a * b}", (f"(x+{a})(x+{b})", f"(x+{b})(x+{a})", f"x^2+{a * b}+{a + b}x"), f"(x+{a})(x-{b})"),
        (f"{a}x+{b}y", (f"{b}y+{a}x", f"{b} y + {a} x"), f"{a}x-{b}y"),
        (
            rf"\frac{{x+{a}}}{{{b}}}",
            (rf"\frac{{x}}{{{b}}}+\frac{{{a}}}{{{b}}}", f"(x+{a})/{b}"),
            rf"\frac{{x-{a}}}{{{b}}}",
        ),
        (f"{a}n^2+{b}n+{c}", (f"{c}+{b}n+{a}n^2", f"n({a}n+{b})+{c}"), f"{a}n^2+{b}n+{c + 1}"),
        (rf"\frac{{1}}{{x^{{{a + 1}}}}}", (f"x^{{-{a + 1}}}",), f"x^{{{a + 1}}}"),
        (rf"{a}\pi r^2", (rf"{a} r^2 \pi", rf"\pi r^2\cdot {a}"), rf"{a + 1}\pi r^2"),
        (rf"\sqrt{{x+{a}}}", (rf"(x+{a})^{{1/2}}", rf"\sqrt{{{a}+x}}"), rf"\sqrt{{x-{a}}}"),
        (rf"\sin^2 x+{a}", (rf"{a}+\sin^2 x", rf"{a + 1}-\cos^2 x"), rf"\cos^2 x+{a}"),
        (rf"{a}e^{{x}}+{b}", (rf"{b}+{a}e^{{x}}",), rf"{a}e^{{x}}-{b}"),
        (rf"\ln(x+{a})", (rf"\ln({a}+x)",), rf"\ln(x)+{a}"),
        (f"2^{{n+{a}}}", (rf"{2**a}\cdot 2^n", f"2^{{{a}+n}}"), f"2^{{n-{a}}}"),
        (rf"\sqrt{{{a + b}+2\sqrt{{{a * b}}}}}", (rf"\sqrt{{{a}}}+\sqrt{{{b}}}",), rf"\sqrt{{{a}}}-\sqrt{{{b + 9}}}"),
        (rf"\ln {a + 1}+\ln {b + 1}", (rf"\ln {(a + 1) * (b + 1)}",), rf"\ln {a + b + 99}"),
        (rf"{a}\sin 2x", (rf"{2 * a}\sin x\cos x",), rf"{a}\cos 2x"),
        (f"|x-{a}|", (f"|{a}-x|", rf"\left|x-{a}\right|"), f"x-{a}"),
        (f"{a}<x<{a + b}", (f"{a} < x < {a + b}",), f"{a}<x<{a + b + 1}"),
    )
    right, same, wrong = rng.choice(same_as)
    answer, is_same = either(rng, rng.choice(same), wrong)
    return right, str(answer), is_same


MAKERS: dict[str, Callable[[Random], tuple[str, str, bool]]] = {
    "integer": integer, "decimal": decimal, "fraction": fraction, "latex": latex, "set": several, "interval": interval,
    "matrix": matrix, "equation": equation, "expression": expression,
}  # fmt: skip
