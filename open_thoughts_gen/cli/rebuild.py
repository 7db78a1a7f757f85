"""The command `rebuild`: make a published dataset again from its recipe, and prove that the bytes are the same."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import add_line, context_of
from open_thoughts_gen.cli.program import EXIT_NOT_REBUILT, Command
from open_thoughts_gen.cli.pull import add_dataset
from open_thoughts_gen.cli.run import command_of, make

if TYPE_CHECKING:
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.recipe import Recipe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_dataset(parser)
    parser.add_argument("--out", metavar="DIR", help="the run folder to write (default: runs/NAME-rebuilt)")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="run the recipe even if it asks models, loads code of other packages or reads environment variables",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY.PATH=VALUE",
        help="change one setting of the recipe, such as teacher.model=http://HOST:PORT/v1#MODEL where the address is "
        "not published; repeatable",
    )
    add_line(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.cli.terminal import clean
    from open_thoughts_gen.errors import UserError
    from open_thoughts_gen.publish.folder import check_place
    from open_thoughts_gen.publish.pull import check_name, fetch_dataset
    from open_thoughts_gen.rejudge.rebuilt import prove
    from open_thoughts_gen.sandbox import spare

    repo: str = arguments.dataset
    check_name(repo)
    folder = Path(arguments.out or Path("runs") / f"{repo.partition('/')[2]}-rebuilt")
    check_place(folder)
    with TemporaryDirectory() as temporary, spare.allowed():
        published = Path(temporary) / "dataset"
        pulled = fetch_dataset(repo, published, revision=arguments.revision)
        recipe = _recipe(published / "recipe.yaml", repo, trusted=arguments.trust, changes=arguments.set)
        try:
            make(recipe, folder, context_of(recipe, arguments), arguments, command=command_of(folder))
        except UserError as error:
            raise UserError(*error.faults, _why_not(error, recipe, repo)) from error
        proof = prove(published, folder, recipe, repo=repo)
    for path, state in proof.files.items():
        if state != "same":
            sys.stdout.write(f"{state}: {clean(path)}\n")
    for reason in proof.reasons:
        sys.stdout.write(f"likely reason: {clean(reason)}\n")
    num, where = len(proof.files), f"files of {repo} at {clean(pulled.commit[:12])}"
    different = f"not proved: {num - proof.num_same} of {num} {where} are not the same"
    sys.stdout.write(f"proved: all {num} {where} are made again, byte for byte" if proof.holds else different)
    sys.stdout.write(f"\n{folder}\n")
    return 0 if proof.holds else EXIT_NOT_REBUILT


COMMAND = Command(
    "rebuild",
    "Make a published dataset again from its recipe, and prove that the bytes are the same, or say why they are not.",
    add_arguments,
    run,
)


def _why_not(error: UserError, recipe: Recipe, repo: str) -> Fault:
    """Return what ends the report of a run that failed, with what to do."""
    from open_thoughts_gen.errors import Fault, ProviderError

    hint = ""
    if isinstance(error, ProviderError):
        hint = "where an address is not published, name your own with --set teacher.model=http://HOST:PORT/v1#MODEL"
    elif any("path" in type(part.plugin).model_fields for part in recipe.sources):
        hint = "a file that its source reads is not published with it; put it where the recipe looks for it"
    return Fault(f"{repo} cannot be made again here", hint=hint)


def _recipe(file: Path, repo: str, *, trusted: bool, changes: Sequence[str]) -> Recipe:
    """Return the published recipe; relative paths start beside it if files of questions lie there, else here.

    Raises:
        UserError: there is none, it has a fault, or it does more than compute and is not trusted.

    """
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.publish.question_files import FOLDER as QUESTIONS
    from open_thoughts_gen.recipe import load_recipe
    from open_thoughts_gen.recipe.load import read_file
    from open_thoughts_gen.rejudge.rebuilt import asked_models, dangers

    if not file.is_file():
        raise UserError(Fault(f"{repo} has no recipe.yaml", hint="only a dataset that has one can be made again"))
    reasons = dangers(read_file(file)[0])
    folder = file.parent if (file.parent / QUESTIONS).is_dir() else Path()
    recipe = load_recipe(file, overrides=changes).in_folder(folder) if trusted or not reasons else None
    if recipe is not None:
        reasons += [f"it asks {model}" for model in asked_models(recipe)]
    if recipe is None or (reasons and not trusted):
        hint = f"read it on the Hub, and add --trust if you trust {repo.partition('/')[0]}"
        raise UserError(
            *(Fault(f"the recipe of {repo} does more than compute: {reason}", hint=hint) for reason in reasons)
        )
    return recipe
