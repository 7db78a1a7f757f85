"""The command `check`: find what is wrong with a recipe before it runs, and show its first questions."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console, context_of
from open_thoughts_gen.cli.options import add_cache, add_recipe, read_recipe
from open_thoughts_gen.cli.program import EXIT_USER_ERROR, Command

if TYPE_CHECKING:
    from open_thoughts_gen.errors import Fault
    from open_thoughts_gen.recipe import Recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_recipe(parser)
    add_cache(parser)
    parser.add_argument(
        "--file-only",
        action="store_true",
        help="check only the recipe's file, without opening the sources or looking for API keys",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="also send one short question to each model, to see that its key and its address work",
    )
    parser.add_argument(
        "--push", action="store_true", help="also check that the token is set with which a dataset is pushed to the Hub"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.cli.terminal import clean, plain
    from open_thoughts_gen.errors import UserError

    notes: list[Fault] = []
    try:
        recipe = read_recipe(arguments)
        faults, notes = ([], []) if arguments.file_only else _check_parts(recipe, arguments)
    except UserError as error:
        faults = list(error.faults)
    sys.stdout.flush()
    for fault in dict.fromkeys(faults):
        sys.stderr.write(f"{clean(str(fault))}\n")
    sys.stderr.flush()
    for note in notes:
        console().print(plain(f"note: {note}", "yellow"), soft_wrap=True)
    sys.stdout.flush()
    if faults and len(faults) + len(notes) > 1:
        sys.stderr.write(f"{_counted(len(dict.fromkeys(faults)), 'error')}, {_counted(len(notes), 'note')}\n")
    if faults:
        return EXIT_USER_ERROR
    sys.stdout.write(f"{arguments.recipe}: ok, the recipe {recipe.name!r} has no faults\n")
    return 0


def _counted(num: int, noun: str) -> str:
    return f"{num} {noun}" if num == 1 else f"{num} {noun}s"


COMMAND = Command("check", "Find what is wrong with a recipe before it runs.", add_arguments, run)


def _check_parts(recipe: Recipe, arguments: argparse.Namespace) -> tuple[list[Fault], list[Fault]]:
    """Open the sources, start the plug-ins, print what they show, and return the faults and the notes."""
    from open_thoughts_gen.cli import live, readiness, terminal

    context = context_of(recipe, arguments)
    output = console()
    samples, faults = readiness.read_sources(recipe, context)
    for sample in samples:
        output.print(terminal.source_sample(sample), soft_wrap=True)
    if arguments.push:
        faults += readiness.check_token()
    findings = readiness.check_recipe(recipe, samples, pushed=arguments.push)
    faults += [*findings.faults, *readiness.start_parts(recipe, context)]
    if arguments.live and not faults:
        calls, live_faults = live.call_endpoints(recipe)
        faults += live_faults
        for line in calls:
            output.print(terminal.plain(line), soft_wrap=True)
    return faults, findings.notes
