"""The channels of one run, held by the host: what it reads, what it writes, and what its end means.

What a run reads are files in memory, sealed against any change. What it writes goes through pipes that are read while
it runs, up to a limit. Everything that comes out of a pipe may be the program's invention, the report not less than the
output: from its second byte on it can only name the reason of a failure, or the value that a function returned.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import signal
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any, Literal, Protocol

End = Literal[
    "finished",
    "time limit",
    "wall clock",
    "memory limit",
    "output limit",
    "runtime error",
    "syntax error",
    "missing function",
    "sandbox failure",
]

_CHUNK = 2**16
_MAX_DIGITS = 4300
_READY = b"+"
_NAME = re.compile(r"[A-Za-z_]\w{0,60}", re.ASCII)
_TOLD: dict[str, End] = {
    "memory limit": "memory limit",
    "runtime error": "runtime error",
    "syntax error": "syntax error",
    "missing function": "missing function",
}


@dataclass(frozen=True, slots=True)
class Run:
    """How a run ended, what it wrote, and what its function returned.

    `detail` says more: an exception's name, or, of a run that finished, why there is no value.
    """

    end: End
    detail: str = ""
    stdout: bytes = b""
    value: Any = None
    spent_s: float = 0.0


class Stream:
    """The near end of a pipe, and what was read from it so far: never more than its limit."""

    def __init__(self, end: IO[bytes], limit: int) -> None:
        os.set_blocking(end.fileno(), False)
        self.descriptor = end.fileno()
        self._limit = limit
        self._chunks: list[bytes] = []
        self._length = 0

    @property
    def over(self) -> bool:
        """Return whether there was more than the limit."""
        return self._length > self._limit

    @property
    def content(self) -> bytes:
        """Return all that was read."""
        return b"".join(self._chunks)

    def read(self) -> bool:
        """Read what is there; return whether there may be more."""
        try:
            chunk = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return False
        self._length += len(chunk)
        self._chunks.append(chunk)
        return bool(chunk) and not self.over


def pipe(stack: contextlib.ExitStack, limit_mb: int) -> tuple[Stream, IO[bytes]]:
    """Return the near end of a new pipe, to be read, and its far end."""
    near, far = os.pipe()
    near_end = stack.enter_context(os.fdopen(near, "rb", 0))
    return Stream(near_end, limit_mb * 2**20), stack.enter_context(os.fdopen(far, "wb", 0))


def file(stack: contextlib.ExitStack, content: bytes) -> int:
    """Return the descriptor of a file in memory that nobody can change any more."""
    descriptor = os.memfd_create("run", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    file = stack.enter_context(os.fdopen(descriptor, "wb", 0))
    written = 0
    while written < len(content):
        written += file.write(content[written:]) or 0
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def follow(control: socket.socket, streams: tuple[Stream, ...], patience_s: float) -> Mapping[str, Any] | None:
    """Read what a run writes until the warm interpreter tells its end, which is returned; None if that one is dead."""
    poller = select.poll()
    poller.register(control, select.POLLIN)
    open_streams = {stream.descriptor: stream for stream in streams}
    for descriptor in open_streams:
        poller.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + patience_s
    while (left_s := deadline - time.monotonic()) > 0:
        for descriptor, _ in poller.poll(left_s * 1000):
            stream = open_streams.get(descriptor)
            if stream is None:
                reply: Mapping[str, Any] = json.loads(control.recv(_CHUNK) or b"null")
                for each in open_streams.values():
                    while each.read():
                        pass
                return reply
            if not stream.read():
                poller.unregister(descriptor)
                del open_streams[descriptor]
                if stream.over:
                    control.send(b"stop")
    return None


class Report(Protocol):
    """What a run said of itself, up to a limit."""

    @property
    def over(self) -> bool:
        """Whether there was more than the limit."""

    @property
    def content(self) -> bytes:
        """The text that was read."""


def read(reply: Mapping[str, Any], stdout: Stream, report: Report, *, calls: bool) -> Run:
    """Return what a run's end means. All that the report says after its first byte may be the program's invention."""
    content = report.content
    if reply["cause"] == "fork" or not content.startswith(_READY):
        return Run("sandbox failure", reply.get("detail") or content[:200].decode(errors="replace"))
    spent_s = float(reply["spent_s"])
    if stdout.over or report.over:
        return Run("output limit", spent_s=spent_s)
    if reply["cause"] in ("time limit", "wall clock"):
        return Run(reply["cause"], spent_s=spent_s)
    code = os.waitstatus_to_exitcode(reply["status"])
    try:
        last_line = json.loads(content[len(_READY) :].strip(b"\n").rpartition(b"\n")[2], parse_int=whole_number)
    except (ValueError, RecursionError):
        last_line = {}
    words: Mapping[str, Any] = last_line if isinstance(last_line, dict) else {}
    if code == 0 and not calls:
        return Run("finished", stdout=stdout.content, spent_s=spent_s)
    if code == 0 and "value" in words:
        return Run("finished", stdout=stdout.content, value=words["value"], spent_s=spent_s)
    end, detail = _failure(code, words)
    return Run(end, detail, spent_s=spent_s)


def _failure(code: int, words: Mapping[str, Any]) -> tuple[End, str]:
    if code < 0:
        return "runtime error", f"killed by {signal.Signals(-code).name}"
    error = str(words.get("error", ""))
    name = error if _NAME.fullmatch(error) else ""
    failure = words.get("failure")
    if failure == "not JSON" and not code:
        return "finished", f"it returned what JSON cannot hold: {name or 'an unnamed type'}"
    if code and isinstance(failure, str) and failure in _TOLD:
        return _TOLD[failure], name
    return "runtime error", f"exit status {code}" if code else "it ended before the function returned"


def whole_number(digits: str) -> int | str:
    """Return a whole number of JSON; a number too long for Python to read stays text, marked as a number."""
    return int(digits) if len(digits) <= _MAX_DIGITS else f"int {digits}"
