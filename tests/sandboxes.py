"""What tests of the sandbox share: whether there can be one here, and what of it is left on this machine."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.sandbox import CellLimits, Program, Run, Sandbox

needs_bubblewrap = pytest.mark.skipif(
    shutil.which("bwrap") is None, reason="bubblewrap is not installed: apt-get install bubblewrap"
)


@contextmanager
def sandbox(limits: CellLimits, **settings: Any) -> Iterator[Sandbox]:
    """Yield a sandbox that has started; skip the test where it cannot, except in continuous integration."""
    made = Sandbox(limits, **settings)
    try:
        list(made.map(lambda cell, source: cell.run(Program(source)), ["pass"] * (made.num_cells or 1)))
    except UserError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no sandbox here: {error}")
    try:
        yield made
    finally:
        made.close()


def run(sandbox: Sandbox, source: str, *, stdin: str = "") -> Run:
    """Run one program."""
    return next(sandbox.map(lambda cell, each: cell.run(Program(each), stdin=stdin.encode()), [source]))


def call(sandbox: Sandbox, source: str, function: str, *arguments: object) -> Run:
    """Run one program and call its function."""
    program = Program(source, function=function)
    return next(sandbox.map(lambda cell, each: cell.run(each, arguments=arguments), [program]))


def descendants() -> dict[int, str]:
    """Return the command of every process below this one that is not a zombie waiting for its parent."""
    parents, names = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat, command = (entry / "stat").read_text(), (entry / "cmdline").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
            names[int(entry.name)] = command.replace("\0", " ").strip()
    below: dict[int, str] = {}
    frontier = {os.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier}
        below |= {pid: names[pid] for pid in frontier}
    return below


def leftovers() -> tuple[int, int, int]:
    """Return how many descendants, mounts and open descriptors there are."""
    mounts = Path("/proc/self/mounts").read_text().count("\n")
    return len(descendants()), mounts, len(os.listdir("/proc/self/fd"))
