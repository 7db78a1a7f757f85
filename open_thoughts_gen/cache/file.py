"""The cache's file: whether it is ours, how it is opened, and what SQLite's complaints mean to a user.

WAL lets threads and processes read while one writes, but needs memory that all of them share, which a network file
system does not give. There, or where `OPEN_THOUGHTS_CACHE_JOURNAL=delete` asks for it, the file keeps a rollback
journal: slower, as safe, and as durable.
"""

from __future__ import annotations

import errno
import os
import random
import shlex
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from open_thoughts_gen.cache.reserve import Reserve
from open_thoughts_gen.errors import Fault, UserError

APPLICATION = 0x4F546743  # "OTgC" in the SQLite header: this file is ours
SCHEMA = 2
PLACE_VARIABLE = "OPEN_THOUGHTS_CACHE"
JOURNAL_VARIABLE = "OPEN_THOUGHTS_CACHE_JOURNAL"
_JOURNALS = ("wal", "delete")
_BUSY_S = 60.0
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NETWORK = ("nfs", "cifs", "smb", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs", "gluster", "fuse.", "virtiofs")

# Schema 1 had the first table alone; the others are added to it.
_TABLES = """
CREATE TABLE IF NOT EXISTS responses (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,
    endpoint TEXT NOT NULL,
    model TEXT NOT NULL,
    created REAL NOT NULL,
    payload BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS owners (id BLOB PRIMARY KEY, host TEXT NOT NULL, pid INTEGER NOT NULL, beat REAL NOT NULL);
CREATE TABLE IF NOT EXISTS claims (key BLOB PRIMARY KEY, owner BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS uses (run INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (run, key)) WITHOUT ROWID;
"""
# Added without a new number of the schema: an older version reads the file, and does without the table.
_ADDED = """
CREATE TABLE IF NOT EXISTS limits (
    request BLOB NOT NULL, max_tokens INTEGER NOT NULL, key BLOB NOT NULL, PRIMARY KEY (request, max_tokens)
) WITHOUT ROWID
"""

_RESCUE = "save what can be read by `python -m open_thoughts_gen cache rescue NEW{cache}`, and continue with that file"
_HINTS = {
    sqlite3.SQLITE_FULL: "free some space and run the same command again; all answers so far are stored",
    sqlite3.SQLITE_IOERR: "check the disk and run the same command again; all answers so far are stored",
    sqlite3.SQLITE_READONLY: "make it writable, or name another file with --cache",
    sqlite3.SQLITE_CANTOPEN: "make its folder writable, or name another file with --cache",
    sqlite3.SQLITE_PERM: "make it writable, or name another file with --cache",
    sqlite3.SQLITE_BUSY: "another program has locked it: end that program, or name another file with --cache",
    sqlite3.SQLITE_NOTADB: "name another file with --cache, or move this one away",
    sqlite3.SQLITE_CORRUPT: _RESCUE,
    sqlite3.SQLITE_ERROR: _RESCUE,  # our own statements are right, so what they name has gone
    sqlite3.SQLITE_TOOBIG: _RESCUE,
}


def default_place() -> Path:
    """Return where the cache is by default: where `OPEN_THOUGHTS_CACHE` says, else in the user's cache folder."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(os.environ.get(PLACE_VARIABLE) or home / "open_thoughts_gen" / "responses.sqlite").expanduser()


class DiskError(UserError):
    """The disk is full, or did not take what was written: it may take it once there is room."""


class CacheFile:
    """The place of a cache: makes connections, and turns what goes wrong there into one line for the user."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self.error(f"its folder cannot be made: {error.strerror}", sqlite3.SQLITE_CANTOPEN) from error

    def connect(self) -> sqlite3.Connection:
        """Return a connection without transactions of its own, for any thread."""
        with self.faults_told():
            connection = sqlite3.connect(self.path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)
        connection.text_factory = lambda text: text.decode("utf-8", "replace")  # a damaged name is not a reason to stop
        return connection

    def writer(self) -> sqlite3.Connection:
        """Return the connection that writes, to a file that is ours and writable, made if there was none."""
        writer = self.connect()
        try:
            with self.faults_told():
                self._prepare(writer)
        except UserError:
            writer.close()
            raise
        return writer

    @contextmanager
    def faults_told(self) -> Iterator[None]:
        """Turn what SQLite says of the file or the disk into one line for the user; anything else is a bug."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            code = _code(error)
            if code not in _HINTS:
                raise
            raise self.error(str(error), code) from error
        except UnicodeDecodeError as error:  # of a complaint that repeats what is torn
            raise self.error("malformed database schema", sqlite3.SQLITE_CORRUPT) from error

    def error(self, what: str, code: int) -> UserError:
        """Return the fault, with the hint for its kind."""
        # A quota, or a limit of the size of files, reaches us as an error of input and output.
        kind = DiskError if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR) else UserError
        cache = "" if self.path == default_place() else f" --cache {shlex.quote(str(self.path))}"
        hint = "it is a folder: name a file in it with --cache" if self.path.is_dir() else _HINTS[code]
        return kind(Fault(f"response cache {self.path}: {what}", hint=hint.replace("{cache}", cache)))

    def reserve(self, num_bytes: int) -> Reserve:
        """Return so much space set aside on the cache's disk."""
        try:
            return Reserve(self.path.parent, num_bytes)
        except OSError as error:
            code = sqlite3.SQLITE_FULL if error.errno in _NO_SPACE else sqlite3.SQLITE_CANTOPEN
            what = f"{num_bytes / 1e6:,.0f} MB of its disk cannot be set aside for answers: {error.strerror}"
            raise self.error(what, code) from error

    def _prepare(self, writer: sqlite3.Connection) -> None:
        """Make sure that the file is ours, before a byte of it is changed, and writable, before anything is asked."""
        if not _is_empty(writer):
            self._check_identity(writer)
        mode = os.environ.get(JOURNAL_VARIABLE, "").lower()
        if mode and mode not in _JOURNALS:
            raise UserError(Fault(f"{JOURNAL_VARIABLE} is {mode!r}", hint=f"known: {', '.join(_JOURNALS)}"))
        mode = mode or ("delete" if file_system(self.path).startswith(_NETWORK) else "wal")
        # SQLite does not wait for its own lock while it changes the journal's mode, so two fresh starts may collide.
        _once_free(writer, f"PRAGMA journal_mode={mode}")
        writer.execute("PRAGMA synchronous=FULL")
        with transaction(writer):
            if _is_empty(writer) or _pragma(writer, "user_version") < SCHEMA:
                for table in filter(str.strip, _TABLES.split(";")):
                    writer.execute(table)
                writer.execute(f"PRAGMA application_id={APPLICATION}")
                writer.execute(f"PRAGMA user_version={SCHEMA}")
            if (
                writer.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'limits'").fetchone()
                is None
            ):
                writer.execute(_ADDED)
        self._check_identity(writer)

    def _check_identity(self, writer: sqlite3.Connection) -> None:
        if _pragma(writer, "application_id") != APPLICATION:
            raise self.error("it is a database of another program", sqlite3.SQLITE_NOTADB)
        schema = _pragma(writer, "user_version")
        if schema > SCHEMA:
            newer = f"written by a newer open_thoughts_gen (schema {schema}, known {SCHEMA})"
            hint = "upgrade open-thoughts-gen, or name another place with --cache"
            raise UserError(Fault(f"response cache {self.path}: {newer}", hint=hint))


def _once_free(writer: sqlite3.Connection, statement: str) -> None:
    """Execute a statement, again and again while another connection holds the file, for a minute at most."""
    give_up = time.monotonic() + _BUSY_S
    while True:
        try:
            writer.execute(statement)
        except sqlite3.DatabaseError as error:
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= give_up:
                raise
            time.sleep(random.uniform(0.001, 0.05))
        else:
            return


@contextmanager
def transaction(writer: sqlite3.Connection) -> Iterator[None]:
    """Write all that is done inside, or nothing of it."""
    writer.execute("BEGIN IMMEDIATE")
    try:
        yield
        writer.execute("COMMIT")
    finally:
        if writer.in_transaction:
            writer.execute("ROLLBACK")


def _is_empty(writer: sqlite3.Connection) -> bool:
    return writer.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None


def _pragma(writer: sqlite3.Connection, name: str) -> int:
    return int(writer.execute(f"PRAGMA {name}").fetchone()[0])


def _code(error: BaseException) -> int:
    """Return SQLite's plain code: extended ones carry it in the low byte."""
    return int(getattr(error, "sqlite_errorcode", -1)) & 0xFF


def file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """Return the type of the file system that a path lies on, empty where the platform does not say."""
    try:
        lines = [line.split() for line in mounts.read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    absolute = path.absolute()
    around = [
        (len(line[1]), line[2])
        for line in lines
        if len(line) > 2 and absolute.is_relative_to(line[1].replace("\\040", " "))
    ]
    return max(around, default=(0, ""), key=lambda mount: mount[0])[1]
