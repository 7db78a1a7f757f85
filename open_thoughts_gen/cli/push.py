"""The command `push`: upload a run folder's dataset to the Hub."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.program import Command

if TYPE_CHECKING:
    from open_thoughts_gen.publish.push_plan import PushPlan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("folder", metavar="RUN_FOLDER", help="the folder that `run` wrote")
    parser.add_argument(
        "--repo", metavar="OWNER/NAME", help="the dataset's repository on the Hub (default: the recipe's publish.repo)"
    )
    parser.add_argument(
        "--into-existing",
        action="store_true",
        help="push even if the repository holds files that no earlier push wrote; they are left as they are",
    )
    parser.add_argument(
        "--replace-card",
        action="store_true",
        help="replace the whole card (README.md), including what a person has written in it",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and push nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    options = ("into_existing", "replace_card", "dry_run")
    return push_folder(
        Path(arguments.folder), arguments.repo, **{option: getattr(arguments, option) for option in options}
    )


COMMAND = Command("push", "Upload a run folder's dataset to the Hugging Face Hub.", add_arguments, run)


def push_folder(folder: Path, repo: str | None, **consent: bool) -> int:
    """Push a run folder, print what is changed and what was done, and return the exit code.

    `consent` are the fields of `publish.hub.Consent`.
    """
    from open_thoughts_gen.publish import hub

    def show(repo: str, plan: PushPlan) -> None:
        sys.stderr.write("\n".join([f"{repo}: {plan.summary}", *plan.lines()]) + "\n")

    pushed = hub.push(folder, repo=repo, consent=hub.Consent(**consent), show=show)
    if consent.get("dry_run"):
        done = "nothing was pushed to"
    else:
        done = f"pushed {pushed.num_changed} changes to" if pushed.commit_url else "nothing has changed at"
    sys.stdout.write(f"{done} {pushed.url}\n")
    return 0
