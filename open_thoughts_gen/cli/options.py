"""Options that several commands share: the recipe and its changes, the response cache, the engine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from open_thoughts_gen.engines import Engine
    from open_thoughts_gen.recipe import Recipe


def at_least(least: int) -> Callable[[str], int]:
    """Return the reader of a whole number for `argparse`: anything below `least` is an error of one line."""

    def number(word: str) -> int:
        try:
            value = int(word)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"expected a whole number of {least} or more, not {word[:40]!r}")
        return value

    return number


positive = at_least(1)


def add_recipe(parser: argparse.ArgumentParser) -> None:
    """Add the recipe, and the options that change it; `read_recipe` reads it."""
    parser.add_argument("recipe", metavar="RECIPE", help="the recipe: a YAML file, or the name of a shipped one")
    parser.add_argument(
        "--teacher",
        metavar="SPEC",
        help="use this teacher instead of the recipe's: PROVIDER/MODEL, such as openai/gpt-5; "
        "http://HOST:PORT/v1#MODEL for your own server; or the name of a teacher plug-in (see `list teacher`), with "
        "/MODEL if it needs one, such as vllm/MODEL. A name that is both, such as openai, is the provider if /MODEL "
        "follows",
    )
    parser.add_argument(
        "--target",
        type=positive,
        metavar="N",
        help="the number of accepted samples at which a run stops (default: the recipe's target)",
    )
    parser.add_argument(
        "--seed",
        type=at_least(0),
        metavar="N",
        help="the seed of every random choice (default: the recipe's seed, else 0)",
    )
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="rehearse the recipe without a key or a network: stand-in questions, no model, a small size. What it "
        "writes cannot be pushed",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY.PATH=VALUE",
        help="change one setting for this command, such as teacher.max_tokens=4096; the recipe's file stays as it is; "
        "repeatable",
    )


def read_recipe(arguments: argparse.Namespace) -> Recipe:
    """Return the recipe that the options name, with their changes; print what should be changed in its file."""
    from open_thoughts_gen.cli.shipped import recipe_file
    from open_thoughts_gen.recipe import load_recipe

    recipe = load_recipe(recipe_file(arguments.recipe), **recipe_changes(arguments))
    if recipe.notes:
        from open_thoughts_gen.cli.terminal import clean

        sys.stderr.writelines(f"note: {clean(str(note))}\n" for note in recipe.notes)
    return recipe


def recipe_changes(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what the options change in a recipe, as `load_recipe` takes it."""
    changes = {name: getattr(arguments, name) for name in ("teacher", "target", "seed")}
    return {**changes, "overrides": arguments.set, "rehearsed": arguments.rehearse}


def add_cache(parser: argparse.ArgumentParser) -> None:
    """Add the option that says where the response cache is; `cache_path` reads it."""
    parser.add_argument(
        "--cache",
        metavar="FILE",
        help="the response cache (default: $OPEN_THOUGHTS_CACHE, or a file in the user's cache folder)",
    )


def cache_path(arguments: argparse.Namespace) -> Path:
    """Return where the response cache is."""
    if arguments.cache:
        return Path(arguments.cache).expanduser()
    from open_thoughts_gen.cache.file import default_place

    return default_place()


def read_fields(text: str) -> dict[str, str]:
    """Return the column of each field that `--fields FIELD=COLUMN,...` names.

    Raises:
        UserError: the text has another form.

    """
    from open_thoughts_gen.errors import Fault, UserError

    pairs = [pair.partition("=") for pair in text.split(",") if pair.strip()]
    if any(not equals or not field.strip() or not column.strip() for field, equals, column in pairs):
        message = f"--fields: {text!r} is not a list of FIELD=COLUMN"
        raise UserError(Fault(message, hint="write FIELD=COLUMN,..., such as prompt=question"))
    return {field.strip(): column.strip() for field, _, column in pairs}


def add_engine(parser: argparse.ArgumentParser) -> None:
    """Add the options that say where work is done; they change no byte of a dataset. `open_engine` reads them."""
    parser.add_argument(
        "--engine",
        choices=("local", "ray"),
        default="local",
        help="where verifiers, filters and calls run: local, on this machine; ray, on a Ray cluster (default: local)",
    )
    parser.add_argument(
        "--address",
        metavar="HOST:PORT",
        help="with --engine ray: the cluster to join (default: start one on this machine)",
    )
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="with --engine local: the number of worker processes (default: one for each core)",
    )


def open_engine(arguments: argparse.Namespace) -> AbstractContextManager[Engine]:
    """Return the engine that the options name.

    Raises:
        UserError: an option of the other engine is given, or the cluster cannot be joined.

    """
    from open_thoughts_gen.errors import Fault, UserError

    if arguments.engine == "ray":
        from open_thoughts_gen.engines.ray import Ray

        if arguments.workers is not None:
            raise UserError(Fault("--workers is for the local engine", hint="leave it out: Ray uses every core it has"))
        return Ray(arguments.address or "auto")
    from open_thoughts_gen.engines.local import Local

    if arguments.address is not None:
        raise UserError(Fault("--address is for the Ray engine", hint="add --engine ray"))
    return Local(arguments.workers)
