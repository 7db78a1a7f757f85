"""What it costs to have 10,000 questions written by a model, beside the same calls made bare.

    python -m benchmarks.writing                # against aiohttp alone, which sends the same and keeps nothing
    python -m benchmarks.writing --repeating 0.3    # three in ten replies repeat an earlier question but for a word
    python -m benchmarks.writing --kills 20 --num 500    # the whole program, killed: what the server was asked

`stage` is the source `write` as a run uses it: every reply on disk before it is used, its form checked, near-duplicates
left out. Each measurement is a process of its own. What is left of the near-duplicates is counted by rapidfuzz, which
compares a thousand of the questions with all others.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import multiprocessing
import os
import resource
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from benchmarks.teacher import median, server
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.write import Write
from open_thoughts_gen.types import Question

Figures = dict[str, float]
Ask = Callable[[str, int, int, Path], Figures]
_STARTS = ("open_thoughts_gen.chat.wire", "open_thoughts_gen.filters.near_dedup", "open_thoughts_gen.similar.questions")
NEAR, NUM_COMPARED = 90.0, 1000


def _writer(url: str, concurrency: int, folder: Path) -> Write:
    source = {"use": "files", "path": "seeds.jsonl", "fields": {"prompt": "text"}}
    settings = {"how": "harder", "model": f"{url}#m", "seeds": source, "per_call": 1, "concurrency": concurrency}
    context = Context(seed=1, folder=folder, cache=folder / "responses.sqlite", run="benchmark")
    return Write.model_validate(settings).fresh(context)


def stage(url: str, num: int, concurrency: int, folder: Path) -> Figures:
    """Have the questions written by the source, with a new cache; return how many were written and repeat another."""
    writer = _writer(url, concurrency, folder)
    writer.expect(num)
    began, cpu = time.perf_counter(), time.process_time()
    drawn = (each for each in writer.questions() if isinstance(each, Question))
    questions = [each.prompt for each in islice(drawn, num)]
    figures = {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu}
    return {**figures, "questions": len(questions), "near": near_share(questions), "calls": writer.progress.done}


def bare(url: str, num: int, concurrency: int, folder: Path) -> Figures:
    """Make the same calls by aiohttp and nothing else: read the JSON, keep nothing."""
    import aiohttp

    writer = _writer(url, concurrency, folder)
    bodies = [{"model": "m", "messages": writer.call(each).messages} for each in islice(writer._calls(), num)]

    async def ask_all() -> None:
        left = iter(bodies)

        async def work(session: aiohttp.ClientSession) -> None:
            for body in left:
                async with session.post(f"{url}/chat/completions", json=body) as response:
                    assert (await response.json())["choices"]

        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:
            await asyncio.gather(*(work(session) for _ in range(concurrency)))

    began, cpu = time.perf_counter(), time.process_time()
    asyncio.run(ask_all())
    return {"wall_s": time.perf_counter() - began, "cpu_s": time.process_time() - cpu, "calls": num}


def near_share(questions: list[str]) -> float:
    """Return which share of some questions has another one that is a near-duplicate at Indel 90."""
    from rapidfuzz import fuzz, process

    chosen = Random(1).sample(range(len(questions)), min(NUM_COMPARED, len(questions)))
    scores = process.cdist([questions[i] for i in chosen], questions, scorer=fuzz.ratio, score_cutoff=NEAR)
    return sum(int((row >= NEAR).sum() > 1) for row in scores) / len(chosen)


def measured(ask: Ask, url: str, num: int, concurrency: int) -> Figures:
    """Measure in a new process."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    child = spawn.Process(target=_one, args=(ask, url, num, concurrency, theirs))
    child.start()
    figures: Figures = ours.recv()
    child.join()
    return figures


def _one(ask: Ask, url: str, num: int, concurrency: int, result: Connection) -> None:
    for module in _STARTS:  # start-up is not what is measured
        importlib.import_module(module)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(65536, hard), hard))
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        seeds = "".join(json.dumps({"text": f"What is {n} plus {n}? Say why."}) + "\n" for n in range(2 * num))
        (Path(folder) / "seeds.jsonl").write_text(seeds, "utf-8")
        result.send(ask(url, num, concurrency, Path(folder)))


def compare(chosen: argparse.Namespace) -> None:
    """Measure the stage and the bare calls, in turns."""
    runs: dict[str, list[Figures]] = {"bare": [], "stage": []}
    for _ in range(chosen.repeats):
        for name, ask in (("bare", bare), ("stage", stage)):
            with server(chosen.latency, 400, "--writing", str(chosen.repeating)) as url:
                runs[name].append(measured(ask, url, chosen.num, chosen.concurrency))
    base, ours = median(runs["bare"]), median(runs["stage"])
    per_call = (ours["wall_s"] / ours["calls"]) / (base["wall_s"] / base["calls"])
    print(f"{chosen.num:,} questions, calls of {chosen.latency:g} s, {chosen.concurrency} in flight, "
          f"{100 * chosen.repeating:.0f} % of the replies repeat another, medians of {chosen.repeats}")  # fmt: skip
    for name, run in (("bare", base), ("stage", ours)):
        print(f"{name:6} {run['wall_s']:7.2f} s wall {run['cpu_s']:6.2f} s CPU, {run['calls']:,.0f} calls")
    print(f"{per_call:.2f}x a call, {ours['wall_s'] / base['wall_s']:.2f}x in all; {ours['questions']:,.0f} questions, "
          f"near-duplicates left: {100 * ours['near']:.2f} %")  # fmt: skip


def kills(chosen: argparse.Namespace) -> None:
    """Kill one run that writes and answers its questions by SIGKILL at random moments, and count what was asked."""
    from tests.killing import WRITING, killed

    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCHMARK_DIR")) as folder:
        found = killed(Path(folder), WRITING, num_questions=chosen.num, num_kills=chosen.kills, concurrency=32)
    in_vain = found.num_in_flight + found.num_in_between
    same = "the same bytes" if found.bytes_killed == found.bytes_whole else "OTHER BYTES"
    print(f"{chosen.kills} kills, {found.num_asking} with calls on the wire: {found.num_asked:,} requests, and "
          f"{found.num_calls:,} + {in_vain:,} on the wire at a kill; dataset: {same}")  # fmt: skip


def main() -> None:
    """Measure what the arguments say."""
    options = argparse.ArgumentParser(description="Measure the writing of questions.")
    options.add_argument("--num", type=int, default=10_000)
    options.add_argument("--concurrency", type=int, default=64)
    options.add_argument("--latency", type=float, default=0.5)
    options.add_argument("--repeating", type=float, default=0.0, metavar="SHARE")
    options.add_argument("--repeats", type=int, default=1)
    options.add_argument("--kills", type=int, default=0)
    chosen = options.parse_args()
    (kills if chosen.kills else compare)(chosen)


if __name__ == "__main__":
    main()
