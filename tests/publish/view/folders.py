"""Run folders to look at, written without a run: rows with twins, attempts, verdicts, and rows that were left out."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from open_thoughts_gen.publish.columns import MEASURES, STANDARD, Column, arrow_schema
from open_thoughts_gen.publish.folder import MADE_BY
from open_thoughts_gen.publish.parquet import write_parquet

COLUMNS = (*STANDARD, MEASURES, Column("level", dtype="int64"), Column("twin_of"), Column("spec"))
LEFT_OUT = (*(Column(name) for name in ("step", "plugin", "reason", "detail", "twin")), *STANDARD)


def row(i: int, **cells: Any) -> dict[str, Any]:
    """Return the row number `i`."""
    outcome = ("correct", "correct", "incorrect", "undecided")[i % 4]
    verdicts = [
        {"verifier": "math", "outcome": outcome, "answer": str(2 * i), "explanation": f"compared with {2 * i}"},
        {"verifier": "steps", "outcome": "correct", "answer": None, "explanation": ""},
    ]
    return {
        "id": f"{i:016x}",
        "question": f"What is {i} plus {i}?\n\nThink of **row {i}**.",
        "reasoning": "so " * (10 + i),
        "response": f"Twice {i} is $2 \\cdot {i}$.\n\nAnswer: {2 * i}",
        "answer": str(2 * i),
        "reference": str(2 * i),
        "domain": ("math", "law", "code")[i % 3],
        "outcome": outcome,
        "pass_rate": (i % 4) / 4,
        "teacher": "solver",
        "attempt": 0,
        "finish_reason": "stop",
        "source": "toy",
        "license": "cc0-1.0",
        "verdicts": verdicts,
        "measures": [{"name": "clarity", "value": str(i / 10), "by": "toy"}],
        "level": i % 4 + 1,
        "spec": json.dumps({"i": i}),
    } | cells


def run_folder(folder: Path, rows: Sequence[Mapping[str, Any]], left_out: Sequence[Mapping[str, Any]] = ()) -> Path:
    """Write a run folder of these rows, the last third of them in the split `test`."""
    data = folder / "dataset" / "data"
    data.mkdir(parents=True)
    cut = len(rows) - len(rows) // 3
    for split, some in (("train", rows[:cut]), ("test", rows[cut:])):
        write_parquet(data / f"{split}-00000-of-00001.parquet", some, arrow_schema(COLUMNS))
    splits = "".join(f"  - split: {split}\n    path: data/{split}-*\n" for split in ("train", "test"))
    card = f"---\nconfigs:\n- config_name: default\n  data_files:\n{splits}---\n\n# Rows\n"
    (folder / "dataset" / "README.md").write_text(card)
    if left_out:
        write_parquet(folder / "dropped.parquet", left_out, arrow_schema(LEFT_OUT))
    dropped = [{"step": "sample_filters", "plugin": "near_dedup", "reason": "near-duplicate", "num": len(left_out)}]
    counts = {"drawn": 50, "asked": 50, "traces": 50, "kept": len(rows), "dropped": dropped if left_out else []}
    (folder / "run.json").write_text(json.dumps({"made_by": MADE_BY, "counts": counts}))
    return folder


def small_run(folder: Path, num: int = 60) -> Path:
    """Write a run folder of `num` rows; row 1 is the twin of row 0, and an attempt at row 2 was left out."""
    rows = [row(i) for i in range(num)]
    rows[1] = row(1, twin_of=rows[0]["id"])
    standard = {name: cell for name, cell in row(2, attempt=1).items() if name in {column.name for column in STANDARD}}
    why = {"step": "sample_filters", "plugin": "near_dedup", "reason": "near-duplicate", "detail": "of another"}
    return run_folder(folder, rows, [standard | why | {"twin": rows[3]["id"]}])


@contextmanager
def viewer(folder: Path) -> Iterator[str]:
    """Start `view` as a user would, and give the address that it prints."""
    command = [sys.executable, "-m", "open_thoughts_gen", "view", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
    assert process.returncode == 0
