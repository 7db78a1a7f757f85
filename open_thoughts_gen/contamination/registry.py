"""The benchmarks that are known (`benchmarks.yaml`), and what has been fetched of them.

What was fetched is kept beside the response cache, one file for each benchmark and commit, and found again without a
network. A run reads what is kept and fetches nothing: it is the same with a network and without, and says which
benchmarks it could not check. No benchmark's text is part of this package.

    benchmarks/math500/current         the commit that is used unless another is asked for
    benchmarks/math500/<commit>.jsonl  a line that says what it is, then one line for each question
"""

from __future__ import annotations

import functools
import json
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from open_thoughts_gen import tables
from open_thoughts_gen.contamination.findings import Item
from open_thoughts_gen.errors import Fault, UserError, did_you_mean

FOLDER = "benchmarks"
QUESTION_COLUMNS = ("question", "prompt", "problem", "Question", "Problem", "query", "instruction", "input", "text")
_FILE = Path(__file__).with_name("benchmarks.yaml")
_COMMIT = re.compile(r"[\w.-]{1,80}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One entry of the registry of benchmarks, whose file explains the fields."""

    name: str
    id: str
    split: str = "test"
    columns: tuple[str, ...] = ("question",)
    config: str | None = None
    files: tuple[str, ...] = ()
    revision: str | None = None
    gated: bool = False
    withheld: bool = False
    needs_context: bool = False


@dataclass(frozen=True, slots=True)
class StoredBenchmark:
    """A benchmark that has been fetched: at which commit, and where it lies."""

    benchmark: Benchmark
    revision: str
    file: Path


@functools.cache
def benchmarks() -> dict[str, Benchmark]:
    """Return all benchmarks of the registry, by name."""
    import yaml

    safe_loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the one in C takes a tenth of the time
    entries: dict[str, dict[str, Any]] = yaml.load(_FILE.read_text(encoding="utf-8"), safe_loader)  # noqa: S506
    by_name = {}
    for name, entry in entries.items():
        column, files = entry.pop("column"), tuple(entry.pop("files", ()))
        columns = (column,) if isinstance(column, str) else tuple(column)
        by_name[name] = Benchmark(name, columns=columns, files=files, **entry)
    return by_name


def chosen(names: Sequence[str]) -> list[Benchmark]:
    """Return the benchmarks of these names, all of the registry if none is named; `livecodebench` is all its versions.

    Raises:
        UserError: one of them is not known.

    """
    known = benchmarks()
    chosen, faults = dict.fromkeys(known if not names else ()), []
    for name in names:
        these = [name] if name in known else [each for each in known if each.startswith(f"{name}_v")]
        chosen |= dict.fromkeys(these)
        faults += [] if these else [Fault(f"there is no benchmark {name!r}", hint=did_you_mean(name, known))]
    if faults:
        raise UserError(*faults)
    return [known[name] for name in chosen]


def stored(benchmark: Benchmark, folder: Path, revision: str | None = None) -> StoredBenchmark | None:
    """Return what has been fetched of a benchmark: the commit asked for, else the one in use; None if there is none.

    `folder` is where the response cache lies.
    """
    folder_of_benchmark = folder / FOLDER / benchmark.name
    try:
        commit = revision or (folder_of_benchmark / "current").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    file = folder_of_benchmark / f"{commit}.jsonl"
    return StoredBenchmark(benchmark, commit, file) if _COMMIT.fullmatch(commit) and file.is_file() else None


def store(benchmark: Benchmark, folder: Path, revision: str, prompts: Sequence[str]) -> StoredBenchmark:
    """Keep a benchmark's questions, and use them from now on."""
    folder_of_benchmark = folder / FOLDER / benchmark.name
    folder_of_benchmark.mkdir(parents=True, exist_ok=True)
    head = {"benchmark": benchmark.name, "id": benchmark.id, "revision": revision, "num_items": len(prompts)}
    lines = [json.dumps(line, ensure_ascii=True) for line in (head, *({"question": prompt} for prompt in prompts))]
    _put(folder_of_benchmark / f"{revision}.jsonl", "\n".join(lines) + "\n")
    _put(folder_of_benchmark / "current", f"{revision}\n")
    return StoredBenchmark(benchmark, revision, folder_of_benchmark / f"{revision}.jsonl")


def items_of(copy: StoredBenchmark) -> list[Item]:
    """Return the questions of a benchmark that has been fetched.

    Raises:
        UserError: the file is not what was kept.

    """
    benchmark = copy.benchmark
    try:
        head, *rows = map(json.loads, copy.file.read_text(encoding="utf-8").splitlines())
        prompts = [row["question"] for row in rows]
        whole = head["num_items"] == len(prompts)
    except (OSError, ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        hint = f"fetch it again: contamination fetch {benchmark.name}"
        raise UserError(Fault("what was kept of this benchmark is damaged", str(copy.file), hint))
    return [Item(benchmark.name, number, str(p), benchmark.needs_context) for number, p in enumerate(prompts)]


def items_in_file(name: str, path: Path) -> list[Item]:
    """Return the questions of the user's own file, to check against as if it were a benchmark.

    Raises:
        UserError: it cannot be read, or has no column that is known to hold questions.

    """
    format_ = tables.format_of(path)
    if not path.is_file() or format_ is None:
        hint = f"name a file that ends in {', '.join(tables.SUFFIXES)}, or one of them and .gz or .zst"
        raise UserError(Fault(f"there is no file of questions {str(path)!r}", hint=hint))
    items = []
    for number, (_, row) in enumerate(tables.rows(path, format_)):
        prompt = question_in(row) if isinstance(row, dict) else None
        if prompt:
            items.append(Item(name, number, prompt))
    if not items:
        raise UserError(Fault("no column holds questions", str(path), f"name one of them {QUESTION_COLUMNS[0]!r}"))
    return items


def question_in(row: dict[str, Any], columns: Sequence[str] = QUESTION_COLUMNS) -> str | None:
    """Return the question of a row: the first of the columns that it has, or what a chat's first user says."""
    for column in columns:
        if isinstance(row.get(column), str):
            return str(row[column])
    for name in ("messages", "conversations"):
        turns = row.get(name)
        for turn in turns if isinstance(turns, list) else ():
            if isinstance(turn, dict) and (turn.get("role") or turn.get("from")) in ("user", "human"):
                said = turn.get("content") or turn.get("value")
                return said if isinstance(said, str) else None
    return None


def _put(file: Path, content: str) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_text(content, encoding="utf-8")
    partial.replace(file)
