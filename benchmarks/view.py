"""How fast rows can be looked at: pages, filters, facets and searches over a million rows in Parquet files.

    python -m benchmarks.view                      1,000,000 rows of about 2.6 kB, 2.2 GB on disk
    python -m benchmarks.view --num 100000 --repeats 3

Rows are written as a run writes them (Snappy, shards, row groups of 5,000 rows): ten thousand different texts, each
with many ids, for what is measured is how DuckDB reads them. The first question after the start is asked once and not
counted, as in the goal. Of each time the median is given, by the clock and in seconds of processor time of all threads,
which other work on the machine does not stretch; on two free cores the clock shows about half of it.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

from open_thoughts_gen.publish.columns import STANDARD, Column, arrow_schema
from open_thoughts_gen.publish.view.contents import contents_of
from open_thoughts_gen.publish.view.query import Chosen, PageQuery, RowQuery, Rows

NUM_TEXTS = 10_000
GROUP = 5_000
SHARDS = 10
COLUMNS = (*STANDARD, Column("scheme"), Column("level", dtype="int64"), Column("twin_of"), Column("spec"))


def texts(rng: Random) -> pa.Table:
    """Return different rows, whose ids are set later."""
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 10))) for _ in range(5_000)]

    def prose(num: int) -> str:
        return " ".join(rng.choices(words, k=num)).capitalize()

    rows = []
    for _ in range(NUM_TEXTS):
        outcome = rng.choices(("correct", "incorrect", "undecided"), (8, 1, 1))[0]
        verdict = {"outcome": outcome, "answer": "1", "explanation": prose(6)}
        rows.append({
            "question": prose(60), "reasoning": prose(250), "response": prose(30), "answer": str(rng.randint(1, 99)),
            "reference": str(rng.randint(1, 99)), "domain": rng.choice(("law", "math", "code", "science")),
            "outcome": outcome, "pass_rate": rng.randint(0, 4) / 4, "teacher": rng.choice(("solver", "model")),
            "attempt": rng.randint(0, 3), "finish_reason": rng.choices(("stop", "length"), (9, 1))[0],
            "source": f"source {rng.randint(0, 9)}", "license": "cc0-1.0", "scheme": f"scheme {rng.randint(0, 14)}",
            "verdicts": [{"verifier": name, **verdict} for name in ("family", "steps")], "level": rng.randint(1, 4),
            "spec": '{"asks":"date"}',
        })  # fmt: skip
    return pa.Table.from_pylist(rows, schema=arrow_schema(COLUMNS))


def write(folder: Path, num: int) -> None:
    """Write a dataset of about `num` rows."""
    table, start = texts(Random(1)), 0
    schema = table.schema
    for shard in range(SHARDS):
        file = folder / f"train-{shard:05}-of-{SHARDS:05}.parquet"
        with pq.ParquetWriter(file, schema, compression="snappy", write_page_index=True) as writer:
            for _ in range(max(1, round(num / SHARDS / NUM_TEXTS))):
                ids = pa.array([f"{(start + i) * 2654435761 % 2**64:016x}" for i in range(NUM_TEXTS)])
                writer.write_table(table.set_column(0, schema.field(0), ids), row_group_size=GROUP)
                start += NUM_TEXTS


def measured(name: str, ask: Callable[[], object], repeats: int) -> None:
    """Print the median times of a question."""
    walls, cpus = [], []
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        ask()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    wall_ms, cpu_ms = (1000 * statistics.median(times) for times in (walls, cpus))
    print(f"{name:44} {wall_ms:8,.0f} ms {cpu_ms:8,.0f} ms of processor time")


def main() -> None:
    """Write the rows, ask, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "data").mkdir()
        writing = get_context("spawn").Process(target=write, args=(Path(folder) / "data", arguments.num))
        writing.start()  # in a process of its own, whose memory does not count
        writing.join()
        measure(Path(folder), arguments.repeats)


def measure(folder: Path, repeats: int) -> None:
    """Ask each question several times."""
    contents = contents_of(folder)
    opened: list[Rows] = []
    with tempfile.TemporaryDirectory() as index:
        measured("start: the index is made", lambda: opened.append(Rows(contents, {}, Path(index))), 1)
        (rows,) = opened
        cursor, last = rows.cursor(), rows.tables["rows"] - 60
        chosen = {"outcome": Chosen(values=["incorrect"]), "length of reasoning": Chosen(least=1700)}
        questions: dict[str, Callable[[], object]] = {
            "a page at the start": lambda: rows.page(cursor, PageQuery(table="rows")),
            "a page near the end": lambda: rows.page(cursor, PageQuery(table="rows", offset=last)),
            "a filter on two columns: page and total": lambda: rows.page(
                cursor, PageQuery(table="rows", filters=chosen)
            ),
            "the same, sorted by a length": lambda: rows.page(
                cursor, PageQuery(table="rows", filters=chosen, order="length of response")
            ),
            "all facets": lambda: rows.facets(cursor, RowQuery(table="rows")),
            "all facets under that filter": lambda: rows.facets(cursor, RowQuery(table="rows", filters=chosen)),
            "a whole row": lambda: rows.row(cursor, "rows", last),
            "its twins and attempts": lambda: rows.related(cursor, "rows", last),
        }
        rows.page(cursor, PageQuery(table="rows"))
        for name, ask in questions.items():
            measured(name, ask, repeats)
        absent = iter(f"absent {i}" for i in range(100))
        measured(
            "a text that no row has, all texts",
            lambda: rows.page(cursor, PageQuery(table="rows", search=next(absent))),
            3,
        )
        rows.close()
    print(f"rows: {last + 60:,}; peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
