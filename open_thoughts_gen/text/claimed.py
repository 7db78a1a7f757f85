"""The exact value of an expression over numbers, as claims have them: `(9 + 6) * 3.25`, `7 // 2`, `1/4 * 2/5`.

Nothing is evaluated but + - * / // % and brackets over whole numbers and decimals, all of it in fractions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import lru_cache

MAX_CHARACTERS = 2_000
_TOKEN = re.compile(r"\s*(\d+(?:\.\d+)?|//|[-+*/%()]|[a-z_]\w*)")
_LOOSE: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda one, other: one + other,
    "-": lambda one, other: one - other,
}
_TIGHT: Mapping[str, Callable[[Fraction, Fraction], Fraction]] = {
    "*": lambda one, other: one * other,
    "/": lambda one, other: one / other,
    "//": lambda one, other: Fraction(one // other),
    "%": lambda one, other: one % other,
}


def value_of(expression: str, values: Mapping[str, Fraction | int] | None = None) -> Fraction:
    """Return the value of an expression; `values` are those of the names in it, if it may have any.

    Raises:
        ValueError: it is not such an expression, or divides by zero.

    """
    value, rest = _chain(_tokens(expression), _LOOSE, values or {})
    if rest:
        raise ValueError(f"not an expression over numbers: {expression[:80]!r}")
    return value


@lru_cache(maxsize=1024)
def _tokens(expression: str) -> list[str]:
    tokens = _TOKEN.findall(expression) if len(expression) <= MAX_CHARACTERS else []
    if not tokens or "".join(tokens) != re.sub(r"\s", "", expression):
        raise ValueError(f"not an expression over numbers: {expression[:80]!r}")
    return tokens


Operations = Mapping[str, Callable[[Fraction, Fraction], Fraction]]
Values = Mapping[str, Fraction | int]


def _chain(tokens: list[str], operations: Operations, values: Values) -> tuple[Fraction, list[str]]:
    """Return the value of operands of one precedence from the left, and the tokens after them."""

    def operand(rest: list[str]) -> tuple[Fraction, list[str]]:
        return _operand(rest, values) if operations is _TIGHT else _chain(rest, _TIGHT, values)

    value, tokens = operand(tokens)
    while tokens and tokens[0] in operations:
        sign = tokens[0]
        other, tokens = operand(tokens[1:])
        if other == 0 and sign in ("/", "//", "%"):
            raise ValueError("a division by zero")
        value = operations[sign](value, other)
    return value, tokens


def _operand(tokens: list[str], values: Values) -> tuple[Fraction, list[str]]:
    if not tokens:
        raise ValueError("an expression that stops short")
    head, rest = tokens[0], tokens[1:]
    if head == "-":
        value, rest = _operand(rest, values)
        return -value, rest
    if head == "(":
        value, rest = _chain(rest, _LOOSE, values)
        if not rest or rest[0] != ")":
            raise ValueError("a bracket that is not closed")
        return value, rest[1:]
    if head in values:
        return Fraction(values[head]), rest
    if not head[0].isdigit():
        raise ValueError("an expression with a number missing")
    return Fraction(head), rest
