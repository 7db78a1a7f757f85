"""The command `preview`: the first samples of a recipe, to read before the rest is paid for."""

from __future__ import annotations

import argparse
import sys

from open_thoughts_gen.cli.line import add_line, console, context_of, run_recipe
from open_thoughts_gen.cli.options import add_recipe, positive, read_recipe
from open_thoughts_gen.cli.program import Command
from open_thoughts_gen.cli.run import rebuild_command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_recipe(parser)
    add_line(parser)
    parser.add_argument(
        "-n",
        dest="num",
        type=positive,
        default=3,
        metavar="N",
        help="how many questions to answer and show (default: 3)",
    )
    parser.add_argument(
        "--card",
        action="store_true",
        help="instead, print the dataset's card (Markdown) as far as the recipe decides it, with a place for all that "
        "only a run can tell. Asks no model, opens no source, needs no key",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    whole = read_recipe(arguments)
    if arguments.card:
        from open_thoughts_gen.publish.card import unfilled_card

        sys.stdout.write(unfilled_card(whole, rebuild_command(arguments)))
        return 0
    from open_thoughts_gen.cli import terminal

    recipe = whole.model_copy(update={"target": None, "max_questions": arguments.num, "attempts": 1, "until": None})
    finished, _ = run_recipe(recipe, context_of(recipe, arguments), arguments)
    output = console()
    dropped = [drop for drop in finished.dropped if drop.sample is not None]
    rows = [(sample, None) for sample in finished.samples] + [(drop.sample, drop) for drop in dropped]
    for number, (sample, drop) in enumerate(rows, start=1):
        if sample is not None:
            output.print(terminal.row(sample, drop, number))
    output.print(terminal.funnel(recipe, finished.counts), terminal.expense(finished.counts))
    return 0


COMMAND = Command(
    "preview",
    "Make and show the first few samples of a recipe, without a run folder; this calls the teacher, and may cost "
    "money. With --card: print the dataset's card as it is known before a run, which costs nothing.",
    add_arguments,
    run,
)
