"""The command `diff`: how two runs differ, and why a question is in one and not in the other."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.explain import add_json, write_json
from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.options import at_least
from open_thoughts_gen.cli.program import Command

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import RenderableType
    from rich.table import Table

    from open_thoughts_gen.rejudge.difference import RunDifference
    from open_thoughts_gen.rejudge.summary import Loss, Summary

_MAX_SHOWN = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    for which in ("first", "second"):
        parser.add_argument(
            which, metavar=f"RUN_{'A' if which == 'first' else 'B'}", help="a run folder, or a folder with a dataset"
        )
    parser.add_argument(
        "--examples", type=at_least(0), default=3, metavar="N", help="examples of each reason (default: 3)"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.rejudge.difference import difference
    from open_thoughts_gen.rejudge.runs import SavedRun

    compared = difference(SavedRun(arguments.first), SavedRun(arguments.second))
    if arguments.json:
        write_json(_plain(compared))
        return 0
    output = console()
    for part in _page(compared, arguments.examples):
        output.print(part, soft_wrap=True)
    return 0


COMMAND = Command(
    "diff",
    "Show how two runs differ: settings, counts, cost, lengths, pass rates, and which questions only one has, and why.",
    add_arguments,
    run,
)


def _page(compared: RunDifference, num_examples: int) -> Iterator[RenderableType]:
    from open_thoughts_gen.cli.terminal import plain
    from open_thoughts_gen.rejudge.summary import figures_of

    for name, where in zip("AB", compared.runs, strict=True):
        yield plain(f"{name}  {where}", "bold")
    settings = {path: [_shown(value) for value in values] for path, values in compared.settings.items()}
    yield plain("\nsettings that differ" if settings else "\nthe recipes have the same settings", "bold")
    yield _table(settings)
    one, other = map(figures_of, compared.summaries)
    names = [*one, *(name for name in other if name not in one)]
    yield plain("\nfigures", "bold")
    yield _table({name: [one.get(name, "-"), other.get(name, "-")] for name in names})
    yield plain("\nleft out", "bold")
    losses = [summary.dropped for summary in compared.summaries]
    counted = {loss: [f"{each.get(loss, 0):,}" for each in losses] for loss in dict.fromkeys((*losses[0], *losses[1]))}
    yield _table({loss_name(loss): cells for loss, cells in counted.items()})
    share = "" if compared.overlap is None else f", {100 * compared.overlap:.1f} % of the questions of both"
    yield plain(f"\nin both: {compared.num_shared:,} questions{share}; {compared.num_changed:,} rows differ in text")
    for number, (name, other_name) in enumerate((("A", "B"), ("B", "A"))):
        missing = compared.only[number]
        yield plain(f"only in {name}: {len(missing):,} questions", "bold")
        for loss, num in compared.reasons[number].items():
            yield plain(f"  {num:,} in {other_name}: {loss_name(loss)}")
            for each in [one for one in missing if one.loss == loss][:num_examples]:
                twin = f" (it repeats {each.twin})" if each.twin else f" ({each.detail})" if each.detail else ""
                yield plain(f"    {each.id} {_shown(each.question)}{twin}")


def loss_name(loss: Loss) -> str:
    """Return how a loss is named: by the step or its plug-in, and the reason."""
    step, plugin, reason = loss
    where = plugin or step
    return f"{where}: {reason}" if where and reason != "not drawn" else reason


def _table(rows: Mapping[str, list[str]]) -> Table:
    from rich.table import Table

    from open_thoughts_gen.cli.terminal import plain

    table = Table(box=None, pad_edge=False, show_header=bool(rows))
    table.add_column("")
    for name in "AB":
        table.add_column(name, overflow="fold")
    for name, cells in rows.items():
        table.add_row(plain(f"  {name}"), *map(plain, cells))
    return table


def _shown(value: object) -> str:
    import json

    from open_thoughts_gen.text import shorten

    return shorten(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str), _MAX_SHOWN)


def _plain(compared: RunDifference) -> dict[str, object]:
    """Return the difference as JSON can say it."""
    from dataclasses import asdict

    def losses(counted: Mapping[Loss, int]) -> list[dict[str, object]]:
        return [
            dict(zip(("step", "plugin", "reason", "num"), (*loss, num), strict=True)) for loss, num in counted.items()
        ]

    def figures(summary: Summary) -> dict[str, object]:
        plain: dict[str, object] = {name: getattr(summary, name) for name in summary.__slots__ if name != "rows"}
        return plain | {"dropped": losses(summary.dropped)}

    by_run: Callable[[int], dict[str, object]] = lambda number: {  # noqa: E731
        "run": compared.runs[number],
        **figures(compared.summaries[number]),
        "only_here": [asdict(each) for each in compared.only[number]],
        "why": losses(compared.reasons[number]),
    }
    return {
        "a": by_run(0),
        "b": by_run(1),
        "settings": {path: list(values) for path, values in compared.settings.items()},
        "num_shared": compared.num_shared,
        "num_changed": compared.num_changed,
        "overlap": compared.overlap,
    }
