"""The user's own questions: JSON, CSV, TSV or Parquet, one question to a row.

Files are read as a stream, in the order of their names; `_rows` says how a row becomes a question. What concerns a
whole file (there is none of that name) is reported before the first row is drawn. With `format: text` each file is one
question, in the column `prompt`, with its name in the column `file`. A path may be a URL (`tables.remote`).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field, PrivateAttr, field_validator

from open_thoughts_gen.sources._paths import paths_of
from open_thoughts_gen.sources._rows import RowSource
from open_thoughts_gen.tables import Format, Reading, Table
from open_thoughts_gen.tables.remote import fetched, is_url


class Files(RowSource):
    """The user's own questions, from JSON, CSV, TSV or Parquet files, plain or compressed with gzip or zstd."""

    path: str = Field(
        min_length=1,
        description="file or glob pattern, from the recipe's folder, or a URL that fsspec knows (s3://, gs://, "
        "https://, hf://), whose files are fetched once",
    )
    format: Format | None = Field(
        default=None, description="format of the files; text: each file is one question; null: by their suffix"
    )
    encoding: str | None = Field(
        default=None, min_length=1, description="encoding of the files, such as cp1252 or gbk; null: UTF-8 or UTF-16"
    )
    delimiter: str | None = Field(
        default=None,
        min_length=1,
        max_length=1,
        description="character between the cells of CSV; null: detected from the header",
    )
    trust_quotes: bool = Field(
        default=False,
        description="true: read a quoted CSV cell even if the lines in it look like rows; false: stop at such a cell, "
        "since its closing quote is probably missing",
    )

    _fetched: tuple[Path, ...] = PrivateAttr(default=())

    @field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str | None) -> str | None:
        try:
            return encoding if encoding is None else codecs.lookup(encoding).name
        except LookupError:
            raise ValueError(f"{encoding!r} is not an encoding, such as cp1252, gbk or utf-16") from None

    def start(self) -> None:
        """Look at the files before the first row is drawn.

        Raises:
            UserError: no such file, a format that is not known, or a column that no row has.

        """
        self.check_columns()

    @property
    def title(self) -> str:
        """The path or pattern as the recipe writes it."""
        return self.path

    @property
    def source_name(self) -> str:
        """The name of the file, or the pattern of the names."""
        return f"files:{Path(self.path).name}"

    @property
    def inputs(self) -> Sequence[Path]:
        """The files, in the order of their names."""
        if is_url(self.path):
            self._fetched = self._fetched or fetched(self.path, self._context.cache.parent)
            return self._fetched
        return paths_of(self.path, self._context.folder)

    def notes(self) -> Sequence[str]:
        """Return what was detected about the files and may be wrong: their encoding, compression and delimiter."""
        return [f"{self.title_of(table)}: {', '.join(notes)}" for table in self.tables() if (notes := table.notes())]

    def tables(self) -> Iterator[Table]:
        """Yield the files, in the order of their names."""
        reading = Reading(self.format, self.encoding, self.delimiter, self.trust_quotes)
        return (Table(path, reading) for path in self.inputs)

    def title_of(self, table: Table) -> str:
        """Return the path of a file, from the recipe's folder where it lies below it."""
        folder, path = self._context.folder, table.path
        if is_url(self.path):
            return path.name
        return (path.relative_to(folder) if path.is_relative_to(folder) else path).as_posix()

    def source_of(self, table: Table) -> str:
        """Return the name of a file: it is the user's own, and must not pass for another source's."""
        return f"files:{table.path.name}"
