"""Tables that grow while they are looked at: the folder is read again when files have come."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

from open_thoughts_gen.publish.view.contents import Contents
from open_thoughts_gen.publish.view.query import Rows
from open_thoughts_gen.tables.labels import read_labels

_REST = 5  # times as long as reading took it is not read again


class Newest:
    """The rows as they were when they were last read; where `again` is given, they are read again by and by."""

    def __init__(self, contents: Contents, folder: Path, again: Callable[[], Contents] | None = None) -> None:
        """Read the rows. Indexes are written to `folder`."""
        self.contents, self._folder, self._again = contents, folder, again
        self._num_read = 0
        self._rest_until = 0.0
        self.rows = self._read()

    @property
    def follows(self) -> bool:
        """Whether the rows may become more."""
        return self._again is not None

    def look(self) -> Rows:
        """Return the rows, read again if there are more and the last time is long enough ago."""
        if self._again is not None and time.monotonic() > self._rest_until:
            contents = self._again()
            if contents.tables != self.contents.tables:
                self.contents = contents
                self.rows = self._read()
        return self.rows

    def _read(self) -> Rows:
        began = time.monotonic()
        before = self._folder / str(self._num_read)
        self._num_read += 1
        folder = self._folder / str(self._num_read)
        folder.mkdir()
        file = self.contents.labels
        rows = Rows(self.contents, read_labels(file) if file.exists() else {}, folder)
        # Questions that are still being asked of the rows before keep their files open: only the names go.
        shutil.rmtree(before, ignore_errors=True)
        self._rest_until = time.monotonic() + _REST * (time.monotonic() - began)
        return rows
