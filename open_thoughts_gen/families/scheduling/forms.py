"""A form of scheduling: how far a clock is ahead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from open_thoughts_gen.families.kit.clock import HOUR
from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar

_OFFSET = re.compile(r"UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?(?![\d:])")


class OffsetForm(Form[int]):
    """How many minutes a clock is ahead of UTC: `UTC+5:30`, `UTC-3`, `UTC`."""

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the offset."""
        hours, minutes = divmod(abs(value), HOUR)
        rest = f":{minutes:02}" if minutes else ""
        return f"UTC{'-' if value < 0 else '+'}{hours}{rest}" if value else "UTC"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the offset that stands here."""
        if match := _OFFSET.match(text, start):
            minutes = int(match[2] or 0) * HOUR + int(match[3] or 0)
            yield match.end(), -minutes if match[1] == "-" else minutes
