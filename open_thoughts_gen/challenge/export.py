"""Write a run's rows as the challenge's files are, and as its model is trained on them.

    train.csv          id (8 hex digits), prompt, answer: the challenge's own columns
    train.jsonl        id, scheme, prompt, completion: the exact strings, in stratified order
    test.csv, ...      the same of the other splits

Stratified: each stretch of rows holds the schemes in the shares of the whole, so that every batch is alike. Rows that
must not be trained on are left out with the reason, never changed.
"""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from open_thoughts_gen.challenge.form import Puzzle
from open_thoughts_gen.errors import Fault, UserError

_COLUMNS = ["id", "question", "reasoning", "reference", "outcome", "scheme"]


def read_splits(run_folder: Path) -> dict[str, list[Puzzle]]:
    """Return the puzzles of a run's dataset by split, those that were judged correct, each with an id of 8 digits.

    Raises:
        UserError: there is no dataset of a run, or it lacks a column.

    """
    folder = run_folder / "dataset" / "data"
    files = sorted(folder.glob("*.parquet"))
    if not files:
        hint = "name the folder of a finished run, such as runs/nemotron"
        raise UserError(Fault(f"{run_folder} holds no dataset of a run", hint=hint))
    splits: dict[str, list[Puzzle]] = defaultdict(list)
    taken: set[str] = set()
    for file in files:
        names = pq.read_schema(file).names
        missing = next((name for name in _COLUMNS[:-1] if name not in names), None)
        if missing is not None:
            raise UserError(Fault(f"{file} has no column {missing!r}", hint="is it the dataset of a run?"))
        for row in pq.read_table(file, columns=[name for name in _COLUMNS if name in names]).to_pylist():
            if row["outcome"] == "correct" and row["reference"] is not None:
                id_ = _free(str(row["id"]), taken)
                texts = (row["question"], row["reasoning"] or "", row["reference"])
                splits[file.name.partition("-")[0]].append(Puzzle(id_, *texts, row.get("scheme") or ""))
    return dict(splits)


def _free(name: str, taken: set[str]) -> str:
    """Return the first 8 digits of an id that no row before has, else the next number."""
    number = int(name[:8], 16)
    while (short := f"{number % 2**32:08x}") in taken:
        number += 1
    taken.add(short)
    return short


def stratified(puzzles: Sequence[Puzzle]) -> list[Puzzle]:
    """Return the puzzles so that each stretch of them has the schemes in their shares of the whole."""
    schemes: dict[str, list[Puzzle]] = defaultdict(list)
    for puzzle in puzzles:
        schemes[puzzle.scheme].append(puzzle)
    placed = (
        ((index + 0.5) / len(group), scheme, puzzle)
        for scheme, group in schemes.items()
        for index, puzzle in enumerate(group)
    )
    return [puzzle for _, _, puzzle in sorted(placed, key=lambda each: each[:2])]


def write_split(name: str, puzzles: Iterable[Puzzle], folder: Path) -> tuple[Path, Path]:
    """Write NAME.csv and NAME.jsonl, and return them."""
    folder.mkdir(parents=True, exist_ok=True)
    table, lines = folder / f"{name}.csv", folder / f"{name}.jsonl"
    with table.open("w", newline="", encoding="utf-8") as rows, lines.open("w", encoding="utf-8") as chats:
        writer = csv.writer(rows)
        writer.writerow(["id", "prompt", "answer"])
        for puzzle in puzzles:
            writer.writerow([puzzle.id, puzzle.question, puzzle.answer])
            row = {"id": puzzle.id, "scheme": puzzle.scheme, "prompt": puzzle.prompt, "completion": puzzle.completion}
            chats.write(json.dumps(row) + "\n")
    return table, lines
