"""What a run reports while it works, to a screen or to nobody."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from open_thoughts_gen.types import Sample


class Watcher(Protocol):
    """Receives the reports of a run."""

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        """Begin to report a step, which ends the one before.

        `total` is its number of rows, None if not known; `done` is how many of them were done before.
        """

    def advance(self, num: int = 1) -> None:
        """Report that `num` more rows of the current step are done."""

    def answered(self, sample: Sample) -> None:
        """Take a question with the trace that has come for it, and again with each verdict that comes on it."""

    def show(self, state: Callable[[], str]) -> None:
        """Take the function that returns one line on how the current step is going, or an empty one."""

    def note(self, message: str) -> None:
        """Show a message of a few lines at once."""


class Unwatched:
    """Reports to nobody."""

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        """Note nothing."""

    def advance(self, num: int = 1) -> None:
        """Note nothing."""

    def answered(self, sample: Sample) -> None:
        """Note nothing."""

    def show(self, state: Callable[[], str]) -> None:
        """Note nothing."""

    def note(self, message: str) -> None:
        """Note nothing."""
