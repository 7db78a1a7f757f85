"""What a whole run takes: the start, recipes/legal.yaml, and a large run's memory and processor time.

    python -m benchmarks.run [--repeats 5]               # start-up, and a whole run of recipes/legal.yaml
    python -m benchmarks.run small                       # a run of three rows, beside the imports it needs
    python -m benchmarks.run memory --num 1000 10000     # questions answered in 20 kB by a server on loopback

Start-up is given as a ratio to a bare interpreter in the same round; the run as rows a second. Medians of the repeats.

`memory` runs the whole program, publishing included, on so many questions: the highest resident memory of its process,
that of all its worker processes together told apart, and the processor time of a question, in all and of each question
more than in the size before. Set `BENCHMARK_DIR` to a folder with room: 100,000 questions take 5 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

ROOT = Path(__file__).parent.parent
BARE = ["-c", "pass"]
STARTS = {
    "import open_thoughts_gen": ["-c", "import open_thoughts_gen"],
    "--help": ["-m", "open_thoughts_gen", "--help"],
    "check recipes/legal.yaml": ["-m", "open_thoughts_gen", "check", "recipes/legal.yaml"],
}
RECIPE = """\
name: large
seed: 1
sources: [{use: files, path: questions.jsonl, fields: {prompt: prompt, reference: reference}}]
question_filters: [exact_dedup, {use: near_dedup, threshold: 90}]
teacher: {use: openai, model: "URL#m", concurrency: 256}
verifiers: [exact]
sample_filters: [{use: verified, undecided: drop}, {use: length, max_reasoning: 100000}]
publish: {title: Large}
"""
IMPORTS = ["-c", "import pyarrow, pydantic, clingo"]
# The figures aside: matplotlib is imported for nothing else.
WITHOUT_FIGURES = """\
import sys, types
from open_thoughts_gen import publish
figures = sys.modules["open_thoughts_gen.publish.figures"] = types.ModuleType("figures")
figures.draw = lambda *args, **settings: ()
publish.figures = figures
from open_thoughts_gen.__main__ import program
sys.exit(program())
"""
LETTERS = "bdfgklmnprstvz", "aeiou"


@dataclass(frozen=True)
class Spent:
    """What a process took; megabytes."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    workers_mb: float


def measure(words: list[str]) -> tuple[float, float]:
    """Run Python with these words; return wall seconds and peak megabytes."""
    began = time.perf_counter()
    running = subprocess.Popen(
        [sys.executable, *words], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ}
    )
    _, status, usage = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    assert running.returncode == 0, words
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def watched(command: list[str], folder: Path) -> Spent:
    """Run a command and watch the memory of its process, and of those that it starts."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryFile() as told:
        running = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=told)
        peak_mb = workers_mb = 0.0
        while running.poll() is None:
            peak_mb = max(peak_mb, _memory_mb(running.pid, "VmHWM"))
            workers_mb = max(workers_mb, sum(_memory_mb(pid, "VmRSS") for pid in _descendants(running.pid)))
            time.sleep(0.02)
        wall_s, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        told.seek(0)
        assert running.returncode == 0, (command, told.read()[-2000:])
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(wall_s, cpu_s, peak_mb, workers_mb)


def _memory_mb(pid: int, what: str) -> float:
    try:
        told = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:  # it has ended
        return 0.0
    lines = (line.split() for line in told.splitlines() if line.startswith(what))
    return next((int(words[1]) / 1024 for words in lines), 0.0)


def _descendants(pid: int) -> Iterator[int]:
    try:
        listed = [Path(task, "children").read_text(encoding="utf-8") for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return
    for child in map(int, " ".join(listed).split()):
        yield child
        yield from _descendants(child)


@contextmanager
def server(num_bytes: int) -> Iterator[str]:
    """Serve different answers on loopback, without waiting, in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.loopback", "--latency", "0", "--varied", "64"]
    command += ["--answer-bytes", str(num_bytes)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def question(number: int) -> dict[str, str]:
    """Return one of many questions, none like another."""
    rng = Random(number)
    names = ["".join(rng.choice(LETTERS[i % 2]) for i in range(rng.randint(4, 9))).title() for _ in range(30)]
    pairs = zip(names[::2], names[1::2], strict=True)
    told = ". ".join(f"{one} owes {other} {rng.randint(2, 999)}" for one, other in pairs)
    return {"prompt": f"{told}. What is {number} minus {number - 1}?", "reference": "1"}


def large(num: int, num_bytes: int, extra: Sequence[str]) -> Spent:
    """Run the whole program on so many questions."""
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as name, server(num_bytes) as url:
        folder = Path(name)
        (folder / "large.yaml").write_text(RECIPE.replace("URL", url), encoding="utf-8")
        with (folder / "questions.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(question(number)) + "\n" for number in range(num))
        command = [sys.executable, "-m", "open_thoughts_gen", "run", str(folder / "large.yaml"), *extra]
        command += ["--cache", str(folder / "responses.sqlite"), "--out", str(folder / "run")]
        return watched(command, ROOT)


def memory(chosen: argparse.Namespace) -> None:
    """Print what runs of several sizes take."""
    before: tuple[int, float] = (0, 0.0)
    for num in chosen.num:
        spent = large(num, chosen.answer_bytes, chosen.extra)
        each_ms = spent.cpu_s / num * 1000
        more_ms = (spent.cpu_s - before[1]) / (num - before[0]) * 1000
        before = num, spent.cpu_s
        print(
            f"{num:>8,} questions: {spent.wall_s:7.1f} s wall {spent.cpu_s:7.1f} s CPU, {each_ms:5.2f} ms a question, "
            f"{more_ms:5.2f} ms each more; peak {spent.peak_mb:5.0f} MB, its workers {spent.workers_mb:4.0f} MB"
        )


def start(chosen: argparse.Namespace) -> None:
    """Print how long the program takes to start, and to run recipes/legal.yaml."""
    rounds = [
        {name: measure(words)[0] for name, words in {"bare": BARE, **STARTS}.items()} for _ in range(chosen.repeats)
    ]
    for name in STARTS:
        seconds = statistics.median(each[name] for each in rounds)
        ratio = statistics.median(each[name] / each["bare"] for each in rounds)
        print(f"{name:28} {seconds:6.2f} s   {ratio:5.1f} x a bare interpreter")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        words = ["-m", "open_thoughts_gen", "run", "recipes/legal.yaml", "--cache", str(place / "responses.sqlite")]
        runs = [measure([*words, "--out", str(place / str(number))]) for number in range(chosen.repeats)]
    seconds, peak = (statistics.median(values) for values in zip(*runs, strict=True))
    print(f"{'run recipes/legal.yaml':28} {seconds:6.2f} s   {500 / seconds:5.0f} rows a second, peak {peak:.0f} MB")


def small(chosen: argparse.Namespace) -> None:
    """Print how long a run of three rows takes, beside the imports that it cannot do without.

    Processor time, workers included, figures apart; the first round, which may compile bytecode, is not counted.
    """
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        run = ["run", "recipes/legal.yaml", "--target", "3", "--cache", str(Path(folder) / "responses.sqlite")]
        for number in range(chosen.repeats + 1):
            words = ["-c", WITHOUT_FIGURES, *run, "--out", str(Path(folder) / str(number))]
            took, imports = (processor_s(each) for each in (words, IMPORTS))
            ratios.append((took / imports, took, imports))
    ratio, took, imports = (statistics.median(values) for values in zip(*ratios[1:], strict=True))
    print(f"a run of three rows {took:.2f} s, importing pyarrow, pydantic and clingo {imports:.2f} s: {ratio:.2f} x")


def processor_s(words: list[str]) -> float:
    """Run Python with these words, and with compiled bytecode; return the processor time, with that of its workers."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure whole runs.")
    parser.add_argument("figure", nargs="?", choices=["start", "small", "memory"], default="start")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--num", type=int, nargs="+", default=[1000, 10_000, 100_000], help="questions, ascending")
    parser.add_argument("--answer-bytes", type=int, default=20_000)
    parser.add_argument("--extra", action="append", default=[], help="one more word of the command line")
    chosen = parser.parse_args()
    {"start": start, "small": small, "memory": memory}[chosen.figure](chosen)


if __name__ == "__main__":
    main()
