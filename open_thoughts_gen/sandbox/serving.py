"""The worker's side of `workers`: one function, called on one task after another, each a line of JSON.

Memory limits and the alarm need a POSIX system; elsewhere the parent's clock alone holds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import IO, NamedTuple, Self

PREPARE = "prepare"  # what a module may name so is called once, before the clock of any task runs: slow imports
OUT_OF_MEMORY = 77  # the exit status
READY = b'"ready"\n'
_NUM_ALLOCATIONS = 20_000  # between two looks for garbage


class Job(NamedTuple):
    """What a worker is for: the function (`package.module:function`), its limits in GiB and s, its environment."""

    function: str
    memory_gb: float
    alarm_s: float
    environment: Mapping[str, str]

    def line(self) -> bytes:
        """Return it as a line to send."""
        return json.dumps(self).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """Return the job that a line holds."""
        return cls(*json.loads(line))


def serve(job: Job, tasks: IO[bytes]) -> int:
    """Answer the tasks until they end, on what is standard output when this is called; return the exit status."""
    replies = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # what a library prints must not be taken for a reply
    if sys.platform != "win32":
        import resource

        num_bytes = int(job.memory_gb * 2**30)
        resource.setrlimit(resource.RLIMIT_AS, (num_bytes, num_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    module, _, name = job.function.partition(":")
    loaded = importlib.import_module(module)
    answer = getattr(loaded, name)
    getattr(loaded, PREPARE, bool)()
    # What is loaded by now stays: without this, looking through it for garbage takes a twentieth of the time.
    gc.freeze()
    gc.set_threshold(_NUM_ALLOCATIONS)
    _reply(replies, READY)
    for line in tasks:
        _alarm(job.alarm_s)
        try:
            value = answer(json.loads(line))
        except MemoryError:
            return OUT_OF_MEMORY  # start afresh: what is left of the heap cannot be trusted
        _alarm(0)
        _reply(replies, json.dumps(value).encode() + b"\n")
    return 0


def _reply(replies: IO[bytes], line: bytes) -> None:
    replies.write(line)
    replies.flush()


def _alarm(alarm_s: float) -> None:
    """Have the kernel end this process after `alarm_s` seconds; 0 calls it off."""
    if sys.platform != "win32":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, alarm_s)


if __name__ == "__main__":
    sys.exit(serve(Job(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), {}), sys.stdin.buffer))
