"""What a recipe takes at size: wall clock, processor time, peak memory and funnel of a rehearsal at several scales.

    python -m benchmarks.rehearsal openthoughts3_1.2m --scale 0.01 0.04
    python -m benchmarks.rehearsal openthoughts3_1.2m --scale 1 --folder FOLDER     # 60 GB free

Nothing is asked of a model and nothing is read from a network, so what is measured is this program: drawing, filters,
deduplication, decontamination, the response cache, publishing. Each scale runs in a process of its own, with one
worker, and its memory is that of this process and all that it starts. Of two scales the larger says how much a raw
question takes more, and so how much the whole recipe would take, beside the limit.

With `--folder` runs and caches stay there: one that was ended is started again by the same command and goes on from its
cache. Without, they are deleted; `BENCHMARK_DIR` says where they lie meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
LIMIT_GIB = 4.0
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Measured:
    """One rehearsal: seconds, MiB at most, what became of the questions, and the seconds of each step."""

    scale: float
    wall_s: float
    cpu_s: float
    peak_mib: float
    counts: dict[str, Any]
    timings_s: dict[str, float]


def measured(recipe: str, scale: float, folder: Path) -> Measured:
    """Rehearse a recipe at a scale; the run and its cache are put in a folder."""
    words = ["run", recipe, "--rehearse", "--set", f"scale={scale}", "--workers", "1", "--out", f"{folder}/run"]
    command = [sys.executable, "-m", "open_thoughts_gen", *words, "--cache", f"{folder}/cache.sqlite"]
    start, peaks = time.perf_counter(), [0.0]
    with (folder / "log.txt").open("wb") as log:
        running = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        threading.Thread(target=_watch, args=(running.pid, peaks), daemon=True).start()
        _, status, usage = os.wait4(running.pid, 0)
    wall_s = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status):
        raise SystemExit(f"the rehearsal of {recipe} at {scale:g} failed; see {folder}/log.txt")
    account = json.loads(Path(folder, "run", "run.json").read_text("utf-8"))
    peak_mib = max(peaks[0], usage.ru_maxrss / 1024)
    return Measured(scale, wall_s, usage.ru_utime + usage.ru_stime, peak_mib, account["counts"], account["timings_s"])


def _watch(pid: int, peaks: list[float]) -> None:
    """Note the most memory, MiB, that a process and all that it has started hold together, while it lives."""
    while Path(f"/proc/{pid}").exists():
        peaks[0] = max(peaks[0], sum(map(_resident_mib, _tree(pid))))
        time.sleep(LOOK_EVERY_S)


def _tree(pid: int) -> Iterator[int]:
    """Yield a process and all that it has started, as Linux shows them."""
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                yield from _tree(int(child))


def _resident_mib(pid: int) -> float:
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
    return 0.0


def main() -> None:
    """Measure, and print a line for each scale, then its funnel and its slowest steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", help="name of a shipped recipe, or its file")
    parser.add_argument("--scale", type=float, nargs="+", default=[0.001, 0.01])
    parser.add_argument("--folder", type=Path, help="where runs and caches stay (default: they are deleted)")
    arguments = parser.parse_args()
    smaller: Measured | None = None
    for scale in arguments.scale:
        with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as temporary:
            folder = arguments.folder.resolve() / f"scale-{scale:g}" if arguments.folder else Path(temporary)
            folder.mkdir(parents=True, exist_ok=True)
            one = measured(arguments.recipe, scale, folder)
        sys.stdout.write("\n".join(_lines(one, smaller)) + "\n")
        sys.stdout.flush()
        smaller = one


def _lines(one: Measured, smaller: Measured | None) -> Iterator[str]:
    drawn, asked, kept = (one.counts[name] for name in ("drawn", "asked", "kept"))
    yield (
        f"scale {one.scale:g}: {drawn:,} raw, {asked:,} asked, {kept:,} rows; {one.wall_s:,.0f} s, "
        f"{one.cpu_s:,.0f} s of processor ({1000 * one.cpu_s / drawn:.2f} ms a raw question), {one.peak_mib:,.0f} MiB"
    )
    if smaller is not None:
        bytes_each = 2**20 * (one.peak_mib - smaller.peak_mib) / (drawn - smaller.counts["drawn"])
        whole_gib = (one.peak_mib * 2**20 + bytes_each * drawn * (1 / one.scale - 1)) / 2**30
        yield (
            f"  a raw question more, with its rows: {bytes_each:,.0f} bytes; the whole recipe at that rate "
            f"{whole_gib:.2f} GiB, {whole_gib / LIMIT_GIB:.2f}x of the {LIMIT_GIB:g} GiB allowed"
        )
    for loss in sorted(one.counts["dropped"], key=lambda loss: -loss["num"]):
        yield f"  left out {loss['num']:>12,}  {loss['step']} / {loss['plugin']}: {loss['reason']}"
    slowest = sorted(one.timings_s.items(), key=lambda step: -step[1])[:5]
    yield "  slowest steps: " + ", ".join(f"{step} {seconds:,.0f} s" for step, seconds in slowest)


if __name__ == "__main__":
    main()
