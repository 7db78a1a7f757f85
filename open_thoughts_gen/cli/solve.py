"""The command `solve`: a file of problems, each solved from its text alone, and scored where answers are given."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.options import at_least, read_fields
from open_thoughts_gen.cli.program import EXIT_USER_ERROR, Command

if TYPE_CHECKING:
    from rich.table import Table

    from open_thoughts_gen.plugin import Family, Solution
    from open_thoughts_gen.types import Derivation

_USUAL = {"id": ("id",), "prompt": ("prompt", "question", "problem"), "answer": ("answer", "reference")}
_COLUMNS = ("id", "scheme", "answer", "is_forced", "n_worlds", "n_answers", "expected", "is_right")


@dataclass(frozen=True, slots=True)
class SolvedRow:
    """A row of the file: `solution` is None if the family cannot read it, `is_right` where no answer is given.

    `log` is how it is solved step by step, where that is asked for and there is one.
    """

    id: str
    solution: Solution | None
    expected: str
    is_right: bool | None
    log: Derivation | None = None
    log_is_right: bool = False

    @property
    def cells(self) -> tuple[object, ...]:
        """The row of the table that `--out` writes."""
        solved = self.solution
        if solved is None:
            return (self.id, "unreadable", "", "", "", "", self.expected, "")
        is_right = "" if self.is_right is None else self.is_right
        counts = (solved.is_forced, solved.num_worlds, len(solved.answers))
        return (self.id, solved.scheme, solved.best or "", *counts, self.expected, is_right)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="the problems: CSV, JSON, JSON lines or Parquet")
    parser.add_argument(
        "--family", required=True, metavar="NAME", help="the family that solves them, such as wonderland"
    )
    parser.add_argument(
        "--fields",
        default="",
        metavar="FIELD=COLUMN,...",
        help="which column holds which field; the fields are id, prompt and answer (default: columns of these names; "
        "also question or problem for the prompt, and reference for the answer)",
    )
    parser.add_argument("--limit", type=at_least(1), metavar="N", help="read at most this many rows")
    parser.add_argument(
        "--out", metavar="FILE", type=Path, help="write each row's answer to a CSV file, which must be new"
    )
    parser.add_argument(
        "--logs",
        metavar="FILE",
        type=Path,
        help="write a log of how each row is solved, line by line, to a JSON-lines file, which must be new: id, "
        "scheme, prompt, reasoning, answer and is_forced; rows whose log is too long, or that have none, are left out",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from rich.progress import track

    from open_thoughts_gen import plugin
    from open_thoughts_gen.errors import Fault, UserError

    family = plugin.load_family(arguments.family, "{}")
    if not family.solves_blind():
        solving = ", ".join(name for name in plugin.names("family") if plugin.load("family", name).solves_blind())  # type: ignore[attr-defined]
        message = f"the family {arguments.family!r} does not solve problems from their text alone"
        raise UserError(Fault(message, hint=f"families that do: {solving}"))
    for option, path in (("--out", arguments.out), ("--logs", arguments.logs)):
        if path is not None and path.exists():
            raise UserError(Fault(f"{path} exists already", hint=f"give {option} another name"))
    rows = list(_rows(arguments))
    if not rows:
        raise UserError(Fault(f"{arguments.file} holds no problems", hint="its first line names the columns"))
    output = console()
    with_logs = arguments.logs is not None
    progress = track(rows, "solving", console=console(stderr=True), transient=True)
    solved = [_solved(family, row, with_logs=with_logs) for row in progress]
    output.print(_summary(solved))
    if arguments.out is not None:
        _write(solved, arguments.out)
        output.print(f"wrote {len(solved):,} answers to {arguments.out}", style="dim", markup=False, soft_wrap=True)
    if with_logs:
        num_logs = _write_logs(rows, solved, arguments.logs)
        output.print(_log_summary(solved))
        output.print(f"wrote {num_logs:,} logs to {arguments.logs}", style="dim", markup=False, soft_wrap=True)
    return 0 if any(row.solution for row in solved) else EXIT_USER_ERROR


def _rows(arguments: argparse.Namespace) -> Iterator[Mapping[str, str]]:
    """Yield the fields of each row as text; a row without a prompt is left out with a line on standard error."""
    from open_thoughts_gen.errors import Fault, UserError, did_you_mean
    from open_thoughts_gen.tables.table import Table as RowTable
    from open_thoughts_gen.types import DropReason

    if not arguments.file.is_file():
        raise UserError(Fault(f"there is no file {arguments.file}"))
    named = {field: (column,) for field, column in read_fields(arguments.fields).items()}
    for field in named.keys() - _USUAL.keys():
        raise UserError(Fault(f"--fields: there is no field {field!r}", hint=did_you_mean(field, _USUAL)))
    errors = console(stderr=True)
    num_read = 0
    for line, row in RowTable(arguments.file).rows():
        if num_read == arguments.limit:
            return
        if isinstance(row, DropReason):
            errors.print(f"{arguments.file}:{line}: {row.detail or row.reason}", markup=False, soft_wrap=True)
            continue
        fields = {
            field: next((str(row[name]) for name in names if row.get(name) is not None), "")
            for field, names in {**_USUAL, **named}.items()
        }
        if not fields["prompt"].strip() and any(name in row for name in named.get("prompt", _USUAL["prompt"])):
            errors.print(f"{arguments.file}:{line}: no problem stands there", markup=False, soft_wrap=True)
            continue
        if not fields["prompt"]:
            hint = f"name the column: --fields prompt=...; the columns are {', '.join(map(str, row))}"
            raise UserError(Fault("no column holds the problems", where=f"{arguments.file}:{line}", hint=hint))
        num_read += 1
        yield fields | {"id": fields["id"] or str(num_read)}


def _solved(family: Family, row: Mapping[str, str], *, with_logs: bool) -> SolvedRow:
    from open_thoughts_gen.plugin import UnreadablePuzzleError

    try:
        solution = family.solve(row["prompt"])
        log = family.explain(row["prompt"]) if with_logs else None
    except UnreadablePuzzleError:
        return SolvedRow(row["id"], None, row["answer"], None)
    if not row["answer"].strip():
        return SolvedRow(row["id"], solution, "", None, log)
    is_right = solution.best is not None and family.agrees(row["answer"], solution.best)
    log_is_right = log is not None and family.agrees(row["answer"], log.answer)
    return SolvedRow(row["id"], solution, row["answer"], is_right, log, log_is_right)


def _summary(solved: list[SolvedRow]) -> Table:
    """Return a line for each scheme: a forced answer that is wrong means that the rules are not those of the rows."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("scheme")
    for heading in ("rows", "right", "right %", "forced", "forced and wrong", "not forced", "no answer"):
        table.add_column(heading, justify="right")
    counts: Counter[tuple[str, str]] = Counter()
    for row in solved:
        scheme = row.solution.scheme if row.solution else "unreadable"
        is_forced = row.solution is not None and row.solution.is_forced
        has_answer = row.solution is not None and row.solution.best is not None
        facts = {
            "rows": True,
            "scored": row.is_right is not None,
            "right": bool(row.is_right),
            "forced": is_forced,
            "forced and wrong": is_forced and row.is_right is False,
            "not forced": has_answer and not is_forced,
            "no answer": not has_answer,
        }
        counts.update((name, fact) for fact, holds in facts.items() if holds for name in (scheme, "all"))
    for scheme in sorted({name for name, _ in counts} - {"all"}) + ["all"] * bool(solved):
        num = {fact: counts[scheme, fact] for fact in ("rows", "forced", "not forced", "no answer")}
        scored = counts[scheme, "scored"]
        right = [f"{counts[scheme, 'right']:,}", f"{counts[scheme, 'right'] / scored:.1%}"] if scored else ["", ""]
        wrong = f"{counts[scheme, 'forced and wrong']:,}" if scored else ""
        cells = (f"{num['rows']:,}", *right, f"{num['forced']:,}", wrong)
        table.add_row(scheme, *cells, f"{num['not forced']:,}", f"{num['no answer']:,}")
    return table


def _log_summary(solved: list[SolvedRow]) -> Table:
    """Return a line for each scheme: how many rows have a log, and how many of these come to the right answer."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("scheme")
    for heading in ("rows", "logs", "right", "forced", "forced and wrong"):
        table.add_column(heading, justify="right")
    for scheme in [*sorted({row.solution.scheme for row in solved if row.solution}), "all"]:
        rows = [row for row in solved if scheme == "all" or (row.solution and row.solution.scheme == scheme)]
        logs = [row for row in rows if row.log is not None]
        scored = [row for row in logs if row.is_right is not None]
        forced = [row for row in logs if row.solution and row.solution.is_forced]
        wrong = [row for row in forced if row.is_right is not None and not row.log_is_right]
        right = [f"{sum(row.log_is_right for row in scored):,}", f"{len(wrong):,}"] if scored else ["", ""]
        table.add_row(scheme, f"{len(rows):,}", f"{len(logs):,}", right[0], f"{len(forced):,}", right[1])
    return table


def _write(solved: list[SolvedRow], path: Path) -> None:
    import csv

    with path.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(row.cells for row in solved)


def _write_logs(rows: list[Mapping[str, str]], solved: list[SolvedRow], path: Path) -> int:
    """Write the logs that there are, a line each, and return how many they are."""
    import json

    num_logs = 0
    with path.open("x", encoding="utf-8") as file:
        for row, each in zip(rows, solved, strict=True):
            if each.log is not None and each.solution is not None:
                reasoning = "\n".join(step.texts[0] for step in each.log.steps)
                line = {
                    "id": each.id,
                    "scheme": each.solution.scheme,
                    "prompt": row["prompt"],
                    "reasoning": reasoning,
                    "answer": each.log.answer,
                    "is_forced": each.solution.is_forced,
                }
                file.write(json.dumps(line) + "\n")
                num_logs += 1
    return num_logs


COMMAND = Command(
    "solve",
    "Solve a file of problems with a family's own solver, which sees only their text and calls no model; score its "
    "answers if the file has the right ones.",
    add_arguments,
    run,
)
