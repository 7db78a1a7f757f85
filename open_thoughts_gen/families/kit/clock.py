"""Times of day, in minutes after midnight: how they are written, read and asked for, and how far apart they are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar
from open_thoughts_gen.families.kit.kinds import Kind
from open_thoughts_gen.families.kit.work import Work

HOUR, DAY = 60, 24 * 60
_CLOCK = re.compile(r"(\d\d):([0-5]\d)(?!\d)")
_NOON = re.compile(r"(1[0-2]|[1-9])(?:\.([0-5]\d))? ([ap])\.m\.")
_TIME = re.compile(r"(?<![\d:.])(\d{1,2})(?:[:.](\d\d))?\s*(?:([ap])\.?m\b\.?)?(?![\d:])", re.IGNORECASE)
_OFFSET = re.compile(r"UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?(?![\d:])")


class ClockForm(Form[int]):
    """A time of day: `14:30`, and as `noon` 2.30 p.m."""

    styles: ClassVar[Sequence[str]] = ("", "noon")

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the time."""
        if style == "noon":
            hours, minutes = divmod(value % DAY, HOUR)
            rest = f".{minutes:02}" if minutes else ""
            return f"{(hours - 1) % 12 + 1}{rest} {'ap'[hours >= 12]}.m."
        return clock(value)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the time that stands here."""
        if style == "noon":
            if match := _NOON.match(text, start):
                after_noon = 12 * (match[3] == "p")
                yield match.end(), (int(match[1]) % 12 + after_noon) * HOUR + int(match[2] or 0)
        elif (match := _CLOCK.match(text, start)) and int(match[1]) < 24:
            yield match.end(), int(match[1]) * HOUR + int(match[2])


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


@dataclass(frozen=True, slots=True)
class TimeOfDay(Kind):
    """A time of day, `14:30`."""

    closing: str = "closing/clock"

    def canonical(self, value: int) -> str:
        """Return "14:30"."""
        return clock(value)

    def read(self, answer: str) -> object | None:
        """Return the one time in the answer; a bare number is none."""
        times = {_minutes(*match.groups()) for match in _TIME.finditer(answer) if match[2] or match[3]}
        return times.pop() if len(times) == 1 else None


def clock(minutes: int) -> str:
    """Return a time of day, `14:30`."""
    return f"{minutes // HOUR % 24:02}:{minutes % HOUR:02}"


def by_the_hour(start: int, end: int) -> dict[str, int]:
    """Return the minutes of two times past the hour, as `a` and `b`, and how many hours `h` the second is on."""
    return {"a": start % HOUR, "b": end % HOUR, "h": end // HOUR - start // HOUR}


def passed(start: int, end: int, work: Work) -> int:
    """Return how many minutes lie between two times."""
    values = by_the_hour(start, end)
    if not values["h"]:
        return int(work("b - a", a=values["a"], b=values["b"]))
    return int(work("60 * h + b - a", **values))


def _minutes(hours: str, minutes: str | None, half: str | None) -> int | None:
    hour = int(hours) % 12 + 12 * (half.lower() == "p") if half else int(hours)
    return hour * HOUR + int(minutes or 0) if hour < 24 and int(minutes or 0) < HOUR else None
