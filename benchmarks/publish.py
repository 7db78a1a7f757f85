"""What it takes to publish rows: to write them in all their layouts, with card and report, and to examine the result.

    python -m benchmarks.publish                   100,000 rows with reasoning of 2 kB
    python -m benchmarks.publish --num 10000

The rows are made up, each text another, their traces on disk as in a long run, and published by the code that a run
calls; then the command `doctor` examines them. Beside it stands the limit: pyarrow alone, writing the same columns that
it already has in memory. Of each stage seconds by the clock and of processor time, all threads together, which other
work on the machine does not stretch; and the highest resident memory of its process so far, which holds the samples
too, as a run does.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pyarrow.parquet as pq

from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.publish.folder import write_run
from open_thoughts_gen.publish.quality import measure
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.types import Counts, Finished, Question, Sample, Trace, Verdict

RECIPE = """\
name: large
seed: 1
sources: [{use: files, path: questions.jsonl, fields: {prompt: prompt, reference: reference}}]
teacher: {use: openai, model: "http://127.0.0.1:1/v1#m"}
verifiers: [exact, math]
publish:
  title: Large
  license: cc0-1.0
  purpose: To see how long it takes.
  limitations: Made up.
  columns: {kind: string, level: int, spec: json}
  figure_by: [kind, level]
"""
SOURCES = ("contract", "tenancy", "succession", "evidence", "tax", "votes")


def sample(number: int, words: list[str], num_bytes: int) -> Sample:
    """Return one of many samples, whose texts no other has."""
    rng = Random(number)
    prompt = f"{' '.join(rng.choices(words, k=60))}. What is {number} minus {number - 1}?"
    reasoning = " ".join(rng.choices(words, k=num_bytes // 5))[:num_bytes]
    meta = {"kind": rng.choice(SOURCES), "level": rng.randint(1, 4), "spec": {"case": number, "asks": "amount"}}
    question = Question(prompt, str(number), "law", "files", "cc0-1.0", meta)
    trace = Trace(question.id, 0, "m", reasoning, f"{' '.join(rng.choices(words, k=20))}.\n\nAnswer: {number}")
    verdicts = tuple(Verdict(name, "correct", str(number), "the answers are the same") for name in ("exact", "math"))
    return Sample(question, trace, verdicts, 1.0)


def finished(num: int, num_bytes: int, folder: Path) -> Finished:
    """Return a finished run of so many samples."""
    rng, spool = Random(0), Spool(folder)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(5_000)]
    samples = []
    for number in range(num):
        whole = sample(number, words, num_bytes)
        assert whole.trace
        samples.append(Sample(whole.question, spool.stored(whole.trace), whole.verdicts, whole.pass_rate))
    counts = Counts(num, num, num, num, Counter(correct=num), cost_usd=0.0)
    return Finished(tuple(samples), (), counts)


def timed(name: str, work: Callable[[], object], *, whose: int = resource.RUSAGE_SELF) -> float:
    """Do a stage and print what it took, of this process or of its children; return its processor time in seconds."""
    began, before = time.perf_counter(), resource.getrusage(whose)
    work()
    wall_s, after = time.perf_counter() - began, resource.getrusage(whose)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak_mb = after.ru_maxrss / 1024
    print(f"{name:36} {wall_s:7.1f} s {cpu_s:7.1f} s of processor time; peak {peak_mb:4,.0f} MB", flush=True)
    return cpu_s


def bare(written: Path, folder: Path) -> float:
    """Return the processor time in which pyarrow alone writes again what these files hold, group by group."""
    seconds = 0.0
    for number, file in enumerate(sorted(written.rglob("*.parquet"))):
        with pq.ParquetFile(file) as opened:
            settings = {"compression": "snappy", "use_content_defined_chunking": True, "write_page_index": True}
            with pq.ParquetWriter(folder / f"{number}.parquet", opened.schema_arrow, **settings) as writer:
                for group in range(opened.num_row_groups):
                    table, began = opened.read_row_group(group), time.process_time()
                    writer.write_table(table, row_group_size=max(1, table.num_rows))
                    seconds += time.process_time() - began
    return seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=100_000)
    parser.add_argument("--reasoning-bytes", type=int, default=2_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        measured(Path(name), arguments.num, arguments.reasoning_bytes)


def measured(folder: Path, num: int, num_bytes: int) -> None:
    """Publish so many rows in a folder, and print what each stage took."""
    (folder / "large.yaml").write_text(RECIPE, encoding="utf-8")
    recipe = load_recipe(folder / "large.yaml")
    run, kept = folder / "run", finished(num, num_bytes, folder)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{num:,} samples are held, as at the end of a run: peak {peak_mb:,.0f} MB")
    spent = timed("rows, card, report: the run folder", lambda: write_run(recipe, kept, run, command="run", timings={}))
    timed("  again, of these: the card's quality", lambda: measure(kept))
    doctor = [sys.executable, "-m", "open_thoughts_gen", "doctor", str(run)]
    spent += timed(
        "checks: doctor, a process of its own",
        lambda: subprocess.run(doctor, stdout=subprocess.DEVNULL, check=True),
        whose=resource.RUSAGE_CHILDREN,
    )
    (folder / "bare").mkdir()
    limit = bare(run / "dataset", folder / "bare")
    print(
        f"all {spent:.1f} s of processor time; pyarrow alone writes the columns in {limit:.1f} s: {spent / limit:.1f} x"
    )


if __name__ == "__main__":
    main()
