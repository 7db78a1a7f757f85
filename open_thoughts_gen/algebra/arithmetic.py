"""Builds expressions: each operation carries the exact form, the approximate value with its error, and the tree."""

from __future__ import annotations

import cmath
import math
import zlib
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from math import gamma
from typing import TypeVar

from open_thoughts_gen.algebra import polynomials
from open_thoughts_gen.algebra.polynomials import Ratio, TooLargeError
from open_thoughts_gen.algebra.values import Scalar, Tree

_MAX_FACTORIAL = 3000
_MAX_BINOMIAL = 400
_EPSILON = 2.0**-50
_TINY = 1e-300
_ROUNDING: dict[str, Callable[[Fraction], Fraction | int]] = {"abs": abs, "floor": math.floor, "ceil": math.ceil}
_UNKNOWN = math.nan
Argument = TypeVar("Argument")

INFINITY = Scalar(None, math.inf, math.inf, ("∞",))


def whole(value: int) -> Scalar:
    """Return an integer."""
    return rational(Fraction(value))


def rational(value: Fraction, *, places: int | None = None) -> Scalar:
    """Return a rational number; `places` where it is written as a decimal."""
    try:
        approx = float(value)
    except OverflowError:
        approx = _UNKNOWN
    error = abs(approx) * _EPSILON + (_TINY if value else 0.0)
    return Scalar(polynomials.constant(value), approx, error, ("n", value), decimal=places is not None, places=places)


@lru_cache(maxsize=4096)
def written(digits: str) -> Scalar:
    """Return a number that is written as digits, with a sign and a point if any."""
    whole_part, point, places = digits.partition(".")
    if not point:
        return rational(Fraction(int(digits)))
    return rational(Fraction(int(whole_part + places), 10 ** len(places)), places=len(places))


@lru_cache(maxsize=1024)
def letter(name: str) -> Scalar:
    """Return a letter; the number it stands for when differences are looked for follows from its name."""
    known = {"π": math.pi, "e": math.e, "i": 1j}
    approx = known.get(name, 0.6 + zlib.crc32(name.encode()) % 10007 / 6000)
    return Scalar(polynomials.letter(name), approx, abs(approx) * _EPSILON, ("x", name), free=name not in known)


def letters(scalar: Scalar) -> frozenset[str]:
    """Return the letters of an expression, without pi, e and i."""
    return frozenset(_names(scalar.tree)) if scalar.free else frozenset()


def _names(tree: Tree) -> set[str]:
    if tree[0] == "x":
        return set() if tree[1] in {"π", "e", "i"} else {tree[1]}
    return {name for part in tree[1:] if isinstance(part, tuple) for name in _names(part)}


def plus(left: Scalar, right: Scalar) -> Scalar:
    """Return the sum."""
    approx = left.approx + right.approx
    return _joined("+", polynomials.add, left, right, approx, left.error + right.error)


def times(left: Scalar, right: Scalar) -> Scalar:
    """Return the product."""
    approx = left.approx * right.approx
    error = abs(left.approx) * right.error + abs(right.approx) * left.error + left.error * right.error
    return _joined("*", polynomials.multiply, left, right, approx, error)


def over(left: Scalar, right: Scalar) -> Scalar:
    """Return the quotient; ZeroDivisionError where the divisor is zero."""
    if right.exact is not None and not right.exact[0]:
        raise ZeroDivisionError("division by zero")
    room = abs(right.approx) - right.error
    approx = left.approx / right.approx if room > 0 else _UNKNOWN
    error = (left.error + abs(approx) * right.error) / room if room > 0 else math.inf
    return _joined("/", polynomials.divide, left, right, approx, error)


def minus(scalar: Scalar) -> Scalar:
    """Return the negative."""
    exact = None if scalar.exact is None else polynomials.negate(scalar.exact)
    tree = ("n", -scalar.tree[1]) if scalar.tree[0] == "n" else ("*", ("n", Fraction(-1)), scalar.tree)
    return Scalar(exact, -scalar.approx, scalar.error, tree, scalar.free, scalar.decimal, places=scalar.places)


def raised(base: Scalar, exponent: Scalar) -> Scalar:
    """Return a power."""
    if exponent.value == Fraction(1, 2) and not exponent.decimal:
        return root(base)
    exact = _exact_power(base, exponent)
    approx = _computed(lambda: base.approx**exponent.approx)
    if approx.imag and not (base.approx.imag or exponent.approx.imag):
        approx = _UNKNOWN  # a root of what is negative: whether that is meant is not known
    if cmath.isnan(approx):
        error = math.inf
    elif not base.approx:
        error = abs(approx) * _EPSILON + base.error
    else:
        relative = abs(exponent.approx) * base.error / abs(base.approx) + abs(cmath.log(base.approx)) * exponent.error
        error = abs(approx) * (2 * relative + _EPSILON)
    return _scalar(exact, approx, error, ("^", base.tree, exponent.tree), (base, exponent))


def _exact_power(base: Scalar, exponent: Scalar) -> Ratio | None:
    """Return a whole power, a root that comes out, e to a rational multiple of i pi, or a name for the power."""
    if base.exact is None or exponent.exact is None:
        return None
    value, power = base.value, exponent.value
    if power is not None and power.denominator == 1:
        return _bounded(polynomials.power, base.exact, int(power))
    exact: Ratio | None = None
    if value is not None and value > 0 and power is not None and power.denominator <= 12 and abs(power.numerator) <= 64:
        whole_root = _perfect(value, power.denominator)
        exact = None if whole_root is None else _bounded(polynomials.power, whole_root, power.numerator)
    turns = _multiple(exponent.exact, (("i", 1), ("π", 1))) if base.tree == ("x", "e") else None
    if turns is not None:
        cosine, sine = _sine(turns + Fraction(1, 2)), _sine(turns)
        if cosine is not None and sine is not None:
            exact = polynomials.add(cosine, polynomials.multiply(sine, polynomials.letter("i")))
    return exact or _named("^", base, exponent)


def root(inside: Scalar, degree: int = 2) -> Scalar:
    """Return a root."""
    value = inside.value
    exact: Ratio | None = None
    if value is not None and degree == 2:
        exact = polynomials.square_root(value)
    elif value is not None and value:
        exact = _perfect(abs(value), degree) if value > 0 or degree % 2 else None
        exact = polynomials.negate(exact) if exact is not None and value < 0 else exact
    if exact is None and inside.exact is not None:
        exact = _named(f"root{degree}", inside)
    if degree % 2 and inside.real < 0:
        approx: complex = -_computed(lambda: (-inside.approx) ** (1 / degree))
    else:
        approx = _computed(lambda: inside.approx ** (1 / degree))
    relative = inside.error / abs(inside.approx) if inside.approx else 0.0
    return _scalar(exact, approx, abs(approx) * (relative + 2 * _EPSILON), ("root", inside.tree, degree), (inside,))


def called(name: str, function: Callable[..., float], *arguments: Scalar) -> Scalar:
    """Return a function of some arguments, exactly where it is a known value."""
    exact = _known(name, arguments)
    if exact is None:
        exact = _named(name, *arguments)
    at = [argument.real for argument in arguments]
    approx = _computed(lambda: function(*at))
    error = abs(approx) * 4 * _EPSILON
    for index, argument in enumerate(arguments):
        step = max(argument.error, abs(at[index]) * _EPSILON)
        for sign in (step, -step):
            moved = [*at[:index], at[index] + sign, *at[index + 1 :]]
            near = _computed(lambda moved=moved: function(*moved))  # type: ignore[misc]
            error += 2 * abs(near - approx)
    return _scalar(exact, approx, error, ("f", name, *(argument.tree for argument in arguments)), arguments)


def _known(name: str, arguments: tuple[Scalar, ...]) -> Ratio | None:
    """Return the value of a function where it has an exact form."""
    exact, value = arguments[0].exact, arguments[0].value
    if exact is None or exact[1] is not polynomials.ONE:
        return None
    if name in {"log", "ln"}:
        return _logarithm(name, exact, arguments)
    if name in _ROUNDING:
        return None if value is None else polynomials.constant(Fraction(_ROUNDING[name](value)))
    turns = _multiple(exact, (("π", 1),)) if name in {"sin", "cos", "tan"} else None
    if turns is None:
        return None
    sine, cosine = _sine(turns), _sine(turns + Fraction(1, 2))
    if name != "tan":
        return sine if name == "sin" else cosine
    return None if sine is None or cosine is None else polynomials.divide(sine, cosine)


def _multiple(exact: Ratio, letters: polynomials.Letters) -> Fraction | None:
    """Return by which rational number a product of letters has to be multiplied to give an expression, if by one."""
    if exact[1] is not polynomials.ONE or exact[0].keys() - {(1, letters)}:
        return None
    return exact[0].get((1, letters), Fraction(0))


def _sine(turns: Fraction) -> Ratio | None:
    """Return the sine of a multiple of pi, for multiples of a sixth and of a quarter."""
    turns %= 2
    if turns >= 1:
        positive = _sine(turns - 1)
        return None if positive is None else polynomials.negate(positive)
    squares = {Fraction(0): 0, Fraction(1, 6): 1, Fraction(1, 4): 2, Fraction(1, 3): 3, Fraction(1, 2): 4}
    square = squares.get(min(turns, 1 - turns))
    return None if square is None else polynomials.square_root(Fraction(square, 4))


def _logarithm(name: str, exact: Ratio, arguments: tuple[Scalar, ...]) -> Ratio | None:
    """Return the logarithm of a whole power of its base, which for `log` is ten unless it is written."""
    if name == "ln":
        if len(exact[0]) != 1:
            return None
        (((radicand, letters), factor),) = exact[0].items()
        is_power = radicand == factor == 1 and all(each == "e" for each, _ in letters)
        return polynomials.constant(Fraction(letters[0][1] if letters else 0)) if is_power else None
    value, base = arguments[0].value, arguments[1].value if len(arguments) > 1 else Fraction(10)
    if value is None or base is None or value <= 0 or base <= 1 or base.denominator > 1:
        return None
    power = round(math.log(value) / math.log(base)) if value.denominator.bit_length() < 900 else 0
    return polynomials.constant(Fraction(power)) if abs(power) < 900 and base**power == value else None


def factorial(scalar: Scalar) -> Scalar:
    """Return the factorial of a number or a letter; ArithmeticError for a large one, or for no whole number."""
    value = scalar.value
    if value is None and scalar.free:
        return called("factorial", lambda at: gamma(at + 1), scalar)
    if value is None or value.denominator != 1 or not 0 <= value <= _MAX_FACTORIAL:
        raise TooLargeError
    return whole(math.factorial(int(value)))


def binomial(above: Scalar, below: Scalar) -> Scalar:
    """Return a binomial coefficient of small numbers or of letters; ArithmeticError for all else."""
    n, k = above.value, below.value
    if above.free or below.free:
        # n! / (k! (n - k)!) for the fractions that letters stand for here
        return called("binomial", lambda n, k: gamma(n + 1) / (gamma(k + 1) * gamma(n - k + 1)), above, below)
    if n is None or k is None or n.denominator * k.denominator != 1 or not 0 <= k <= n <= _MAX_BINOMIAL:
        raise TooLargeError
    return whole(math.comb(int(n), int(k)))


def _joined(
    sign: str, exactly: Callable[[Ratio, Ratio], Ratio], left: Scalar, right: Scalar, approx: complex, error: float
) -> Scalar:
    exact = None
    if left.exact is not None and right.exact is not None:
        exact = _bounded(exactly, left.exact, right.exact)
    return _scalar(exact, approx, error + abs(approx) * _EPSILON, (sign, left.tree, right.tree), (left, right))


def _scalar(exact: Ratio | None, approx: complex, error: float, tree: Tree, parts: tuple[Scalar, ...]) -> Scalar:
    if not cmath.isfinite(approx):
        approx = _UNKNOWN
    if not math.isfinite(error):
        approx, error = _UNKNOWN, math.inf
    return Scalar(exact, approx, error, tree, any(part.free for part in parts), any(part.decimal for part in parts))


def _named(name: str, *arguments: Scalar) -> Ratio | None:
    names = [polynomials.name_of(argument.exact) for argument in arguments if argument.exact is not None]
    return polynomials.letter(f"{name}({';'.join(names)})") if len(names) == len(arguments) else None


def _bounded(operation: Callable[[Ratio, Argument], Ratio], left: Ratio, right: Argument) -> Ratio | None:
    try:
        return operation(left, right)
    except TooLargeError:
        return None


def _computed(compute: Callable[[], complex]) -> complex:
    """Return a result, NaN if there is none."""
    try:
        result = compute()
    except (ArithmeticError, ValueError):
        return _UNKNOWN
    return result if cmath.isfinite(result) else _UNKNOWN


def _perfect(value: Fraction, degree: int) -> Ratio | None:
    parts = []
    for part in (value.numerator, value.denominator):
        near = round(part ** (1 / degree)) if part.bit_length() < 1000 else 0
        if near**degree != part:
            return None
        parts.append(near)
    return polynomials.constant(Fraction(*parts))
