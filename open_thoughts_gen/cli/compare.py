"""The command `compare`: two verifiers on the same saved traces."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.options import at_least
from open_thoughts_gen.cli.program import Command
from open_thoughts_gen.cli.saved_traces import (
    CARRIED,
    MAX_CHARACTERS,
    add_traces,
    judge_traces,
    print_left_out,
    read_traces,
)

if TYPE_CHECKING:
    from rich.console import RenderableType

    from open_thoughts_gen.rejudge.rescoring import Verdicts
    from open_thoughts_gen.types import Sample, Verdict


def no_option(_: str) -> str:
    """Refuse `--verifier`, which `verify` takes and this command does not."""
    raise argparse.ArgumentTypeError(
        "name the two verifiers without an option: compare RUN_OR_DATASET FIRST SECOND, such as "
        "compare runs/legal math exact"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_traces(parser)
    parser.add_argument("--verifier", type=no_option, help=argparse.SUPPRESS)
    for which in ("first", "second"):
        parser.add_argument(
            which,
            metavar=which.upper(),
            help=f"the {which} verifier: NAME[:{{...}}], or {CARRIED}NAME for verdicts stored in the rows",
        )
    parser.add_argument(
        "--examples", type=at_least(0), default=2, metavar="N", help="examples of each disagreement (default: 2)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from rich.table import Table

    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.recipe.inline import read_part
    from open_thoughts_gen.rejudge import rescoring

    names = (arguments.first, arguments.second)
    parts = {name: read_part(name, "verifier", where=name) for name in names if not name.startswith(CARRIED)}
    saved = read_traces(arguments)
    judged: list[tuple[str, Verdicts]] = []
    for name in names:
        if name in parts:
            judged += judge_traces(saved.samples, [parts[name]], arguments).items()
        else:
            judged.append((name, rescoring.carried_by(saved.samples, name.removeprefix(CARRIED))))
    (first, verdicts), (second, others) = judged
    second = second if second != first else f"{second} (second)"
    output = console()
    comparison = rescoring.compare(verdicts, others)
    table = Table(box=None, pad_edge=False)
    table.add_column(plain(f"{first} \\ {second}"))
    for outcome in rescoring.OUTCOMES:
        table.add_column(outcome, justify="right")
    for outcome in rescoring.OUTCOMES:
        table.add_row(outcome, *(f"{comparison.num(outcome, other):,}" for other in rescoring.OUTCOMES))
    output.print(table)
    output.print(f"they agree on {comparison.num_agreeing:,} of the {comparison.num_decided:,} rows that both decided")
    print_left_out(saved, output)
    for (outcome, other), indices in sorted(comparison.places.items()):
        if outcome != other:
            for index in indices[: arguments.examples]:
                pair = {first: verdicts[index], second: others[index]}
                output.print(_example(saved.samples[index], pair))
    return 0


COMMAND = Command(
    "compare",
    "Show where two verifiers, FIRST and SECOND, agree on saved traces and where they do not.",
    add_arguments,
    run,
)


def _example(sample: Sample, pair: Mapping[str, Verdict | None]) -> RenderableType:
    from rich.console import Group
    from rich.rule import Rule
    from rich.text import Text

    from open_thoughts_gen.cli.terminal import OUTCOME_STYLES, plain
    from open_thoughts_gen.text import final_answer, shorten

    question, response = sample.question, sample.trace.response if sample.trace else ""
    verdicts = {name: verdict for name, verdict in pair.items() if verdict is not None}
    answer = next((verdict.answer for verdict in verdicts.values() if verdict.answer), None) or final_answer(response)
    title = " / ".join(f"{name}: {verdict.outcome}" for name, verdict in verdicts.items())
    lines = [
        plain(f"{question.id}  {shorten(question.prompt, MAX_CHARACTERS)}"),
        plain(f"answer: {shorten(answer or response, MAX_CHARACTERS)}"),
        plain(f"reference: {shorten(question.reference or '(none)', MAX_CHARACTERS)}"),
    ]
    for name, verdict in verdicts.items():
        lines.append(plain(f"{name}: {shorten(verdict.why, MAX_CHARACTERS)}", OUTCOME_STYLES[verdict.outcome]))
    return Group(Rule(plain(title, "bold"), align="left"), *lines, Text())
