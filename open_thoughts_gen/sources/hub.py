"""Questions from a dataset on the Hugging Face Hub, read at one commit that every row names.

Which files a config and a split have is the Hub's own rule; they are fetched one after another as their rows are
needed, so a `limit` fetches no more than it uses, and stay in the Hub's cache: the next run reads them without a
network. `revision` may be a commit, a branch or a tag. A branch that has moved since the last run is noticed by
`check`. The license that the dataset's card states goes on every row that has none of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import Field, PrivateAttr

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.sources._rows import RowSource
from open_thoughts_gen.tables import Table, format_of
from open_thoughts_gen.tables.hub import Snapshot, snapshot

ALL = "all"


class Hub(RowSource):
    """Questions from a dataset on the Hugging Face Hub: JSON, CSV or Parquet, at one commit."""

    dataset: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", max_length=200, description="name of the dataset: owner/name")
    config: str | None = Field(
        default=None, min_length=1, description="config (subset) of the dataset; null: the only one, or its default"
    )
    split: str = Field(default="train", min_length=1, description="split to read; all: every split, one after another")
    revision: str | None = Field(
        default=None,
        min_length=1,
        description="commit, branch or tag to read; null: what is newest on the main branch. Each row names the commit",
    )
    _snapshot: Snapshot = PrivateAttr(default=Snapshot("", ""))  # nothing is known before it is opened

    def start(self) -> None:
        """Find the files, and look at the columns of the first.

        Raises:
            UserError: the dataset, its config, split or revision is not there, or a column that no row has.

        """
        self._snapshot = snapshot(self.dataset, self.config, self.revision, self._context.cache.parent)
        splits = self._snapshot.files
        if self.split != ALL and self.split not in splits:
            known = f"it has {', '.join(splits)}"
            hint = f"{did_you_mean(self.split, splits)}; {known}" if len(splits) > 1 else known
            raise UserError(Fault(f"{self.dataset} has no split {self.split!r}", hint=hint))
        unknown = next((file for file in self._files() if format_of(Path(file)) is None), None)
        if unknown is not None:
            hint = "rows are read from JSON, CSV, TSV and Parquet"
            raise UserError(Fault(f"{self.dataset} holds {unknown!r}, which is not a table of rows", hint=hint))
        self.check_columns()

    @property
    def title(self) -> str:
        """The name of the dataset."""
        return self.dataset

    @property
    def source_name(self) -> str:
        """The dataset, with its commit, or the revision that the recipe states."""
        commit = self._snapshot.commit or self.revision or ""
        return f"hub:{self.dataset}@{commit[:12]}" if commit else f"hub:{self.dataset}"

    @property
    def usual_license(self) -> str:
        """The license that the recipe states, else the one on the dataset's card."""
        return self.license or self._snapshot.license

    @property
    def inputs(self) -> Sequence[Path]:
        """The files that have been fetched, as they lie in the Hub's cache by their commit."""
        return tuple(path for file in self._files() if (path := self._snapshot.here(file)) is not None)

    def notes(self) -> Sequence[str]:
        """Return the commit, the license of its card, and whether the revision has moved since the last run."""
        license_ = self._snapshot.license or "no license on its card"
        return [f"{self.dataset} at commit {self._snapshot.commit} ({license_})", *self._snapshot.notes]

    def tables(self) -> Iterator[Table]:
        """Yield the files of the split, each fetched when it is its turn."""
        return (Table(self._snapshot.fetched(file)) for file in self._files())

    def title_of(self, table: Table) -> str:
        """Return the dataset and the name of a file."""
        return f"{self.dataset}/{table.path.name}"

    def source_of(self, table: Table) -> str:
        """Return the dataset and its commit."""
        return self.source_name

    def _files(self) -> list[str]:
        splits = self._snapshot.files
        return [file for split in (splits if self.split == ALL else [self.split]) for file in splits[split]]
