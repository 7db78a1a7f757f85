"""What is to be seen of a run while it goes on: the answers that have come, as Parquet files beside the response cache.

The run folder appears whole or not at all, so nothing of this is in it. A file gets its name once it is whole, so a
viewer may read the folder at any moment. The longer a run has been going on the longer the time between two files:
there are never more than a few hundred. Verdicts come after the answers: a file whose rows have been judged is written
again in its place, with the same rows in the same order, so that a viewer's numbers of rows stay right. What filters
leave out is not known before the end, and not here.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow.parquet as pq

from open_thoughts_gen.cache.claims import process_lives
from open_thoughts_gen.publish.columns import STANDARD, arrow_schema
from open_thoughts_gen.publish.parquet import write_parquet
from open_thoughts_gen.publish.rows import standard_row
from open_thoughts_gen.types import Sample

Key = tuple[str, int]  # id of the question, attempt

LEAST_S = 2.0  # between two files
_SHARE = 50  # and no less than this part of the time since the start


class LiveRows:
    """A folder of answers, which is there for as long as the run goes on."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the folder, which ends in `-PID`; what killed runs have left beside it is deleted."""
        self.folder = folder
        self._clock = clock
        self._rows: list[dict[str, Any]] = []
        self._num_files = 0
        self._file_of: dict[Key, int] = {}
        self._judged: dict[int, dict[Key, Sample]] = {}  # by file, what has new verdicts
        self._since = self._written_at = clock()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._writing = threading.Thread(target=self._write_by_and_by, name="live rows", daemon=True)

    def __enter__(self) -> Self:
        """Make the folder, with a file of no rows, so that a viewer can open it."""
        for left in self.folder.parent.glob("*-*"):
            pid = left.name.rpartition("-")[2]
            if not (pid.isdecimal() and process_lives(int(pid))):
                shutil.rmtree(left, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write()
        self._writing.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Delete the folder."""
        self._ended.set()
        self._writing.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, sample: Sample) -> None:
        """Add an answer, or the verdicts on one that was added; they can be seen a little later."""
        assert sample.trace
        key = sample.question.id, sample.trace.attempt
        with self._lock:
            if sample.verdicts and key in self._file_of:
                self._judged.setdefault(self._file_of[key], {})[key] = sample
            else:
                self._rows.append(standard_row(sample) | ({} if sample.verdicts else {"outcome": None}))
                self._file_of[key] = self._num_files
            self._write_if_due()

    def _write_by_and_by(self) -> None:
        """Write what waits, also where no further answer comes."""
        while not self._ended.wait(LEAST_S):
            with self._lock:
                self._write_if_due()

    def _write_if_due(self) -> None:
        now = self._clock()
        if now - self._written_at >= max(LEAST_S, (now - self._since) / _SHARE) and (self._rows or self._judged):
            self._write()

    def _write(self) -> None:
        """Write the new rows into a file of their own, and those with new verdicts in their places."""
        if self._rows or not self._num_files:
            self._put(self._num_files, self._rows)
            self._rows, self._num_files = [], self._num_files + 1
        for number, judged in self._judged.items():
            rows = pq.read_table(self._path(number)).to_pylist()
            samples = (judged.get((row["id"], row["attempt"])) for row in rows)
            self._put(number, [standard_row(new) if new else row for new, row in zip(samples, rows, strict=True)])
        self._judged = {}
        self._written_at = self._clock()

    def _put(self, number: int, rows: list[dict[str, Any]]) -> None:
        partial = self._path(number).with_suffix(".part")
        write_parquet(partial, rows, arrow_schema(STANDARD))
        partial.rename(self._path(number))

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:06}.parquet"
