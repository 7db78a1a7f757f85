"""Assert tests: two runs at once, the program in one cell and its tests in another, and the host between them.

The tests ask the program for one thing at a time, a line each; the host carries their lines over, and the program's
back. How the tests ended is said on a channel that the program never had. All that the program can send is values
(`inside/copies.py`), for the tests to compare; if it ends, floods or takes too long, so do the tests.
"""

from __future__ import annotations

import contextlib
import json
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from open_thoughts_gen.sandbox import channels
from open_thoughts_gen.sandbox.channels import Run, Stream

_CHUNK = 2**16
_READY, _REQUEST, _REPLIES = b"+", b'{"do"', (b'{"value"', b'{"raised"', b'{"missing"')
_STOP_S = 20.0


@dataclass(frozen=True, slots=True)
class AssertTests:
    """Tests that are code: their source, what is executed before it, and what `check(candidate)` is given."""

    source: str
    prelude: str = ""
    setup: tuple[str, ...] = ()
    entry_point: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """How the tests ended (empty if they came to no end), and how the program did, which was `asked` or waited."""

    program: Run
    tests: Run
    ending: Mapping[str, Any]
    asked: bool = False


@dataclass
class RunHandle:
    """The host's handle on one of the two runs, of the program or the tests.

    `control` and `line` are sockets: one controls the run, the other carries its lines of text both ways.
    """

    control: socket.socket
    stdout: Stream
    line: socket.socket
    limit: int
    reply: Mapping[str, Any] | None = None
    is_open: bool = True
    is_asked: bool = False
    num_bytes: int = 0
    last: bytes = b""
    _rest: list[bytes] = field(default_factory=list)

    @property
    def over(self) -> bool:
        """Whether the run sent more bytes than its limit."""
        return self.num_bytes > self.limit

    @property
    def content(self) -> bytes:
        """What the run has reported so far: whether it began, and the last line that it sent."""
        return (_READY if self.num_bytes else b"") + b"\n" + self.last + b"\n"

    def lines(self) -> list[bytes]:
        """Read what has arrived, and return the complete lines."""
        try:
            chunk = self.line.recv(_CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return []
        except OSError:
            chunk = b""
        self.is_open = bool(chunk)
        chunk = chunk.removeprefix(_READY) if not self.num_bytes else chunk
        self.num_bytes += max(len(chunk), 1)
        self._rest.append(chunk)
        if b"\n" not in chunk:
            return []
        *whole, rest = b"".join(self._rest).split(b"\n")
        self._rest = [rest]
        lines = [line for line in whole if line]
        self.last = lines[-1] if lines else self.last
        return lines

    def send(self, line: bytes) -> None:
        """Send a line, unless the run has ended."""
        with contextlib.suppress(OSError):
            self.line.sendall(line + b"\n")

    def end(self) -> None:
        """Take in how the run has ended."""
        self.reply = json.loads(self.control.recv(_CHUNK) or b'{"cause": "fork"}')

    def stop(self) -> None:
        """End the run, if it has not ended, and read what it last wrote."""
        if self.reply is None:
            self.control.settimeout(_STOP_S)
            try:
                self.control.send(b"stop")
                self.end()
            except OSError:
                self.reply = {"cause": "fork"}
            self.control.settimeout(None)
        while self.is_open and not self.over:
            before = self.num_bytes
            self.lines()
            if self.num_bytes == before:
                break


def begin(
    stack: contextlib.ExitStack, control: socket.socket, job: bytes, *, time_s: float, output_mb: int
) -> RunHandle:
    """Start a run whose report is a socket, so that it can be asked for something.

    Raises:
        OSError: the warm interpreter is gone.

    """
    near, far = (stack.enter_context(end) for end in socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM))
    stdout, stdout_far = channels.pipe(stack, output_mb)
    descriptors = [channels.file(stack, job), channels.file(stack, b""), stdout_far.fileno(), far.fileno()]
    socket.send_fds(control, [json.dumps({"time_s": time_s}).encode()], descriptors)
    far.close()
    stdout_far.close()
    return RunHandle(control, stdout, near, output_mb * 2**20)


def carry(program: RunHandle, tests: RunHandle, patience_s: float) -> None:
    """Carry lines between the two until one of them has ended, and end the other."""
    sides = {side.control.fileno(): side for side in (program, tests)}
    outputs = {side.stdout.descriptor: side for side in (program, tests)}
    lines = {program.line.fileno(): (program, tests), tests.line.fileno(): (tests, program)}
    poller = select.poll()
    for descriptor in (*sides, *outputs, *lines):
        poller.register(descriptor, select.POLLIN)
    deadline = time.monotonic() + patience_s
    while not any(side.reply is not None or side.over or side.stdout.over for side in sides.values()):
        ready = [descriptor for descriptor, _ in poller.poll(1000 * max(0.0, deadline - time.monotonic()))]
        if not ready:
            break
        for descriptor in sorted(ready, key=lambda each: each in sides):  # what it wrote, and then that it ended
            if descriptor in lines:
                sender, receiver = lines[descriptor]
                for line in sender.lines():
                    if line.startswith(_REPLIES if sender is program else _REQUEST):
                        program.is_asked = sender is tests
                        receiver.send(line)
                is_open = sender.is_open
            elif descriptor in outputs:
                is_open = outputs[descriptor].stdout.read()
            else:
                sides[descriptor].end()
                is_open = False
            if not is_open:
                poller.unregister(descriptor)
    program.stop()
    tests.stop()


def ending(tests: RunHandle) -> Mapping[str, Any]:
    """Return how the tests said they ended; empty if they did not say it."""
    try:
        words = json.loads(tests.last or b"null")
    except ValueError:
        return {}
    listed = words.get("tests") if isinstance(words, dict) else None
    return listed if isinstance(listed, dict) and tests.reply is not None and tests.reply.get("status") == 0 else {}
