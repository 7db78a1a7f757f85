"""Space set aside on the cache's disk, so that what is paid for can still be written when the disk is full.

When calls go on the wire nobody knows whether their answers will find room. So some is taken beforehand, in a file
without a name, which the kernel frees whatever becomes of the process. When a write finds the disk full, the space is
given back, the write is done again, and no more is asked.

Not covered: file systems that compress, or copy on write, where space that was set aside promises little; and another
program that takes the space in the moment in which it is given back.
"""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

_PIECE = bytes(1 << 20)


class Reserve:
    """Bytes set aside on the disk on which a folder lies.

    Raises:
        OSError: the disk has fewer.

    """

    def __init__(self, folder: Path, num_bytes: int) -> None:
        self._file = tempfile.TemporaryFile(dir=folder, prefix="reserve-", buffering=0)  # noqa: SIM115  (given back)
        try:
            _fill(self._file.fileno(), num_bytes)
        except OSError:
            self._file.close()
            raise

    def release(self) -> bool:
        """Give the space back, and return whether it was still there to give."""
        held = not self._file.closed
        self._file.close()
        return held


def _fill(descriptor: int, num_bytes: int) -> None:
    """Take the blocks of a file, by the file system itself where it can, else by writing them."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(descriptor, 0, num_bytes)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
        else:
            return
    for start in range(0, num_bytes, len(_PIECE)):
        os.pwrite(descriptor, _PIECE[: num_bytes - start], start)
