"""What Ctrl-C means while calls are in flight: the first one asks no more and waits for them, the second drops them.

What is in flight will be paid for whether anybody waits for it or not. So the first Ctrl-C of a run hands out nothing
more, every answer that still comes is stored, and then the run ends as interrupted. A second one ends it at once. Where
nothing is in flight, or the caller has a handler of its own, Ctrl-C is what it always is.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Stoppable(Protocol):
    """Something with calls in flight."""

    def stop(self) -> bool:
        """Send no more calls, and return whether some that were sent are still to be waited for."""


OPEN: set[Stoppable] = set()


@contextmanager
def waited_for() -> Iterator[None]:
    """Let the first Ctrl-C inside wait for what is on the wire."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _first)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def stop_all() -> bool:
    """Have everything that is open in this process send no more; return whether there is anything to wait for."""
    return any([each.stop() for each in tuple(OPEN)])  # a list: all of them are stopped


def _first(_: int, __: object) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if not stop_all():
        raise KeyboardInterrupt
