"""The command `cassette`: record a few traces, so that the teacher `replay` can answer without a model."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from open_thoughts_gen.cli.line import add_line, context_of, run_recipe
from open_thoughts_gen.cli.options import add_recipe, positive, read_recipe
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_recipe(parser)
    add_line(parser)
    parser.add_argument("-n", dest="num", type=positive, default=5, metavar="N", help="questions to send (default: 5)")
    parser.add_argument(
        "--out", default="cassette.jsonl", metavar="FILE", help="the file to write (default: cassette.jsonl)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.teachers.replay import write_cassette

    whole = read_recipe(arguments)
    recipe = whole.model_copy(update={"target": None, "max_questions": arguments.num})
    finished, _ = run_recipe(recipe, context_of(whole, arguments), arguments)
    samples = [*finished.samples, *(drop.sample for drop in finished.dropped if drop.sample is not None)]
    num = write_cassette(Path(arguments.out), [sample.trace for sample in samples if sample.trace is not None])
    sys.stdout.write(f"{arguments.out}: {num} traces\n")
    return 0 if num else EXIT_BELOW_TARGET


COMMAND = Command(
    "cassette",
    "Record a few of the teacher's answers to a file, so that the `replay` teacher can serve them offline.",
    add_arguments,
    run,
)
