"""A time of day as an answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.kinds import Kind
from open_thoughts_gen.families.scheduling.forms import HOUR, ClockForm

_TIME = re.compile(r"(?<![\d:.])(\d{1,2})(?:[:.](\d\d))?\s*(?:([ap])\.?m\b\.?)?(?![\d:])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TimeOfDay(Kind):
    """A time of day, `14:30`; its values are minutes after midnight."""

    closing: str = "closing/clock"

    def canonical(self, value: int) -> str:
        """Return "14:30"."""
        return ClockForm().write(value, "", PrintedSoFar())

    def read(self, answer: str) -> object | None:
        """Return the one time in the answer; a bare number is none."""
        times = {_minutes(*match.groups()) for match in _TIME.finditer(answer) if match[2] or match[3]}
        return times.pop() if len(times) == 1 else None


def _minutes(hours: str, minutes: str | None, half: str | None) -> int | None:
    hour = int(hours) % 12 + 12 * (half.lower() == "p") if half else int(hours)
    return hour * HOUR + int(minutes or 0) if hour < 24 and int(minutes or 0) < HOUR else None
