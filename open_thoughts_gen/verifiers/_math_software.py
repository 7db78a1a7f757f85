"""Formulas that `algebra` cannot read (sums, integrals, limits), worked out by SymPy: for worker processes only.

The reader is math-verify's (https://github.com/huggingface/Math-Verify). It takes the first thing that it can read in a
text and leaves the rest, so a text counts as read only where it holds no words, and where an unknown that is added to
the whole of it in brackets is found in what was read. Equality is then confirmed at many digits at several points.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from open_thoughts_gen.algebra.notation import canonical
from open_thoughts_gen.algebra.tokens import UNIT, WORD, UnreadableError, tokens

Expression = Any  # SymPy has no types
_UNKNOWN = "q_{987}"
# What sums, integrals and limits are written with; a subscript to a number would be left out.
_OPERATIONS = (r"\int", r"\sum", r"\prod", r"\lim")
_KNOWN = re.compile(
    r"\\(?:int|sum|prod|lim|frac|sqrt|binom|sin|cos|tan|ln|log|to|alpha|beta|theta|infty)|\d+(?:\.\d+)?|[A-Za-zπ∞]|[-+*/^_=(){}!]"
)
_SUBSCRIBED = re.compile(r"[\d)}]\s*_")
_DIGITS, _AGREE, _DIFFER = 60, 40, 12
_POINTS = ("0.3731", "1.2837", "0.7727", "2.2291", "0.1193")
_NEEDED = 3
# All that SymPy and the LaTeX parser are known to raise on strange input; anything else ends the worker.
REFUSALS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)


def has_operations(text: str) -> bool:
    """Return whether a text holds what the grammar does not read: a sum, a product, an integral or a limit."""
    return any(operation in text for operation in _OPERATIONS)


@lru_cache(maxsize=512)
def read(text: str) -> Expression:
    """Return what the whole of a text says, as SymPy has it.

    Raises:
        UnreadableError: a part of it was not read, or none.

    """
    from math_verify import LatexExtractionConfig, parse
    from sympy import Expr, Symbol  # type: ignore[import-untyped]

    text = canonical(text)
    cut = tokens(text)
    if any(symbol[:1] in {WORD, UNIT} or not _KNOWN.fullmatch(symbol) for symbol in cut) or _SUBSCRIBED.search(text):
        raise UnreadableError("a sign that is not known beside a formula")
    whole = rf"$\left({text}\right)+{_UNKNOWN}$"
    expressions = parse(whole, [LatexExtractionConfig()], fallback_mode="no_fallback", parsing_timeout=None)
    unknown = Symbol(_UNKNOWN)
    expression = next((each for each in expressions if isinstance(each, Expr)), None)
    if expression is None:
        raise UnreadableError("it cannot be read as mathematics")
    symbols = [each for each in expression.free_symbols if each.name == unknown.name]
    if len(symbols) != 1 or expression.diff(symbols[0]) != 1:
        raise UnreadableError("a part of it cannot be read as mathematics")
    return expression.subs(symbols[0], 0)


def same(known: Expression, answer: Expression) -> bool | None:
    """Return whether two expressions are equal at several points, in all digits but a few; None if it is unclear."""
    names = sorted({each.name for side in (known, answer) for each in side.free_symbols})
    sides = [each.doit() for each in (known, answer)]
    values = [_at(index, names, sides) for index in range(len(_POINTS) if names else 1)]
    if False in values:
        return False
    return True if values.count(True) >= (_NEEDED if names else 1) else None


def _at(index: int, names: list[str], sides: list[Any]) -> bool | None:
    from sympy import Rational

    numbers = []
    for side in sides:
        point = {each: Rational(_POINTS[(index + names.index(each.name)) % len(_POINTS)]) for each in side.free_symbols}
        number = side.subs(point).evalf(_DIGITS)
        if not number.is_number or not number.is_finite or number.free_symbols:
            return None
        numbers.append(number)
    gap, size = (abs(numbers[0] - numbers[1]), max(abs(number) for number in numbers))
    if gap <= size * Rational(1, 10**_AGREE):
        return True
    return False if gap > size * Rational(1, 10**_DIFFER) else None
