"""Traces whose texts wait on disk, and questions that carry as much, so that a run may be larger than memory.

The texts of a long run's traces are gigabytes, and each is needed a few times: by a verifier, by a filter, when it is
published. So a run holds the texts of its first traces, up to `MAX_HELD` characters, and writes all others to a
file as they come. What flows on is a `Trace` like any other, whose `reasoning` and `response` are read whenever they
are asked for. It equals the plain one, and copied, replaced or sent to another process it is a plain one. No plug-in
notices.

The file has no name, so that the system frees it however the process ends, and lasts as long as a trace that is in it.
It lies in the folder of the response cache, which is on a disk that holds as much already; the system's temporary
folder, which is memory on many machines, is the second choice. Texts are compressed one by one (zstd), to about 40 %.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import fields
from pathlib import Path
from typing import Any, Self

import zstandard

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.types import Question, Trace

MAX_HELD = 64 << 20  # characters
MAX_SMALL = 500  # characters of a value of meta that is held
MIN_META = 8000  # characters; what a family says of its problems is shorter, and asked for often
_LEVEL = 1
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Spool:
    """Where the traces of one run go."""

    def __init__(self, folder: Path, max_held: int = MAX_HELD) -> None:
        """Take the folder of the file, should one be needed, and how many characters may be held in memory."""
        self._folder = folder
        self._room = max_held
        self._texts: _TextFile | None = None

    def stored(self, trace: Trace) -> Trace:
        """Return an equal trace, whose texts may be on disk.

        Raises:
            UserError: the disk is full, or cannot be written.

        """
        if self._takes(trace.num_characters):
            return trace
        with self._writing() as texts:
            return TraceOnDisk.write(trace, texts)

    def question(self, question: Question) -> Question:
        """Return an equal question, whose meta may be on disk: that of a recorded trace holds all of its texts.

        Raises:
            UserError: the disk is full, or cannot be written.

        """
        size = _num_characters(question.meta)
        if size < MIN_META or self._takes(size):
            return question
        with self._writing() as texts:
            return QuestionOnDisk.write(question, texts)

    def _takes(self, num_characters: int) -> bool:
        """Return whether memory has room; once it has none, all that comes later goes to disk, however short."""
        fits = self._room >= num_characters
        self._room = self._room - num_characters if fits else 0
        return fits

    @contextmanager
    def _writing(self) -> Iterator[_TextFile]:
        try:
            if self._texts is None:
                self._texts = _TextFile(self._folder)
            yield self._texts
        except OSError as error:
            folder = self._folder if self._texts is None else self._texts.folder
            message = f"{folder}: the traces of this run, which is larger than memory, cannot be written"
            hint = "free some space there" if error.errno in _FULL else "name a file that can be written with --cache"
            hint += ", and run the same command again; all answers so far are stored"
            raise UserError(Fault(f"{message}: {error.strerror}", hint=hint)) from error


def _num_characters(value: object) -> int:
    """Return about how many characters a JSON value has."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(key) + _num_characters(inner) for key, inner in value.items())
    return sum(map(_num_characters, value)) if isinstance(value, list | tuple) else 8


class _TextFile:
    """A file without a name, to the end of which texts are written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
        file = tempfile.TemporaryFile(dir=self.folder, prefix="open-thoughts-", buffering=0)  # noqa: SIM115
        weakref.finalize(self, file.close)
        self._descriptor, self._end = file.fileno(), 0
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)
        self._unpackers = _Unpackers()

    def add(self, *texts: str) -> list[int]:
        """Write texts, and return where each begins, and where the last ends."""
        offsets = [self._end]
        for text in texts:
            frame = memoryview(self._packer.compress(text.encode("utf-8", "surrogatepass")))
            while frame:
                written = os.pwrite(self._descriptor, frame, self._end)
                frame = frame[written:]
                self._end += written
            offsets.append(self._end)
        return offsets

    def read(self, start: int, end: int) -> str:
        """Return a text."""
        frame = os.pread(self._descriptor, end - start, start)
        return self._unpackers.one.decompress(frame).decode("utf-8", "surrogatepass")


class _Unpackers(threading.local):
    """One for each thread: verifiers may read from threads of their own, and an unpacker serves one at a time."""

    def __init__(self) -> None:
        self.one = zstandard.ZstdDecompressor()


class TraceOnDisk(Trace):
    """A trace whose texts are read from disk whenever they are asked for; all other fields are held.

    `write` makes one. Its own constructor takes the fields of a trace and returns a plain one, so that whatever builds
    it again from its fields (`dataclasses.replace`, `copy`, `pickle`) has the texts in memory.
    """

    __slots__ = ("_bounds", "_num_characters", "_texts")
    _texts: _TextFile
    _bounds: tuple[int, int, int]
    _num_characters: int

    def __new__(cls, *args: Any, **fields: Any) -> Trace:  # type: ignore[misc]  # noqa: ANN401
        """Return a plain trace of these fields."""
        return Trace(*args, **fields)

    @classmethod
    def write(cls, trace: Trace, texts: _TextFile) -> Self:
        """Write the texts of a trace to `texts`, and return a trace that has its other fields in memory."""
        stored = object.__new__(cls)
        held = {name: getattr(trace, name) for name in _HELD}
        held["teacher"] = sys.intern(trace.teacher)  # the same for nearly all: held once
        start, middle, end = texts.add(trace.reasoning, trace.response)
        attributes = {"_texts": texts, "_bounds": (start, middle, end), "_num_characters": trace.num_characters}
        for name, value in {**held, **attributes}.items():
            object.__setattr__(stored, name, value)
        return stored

    @property
    def reasoning(self) -> str:
        """The reasoning, read from disk."""
        return self._texts.read(*self._bounds[:2])

    @property
    def response(self) -> str:
        """The response, read from disk."""
        return self._texts.read(*self._bounds[1:])

    @property
    def num_characters(self) -> int:
        """How long the two texts are together, without reading them."""
        return self._num_characters

    def __repr__(self) -> str:
        return repr(copy(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Trace, tuple(getattr(self, field.name) for field in fields(Trace))


_HELD = tuple(field.name for field in fields(Trace) if field.name not in ("reasoning", "response"))


class QuestionOnDisk(Question):
    """A question whose meta is read from disk whenever it is asked for; built again from its fields, a plain one."""

    __slots__ = ("_bounds", "_small", "_texts")
    _texts: _TextFile
    _bounds: tuple[int, int]
    _small: dict[str, Any]  # what rows are chosen and grouped by is short, and asked for often

    def __new__(cls, *args: Any, **fields: Any) -> Question:  # type: ignore[misc]  # noqa: ANN401
        """Return a plain question of these fields."""
        return Question(*args, **fields)

    @classmethod
    def write(cls, question: Question, texts: _TextFile) -> Question:
        """Write the meta of a question to `texts`, and return a question that has its other fields in memory."""
        start, end = texts.add(json.dumps(question.meta))
        stored = object.__new__(cls)
        held = {field.name: getattr(question, field.name) for field in fields(Question) if field.name != "meta"}
        small = {key: value if _num_characters(value) < MAX_SMALL else ... for key, value in question.meta.items()}
        for name, value in {**held, "_texts": texts, "_bounds": (start, end), "_small": small}.items():
            object.__setattr__(stored, name, value)
        return stored

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the source knows beyond the other fields, read from disk."""
        meta: dict[str, Any] = json.loads(self._texts.read(*self._bounds))
        return meta

    def trait(self, key: str) -> Any:  # noqa: ANN401  (meta is JSON)
        """Return a value that rows are chosen or grouped by; a short one is not read from disk."""
        value = getattr(self, key) if key in ("domain", "source", "license") else self._small.get(key)
        return self.meta[key] if value is ... else value

    def __repr__(self) -> str:
        return repr(copy(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Question, tuple(getattr(self, field.name) for field in fields(Question))
