"""The command `cache`: what the response cache holds, how to export it, and how to delete some of it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.options import add_cache, cache_path
from open_thoughts_gen.cli.program import Command, add_commands

if TYPE_CHECKING:
    from open_thoughts_gen.cache.upkeep import Selection


REASONS = ("truncated", "empty answer", "refusal", "content filter", "tool call", "broken off")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    add_commands(parser, (_STATS, _EXPORT, _PRUNE, _RESCUE), title="action", destination="action")


def run(arguments: argparse.Namespace) -> int:
    """Run the action and return its exit code."""
    action: Command = arguments.action
    return action.run(arguments)


COMMAND = Command(
    "cache", "Show, export or prune the response cache, or copy what a damaged one still holds.", add_arguments, run
)


def _existing_cache(arguments: argparse.Namespace) -> Path:
    from open_thoughts_gen.errors import Fault, UserError

    path = cache_path(arguments)
    if not path.exists():
        raise UserError(Fault(f"there is no response cache at {path}", hint="name it with --cache"))
    return path


def stats(arguments: argparse.Namespace) -> int:
    """Run the action `stats`."""
    from open_thoughts_gen.cache import ResponseCache
    from open_thoughts_gen.cli.terminal import clean

    path = _existing_cache(arguments)
    with ResponseCache(path) as cache:
        stats = cache.stats()
    sys.stdout.write(f"{path}: {stats.num_responses:,} responses, {_size(stats.size_bytes)}\n")
    for (endpoint, model), num in stats.by_model.items():
        sys.stdout.write(f"  model {clean(model)} at {clean(endpoint)}: {num:,}\n")
    for run, num in stats.by_run.items():
        sys.stdout.write(f"  run {clean(run)}: {num:,}\n")
    return 0


_STATS = Command("stats", "Count the responses by model and by run.", add_cache, stats)


def _add_choice(parser: argparse.ArgumentParser) -> None:
    add_cache(parser)
    parser.add_argument("--model", metavar="NAME", help="only responses of this model, named as in `cache stats`")
    parser.add_argument("--run", metavar="NAME", help="only responses that this run used")
    parser.add_argument("--reason", choices=REASONS, help="only responses whose answer is incomplete for this reason")
    parser.add_argument("--older-than", type=_age, metavar="AGE", help="only responses older than this: 12h, 30d, 6w")


def _selection(arguments: argparse.Namespace) -> Selection:
    from open_thoughts_gen.cache.upkeep import Selection
    from open_thoughts_gen.chat.completion import reason_of

    return Selection(arguments.model, arguments.older_than, arguments.run, arguments.reason, reason_of)


def _age(word: str) -> float:
    from open_thoughts_gen.cache.upkeep import seconds

    try:
        return seconds(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def add_export(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the action."""
    _add_choice(parser)
    parser.add_argument("file", metavar="FILE", help="file to write, - for standard output")


def export(arguments: argparse.Namespace) -> int:
    """Run the action `export`."""
    from open_thoughts_gen.cache import ResponseCache
    from open_thoughts_gen.errors import Fault, UserError

    with ResponseCache(_existing_cache(arguments)) as cache:
        lines = _selection(arguments).exported(cache)
        if arguments.file == "-":
            num = sum(sys.stdout.write(f"{line}\n") > 0 for line in lines)
        else:
            try:
                with Path(arguments.file).open("x", encoding="utf-8") as file:
                    num = sum(file.write(f"{line}\n") > 0 for line in lines)
            except FileExistsError:
                raise UserError(Fault(f"{arguments.file} exists already", hint="name another file")) from None
            except OSError as error:
                raise UserError(Fault(f"{arguments.file} cannot be written: {error.strerror}")) from error
    sys.stderr.write(f"{num:,} responses\n")
    return 0


_EXPORT = Command("export", "Write responses to a file, one JSON object per line.", add_export, export)


def add_prune(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the action."""
    _add_choice(parser)
    parser.add_argument("--yes", action="store_true", help="delete; without it, only count what would be deleted")


def prune(arguments: argparse.Namespace) -> int:
    """Run the action `prune`."""
    from open_thoughts_gen.cache import ResponseCache

    choice = _selection(arguments)
    with ResponseCache(_existing_cache(arguments)) as cache:
        num, size = choice.count(cache)
        if arguments.yes:
            num = choice.prune(cache)
            sys.stdout.write(f"deleted {num:,} responses, {_size(size)}\n")
        else:
            sys.stdout.write(f"would delete {num:,} responses, {_size(size)}; add --yes to delete them\n")
    return 0


_PRUNE = Command(
    "prune",
    "Delete responses, chosen by their model, age, run, or the reason why their answer is incomplete. Those that "
    "another run used too are kept. `--older-than 0h` chooses every response.",
    add_prune,
    prune,
)


def add_rescue(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the action."""
    add_cache(parser)
    parser.add_argument("file", metavar="NEW", help="the new cache to write")


def rescue(arguments: argparse.Namespace) -> int:
    """Run the action `rescue`."""
    from open_thoughts_gen.cache.rescue import rescue as copy_readable

    rescued = copy_readable(_existing_cache(arguments), Path(arguments.file))
    losses = "; what could not be read will be asked again" if rescued.has_losses else ""
    sys.stdout.write(f"{arguments.file}: {rescued.num_responses:,} responses{losses}\n")
    return 0


_RESCUE = Command("rescue", "Copy what a damaged cache still holds to a new one.", add_rescue, rescue)


def _size(num_bytes: int) -> str:
    return f"{num_bytes / 1e6:,.1f} MB" if num_bytes >= 1e5 else f"{num_bytes:,} bytes"
