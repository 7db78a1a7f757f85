"""What every command shares: the program's name, its exit codes, and how a command is declared."""

from __future__ import annotations

from argparse import Action, ArgumentError, ArgumentParser, Namespace
from collections.abc import Callable, Collection, Sequence
from difflib import get_close_matches
from typing import Any, NamedTuple

PROGRAM = "python -m open_thoughts_gen"

EXIT_LEAKS = 1  # `contamination check` found a leak
EXIT_NOT_REBUILT = 1  # `rebuild`: a file that was made again is not the published one
EXIT_UNPROVED = 1  # `export --check`: a template spoils some of the rows
EXIT_USER_ERROR = 2
EXIT_BELOW_TARGET = 3
EXIT_INTERRUPTED = 130
EXIT_BROKEN_PIPE = 141


class Command(NamedTuple):
    """A command, or one action of a command: its name, one sentence on it, its arguments, and what it does.

    `run` returns the exit code. Modules that it needs are imported when it runs, so that `--help` is instant.
    """

    name: str
    help: str
    add_arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


class Parser(ArgumentParser):
    """A parser whose error about a wrong choice suggests the nearest one; the parsers of its commands are alike."""

    def _check_value(self, action: Action, value: Any) -> None:  # noqa: ANN401  (as argparse declares it)
        choices = [str(choice) for choice in action.choices or ()]
        if choices and value not in choices:
            suggestion = "".join(f"; did you mean {near}?" for near in get_close_matches(str(value), choices, n=1))
            raise ArgumentError(action, f"{value!r} is not one of {', '.join(choices)}{suggestion}")


def add_commands(
    parser: ArgumentParser, commands: Sequence[Command], *, title: str, destination: str, words: Collection[str] = ()
) -> None:
    """Add subcommands to a parser; the chosen one is the attribute `destination` of the parsed arguments.

    Where the words to be parsed are known, commands that none of them names are only listed, without their arguments.
    """
    subparsers = parser.add_subparsers(title=f"{title}s", metavar=title.upper(), required=True)
    for command in commands:
        line = command.help
        subparser = subparsers.add_parser(command.name, help=line[:1].lower() + line[1:].rstrip("."), description=line)
        if not words or command.name in words:
            command.add_arguments(subparser)
        subparser.set_defaults(**{destination: command}, parser=subparser)


def unknown_words(parser: ArgumentParser, words: Sequence[str]) -> str:
    """Return the error of words that a command does not take, with the nearest option and the help to read."""
    if words[0].partition("=")[0] == "--num" and any("--target" in each.option_strings for each in parser._actions):
        return f"unrecognized arguments: {' '.join(words)}; the number of accepted samples is --target N"
    options = [option for action in parser._actions for option in action.option_strings]
    near = get_close_matches(words[0].partition("=")[0], options, n=1, cutoff=0.75)
    suggestion = f"did you mean {near[0]}? " if near else ""
    return f"unrecognized arguments: {' '.join(words)}; {suggestion}see {parser.prog} --help"
