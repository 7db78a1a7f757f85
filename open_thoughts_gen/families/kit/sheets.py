"""Rows of short texts on a sheet: a table, a listing, or a drawing in a language of its own, and how it is read back.

A notation writes rows in one of many hands, which decide nothing, and its parser reads what it writes in any hand, line
by line, and refuses everything else: what is read back is rows. A form of rows has one style for each notation.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar
from open_thoughts_gen.families.kit.pen import Pen

Rows: TypeAlias = tuple[tuple[str, ...], ...]

REMARKS = (
    "not to scale|sheet 2 of 3|redrawn by hand|checked against the old sheet|please keep up to date|colours left out|"
    "see also the binder|last change: spelling|layout by the machine|draft|fair copy"
).split("|")
_CELL = r"(\[\*\]|[|{}o]{2}|\w(?:[\w ,.-]*\w)?)"
_NUMBERED = re.compile(r"\{(\d)\}")
_TABLE = re.compile(r"\|[^\n]*(?:\n\|[^\n]*)*")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Rows, and the pen that draws them."""

    rows: Rows
    pen: Pen


class Notation(ABC):
    """One way to write rows. `fence` is the language of the block of code, none for a table."""

    fence: ClassVar[str | None] = "text"

    @abstractmethod
    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the drawing, line by line."""

    @abstractmethod
    def parse(self, lines: Sequence[str]) -> Rows:
        """Return the rows of a drawing.

        Raises:
            ValueError: a line is not of this notation.

        """


class DrawingForm(Form[Rows]):
    """A drawing in a text; the style is the notation, and `said` puts the rows into words for a trace."""

    def __init__(self, said: Callable[[Sequence[str]], str], **notations: Notation) -> None:
        """Take how a row is said, and the notations by name."""
        self.styles = ("said", *notations)  # type: ignore[misc]
        self._said, self._notations = said, notations

    def write(self, value: Rows | Sheet, style: str, seen: PrintedSoFar) -> str:
        """Return the drawing, fenced where its notation is code."""
        rows = value.rows if isinstance(value, Sheet) else value
        if style == "said" or not isinstance(value, Sheet):
            return "; ".join(map(self._said, rows))
        notation = self._notations[style]
        text = "\n".join(line.rstrip() for line in notation.lines(rows, value.pen))
        return text if notation.fence is None else f"```{notation.fence}\n{text}\n```"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the rows of the drawing that stands here."""
        if style == "said":
            return
        notation, head = self._notations[style], f"```{self._notations[style].fence}\n"
        if notation.fence is None:
            match = _TABLE.match(text, start)
            body, end = (match.group(), match.end()) if match else ("", start)
        else:
            close = text.find("\n```", start) if text.startswith(head, start) else -1
            body, end = (text[start + len(head) : close], close + 4) if close > 0 else ("", start)
        if body:
            try:
                yield end, notation.parse(body.split("\n"))
            except ValueError:  # another drawing
                return

    def pack(self, value: Rows) -> object:
        """Return lists."""
        return [list(row) for row in value]

    def unpack(self, packed: Any) -> Rows:  # noqa: ANN401  (JSON)
        """Return the rows."""
        return tuple(tuple(row) for row in packed)


class MarkdownTable(Notation):
    """A table of Markdown, a row a line; of several `heads` one is printed. An empty cell is a dash."""

    fence: ClassVar[str | None] = None

    def __init__(self, *heads: Sequence[str]) -> None:
        """Take the heads that the table may have."""
        self._heads = heads

    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the table."""
        head = pen.pick("head", *self._heads)
        rule = [pen.pick(f"rule {index}", "---", ":---", ":---:") for index in range(len(head))]
        cells = [head, rule, *([cell or "–" for cell in row] for row in rows)]
        return [f"| {' | '.join(row)} |" for row in cells]

    def parse(self, lines: Sequence[str]) -> Rows:
        """Return the rows below the head."""
        cells = [tuple("" if cell == "–" else cell for cell in line[2:-2].split(" | ")) for line in lines]
        if cells[0] not in map(tuple, self._heads) or any(len(row) != len(cells[0]) for row in cells):
            raise ValueError("another table")
        return tuple(cells[2:])


class RowByRow(Notation):
    """Each row by a template, `{0} --{2}--> {1}`; one whose last cell is empty by the second template of the pair.

    `head` stands before the rows; `extras` are lines that say nothing, some of which are put in anywhere.
    """

    def __init__(
        self, *templates: tuple[str, str], fence: str = "text", head: Sequence[str] = (), extras: Sequence[str] = ()
    ) -> None:
        """Take pairs of templates."""
        self.fence = fence  # type: ignore[misc]
        self._templates, self._head = templates, list(head)
        self._num_cells = 1 + max(int(number) for full, _ in templates for number in _NUMBERED.findall(full))
        self._extras = extras or [f"{'#' if fence == 'text' else '    %%'} {remark}" for remark in REMARKS]

    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the lines."""
        full, bare = pen.pick("template", *self._templates)
        lines = [(full if row[-1] else bare).format(*row) for row in rows]
        for extra in pen.some("extras", self._extras, pen.pick("num", 0, 0, 1, 2)):
            lines.insert(pen.rng(extra).randrange(len(lines)), extra)
        return [*self._head, *lines]

    def parse(self, lines: Sequence[str]) -> Rows:
        """Return the rows, all of them by one pair of templates."""
        body = [line for line in lines if line not in (*self._head, *self._extras)]
        for pair in self._templates:
            matches = [next(filter(None, (matched(template, line) for template in pair)), None) for line in body]
            rows = [tuple(cells.get(index, "") for index in range(self._num_cells)) for cells in matches if cells]
            if len(rows) == len(body):
                return tuple(rows)
        raise ValueError("another listing")


def matched(template: str, line: str) -> dict[int, str] | None:
    """Return the cells that a template, filled in, has on a line, by their numbers."""
    numbers = [int(number) for number in _NUMBERED.findall(template)]
    pattern = _CELL.join(map(re.escape, re.split(r"\{\d\}", template)))
    match = re.fullmatch(pattern, line)
    return dict(zip(numbers, match.groups(), strict=True)) if match else None
