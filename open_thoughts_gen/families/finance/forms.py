"""Forms of finance: figures as accounts print them, and sums as a trace writes them out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import ClassVar

from open_thoughts_gen.families.kit.forms import ExactForm, Form, PrintedSoFar, decimal

_CELL = re.compile(r"\((\d{1,3}(?:,\d{3})*)\)")


class AccountForm(ExactForm):
    """A figure of an account: `1,840`; `cell` as a table has it, (1,840) where it is negative and a dash for nil."""

    styles: ClassVar[Sequence[str]] = (*ExactForm.styles, "cell")

    def write(self, value: Fraction, style: str, seen: PrintedSoFar) -> str:
        """Return the figure."""
        if style != "cell":
            return super().write(value, style, seen) if style else figure(value)
        return f"({decimal(-value)})" if value < 0 else decimal(value) if value else "–"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the figure."""
        if style != "cell":
            yield from super().read(text, start, style)
        elif text.startswith("–", start):
            yield start + 1, Fraction(0)
        elif match := _CELL.match(text, start):
            yield match.end(), -Fraction(match[1].replace(",", ""))
        else:
            yield from super().read(text, start, "")


class CentsForm(AccountForm):
    """An amount in units of a currency: `1,840`, and with cents `1,840.50`."""

    def write(self, value: Fraction, style: str, seen: PrintedSoFar) -> str:
        """Return the amount."""
        return super().write(value, style, seen) if style else cents(value)


def figure(value: Fraction | int) -> str:
    """Return a figure as a decimal; one that does not end, which only a planted error comes to, as a fraction."""
    try:
        return decimal(value)
    except ValueError:
        return str(value)


def cents(value: Fraction | int) -> str:
    """Return an amount with two decimals, unless it is whole or has more of them."""
    text = figure(value)
    return f"{text}0" if text[-2:-1] == "." else text


class TermsForm(Form[tuple[Fraction, ...]]):
    """A sum written out in a trace, `41,800 - 27,350 + 90`; it is never read."""

    def __init__(self, number: Callable[[Fraction], str] = figure) -> None:
        """Take how its numbers are written."""
        self._number = number

    def write(self, value: tuple[Fraction, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the terms with their signs between them."""
        first, *rest = value
        signed = (f" {'-' if term < 0 else '+'} {self._number(abs(term))}" for term in rest)
        return self._number(first) + "".join(signed)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing: no prompt prints a sum that it has worked out."""
        yield from ()


class SeriesForm(TermsForm):
    """Figures one after another in a trace, `1,840, 2,025 and 3,300`; they are never read."""

    def write(self, value: tuple[Fraction, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the figures."""
        *first, last = map(self._number, value)
        return f"{', '.join(first)} and {last}"
