"""Bytes that wait on disk, each under its number.

The file has no name, so that the system frees it however the process ends, and lasts as long as whatever is in it. What
is in it is compressed one by one (zstd), to about 40 %. In memory are eight bytes for each: where it ends.
"""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from array import array
from pathlib import Path

import zstandard

_LEVEL = 1


class Blobs:
    """A file without a name, to the end of which bytes are written."""

    def __init__(self, folder: Path) -> None:
        """Make it in a folder; in the system's temporary one if that cannot be written.

        Raises:
            OSError: neither can.

        """
        self.folder = folder if os.access(folder, os.W_OK) else Path(tempfile.gettempdir())
        file = tempfile.TemporaryFile(dir=self.folder, prefix="open-thoughts-", buffering=0)  # noqa: SIM115
        weakref.finalize(self, file.close)
        self._descriptor = file.fileno()
        self._ends = array("Q", [0])  # the first is where the first begins
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)
        self._unpackers = _Unpackers()

    def add(self, blob: bytes) -> int:
        """Write bytes, and return their number, from 0.

        Raises:
            OSError: the disk is full, or cannot be written.

        """
        frame, end = memoryview(self._packer.compress(blob)), self._ends[-1]
        while frame:
            written = os.pwrite(self._descriptor, frame, end)
            frame = frame[written:]
            end += written
        self._ends.append(end)
        return len(self._ends) - 2

    def read(self, number: int) -> bytes:
        """Return the bytes of a number; from any thread."""
        start, end = self._ends[number], self._ends[number + 1]
        return self._unpackers.one.decompress(os.pread(self._descriptor, end - start, start))


class _Unpackers(threading.local):
    """One for each thread: verifiers may read from threads of their own, and an unpacker serves one at a time."""

    def __init__(self) -> None:
        self.one = zstandard.ZstdDecompressor()
