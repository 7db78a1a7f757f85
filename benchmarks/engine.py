"""What spreading work gains and costs: local workers, a Ray cluster, and the stages of a large run.

    python -m benchmarks.engine workers [--num 3000]      # verification by 1 and by 2 local workers
    python -m benchmarks.engine ray [--num 3000]          # the same, and near_dedup, on two nodes of Ray on loopback
    python -m benchmarks.engine teacher [--num 4000]      # calls by two actors, against one process
    python -m benchmarks.engine stages [--num 100000]     # processor time and memory of each stage

`workers` also measures what two processes gain on this machine at that moment with work that shares nothing, and gives
the gain beside that limit: other work on the machine lowers both. What it does not touch is processor time: the gain on
free cores is at most that of one worker's run by that of the busiest process, after the rows that are done in place
and the start of the workers. `ray` starts its cluster itself (Linux); its time is
that of the second of two runs, when its worker processes stand. All results are compared with those of one process.
"""

from __future__ import annotations

import argparse
import itertools
import math
import multiprocessing
import os
import pickle
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from open_thoughts_gen import engines
from open_thoughts_gen.engines import Engine
from open_thoughts_gen.engines.local import TRIAL, Local
from open_thoughts_gen.filters.near_dedup import NearDedup
from open_thoughts_gen.plugin import Context, Verifier
from open_thoughts_gen.sources.family import Family as Source
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Question, Request, Sample, Trace
from open_thoughts_gen.verifiers.family import Family
from open_thoughts_gen.verifiers.math import Math

Pairs = list[tuple[Question, Trace]]
TRACE_WORDS = 8_000  # some 11,000 tokens, 45 kB


def proved(num: int) -> Pairs:
    """Return questions of the family `statutes` and the solver's traces: each is judged by its answer set program."""
    source = Source(family="statutes").fresh(Context(seed=1)).questions()
    questions = [each for each in itertools.islice(source, num) if isinstance(each, Question)]
    return list(zip(questions, Solver().traces(map(Request, questions)), strict=True))


def equations(num: int) -> Pairs:
    """Return answers that exact arithmetic does not decide: each is asked of a process that may be killed."""
    from tests.verifiers.math_pairs import pairs

    rows = pairs(num, kinds={"expression": 1})
    return [(Question("?", row.reference), Trace("q", 0, "t", "", rf"\boxed{{{row.answer}}}")) for row in rows]


def spin(num: int) -> int:
    """Do work that shares nothing."""
    return sum(i * i for i in range(num))


def wall_s(work: Callable[[], object]) -> tuple[float, Any]:
    """Return the seconds that work takes, and its result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def processor_s(pid: int | str = "self") -> float:
    """Return the processor time of a process, and of those that it has waited for (Linux)."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / os.sysconf("SC_CLK_TCK")


def limit() -> float:
    """Return what two processes gain over one, here and now."""
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        pool.map(spin, [1000] * 8, chunksize=1)
        one = wall_s(partial(pool.map, spin, [12_000_000]))[0]
        two = wall_s(partial(pool.map, spin, [12_000_000] * 2, chunksize=1))[0]
    return 2 * one / two


def judged(engine: Engine, verifier: Verifier, pairs: Pairs) -> list[object]:
    """Return all verdicts."""
    return list(engines.verdicts(engine, verifier, pairs))


def workers(num: int, repeats: int) -> None:
    """Measure one local worker against two."""
    kinds: tuple[tuple[str, Callable[[], Verifier], Pairs], ...] = (
        ("family", lambda: Family(num_workers=1), proved(num)),
        ("math", lambda: Math(num_workers=1), equations(num)),
    )
    for name, verifier, pairs in kinds:
        gains, limits, free = [], [], []
        for _ in range(repeats):
            one, two = measured(1, verifier(), pairs), measured(2, verifier(), pairs)
            assert one.verdicts == two.verdicts
            gains.append(one.wall_s / two.wall_s)
            free.append(sum([one.here_s, *one.lanes_s]) / (TRIAL.trial_s + max(two.here_s, *two.lanes_s)))
            limits.append(limit())
            print(f"{name}: 1 worker {one}; 2 workers {two}; two bare processes {limits[-1]:.2f}x", flush=True)
        print(f"{name}, {num:,} pairs: 2 workers {statistics.median(gains):.2f}x one, best {max(gains):.2f}x;", end=" ")
        print(f"by processor time {statistics.median(free):.2f}x; two bare processes {statistics.median(limits):.2f}x")


@dataclass
class Measured:
    """One run: wall time, processor time of this process, and of each child with all that it has started."""

    wall_s: float
    here_s: float
    lanes_s: list[float]
    verdicts: list[object]

    def __str__(self) -> str:
        lanes = ", ".join(f"{each:.1f}" for each in self.lanes_s)
        return f"{self.wall_s:.1f} s wall (CPU {self.here_s:.1f} s here, {lanes} s in workers)"


def measured(num_workers: int, verifier: Verifier, pairs: Pairs) -> Measured:
    """Judge all pairs with so many workers."""
    fresh = verifier.fresh(Context())
    with Local(num_workers) as engine:
        before_s, others = processor_s(), set(children())
        spent_s, verdicts = wall_s(partial(judged, engine, fresh, pairs))
        here_s = processor_s() - before_s
        lanes = [subtree_s(pid) for pid in children() if pid not in others]
    return Measured(spent_s, here_s, lanes or [0.0], verdicts)


def children(pid: int | str = "self") -> list[int]:
    """Return the processes that all threads of a process have started and that still live (Linux)."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [int(word) for task in tasks for word in (task / "children").read_text().split()]


def subtree_s(pid: int) -> float:
    """Return the processor time of a process and of its descendants."""
    return processor_s(pid) + sum(map(subtree_s, children(pid)))


def prompts(num: int) -> list[str]:
    """Return questions of 60 to 120 words, one in ten the copy of another with one word changed."""
    rng = Random(1)
    words = [f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{i}" for i in range(20_000)]
    drawn: list[str] = []
    for i in range(num):
        text = rng.choices(words, k=rng.randint(60, 120))
        if i % 10 == 9:
            text = drawn[-5].split()
            text[rng.randrange(len(text))] = rng.choice(words)
        drawn.append(" ".join(text))
    return drawn


def near_dedup(engine: Engine, samples: Sequence[Sample]) -> list[object]:
    """Return what near_dedup says of each."""
    context = Context(spread=engines.spread(engine))
    return list(NearDedup(threshold=75).fresh(context).drop_reasons(samples))


def ray(num: int, repeats: int) -> None:
    """Measure two nodes of a Ray cluster against two local workers."""
    from open_thoughts_gen.engines.ray import TRIAL as RAY_TRIAL
    from open_thoughts_gen.engines.ray import Ray
    from tests.engines.clusters import Cluster

    pairs, samples = proved(num), [Sample(Question(prompt)) for prompt in prompts(30 * num)]
    works: dict[str, Callable[[Engine], list[object]]] = {
        f"family, {num:,} pairs": lambda engine: judged(engine, Family(), pairs),
        f"near_dedup, {len(samples):,} questions": lambda engine: near_dedup(engine, samples),
    }
    always = replace(RAY_TRIAL, worth_s=-math.inf)
    with Cluster() as cluster, Local(1) as one, Local(2) as two:
        cluster.add()
        joined_s, cluster_engine = wall_s(partial(Ray, cluster.address, always))
        with cluster_engine:
            print(f"joining the cluster takes {joined_s:.1f} s")
            for name, work in works.items():
                list(work(cluster_engine))
                for _ in range(repeats):
                    alone_s, alone = wall_s(partial(work, one))
                    local_s, local = wall_s(partial(work, two))
                    ray_s, there = wall_s(partial(work, cluster_engine))
                    assert alone == local == there
                    print(f"{name}: in place {alone_s:.1f} s, 2 local workers {local_s:.1f} s, 2 nodes {ray_s:.1f} s")


def teacher(num: int, repeats: int) -> None:
    """Measure calls asked by actors on two nodes, and found in the cache through its actor, against one process."""
    from open_thoughts_gen.engines.ray import Ray
    from open_thoughts_gen.teachers.openai import Openai
    from tests.engines.clusters import Cluster
    from tests.servers.chat_server import ChatServer, completion

    text = "so then we find that x equals 12, therefore " * (TRACE_WORDS // 9)
    requests = [Request(Question(f"{i}?")) for i in range(num)]
    server = ChatServer(answer=lambda _: completion("12", reasoning_content=text), latency_s=0.05)
    with server, Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        cluster.add()
        with Local(1) as local, Ray(cluster.address) as actors:
            asking = Openai(model=server.spec, concurrency=64)
            for number in range(repeats):
                for name, engine in (("one process", local), ("two actors", actors)):
                    for what in ("asked", "cached"):
                        context = Context(cache=Path(folder) / f"{name}-{number}.sqlite", run="r")
                        before = {pid: processor_s(pid) for pid in cluster.workers()}
                        here_s = processor_s()
                        traces = engine.traces(asking.fresh(context), requests)
                        spent_s, found = wall_s(partial(list, traces))
                        assert len({trace.question_id for trace in found}) == num
                        there = {pid: processor_s(pid) - before.get(pid, 0.0) for pid in cluster.workers()}
                        lanes = ", ".join(f"{each:.1f}" for each in sorted(there.values()) if each > 0.1)
                        print(f"{name}: {num:,} {what} in {spent_s:.1f} s wall,", end=" ")
                        print(f"CPU {processor_s() - here_s:.1f} s here, {lanes or 'none'} s in others", flush=True)


def stage(name: str, num: int) -> None:
    """Print the processor time of one stage and the memory of this process."""
    work = {"near_dedup": _near_dedup, "math": _math, "carry": _carry}[name](num)
    before = time.process_time()
    next(work)
    ready_s, ready = time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    before = time.process_time()
    for _ in work:
        pass
    spent_s, peak = time.process_time() - before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{name:12} {num:>9,} rows: {spent_s:7.1f} s of one core, {spent_s / num * 1e6:8,.0f} s a million;", end=" ")
    print(f"{peak / 1024:,.0f} MB, {ready / 1024:,.0f} MB of it before ({ready_s:.0f} s making rows)", flush=True)


def _near_dedup(num: int) -> Iterator[None]:
    samples = [Sample(Question(prompt)) for prompt in prompts(num)]
    yield
    with Local(1) as engine:
        near_dedup(engine, samples)


def _math(num: int) -> Iterator[None]:
    from tests.verifiers.math_pairs import pairs

    rng = Random(2)
    reasoning = " ".join(
        rng.choices(["so", "then", "we", "find", "that", "x", "equals", "12", "therefore"], k=TRACE_WORDS)
    )
    rows: Pairs = []
    for row in pairs(num):
        trace = Trace("q", 0, "t", reasoning, rf"The answer is \boxed{{{row.answer}}}.")
        rows.append((Question("?", row.reference), trace))
    yield
    with Local(1) as engine:
        judged(engine, Math(num_workers=1).fresh(Context()), rows)


def _carry(num: int) -> Iterator[None]:
    """Pack traces of full length and unpack them: the price of spreading a row."""
    reasoning = "so then we find that x equals 12, therefore " * (TRACE_WORDS // 9)
    yield
    for start in range(0, num, 100):
        # Each with a text of its own, as traces are.
        rows = [(Question(f"{i}?"), Trace("q", 0, "t", f"{i}{reasoning}", "12")) for i in range(start, start + 100)]
        pickle.loads(pickle.dumps(rows, pickle.HIGHEST_PROTOCOL))


def main() -> None:
    """Run one table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", choices=("workers", "ray", "teacher", "stages"))
    parser.add_argument("--num", type=int)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--stage", help="one stage, in this process")
    arguments = parser.parse_args()
    num = arguments.num or {"workers": 3000, "ray": 3000, "teacher": 4000, "stages": 100_000}[arguments.table]
    if arguments.table == "workers":
        workers(num, arguments.repeats)
    elif arguments.table == "ray":
        ray(num, arguments.repeats)
    elif arguments.table == "teacher":
        teacher(num, arguments.repeats)
    elif arguments.stage:
        stage(arguments.stage, num)
    else:
        for name in ("near_dedup", "math", "carry"):  # each in a process of its own: memory is told apart
            command = [sys.executable, "-m", "benchmarks.engine", "stages", "--num", str(num), "--stage", name]
            subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
