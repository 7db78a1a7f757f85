"""The command `challenge`: the rows of a run as NVIDIA's Nemotron challenge and its model read them, with an audit."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.options import at_least
from open_thoughts_gen.cli.program import Command

if TYPE_CHECKING:
    from rich.table import Table

    from open_thoughts_gen.challenge.audit import Lengths
    from open_thoughts_gen.challenge.form import Puzzle

_LENGTHS = ("tokens of completions", "rows", "median", "90 %", "99 %", "longest", "longest prompt", "too long")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("run_folder", metavar="RUN", type=Path, help="the folder of a run, such as runs/nemotron")
    parser.add_argument("--out", metavar="DIR", type=Path, required=True, help="the folder to write to")
    parser.add_argument(
        "--tokens",
        action="store_true",
        help="count tokens as the model does, and leave out rows over --max-tokens; needs the extra `nemotron`",
    )
    parser.add_argument(
        "--max-tokens",
        type=at_least(1),
        default=6900,
        metavar="N",
        help="with --tokens: the most tokens of a completion (default: 6900; the challenge stops a model at 7680)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.challenge import audit, export
    from open_thoughts_gen.challenge.guesses import guessed
    from open_thoughts_gen.challenge.tekken import Tokens

    output, tokens = console(), Tokens()
    splits = export.read_splits(arguments.run_folder)
    for name, puzzles in splits.items():
        whole = [puzzle for puzzle in puzzles if not _is_left_out(puzzle, puzzle.fault())]
        if arguments.tokens:
            sized = [(puzzle, audit.sizes_of(puzzle, tokens)) for puzzle in whole]
            output.print(_length_table(name, audit.lengths(sized, arguments.max_tokens)))
            whole = [puzzle for puzzle, (_, size) in sized if size <= arguments.max_tokens]
        files = export.write_split(name, export.stratified(whole), arguments.out)
        output.print(f"{len(whole):,} rows of {name}: {files[0]}, {files[1]}", markup=False, soft_wrap=True)
    output.print(_guess_table(guessed(puzzle for puzzles in splits.values() for puzzle in puzzles)))
    return 0


def _is_left_out(puzzle: Puzzle, why: str) -> bool:
    """Report a row that is left out."""
    if why:
        console(stderr=True).print(f"row {puzzle.id} is left out: {why}", markup=False, soft_wrap=True)
    return bool(why)


def _length_table(split: str, lengths: Sequence[Lengths]) -> Table:
    """Return a line for each scheme."""
    return _table((f"{split}: {_LENGTHS[0]}", *_LENGTHS[1:]), [[str(cell) for cell in astuple(row)] for row in lengths])


def _guess_table(shares: Mapping[str, Mapping[str, float]]) -> Table:
    """Return what can be guessed without the rule, in per cent of the rows."""
    names = list(next(iter(shares.values()), {}))
    rows = [[scheme, *(f"{guesses[name]:.1%}" for name in names)] for scheme, guesses in shares.items()]
    return _table(("guessed right by", *names), rows)


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left")
    for row in rows:
        table.add_row(*row)
    return table


COMMAND = Command(
    "challenge",
    "Write the rows of a run as NVIDIA's Nemotron challenge and its model read them, and audit them.",
    add_arguments,
    run,
)
