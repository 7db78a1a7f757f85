"""How fast the source `hub` reads a dataset, beside `datasets` itself, both from the loopback Hub.

    python -m benchmarks.hub
    python -m benchmarks.hub --num 100000 --words 100

Rows of a question, an answer and two more columns, in four files. Each measurement is a process of its own with an
empty cache: from the name of the dataset to its last row, files fetched. `datasets` makes Arrow files of them and then
yields rows (`loaded`), or yields them as it reads (`streamed`); the source yields questions. Imports are not counted.
"""

from __future__ import annotations

import argparse
import io
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from benchmarks.teacher import median
from tests.servers.hub_server import Repo, serving

NAME, NUM_FILES = "tester/sums", 4
Row = dict[str, str | int]


def rows(num: int, num_words: int) -> list[Row]:
    """Return rows with questions of so many words."""
    rng = Random(1)
    words = ["".join(rng.choices("etaoinshrdlu", k=rng.randint(2, 9))) for _ in range(4000)]
    return [
        {
            "question": f"{number}: {' '.join(rng.choices(words, k=num_words))}?",
            "answer": str(number),
            "level": number % 5,
        }
        | {"topic": words[number % 4000]}
        for number in range(num)
    ]


def files(some: list[Row], kind: str) -> dict[str, bytes]:
    """Return the rows as files of a dataset."""
    import pyarrow as pa
    from pyarrow import parquet

    parts = {}
    for number in range(NUM_FILES):
        part = some[number::NUM_FILES]
        if kind == "parquet":
            written = io.BytesIO()
            parquet.write_table(pa.Table.from_pylist(part), written)
            content = written.getvalue()
        else:
            content = "".join(f"{json.dumps(row)}\n" for row in part).encode()
        parts[f"data/train-{number}.{kind}"] = content
    return {"README.md": b"---\nlicense: mit\n---\n", **parts}


def ours() -> int:
    """Read by the source."""
    from open_thoughts_gen.plugin import Context
    from open_thoughts_gen.sources.hub import Hub

    source = Hub.model_validate({"dataset": NAME, "fields": {"prompt": "question", "reference": "answer"}})
    with tempfile.TemporaryDirectory() as folder:
        return sum(1 for _ in source.fresh(Context(cache=Path(folder) / "responses.sqlite")).questions())


def loaded() -> int:
    """Read by `datasets`, which writes Arrow files first."""
    import datasets

    return sum(1 for _ in datasets.load_dataset(NAME, split="train"))


def streamed() -> int:
    """Read by `datasets` row after row."""
    import datasets

    return sum(1 for _ in datasets.load_dataset(NAME, split="train", streaming=True))


def measured(read: Callable[[], int], url_env: dict[str, str], num: int) -> dict[str, float]:
    """Measure in a new process with a cache of its own."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.update({**url_env, "HF_HOME": home, "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"})
        spawn = multiprocessing.get_context("spawn")
        ours_end, theirs = spawn.Pipe()
        child = spawn.Process(target=_one, args=(read, num, theirs))
        child.start()
        figures: dict[str, float] = ours_end.recv()
        child.join()
    return figures


def _one(read: Callable[[], int], num: int, result: Connection) -> None:
    import datasets

    import open_thoughts_gen.sources.hub  # noqa: F401

    datasets.disable_progress_bars()
    wall, cpu = time.perf_counter(), time.process_time()
    assert read() == num
    result.send({"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu})


def main() -> None:
    """Measure what the arguments say."""
    options = argparse.ArgumentParser(description="Measure how fast datasets of the Hub are read.")
    options.add_argument("--num", type=int, default=100_000)
    options.add_argument("--words", type=int, default=60)
    options.add_argument("--repeats", type=int, default=3)
    chosen = options.parse_args()
    some = rows(chosen.num, chosen.words)
    for kind in ("jsonl", "parquet"):
        with serving(lfs=False) as hub:
            hub.repos[NAME] = Repo(files=files(some, kind))
            hub.repos[NAME].commit()
            runs: dict[str, list[dict[str, float]]] = {"hub": [], "loaded": [], "streamed": []}
            for _ in range(chosen.repeats):
                for name, read in (("hub", ours), ("loaded", loaded), ("streamed", streamed)):
                    runs[name].append(measured(read, hub.env(), chosen.num))
        base = median(runs["hub"])
        print(f"{kind}: {chosen.num:,} rows, medians of {chosen.repeats}")
        for name, each in ((name, median(run)) for name, run in runs.items()):
            print(f"  {name:9} {each['wall_s']:6.2f} s wall {each['cpu_s']:6.2f} s CPU, "
                  f"{chosen.num / each['cpu_s']:9,.0f} rows/s of CPU; "
                  f"the source is {each['cpu_s'] / base['cpu_s']:.2f}x as fast")  # fmt: skip


if __name__ == "__main__":
    main()
