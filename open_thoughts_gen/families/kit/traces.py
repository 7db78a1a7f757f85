"""Forms of what only a trace prints: nobody has to read it back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar, decimal


class TraceForm(Form[Any]):
    """A value that no prompt prints, written as it is."""

    def write(self, value: Any, style: str, seen: PrintedSoFar) -> str:  # noqa: ANN401  (as the trace has it)
        """Return the value."""
        return str(value)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing."""
        yield from ()


class SeriesForm(TraceForm):
    """Things one after another: `the lathe, the mill and the bench`; as `or` with that word, as `plus` a sum.

    As a `route` they are joined by arrows; as `open` they are what stands before a sum, `3 + 5 = `, if it is one; as
    `lines` or `findings` they are numbers, after that word.
    """

    styles: ClassVar[Sequence[str]] = ("", "or", "plus", "route", "open", "lines", "findings")

    def write(self, value: Sequence[object], style: str, seen: PrintedSoFar) -> str:
        """Return the things with commas, and a word before the last."""
        texts = [figure(item) if isinstance(item, int | Fraction) else str(item) for item in value]
        if style == "open":
            return " + ".join(texts) + " = " if len(texts) > 1 else ""
        if style in ("lines", "findings"):
            return f"{style if len(texts) > 1 else style.removesuffix('s')} {joined(texts)}"
        between = {"plus": " + ", "route": " -> "}
        return between[style].join(texts) if style in between else joined(texts, style or "and")


class TermsForm(TraceForm):
    """A sum written out, `41,800 - 27,350 + 90`: signed terms, as formulas leave them."""

    def __init__(self, number: Callable[[Fraction], str] | None = None) -> None:
        """Take how its numbers are written."""
        self._number = number or figure

    def write(self, value: tuple[Fraction, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the terms with their signs between them."""
        first, *rest = value
        signed = (f" {'-' if term < 0 else '+'} {self._number(abs(term))}" for term in rest)
        return self._number(first) + "".join(signed)


def figure(value: Fraction | int) -> str:
    """Return a figure as a decimal; one that does not end, which only a planted error comes to, as a fraction."""
    try:
        return decimal(value)
    except ValueError:
        return str(value)


def joined(texts: Sequence[str], word: str = "and", nothing: str = "none") -> str:
    """Return `a, b and c`; `none` or another word where there are none."""
    return f"{', '.join(texts[:-1])} {word} {texts[-1]}" if len(texts) > 1 else "".join(texts) or nothing
