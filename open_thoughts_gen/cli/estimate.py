"""The command `estimate`: what a run will take, from a few of its questions; `run` prints the same before it begins."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import add_line, context_of, run_recipe
from open_thoughts_gen.cli.options import add_recipe, positive, read_recipe
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, Command

if TYPE_CHECKING:
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.recipe import Recipe

_NUM_BEFORE_RUN = 8
_MIN_RUN = 50  # of a smaller run an estimate would be a large share


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_recipe(parser)
    add_line(parser)
    parser.add_argument(
        "-n", dest="num", type=positive, default=20, metavar="N", help="questions to send (default: 20)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    recipe = read_recipe(arguments)
    lines = _estimate(recipe, context_of(recipe, arguments), arguments, arguments.num)
    sys.stdout.write("\n".join(lines or ["no model answered, so there is nothing to estimate from"]) + "\n")
    return 0 if lines else EXIT_BELOW_TARGET


COMMAND = Command(
    "estimate",
    "Send a few questions to the teacher (20 by default), then estimate the whole run: calls, tokens, cost and time.",
    add_arguments,
    run,
)


def print_estimate_before_run(recipe: Recipe, context: Context, arguments: argparse.Namespace) -> None:
    """Print what a run will take where it has a price and is more than a few rows; a rehearsal costs nothing."""
    if getattr(arguments, "rehearse", False) or (recipe.target or recipe.question_limit or _MIN_RUN) < _MIN_RUN:
        return
    from open_thoughts_gen.cli.estimation import is_paid

    if is_paid(recipe):
        for line in _estimate(recipe, context, arguments, _NUM_BEFORE_RUN):
            sys.stderr.write(f"{line}\n")


def _estimate(recipe: Recipe, context: Context, arguments: argparse.Namespace, num: int) -> list[str]:
    from open_thoughts_gen.cli.estimation import estimate, sample_of

    title = f"{recipe.name}: the first {num} questions, for the estimate"
    finished, _ = run_recipe(sample_of(recipe, num), context, arguments, title=title)
    estimated = estimate(recipe, finished, context=context)
    return estimated.lines() if estimated else []
