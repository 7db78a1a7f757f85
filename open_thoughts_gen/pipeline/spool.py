"""Traces whose texts wait on disk, so that a run may be larger than memory.

The texts of a long run's traces are gigabytes, and each is needed a few times: by a verifier, by a filter, when it is
published. So a run holds its first questions and the texts of its first traces, up to `MAX_HELD` characters, and writes
all others to a file as they come (`blobs`). What flows on is a `Trace` like any other, whose `reasoning` and `response`
are read whenever they are asked for. It equals the plain one, and copied, replaced or sent to another process it is a
plain one. No plug-in notices. `questions` does the same for questions.

The file lies in the folder of the response cache, which is on a disk that holds as much already; the system's temporary
folder, which is memory on many machines, is the second choice.
"""

from __future__ import annotations

import errno
import pickle
import sys
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import fields
from pathlib import Path
from typing import Any, Self, TypeVar

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.pipeline.blobs import Blobs
from open_thoughts_gen.pipeline.lazy import Lazy
from open_thoughts_gen.types import Trace, TraceSpan, Usage

MAX_HELD = 64 << 20  # characters
MAX_SHELVED = 10_000  # items of a shelf that are held
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_Rest = tuple[str, str, Usage | None, tuple[TraceSpan, ...]]  # response, id of the question, usage, passages

Item = TypeVar("Item")


class Spool:
    """Where the traces and questions of one run go, and whatever else there is too much of."""

    def __init__(self, folder: Path, max_held: int = MAX_HELD) -> None:
        """Take the folder of the file, should one be needed, and how many characters may be held in memory."""
        self._folder = folder
        self._room = max_held
        self._blobs: Blobs | None = None

    def stored(self, trace: Trace) -> Trace:
        """Return an equal trace, whose texts may be on disk.

        Raises:
            UserError: the disk is full, or cannot be written.

        """
        if self.takes(trace.num_characters):
            return trace
        with self.writing() as blobs:
            return TraceOnDisk.write(trace, blobs)

    def takes(self, num_characters: int) -> bool:
        """Return whether memory has room; once it has none, all that comes later goes to disk, however short."""
        fits = self._room >= num_characters
        self._room = self._room - num_characters if fits else 0
        return fits

    @contextmanager
    def writing(self) -> Iterator[Blobs]:
        """Give the file.

        Raises:
            UserError: the disk is full, or cannot be written.

        """
        try:
            if self._blobs is None:
                self._blobs = Blobs(self._folder)
            yield self._blobs
        except OSError as error:
            folder = self._folder if self._blobs is None else self._blobs.folder
            message = f"{folder}: the traces of this run, which is larger than memory, cannot be written"
            hint = "free some space there" if error.errno in _FULL else "name a file that can be written with --cache"
            hint += ", and run the same command again; all answers so far are stored"
            raise UserError(Fault(f"{message}: {error.strerror}", hint=hint)) from error


class Shelf(Lazy[Item]):
    """A list that grows, of which all but the first items wait on disk."""

    def __init__(self, spool: Spool) -> None:
        """Begin an empty one."""
        self._spool = spool
        self._held: list[Item] = []
        self._blobs: Blobs | None = None
        self._numbers = array("Q")

    def append(self, item: Item) -> None:
        """Add an item.

        Raises:
            UserError: the disk is full, or cannot be written.

        """
        if len(self._held) < MAX_SHELVED:
            self._held.append(item)
            return
        with self._spool.writing() as self._blobs:
            self._numbers.append(self._blobs.add(pickle.dumps(item, pickle.HIGHEST_PROTOCOL)))

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self._held) + len(self._numbers)

    def at(self, index: int) -> Item:
        """Return an item, which may be read from disk."""
        if index < len(self._held) or self._blobs is None:
            return self._held[index]
        item: Item = pickle.loads(self._blobs.read(self._numbers[index - len(self._held)]))  # noqa: S301  (ours)
        return item


class TraceOnDisk(Trace):
    """A trace whose texts, usage and passages are read from disk whenever they are asked for.

    `write` makes one. Its own constructor takes the fields of a trace and returns a plain one, so that whatever builds
    it again from its fields (`dataclasses.replace`, `copy`, `pickle`) has the texts in memory.
    """

    __slots__ = ("_blobs", "_num_characters", "_number")
    _blobs: Blobs
    _number: int  # of its reasoning; all else is under the next one
    _num_characters: int

    def __new__(cls, *args: Any, **fields: Any) -> Trace:  # type: ignore[misc]  # noqa: ANN401
        """Return a plain trace of these fields."""
        return Trace(*args, **fields)

    @classmethod
    def write(cls, trace: Trace, blobs: Blobs) -> Self:
        """Write the texts of a trace to `blobs`, and return a trace that has its other fields in memory."""
        stored = object.__new__(cls)
        rest: _Rest = (trace.response, trace.question_id, trace.usage, trace.passages)
        number = blobs.add(trace.reasoning.encode("utf-8", "surrogatepass"))
        blobs.add(pickle.dumps(rest, pickle.HIGHEST_PROTOCOL))
        held = {name: getattr(trace, name) for name in _HELD}
        held["teacher"] = sys.intern(trace.teacher)  # the same for nearly all: held once
        attributes = {"_blobs": blobs, "_number": number, "_num_characters": trace.num_characters}
        for name, value in {**held, **attributes}.items():
            object.__setattr__(stored, name, value)
        return stored

    @property
    def reasoning(self) -> str:
        """The reasoning, read from disk."""
        return self._blobs.read(self._number).decode("utf-8", "surrogatepass")

    @property
    def response(self) -> str:
        """The response, read from disk."""
        return self._rest()[0]

    @property
    def question_id(self) -> str:
        """The id of its question, read from disk."""
        return self._rest()[1]

    @property
    def usage(self) -> Usage | None:
        """What it cost, read from disk."""
        return self._rest()[2]

    @property
    def passages(self) -> tuple[TraceSpan, ...]:
        """What its texts say where, read from disk."""
        return self._rest()[3]

    @property
    def num_characters(self) -> int:
        """How long the two texts are together, without reading them."""
        return self._num_characters

    def _rest(self) -> _Rest:
        rest: _Rest = pickle.loads(self._blobs.read(self._number + 1))  # noqa: S301  (written above)
        return rest

    def __repr__(self) -> str:
        return repr(copy(self))

    def __reduce__(self) -> tuple[Any, ...]:
        response, question_id, usage, passages = self._rest()
        read = {"response": response, "question_id": question_id, "usage": usage, "passages": passages}
        return Trace, tuple(read[name] if name in read else getattr(self, name) for name in _FIELDS)


_FIELDS = tuple(field.name for field in fields(Trace))
_HELD = ("attempt", "teacher", "finish_reason", "error", "error_kind")
