"""The command `verify`: run verifiers on traces that were saved before."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.program import Command
from open_thoughts_gen.cli.saved_traces import (
    CARRIED,
    add_traces,
    add_verifiers,
    judge_traces,
    named_verifiers,
    print_left_out,
    read_traces,
)

if TYPE_CHECKING:
    from rich.table import Table

    from open_thoughts_gen.rejudge.rescoring import Saved, Verdicts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_traces(parser)
    add_verifiers(parser)
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="also write every verdict to DIR/verdicts.parquet (default: only print how many there are of each)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.rejudge import rescoring

    parts, recipe = named_verifiers(arguments)
    saved = read_traces(arguments)
    verdicts = judge_traces(saved.samples, parts, arguments, recipe)
    output = console()
    output.print(_outcomes(saved, verdicts))
    reading = [part.plugin.plugin_name() for part in parts if part.plugin.reads_reference]
    if reading and saved.samples and not any(sample.question.reference for sample in saved.samples):
        remark = (
            f"note: no row has a reference, which {', '.join(reading)} needs; name its column: --fields reference=..."
        )
        output.print(plain(remark, "yellow"), soft_wrap=True)
    print_left_out(saved, output)
    if arguments.out:
        file = rescoring.write_verdicts(saved.samples, verdicts, Path(arguments.out))
        output.print(f"verdicts: {file}", markup=False, soft_wrap=True)
    return 0


COMMAND = Command(
    "verify",
    "Run verifiers again on saved traces. The teacher is not called; a `judge` verifier calls its model.",
    add_arguments,
    run,
)


def _outcomes(saved: Saved, verdicts: Mapping[str, Verdicts]) -> Table:
    """Return how often each verifier said what; the verdicts that the rows carry stand first, for comparison."""
    from rich.table import Table

    from open_thoughts_gen.cli.terminal import OUTCOME_STYLES, plain
    from open_thoughts_gen.rejudge import rescoring

    table = Table(box=None, pad_edge=False)
    table.add_column("verifier")
    headings = [*rescoring.OUTCOMES, "not asked"]
    for heading in headings:
        table.add_column(heading, justify="right", style=OUTCOME_STYLES.get(heading, ""))
    carried = {f"{CARRIED}{name}": earlier for name, earlier in rescoring.carried(saved.samples).items()}
    for name, by_sample in [*carried.items(), *verdicts.items()]:
        counts = rescoring.counts(by_sample)
        table.add_row(plain(name, "dim" if name in carried else ""), *(f"{counts[heading]:,}" for heading in headings))
    return table
