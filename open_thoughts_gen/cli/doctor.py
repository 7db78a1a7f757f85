"""The command `doctor`: find what is wrong with a dataset before it is pushed, a line for each fault, with a fix."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.program import EXIT_USER_ERROR, Command

if TYPE_CHECKING:
    from open_thoughts_gen.publish.doctor import Complaint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "place",
        metavar="RUN_OR_DATASET",
        help="a run folder, a folder with a card and Parquet files, or OWNER/NAME of a dataset on the Hub",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.cli.terminal import clean
    from open_thoughts_gen.publish.doctor import CHECKS

    complaints = examined(arguments.place)
    for complaint in complaints:
        sys.stdout.write(f"{clean(str(complaint))}\n")
    if complaints:
        return EXIT_USER_ERROR
    sys.stdout.write(f"{arguments.place}: ok ({', '.join(CHECKS)})\n")
    return 0


COMMAND = Command("doctor", "Find what is wrong with a dataset before it is pushed to the Hub.", add_arguments, run)


def examined(where: str) -> list[Complaint]:
    """Return what is wrong with a run, with a dataset in a folder, or with one on the Hub, which is fetched first.

    Raises:
        UserError: there is no such dataset.

    """
    from open_thoughts_gen.publish.doctor import dataset_folder, examine
    from open_thoughts_gen.publish.hub import fetch

    if Path(where).exists() or where.count("/") != 1:
        return examine(dataset_folder(Path(where)))
    with TemporaryDirectory() as folder:
        fetch(where, Path(folder))
        return examine(Path(folder))


def check_before_push(folder: Path, accepted: Collection[str]) -> None:
    """Examine the dataset of a run folder; what `accepted` checks find is only printed.

    Raises:
        UserError: the other checks found something.

    """
    from open_thoughts_gen.cli.program import PROGRAM
    from open_thoughts_gen.cli.terminal import clean
    from open_thoughts_gen.errors import Fault, UserError
    from open_thoughts_gen.publish.doctor import CHECKS, NEVER_ACCEPTED, dataset_folder, examine

    complaints = examine(dataset_folder(folder))
    for complaint in complaints:
        if complaint.check in accepted:
            sys.stderr.write(f"accepted: {clean(str(complaint))}\n")
    failed = [check for check in CHECKS if any(c.check == check for c in complaints) and check not in accepted]
    if failed:
        words = " ".join(f"--accept {check}" for check in (*failed, *accepted))
        last = Fault(f"nothing was pushed; to push it as it is: {PROGRAM} push {folder} {words}")
        if set(failed) & set(NEVER_ACCEPTED):
            last = Fault("nothing was pushed: a rehearsal is not published")
        raise UserError(*(Fault(str(c)) for c in complaints if c.check in failed), last)
