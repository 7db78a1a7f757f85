"""A spare worker process: a fork of this one, made while that is small and has a single thread.

An interpreter that starts and imports what a worker needs takes longer than everything else in a run of few rows. So
where a command allows it, a verifier that needs a worker forks one as soon as it is built: what both need is imported
by then, and what starts threads is not, so that no lock is copied that a thread holds. Where there is a second thread
already, or the system is not Linux, there is no spare, and workers start as they always do.

The fork keeps no open file of its parent, nor its environment; it leaves the parent's session, ends when the parent
does, and can be killed like any worker. It shares the parent's memory, which gives nothing away: code that can read its
own memory at will can read its parent's as well, and what a worker runs is ours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import NoReturn

from open_thoughts_gen.sandbox.serving import Job, serve

_POLL_S = 0.001


class Fork:
    """A forked worker, with as much of `subprocess.Popen` as is needed to talk to it and to end it."""

    def __init__(self) -> None:
        """Fork; the child waits for the line of a `Job`, and never returns from here."""
        tasks, to_child = os.pipe()
        from_child, replies = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            _become_worker(tasks, replies)
        os.close(tasks)
        os.close(replies)
        self.stdin = os.fdopen(to_child, "wb")
        self.stdout = os.fdopen(from_child, "rb")
        self._status: int | None = None
        self._waiting = threading.Lock()  # once waited for, the number may be another process's

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while the process lives."""
        with self._waiting:
            if self._status is None:
                pid, status = os.waitpid(self._pid, os.WNOHANG)
                self._status = os.waitstatus_to_exitcode(status) if pid else None
            return self._status

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the process has ended and return its exit status.

        Raises:
            subprocess.TimeoutExpired: it has not ended after `timeout` seconds.

        """
        until = time.monotonic() + timeout if timeout is not None else None
        while (status := self.poll()) is None:
            if until is not None and timeout is not None and time.monotonic() >= until:
                raise subprocess.TimeoutExpired("fork", timeout)
            time.sleep(_POLL_S)
        return status

    def kill(self) -> None:
        """End the process at once, whatever it is doing."""
        with self._waiting:
            if self._status is None:
                os.kill(self._pid, signal.SIGKILL)


_MAX_SPARES = 4
_spares: list[Fork] = []
_allowed: ContextVar[bool] = ContextVar("allowed", default=False)


@contextmanager
def allowed() -> Iterator[None]:
    """Allow spare processes to be made within the block; at its end, the unused ones end too."""
    before = _allowed.set(True)
    try:
        yield
    finally:
        _allowed.reset(before)
        while unused := take():
            unused.kill()
            unused.stdin.close()
            unused.stdout.close()
            unused.wait()


def fork() -> None:
    """Make a spare process, where that is allowed and safe."""
    if not _allowed.get() or len(_spares) >= _MAX_SPARES or sys.platform != "linux":
        return
    if len(os.listdir("/proc/self/task")) == 1:  # a fork copies no other thread
        _spares.append(Fork())


def take() -> Fork | None:
    """Return a spare process, which is then the caller's to end; None if there is none, or no more."""
    try:
        return _spares.pop()
    except IndexError:
        return None


def _become_worker(tasks: int, replies: int) -> NoReturn:
    """Serve the job that comes on `tasks`, and end without anything that the parent would do at its end."""
    status = 1
    try:
        os.setsid()  # Ctrl-C is for the parent
        os.dup2(tasks, 0)
        os.dup2(replies, 1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        for descriptor in os.listdir("/proc/self/fd"):
            if int(descriptor) > 2:
                with suppress(OSError):  # the one that listed them is closed by now
                    os.close(int(descriptor))
        _spares.clear()
        with open(0, "rb", closefd=False) as lines:
            line = lines.readline()
            if line:
                job = Job.of_line(line)
                os.environ.clear()
                os.environ.update(job.environment)
                status = serve(job, lines)
    finally:
        os._exit(status)
