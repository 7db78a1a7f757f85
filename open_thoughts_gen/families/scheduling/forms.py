"""Forms of scheduling: times of day, and the lists that a trace writes out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar, WholeForm

HOUR, DAY = 60, 24 * 60
_CLOCK = re.compile(r"(\d\d):([0-5]\d)(?!\d)")
_OFFSET = re.compile(r"UTC(?:([+-])(\d{1,2})(?::([0-5]\d))?)?(?![\d:])")
_NOON = re.compile(r"(1[0-2]|[1-9])(?:\.([0-5]\d))? ([ap])\.m\.")


class ClockForm(Form[int]):
    """A time of day in minutes after midnight: `14:30`, and as `noon` 2.30 p.m."""

    styles: ClassVar[Sequence[str]] = ("", "noon")

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the time."""
        hours, minutes = divmod(value % DAY, HOUR)
        if style == "noon":
            rest = f".{minutes:02}" if minutes else ""
            return f"{(hours - 1) % 12 + 1}{rest} {'ap'[hours >= 12]}.m."
        return f"{hours:02}:{minutes:02}"

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


class CountedForm(WholeForm):
    """A whole number with what it counts, in a trace: as `days` 1 day, 4 days."""

    styles: ClassVar[Sequence[str]] = (*WholeForm.styles, "days", "vans", "sessions", "kg")

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the number, with its unit if the style is one."""
        if style in WholeForm.styles:
            return super().write(value, style, seen)
        return f"{value:,} {style.removesuffix('s') if value == 1 else style}"


class TraceForm(Form[Any]):
    """What only a trace prints, and nobody has to read back."""

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing."""
        yield from ()


class SeriesForm(TraceForm):
    """Things one after another: `the lathe, the mill and the bench`; as `or` with that word before the last."""

    styles: ClassVar[Sequence[str]] = ("", "or", "plus")

    def write(self, value: Sequence[object], style: str, seen: PrintedSoFar) -> str:
        """Return the things with commas, and a word before the last; as `plus` the terms of a sum."""
        texts = [str(item) for item in value]
        if style == "plus":
            return " + ".join(texts)
        return joined(texts, style or "and")


def joined(texts: Sequence[str], word: str = "and") -> str:
    """Return `a, b and c`."""
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}" if len(texts) > 1 else "".join(texts)
