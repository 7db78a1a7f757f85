"""Saving what a damaged cache still holds: every response that can be read, and whose seal fits, goes to a new file.

SQLite reads around nothing: one torn page ends a scan. So a scan that breaks is taken up again one row further, and at
last the other way round, from the end. What cannot be read is asked again by the next run, and nothing that is wrong is
carried over. The damaged file is not written to.

Not covered: which run used which response, and a file whose first page is torn: SQLite no longer takes it for its own.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import zstandard

from open_thoughts_gen.cache.file import CacheFile
from open_thoughts_gen.cache.frames import unpack
from open_thoughts_gen.cache.store import Response, ResponseCache
from open_thoughts_gen.errors import Fault, UserError

_AT_ONCE = 500
_MAX_SKIPPED = 20_000  # in a row: an interior page leads to no more leaves than that, with rows of any real size
_COLUMNS = "SELECT id, key, payload, endpoint, model, created FROM responses NOT INDEXED"
_FORWARD = f"{_COLUMNS} WHERE id > ? ORDER BY id"
_BACKWARD = f"{_COLUMNS} ORDER BY id DESC"


@dataclass
class Rescued:
    """How many responses a new cache has, and whether any of the old one could not be read."""

    num_responses: int = 0
    has_losses: bool = False


def rescue(old: Path, new: Path) -> Rescued:
    """Write what a cache still holds to a new one, and return how much that is.

    Raises:
        UserError: there is something at the new place, or nothing of the old file can be read.

    """
    if new.exists():
        raise UserError(Fault(f"{new} exists", hint="name another file"))
    file = CacheFile(old)
    with file.faults_told(), closing(sqlite3.connect(f"{old.absolute().as_uri()}?mode=ro", uri=True)) as damaged:
        damaged.text_factory = lambda text: text.decode("utf-8", "replace")
        damaged.execute("PRAGMA writable_schema=ON")  # what is torn in the schema of other tables does not matter
        damaged.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
        with ResponseCache(new) as saved:
            rescued, batch = Rescued(), list[Response]()
            for response in _whole(damaged, rescued):
                batch.append(response)
                if len(batch) == _AT_ONCE:
                    saved.put_many(batch)
                    batch.clear()
            saved.put_many(batch)
            rescued.num_responses = saved.stats().num_responses
            return rescued


def _whole(damaged: sqlite3.Connection, rescued: Rescued) -> Iterator[Response]:
    """Yield the responses that are whole; some may come twice."""
    unpacker = zstandard.ZstdDecompressor()
    for row in _rows(damaged, rescued):
        try:
            _, key, stored, endpoint, model, created = row
            if isinstance(key, bytes):
                yield Response(key, unpack(key, stored, unpacker), str(endpoint), str(model), float(created))
            else:
                rescued.has_losses = True
        except (TypeError, ValueError):
            rescued.has_losses = True  # a damaged row: nothing in it can be trusted


def _rows(damaged: sqlite3.Connection, rescued: Rescued) -> Iterator[tuple[Any, ...]]:
    last = num_skipped = 0
    while num_skipped < _MAX_SKIPPED:
        try:
            for row in damaged.execute(_FORWARD, (last,)):
                if row[0] > last:  # in a torn tree rows may come twice, and in any order
                    last, num_skipped = row[0], 0
                yield row
            return
        except sqlite3.DatabaseError:
            last, num_skipped, rescued.has_losses = last + 1, num_skipped + 1, True
    with suppress(sqlite3.DatabaseError):
        yield from damaged.execute(_BACKWARD)
