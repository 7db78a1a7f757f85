"""The inside of the sandbox: a warm interpreter that forks once for each program it is given.

Starting Python takes longer than most programs run. So one interpreter is started, with the modules that programs use
already imported, and each run is a fork of it: nothing that one run does is there for the next, since this process
itself never executes a program, never reads one, and never reads what a program writes. The files of a run come as
open descriptors, from the host to the fork, and pass through here unread.

It is a script of its own, run inside the sandbox by a bare Python, so it imports nothing but the standard library.
What it is sent: one message a run with four descriptors (the job, standard input, standard output, the report); then
at most one more, to stop the run. What it answers: one message, when every process of the run is dead.

The fork gives up everything before it reads its job: descriptors, mounts, privileges, system calls. Only then it says
on the report that it is ready; whatever is said there later may be the program's own word, and the host treats it so.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import random
import resource
import select
import signal
import site
import socket
import sys
import threading
import time
import types
from typing import Any, NoReturn

WARM = (
    "abc array bisect cmath collections contextlib copy dataclasses datetime decimal enum fractions functools heapq io "
    "itertools math numbers operator queue re statistics string struct textwrap typing"
).split()
READY = b"+"
STOP = b"stop"
OUT_OF_MEMORY = b'\n{"failure": "memory limit"}\n'
IDLE_SHARE = 0.01  # of the wall clock; a program that computes gets more of a processor than that on any machine
STARVED_SHARE = 0.25  # of its processor time; who got less by the end of the wall clock had a busy machine
CONTROL, REPORT = 3, 3  # the host's socket here; in a fork the report takes its place
SEED = 0
STACK_BYTES = 64 * 2**20
MAX_FILES = 64
MAX_LOAD = 4.0  # programs a core that a machine may be busy with before its load is an excuse
BLOCK = 2**20
OPEN = open
STREAMS = {f"/dev/{name}": number for number, name in enumerate(("stdin", "stdout", "stderr"))}

CLONE_NEWNS, CLONE_NEWPID = 0x00020000, 0x20000000
MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_REC, MS_PRIVATE = 2, 4, 8, 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 4, 22, 38, 2
CAPABILITY_VERSION_3 = 0x20080522

libc = ctypes.CDLL(None, use_errno=True)


class SockFprog(ctypes.Structure):
    """`struct sock_fprog`: a filter of system calls."""

    _fields_ = (("num_instructions", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def kernel(function: str, *arguments: object) -> None:
    """Call the C library, and raise what the kernel says against it."""
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


class Zygote:
    """The warm parent of all runs of one cell."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.isolated: bool = settings["isolated"]
        self.patience: float = settings["patience"]
        self.idleness: float = settings["idleness"]
        self.filter = bytes.fromhex(settings["filter"])
        self.control = socket.socket(fileno=CONTROL)
        self.itself = os.pidfd_open(os.getpid())
        if self.isolated:
            kernel("mount", None, b"/", None, MS_REC | MS_PRIVATE, None)
        # A program may raise the soft limit, as many do: memory is limited by the address space.
        resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, resource.getrlimit(resource.RLIMIT_STACK)[1]))

    def serve(self) -> None:
        """Run what the host sends until it hangs up."""
        self.control.send(b"ready")
        while True:
            message, descriptors, _, _ = socket.recv_fds(self.control, 4096, 4)
            if not message:
                return
            if message == STOP:  # it crossed with the end of the run that it was for
                continue
            reply = self.run(json.loads(message)["time_s"], descriptors)
            self.control.send(json.dumps(reply).encode())

    def run(self, time_s: float, descriptors: list[int]) -> dict[str, Any]:
        """Fork, watch, and tell how the run ended; `cause` is None if it ended by itself."""
        try:
            pid = self.fork(time_s, descriptors)
        except OSError as error:
            return {"cause": "fork", "status": 0, "spent_s": 0.0, "detail": str(error)}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        start_s = time.monotonic()
        cause = self.watch(pid, time_s)
        # In a name space of its own this is its first process, with which all the others die.
        os.kill(pid, signal.SIGKILL)
        if not self.isolated:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        wall_s = time.monotonic() - start_s
        if cause == "gone":
            sys.exit()
        spent_s = max(usage.ru_utime + usage.ru_stime, wall_s / (self.patience * load()))
        return {"cause": cause, "status": status, "spent_s": spent_s}

    def fork(self, time_s: float, descriptors: list[int]) -> int:
        """Return the id of a new process that will be the program, the first of its own process name space."""
        if self.isolated:
            kernel("setns", self.itself, CLONE_NEWPID)  # else a second name space would be asked for inside the first
            kernel("unshare", CLONE_NEWPID)
        pid = os.fork()
        if pid:
            return pid
        try:
            job = self.confine(time_s, descriptors)
            os.write(REPORT, READY)
            become(job)
        except OSError as error:
            os.write(REPORT, str(error).encode())
        finally:
            os._exit(1)

    def watch(self, pid: int, time_s: float) -> str | None:
        """Wait until the program ends, its time is up, or the host wants it stopped or is gone."""
        ended = os.pidfd_open(pid)
        poller = select.poll()
        poller.register(ended, select.POLLIN)
        poller.register(self.control, select.POLLIN)
        clock, patience = processor_clock(pid), self.patience * load()
        start_s = time.monotonic()
        try:
            busy_s, busy_at_s = 0.0, 0.0  # processor time and wall clock when it was last seen to compute
            while True:
                wall_s, spent_s = time.monotonic() - start_s, used_s(clock)
                if spent_s - busy_s > IDLE_SHARE * (wall_s - busy_at_s):
                    busy_s, busy_at_s = spent_s, wall_s
                # A machine that is busy otherwise is not the program's fault; that it sleeps is.
                idle_s = wall_s - busy_at_s
                left_s = min(time_s - spent_s, time_s * self.idleness - idle_s)
                if left_s <= 0:
                    return "time limit"
                left_s = min(left_s, time_s * patience - wall_s)
                if left_s <= 0:
                    return "time limit" if spent_s >= time_s * STARVED_SHARE else "wall clock"
                ready = [descriptor for descriptor, _ in poller.poll(max(1, int(left_s * 1000)))]
                if ended in ready:
                    return None
                if ready:
                    return "stopped" if self.control.recv(64) else "gone"
        finally:
            os.close(ended)

    def confine(self, time_s: float, descriptors: list[int]) -> dict[str, Any]:
        """Give up all that the program must not have, in the forked process; return the job."""
        job, stdin, stdout, report = descriptors
        os.dup2(report, REPORT)
        os.setsid()
        text = read_whole(job)
        os.dup2(stdin, 0)
        os.dup2(stdout, 1)
        os.closerange(REPORT + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        identity: int | None = self.settings["identity"]
        if self.isolated:
            kernel("unshare", CLONE_NEWNS)
            owner = os.getuid() if identity is None else identity
            options = f"size={self.settings['disk_bytes']},nr_inodes=1024,mode=0700,uid={owner},gid={owner}"
            kernel("mount", b"tmpfs", b"/tmp", b"tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options.encode())
        self.limit(time_s)
        if identity is not None:
            os.setgroups([])
            os.setresgid(identity, identity, identity)
            os.setresuid(identity, identity, identity)
        if self.isolated:
            header, none = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0), (ctypes.c_uint32 * 6)()
            kernel("capset", header, none)
            os.chdir("/tmp")  # noqa: S108 - its own
        kernel("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0)
        kernel("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        filter_ = SockFprog(len(self.filter) // 8, self.filter)
        kernel("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0)
        parsed: dict[str, Any] = json.loads(text)
        return parsed

    def limit(self, time_s: float) -> None:
        """Set the kernel's limits. Processor time is watched from outside; the kernel's own is for when that fails."""
        seconds = int(time_s) + 2
        limits = {
            resource.RLIMIT_AS: self.settings["memory_bytes"],
            resource.RLIMIT_CORE: 0,
            resource.RLIMIT_CPU: seconds,
            resource.RLIMIT_FSIZE: self.settings["disk_bytes"] if self.isolated else 0,
            resource.RLIMIT_MEMLOCK: 0,
            resource.RLIMIT_MSGQUEUE: 0,
            resource.RLIMIT_NOFILE: MAX_FILES,
        }
        if self.isolated:
            limits[resource.RLIMIT_NPROC] = self.settings["num_tasks"]
        for name, value in limits.items():
            resource.setrlimit(name, (value, value))


def read_whole(descriptor: int) -> bytes:
    """Return a file from its start, wherever others that share it have read to."""
    blocks: list[bytes] = []
    offset = 0
    while block := os.pread(descriptor, BLOCK, offset):
        blocks.append(block)
        offset += len(block)
    return b"".join(blocks)


def load() -> float:
    """Return the number of running programs for each core (1-minute average): at least 1, at most MAX_LOAD."""
    information = (ctypes.c_ulong * 64)()  # struct sysinfo: the time since the start, then the load of one minute
    if libc.sysinfo(information) != 0:
        return 1.0
    return min(max(information[1] / 65536 / len(os.sched_getaffinity(0)), 1.0), MAX_LOAD)


def processor_clock(pid: int) -> int | None:
    """Return the clock of the processor time that a process uses; None if it is dead."""
    clock = ctypes.c_int()
    return None if libc.clock_getcpuclockid(pid, ctypes.byref(clock)) else clock.value


def used_s(clock: int | None) -> float:
    """Return the processor time on a process's clock; 0 once it is dead."""
    if clock is not None:
        with contextlib.suppress(OSError):
            return time.clock_gettime(clock)
    return 0.0


def become(job: dict[str, Any]) -> NoReturn:
    """Be the program: from here on nothing can be trusted, and this process ends in it."""
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
    sys.__stdin__, sys.__stdout__ = sys.stdin, sys.stdout  # type: ignore[misc]
    sys.argv = ["program.py"]
    builtins.open = io.open = open_streams_too
    random.seed(SEED)
    gc.enable()
    status = 1
    try:
        status = test(job["tests"]) if "tests" in job else perform(job)
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        flush_streams()
        if "tests" not in job and job["call"] is None:
            # What a program never closed is written when its objects are finalized.
            sys.stdout = sys.__stdout__
            sys.modules["__main__"].__dict__.clear()
            gc.collect()
            flush_streams()
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the program's end
        blame(error)
        status = 1
    finally:
        os._exit(status)


def flush_streams() -> None:
    """Write out what is buffered; a stream may be closed, detached from its file, or an object of the program's."""
    for stream in (sys.stdout, sys.__stdout__):
        try:
            is_closed = getattr(stream, "closed", False)
        except ValueError:  # it is detached
            is_closed = True
        if stream is not None and not is_closed:
            stream.flush()


def open_streams_too(file: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  (as `open` is)
    """Open a file as `open` does; the names of the standard streams too, which take a /proc that is not here."""
    number = STREAMS.get(os.fspath(file)) if isinstance(file, str | os.PathLike) else None
    return OPEN(file if number is None else os.dup(number), *arguments, **options)


def perform(job: dict[str, Any]) -> int:
    """Run the program, and call its function if one is asked for; return the exit status."""
    call = job["call"]
    module = types.ModuleType("__main__" if call is None else "program")
    sys.modules[module.__name__] = module
    try:
        code = compile(job["source"], "program.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
        tell({"failure": "syntax error", "error": type(error).__name__})
        return 1
    try:
        if job["prelude"]:
            module.__dict__["__builtins__"] = builtins_with(job["prelude"])
        exec(code, module.__dict__)  # noqa: S102 - this is what the sandbox is for
        if job["serves"]:
            sys.modules["serving"].serve(module, REPORT)
        return 0 if call is None else answer(module, call["function"], call["arguments"])
    except SystemExit as end:
        if call is None:
            return end.code if isinstance(end.code, int) else int(end.code is not None)
        blame(end)
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is the program's end
        blame(error)
    return 1


def builtins_with(prelude: str) -> dict[str, Any]:
    """Return the names that a program may use without defining them: the builtins, and what the prelude defines."""
    space: dict[str, Any] = {}
    exec(prelude, space)  # noqa: S102 - this is what the sandbox is for
    return vars(builtins) | {name: value for name, value in space.items() if not name.startswith("__")}


def test(job: dict[str, Any]) -> int:
    """Run assert tests against a program that is elsewhere, and report how they ended."""
    tell({"tests": sys.modules["testing"].run(job, REPORT)})
    return 0


def blame(error: BaseException) -> None:
    """Report what ended the program, with no more memory than there may be left."""
    if isinstance(error, MemoryError):
        os.write(REPORT, OUT_OF_MEMORY)
    else:
        tell({"failure": "runtime error", "error": type(error).__name__})


def answer(module: types.ModuleType, name: str, arguments: list[Any]) -> int:
    """Call the function, or the method of that name of a class `Solution`, and report what it returns as JSON."""
    function = getattr(module, name, None)
    if not callable(function):
        solution = getattr(module, "Solution", None)
        function = getattr(solution(), name, None) if callable(solution) else None
    if not callable(function):
        tell({"failure": "missing function", "error": ""})
        return 1
    returned = function(*arguments)
    try:
        tell({"value": returned})
    except (TypeError, ValueError, RecursionError):
        tell({"failure": "not JSON", "error": type(returned).__name__})
    return 0


def tell(words: dict[str, Any]) -> None:
    """Write one line on the report."""
    line = b"\n" + json.dumps(words).encode() + b"\n"
    while line:
        line = line[os.write(REPORT, line) :]


def main() -> None:
    """Warm up and serve. The control socket comes as standard input."""
    settings = json.loads(sys.argv[1])
    os.dup2(0, CONTROL)
    os.closerange(CONTROL + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    sys.path += settings["path"]
    sys.path.insert(0, settings["inside"])
    for name in ("testing", "serving"):
        importlib.import_module(name)
    del sys.path[0]
    site.setquit()
    sys.set_int_max_str_digits(0)  # numbers as long as a program likes: its processor time is limited
    for name in [*WARM, *settings["packages"]]:
        importlib.import_module(name)
    zygote = Zygote(settings)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    gc.collect()
    gc.freeze()
    gc.disable()
    zygote.serve()


if __name__ == "__main__":
    main()
