"""Cells as JSON that a browser reads as they are: no NaN, no integer that a double cannot hold, no bytes."""

from __future__ import annotations

import math
from collections.abc import Mapping

_MAX_EXACT = 2**53


def plain(value: object) -> object:
    """Return a value of a cell in the types of JSON; what these cannot hold becomes text."""
    match value:
        case None | bool() | str():
            return value
        case int() | float() if math.isfinite(value) and (isinstance(value, float) or abs(value) <= _MAX_EXACT):
            return value
        case bytes():
            return f"{len(value):,} bytes"
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
    return str(value)
