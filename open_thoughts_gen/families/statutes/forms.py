"""How cases of law write sums of money, and rows of parties and figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import AmountForm, EntryForm, Form, Money, PrintedSoFar, WholeForm
from open_thoughts_gen.families.statutes.people import CURRENCIES, short_name


class SumForm(AmountForm):
    """Money, and in traces `bare`: the figure without its unit, as sums on paper have it. Bare figures are not read."""

    styles: ClassVar[Sequence[str]] = ("", "figure", "bare")

    def write(self, value: Money, style: str, seen: PrintedSoFar) -> str:
        """Return the amount."""
        if style == "bare":
            return super().write(value, "", seen).removesuffix(f" {value.unit}")
        return super().write(value, style, seen)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the amount, unless it is bare."""
        if style != "bare":
            yield from super().read(text, start, style)


class AnyCaseForm(EntryForm):
    """One of a closed list, some of whose entries are written with a capital wherever they stand."""

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each entry that stands here, whatever the case of its first letter."""
        letter = text[start : start + 1]
        for variant in sorted({letter.lower(), letter.upper()}):
            yield from super().read(f"{text[:start]}{variant}{text[start + 1 :]}", start, style)


class CountForm(WholeForm):
    """How many there are of something, in traces alone: "1 day", "3 days"."""

    def __init__(self, noun: str) -> None:
        """Take the noun that is written after the number, in the singular, such as "day"."""
        self._noun = noun

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return number and noun."""
        return f"{super().write(value, style, seen)} {self._noun}{'' if value == 1 else 's'}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing."""
        yield from ()


class RowForm(Form[Sequence[Mapping[str, Any]]]):
    """Entries of a list in a row, in traces alone: who they are, "Obi and Venn"; their shares, `sum` 130 + 250."""

    styles = ("", "sum")

    def write(self, value: Sequence[Mapping[str, Any]], style: str, seen: PrintedSoFar) -> str:
        """Return the row; nobody where it is empty."""
        if style == "sum":
            return " + ".join(f"{entry['shares']:,}" for entry in value) or "0"
        names = [short_name(entry["who"]) for entry in value] or ["nobody"]
        return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing."""
        yield from ()


SUM, ROW = SumForm(*CURRENCIES), RowForm()
