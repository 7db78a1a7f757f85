"""The command `contamination`: fetch benchmarks, list them, and check any dataset against them.

    contamination fetch [BENCHMARK ...]     the only one that needs a network
    contamination list                      the benchmarks, and which of them have been fetched, at which commit
    contamination check DATASET             a file, a folder (a run folder: its dataset), or a dataset on the Hub

`check` prints the questions that repeat an item of a benchmark, the rule that found them and the item, and what is
worth a review. It exits with 1 if there is a leak, so that it can guard a pipeline; it says what could not be checked.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.options import add_cache, cache_path
from open_thoughts_gen.cli.program import EXIT_LEAKS, PROGRAM, Command, add_commands

if TYPE_CHECKING:
    from open_thoughts_gen.filters.decontaminate import Decontaminate
    from open_thoughts_gen.types import DropReason, Sample

_NUM_SHOWN = 20
_ACTIONS = ("check", "fetch", "list", "-h", "--help")


def with_default_action(argv: Sequence[str]) -> list[str]:
    """Let `contamination DATASET` be `contamination check DATASET`."""
    names_dataset = len(argv) > 1 and argv[0] == "contamination" and argv[1] not in _ACTIONS
    return ["contamination", "check", *argv[1:]] if names_dataset else list(argv)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the actions."""
    add_commands(parser, (_FETCH, _LIST, _CHECK), title="action", destination="action")


def run(arguments: argparse.Namespace) -> int:
    """Run the action and return its exit code."""
    action: Command = arguments.action
    return action.run(arguments)


COMMAND = Command("contamination", "Find questions that also appear in evaluation benchmarks.", add_arguments, run)


def add_fetch(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the action."""
    add_cache(parser)
    parser.add_argument("benchmarks", nargs="*", metavar="BENCHMARK", help="names of benchmarks (default: all)")


def fetch_benchmarks(arguments: argparse.Namespace) -> int:
    """Fetch benchmarks, and print what was fetched."""
    from open_thoughts_gen.contamination import fetch as fetching
    from open_thoughts_gen.contamination.registry import chosen, items_of
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.tables.hub import HubUnreachableError

    folder = cache_path(arguments).parent
    faults: list[Fault] = []
    for benchmark in chosen(arguments.benchmarks):
        try:
            fetched = fetching.fetch(benchmark, folder)
        except UserError as error:
            faults += error.faults
            sys.stdout.write(f"{benchmark.name}: not fetched\n")
            if isinstance(error, HubUnreachableError):
                break
        else:
            sys.stdout.write(f"{benchmark.name}: {len(items_of(fetched)):,} items at {fetched.revision[:12]}\n")
        sys.stdout.flush()
    if faults:
        raise UserError(*faults)
    return 0


_FETCH = Command(
    "fetch", "Fetch benchmarks from the Hub into the folder of the response cache.", add_fetch, fetch_benchmarks
)


def list_benchmarks(arguments: argparse.Namespace) -> int:
    """Print the benchmarks, and which of them have been fetched."""
    from open_thoughts_gen.cli import terminal
    from open_thoughts_gen.contamination.registry import benchmarks, stored

    lines = {}
    for name, benchmark in benchmarks().items():
        copy = stored(benchmark, cache_path(arguments).parent)
        missing = "gated, not fetched" if benchmark.gated else "not fetched"
        lines[name] = f"{benchmark.id}: {f'fetched at {copy.revision[:12]}' if copy else missing}"
    console().print(terminal.names(lines))
    return 0


_LIST = Command("list", "List the benchmarks, and which of them have been fetched.", add_cache, list_benchmarks)


def add_check(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the action."""
    add_cache(parser)
    parser.add_argument(
        "dataset", metavar="DATASET", help="a file, a folder (a run folder: its dataset), or OWNER/NAME on the Hub"
    )
    parser.add_argument(
        "--column", metavar="NAME", help="the column that holds the question (default: one with a usual name)"
    )
    parser.add_argument("--split", metavar="NAME", help="one split of a dataset on the Hub (default: all)")
    parser.add_argument(
        "--rule",
        default="default",
        metavar="RULE",
        help="when a question is a leak: default, openthoughts3, open-r1, ... (`list filter decontaminate` has all)",
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of `decontaminate`"
    )
    parser.add_argument(
        "--against",
        action="append",
        default=[],
        metavar="BENCHMARK",
        help="compare only with this benchmark; repeatable (default: all that have been fetched)",
    )
    parser.add_argument(
        "--file", action="append", default=[], metavar="FILE", help="also compare with this file; repeatable"
    )
    parser.add_argument("--out", metavar="FILE", help="also write all findings to this Parquet file")


def check_dataset(arguments: argparse.Namespace) -> int:
    """Check a dataset, print what was found, and return 1 if there is a leak."""
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.publish.rows import write_dropped
    from open_thoughts_gen.types import Dropped

    decontaminate = _filter(arguments).fresh(Context(cache=cache_path(arguments)))
    samples = list(_samples(arguments))
    drops = list(decontaminate.drop_reasons(samples))
    report = decontaminate.report()
    facts: dict[str, Any] = dict(report.facts) if report else {}
    reviews = report.reviews if report else ()
    if not facts.get("checked"):
        hint = f"run `{PROGRAM} contamination fetch` first"
        raise UserError(Fault("no benchmark has been fetched, so nothing could be checked", hint=hint))
    leaks = [(sample, drop) for sample, drop in zip(samples, drops, strict=True) if drop is not None]
    _print_findings(leaks, reviews, facts, num_questions=len(samples))
    if arguments.out:
        findings = [Dropped("leak", "decontaminate", drop, sample) for sample, drop in leaks]
        findings += [Dropped("review", "decontaminate", drop, sample) for sample, drop in reviews]
        Path(arguments.out).parent.mkdir(parents=True, exist_ok=True)
        write_dropped(Path(arguments.out), findings)
    return EXIT_LEAKS if leaks else 0


_CHECK = Command(
    "check",
    "Check a dataset for questions that also appear in benchmarks; exit with 1 if there are any.",
    add_check,
    check_dataset,
)


def _print_findings(
    leaks: Sequence[tuple[Sample, DropReason]],
    reviews: Sequence[tuple[Sample, DropReason]],
    facts: dict[str, Any],
    *,
    num_questions: int,
) -> None:
    from open_thoughts_gen.cli import terminal

    output = console()
    for title, findings in (("leaks", leaks), ("for review", reviews)):
        for sample, drop in findings[:_NUM_SHOWN]:
            row = f"{sample.question.meta['row']}: {drop.reason}, item {drop.twin}, score {drop.score:g}; {drop.detail}"
            output.print(terminal.plain(row), soft_wrap=True)
        if len(findings) > _NUM_SHOWN:
            output.print(f"and {len(findings) - _NUM_SHOWN:,} more {title}")
    checked = ", ".join(f"{benchmark['benchmark']} ({benchmark['num_items']:,})" for benchmark in facts["checked"])
    output.print(terminal.plain(f"compared with {checked}"))
    if facts["not_checked"]:
        output.print(terminal.plain(f"could not be checked: {', '.join(facts['not_checked'])}", "yellow"))
    counts = Counter(drop.reason for _, drop in leaks)
    summary = ", ".join(f"{num:,} {reason}" for reason, num in sorted(counts.items())) or "no leak found"
    output.print(terminal.plain(f"{num_questions:,} questions: {summary}; {len(reviews):,} for review", "bold"))


def _filter(arguments: argparse.Namespace) -> Decontaminate:
    import yaml
    from pydantic import ValidationError

    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.filters.decontaminate import Decontaminate

    settings: dict[str, Any] = {"rule": arguments.rule, "benchmarks": tuple(arguments.against)}
    settings["files"] = {Path(file).stem: str(Path(file).absolute()) for file in arguments.file}
    for word in arguments.set:
        key, _, value = word.partition("=")
        try:
            settings[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise UserError(Fault(f"{value!r} is not a value in YAML", where=f"--set {key}")) from error
    try:
        return Decontaminate.model_validate(settings)
    except ValidationError as error:
        faults = [Fault(details["msg"], where=".".join(map(str, details["loc"]))) for details in error.errors()]
        raise UserError(*faults) from error


def _samples(arguments: argparse.Namespace) -> Iterator[Sample]:
    """Yield the questions of a dataset, each with its row."""
    from open_thoughts_gen.contamination.registry import QUESTION_COLUMNS, question_in
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.types import Question, Sample

    columns = (arguments.column,) if arguments.column else QUESTION_COLUMNS
    num = 0
    for where, row in _rows(arguments.dataset, arguments.split):
        prompt = question_in(row, columns)
        if prompt and prompt.strip():
            num += 1
            yield Sample(Question(prompt, source=arguments.dataset, meta={"row": where}))
    if not num:
        hint = "name the column with --column"
        raise UserError(Fault(f"no question in {' or '.join(columns)}", arguments.dataset, hint))


def _rows(dataset: str, split: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    from open_thoughts_gen import tables
    from open_thoughts_gen.contamination.fetch import stream
    from open_thoughts_gen.rejudge.saved import is_run_folder

    path = Path(dataset)
    if not path.exists():
        yield from ((f"{dataset}, row {number}", row) for number, row in enumerate(stream(dataset, split=split)))
        return
    # A run folder also holds what was left out, and a published dataset its questions again, as chats.
    folder = path / "dataset" if is_run_folder(dataset) else path
    folder = folder / "data" if (folder / "data").is_dir() else folder
    files = [path] if path.is_file() else sorted(file for file in folder.rglob("*") if tables.format_of(file))
    for file in files:
        for line, row in tables.rows(file, tables.format_of(file) or "jsonl"):
            if isinstance(row, dict):
                yield f"{file}, row {line}", row
