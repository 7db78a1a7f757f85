"""Forms of finance: figures as accounts print them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import ExactForm, Form, PrintedSoFar, decimal
from open_thoughts_gen.families.kit.traces import TermsForm, figure

_CELL = re.compile(r"\((\d{1,3}(?:,\d{3})*)\)")


class AccountForm(ExactForm):
    """A figure of an account: `1,840`; `cell` as a table has it, (1,840) where it is negative and a dash for nil."""

    styles: ClassVar[Sequence[str]] = (*ExactForm.styles, "cell")

    def __init__(self, number: Callable[[Fraction], str] = figure) -> None:
        """Take how it is written where no style is asked for."""
        self._number = number

    def write(self, value: Fraction, style: str, seen: PrintedSoFar) -> str:
        """Return the figure."""
        if style != "cell":
            return super().write(value, style, seen) if style else self._number(value)
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


def cents(value: Fraction | int) -> str:
    """Return an amount with two decimals, `1,840.50`, unless it is whole or has more of them."""
    text = figure(value)
    return f"{text}0" if text[-2:-1] == "." else text


OWN_FORMS: Mapping[str, Form[Any]] = {
    **{"amount": AccountForm(), "cents": AccountForm(cents), "sum": TermsForm(), "cents sum": TermsForm(cents)},
}
