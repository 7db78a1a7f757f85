"""The command `push`: upload a run folder's dataset to the Hub."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from open_thoughts_gen.cli.program import Command

if TYPE_CHECKING:
    from collections.abc import Collection

    from open_thoughts_gen.publish.hub import Consent
    from open_thoughts_gen.publish.push_plan import PushPlan

# The checks of `publish.doctor`, here so that `--help` imports nothing; a test holds them to its own.
CHECKS = (
    *("card", "size", "tasks", "files", "schema", "nulls", "row-groups", "viewer", "rows", "license"),
    *("secrets", "emails"),
)


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
    parser.add_argument(
        "--revision", metavar="BRANCH", help="push to this branch, which is made if it is missing (default: main)"
    )
    parser.add_argument(
        "--create-pr", action="store_true", help="open a pull request with the changes, and leave the branch as it is"
    )
    parser.add_argument(
        "--accept",
        action="append",
        default=[],
        choices=CHECKS,
        metavar="CHECK",
        help="push although this check of `doctor` finds something, such as `rows` of a small dataset; repeatable",
    )
    parser.add_argument("--dry-run", action="store_true", help="show what would change, and push nothing")


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen.publish.hub import Consent

    consent = Consent(
        into_existing=arguments.into_existing,
        replace_card=arguments.replace_card,
        dry_run=arguments.dry_run,
        revision=arguments.revision or "",
        create_pr=arguments.create_pr,
    )
    return push_folder(Path(arguments.folder), arguments.repo, consent, arguments.accept)


COMMAND = Command("push", "Upload a run folder's dataset to the Hugging Face Hub.", add_arguments, run)


def push_folder(folder: Path, repo: str | None, consent: Consent | None = None, accepted: Collection[str] = ()) -> int:
    """Examine a run folder, push it, print what is changed and what was done, and return the exit code.

    Raises:
        UserError: the dataset has faults that are not accepted, or it cannot be pushed.

    """
    from open_thoughts_gen.cli.doctor import check_before_push
    from open_thoughts_gen.publish import hub

    hub.check_folder(folder)
    check_before_push(folder, accepted)
    consent = consent or hub.Consent()

    def show(repo: str, plan: PushPlan) -> None:
        sys.stderr.write("\n".join([f"{repo}: {plan.summary}", *plan.lines()]) + "\n")

    pushed = hub.push(folder, repo=repo, consent=consent, show=show)
    if consent.dry_run:
        done = "nothing was pushed to"
    else:
        done = "pushed to" if pushed.commit_url else "nothing has changed at"
    sys.stdout.write(f"{done} {pushed.pr_url or pushed.url}\n")
    return 0
