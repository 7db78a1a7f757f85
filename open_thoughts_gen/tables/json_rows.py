"""Rows of JSON: one object a line, the objects of an array, or objects written over several lines.

Lines are split at newline characters and nowhere else: U+2028 and U+0085 are characters of a string. A file that begins
with `[` is an array, and one whose first line is a lone `{` holds objects of several lines; both are cut into elements
by their brackets, in one pass over the text, so that an array may be larger than memory and a bad element costs one
row. A `.json` file of one object that holds its rows under a key such as `data` is read as those rows.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TextIO, TypeAlias

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.tables.cells import NOT_DECODED, Row, RowCells, unreadable
from open_thoughts_gen.tables.opening import BAD_BYTES
from open_thoughts_gen.types import DropReason

Rows: TypeAlias = Iterator[tuple[int, Row | DropReason]]

ROW_KEYS = frozenset({"data", "rows", "examples", "train", "instances", "questions", "records", "items"})
_LIST_KEYS = ROW_KEYS | {"test", "validation", "valid", "val", "dev", "eval"}
_BETWEEN = re.compile(r"[\s\x1e,]*+")  # objects of a line; a record separator stands before each in RFC 7464
_STRING = r'"[^"\\\n]*+(?:\\.[^"\\\n]*+)*+'
_MARK = re.compile(rf'{_STRING}"|(?P<open>{_STRING}\\?\Z)|{_STRING}|[][{{}},]', re.DOTALL)
_OPENING, _CLOSING = frozenset("[{"), frozenset("]}")
_CHUNK = 1 << 20  # characters


def json_rows(text: TextIO, *, is_document: bool = False) -> Rows:
    """Yield the rows of a file, each with the line that it starts on; `is_document` if its name ends in `.json`."""
    num, first = 0, ""
    while not first.strip():
        num, first = num + 1, text.readline()
        if not first:
            return
    if first.lstrip().startswith("["):
        yield from _parsed(elements(first, text, depth=1, line=num))
        return
    if first.strip() == "{":
        rows = _parsed(elements(first, text, depth=0, line=num))
    else:
        lines = enumerate(itertools.chain([first], text), start=num)
        rows = _parsed((num, line) for num, line in lines if line.strip())
    yield from _unwrapped(rows) if is_document else rows


def elements(first: str, text: TextIO, *, depth: int, line: int) -> Iterator[tuple[int, str]]:
    """Yield each element with its line: of an array (depth 1), or the objects of a file one after another (depth 0).

    `first` is what has been read of the text, and begins on `line`.

    Raises:
        UserError: the text ends amid an element, or goes on after the array.

    """
    level, is_over = 0, False
    pieces: list[str] = []
    for piece, mark in _pieces(first, text):
        opens_array = mark == "[" and level == 0 and depth == 1 and not is_over
        level += (mark in _OPENING) - (mark in _CLOSING)
        pieces.append("" if opens_array else piece)
        line += piece.count("\n") if opens_array else 0
        ends_array = depth == 1 and level == 0 and mark in _CLOSING
        is_element = ends_array or (depth == 1 and level == 1 and mark == ",")
        if not is_over and (is_element or (depth == 0 and level == 0 and mark in _CLOSING)):
            element = "".join(pieces)
            bare = element[:-1] if depth else element
            if bare.strip():
                yield line + _leading_lines(bare), bare
            line, pieces, is_over = line + element.count("\n"), [], ends_array
    rest = "".join(pieces)
    line += _leading_lines(rest)
    if rest.strip() or (depth and not is_over):
        why = "goes on after the array has ended" if is_over else "is not closed"
        hint = "the file may be cut short, or a quote, comma or bracket is missing at or before this line"
        raise UserError(Fault(f"the JSON from line {line:,} on {why}", hint=hint))


def _pieces(first: str, text: TextIO) -> Iterator[tuple[str, str]]:
    """Cut the text after each string, bracket and comma; yield each piece with the mark that ends it, last ""."""
    pending, start = first, 0
    while True:
        mark = _MARK.search(pending, start)
        if mark is None or mark["open"] is not None:
            more = text.read(max(_CHUNK, len(pending) - start))
            if not more:
                yield pending[start:], ""
                return
            pending, start = pending[start:] + more, 0
        else:
            yield pending[start : mark.end()], mark[0]
            start = mark.end()


def _leading_lines(element: str) -> int:
    return element.count("\n", 0, len(element) - len(element.lstrip()))


def _unwrapped(rows: Rows) -> Rows:
    """Yield the rows that a file of one object holds under a key such as `data`; of any other file, its rows."""
    first, second = next(rows, None), next(rows, None)
    if first is not None and second is None and isinstance(first[1], Mapping):
        lists = {
            key: value
            for key, value in first[1].items()
            if key in _LIST_KEYS and isinstance(value, list) and value and all(isinstance(each, dict) for each in value)
        }
        if len(lists) > 1:
            hint = "write each of them to a file of its own"
            raise UserError(Fault(f"the file holds several lists of rows: {', '.join(lists)}", hint=hint))
        if lists.keys() & ROW_KEYS:
            (rows_within,) = lists.values()
            yield from ((first[0], RowCells(each.items())) for each in rows_within)
            return
    yield from itertools.chain(filter(None, (first, second)), rows)


def _parsed(texts: Iterable[tuple[int, str]]) -> Rows:
    for line, text in texts:
        row = parse(text)
        rows = _objects(text) if isinstance(row, DropReason) else []
        yield from ((line, each) for each in rows or [row])


def _objects(text: str) -> list[Row | DropReason]:
    """Return the rows of a line that holds several objects, or one with a comma behind it; none for any other."""
    rows: list[Row | DropReason] = []
    position = 0
    while (position := _BETWEEN.match(text, position).end()) < len(text):  # type: ignore[union-attr]  # it may be empty
        try:
            value, position = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            return []
        if not isinstance(value, dict) or BAD_BYTES in text:
            return []
        rows.append(RowCells(value.items()))
    return rows


def parse(text: str) -> Row | DropReason:
    """Return the row that a JSON text is, or why it is none."""
    if BAD_BYTES in text:
        return unreadable(NOT_DECODED)
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        return unreadable("nested too deeply")
    except ValueError as error:
        return unreadable(f"not JSON: {error}")
    return RowCells(value.items()) if isinstance(value, dict) else DropReason("not an object", "not a JSON object")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return an object; a ValueError where one key has two values, of which nobody can say which is meant."""
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        twice = next((key for key, value in pairs if value != mapping[key]), None)
        if twice is not None:
            raise ValueError(f"two values under the key {twice!r}")
    return mapping


def _finite(number: str) -> float | None:
    value = float(number)
    return value if math.isfinite(value) else None


# NaN and Infinity are read as null.
_DECODER = json.JSONDecoder(parse_constant=lambda _: None, parse_float=_finite, object_pairs_hook=_object)
