"""The command `view`: look at the rows of a run or a dataset in a browser, or write them as one page."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.options import at_least, positive
from open_thoughts_gen.cli.program import Command

if TYPE_CHECKING:
    from collections.abc import Callable

    from open_thoughts_gen.publish.view.contents import Contents

_EXTRA = ("duckdb", "starlette", "uvicorn")
_MAX_HTML = 20_000_000  # bytes of the rows of a table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "path",
        metavar="RUN_OR_DATASET",
        help="a run folder, a folder with Parquet files, one Parquet file, or OWNER/NAME of a dataset on the Hub",
    )
    parser.add_argument(
        "--port", type=at_least(0), default=0, metavar="N", help="the port on 127.0.0.1 (default: any free one)"
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--html", metavar="FILE", help="start no server: write the first rows as one page that holds all it needs"
    )
    parser.add_argument(
        "--num",
        "-n",
        type=positive,
        default=100,
        metavar="N",
        help="with --html: how many rows of each table (default: 100)",
    )
    parser.add_argument(
        "--follow", action="store_true", help="look for new files by and by, and show what has come in them"
    )
    parser.add_argument("--title", default="", help="the title of the page (default: the name of the folder)")
    parser.add_argument(
        "--labels",
        metavar="FILE",
        help="where labels and notes are stored (default: beside the folder, such as runs/legal.labels.jsonl)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from dataclasses import replace

    from open_thoughts_gen.publish.hub import fetch
    from open_thoughts_gen.publish.view.contents import contents_of

    where = arguments.path
    given = Path(arguments.labels).expanduser() if arguments.labels else None

    def read(folder: Path, title: str = "", labels: Path | None = None) -> Contents:
        contents = contents_of(folder)
        title = arguments.title or title or contents.title
        return replace(contents, title=title, labels=given or labels or contents.labels)

    if Path(where).exists() or where.count("/") != 1:
        again = partial(read, Path(where))
        return _view(again(), arguments, again if arguments.follow else None)
    with TemporaryDirectory() as folder:
        fetch(where, Path(folder))
        return _view(read(Path(folder), where, Path(f"{where.replace('/', '--')}.labels.jsonl")), arguments)


COMMAND = Command("view", "Look at the rows of a run or a dataset in a browser.", add_arguments, run)


def need_extra() -> None:
    """Report what the viewer needs and is not installed.

    Raises:
        UserError: something is not.

    """
    import importlib

    for name in _EXTRA:
        try:
            importlib.import_module(name)
        except ImportError as error:
            from open_thoughts_gen.errors import Fault, UserError

            message = f"`view` needs the package {name!r}, which is not installed"
            raise UserError(Fault(message, hint="pip install 'open-thoughts-gen[view]'")) from error


def _view(contents: Contents, arguments: argparse.Namespace, again: Callable[[], Contents] | None = None) -> int:
    """Serve the page until Ctrl-C, or write it; `again` reads what there is to look at once more."""
    from open_thoughts_gen.errors import Fault, UserError

    if arguments.html:
        return _write(contents, Path(arguments.html), arguments.num)
    need_extra()
    from open_thoughts_gen.publish.view.follow import Newest
    from open_thoughts_gen.publish.view.server import serve

    def announce(address: str) -> None:
        sys.stdout.write(f"{address}\n")
        sys.stderr.write(f"labels are stored in {contents.labels}; Ctrl-C ends the viewer\n")
        sys.stdout.flush()
        if arguments.open:
            import webbrowser

            webbrowser.open(address)

    with TemporaryDirectory() as folder, suppress(KeyboardInterrupt):
        newest = Newest(contents, Path(folder), again)
        try:
            serve(newest, port=arguments.port, announce=announce)
        except (OSError, OverflowError) as error:
            why = error.strerror if isinstance(error, OSError) else "the highest is 65535"
            hint = "choose another with --port, or none for any free one"
            raise UserError(Fault(f"port {arguments.port} cannot be used: {why}", hint=hint)) from error
        finally:
            newest.rows.close()
    return 0


def _write(contents: Contents, file: Path, num_rows: int) -> int:
    """Write the page of the first rows."""
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.publish.view.report import report

    tables = {name: [each.path for each in files] for name, files in contents.tables.items()}
    counts, figures = contents.account.get("counts"), contents.figures
    page = report(contents.title, tables, num_rows=num_rows, max_bytes=_MAX_HTML, counts=counts, figures=figures)
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as error:
        hint = "choose another file with --html"
        raise UserError(Fault(f"{file} cannot be written: {error.strerror}", hint=hint)) from error
    return 0
