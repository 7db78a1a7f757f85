"""Parquet files that are the same, byte for byte, for the same rows, written while the rows are made.

Written as the Hub likes it: content-defined chunking (an edited dataset uploads only what changed), a page index and
row groups of about 16 MB (the viewer can open any page), shards of about 300 MB. Snappy, because every reader of the
Hub's viewer knows it. No more than one row group is in memory, however many rows there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from open_thoughts_gen.tables.columns import record_batch

MAX_SHARD_BYTES = 300_000_000
MAX_GROUP_BYTES = 16_000_000
_BATCH = 32  # rows made into columns at once: few, since each may be megabytes

Row = Mapping[str, Any]


class ParquetFile:
    """One file, to which rows are added."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        """Begin it."""
        self.path = path
        self.num_rows = self.num_bytes = 0  # bytes as in memory
        self._schema = schema
        self._writer = pq.ParquetWriter(
            path, schema, compression="snappy", use_content_defined_chunking=True, write_page_index=True
        )
        self._rows: list[Row] = []
        self._batches: list[pa.RecordBatch] = []
        self._waiting_bytes = 0

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the file; after an error as it is."""
        if kind is None:
            self.close()
        else:
            self._writer.close()

    def add(self, row: Row) -> None:
        """Add a row."""
        self.num_rows += 1
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self._make_columns()

    def close(self) -> None:
        """Write what waits, and end the file."""
        self._make_columns()
        if self._batches or not self.num_rows:
            self._write_group()
        self._writer.close()
        pa.default_memory_pool().release_unused()

    def _make_columns(self) -> None:
        if self._rows:
            batch = record_batch(self._rows, self._schema)
            self._rows = []
            self._batches.append(batch)
            self._waiting_bytes += batch.nbytes
        if self._waiting_bytes >= MAX_GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        # One chunk, so that pages do not depend on how many rows were made into columns at once.
        table = pa.Table.from_batches(self._batches, schema=self._schema).combine_chunks()
        self._batches, self._waiting_bytes = [], 0
        self.num_bytes += table.nbytes
        self._writer.write_table(table, row_group_size=max(1, table.num_rows))


class SplitFiles:
    """The files of one split: `folder/SPLIT-00000-of-0000N.parquet`, so named when their number is known."""

    def __init__(self, folder: Path, split: str, schema: pa.Schema) -> None:
        """Begin the first."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._split, self._schema = folder, split, schema
        self._shards = [self._begun(0)]

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the files; if all went well, under their names."""
        self._shards[-1].__exit__(kind, error, at)
        if kind is None:
            for shard, file in zip(self._shards, self.files, strict=True):
                shard.path.rename(file)

    def add(self, row: Row) -> None:
        """Add a row."""
        if self._shards[-1].num_bytes > MAX_SHARD_BYTES - MAX_GROUP_BYTES:
            self._shards[-1].close()
            self._shards.append(self._begun(len(self._shards)))
        self._shards[-1].add(row)

    @property
    def files(self) -> list[Path]:
        """The files, once they are ended."""
        num = len(self._shards)
        return [self._folder / f"{self._split}-{i:05}-of-{num:05}.parquet" for i in range(num)]

    @property
    def num_rows(self) -> int:
        """How many rows they have."""
        return sum(shard.num_rows for shard in self._shards)

    @property
    def num_bytes(self) -> int:
        """How many bytes these are in memory."""
        return sum(shard.num_bytes for shard in self._shards)

    def _begun(self, number: int) -> ParquetFile:
        return ParquetFile(self._folder / f".{self._split}-{number:05}.parquet", self._schema)


def write_parquet(path: Path, rows: Iterable[Row], schema: pa.Schema) -> None:
    """Write one file."""
    with ParquetFile(path, schema) as file:
        for row in rows:
            file.add(row)
