"""Whether work is worth spreading: begin in this process, and see how long a row takes, and how long to send one.

Most runs judge faster than a worker starts, and some work is done sooner than its rows are packed. So every engine does
the first rows in this process, in batches, each as long as all before it together. What is not worth spreading is done
here to its end.
"""

from __future__ import annotations

import itertools
import pickle
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import length_hint
from typing import TypeVar

Row = TypeVar("Row")
Result = TypeVar("Result")

MAX_BATCH = 512  # rows sent to a worker at once, however quickly they are done: each may be a trace of many kilobytes
RUN = 1024  # rows done in place at once: many, for what has a concurrency of its own; few, for those that are on disk


@dataclass(frozen=True, slots=True)
class Trial:
    """How long to work in this process first, how much time workers must save to be started, and the work in a batch.

    A batch takes long compared with sending it, and is short enough for progress to be seen.
    """

    trial_s: float
    worth_s: float
    batch_s: float

    def begin(
        self, function: Callable[[Sequence[Row]], Iterable[Result]], rows: Iterable[Row]
    ) -> Generator[Result, None, Iterator[list[Row]]]:
        """Yield the results of the first rows, or of all; return the batches that are left to workers.

        Where it is not known how many rows there are, as many are expected again as there have been.
        """
        rest, num = iter(rows), length_hint(rows, 0)
        spent_s, done = 0.0, 0
        while run := list(itertools.islice(rest, done or 1)):
            start = time.perf_counter()
            results = list(function(run))
            # The first row is not counted: it also loads what the function needs.
            spent_s += time.perf_counter() - start if done else 0.0
            done += len(run)
            yield from results
            if done > 1 and spent_s >= self.trial_s:
                row_s = max(spent_s / (done - 1), 1e-9)
                left = num - done if num else done
                start = time.perf_counter()  # of packing one row and its result, and unpacking them
                pickle.loads(pickle.dumps((run[-1], results[-1:])))  # noqa: S301  (what was packed a moment before)
                carry_s = time.perf_counter() - start
                if left and (row_s - carry_s) * left >= self.worth_s:
                    return batches(rest, min(MAX_BATCH, max(1, int(self.batch_s / row_s))))
                break
        yield from in_place(function, rest, RUN if num else 1)
        return iter(())


def in_place(function: Callable[[Sequence[Row]], Iterable[Result]], rows: Iterable[Row], size: int) -> Iterator[Result]:
    """Do the rows here."""
    for run in batches(iter(rows), size):
        yield from function(run)


def batches(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Yield the rows in batches, read as they are asked for."""
    while batch := list(itertools.islice(rows, size)):
        yield batch
