"""Rows of Parquet files, a batch at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.tables.cells import Row, RowCells, unreadable
from open_thoughts_gen.types import DropReason

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

Rows: TypeAlias = Iterator[tuple[int, Row | DropReason]]

_BATCH = 1024  # rows


def parquet_rows(path: Path) -> Rows:
    """Yield each row with its number, counted from 1."""
    num = 0
    for batch in _batches(path):
        for i in range(batch.num_rows):
            num += 1
            try:
                (row,) = batch.slice(i, 1).to_pylist()
            except ValueError as error:  # UnicodeDecodeError is one
                yield num, unreadable(str(error))
            else:
                yield num, RowCells(row.items())


def _batches(path: Path) -> Iterator[RecordBatch]:
    """Yield the rows in batches, numbers of 32 bits as they are printed: 0.1, and not 0.10000000149011612."""
    import pyarrow as pa

    with _opened(path) as file:
        short = [i for i, field in enumerate(file.schema_arrow) if pa.types.is_float32(field.type)]
        try:
            for batch in file.iter_batches(batch_size=_BATCH):
                for i in short:
                    column = batch.column(i).cast(pa.string()).cast(pa.float64())
                    batch = batch.set_column(i, batch.schema.names[i], column)  # noqa: PLW2901
                yield batch
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            hint = "download or write it again"
            raise UserError(Fault(f"the Parquet file is damaged: {error}", where=path.name, hint=hint)) from error


def parquet_columns(path: Path) -> set[str]:
    """Return the names of the columns."""
    with _opened(path) as file:
        return set(file.schema_arrow.names)


def _opened(path: Path) -> ParquetFile:
    # Arrow takes a tenth of a second and fifty megabytes that nobody who reads JSON should pay.
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path)
        names = file.schema_arrow.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UserError(Fault(f"not a Parquet file: {error}", where=path.name)) from error
    twice = [name for name, num in Counter(names).items() if num > 1]
    if twice:
        raise UserError(Fault(f"two columns are named {twice[0]!r}", where=path.name, hint="rename one of them"))
    return file
