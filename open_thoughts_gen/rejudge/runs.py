"""What a run left behind, read back: its rows, what was left out and why, its recipe, its counts.

A dataset in a folder alone, such as one fetched from the Hub, is read too: it has rows and mostly a recipe, and then
nobody knows what was left out. Rows are read a few at a time, and only the columns that are asked for, so a run may be
larger than memory. What a file says is hostile: it is shown and compared, never followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.folder import read_run
from open_thoughts_gen.recipe.yaml_lines import read

Row = Mapping[str, Any]
_BATCH = 1024  # rows


class SavedRun:
    """A run folder, or a folder that holds a dataset."""

    def __init__(self, where: str | Path) -> None:
        """Look at a folder.

        Raises:
            UserError: it is neither a run folder nor a dataset.

        """
        self.where = str(where)
        self._folder = Path(where)
        record = read_run(self._folder)
        self.record: Mapping[str, Any] = record or {}  # run.json
        inner = self._folder / "dataset"
        self.dataset = inner if record or inner.is_dir() else self._folder
        folders = (self.dataset / "data", self.dataset)
        self.files = next((files for folder in folders if (files := sorted(folder.glob("*.parquet")))), [])
        if not self.files:
            hint = "name a folder that `run` wrote, or one with a dataset's Parquet files"
            raise UserError(Fault(f"{where} is neither a run folder nor a dataset", hint=hint))

    @property
    def counts(self) -> Mapping[str, Any]:
        """The counts of `run.json`, empty where there is none."""
        counts = self.record.get("counts")
        return counts if isinstance(counts, Mapping) else {}

    @cached_property
    def recipe(self) -> Mapping[str, Any]:
        """The recipe as plain values, every default written out; empty where none can be read."""
        paths = (path for path in (self._folder / "recipe.yaml", self.dataset / "recipe.yaml") if path.is_file())
        path = next(paths, None)
        try:
            root = read(path.read_text("utf-8", "replace"), str(path)).root if path else None
        except UserError:
            root = None  # a dataset of others may have a file of this name
        return root.value if root is not None and root.is_mapping else {}

    @property
    def knows_dropped(self) -> bool:
        """Whether it says what was left out."""
        return (self._folder / "dropped.parquet").is_file()

    def rows(self, columns: Sequence[str] | None = None, **wanted: str) -> Iterator[Row]:
        """Yield the rows of the default config, or those that have a wanted value in a column."""
        return _rows(self.files, columns, wanted)

    def dropped(self, columns: Sequence[str] | None = None, **wanted: str) -> Iterator[Row]:
        """Yield what was left out, likewise."""
        return _rows([self._folder / "dropped.parquet"] if self.knows_dropped else [], columns, wanted)

    def reviews(self, **wanted: str) -> Iterator[Row]:
        """Yield what was kept and should be looked at, likewise."""
        file = self._folder / "review.parquet"
        return _rows([file] if file.is_file() else [], None, wanted)


def _rows(files: Sequence[Path], columns: Sequence[str] | None, wanted: Mapping[str, str]) -> Iterator[Row]:
    """Yield rows of Parquet files; a column that a file lacks is missing from its rows."""
    for file in files:
        try:
            with pq.ParquetFile(file) as opened:
                names = set(opened.schema_arrow.names)
                chosen = [name for name in columns if name in names] if columns is not None else None
                if not wanted.keys() <= names:
                    continue
                if wanted:
                    yield from pq.read_table(
                        file, filters=[(key, "=", value) for key, value in wanted.items()]
                    ).to_pylist()
                    continue
                for batch in opened.iter_batches(_BATCH, columns=chosen):
                    yield from batch.to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise UserError(Fault(f"{file} cannot be read: {str(error).partition(chr(10))[0]}")) from error
