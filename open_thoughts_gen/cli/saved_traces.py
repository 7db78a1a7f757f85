"""What `verify`, `compare` and `reward` share: which saved traces are meant, who judges them, and what was left out."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.options import add_cache, add_engine, at_least, cache_path, open_engine, read_fields

if TYPE_CHECKING:
    from rich.console import Console

    from open_thoughts_gen.recipe import Part, Recipe
    from open_thoughts_gen.rejudge.rescoring import Saved, Verdicts
    from open_thoughts_gen.types import Sample

CARRIED = "saved:"
MAX_CHARACTERS = 300


def add_traces(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which saved traces are meant; `read_traces` reads them."""
    parser.add_argument(
        "place", metavar="RUN_OR_DATASET", help="a run folder, a folder or file of rows, or OWNER/NAME on the Hub"
    )
    parser.add_argument(
        "--split", default="train", metavar="NAME", help="split of a dataset on the Hub (default: train)"
    )
    parser.add_argument("--config", metavar="NAME", help="config of a dataset on the Hub (default: its default one)")
    parser.add_argument(
        "--fields",
        dest="columns",
        default="",
        metavar="FIELD=COLUMN,...",
        help="which column holds which field, such as prompt=question,reference=answer; the fields are prompt, "
        "response, reasoning, messages, reference and domain (default: columns of these names, or of common other "
        "names, such as question, problem, completion, solution or answer)",
    )
    parser.add_argument("--columns", dest="columns", default="", help=argparse.SUPPRESS)  # its former name
    parser.add_argument("--limit", type=at_least(1), metavar="N", help="read at most this many rows")
    add_cache(parser)
    add_engine(parser)


def add_verifiers(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which verifiers judge; `named_verifiers` reads them."""
    parser.add_argument(
        "--with",
        dest="recipe",
        metavar="RECIPE",
        help="use the verifiers of this recipe (default: those of the run folder's recipe)",
    )
    parser.add_argument(
        "--verifier",
        action="append",
        default=[],
        metavar="NAME[:{...}]",
        help="use this verifier, with settings in braces: math, or 'exact:{fold: [case]}' to ignore case; repeatable; "
        "added to those of --with, and without --with used instead of the run folder's",
    )


def read_traces(arguments: argparse.Namespace) -> Saved:
    """Return the saved traces that the options name."""
    from open_thoughts_gen.rejudge import rescoring, saved

    rows = saved.samples(
        arguments.place,
        columns=read_fields(arguments.columns),
        show=lambda line: sys.stderr.write(f"columns: {line} (--fields changes them)\n"),
        split=arguments.split,
        config=arguments.config,
        limit=arguments.limit,
    )
    return rescoring.gather(rows, arguments.place)


def named_verifiers(arguments: argparse.Namespace) -> tuple[list[Part], Recipe | None]:
    """Return the verifiers named by the options, else the verifiers of the run's recipe; and the recipe, if any.

    Raises:
        UserError: no verifier is named, or there are no saved traces at the place.

    """
    from open_thoughts_gen.cli.shipped import recipe_file
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.recipe import load_recipe
    from open_thoughts_gen.recipe.inline import read_part
    from open_thoughts_gen.rejudge.saved import check_place, is_trusted

    where: str = arguments.place
    check_place(where)
    recipe = load_recipe(recipe_file(arguments.recipe)) if arguments.recipe else None
    if recipe is None and not arguments.verifier and is_trusted(where):
        recipe = load_recipe(Path(where) / "recipe.yaml")
    parts = [*(recipe.verifiers if recipe else ())]
    parts += [read_part(text, "verifier", where="--verifier") for text in arguments.verifier]
    if not parts:
        message = f"the recipe of {arguments.recipe or where} names no verifier"
        if recipe is None:
            missing = "" if Path(where).exists() else f"there is no run folder {where}{_similar_name(where)}, and "
            message = f"{missing}no verifier is named"
        raise UserError(Fault(message, hint="name one with --verifier, or a recipe with --with"))
    return parts, recipe


def _similar_name(path: str) -> str:
    """Return the folder whose name is nearest to one that does not exist, as a question in brackets."""
    folder, name = Path(path).parent, Path(path).name
    siblings = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    nearest = get_close_matches(name, siblings, n=1)
    return f" (did you mean {folder / nearest[0]}?)" if nearest else ""


def judge_traces(
    samples: Sequence[Sample], parts: Sequence[Part], arguments: argparse.Namespace, recipe: Recipe | None = None
) -> dict[str, Verdicts]:
    """Return the verdicts of each verifier on saved traces; print what judges cost and what verifiers raised."""
    from open_thoughts_gen.cli import terminal
    from open_thoughts_gen.cli.line import console, watch
    from open_thoughts_gen.money.budget import Spending
    from open_thoughts_gen.money.prices import listed
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.plugin.interrupts import waited_for
    from open_thoughts_gen.plugin.judging import Faults
    from open_thoughts_gen.publish.faults import FAULTS_FILE, write_faults
    from open_thoughts_gen.rejudge import rescoring

    faults = Faults()
    spending = Spending(prices=recipe.known_prices if recipe else listed())
    context = Context(
        seed=recipe.seed if recipe else 0,
        folder=recipe.folder if recipe else Path(),
        cache=cache_path(arguments),
        run=recipe.name if recipe else "verify",
        spending=spending,
    )
    with ExitStack() as stack:
        engine = stack.enter_context(open_engine(arguments))
        progress = stack.enter_context(watch(console(stderr=True), "verify"))
        stack.enter_context(waited_for())
        verdicts = rescoring.judge(samples, parts, context=context, engine=engine, progress=progress, faults=faults)
    for role, spent in spending.spent.items():
        sys.stderr.write(f"{role}: {terminal.of_role(spent)}\n")
    out = getattr(arguments, "out", None)
    written = write_faults(faults.raised, Path(out) / FAULTS_FILE) if out else None
    for note in terminal.fault_notes(faults.raised, written or "`verify --out DIR` writes them"):
        sys.stderr.write(f"{terminal.clean(note)}\n")
    return verdicts


def print_left_out(saved: Saved, output: Console) -> None:
    """Print which rows could not be used, and why, with one example each."""
    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.text import shorten

    for reason, num in saved.left_out.items():
        example = shorten(saved.examples[reason], MAX_CHARACTERS)
        output.print(plain(f"{num:,} rows left out: {reason} ({example})", "yellow"), soft_wrap=True)
