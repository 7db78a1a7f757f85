"""What is too large for memory waits on disk: texts, and numbers sorted out into piles.

Both begin in memory and move to files when what all of them hold together reaches the limit; what they give back is the
same. Files lie in a folder of the system's temporary one (`TMPDIR`), removed at the end. Texts are read one by one as
they are asked for, so that they take no memory; piles are read whole, one after the other, so they have to be small.
Plain files of 64-bit numbers, sorted by numpy, measured faster here than joins in Polars or DuckDB: the numbers are all
there is, and each pile is read once.
"""

from __future__ import annotations

import errno
import itertools
import math
import os
import tempfile
from array import array
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.similar.stages import Piled

GB = 1 << 30
_ROOM = "make room there, or name another place with TMPDIR; what was answered before is kept"
_HINTS = {errno.ENOSPC: _ROOM, errno.EDQUOT: _ROOM, errno.EFBIG: _ROOM, errno.EMFILE: "raise `ulimit -n` to 4096"}
Number = TypeVar("Number", bound=np.generic)


class Spill:
    """How much is held in memory, of how much may be, and the folder for the rest."""

    def __init__(self, memory_gb: float | None = None) -> None:
        """Take the memory for texts and numbers; None for half of what the machine has."""
        self.limit = int(memory_gb * GB if memory_gb else os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2)
        # The rest is for what is being worked on, and for a few numbers a text.
        self._room = self.limit // 2
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[BinaryIO] = []

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Remove the files.

        Raises:
            UserError: the disk is full, or too many files are open.

        """
        for file in self._files:
            with suppress(OSError):  # what it held back for a full disk, which is reported below
                file.close()
        if self._folder is not None:
            self._folder.cleanup()
        if isinstance(error, OSError) and error.errno in _HINTS:
            message = f"{tempfile.gettempdir()}: what memory does not hold cannot be written: {error.strerror}"
            raise UserError(Fault(message, hint=_HINTS[error.errno])) from error

    def holds(self, num_bytes: int) -> bool:
        """Take that much more in memory, or less, and return whether there is room for all of it."""
        self._room -= num_bytes
        return self._room >= 0

    def table(self, shape: tuple[int, ...], dtype: type[Number]) -> NDArray[Number]:
        """Return room for a table of numbers, on disk if memory has no room for it."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if self.holds(size) or not size:
            return np.empty(shape, dtype=dtype)
        self.holds(-size)
        file = self.file(f"table-{len(self._files)}")
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)  # where room is missing only when it is used, the process dies
        else:
            file.truncate(size)
        return np.memmap(file, dtype=dtype, mode="r+", shape=shape)

    def file(self, name: str) -> BinaryIO:
        """Open a new file of a name that none has yet."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="open-thoughts-", ignore_cleanup_errors=True)
        file = (Path(self._folder.name) / name).open("xb+", buffering=1 << 16)
        self._files.append(file)
        return file


class Texts:
    """Texts by place, in the order in which they were added."""

    def __init__(self, spill: Spill) -> None:
        """Take where they go when they are too many."""
        self._spill = spill
        self._held: list[str] = []
        self._file: BinaryIO | None = None
        self._sizes = array("q")
        self._ends = array("q", [0])  # in the file

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._sizes)

    def add(self, text: str) -> None:
        """Add one at the end."""
        self._sizes.append(len(text))
        if self._file is None:
            self._held.append(text)
            if not self._spill.holds(len(text) + 64):
                self._move()
        else:
            self._write(text)

    def get(self, start: int, stop: int) -> list[str]:
        """Return texts that stand one after the other."""
        if self._file is None:
            return self._held[start:stop]
        at = self._ends[start]
        read = os.pread(self._file.fileno(), self._ends[stop] - at, at)
        ends = self._ends[start : stop + 1]
        return [read[a - at : b - at].decode("utf-8", "surrogatepass") for a, b in itertools.pairwise(ends)]

    def __getitem__(self, index: int) -> str:
        """Return one."""
        return self._held[index] if self._file is None else self.get(index, index + 1)[0]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many characters each has."""
        return np.array(self._sizes, dtype=np.int64)

    def ready(self) -> None:
        """Make those that were added readable."""
        if self._file is not None:
            self._file.flush()

    def _move(self) -> None:
        held, self._held = self._held, []
        self._spill.holds(-sum(map(len, held)) - 64 * len(held))
        self._file = self._spill.file("texts")
        for text in held:
            self._write(text)

    def _write(self, text: str) -> None:
        assert self._file is not None
        self._ends.append(self._ends[-1] + self._file.write(text.encode("utf-8", "surrogatepass")))


class Arrays:
    """Arrays of numbers, given back once, in the order in which they were added."""

    def __init__(self, spill: Spill, name: str) -> None:
        """Take where they go when they are too large."""
        self._spill, self._name = spill, name
        self._held: list[NDArray[np.uint64]] = []
        self._file: BinaryIO | None = None
        self._sizes: list[int] = []

    def add(self, numbers: NDArray[np.uint64]) -> None:
        """Add one at the end."""
        self._sizes.append(numbers.size)
        if self._file is not None:
            self._file.write(numbers.tobytes())
            return
        self._held.append(numbers)
        if not self._spill.holds(numbers.nbytes):
            self._file = self._spill.file(self._name)
            for each in self._held:
                self._spill.holds(-each.nbytes)
                self._file.write(each.tobytes())
            self._held.clear()

    def all(self) -> Iterator[NDArray[np.uint64]]:
        """Yield them, each as it is asked for."""
        if self._file is not None:
            self._file.seek(0)
            yield from (np.fromfile(self._file, dtype=np.uint64, count=size) for size in self._sizes)
            self._file.truncate(0)
        while self._held:
            numbers = self._held.pop(0)
            self._spill.holds(-numbers.nbytes)
            yield numbers


class Piles:
    """Numbers, each on one of several piles; what a pile holds is taken once."""

    def __init__(self, spill: Spill, name: str, num: int) -> None:
        """Take how many piles there are."""
        self.num = num
        self._spill = spill
        self._name = name
        self._held: list[list[NDArray[np.uint64]]] = [[] for _ in range(num)]
        self._files: list[BinaryIO] = []

    def add(self, numbers: Piled) -> None:
        """Put numbers on their piles."""
        for pile, part in enumerate(numbers.parts):
            if part.size:
                self._put(pile, part)
        if not self._files and not self._spill.holds(numbers.numbers.nbytes):
            self._move()

    def all(self) -> Iterator[NDArray[np.uint64]]:
        """Yield the piles, one after the other, each as it is asked for."""
        return map(self.take, range(self.num))

    def take(self, pile: int) -> NDArray[np.uint64]:
        """Return the numbers of a pile, in no order, and forget them."""
        if self._files:
            file = self._files[pile]
            file.seek(0)
            numbers = np.fromfile(file, dtype=np.uint64)
            file.truncate(0)
            file.close()
            return numbers
        held, self._held[pile] = self._held[pile], []
        numbers = np.concatenate([np.zeros(0, dtype=np.uint64), *held])
        self._spill.holds(-numbers.nbytes)
        return numbers

    def _put(self, pile: int, numbers: NDArray[np.uint64]) -> None:
        if self._files:
            self._files[pile].write(numbers.tobytes())
        else:
            self._held[pile].append(numbers)

    def _move(self) -> None:
        self._files = [self._spill.file(f"{self._name}-{pile}") for pile in range(self.num)]
        for pile, held in enumerate(self._held):
            for numbers in held:
                self._spill.holds(-numbers.nbytes)
                self._put(pile, numbers)
        self._held.clear()
