"""What a row holds: values that JSON can say, and the columns that could not be read.

NaN and infinities are nulls, as their writers mean them. A column whose value has no JSON form (bytes that are not
text, half of a surrogate pair) is left out of its row with the reason, so that it costs no row that does not need it.
"""

from __future__ import annotations

import datetime
import decimal
import math
import uuid
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from open_thoughts_gen.types import DropReason

Row: TypeAlias = Mapping[str, Any]

UNREADABLE = "unreadable line"
NOT_DECODED = "not UTF-8, or not in the `encoding:` that is set"


class RowCells(dict[str, Any]):
    """The columns of a row, and for those that were left out the reason."""

    def __init__(self, cells: Iterable[tuple[str, object]]) -> None:
        """Take the columns as read."""
        super().__init__()
        self.unreadable: dict[str, str] = {}
        for name, value in cells:
            try:
                self[str(as_json(name))] = as_json(value)
            except ValueError as error:
                self.unreadable[name] = str(error)


def unreadable(why: str) -> DropReason:
    """Return the reason of a row that cannot be read."""
    return DropReason(UNREADABLE, why)


def cell(row: Row, name: str) -> Any:  # noqa: ANN401  (what a row can hold)
    """Return what stands in a column, or at a path within one (`conversations.0.value`); None if nothing does."""
    if name in row:
        return row[name]
    value: Any = row
    for step in name.split("."):
        if isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and step.isascii() and len(step) < 10:
            value = value[int(step)] if int(step) < len(value) else None
        else:
            return None
    return value


def as_json(value: object) -> object:
    """Return a value as JSON has it: dates as ISO 8601, decimals as text, numbers that are not finite as null.

    Raises:
        ValueError: JSON has no form for it.

    """
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        if not value.isascii():
            try:
                value.encode("utf-8")
            except UnicodeEncodeError as error:
                raise ValueError("half of a surrogate pair is not a character") from error
        return value
    if isinstance(value, dict):
        return {str(as_json(str(key))): as_json(each) for key, each in value.items()}
    return [as_json(each) for each in value] if isinstance(value, list | tuple) else _scalar(value)


def _scalar(value: object) -> str | float | None:
    match value:
        case float():
            return value if math.isfinite(value) else None
        case bytes():
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError as error:
                raise ValueError("bytes that are not UTF-8 text") from error
        case datetime.date() | datetime.time():
            return value.isoformat()
        case decimal.Decimal() | uuid.UUID() | datetime.timedelta():
            return str(value)
    raise ValueError(f"a {type(value).__name__} has no form in JSON")
