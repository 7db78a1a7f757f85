"""A file of rows: what format it has, how it is encoded and compressed, and its rows.

A row that cannot be read is its reason, so that one bad line costs one row; a file that cannot be read at all is an
error for the user to fix.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.tables.cells import NOT_DECODED, Row, unreadable
from open_thoughts_gen.tables.csv_rows import Lines, csv_rows, read_header
from open_thoughts_gen.tables.json_rows import json_rows
from open_thoughts_gen.tables.opening import (
    BAD_BYTES,
    Compression,
    Format,
    Reading,
    compression_of,
    encoding_of,
    text_of,
)
from open_thoughts_gen.tables.parquet_rows import parquet_columns, parquet_rows
from open_thoughts_gen.types import DropReason

SUFFIXES: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".tsv": "tsv",
    ".parquet": "parquet",
}
COMPRESSED = (".gz", ".zst")
WHOLE_TEXT = ("prompt", "file")  # the columns of a file of text


def format_of(path: Path) -> Format | None:
    """Return the format that a file's name shows, behind `.gz` or `.zst` too; None if it shows none."""
    name = path.with_suffix("") if path.suffix.lower() in COMPRESSED else path
    return SUFFIXES.get(name.suffix.lower())


def rows(path: Path, kind: Format) -> Iterator[tuple[int, Row | DropReason]]:
    """Yield each row with the line that it starts on, counted from 1 (of a Parquet file: its number).

    Raises:
        UserError: the file as a whole cannot be read.

    """
    return Table(path, Reading(kind)).rows()


@dataclass(frozen=True)
class Table:
    """A file of rows, and how it is read."""

    path: Path
    reading: Reading = field(default_factory=Reading)

    @cached_property
    def format(self) -> Format:
        """The format that is set, or that the name shows.

        Raises:
            UserError: the name shows none.

        """
        format_ = self.reading.format or format_of(self.path)
        if format_ is None:
            compression_of(self.path)  # which may say what the name does not
        if format_ is None:
            known = ", ".join(dict.fromkeys([*SUFFIXES.values(), "text"]))
            message = f"the name of {self.path.name} does not say which format it has"
            raise UserError(Fault(message, hint=f"set `format:` to one of {known}"))
        return format_

    @cached_property
    def compression(self) -> Compression | None:
        """How the file is compressed."""
        return compression_of(self.path)

    @cached_property
    def encoding(self) -> str:
        """The encoding that is set, or that the first bytes show."""
        return self.reading.encoding or encoding_of(self.path, self.compression)

    @cached_property
    def delimiter(self) -> str | None:
        """What separates cells, where it is set or the format says it; None if the header has to show it."""
        return self.reading.delimiter or ("\t" if self.format == "tsv" else None)

    def rows(self) -> Iterator[tuple[int, Row | DropReason]]:
        """Yield each row with its line, as `rows` does."""
        if self.format == "parquet":
            yield from parquet_rows(self._uncompressed())
            return
        newline = "" if self.format in ("csv", "tsv") else "\n"
        with text_of(self.path, encoding=self.encoding, compression=self.compression, newline=newline) as text:
            try:
                if self.format == "text":
                    yield 1, whole_text(text.read(), self.path.name)
                elif self.format == "jsonl":
                    yield from json_rows(text, is_document=".json" in (s.lower() for s in self.path.suffixes))
                else:
                    yield from csv_rows(text, delimiter=self.delimiter, trust_quotes=self.reading.trust_quotes)
            except UserError as error:
                raise UserError(*(_in_file(fault, self.path) for fault in error.faults)) from error

    def columns(self) -> Iterator[set[str]]:
        """Yield the names of columns as they are found: JSON has them row by row, other files in one place."""
        if self.format == "jsonl":
            yield from (set(row) | row_unreadable(row) for _, row in self.rows() if not isinstance(row, DropReason))
        elif self.format == "parquet":
            yield parquet_columns(self._uncompressed())
        elif self.format == "text":
            yield set(WHOLE_TEXT)
        else:
            with text_of(self.path, encoding=self.encoding, compression=self.compression, newline="") as text:
                try:
                    yield set(read_header(Lines(text), self.delimiter).names)
                except UserError as error:
                    raise UserError(*(_in_file(fault, self.path) for fault in error.faults)) from error

    def notes(self) -> list[str]:
        """Return what was detected and is not what everybody would expect, for people to look at."""
        if self.format == "parquet":
            return []
        notes = [f"{self.compression} compressed"] if self.compression else []
        if self.encoding != "utf-8-sig":
            notes.append(f"read as {self.encoding}")
        if self.format == "csv":
            with text_of(self.path, encoding=self.encoding, compression=self.compression, newline="") as text:
                delimiter = read_header(Lines(text), self.delimiter).delimiter
            notes += [f"cells separated by {delimiter!r}"] if delimiter != "," else []
        return notes

    def _uncompressed(self) -> Path:
        if self.compression is not None:
            hint = "decompress it first; Parquet compresses by itself"
            raise UserError(Fault("a compressed Parquet file cannot be read", where=self.path.name, hint=hint))
        return self.path


def whole_text(content: str, name: str) -> Row | DropReason:
    """Return a file of text as a row, or why it cannot be read."""
    return unreadable(NOT_DECODED) if BAD_BYTES in content else dict(zip(WHOLE_TEXT, (content, name), strict=True))


def row_unreadable(row: Row) -> set[str]:
    """Return the columns of a row that could not be read."""
    return set(getattr(row, "unreadable", ()))


def _in_file(fault: Fault, path: Path) -> Fault:
    line = fault.where.removeprefix("line ")
    return Fault(fault.message, f"{path.name}:{line}" if line else path.name, fault.hint)
