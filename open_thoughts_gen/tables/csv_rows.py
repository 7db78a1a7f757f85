"""Rows of CSV and TSV (RFC 4180), with strict quotes: a quote that was not meant as one costs its own row only.

A quoted cell may span lines. A quote that is not closed, or closed amid a cell, makes its line unreadable, and reading
goes on with the next line. Where a quoted cell swallows lines that each look like a row, nobody can say which it is:
the file is refused, unless `trust_quotes` says that cells may look so. A quote amid an unquoted cell is a character.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO, TypeAlias

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.tables.cells import NOT_DECODED, Row, RowCells, unreadable
from open_thoughts_gen.tables.opening import BAD_BYTES
from open_thoughts_gen.types import DropReason

Rows: TypeAlias = Iterator[tuple[int, Row | DropReason]]

DELIMITERS = ",;\t|"
MAX_LINES = 100_000  # of one cell: a quote that is closed later than this is taken as not closed
_MIN_ROWS_WITHIN = 3
_QUOTED = re.compile(r'[^"]*+(?:""[^"]*+)*+')


class _StrayQuoteError(Exception):
    """A quote that opens no cell, or closes none."""


class Lines:
    """The lines of a text, of which some can be put back."""

    def __init__(self, text: TextIO) -> None:
        """Take a text whose line ends are kept as they are."""
        self.num = 0
        self._text = text
        self._waiting: deque[str] = deque()

    def next(self) -> str:
        """Return the next line with its end; empty at the end of the text."""
        line = self._waiting.popleft() if self._waiting else self._text.readline()
        self.num += bool(line)
        return line

    def put_back(self, lines: Sequence[str]) -> None:
        """Have the last lines read again."""
        self._waiting.extendleft(reversed(lines))
        self.num -= len(lines)


def csv_rows(text: TextIO, *, delimiter: str | None, trust_quotes: bool = False) -> Rows:
    """Yield each row with the line that it starts on.

    Raises:
        UserError: the header cannot be used, or a quoted cell swallows what look like rows.

    """
    lines = Lines(text)
    header = read_header(lines, delimiter)
    while line := lines.next():
        if line.strip("\r\n"):
            num = lines.num
            record = _record(line, lines, header, trust_quotes=trust_quotes)
            if not isinstance(record, list):
                yield num, record
            elif len(record) != len(header.names):
                yield num, unreadable(f"{len(record)} cells under {len(header.names)} columns")
            elif any(BAD_BYTES in each for each in record):
                yield num, unreadable(NOT_DECODED)
            else:
                yield num, RowCells(zip(header.names, record, strict=True))


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, and what separates them."""

    names: list[str]
    delimiter: str


def read_header(lines: Lines, delimiter: str | None) -> Header:
    """Return the header, the first line that is not blank; `sep=;` before it names the delimiter, as Excel writes it.

    Raises:
        UserError: it cannot be decoded, names no columns, or two the same.

    """
    line = _first_line(lines)
    if BAD_BYTES in line:
        hint = "set `encoding:` to what the file was saved in, such as cp1252"
        raise UserError(Fault(f"the header is {NOT_DECODED}", where=f"line {lines.num}", hint=hint))
    stated = re.fullmatch(r"sep=(.)\s*", line)
    if stated:
        delimiter, line = delimiter or stated[1], _first_line(lines)
    delimiter = delimiter or delimiter_of(line)
    try:
        names = _cells(line, lines, delimiter, [])
    except _StrayQuoteError as error:
        fault = Fault(f"the header cannot be read: {error}", where=f"line {lines.num}")
        raise UserError(fault) from error
    twice = [name for name, num in Counter(names).items() if num > 1]
    if twice:
        fault = Fault(f"two columns are named {twice[0]!r}", where=f"line {lines.num}", hint="rename one of them")
        raise UserError(fault)
    return Header(names, delimiter)


def delimiter_of(header: str) -> str:
    """Return what separates the columns of a header: a comma if it has one, else whichever other stands there most."""
    bare = re.sub(r'"[^"]*"', "", header)
    return "," if "," in bare else max(DELIMITERS, key=bare.count)


def _first_line(lines: Lines) -> str:
    while line := lines.next():
        if line.strip():
            return line
    return ""


def _record(line: str, lines: Lines, header: Header, *, trust_quotes: bool) -> list[str] | DropReason:
    """Return the cells of the row whose first line is `line`, or why the row cannot be read."""
    if '"' not in line:
        return line.rstrip("\r\n").split(header.delimiter)
    num = lines.num
    read_on: list[str] = []
    try:
        cells = _cells(line, lines, header.delimiter, read_on)
    except _StrayQuoteError as error:
        lines.put_back(read_on)
        return unreadable(str(error))
    within = read_on[:-1]
    commas = len(header.names) - 1
    is_suspect = not trust_quotes and commas and len(within) >= _MIN_ROWS_WITHIN
    if is_suspect and all(each.count(header.delimiter) == commas for each in within):
        message = f"the quote on line {num:,} closes on line {lines.num:,}, and each line between looks like a row"
        raise UserError(Fault(message, hint="correct the quote, or set `trust_quotes: true` if it is one cell"))
    return cells


def _cells(line: str, lines: Lines, delimiter: str, read_on: list[str]) -> list[str]:
    """Return the cells of a row; lines that a quoted cell goes on in are read, and noted in `read_on`."""
    cells: list[str] = []
    text, start = line, 0
    while True:
        if text.startswith('"', start):
            cell, text, start = _quoted(text, start + 1, lines, read_on)
        else:
            end = text.find(delimiter, start)
            end = end if end >= 0 else len(text.rstrip("\r\n"))
            cell, start = text[start:end], end
        cells.append(cell)
        if text.startswith(delimiter, start):
            start += len(delimiter)
        elif not text[start:].strip("\r\n"):
            return cells
        else:
            raise _StrayQuoteError("a quote closes in the middle of a cell")


def _quoted(text: str, start: int, lines: Lines, read_on: list[str]) -> tuple[str, str, int]:
    """Return a quoted cell, the line that it ends in, and where it ends there."""
    pieces: list[str] = []
    while True:
        match = _QUOTED.match(text, start)
        end = match.end() if match else start
        pieces.append(text[start:end])
        if end < len(text):
            return "".join(pieces).replace('""', '"'), text, end + 1
        text, start = (lines.next() if len(read_on) < MAX_LINES else ""), 0
        if not text:
            raise _StrayQuoteError("a quote opens a cell and is never closed")
        read_on.append(text)
