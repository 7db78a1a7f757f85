"""Run a recipe's line under the command line: its context, its engine, and what is shown while it works."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.options import add_cache, add_engine, cache_path, open_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from open_thoughts_gen.cli.progress import Watch
    from open_thoughts_gen.pipeline.shared import SharedWork
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.recipe import Recipe
    from open_thoughts_gen.types import Finished, Sample


def add_line(parser: argparse.ArgumentParser) -> None:
    """Add the options of a command that runs a recipe."""
    add_cache(parser)
    add_engine(parser)


def context_of(recipe: Recipe, arguments: argparse.Namespace) -> Context:
    """Return the context to run a recipe in: its seed, its folder, the response cache and the budget."""
    from open_thoughts_gen.money.budget import Spending
    from open_thoughts_gen.plugin import Context

    spending = Spending(recipe.budget, recipe.known_prices)
    return Context(
        seed=recipe.seed, folder=recipe.folder, cache=cache_path(arguments), run=recipe.name, spending=spending
    )


def run_recipe(
    recipe: Recipe,
    context: Context,
    arguments: argparse.Namespace,
    *,
    title: str = "",
    shared: SharedWork | None = None,
    on_answer: Callable[[Sample], None] | None = None,
) -> tuple[Finished, dict[str, float]]:
    """Run the line and show its progress; return what it made, and the seconds of each step by name.

    `shared` is what runs before it in this process have worked out; `on_answer` gets each answer when it comes, and
    again with each verdict on it.
    """
    from open_thoughts_gen.pipeline import run_line
    from open_thoughts_gen.plugin.interrupts import waited_for

    screen = watch(console(stderr=True), title or recipe.name)
    screen.on_answer = on_answer
    with open_engine(arguments) as engine, screen as progress, waited_for():
        finished = run_line(recipe, context=context, progress=progress, engine=engine, shared=shared)
    return finished, progress.timings


def console(*, stderr: bool = False) -> Console:
    """Return the terminal to print to, without highlighting: what is shown is data, not markup."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, soft_wrap=False)


def watch(console: Console, title: str) -> Watch:
    """Return what suits the console: bars in a terminal, plain lines elsewhere."""
    from open_thoughts_gen.cli.progress import PlainLines, is_notebook

    if not console.is_terminal or is_notebook(os.environ):
        return PlainLines(console)
    from open_thoughts_gen.cli.bars import Bars

    return Bars(console, title)
