"""What a program wrote or returned, compared with what it should have.

Words are compared as words, and as numbers only where both are plainly numbers: `1.0` is `1`, but `007` is not `7` and
`1e3` is not `1000`. Decimals may differ by a tolerance only where one is given. What is compared comes from programs
that nobody trusts: long numbers are text, and no number is big.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import repeat

_MAX_DIGITS = 400  # a longer number is compared as text
_EXACT = 1e9  # below it a float tells whole numbers and their near misses apart
# As Python writes numbers: no leading zeros, no plus sign, and exponents with a sign and two digits.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]\d{2,3})?", re.ASCII)


def lines(text: object) -> str:
    """Return a text of a test, which some collections keep as a list of lines."""
    return "\n".join(map(str, text)) if isinstance(text, list | tuple) else str(text)


def same_output(expected: str, got: str, tolerance: float | None, *, by_lines: bool = False) -> bool:
    """Compare what a program wrote with what it should have: word by word, or line by line up to space at the end."""
    if by_lines:
        return _bare_lines(expected) == _bare_lines(got)
    words, others = expected.split(), got.split()
    return len(words) == len(others) and all(map(_same_word, words, others, repeat(tolerance)))


def _bare_lines(output: str) -> list[str]:
    return [line.rstrip() for line in output.rstrip().splitlines()]


def _same_word(expected: str, got: str, tolerance: float | None) -> bool:
    if expected == got:
        return True
    if max(len(expected), len(got)) > _MAX_DIGITS or not (_NUMBER.fullmatch(expected) and _NUMBER.fullmatch(got)):
        return False
    number, other = Decimal(expected), Decimal(got)
    is_whole = expected.lstrip("-").isdecimal()
    return number == other or _near(float(number), float(other), tolerance, is_whole=is_whole)


def _near(expected: float, got: float, tolerance: float | None, *, is_whole: bool) -> bool:
    """Compare within a tolerance; a whole number is expected to be met, up to the rounding of a small float."""
    if tolerance is None:
        return False
    if is_whole:
        return abs(expected) < _EXACT and abs(expected - got) <= tolerance and not got.is_integer()
    return abs(expected - got) <= tolerance * max(1.0, abs(expected))


def same_value(expected: object, got: object, tolerance: float | None, *, strict: bool = False) -> bool:
    """Compare what a function returned with what it should have, both as JSON; where it is strict, 1 is not 1.0."""
    if isinstance(expected, list | tuple):
        pairs = zip(expected, got, strict=False) if isinstance(got, list) and len(expected) == len(got) else None
        return pairs is not None and all(same_value(*pair, tolerance, strict=strict) for pair in pairs)
    if isinstance(expected, Mapping):
        values = {str(key): value for key, value in expected.items()}
        return (
            isinstance(got, dict)
            and values.keys() == got.keys()
            and all(same_value(values[key], got[key], tolerance, strict=strict) for key in values)
        )
    if strict:
        return type(expected) is type(got) and bool(expected == got)
    are_whole = isinstance(expected, int) and isinstance(got, int)
    if expected == got or are_whole or not (isinstance(expected, int | float) and isinstance(got, int | float)):
        return bool(expected == got)
    try:
        return _near(float(expected), float(got), tolerance, is_whole=isinstance(expected, int))
    except OverflowError:
        return False
