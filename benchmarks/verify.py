r"""How fast, right and safe the verifier `math` is, beside math-verify alone, in one run.

    python -m benchmarks.verify mixed                        20,000 pairs, 1,000 of them through math-verify, 3 repeats
    python -m benchmarks.verify undecided                    pairs that exact arithmetic does not decide
    python -m benchmarks.verify hostile                      1,000 answers made to hang, swell or crash their judge
    python -m benchmarks.verify mutations                    10,000 references of every kind, changed and re-dressed
    python -m benchmarks.verify mixed --pairs 2000 --bare 200 --repeats 1

Math-verify alone is `verify(parse(reference), parse(answer))` as its documentation has it, alarms on, in this process,
on an evenly spaced part of the same pairs, warmed up before: it takes milliseconds for each. Ours has one worker. What
is compared is processor time, this process and its worker together, so that neither is flattered by a second core; wall
time stands beside it. `mixed` counts the pairs on which the two disagree, and those in which ours misses the truth.
`mutations` counts changed answers that are called correct, and re-dressed ones that are not: both should be none.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random

os.environ["SYMPY_GROUND_TYPES"] = "python"

from open_thoughts_gen import algebra, text
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.math import Math, quickly
from tests.algebra.answers_generator import KINDS, Variant, dressings, mutations, references
from tests.verifiers.math_pairs import Pair, pairs
from tests.verifiers.wild_answers import wild

HARD = {"expression": 1}


def asked(pair: Pair) -> tuple[Question, Trace]:
    """Return a question and a trace whose answer is the pair's."""
    return Question("?", pair.reference), Trace("q", 0, "t", "", rf"\boxed{{{pair.answer}}}")


class Clock:
    """Wall and processor seconds, of this process and of worker processes."""

    def __init__(self) -> None:
        self.wall = self.cpu = 0.0

    @contextmanager
    def runs(self, verifier: Math | None = None) -> Iterator[None]:
        """Measure what runs inside."""
        wall, cpu = time.perf_counter(), processor_s(verifier)
        yield
        self.wall, self.cpu = time.perf_counter() - wall, processor_s(verifier) - cpu


def processor_s(verifier: Math | None) -> float:
    """Return the processor seconds of this process, and of the workers of a verifier."""
    own = time.process_time()
    return own + sum(worker_s(pid) for pid in pids(verifier)) if verifier else own


def pids(verifier: Math) -> list[int]:
    """Return the worker processes of a verifier."""
    pool = verifier._workers._pool
    return [worker._process.pid for worker in pool._workers if worker._process] if pool else []


def worker_s(pid: int) -> float:
    """Return the processor seconds that a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bare(pair: Pair) -> bool:
    """Return math-verify's word, asked as its documentation has it."""
    from math_verify import parse, verify

    reference, answer = text.unwrap(pair.reference), text.unwrap(pair.answer)
    return bool(verify(parse(f"${reference}$"), parse(f"${answer}$")))


def warmed(verifier: Math, kinds: dict[str, int] | None = None) -> None:
    """Load what both judges load, before any clock runs."""
    for pair in pairs(150, seed=99, kinds=kinds):
        bare(pair)
    list(verifier.verdicts([asked(pair) for pair in pairs(400, seed=99, kinds=HARD)]))


def row(name: str, count: int, clock: Clock) -> None:
    """Print one line of the table."""
    each = clock.cpu / count
    print(f"{name:34}{count:8,}{clock.wall:9.2f} s{clock.cpu:9.2f} s{each * 1e6:11,.0f} µs{1 / each:12,.0f}/s")


def mixed(num: int, num_bare: int, repeats: int) -> None:
    """Compare both judges on a mixed set."""
    verifier = Math(num_workers=1).fresh(Context())
    warmed(verifier)
    ratios = []
    print(f"{'':34}{'pairs':>8}{'wall':>11}{'processor':>11}{'a pair':>14}{'':>12}")
    for repeat in range(repeats):
        every = list(pairs(num, seed=repeat))
        part = every[:: max(1, num // num_bare)][:num_bare]
        ours, theirs, fast = Clock(), Clock(), Clock()
        with fast.runs():
            decided = [quickly(pair.reference, pair.answer) for pair in every]
        with ours.runs(verifier):
            verdicts = list(verifier.verdicts([asked(pair) for pair in every]))
        with theirs.runs():
            judged = [bare(pair) for pair in part]
        row("math", num, ours)
        row("  exact arithmetic alone", num, fast)
        row("math-verify alone", len(part), theirs)
        ratios.append((theirs.cpu / len(part)) / (ours.cpu / num))
        outcome = {id(pair): verdict.outcome for pair, verdict in zip(every, verdicts, strict=True)}
        differ = [
            pair
            for pair, same in zip(part, judged, strict=True)
            if outcome[id(pair)] != ("correct" if same else "incorrect")
        ]
        wrong = [pair for pair in every if outcome[id(pair)] == ("incorrect" if pair.is_same else "correct")]
        undecided = sum(verdict.outcome == "undecided" for verdict in verdicts)
        print(
            f"  decided without math-verify {1 - decided.count(None) / num:.1%}; undecided in the end {undecided};"
            f" disagreements with math-verify {len(differ)} of {len(part)}; against the truth {len(wrong)} of {num:,};"
            f" {ratios[-1]:.1f}x math-verify\n"
        )
        for pair in wrong[:5]:
            print("   ", pair)
    print(f"median {statistics.median(ratios):.1f}x math-verify alone, per core")
    verifier.close()


def unseen(num: int, seed: int, seen: set[str]) -> list[Pair]:
    """Return pairs that exact arithmetic does not decide, of texts not seen before: no memory helps either judge."""
    found: list[Pair] = []
    for reference, answer in wild(10**6, seed):
        if quickly(reference, answer) is None and not {reference, answer} & seen:
            seen |= {reference, answer}
            found.append(Pair("wild", reference, answer, is_same=False))
        if len(found) == num:
            break
    return found


def undecided(num: int, repeats: int) -> None:
    """Compare both where exact arithmetic says nothing, so that ours has to ask math-verify too."""
    verifier = Math(num_workers=1).fresh(Context())
    warmed(verifier, HARD)
    ratios, walls = [], []
    seen: set[str] = set()
    for repeat in range(repeats):
        part = unseen(num, repeat, seen)
        ours, theirs = Clock(), Clock()
        parts = [part[at::10] for at in range(10)]
        for some in parts:  # by turns, so that what else the machine does falls on both
            one, other = Clock(), Clock()
            runs: list[Callable[[], None]] = [
                lambda some=some, one=one: ours_on(verifier, some, one),  # type: ignore[misc]
                lambda some=some, other=other: theirs_on(some, other),  # type: ignore[misc]
            ]
            Random(repeat).shuffle(runs)
            for run in runs:
                run()
            ours.wall, ours.cpu = ours.wall + one.wall, ours.cpu + one.cpu
            theirs.wall, theirs.cpu = theirs.wall + other.wall, theirs.cpu + other.cpu
        row("math", len(part), ours)
        row("math-verify alone", len(part), theirs)
        ratios.append(ours.cpu / theirs.cpu)
        walls.append(ours.wall / theirs.wall)
    print(
        f"median {statistics.median(ratios):.2f}x of math-verify's processor time,"
        f" {statistics.median(walls):.2f}x of its wall time, where exact arithmetic does not decide"
    )
    verifier.close()


def ours_on(verifier: Math, some: Sequence[Pair], clock: Clock) -> None:
    """Run our verifier."""
    with clock.runs(verifier):
        list(verifier.verdicts([asked(pair) for pair in some]))


def theirs_on(some: Sequence[Pair], clock: Clock) -> None:
    """Run math-verify."""
    with clock.runs():
        for pair in some:
            bare(pair)


def hostile_answers(num: int) -> Iterator[str]:
    """Yield answers that nobody should work out: towers, factorials, binomials, sums, nesting, braces, long chains."""
    for index in range(num):
        rng = Random(index)
        n, deep = rng.randrange(3, 10), rng.randrange(500, 4000)
        yield rng.choice(
            (
                f"{n}^{{{n}^{{{n}^{{{n}}}}}}}",
                f"{n}^{n}^{n}^{n}",
                f"({n}^{{{n * 9}}})^{{{n}^{{{n + 7}}}}}",
                f"{n}^{{{n}{'0' * n}}}",
                f"{rng.randrange(10**7, 10**9)}!",
                f"{n * 111}!!!",
                f"({n * 99999})!",
                rf"\binom{{{n}{'0' * 8}}}{{{n}{'0' * 7}}}",
                rf"\binom{{{n}00000}}{{{n}0000}}",
                rf"\sum_{{i=1}}^{{10^{{{n + 5}}}}} i^i",
                rf"\prod_{{k=1}}^{{{n}000000}} k",
                rf"\int_0^{n} \sin(x^x) e^{{x^{n}}} dx",
                f"(x+1)^{{{n}0000}}",
                "(x+y+z+w+" + "+".join(f"a_{{{i}}}" for i in range(20)) + f")^{{{n * 7}}}",
                "(" * deep + "1" + ")" * deep,
                "{" * deep + "1" + "}" * deep,
                "{" * 500_000 + "}" * 500_000,
                r"\sqrt{" * (deep // 10) + "2" + "}" * (deep // 10),
                r"\frac{1}{1+" * (deep // 20) + "x" + "}" * (deep // 20),
                "1+" * deep + "1",
                "-" * deep + "1",
                "x^" * (deep // 9) + "2",
                "1" * 9_000,
                "1." + "3" * 9_000,
                ", ".join(map(str, range(n * 150))),
                "a" * 9_000,
                "a,b " * 2_000,
                r"\left" * 900,
                r"\begin{pmatrix}" + r"\\".join("&".join("9" * 40) for _ in range(20)) + r"\end{pmatrix}",
                rf"\lim_{{x\to\infty}} \sum_{{k=1}}^{{x}} \frac{{1}}{{k^{n}}}",
                rf"\log_{{{n}}}({n}^{{{n}^{{{n}}}}})",
                "\\boxed{" * 400 + "1" + "}" * 400,
            )
        )


def hostile(num: int, timeout_s: float) -> None:
    """Judge hostile answers, then ordinary ones, with the same workers."""
    verifier = Math(timeout_s=timeout_s, num_workers=2).fresh(Context())
    answers = list(hostile_answers(num))
    references = ["7", "x+1", r"\frac{1}{2}"]
    rows = [
        (Question("?", references[index % 3]), Trace("q", 0, "t", "", rf"\boxed{{{answer}}}"))
        for index, answer in enumerate(answers)
    ]
    began, last = time.perf_counter(), time.perf_counter()
    waits: list[float] = []
    found: Counter[str] = Counter()
    for verdict in verifier.verdicts(rows):
        waits.append(time.perf_counter() - last)
        last = time.perf_counter()
        cause = verdict.cause if verdict.outcome == "undecided" else ""
        found[f"{verdict.outcome} {cause}".strip()] += 1
    took = time.perf_counter() - began
    fine = [verdict.outcome for verdict in verifier.verdicts([asked(pair) for pair in pairs(200, seed=5)])]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"{num:,} hostile answers in {took:.0f} s: {waits[0]:.1f} s to read them all and start the workers,"
        f" then at most {max(waits[1:]):.1f} s between two verdicts (limit {timeout_s} s, then a worker starts)"
    )
    for told, count in found.most_common():
        print(f"  {told:28}{count:6}")
    verifier.close()
    peak = max(peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"then 200 ordinary pairs: {Counter(fine)};"
        f" peak memory of a worker {peak:.0f} MiB, of this process {own:.0f} MiB"
    )


def _quickly_s(variant: Variant) -> float:
    """Return the processor time of one comparison; long ones are timed again, without garbage.

    What was read is forgotten before, so that it is read again.
    """
    times: list[float] = []
    while not times or (times[-1] > 0.005 and len(times) < 3):
        if times:
            algebra.read.cache_clear()
        clock = time.process_time()
        quickly(variant.reference, variant.answer)
        times.append(time.process_time() - clock)
    return min(times)


def mutated(num: int, seed: int) -> None:
    """Judge references against themselves, against answers changed in one place, and against other spellings."""
    verifier = Math(num_workers=2).fresh(Context())
    said: Counter[tuple[str, str]] = Counter()
    wrong: list[tuple[str, Variant]] = []
    longest, began = 0.0, time.perf_counter()
    each_kind = max(1, num // len(KINDS))
    for start in range(0, each_kind, 20):
        batch = list(_variants(min(20, each_kind - start), f"{seed}/{start}"))
        for variant in batch:
            longest = max(longest, _quickly_s(variant))
        rows = [asked(Pair(each.how, each.reference, each.answer, each.is_same)) for each in batch]
        for variant, verdict in zip(batch, verifier.verdicts(rows), strict=True):
            group = "itself" if variant.how == "itself" else "re-dressed" if variant.is_same else "changed"
            said[group, verdict.outcome] += 1
            if verdict.outcome == "correct" and not variant.is_same:
                wrong.append((verdict.outcome, variant))
            if verdict.outcome == "incorrect" and variant.is_same:
                wrong.append((verdict.outcome, variant))
    verifier.close()
    print(f"{each_kind * len(KINDS):,} references of {len(KINDS)} kinds in {time.perf_counter() - began:.0f} s")
    for group in ("itself", "re-dressed", "changed"):
        total = sum(count for (name, _), count in said.items() if name == group)
        shares = ", ".join(f"{outcome} {said[group, outcome]:,}" for outcome in ("correct", "incorrect", "undecided"))
        print(f"  {group:12}{total:9,}: {shares}")
    print(f"  longest outside a worker {longest * 1000:.1f} ms; wrong verdicts {len(wrong)}")
    for outcome, variant in wrong[:10]:
        print("   ", outcome, variant)


def _variants(num_each: int, seed: str) -> Iterator[Variant]:
    for reference in references(num_each, seed):
        rng = Random(f"{seed}/{reference.text}")
        yield Variant(reference.text, reference.text, "itself", is_same=True)
        yield from mutations(reference, rng)
        yield from dressings(reference, rng)


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("mixed", "undecided", "hostile", "mutations"))
    parser.add_argument("--pairs", type=int, default=None)
    parser.add_argument("--bare", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=1.0)
    given = parser.parse_args()
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    if given.what == "mixed":
        mixed(given.pairs or 20_000, given.bare, given.repeats)
    elif given.what == "mutations":
        mutated(given.pairs or 10_000, seed=0)
    elif given.what == "undecided":
        undecided(given.pairs or 300, given.repeats)
    else:
        hostile(given.pairs or 1000, given.timeout)


if __name__ == "__main__":
    main()
