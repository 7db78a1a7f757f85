"""Do pure work on this machine: in this process, and in worker processes once that pays (`trial`).

Results come back in order and are the same for any number of workers. Workers are started fresh (never forked: threads
and locks of this process would be copied in the middle of their work), ignore Ctrl-C, which the parent handles, and end
when the parent does, even by `kill -9`. A batch whose worker died is done again, alone. After a second death the row
is looked for by halving, where the function says by `died` what becomes of it (a verdict does); else it is reported.
The function is sent to each worker once, and stays there from batch to batch.
"""

from __future__ import annotations

import itertools
import os
import pickle
import signal
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from open_thoughts_gen.engines.trial import RUN, Trial, in_place
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.sandbox.workers import ALONE, num_cores
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Question, Request, Trace

if TYPE_CHECKING:  # imported when work is spread: few runs come to it
    from concurrent.futures import ProcessPoolExecutor

Row = TypeVar("Row")
Result = TypeVar("Result")

TRIAL = Trial(trial_s=0.3, worth_s=2.0, batch_s=0.25)  # a worker takes about half a second to start
SMALL_BYTES = 1 << 16  # of a function that is sent with every batch, and not by a file
AHEAD = 2  # batches a worker in flight beside the one it is at, so that none waits and memory stays bounded


class Local:
    """A pool of processes sized to the machine, started when it is worth it and kept for the next verb."""

    def __init__(self, workers: int | None = None, trial: Trial = TRIAL) -> None:
        """Take the number of worker processes; None for one a core, 1 for none at all."""
        self._workers = workers if workers is not None else num_cores()
        self._trial = trial
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Self:
        """Return the engine."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the workers at once."""
        self.close()

    def map(self, function: Callable[[Sequence[Row]], Iterable[Result]], rows: Iterable[Row]) -> Iterator[Result]:
        """Yield what the function makes of the rows, in order.

        Raises:
            UserError: a worker process died twice on the same rows, and the function has no `died`.

        """
        if self._workers == 1:
            yield from in_place(function, rows, RUN if isinstance(rows, Sequence) else 1)
            return
        left = yield from self._trial.begin(function, rows)
        for batch in left:
            yield from self._spread(function, itertools.chain([batch], left))

    def traces(self, teacher: Teacher, requests: Iterable[Request]) -> Iterator[Trace]:
        """Ask the teacher in this process: it owns its concurrency."""
        return teacher.traces(requests)

    def close(self) -> None:
        """End the workers at once, even in the middle of a task: tasks have no side effects and can be repeated."""
        pool, self._pool = self._pool, None
        if pool is not None:
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()

    def _spread(
        self, function: Callable[[Sequence[Row]], Iterable[Result]], waiting: Iterator[list[Row]]
    ) -> Iterator[Result]:
        from concurrent.futures.process import BrokenProcessPool

        flight: deque[tuple[list[Row], Future[list[Result]]]] = deque()
        with _sent(function) as sent:
            try:
                while True:
                    for batch in itertools.islice(waiting, self._workers * (AHEAD + 1) - len(flight)):
                        flight.append((batch, self._submit(sent, batch)))
                    if not flight:
                        return
                    try:
                        results = flight[0][1].result()
                    except (BrokenProcessPool, CancelledError):
                        # Nobody knows whose rows killed the worker: all that were on their way are done again, alone.
                        # They are cancelled where it died for another stream that shares the pool.
                        self.close()
                        for batch, _ in flight:
                            yield from self._alone(function, sent, batch)
                        flight.clear()
                    else:
                        flight.popleft()
                        yield from results
            except BaseException:
                self.close()
                raise

    def _alone(self, function: object, sent: bytes | str, batch: list[Row]) -> list[Any]:
        from concurrent.futures.process import BrokenProcessPool

        try:
            return self._submit(sent, batch).result()
        except BrokenProcessPool as error:
            self.close()
            died = getattr(function, "died", None)
            if died is not None:
                middle = len(batch) // 2
                halves = (batch[:middle], batch[middle:]) if middle else ()
                return [each for half in halves for each in self._alone(function, sent, half)] or [died(batch[0])]
            fault = f"a worker process died twice on the same {len(batch)} rows, the first of them {brief(batch[0])}"
            hint = "free some memory; or run with --workers 1, where the cause may be seen"
            raise UserError(Fault(fault, hint=hint)) from error

    def _submit(self, sent: bytes | str, batch: list[Row]) -> Future[list[Any]]:
        import multiprocessing
        from concurrent.futures.process import BrokenProcessPool, ProcessPoolExecutor

        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self._workers, mp_context=multiprocessing.get_context("spawn"), initializer=_start_worker
            )
        try:
            return self._pool.submit(_call, sent, batch)
        except BrokenProcessPool as error:  # it broke since the last look: told where the result is asked for
            broken: Future[list[Any]] = Future()
            broken.set_exception(error)
            return broken


def brief(row: object) -> str:
    """Name a row in an error."""
    first = row[0] if isinstance(row, tuple) and row else row
    question = first if isinstance(first, Question) else getattr(first, "question", None)
    return f"question {question.id}" if isinstance(question, Question) else shorten(repr(row), 60)


@contextmanager
def _sent(function: object) -> Iterator[bytes | str]:
    """Give what workers are sent for a function: its bytes, or the file that they are in if there are many."""
    packed = pickle.dumps(function, pickle.HIGHEST_PROTOCOL)
    if len(packed) <= SMALL_BYTES:
        yield packed
        return
    with tempfile.TemporaryDirectory(prefix="open-thoughts-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "function"
        file.write_bytes(packed)
        yield str(file)


def _call(sent: bytes | str, batch: Sequence[Any]) -> list[Any]:
    return list(_unpacked(sent)(batch))


@lru_cache(maxsize=1)
def _unpacked(sent: bytes | str) -> Callable[[Sequence[Any]], Iterable[Any]]:
    packed = sent if isinstance(sent, bytes) else Path(sent).read_bytes()
    function: Callable[[Sequence[Any]], Iterable[Any]] = pickle.loads(packed)  # noqa: S301  (the parent packed it)
    return function


def _start_worker() -> None:
    """Prepare a worker process, which ends with its parent."""

    def end_with_parent() -> None:
        import multiprocessing

        parent = multiprocessing.parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    os.environ[ALONE] = "1"
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
