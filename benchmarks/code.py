"""How many programs a second can be run apart from the machine, and what 10,000 of them leave behind.

    python -m benchmarks.code                            # the figures: 2,000 runs a method, 5 repeats, 10,000 for leaks
    python -m benchmarks.code --runs 200 --repeats 1 --leaks 500
    pip install bespokelabs-sandbox                      # to have that peer in the table as well

Every method runs the same program (read a number, write its double) with the same input, on all cores: as many at once
as there are cores, twice as many for the sandbox, as the verifier does. Methods take turns in each repeat, so that a
busy machine is busy for all of them. `bubblewrap, one each` starts an interpreter in bubblewrap for every run, with the
same mounts; `subprocess` starts one with no isolation at all.

Leaks are counted on this machine before and after: processes, mounts, name spaces, open descriptors, files in the
temporary folder, and files in memory. One run in five misbehaves: it crashes, floods, fills its
disk, swells, or never ends.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from open_thoughts_gen.sandbox import Cell, CellLimits, Program, Sandbox

PROGRAM, STDIN, STDOUT = "print(int(input()) * 2)", b"21\n", b"42\n"
CORES = len(os.sched_getaffinity(0))
HOSTILE = (
    "1/0",
    "print('x' * 10**7)",
    "open('/tmp/x', 'wb').write(bytes(10**8))",
    "x = [0] * 10**9",
    "import os; os.abort()",
    "import os\nfor i in range(500): open(f'/tmp/{i}', 'w').close()",
    "import threading, time\nfor _ in range(99): threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
    "import os; os.fork()",
    "while True: pass",
)
Method = Callable[[int], float]


def warm(sandbox: Sandbox) -> Method:
    """Return how long so many runs take in a sandbox that has started."""

    def measure(num: int) -> float:
        start = time.perf_counter()
        for run in sandbox.map(lambda cell, _: cell.run(Program(PROGRAM), stdin=STDIN), range(num)):
            assert run.stdout == STDOUT, run
        return time.perf_counter() - start

    return measure


def started(command: list[str]) -> Method:
    """Return how long so many runs take if each starts a process."""

    def once(_: int) -> None:
        done = subprocess.run(command, input=STDIN, capture_output=True, env={}, check=True)
        assert done.stdout == STDOUT, done

    def measure(num: int) -> float:
        with ThreadPoolExecutor(CORES) as threads:
            start = time.perf_counter()
            list(threads.map(once, range(num)))
            return time.perf_counter() - start

    return measure


def bubblewrap() -> list[str]:
    """Return the command line that runs the program in bubblewrap, apart in every name space."""
    python, prefix = os.path.realpath(sys.executable), Path(sys.base_prefix)
    mounts = [*map(Path, ("/lib", "/lib64", "/usr/lib")), prefix / "lib", Path(python)]
    command = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    for path in mounts:
        command += ["--ro-bind-try", str(path), str(path)]
    return [*command, "--dir", "/tmp", "--tmpfs", "/tmp", "--", python, "-I", "-S", "-c", PROGRAM]


def bespokelabs() -> Method:
    """Return how long so many runs take in the local back end of bespokelabs-sandbox, one sandbox a core."""
    peers = importlib.import_module("bespokelabs.sandbox")

    def some(num: int) -> None:
        with peers.Sandbox("local") as peer:
            for _ in range(num):
                done = peer.execute_code(PROGRAM.replace("input()", "21"))
                assert done.stdout.encode() == STDOUT, done

    def measure(num: int) -> float:
        with ThreadPoolExecutor(CORES) as threads:
            start = time.perf_counter()
            list(threads.map(some, [num // CORES] * CORES))
            return time.perf_counter() - start

    return measure


@contextmanager
def methods() -> Iterator[dict[str, Method]]:
    """Yield the methods by name; the first is the one that others are compared with."""
    limits = CellLimits(time_s=2, memory_mb=512)
    walls = Sandbox(limits, num_cells=2 * CORES)
    bare = Sandbox(limits, num_cells=2 * CORES, isolated=False)
    interpreter = [os.path.realpath(sys.executable), "-I", "-S", "-c", PROGRAM]
    known = {
        "this sandbox": warm(walls),
        "this sandbox, isolation none": warm(bare),
        "bubblewrap, one each": started(bubblewrap()),
        "subprocess, no isolation": started(interpreter),
    }
    if importlib.util.find_spec("bespokelabs"):
        known["bespokelabs-sandbox, local"] = bespokelabs()
    yield known
    walls.close()
    bare.close()


def speed(num: int, repeats: int) -> None:
    """Print the table of rates."""
    with methods() as known:
        for measure in known.values():
            measure(4 * CORES)
        rates: dict[str, list[float]] = {name: [] for name in known}
        for _ in range(repeats):
            for name, measure in known.items():
                rates[name].append(num / measure(num))
    medians = {name: statistics.median(each) for name, each in rates.items()}
    ours = next(iter(medians.values()))
    print(f"{'method':32}{'runs/s':>10}{'lowest':>10}{'highest':>10}{'this is':>10}")
    for name, median in medians.items():
        low, high = min(rates[name]), max(rates[name])
        print(f"{name:32}{median:10.0f}{low:10.0f}{high:10.0f}{ours / median:9.1f}x")


def traces() -> dict[str, int]:
    """Count what a sandbox could leave on this machine."""
    spaces = set()
    num_processes = 0
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            spaces |= {os.readlink(f"/proc/{pid}/ns/{kind}") for kind in ("pid", "mnt", "net", "user", "ipc")}
            num_processes += "zygote" in Path(f"/proc/{pid}/cmdline").read_text()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return {
        "processes of the sandbox": num_processes,
        "name spaces": len(spaces),
        "mounts": Path("/proc/self/mounts").read_text().count("\n"),
        "open descriptors": len(os.listdir("/proc/self/fd")),
        "files in the temporary folder": len(os.listdir(tempfile.gettempdir())),
        "KiB of shared memory": shared_memory(),
    }


def shared_memory() -> int:
    """Return how much the kernel keeps in files in memory, all tmpfs of all name spaces together."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Shmem:"))


def leaks(num: int) -> None:
    """Run many programs, one in five of them hostile, and print what is left."""

    def each(cell: Cell, i: int) -> str:
        hostile = i % 5 == 0
        source = HOSTILE[i // 5 % len(HOSTILE)] if hostile else PROGRAM
        return cell.run(Program(source), stdin=STDIN).end

    time.sleep(1)
    before = traces()
    sandbox = Sandbox(CellLimits(time_s=0.1, memory_mb=128, output_mb=1, disk_mb=4), num_cells=2 * CORES)
    ends = list(sandbox.map(each, range(min(100, num))))
    working = traces()
    ends += sandbox.map(each, range(num - len(ends)))
    after = traces()
    sandbox.close()
    time.sleep(1)
    closed = traces()
    summary = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
    print(f"\n{num} runs: {summary}")
    print(f"{'':32}{'before':>10}{'after 100':>10}{'after all':>10}{'closed':>10}")
    for name in before:
        print(f"{name:32}{before[name]:10}{working[name]:10}{after[name]:10}{closed[name]:10}")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, help="runs of each method in each repeat")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--leaks", type=int, default=10_000, help="runs after which leaks are counted")
    options = parser.parse_args()
    if shutil.which("bwrap") is None:
        sys.exit("bubblewrap is not installed: apt-get install bubblewrap")
    print(f"{CORES} cores, Python {sys.version.split()[0]}, {options.runs} runs, median of {options.repeats}\n")
    speed(options.runs, options.repeats)
    if options.leaks:
        leaks(options.leaks)


if __name__ == "__main__":
    main()
