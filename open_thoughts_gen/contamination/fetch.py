"""Fetch a benchmark from the Hub, once, and keep it by its commit: the one part that needs a network.

`datasets` is imported here and nowhere on the way of a run: it takes a second and a hundred megabytes. Rows are
streamed, so that what is not asked for is not stored; of Parquet files only the questions are read, where a benchmark
brings gigabytes of tests or pictures beside them.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from open_thoughts_gen.contamination.registry import Benchmark, StoredBenchmark, store
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.tables.hub import TIMEOUT_S, reported

_KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    ".parquet": ("parquet", {}),
    ".jsonl": ("json", {}),
    ".tsv": ("csv", {"sep": "\t"}),
}


def fetch(benchmark: Benchmark, folder: Path) -> StoredBenchmark:
    """Fetch a benchmark and keep it in `folder`, which is where the response cache lies.

    Raises:
        UserError: it is not there, not reachable, gated, or has no column of the name that the registry knows.

    """
    from huggingface_hub import HfApi

    with reported(benchmark.id, title=benchmark.name, gated=benchmark.gated):
        info = HfApi().dataset_info(benchmark.id, revision=benchmark.revision, timeout=TIMEOUT_S)
        commit, prompts = str(info.sha), []
        for row in _rows(benchmark, str(info.sha)):
            question = next((row[name].strip() for name in benchmark.columns if isinstance(row.get(name), str)), "")
            prompts += [question] if question else []
    if not prompts:
        message = f"{benchmark.id} has no question in a column {' or '.join(benchmark.columns)}"
        raise UserError(Fault(message, benchmark.name, "correct its entry in the registry"))
    return store(benchmark, folder, commit, prompts)


def stream(dataset: str, *, split: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the rows of the default config of a dataset on the Hub: those of `split`, or of all splits if None.

    Raises:
        UserError: the dataset does not exist, cannot be reached, or is gated.

    """
    from datasets import load_dataset

    with reported(dataset, title=dataset):
        rows = load_dataset(dataset, split=split, streaming=True)
        for part in [rows] if split else rows.values():
            yield from part


def _rows(benchmark: Benchmark, commit: str) -> Iterator[dict[str, Any]]:
    from huggingface_hub import HfApi

    if not benchmark.files:
        yield from _only(benchmark, benchmark.id, benchmark.config, split=benchmark.split, revision=commit)
        return
    listed = HfApi().list_repo_files(benchmark.id, repo_type="dataset", revision=commit)
    files = [file for file in sorted(listed) if any(fnmatch(file, pattern) for pattern in benchmark.files)]
    if not files:
        message = f"{benchmark.id} has no file {' or '.join(benchmark.files)}"
        raise UserError(Fault(message, benchmark.name, "correct its entry in the registry"))
    for file in files:  # one by one: files of several tasks have several sets of columns
        name = f"hf://datasets/{benchmark.id}@{commit}/{file}"
        kind, how = _KINDS[Path(file).suffix]
        yield from _only(benchmark, kind, data_files=[name], split="train", **how)


def _only(benchmark: Benchmark, *words: str | None, **options: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield the rows that `load_dataset` gives, with no other columns than those that questions are in."""
    from datasets import load_dataset

    rows = load_dataset(*words, **options, streaming=True)
    columns = [name for name in benchmark.columns if name in (rows.column_names or ())]
    if columns:
        try:
            rows = load_dataset(*words, **options, columns=columns, streaming=True)
        except ValueError:  # not Parquet: the rows are read whole
            rows = rows.select_columns(columns)
    yield from rows
