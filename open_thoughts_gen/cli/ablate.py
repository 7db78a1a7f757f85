"""The command `ablate`: one recipe made several times with one stage swapped, and what that changes."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import add_line, console, context_of
from open_thoughts_gen.cli.options import add_recipe, cache_path, positive, recipe_changes
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, EXIT_USER_ERROR, Command
from open_thoughts_gen.cli.run import command_of, make

if TYPE_CHECKING:
    from open_thoughts_gen.errors import Fault
    from open_thoughts_gen.pipeline.shared import SharedWork
    from open_thoughts_gen.recipe.variants import Variant
    from open_thoughts_gen.rejudge.ablation import Ablation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_recipe(parser)
    parser.add_argument(
        "--vary",
        required=True,
        metavar="STAGE",
        help="what differs: a key of the recipe (question_filters, answer_filters, teacher, ...), a setting such as "
        "teacher.temperature, or a plug-in by its name, such as near_dedup",
    )
    parser.add_argument(
        "--with",
        dest="values",
        nargs="+",
        required=True,
        metavar="VALUE",
        help="its values, two or more: a YAML file that holds one, a value as YAML, such as '[]', or the word `recipe` "
        "for what the recipe says",
    )
    parser.add_argument(
        "--num",
        dest="target",
        type=positive,
        metavar="N",
        help="the same as --target: the number of accepted samples of each variant",
    )
    parser.add_argument(
        "--out",
        metavar="DIR",
        help="the folder to write, a run folder for each variant in it (default: runs/NAME-STAGE)",
    )
    add_line(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.sandbox import spare

    with spare.allowed():
        return _run(arguments)


COMMAND = Command(
    "ablate",
    "Make a recipe's dataset several times with one stage swapped, and compare what was kept, cost, lengths and rates.",
    add_arguments,
    run,
)


def _run(arguments: argparse.Namespace) -> int:
    from open_thoughts_gen.cli.shipped import recipe_file
    from open_thoughts_gen.cli.terminal import clean
    from open_thoughts_gen.errors import UserError
    from open_thoughts_gen.pipeline.shared import SharedWork
    from open_thoughts_gen.pipeline.spool import Spool
    from open_thoughts_gen.recipe import load_recipe
    from open_thoughts_gen.recipe.variants import variants
    from open_thoughts_gen.rejudge.ablation import Ablation

    path = recipe_file(arguments.recipe)
    chosen = variants(
        path,
        lambda value: load_recipe(path, value=value, **recipe_changes(arguments)),
        vary=arguments.vary,
        values=arguments.values,
    )
    stage = re.sub(r"[^a-z0-9]+", "-", arguments.vary.lower()).strip("-")
    folder = Path(arguments.out or Path("runs") / f"{chosen[0].base}-{stage}")
    ablation = Ablation(folder, vary=arguments.vary, values={each.name: each.value for each in chosen})
    ablation.begin()
    shared = SharedWork(Spool(cache_path(arguments).parent))
    faults: list[Fault] = []
    num_short = 0
    for variant in chosen:
        if ablation.is_finished(variant.name, variant.recipe):
            sys.stderr.write(f"{variant.name}: made before, in {folder / variant.name}\n")
            continue
        try:
            shortfall = _make(variant, folder / variant.name, shared, arguments)
        except UserError as error:
            faults += [replace(fault, message=f"{variant.name}: {fault.message}") for fault in error.faults]
            continue
        if shortfall:
            sys.stderr.write(f"{variant.name}: fewer samples than the target: {clean(shortfall)}\n")
            num_short += 1
    _report(ablation)
    for fault in faults:
        sys.stderr.write(f"{clean(str(fault))}\n")
    return EXIT_USER_ERROR if faults else EXIT_BELOW_TARGET if num_short else 0


def _make(variant: Variant, folder: Path, shared: SharedWork, arguments: argparse.Namespace) -> str:
    """Make the run folder of a variant; return why it has fewer rows than its target, empty if it has not."""
    context = context_of(variant.recipe, arguments)
    finished, _ = make(variant.recipe, folder, context, arguments, command=command_of(folder), shared=shared)
    return finished.shortfall


def _report(ablation: Ablation) -> None:
    """Compare what there is, and print the table and where everything is."""
    from rich.table import Table

    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.rejudge.ablation import comparison

    summaries = ablation.finish()
    output = console()
    table = Table(box=None, pad_edge=False)
    for name in ("", *summaries):
        table.add_column(plain(name), justify="left" if not name else "right")
    for row in comparison(summaries):
        table.add_row(*map(plain, row))
    output.print(table)
    for name in summaries:
        output.print(plain(f"{name}: {ablation.folder / name / 'dataset'}"), soft_wrap=True)
    if summaries:
        output.print(plain(f"table and figure: {ablation.folder / 'ablation.md'}"), soft_wrap=True)
