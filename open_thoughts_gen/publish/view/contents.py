"""What there is to look at in a run folder, in a dataset's folder or in a Parquet file: tables, and where labels go.

Labels stand beside the folder and not in it, since the next run replaces the folder: `runs/legal.labels.jsonl` for
`runs/legal`. Of a dataset with several configs the first is shown: of ours, the one that has everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.doctor import Dataset, dataset_folder
from open_thoughts_gen.publish.folder import read_run
from open_thoughts_gen.publish.pictures import light_pictures

ROWS = "rows"
_HINT = (
    "name a run folder, a folder with Parquet files, a Parquet file, or OWNER/NAME of a dataset on the Hub; rows of "
    "another kind become a run by a recipe (`source: {use: files, path: ...}`)"
)
_BESIDE_THE_DATASET = ("dropped", "review")  # NAME.parquet in a run folder


class SplitFile(NamedTuple):
    """A Parquet file, the split that its rows are of, how many there are, and when it was written, in nanoseconds."""

    path: Path
    split: str
    num_rows: int
    written_ns: int = 0


@dataclass(frozen=True, slots=True)
class Contents:
    """The tables by name, `rows` first; the `run.json` of a run; the card's figures; the file of labels."""

    title: str
    tables: Mapping[str, Sequence[SplitFile]]
    labels: Path
    account: Mapping[str, Any] = field(default_factory=dict)
    figures: Sequence[Path] = ()


def contents_of(path: Path) -> Contents:
    """Return what there is to look at.

    Raises:
        UserError: there are no rows.

    """
    path = path.parent if path.name == "dataset" and read_run(path.parent) else path
    labels = path.absolute().with_name(f"{path.absolute().name}.labels.jsonl")
    if path.is_file():
        return Contents(path.stem, {ROWS: _files([path], "")}, labels)
    dataset = Dataset(dataset_folder(path))
    splits = next(iter(dataset.configs.values()))
    rows = [file for split, paths in splits.items() for file in _files(paths, split)]
    if not rows:
        raise UserError(Fault(f"{path} has no rows to look at", hint=_HINT))
    beside = {name: path / f"{name}.parquet" for name in _BESIDE_THE_DATASET}
    others = {name: _files([file], "") for name, file in beside.items() if file.is_file()}
    others = {name: files for name, files in others.items() if any(file.num_rows for file in files)}
    named = {ROWS: rows, **others}
    return Contents(path.absolute().name, named, labels, read_run(path) or {}, light_pictures(dataset.folder))


def _files(paths: Sequence[Path], split: str) -> list[SplitFile]:
    files, faults = [], []
    for path in paths:
        try:
            written_ns = path.stat().st_mtime_ns  # before it is read: what is written later is then seen as newer
            files.append(SplitFile(path, split, pq.read_metadata(path).num_rows, written_ns))
        except (pa.ArrowException, OSError) as error:
            why = "the file is empty" if path.is_file() and not path.stat().st_size else f"not a Parquet file: {error}"
            faults.append(Fault(why, where=str(path), hint=_HINT))
    if faults:
        raise UserError(*faults)
    return files
