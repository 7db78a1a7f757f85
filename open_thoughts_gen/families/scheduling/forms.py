"""Forms of scheduling: how far a clock is ahead, numbers with what they count, tasks one after another."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.clock import HOUR
from open_thoughts_gen.families.kit.forms import CountedForm, Form, PrintedSoFar, WholeForm
from open_thoughts_gen.families.kit.traces import SeriesForm

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


class LoadForm(CountedForm):
    """A whole number, in a trace with what it counts: as `days` 1 day, 4 days."""

    styles: ClassVar[Sequence[str]] = (*CountedForm.styles, "days", "vans", "sessions", "kg")


class HoursForm(WholeForm):
    """A number of minutes in hours, for a trace: `2 and a half hours`."""

    def write(self, value: int, style: str, seen: object) -> str:
        """Return the hours."""
        hours, rest = divmod(value, HOUR)
        if hours > 1:
            return f"{hours} and a half hours" if rest else f"{hours} hours"
        return f"{'an' if rest else 'one'} hour{' and a half' * bool(rest)}" if hours else "half an hour"


class ChainForm(SeriesForm):
    """Tasks one after another, in a trace: `the footings, then the walls`."""

    styles: ClassVar[Sequence[str]] = ("", "then")

    def write(self, value: Sequence[object], style: str, seen: PrintedSoFar) -> str:
        """Return the tasks."""
        return ", then ".join(map(str, value)) if style == "then" else super().write(value, "", seen)


OWN_FORMS: Mapping[str, Form[Any]] = {
    **{"load": LoadForm(), "offset": OffsetForm(), "hours": HoursForm(), "chain": ChainForm()},
}
