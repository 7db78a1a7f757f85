"""Forms of ethics: numbered points of a debate, and lists of names as a sentence has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar

_POINT = re.compile(r"P(\d{1,2})(?!\d)")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?!\d)")
_MORE = re.compile(r"(?:, | and )P(\d{1,2})(?!\d)")


def listed(names: Sequence[str], *, last: str = "and") -> str:
    """Return names as a sentence has them: `P1, P4 and P6`; `none` where there are none."""
    if len(names) < 2:
        return names[0] if names else "none"
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


class PointsForm(Form[tuple[int, ...]]):
    """Points of a debate: `P4`, `P4, P6 and P9`."""

    styles: ClassVar[Sequence[str]] = ("",)

    def write(self, value: tuple[int, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the points."""
        return listed([f"P{number}" for number in value])

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the points, as many as stand here."""
        match, numbers = _POINT.match(text, start), list[int]()
        while match:
            numbers.append(int(match[1]))
            yield match.end(), tuple(numbers)
            match = _MORE.match(text, match.end())

    def pack(self, value: tuple[int, ...]) -> object:
        """Return a list."""
        return list(value)

    def unpack(self, packed: Any) -> tuple[int, ...]:  # noqa: ANN401  (JSON)
        """Return the points."""
        return tuple(packed)


class ListForm(Form[tuple[str, ...]]):
    """Names in a trace, `Bresk, Corva and Dunn`; they are never read."""

    styles: ClassVar[Sequence[str]] = ("",)

    def write(self, value: tuple[str, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the names."""
        return listed(value)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing: no prompt prints what is worked out."""
        yield from ()


class ClockForm(Form[int]):
    """A time of day, `09:40`, as the minutes since midnight."""

    styles: ClassVar[Sequence[str]] = ("",)

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the time."""
        return f"{value // 60:02}:{value % 60:02}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the time."""
        if match := _CLOCK.match(text, start):
            yield match.end(), 60 * int(match[1]) + int(match[2])
