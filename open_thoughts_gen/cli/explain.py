"""The command `explain`: the whole life of one row, from its source to its end."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.program import Command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.text import Text

    from open_thoughts_gen.rejudge.history import Attempt, FilterRecord, History, Neighbour

_MAX_SHOWN, _MAX_PROMPT = 160, 600


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("row", metavar="ROW", help="the id of a row, or its first digits (at least 4)")
    parser.add_argument(
        "places",
        metavar="RUN_OR_DATASET",
        nargs="*",
        help="run folders, or folders that hold a dataset (default: every run folder in runs/)",
    )
    add_json(parser)


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add the option that prints JSON; `write_json` does it."""
    parser.add_argument("--json", action="store_true", help="print JSON, whole texts included")


def write_json(value: object) -> None:
    """Print a value as JSON, in ASCII: what is hostile in a terminal is escaped."""
    import json
    import sys

    sys.stdout.write(json.dumps(value, indent=2, default=str) + "\n")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from dataclasses import asdict

    histories = list(_histories(arguments.row, [Path(path) for path in arguments.places]))
    if arguments.json:
        write_json([asdict(history) for history in histories])
        return 0
    output = console()
    for number, history in enumerate(histories):
        for line in _lines(history, first=not number):
            output.print(line, soft_wrap=True)
    return 0


COMMAND = Command(
    "explain",
    "Explain what became of one row: source, filters, attempts, verdicts, near-duplicates, and why it was left out.",
    add_arguments,
    run,
)


def _histories(row_id: str, paths: list[Path]) -> Iterator[History]:
    """Yield the histories of a row in the runs that have it; a named run has to.

    Raises:
        UserError: a named run does not have it, or no run does.

    """
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.rejudge.history import history
    from open_thoughts_gen.rejudge.runs import SavedRun

    if paths:
        yield from (history(SavedRun(path), row_id) for path in paths)
        return
    files = [*Path("runs").glob("*/run.json"), *Path("runs").glob("*/*/run.json")]  # the latter of ablations
    runs = [SavedRun(file.parent) for file in sorted(files)]
    faults: list[Fault] = []
    for each in runs:
        try:
            yield history(each, row_id)
        except UserError as error:
            faults += error.faults
    if len(faults) == len(runs):
        hint = "name the run folder: explain ROW RUN_OR_DATASET"
        raise UserError(*faults[:1] if len(runs) == 1 else [Fault(f"no run in runs/ has the row {row_id}", hint=hint)])


def _lines(history: History, *, first: bool) -> Iterator[Text]:
    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.text import shorten

    if not first:
        yield plain("")
    yield plain(f"{history.id} in {history.run}", "bold")
    yield plain(history.end, "green" if history.end.startswith("published") else "yellow")
    about = {
        "question": shorten(history.question, _MAX_PROMPT),
        "reference": shorten(history.reference, _MAX_SHOWN),
        "domain": history.domain,
        "source": " ".join(filter(None, (history.source, f"({history.license})" if history.license else ""))),
        "pass rate": "" if history.pass_rate is None else f"{history.pass_rate:.2f}",
    }
    about |= {key: shorten(_shown(value), _MAX_SHOWN) for key, value in history.meta.items()}
    yield from _section("", (f"{name:10} {value}" for name, value in about.items() if value))
    yield from _section("question filters", map(_record, history.filters))
    for attempt in history.attempts:
        yield from _section(*_attempt(attempt))
    yield from _section("to be looked at", history.reviews)
    yield from _section("neighbours", map(_neighbour, history.neighbours))


def _section(title: str, lines: Iterable[str]) -> Iterator[Text]:
    """Yield the lines under a title, nothing where there are none."""
    from open_thoughts_gen.cli.terminal import plain

    for number, line in enumerate(lines):
        if title and not number:
            yield plain(title, "bold")
        yield plain(f"  {line}")


def _shown(value: object) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _measures(measures: Mapping[str, object]) -> str:
    return "".join(f"; {name} {_shown(value)}" for name, value in measures.items())


def _record(record: FilterRecord) -> str:
    why = ": ".join(filter(None, (record.reason, record.detail)))
    return f"{record.filter}: {record.outcome}{f' ({why})' if why else ''}{_measures(record.measures)}"


def _attempt(attempt: Attempt) -> tuple[str, list[str]]:
    """Return the title and the lines of one attempt."""
    end = "published" if attempt.published else f"left out by {attempt.dropped_by}: {attempt.why}"
    lengths = f"{attempt.reasoning_words:,} words of reasoning, {attempt.response_words:,} of response"
    lines = [f"{attempt.teacher}: {lengths}, {attempt.finish_reason or 'no answer'}"]
    lines += [f"answer: {attempt.answer}"] if attempt.answer else []
    for verdict in attempt.verdicts:
        why = f": {verdict['explanation']}" if verdict.get("explanation") else ""
        lines.append(f"{verdict.get('verifier')}: {verdict.get('outcome')}{why}")
    lines += [f"filter {_record(record)}" for record in attempt.filters]
    return f"attempt {attempt.attempt}: {attempt.outcome}, {end}", lines


def _neighbour(neighbour: Neighbour) -> str:
    from open_thoughts_gen.text import shorten

    score = "" if neighbour.score is None else f", {neighbour.score:.1f} % alike"
    return f"{neighbour.relation}{score}: {neighbour.id} {shorten(neighbour.question, _MAX_SHOWN)}"
