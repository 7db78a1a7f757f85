"""The command `pull`: bring a dataset back from the Hub into a run folder."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from open_thoughts_gen.cli.program import Command


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_dataset(parser)
    parser.add_argument("--out", metavar="DIR", help="the run folder to write (default: runs/NAME)")


def add_dataset(parser: argparse.ArgumentParser) -> None:
    """Add the dataset on the Hub that is meant."""
    parser.add_argument("dataset", metavar="OWNER/NAME", help="the dataset on the Hub")
    parser.add_argument("--revision", metavar="REF", help="a branch, tag or commit of it (default: the newest)")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.cli.terminal import clean
    from open_thoughts_gen.publish.pull import check_name, pull

    check_name(arguments.dataset)
    folder = Path(arguments.out or Path("runs") / arguments.dataset.partition("/")[2])
    pulled = pull(arguments.dataset, folder, revision=arguments.revision)
    for path in pulled.changed:
        sys.stderr.write(f"note: {clean(path)} is not as the last push left it\n")
    sys.stdout.write(f"{folder}: {pulled.num_rows:,} rows of {pulled.repo} at {clean(pulled.commit[:12])}\n")
    return 0


COMMAND = Command("pull", "Bring a dataset back from the Hub into a run folder.", add_arguments, run)
