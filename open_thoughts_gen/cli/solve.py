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

_USUAL = {"id": ("id",), "prompt": ("prompt", "question", "problem"), "answer": ("answer", "reference")}
_COLUMNS = ("id", "scheme", "answer", "is_forced", "n_worlds", "n_answers", "expected", "is_right")


@dataclass(frozen=True, slots=True)
class SolvedRow:
    """A row of the file: `solution` is None if the family cannot read it, `is_right` where no answer is given."""

    id: str
    solution: Solution | None
    expected: str
    is_right: bool | None

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
    if arguments.out is not None and arguments.out.exists():
        raise UserError(Fault(f"{arguments.out} exists already", hint="give --out another name"))
    rows = list(_rows(arguments))
    if not rows:
        raise UserError(Fault(f"{arguments.file} holds no problems", hint="its first line names the columns"))
    output = console()
    solved = [_solved(family, row) for row in track(rows, "solving", console=console(stderr=True), transient=True)]
    output.print(_summary(solved))
    if arguments.out is not None:
        _write(solved, arguments.out)
        output.print(f"wrote {len(solved):,} answers to {arguments.out}", style="dim", markup=False, soft_wrap=True)
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


def _solved(family: Family, row: Mapping[str, str]) -> SolvedRow:
    from open_thoughts_gen.plugin import UnreadablePuzzleError

    try:
        solution = family.solve(row["prompt"])
    except UnreadablePuzzleError:
        return SolvedRow(row["id"], None, row["answer"], None)
    if not row["answer"].strip():
        return SolvedRow(row["id"], solution, "", None)
    is_right = solution.best is not None and family.agrees(row["answer"], solution.best)
    return SolvedRow(row["id"], solution, row["answer"], is_right)


def _summary(solved: list[SolvedRow]) -> Table:
    """Return a line for each scheme: a forced answer that is wrong means that the rules are not those of the rows."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    table.add_column("scheme")
    for heading in ("rows", "right", "right %", "forced", "forced and wrong", "not determined", "no answer"):
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
            "not determined": has_answer and not is_forced,
            "no answer": not has_answer,
        }
        counts.update((name, fact) for fact, holds in facts.items() if holds for name in (scheme, "all"))
    for scheme in sorted({name for name, _ in counts} - {"all"}) + ["all"] * bool(solved):
        num = {fact: counts[scheme, fact] for fact in ("rows", "forced", "not determined", "no answer")}
        scored = counts[scheme, "scored"]
        right = [f"{counts[scheme, 'right']:,}", f"{counts[scheme, 'right'] / scored:.1%}"] if scored else ["", ""]
        wrong = f"{counts[scheme, 'forced and wrong']:,}" if scored else ""
        cells = (f"{num['rows']:,}", *right, f"{num['forced']:,}", wrong)
        table.add_row(scheme, *cells, f"{num['not determined']:,}", f"{num['no answer']:,}")
    return table


def _write(solved: list[SolvedRow], path: Path) -> None:
    import csv

    with path.open("x", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        writer.writerows(row.cells for row in solved)


COMMAND = Command(
    "solve",
    "Solve a file of problems with a family's own solver, which sees only their text and calls no model; score its "
    "answers if the file has the right ones.",
    add_arguments,
    run,
)
