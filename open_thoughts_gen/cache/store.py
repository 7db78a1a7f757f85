"""The response cache: what a model has answered, on disk before anything uses it, so that it is never paid for twice.

A run is a pure function of its recipe and of this file. Resume after `kill -9`, a changed filter, a hundred more
questions all mean the same: run again, and only what was never answered is asked.

One SQLite file; every write of responses is one transaction with `synchronous=FULL`, so that a response that was handed
on survives a power cut too. A key is the SHA-256 of the endpoint, of all that was sent, and of the attempt number; the
first response under a key stays, and whoever comes second is given that one, unless a run was told to ask again
(`again`). Payloads are the raw bytes of the
response, compressed, with a checksum, and bound to their key; a damaged one is never trusted. `file` opens it,
`frames` are how a response lies in it, `claims` keeps two runs from asking the same thing, `reserve` holds room for
what is on the wire, `upkeep` counts, exports and prunes, `rescue` saves what a damaged one still holds.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import zstandard

from open_thoughts_gen.cache.claims import Owner
from open_thoughts_gen.cache.file import APPLICATION, SCHEMA, CacheFile, DiskError, transaction
from open_thoughts_gen.cache.frames import pack, unpack
from open_thoughts_gen.cache.reserve import Reserve

__all__ = [
    "APPLICATION", "NO_LIMIT", "SCHEMA", "CacheStats", "Claimed", "DiskError", "Limited", "Owner", "Reserve",
    "Response", "ResponseCache", "Stored", "response_key",
]  # fmt: skip


def response_key(endpoint: str, body: Mapping[str, Any], attempt: int = 0) -> bytes:
    """Return the 32 bytes under which a response is kept. `endpoint` must carry no credentials.

    The JSON is canonical: the order in which a body's keys were written changes nothing.
    """
    canonical = json.dumps([endpoint, body, attempt], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(canonical.encode("ascii")).digest()


class Limited(NamedTuple):
    """A request apart from its limit of tokens: the key that it would have without one, and the limit."""

    request: bytes
    max_tokens: int


NO_LIMIT: Final = 2**63 - 1  # the largest that SQLite holds


@dataclass(frozen=True, slots=True)
class Response:
    """One response as it came: the raw bytes, which key it answers, who gave it, and when (seconds since 1970).

    `replaces` says that it takes the place of one that is stored under its key. `limited` is what it answers, apart
    from the limit of tokens, where that is known.
    """

    key: bytes
    payload: bytes
    endpoint: str
    model: str
    created: float = field(default_factory=time.time)
    replaces: bool = False
    limited: Limited | None = None


class Stored(NamedTuple):
    """The payload that is stored under a key, and whether it is the one that was just given."""

    payload: bytes
    is_ours: bool


@dataclass(frozen=True, slots=True)
class Claimed:
    """What came of claiming keys: those to be asked now, and what has been answered meanwhile; others are being asked.

    Who else asks is another run, or another stream of this one.
    """

    ours: set[bytes]
    answered: Mapping[bytes, bytes]


@dataclass(frozen=True, slots=True)
class CacheStats:
    """What a cache holds: responses per (endpoint, model), and the compressed bytes of all."""

    num_responses: int
    size_bytes: int
    by_model: Mapping[tuple[str, str], int]
    by_run: Mapping[str, int] = field(default_factory=dict)


class ResponseCache:
    """An open cache file, made if there is none. Safe to share between threads; close it, or use it in a `with`.

    Raises:
        UserError: also in every method: the file is foreign, newer, damaged, locked or read-only, or the disk full.

    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._file = CacheFile(self.path)
        self._reading, self._writing = threading.Lock(), threading.Lock()
        self._unpacker = zstandard.ZstdDecompressor()
        self._writer = self._file.writer()
        with self._file.faults_told():
            self._is_wal = self._writer.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        self._reader = self._file.connect()

    def __enter__(self) -> Self:
        """Return the open cache."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self.close()

    def close(self) -> None:
        """Close the file; every response was on disk before."""
        with self._writing, self._reading:
            self._reader.close()
            self._writer.close()

    def get(self, key: bytes) -> bytes | None:
        """Return the raw response under a key, or None where nothing was answered yet."""
        with self._file.faults_told(), self._reading:
            row = self._reader.execute("SELECT payload FROM responses WHERE key = ?", (key,)).fetchone()
            return None if row is None else self._unpacked(key, row[0], self._unpacker)

    def get_many(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the raw responses under those of some hundred keys at most that have one."""
        chosen = f"SELECT key, payload FROM responses WHERE key IN ({', '.join('?' * len(keys))})"  # noqa: S608
        with self._file.faults_told(), self._reading:
            rows = self._reader.execute(chosen, tuple(keys)).fetchall()
            return {key: self._unpacked(key, frame, self._unpacker) for key, frame in rows}

    def put(self, key: bytes, payload: bytes, *, endpoint: str, model: str, created: float | None = None) -> bytes:
        """Write one response, and return the payload that is now under its key; see `put_many`."""
        when = time.time() if created is None else created
        return self.put_many([Response(key, payload, endpoint, model, when)])[0].payload

    def put_many(self, responses: Sequence[Response]) -> list[Stored]:
        """Write responses in one durable transaction, and return for each what is now stored under its key.

        That is the payload given, unless another thread or process answered the same key first. No claim to them is
        left.
        """
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        packed = [pack(response.key, response.payload, packer) for response in responses]
        with self._written() as writer:
            stored = []
            for response, frame in zip(responses, packed, strict=True):
                if response.replaces:
                    writer.execute("DELETE FROM responses WHERE key = ?", (response.key,))
                inserted = writer.execute(
                    "INSERT OR IGNORE INTO responses (key, endpoint, model, created, payload) VALUES (?, ?, ?, ?, ?)",
                    (response.key, response.endpoint, response.model, response.created, frame),
                ).rowcount
                payload = response.payload if inserted else self._read(writer, response.key) or b""
                stored.append(Stored(payload, is_ours=bool(inserted)))
            writer.executemany("DELETE FROM claims WHERE key = ?", [(response.key,) for response in responses])
            _note_limits(writer, [(response.limited, response.key) for response in responses if response.limited])
        return stored

    def under_other_limits(self, request: bytes) -> list[tuple[int, bytes, bytes]]:
        """Return the raw responses to a request apart from its limit, each with that limit and with its key."""
        chosen = "SELECT max_tokens, key, payload FROM limits JOIN responses USING (key) WHERE request = ?"
        with self._file.faults_told(), self._reading:
            rows = self._reader.execute(chosen, (request,)).fetchall()
            return [(limit, key, self._unpacked(key, frame, self._unpacker)) for limit, key, frame in rows]

    def lacks_limits(self) -> bool:
        """Return whether there are responses of which it is not known under which limit they were asked."""
        counting = "SELECT (SELECT COUNT(*) FROM responses) > (SELECT COUNT(*) FROM limits)"
        with self._file.faults_told(), self._reading:
            return bool(self._reader.execute(counting).fetchone()[0])

    def note_limits(self, limits: Iterable[tuple[Limited, bytes]]) -> None:
        """Note under which limits of tokens the requests were asked whose responses lie under these keys."""
        rows = list(limits)
        if rows:
            with self._written(durable=False) as writer:
                _note_limits(writer, rows)

    def claim(
        self, keys: Sequence[bytes], owner: Owner, *, release: Iterable[bytes] = (), asked_again: Collection[bytes] = ()
    ) -> Claimed:
        """Claim keys, so that nobody else asks what we are about to ask; give up the claims to others.

        What is stored under keys that are `asked_again` does not count as their answer. Not durable: after a power cut
        no claim means anything.
        """
        with self._written(durable=False) as writer:
            owner.release(writer, release)
            owner.beat(writer)
            looked_up = [key for key in keys if key not in asked_again]
            answered = {key: payload for key in looked_up if (payload := self._read(writer, key)) is not None}
            return Claimed(owner.claim(writer, [key for key in keys if key not in answered]), answered)

    def beat(self, owner: Owner) -> None:
        """Keep the owner's claims for another while."""
        with self._written(durable=False) as writer:
            owner.beat(writer)

    def leave(self, owner: Owner) -> None:
        """Give up all claims of an owner."""
        with self._written(durable=False) as writer:
            owner.leave(writer)

    def note_use(self, run: str, keys: Iterable[bytes]) -> None:
        """Note that a run used these responses, so that they can be pruned with it."""
        with self._written(durable=False) as writer:
            writer.execute("INSERT OR IGNORE INTO runs (name) VALUES (?)", (run,))
            number = writer.execute("SELECT id FROM runs WHERE name = ?", (run,)).fetchone()[0]
            writer.executemany("INSERT OR IGNORE INTO uses VALUES (?, ?)", [(number, key) for key in keys])

    def reserve(self, num_bytes: int) -> Reserve:
        """Set room on the disk aside, to be given back when a write finds the disk full."""
        return self._file.reserve(num_bytes)

    def stats(self) -> CacheStats:
        """Count what the cache holds."""
        counting = "SELECT endpoint, model, COUNT(*), TOTAL(LENGTH(payload)) FROM responses GROUP BY 1, 2 ORDER BY 1, 2"
        using = "SELECT name, COUNT(*) FROM runs JOIN uses ON run = runs.id JOIN responses USING (key) GROUP BY 1"
        with self._file.faults_told(), self._reading:
            groups = self._reader.execute(counting).fetchall()
            by_run = dict(self._reader.execute(using).fetchall())
        return CacheStats(
            num_responses=sum(group[2] for group in groups),
            size_bytes=int(sum(group[3] for group in groups)),
            by_model={(endpoint, model): num for endpoint, model, num, _ in groups},
            by_run=by_run,
        )

    def responses(self, condition: str = "1", values: Sequence[object] = ()) -> Iterator[Response]:
        """Yield the responses that an SQL condition of ours chooses, oldest first. Meant for one reader at a time."""
        chosen = f"SELECT key, payload, endpoint, model, created FROM responses WHERE {condition} ORDER BY id"  # noqa: S608
        with self._file.faults_told(), self._reading:
            for key, frame, endpoint, model, created in self._reader.execute(chosen, tuple(values)):
                yield Response(key, self._unpacked(key, frame, self._unpacker), endpoint, model, created)

    def delete(self, condition: str, values: Sequence[object] = ()) -> int:
        """Delete the responses that an SQL condition of ours chooses, give their space back, and return how many."""
        with self._written() as writer:
            num = writer.execute(f"DELETE FROM responses WHERE {condition}", tuple(values)).rowcount  # noqa: S608
            writer.execute("DELETE FROM uses WHERE key NOT IN (SELECT key FROM responses)")
            writer.execute("DELETE FROM runs WHERE id NOT IN (SELECT run FROM uses)")
            writer.execute("DELETE FROM limits WHERE key NOT IN (SELECT key FROM responses)")
        with self._file.faults_told(), self._writing:
            self._writer.execute("VACUUM")
        return num

    def define(self, name: str, function: Callable[[bytes], str]) -> None:
        """Let conditions ask for what a function makes of a payload: `NAME(key, payload)`."""

        def of_stored(key: bytes, stored: bytes) -> str:
            return function(self._unpacked(key, stored, zstandard.ZstdDecompressor()))

        for connection in (self._reader, self._writer):
            connection.create_function(name, 2, of_stored)

    def count(self, condition: str, values: Sequence[object] = ()) -> tuple[int, int]:
        """Return how many responses an SQL condition of ours chooses, and their compressed bytes."""
        counting = f"SELECT COUNT(*), COALESCE(SUM(LENGTH(payload)), 0) FROM responses WHERE {condition}"  # noqa: S608
        with self._file.faults_told(), self._reading:
            num, size = self._reader.execute(counting, tuple(values)).fetchone()
        return num, size

    @contextmanager
    def _written(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction of the one writer. One that need not survive a power cut need not wait for the disk.

        With a rollback journal it waits all the same: there a power cut could damage the file.
        """
        with self._file.faults_told(), self._writing:
            if durable or not self._is_wal:
                with transaction(self._writer):
                    yield self._writer
                return
            self._writer.execute("PRAGMA synchronous=NORMAL")
            try:
                with transaction(self._writer):
                    yield self._writer
            finally:
                self._writer.execute("PRAGMA synchronous=FULL")

    def _read(self, connection: sqlite3.Connection, key: bytes) -> bytes | None:
        row = connection.execute("SELECT payload FROM responses WHERE key = ?", (key,)).fetchone()
        # Not the shared unpacker: that one belongs to the reading lock.
        return None if row is None else self._unpacked(key, row[0], zstandard.ZstdDecompressor())

    def _unpacked(self, key: bytes, stored: object, unpacker: zstandard.ZstdDecompressor) -> bytes:
        try:
            return unpack(key, stored, unpacker)
        except ValueError as error:
            raise self._file.error("a response in it is damaged", sqlite3.SQLITE_CORRUPT) from error


def _note_limits(writer: sqlite3.Connection, limits: Sequence[tuple[Limited, bytes]]) -> None:
    rows = [(request, max_tokens, key) for (request, max_tokens), key in limits]
    writer.executemany("INSERT OR REPLACE INTO limits VALUES (?, ?, ?)", rows)
