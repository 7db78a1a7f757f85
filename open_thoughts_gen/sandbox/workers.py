"""Worker processes that may be killed: for work on hostile input that can hang, eat memory or crash the interpreter.

A symbolic comparison of `9^9^9^9` does not end, and inside C code no exception reaches it: only the death of its
process stops it. So each worker is a process of its own that is sent one task at a time, and is killed when the wall
clock of that task runs out; the next task starts a new one. Tasks and answers are JSON, one to a line.

Workers (`serving`) are started by command line and not by `multiprocessing`: nothing of the parent comes along (no open
file, no lock that a thread held, no API key in the environment), and a user's script needs no `if __name__ ==
"__main__"`. The first of a run may be a fork that was made in time (`spare`). They end when their parent does, however
it ends: an idle one reads the end of its input, a busy one is ended by its own alarm, which the kernel delivers.

This bounds time and memory. It is not a sandbox: it runs *our* code on third-party text, never third-party code.
Memory limits and the alarm need a POSIX system; elsewhere the wall clock alone holds.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal

from open_thoughts_gen.sandbox import serving, spare

Failure = Literal["timeout", "memory", "crash"]

ALONE = "OPEN_THOUGHTS_ONE_CORE"  # set in the environment of a process that is one of many at the same work
_START_S = 120.0
_TICK_S = 0.05  # how often the clocks are looked at: a timer of its own for each task costs more than most tasks
_GRACE_S = 2.0  # the parent's clock comes first, the worker's own alarm is for when there is no parent any more
_INHERITED = ("PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT")


@dataclass(frozen=True, slots=True)
class WorkerReply:
    """What came of one task: a JSON value, or why there is none."""

    value: Any = None
    failure: Failure | None = None


@dataclass
class Workers:
    """A few killable processes that each call one function, `package.module:function`, on one task after another.

    They start when first used, one a core if it is not said how many. Equality and pickling concern the settings alone:
    a copy has processes of its own. `may_fork` says that what the function returns does not depend on the order of a
    set, which a fresh process fixes and a fork does not: then the first may be the spare process.
    """

    function: str
    num_workers: int | None = None
    timeout_s: float = 5.0
    memory_gb: float = 1.0
    environment: Mapping[str, str] = field(default_factory=dict)
    may_fork: bool = False
    _pool: _WorkerPool | None = field(default=None, init=False, repr=False, compare=False)

    def map(self, tasks: Iterable[object]) -> Iterator[WorkerReply]:
        """Return one reply per task, in order."""
        if self._pool is None:
            num = self.num_workers or num_cores()
            self._pool = _WorkerPool([_Worker(self._job(), may_fork=self.may_fork) for _ in range(num)])
            weakref.finalize(self, self._pool.close)
        return self._pool.map(tasks, self.timeout_s)

    def close(self) -> None:
        """End the processes; they start again when used again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None}

    def _job(self) -> serving.Job:
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        return serving.Job(self.function, self.memory_gb, self.timeout_s + _GRACE_S, inherited | dict(self.environment))


def num_cores() -> int:
    """Return how many cores this process may use: one, if it is one of many at the same work."""
    if os.environ.get(ALONE):
        return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class _WorkerPool:
    """One thread per worker, which waits on it, and one that watches the clocks of all."""

    def __init__(self, workers: list[_Worker]) -> None:
        self._workers = workers
        self._idle: queue.LifoQueue[_Worker] = queue.LifoQueue()  # the last one back is warm: few tasks, few starts
        for worker in workers:
            self._idle.put(worker)
        self._threads = ThreadPoolExecutor(len(workers), thread_name_prefix="worker")
        self._closed = threading.Event()
        threading.Thread(target=_watch, args=(workers, self._closed), name="worker-clock", daemon=True).start()

    def map(self, tasks: Iterable[object], timeout_s: float) -> Iterator[WorkerReply]:
        def ask(task: object) -> WorkerReply:
            worker = self._idle.get()
            try:
                return worker.ask(json.dumps(task).encode(), timeout_s)
            finally:
                self._idle.put(worker)

        return self._threads.map(ask, tasks)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.stop()
        self._closed.set()


def _watch(workers: list[_Worker], closed: threading.Event) -> None:
    while not closed.wait(_TICK_S):
        for worker in workers:
            worker.expire(time.monotonic())


class _Worker:
    """One process, started when it is first asked, and again after each death."""

    def __init__(self, job: serving.Job, *, may_fork: bool) -> None:
        self._job, self._may_fork = job, may_fork
        self._process: subprocess.Popen[bytes] | spare.Fork | None = None
        self._lock = threading.Lock()
        self._deadline: float | None = None
        self._expired = False

    def ask(self, task: bytes, timeout_s: float) -> WorkerReply:
        if self._process is None:
            self._start()
        line, expired = self._exchange(task + b"\n", timeout_s)
        if line is not None and not expired:
            return WorkerReply(json.loads(line))
        status = self.stop()
        if expired:
            return WorkerReply(failure="timeout")
        return WorkerReply(failure="memory" if status == serving.OUT_OF_MEMORY else "crash")

    def _start(self) -> None:
        self._process = spare.take() if self._may_fork else None
        if self._process is not None:
            if self._exchange(self._job.line(), _START_S)[0] == serving.READY:
                return
            self.stop()  # something has killed it while it waited
        self._process = _fresh(self._job)
        if self._exchange(b"", _START_S)[0] != serving.READY:
            raise RuntimeError(f"a worker did not start (status {self.stop()}): {self._job.function}")

    def _exchange(self, sent: bytes, timeout_s: float) -> tuple[bytes | None, bool]:
        """Send, and return the line that comes back, None if the process died first, and whether its time was up."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return None, False
        with self._lock:
            self._deadline, self._expired = time.monotonic() + timeout_s, False
        try:
            process.stdin.write(sent)
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = b""
        with self._lock:
            self._deadline = None
            return (line if line.endswith(b"\n") else None), self._expired

    def expire(self, now: float) -> None:
        """Kill the process if the time of its task is up."""
        with self._lock:
            if self._deadline is not None and now > self._deadline and self._process is not None:
                self._deadline, self._expired = None, True
                self._process.kill()

    def stop(self) -> int | None:
        """End the process at once and return its exit status; None if there is none."""
        process, self._process = self._process, None
        if process is None:
            return None
        if process.stdin is not None:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        # A process that died by itself closes its pipes a moment before its status can be read.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
        process.kill()
        if process.stdout is not None:
            process.stdout.close()
        return process.wait()


def _fresh(job: serving.Job) -> subprocess.Popen[bytes]:
    """Start a worker as an interpreter that knows nothing of this process but the environment that it is given."""
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)
    return subprocess.Popen(  # noqa: S603 - the command is ours
        [sys.executable, "-P", "-m", serving.__name__, job.function, str(job.memory_gb), str(job.alarm_s)],
        env={"PYTHONPATH": path, "PYTHONHASHSEED": "0", **job.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C is for the parent
    )
