"""The exact value of an expression over numbers, as claims have them: `(9 + 6) * 3.25`, `7 // 2`, `1/4 * 2/5`.

Nothing is evaluated but + - * / // % and brackets over whole numbers and decimals, all of it in fractions.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache
from typing import TypeAlias

MAX_CHARACTERS = 2_000
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|//|[-+*/%()]|[a-z_]\w*)")
Number: TypeAlias = int | Fraction
Operations: TypeAlias = Mapping[str, Callable[[Number, Number], Number]]
Values: TypeAlias = Mapping[str, Number]
Evaluate: TypeAlias = Callable[[Values], Number]

_LOOSE: Operations = {"+": operator.add, "-": operator.sub}
_TIGHT: Operations = {
    "*": operator.mul,
    "/": lambda one, other: Fraction(one) / other,
    "//": operator.floordiv,
    "%": operator.mod,
}


def value_of(expression: str, values: Values | None = None) -> Fraction:
    """Return the value of an expression; `values` are those of the names in it, if it may have any.

    Raises:
        ValueError: it is not such an expression, or divides by zero.

    """
    try:
        return Fraction(_parsed(expression)(values or {}))
    except ZeroDivisionError as error:
        raise ValueError("a division by zero") from error
    except KeyError as error:
        raise ValueError("an expression with a number missing") from error


@lru_cache(maxsize=1024)
def _parsed(expression: str) -> Evaluate:
    """Return the function that computes an expression from the values of its names: parsed once, computed often."""
    tokens = _TOKEN.findall(expression) if len(expression) <= MAX_CHARACTERS else []
    if not tokens or "".join(tokens) != re.sub(r"\s", "", expression):
        raise ValueError(f"not an expression over numbers: {expression[:80]!r}")
    value, rest = _chain(tokens, _LOOSE)
    if rest:
        raise ValueError(f"not an expression over numbers: {expression[:80]!r}")
    return value


def _chain(tokens: list[str], operations: Operations) -> tuple[Evaluate, list[str]]:
    """Return what computes operands of one precedence from the left, and the tokens after them."""

    def operand(rest: list[str]) -> tuple[Evaluate, list[str]]:
        return _operand(rest) if operations is _TIGHT else _chain(rest, _TIGHT)

    first, tokens = operand(tokens)
    others: list[tuple[Callable[[Number, Number], Number], Evaluate]] = []
    while tokens and tokens[0] in operations:
        operate = operations[tokens[0]]
        other, tokens = operand(tokens[1:])
        others.append((operate, other))

    def value(values: Values) -> Number:
        result = first(values)
        for operate, other in others:
            result = operate(result, other(values))
        return result

    return value if others else first, tokens


def _operand(tokens: list[str]) -> tuple[Evaluate, list[str]]:
    if not tokens:
        raise ValueError("an expression that stops short")
    head, rest = tokens[0], tokens[1:]
    if head == "-":
        value, rest = _operand(rest)
        return lambda values: -value(values), rest
    if head == "(":
        value, rest = _chain(rest, _LOOSE)
        if not rest or rest[0] != ")":
            raise ValueError("a bracket that is not closed")
        return value, rest[1:]
    if head[0].isdigit():
        number = whole(Fraction(head))
        return lambda values: number, rest
    if not head[0].isalpha() and head[0] != "_":
        raise ValueError("an expression with a number missing")
    return lambda values: whole(values[head]), rest


def whole(number: Number) -> Number:
    """Return a number as an `int` if it is whole: whole numbers are computed several times as fast as fractions."""
    return number.numerator if number.denominator == 1 else number
