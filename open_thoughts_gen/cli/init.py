"""The command `init`: write a shipped recipe into the current folder, to be changed and run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from open_thoughts_gen.cli.program import PROGRAM, Command
from open_thoughts_gen.cli.shipped import shipped_recipe, shipped_recipes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    names = ", ".join(shipped_recipes())
    parser.add_argument("name", metavar="NAME", help=f"the recipe: {names}")
    parser.add_argument("--force", action="store_true", help="replace NAME.yaml if it exists")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    name: str = arguments.name.removesuffix(".yaml")
    path = Path(f"{name}.yaml")
    write_new(path, shipped_recipe(name).read_bytes(), force=arguments.force)
    sys.stdout.write(f"wrote {path}\n  check it  {PROGRAM} check {path}\n  run it    {PROGRAM} run {path}\n")
    return 0


COMMAND = Command("init", "Write a recipe that comes with the package into the current folder.", add_arguments, run)


def write_new(path: Path, content: bytes, *, force: bool) -> None:
    """Write a file that is not there yet; with `force` also in place of one that is.

    Raises:
        UserError: it is there and `force` is False, or it cannot be written.

    """
    from open_thoughts_gen.errors import Fault, UserError

    try:
        with path.open("wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError:
        hint = "replace it with --force, or move it away"
        raise UserError(Fault(f"{path} exists already", hint=hint)) from None
    except OSError as error:
        hint = "change to a folder that you may write to"
        raise UserError(Fault(f"{path} cannot be written: {error.strerror}", hint=hint)) from error
