"""Claims: of two runs on one cache, only one asks a question, and the other one waits for the answer.

A claim is a row beside the responses, made before a call is sent and gone with its answer. It belongs to an owner, one
stream of calls, who gives a sign of life every few seconds. Who is dead loses its claims to whoever asks next: at once
where its process no longer lives here, else when its lease has run out. That is when its sign of life has stayed the
same for a minute by the clock of whoever watches: clocks of two hosts need not agree. A lease can run out on a process
that was only suspended; then a question may be asked twice, which costs money and harms nothing.
"""

from __future__ import annotations

import os
import socket
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

LEASE_S = 60.0
BEAT_EVERY_S = LEASE_S / 4


def this_host() -> str:
    """Return the name of the space in which process ids are unique: two containers may share a host name."""
    names = [socket.gethostname()]
    with suppress(OSError):  # other systems than Linux know neither
        names += [Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip(), os.readlink("/proc/self/ns/pid")]
    return " ".join(names)


@dataclass(frozen=True, slots=True)
class Owner:
    """One stream of calls in one process, which claims keys; `watched` says when each other owner's beat was seen."""

    id: bytes = field(default_factory=lambda: uuid.uuid4().bytes)
    host: str = field(default_factory=this_host)
    pid: int = field(default_factory=os.getpid)
    clock: Callable[[], float] = time.monotonic
    watched: dict[bytes, tuple[float, float]] = field(default_factory=dict)

    def beat(self, writer: sqlite3.Connection) -> None:
        """Give a sign of life."""
        writer.execute("INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?)", (self.id, self.host, self.pid, time.time()))

    def leave(self, writer: sqlite3.Connection) -> None:
        """Give up all claims."""
        _bury(writer, self.id)

    def release(self, writer: sqlite3.Connection, keys: Iterable[bytes]) -> None:
        """Give up the claims to some keys."""
        writer.executemany("DELETE FROM claims WHERE key = ? AND owner = ?", [(key, self.id) for key in keys])

    def claim(self, writer: sqlite3.Connection, keys: Sequence[bytes]) -> set[bytes]:
        """Claim keys that have no response, and return those that are now ours."""
        ours: set[bytes] = set()
        living: dict[bytes, bool] = {self.id: True}
        for key in keys:
            if not writer.execute("INSERT OR IGNORE INTO claims VALUES (?, ?)", (key, self.id)).rowcount:
                holder = writer.execute("SELECT owner FROM claims WHERE key = ?", (key,)).fetchone()[0]
                if holder not in living:
                    living[holder] = self._lives(writer, holder)
                if holder != self.id and living[holder]:
                    continue
                if holder != self.id:
                    writer.execute("UPDATE claims SET owner = ? WHERE key = ?", (self.id, key))
            ours.add(key)
        for holder in (holder for holder, alive in living.items() if not alive):
            _bury(writer, holder)
        return ours

    def _lives(self, writer: sqlite3.Connection, other: bytes) -> bool:
        row = writer.execute("SELECT host, pid, beat FROM owners WHERE id = ?", (other,)).fetchone()
        if row is None or (row[0] == self.host and not process_lives(row[1])):
            return False
        now = self.clock()
        beat, since = self.watched.get(other, (None, now))
        if beat != row[2]:
            since = now
        self.watched[other] = (row[2], since)
        return now - since <= LEASE_S


def _bury(writer: sqlite3.Connection, owner: bytes) -> None:
    writer.execute("DELETE FROM claims WHERE owner = ?", (owner,))
    writer.execute("DELETE FROM owners WHERE id = ?", (owner,))


def process_lives(pid: int) -> bool:
    """Return whether a process of this machine has this number."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
