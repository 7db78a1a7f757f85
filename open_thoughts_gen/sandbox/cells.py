"""Cells: each runs one program at a time in a fork of its own warm interpreter, and tells how that ended.

The host owns every channel. It makes the files that a run reads and the pipes that it writes, passes their far ends
to the warm interpreter, and reads the near ones itself, up to a limit. What a program can say is therefore its output,
its exit status and its report: what its function returned. None of these is a verdict; whoever asked compares them
with what was expected, which never enters the cell.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import subprocess
import tempfile
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from typing import Any, TypeVar

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.sandbox import bubblewrap, channels, exchange, seccomp
from open_thoughts_gen.sandbox.channels import Run
from open_thoughts_gen.sandbox.exchange import AssertTests, Tested
from open_thoughts_gen.sandbox.workers import num_cores

Job = TypeVar("Job")
Result = TypeVar("Result")

_START_S = 60.0
_GRACE_S = 20.0  # beyond the longest run; then the cell itself is taken for dead
_IDLENESS = 3  # wall clock allowed for each second, to one that seems to sleep but may wait for its children
_PATIENCE = 3  # wall clock allowed for each second of processor time, to a program that goes on computing
_LOAD = 4  # how many times longer a busy machine may make that
_PROBE_S = 30.0
_THREADS = 32
_CELLS_PER_CORE = 2  # a cell also waits on the kernel, which takes name spaces down


@dataclass(frozen=True, slots=True)
class CellLimits:
    """What one run may use. `time_s` is processor time; as much may pass without the program computing.

    `processes` above 1 lets a program fork; memory is then shared out, so that all of them together keep within it.
    """

    time_s: float = 4.0
    memory_mb: int = 1024
    output_mb: int = 8
    disk_mb: int = 16
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Program:
    """What is run: source text, what is executed before it, and the function to call, if it is not a whole program."""

    source: str
    prelude: str = ""
    function: str | None = None


@dataclass
class Sandbox:
    """A few cells. They start when first used. Equality and pickling concern the settings alone."""

    limits: CellLimits = CellLimits()
    num_cells: int | None = 1  # None: two a core
    isolated: bool = True
    packages: tuple[str, ...] = ()
    _pool: _CellPool | None = field(default=None, init=False, repr=False, compare=False)

    def check(self) -> None:
        """Check that the sandbox can work on this machine; return nothing.

        Raises:
            UserError: this is not Linux, or bubblewrap is not installed.

        """
        bubblewrap.check(isolated=self.isolated)

    def map(self, function: Callable[[Cell, Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
        """Yield `function(cell, job)` for each job, in order; it is called in threads, each with a cell for itself.

        Raises:
            UserError: the cells cannot be made here.

        """
        if self._pool is None:
            self.check()
            self._pool = _CellPool(
                [
                    Cell(self.limits, self.command(index), bubblewrap.environment(isolated=self.isolated))
                    for index in range(self.num_cells or _CELLS_PER_CORE * num_cores())
                ]
            )
            weakref.finalize(self, self._pool.close)
        return self._pool.map(function, jobs)

    def close(self) -> None:
        """End the cells; they start again when used again."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def command(self, index: int) -> list[str]:
        """Return the command line of the warm interpreter of one cell."""
        limits = self.limits
        forking = limits.processes > 1
        settings = {
            "filter": seccomp.compiled(processes=forking).hex(),
            "memory_bytes": limits.memory_mb * 2**20 // limits.processes,
            "disk_bytes": limits.disk_mb * 2**20,
            "patience": _PATIENCE,
            "idleness": _IDLENESS if forking else 1,
            "num_tasks": limits.processes if forking else _THREADS,
        }
        return bubblewrap.command(settings, isolated=self.isolated, index=index, packages=self.packages)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None}


class _CellPool:
    def __init__(self, cells: Sequence[Cell]) -> None:
        self._cells = cells
        self._idle: queue.SimpleQueue[Cell] = queue.SimpleQueue()
        for cell in cells:
            self._idle.put(cell)
        self._threads = ThreadPoolExecutor(len(cells), thread_name_prefix="cell")

    def map(self, function: Callable[[Cell, Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
        def call(job: Job) -> Result:
            cell = self._idle.get()
            try:
                return function(cell, job)
            finally:
                self._idle.put(cell)

        return self._threads.map(call, jobs)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        for cell in self._cells:
            cell.close()


class Cell:
    """One warm interpreter, started when it is first asked to run something, and again if it died."""

    def __init__(self, limits: CellLimits, command: list[str], environment: dict[str, str]) -> None:
        """Take the limits of each run, and how the warm interpreter is started."""
        self.limits = limits
        self._command, self._environment = command, environment
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._partner: Cell | None = None
        self._closed = False

    def run(
        self, program: Program, *, stdin: bytes = b"", arguments: Sequence[Any] = (), time_s: float | None = None
    ) -> Run:
        """Run a program once, or twice if the sandbox failed; `arguments` are for its function, `time_s` shortens it.

        Raises:
            UserError: the warm interpreter cannot be started here.

        """
        job = _job(program, arguments)
        allowed_s = self.limits.time_s if time_s is None else min(time_s, self.limits.time_s)
        run = Run("sandbox failure")
        for _ in range(2):
            if self._closed:
                break
            run = self._try(job, stdin, allowed_s, calls=program.function is not None)
            if run.end != "sandbox failure":
                break
            self.stop()
        return run

    def test(self, program: Program, tests: AssertTests, *, time_s: float) -> Tested:
        """Run a program and its assert tests, which ask it for calls; the tests run in a cell of their own.

        Raises:
            UserError: a warm interpreter cannot be started here.

        """
        self._partner = self._partner or Cell(self.limits, self._command, self._environment)
        limit_mb = self.limits.output_mb
        with contextlib.ExitStack() as stack:
            try:
                control, other = self._control or self._start(), self._partner._control or self._partner._start()
                ours = exchange.begin(stack, control, _job(program, serves=True), time_s=time_s, output_mb=limit_mb)
                # The tests wait while the program works, and must not be ended for it.
                words = json.dumps({"tests": asdict(tests), "call": None}).encode()
                theirs = exchange.begin(stack, other, words, time_s=_LOAD * _PATIENCE * time_s + 1, output_mb=limit_mb)
            except OSError as error:
                self.stop()
                failure = Run("sandbox failure", f"the warm interpreter is gone ({error.strerror})")
                return Tested(failure, failure, {})
            exchange.carry(ours, theirs, _LOAD * _PATIENCE * time_s + _GRACE_S)
            runs = [channels.read(side.reply or {}, side.stdout, side, calls=False) for side in (ours, theirs)]
            if "sandbox failure" in (runs[0].end, runs[1].end):
                self.stop()
            return Tested(runs[0], runs[1], exchange.ending(theirs), ours.is_asked)

    def close(self) -> None:
        """End the interpreter for good."""
        self._closed = True
        self.stop()

    def stop(self) -> None:
        """End the interpreter at once, with all that runs in it; the next run starts another."""
        partner, self._partner = self._partner, None
        if partner is not None:
            partner.close()
        control, self._control = self._control, None
        process, self._process = self._process, None
        if control is not None:
            with contextlib.suppress(OSError):
                control.shutdown(socket.SHUT_RDWR)  # another thread may be waiting on it
            control.close()
        if process is not None:
            process.kill()
            process.wait()

    def _start(self) -> socket.socket:
        """Start the interpreter, and have it run something that needs the walls to stand where they should."""
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with far, tempfile.TemporaryFile() as complaints:
            self._process = subprocess.Popen(  # noqa: S603 - the command is this package's own
                self._command,
                env=self._environment,
                stdin=far.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=complaints,
                umask=0o022,
                start_new_session=True,  # Ctrl-C is for the parent
            )
            self._control = near
            far.close()
            near.settimeout(_START_S)
            try:
                near.recv(64)
                near.settimeout(None)
                probe = self._try(_PROBE, b"", _PROBE_S, calls=False)
                lines = [probe.end, probe.detail] if probe.end != "finished" else []
            except OSError as error:
                lines = [str(error)]
            complaints.seek(0)
            lines += complaints.read(2000).decode(errors="replace").strip().splitlines()[-1:]
        if not lines:
            return near
        self.stop()
        raise UserError(
            Fault(
                f"the sandbox does not work here: {': '.join(each for each in lines if each)}",
                hint="allow bubblewrap to make name spaces (in a container: more privileges; on Ubuntu: sysctl "
                "kernel.apparmor_restrict_unprivileged_userns=0), or set `isolation: none` if you trust the programs",
            )
        )

    def _try(self, job: bytes, stdin: bytes, time_s: float, *, calls: bool) -> Run:
        control = self._control or self._start()
        with contextlib.ExitStack() as stack:
            stdout, stdout_far = channels.pipe(stack, self.limits.output_mb)
            report, report_far = channels.pipe(stack, self.limits.output_mb)
            far = [channels.file(stack, job), channels.file(stack, stdin), stdout_far.fileno(), report_far.fileno()]
            try:
                socket.send_fds(control, [json.dumps({"time_s": time_s}).encode()], far)
                stdout_far.close()
                report_far.close()
                reply = channels.follow(control, (stdout, report), time_s * _PATIENCE * _LOAD + _GRACE_S)
            except OSError as error:
                return Run("sandbox failure", f"the warm interpreter is gone ({error.strerror})")
        if reply is None:
            return Run("sandbox failure", "the warm interpreter died")
        return channels.read(reply, stdout, report, calls=calls)


def _job(program: Program, arguments: Sequence[Any] = (), *, serves: bool = False) -> bytes:
    call = None if program.function is None else {"function": program.function, "arguments": [*arguments]}
    return json.dumps({"source": program.source, "prelude": program.prelude, "call": call, "serves": serves}).encode()


# A module that is not warm, so that it must be read, by whoever programs run as.
_PROBE = _job(Program("import colorsys"))
