"""The command `run`: make a recipe's dataset and write its run folder."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.cache import REASONS
from open_thoughts_gen.cli.estimate import print_estimate_before_run
from open_thoughts_gen.cli.line import add_line, console, context_of, run_recipe
from open_thoughts_gen.cli.options import add_recipe, read_recipe
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, PROGRAM, Command
from open_thoughts_gen.cli.push import push_folder
from open_thoughts_gen.cli.watching import watched

if TYPE_CHECKING:
    from open_thoughts_gen.errors import Fault
    from open_thoughts_gen.pipeline.shared import SharedWork
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.plugin.judging import FaultyVerifierError
    from open_thoughts_gen.recipe import Recipe
    from open_thoughts_gen.types import Finished

_SECRETS = ("key", "token", "secret", "password", "credential")
_MAX_EXAMPLE = 200
SHORT_REASONS = {"empty": "empty answer", "rejected": "prompt rejected"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_recipe(parser)
    add_line(parser)
    parser.add_argument(
        "--out", metavar="DIR", help="the run folder to write (default: runs/NAME, with the recipe's name)"
    )
    parser.add_argument(
        "--ask-again",
        action="append",
        default=[],
        choices=(*REASONS, *SHORT_REASONS),
        metavar="REASON",
        help="ask a question again if its stored answer is incomplete for this reason; repeatable; quote a reason of "
        f"two words. The reasons: {', '.join(REASONS)}; `empty` is short for `empty answer`. (`rejected` is accepted "
        "too; a rejected prompt is not stored, so every run asks it again)",
    )
    parser.add_argument(
        "--watch", action="store_true", help="show the answers in a browser while they come; the extra `view` is needed"
    )
    parser.add_argument(
        "--push", action="store_true", help="push the dataset to the Hub, unless a target was set and not reached"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.sandbox import spare

    with spare.allowed():
        return _run(read_recipe(arguments), arguments)


def _run(recipe: Recipe, arguments: argparse.Namespace) -> int:
    from open_thoughts_gen.cli import terminal
    from open_thoughts_gen.publish.folder import check_place

    folder = Path(arguments.out or Path("runs") / recipe.name)
    check_place(folder)
    rehearsed = arguments.rehearse or getattr(recipe.teacher.plugin, "invents", False)
    if arguments.push and rehearsed:
        from open_thoughts_gen.errors import Fault, UserError

        raise UserError(Fault("--push: a rehearsal is not published", hint="leave it out"))
    if arguments.push:
        from open_thoughts_gen.publish.hub import token_from

        token_from(os.environ)  # a missing one is reported before anything is paid for
    context = context_of(recipe, arguments)
    if arguments.ask_again:
        from open_thoughts_gen.cache import AskAgain

        reasons = [SHORT_REASONS.get(reason, reason) for reason in arguments.ask_again]
        context = replace(context, ask_again=AskAgain(reasons))
    finished, remark = make(recipe, folder, context, arguments, command=rebuild_command(arguments))
    output = console()
    output.print(terminal.closing(recipe, finished, remark), soft_wrap=True)
    output.print(terminal.next_steps(folder, rehearsed=rehearsed), soft_wrap=True)
    if arguments.push and not finished.shortfall:
        return push_folder(folder, recipe.publish.repo or None)
    if arguments.push:
        sys.stderr.write(f"not pushed: the target was not reached; to push anyway: {PROGRAM} push {folder}\n")
    return EXIT_BELOW_TARGET if finished.shortfall else 0


COMMAND = Command("run", "Make a recipe's dataset and write it to a run folder.", add_arguments, run)


def make(
    recipe: Recipe,
    folder: Path,
    context: Context,
    arguments: argparse.Namespace,
    *,
    command: str,
    shared: SharedWork | None = None,
) -> tuple[Finished, str]:
    """Run a recipe and write its run folder; return what was made, and what the Hub's viewer will not show of it.

    Raises:
        UserError: the recipe has a fault, nothing was accepted, or the folder cannot be written.

    """
    from open_thoughts_gen.cli import terminal
    from open_thoughts_gen.cli.readiness import license_faults
    from open_thoughts_gen.errors import UserError
    from open_thoughts_gen.plugin.judging import FaultyVerifierError
    from open_thoughts_gen.publish.folder import write_losses, write_run

    if faults := license_faults(recipe, context):
        raise UserError(*faults)  # before anything is paid for
    print_estimate_before_run(recipe, context, arguments)
    try:
        with watched(recipe, folder, context, arguments) as on_answer:
            finished, timings = run_recipe(recipe, context, arguments, shared=shared, on_answer=on_answer)
    except FaultyVerifierError as error:
        raise UserError(*_with_tracebacks(error, folder)) from error
    if not finished.samples:
        console().print(terminal.funnel(recipe, finished.counts))
        raise _nothing_accepted(finished, write_losses(finished, folder))
    inputs = [file for part in recipe.sources for file in part.plugin.fresh(context).inputs]
    return finished, write_run(recipe, finished, folder, command=command, timings=timings, inputs=inputs)


def rebuild_command(arguments: argparse.Namespace) -> str:
    """Return the command that makes the same dataset again: what changes its bytes, in a fixed order, no secret.

    The run folder is named where it is a relative path: an absolute one is of this machine alone.
    """
    import shlex

    path = Path(arguments.recipe)
    if path.is_absolute():
        path = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else Path(path.name)
    words = [*PROGRAM.split(), "run", path.as_posix()]
    for name in ("teacher", "target", "seed"):
        value = getattr(arguments, name)
        words += [f"--{name}", _without_password(str(value))] if value is not None else []
    words += ["--rehearse"] if getattr(arguments, "rehearse", False) else []
    for setting in arguments.set:
        key, _, value = setting.partition("=")
        secret = any(word in key.rpartition(".")[2].lower() for word in _SECRETS)
        words += [] if secret else ["--set", f"{key}={_without_password(value)}"]
    out = Path(getattr(arguments, "out", None) or "")
    words += ["--out", out.as_posix()] if out.name and not out.is_absolute() and ".." not in out.parts else []
    return shlex.join(words)


def command_of(folder: Path) -> str:
    """Return the command that makes a run folder again from its recipe; the folder is named where it is relative."""
    import shlex

    out = ["--out", folder.as_posix()] if not folder.is_absolute() and ".." not in folder.parts else []
    return shlex.join([*PROGRAM.split(), "run", "recipe.yaml", *out])


def _without_password(value: str) -> str:
    scheme, separator, rest = value.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}" if separator else value


def _nothing_accepted(finished: Finished, losses: Path) -> Exception:
    """Return the error of a run that accepted nothing, with one example of the most frequent loss."""
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.text import shorten

    example = ""
    if finished.counts.dropped:
        worst = max(sorted(finished.counts.dropped), key=lambda loss: finished.counts.dropped[loss])
        drop = next(drop for drop in finished.dropped if (drop.step, drop.plugin, drop.why.reason) == worst)
        example = shorten(drop.why.detail or (drop.sample.question.prompt if drop.sample else ""), _MAX_EXAMPLE)
    hint = f"one of them: {example}; all are in {losses}" if example else ""
    return UserError(Fault(finished.shortfall.rstrip("."), hint=hint))


def _with_tracebacks(error: FaultyVerifierError, folder: Path) -> list[Fault]:
    """Return the faults of an error, each with the file that the tracebacks were written to."""
    from open_thoughts_gen.publish.faults import without_secrets
    from open_thoughts_gen.publish.folder import write_run_faults

    path = write_run_faults(error.raised, folder)
    faults = [replace(fault, message=without_secrets(fault.message)) for fault in error.faults]
    return [replace(fault, hint=f"{fault.hint}; tracebacks: {path}") for fault in faults]
