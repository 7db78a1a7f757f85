"""A time of day as an answer."""

from __future__ import annotations

import re

from open_thoughts_gen.families.kit.kinds import Kind

_TIME = re.compile(r"(?<![\d:])(\d{1,2})[:.](\d{2})(?![\d:])")


class AtTime(Kind):
    """A time of day, `09:40`; its values are minutes since midnight."""

    closing = "closing/time"

    def canonical(self, value: int) -> str:
        """Return "09:40"."""
        return f"{value // 60:02}:{value % 60:02}"

    def read(self, answer: str) -> object | None:
        """Return the one time in the answer."""
        times = {60 * int(hours) + int(minutes) for hours, minutes in _TIME.findall(answer)}
        return times.pop() if len(times) == 1 else None
