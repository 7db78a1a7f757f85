"""How fast deduplication is, how many planted near-duplicates it finds, and how many strangers it accuses.

    python benchmarks/dedup.py                              100,000 questions, every method, three repeats
    python benchmarks/dedup.py --num 1000000 --repeats 1 --methods near_dedup-75 near_dedup-90 minhash rensa
    python benchmarks/dedup.py --num 10000000 --repeats 1 --methods near_dedup-75 --memory-gb 4 --stream
    python -m benchmarks.dedup --styles                     short templated questions, and how the time grows
    python benchmarks/dedup.py --engines                    numpy, Polars and DuckDB on the join behind it

Questions of 60 to 120 words come from 500 templates, each a few fixed phrases with words of a Zipf vocabulary between
them. Of each twenty questions six are copies of others of which 0, 2, 5, 10, 20 or 30 % of the words were changed, so
that three in ten are near-duplicates; all others are strangers. A copy is found if it ends in the cluster of its
original (with a peer that only flags questions: if either is flagged). Precision is the share of the dropped questions
that are dropped for one of their own planted pair.

Every method runs in a process of its own, on one thread as far as it lets itself, and is given the same strings. Speed
is questions by second of processor time, which other work on the machine changes less than time by the clock; memory is
the peak of the process, of which the questions themselves are about 1 KB each unless `--stream` makes them one by one.
Peers are measured where they are installed (datasketch, gaoya, rensa, semhash), the slowest on ten times fewer.

`--styles` times `near_dedup` at 90, and the near-duplicate rate of a card, on a quarter, a half and all of `--num`
short questions in the styles of the tests, one in ten an edited copy. The last column is the exponent of the growth of
the filter's time from the quarter to all: 1 is linear, 2 as all pairs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.plugin import Context, Filter, load
from open_thoughts_gen.publish.quality import NearRule, repeating
from open_thoughts_gen.similar.formal import formal_content
from open_thoughts_gen.similar.spill import Piles, Spill
from open_thoughts_gen.similar.stages import Plan, counted, link
from open_thoughts_gen.types import Question, Sample

EDITS = (0, 2, 5, 10, 20, 30)  # percent of the words
BLOCK = 20  # questions, of which the last are copies of the first
NUM_ORIGINALS = BLOCK - len(EDITS)
NUM_TEMPLATES, NUM_WORDS = 500, 30_000
SEED = 1
SYLLABLES = [
    a + b for a in "b c d f g h l m n p r s t v st tr pl ch".split() for b in "a e i o u an er in or ea".split()
]
ENDINGS = ["", "s", "n", "ed", "t", "l"]
PEERS = ("rensa", "gaoya", "datasketch", "semhash")
SLOW = {"datasketch": 10, "semhash": 10}  # measured on so many times fewer questions


class Questions(Sequence[str]):
    """The questions by their place; each is made when it is asked for, and is the same every time."""

    def __init__(self, num: int) -> None:
        rng = Random(SEED)
        made = {self._word(rng) for _ in range(3 * NUM_WORDS)}
        chosen = sorted(word for word in made if not formal_content(word))  # "ten" would make another problem
        rng.shuffle(chosen)
        self._words = sorted(chosen[:NUM_WORDS], key=len)  # the commonest are the shortest
        weights = np.cumsum(1 / (np.arange(NUM_WORDS) + 20))
        self._shares = weights / weights[-1]
        mould = np.random.default_rng(SEED)
        self._templates = [
            [" ".join(self._draw(mould, rng.randint(2, 5))).capitalize() for _ in range(rng.randint(4, 6))]
            for _ in range(NUM_TEMPLATES)
        ]
        self._num = num
        self._block: tuple[int, list[str]] = (-1, [])

    def __len__(self) -> int:
        return self._num

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(self._num))]
        if place >= self._num:
            raise IndexError(place)
        block, at = divmod(place, BLOCK)
        if self._block[0] != block:
            self._block = (block, self._made(block))
        return self._block[1][at]

    def _made(self, block: int) -> list[str]:
        """Make the questions of a block: most of them anew, then copies of the first of them with words changed."""
        rng = np.random.Generator(np.random.Philox(key=SEED << 64 | block))
        moulds, lengths = rng.integers(NUM_TEMPLATES, size=NUM_ORIGINALS), rng.integers(60, 121, size=NUM_ORIGINALS)
        told = [
            self._written(rng, self._templates[mould], length)
            for mould, length in zip(moulds.tolist(), lengths.tolist(), strict=True)
        ]
        return told + [self._changed(rng, told[at], percent) for at, percent in enumerate(EDITS)]

    def _written(self, rng: np.random.Generator, phrases: list[str], length: int) -> str:
        fixed = sum(phrase.count(" ") + 1 for phrase in phrases)
        between = (length - fixed) // len(phrases) + 1
        words = self._draw(rng, between * len(phrases))
        parts = (f"{phrase} {' '.join(words[i * between : (i + 1) * between])}" for i, phrase in enumerate(phrases))
        return " ".join(parts) + "?"

    def _changed(self, rng: np.random.Generator, told: str, percent: int) -> str:
        words = told.split(" ")
        num = max(1, round(len(words) * percent / 100)) if percent else 0
        for at, word in zip(rng.permutation(len(words))[:num].tolist(), self._draw(rng, num), strict=True):
            words[at] = word
        return " ".join(words)

    def _draw(self, rng: np.random.Generator, num: int) -> list[str]:
        return [self._words[place] for place in np.searchsorted(self._shares, rng.random(num)).tolist()]

    def _word(self, rng: Random) -> str:
        return "".join(rng.choices(SYLLABLES, k=rng.choice((1, 1, 2, 2, 2, 3)))) + rng.choice(ENDINGS)


def original_of(place: int) -> int | None:
    """Return the place of the question that one is a copy of, or None."""
    block, at = divmod(place, BLOCK)
    return None if at < NUM_ORIGINALS else block * BLOCK + at - NUM_ORIGINALS


@dataclass(frozen=True)
class Outcome:
    """For each question the place of what it is dropped for, -1 if it is kept, -2 if it is flagged; and the cost."""

    found: list[int]
    seconds: float
    clock_s: float
    peak_gb: float


Numbers = NDArray[np.uint64]
Method = Callable[[Sequence[str], argparse.Namespace], Outcome]


class Streamed(Sequence[Sample]):
    """Samples made one after the other, as if read from a file: none is held."""

    def __init__(self, prompts: Sequence[str]) -> None:
        self._prompts = prompts
        self.ids = np.zeros(len(prompts), dtype=np.uint64)
        self.making_s = 0.0

    def __len__(self) -> int:
        return len(self._prompts)

    @overload
    def __getitem__(self, place: int) -> Sample: ...
    @overload
    def __getitem__(self, place: slice) -> list[Sample]: ...
    def __getitem__(self, place: int | slice) -> Sample | list[Sample]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        start = time.process_time()
        sample = Sample(Question(self._prompts[place]))
        self.ids[place] = int(sample.question.id, 16)
        self.making_s += time.process_time() - start
        return sample


def ours(name: str, **settings: object) -> Method:
    """Return one of our filters as a method."""

    def method(prompts: Sequence[str], options: argparse.Namespace) -> Outcome:
        memory = {} if name == "exact_dedup" else {"memory_gb": options.memory_gb}
        plugin = load("filter", name).model_validate({**settings, **memory}).fresh(Context())
        assert isinstance(plugin, Filter)
        samples = Streamed(prompts) if options.stream else [Sample(Question(each)) for each in prompts]
        start, start_s = time.process_time(), time.perf_counter()
        why = [None if each is None else int(str(each.twin), 16) for each in plugin.drop_reasons(samples)]
        making_s = samples.making_s if isinstance(samples, Streamed) else 0.0
        seconds, clock_s = time.process_time() - start - making_s, time.perf_counter() - start_s - making_s
        peak_gb = peak()
        # Only now are the places of the twins looked up, so that this costs the filter neither time nor memory.
        ids = samples.ids if isinstance(samples, Streamed) else np.array([int(Question(p).id, 16) for p in prompts])
        known, places = np.unique(ids, return_index=True)
        dropped = [place for place, each in enumerate(why) if each is not None]
        found = np.full(len(why), -1, dtype=np.int64)
        found[dropped] = places[np.searchsorted(known, np.array([why[place] for place in dropped], dtype=ids.dtype))]
        return Outcome(found.tolist(), seconds, clock_s, peak_gb)

    return method


def peer(search: Callable[[Sequence[str]], list[int]]) -> Method:
    """Return a function of another library as a method."""

    def method(prompts: Sequence[str], options: argparse.Namespace) -> Outcome:
        start, start_s = time.process_time(), time.perf_counter()
        found = search(prompts)
        return Outcome(found, time.process_time() - start, time.perf_counter() - start_s, peak())

    return method


def peak() -> float:
    """Return the most memory that this process has held, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << (30 if sys.platform == "darwin" else 20))


def datasketch(prompts: Sequence[str]) -> list[int]:
    """MinHash of character 5-grams, its own LSH."""
    from datasketch import MinHash, MinHashLSH

    index = MinHashLSH(threshold=0.7, num_perm=128)
    found = []
    for place, prompt in enumerate(prompts):
        grams = {prompt[start : start + 5].encode() for start in range(max(1, len(prompt) - 4))}
        signature = MinHash(num_perm=128)
        signature.update_batch(list(grams))
        near = index.query(signature)
        found.append(min(near) if near else -1)
        index.insert(place, signature)
    return found


def gaoya(prompts: Sequence[str]) -> list[int]:
    """Do the same, natively."""
    from gaoya.minhash import MinHashStringIndex

    index = MinHashStringIndex(
        hash_size=32,
        jaccard_threshold=0.7,
        num_bands=25,
        band_size=5,
        analyzer="char",
        lowercase=True,
        ngram_range=(5, 5),
    )
    index.par_bulk_insert_docs(list(range(len(prompts))), list(prompts))
    near = index.par_bulk_query(list(prompts))
    return [min((each for each in places if each < place), default=-1) for place, places in enumerate(near)]


def rensa(prompts: Sequence[str]) -> list[int]:
    """Do the same, natively; it tells only which questions have a duplicate."""
    from rensa import RMinHash, RMinHashLSH

    grams = [[prompt[start : start + 5] for start in range(max(1, len(prompt) - 4))] for prompt in prompts]
    matrix = RMinHash.digest_matrix_from_token_sets(grams, 128, 1)
    index = RMinHashLSH(threshold=0.7, num_perm=128, num_bands=16)
    return [-2 if flag else -1 for flag in index.query_duplicate_flags_matrix_one_shot(matrix)]


def semhash(prompts: Sequence[str]) -> list[int]:
    """Hashed vectors of character 5-grams in place of a model, which is not at hand."""
    from semhash import SemHash

    class Hashed:
        def encode(self, inputs: Sequence[str], **_: object) -> NDArray[np.float32]:
            vectors = np.zeros((len(inputs), 256), dtype=np.float32)
            for vector, each in zip(vectors, inputs, strict=True):
                for start in range(max(1, len(each) - 4)):
                    vector[hash(each[start : start + 5]) % 256] += 1
            vectors -= vectors.mean(axis=0)
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
            return vectors

    place_of = {prompt: place for place, prompt in reversed(list(enumerate(prompts)))}
    result = SemHash.from_records(records=list(prompts), model=Hashed()).self_deduplicate(threshold=0.85)
    found = [-1] * len(prompts)
    for record in result.filtered:
        near = record.duplicate_of
        found[place_of[record.record]] = place_of[near] if isinstance(near, str) else -2
    for place, prompt in enumerate(prompts):
        if place_of[prompt] != place:
            found[place] = place_of[prompt]
    return found


METHODS: dict[str, Method] = {
    "exact_dedup": ours("exact_dedup"),
    "near_dedup-75": ours("near_dedup", threshold=75),
    "near_dedup-90": ours("near_dedup", threshold=90),
    "minhash": ours("minhash", unit="word"),
    "minhash-char": ours("minhash", unit="character"),
    "minhash-confirm": ours("minhash", unit="word", confirm=True),
    "rensa": peer(rensa),
    "gaoya": peer(gaoya),
    "datasketch": peer(datasketch),
    "semhash": peer(semhash),
}


def run(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Run one method in this process."""
    made = Questions(options.num)
    outcome = METHODS[name](made if options.stream else list(made), options)
    return {**asdict(outcome), "found": None, **judged(outcome.found)}


def judged(found: list[int]) -> dict[str, Any]:
    """Return the recall for each share of edits, and the precision."""

    def head(place: int) -> int:
        return place if found[place] < 0 else found[place]

    hits: dict[int, list[bool]] = {percent: [] for percent in EDITS}
    right = 0
    for place, twin in enumerate(found):
        original = original_of(place)
        if original is not None:
            together = head(place) == head(original) or -2 in (twin, found[original])
            hits[EDITS[place % BLOCK - NUM_ORIGINALS]].append(together)
        in_pair = original is not None or place % BLOCK < len(EDITS)
        right += twin != -1 and (in_pair if twin == -2 else family(twin) == family(place))
    num = sum(twin != -1 for twin in found)
    recall = [sum(each) / max(1, len(each)) for each in hits.values()]
    return {"recall": recall, "precision": right / max(1, num), "num_dropped": num}


def family(place: int) -> int:
    """Return the place of the original of a question, or its own."""
    original = original_of(place)
    return place if original is None else original


def apart(name: str, num: int, options: argparse.Namespace) -> dict[str, Any]:
    """Run one method in a process of its own."""
    command = [sys.executable, __file__, "--one", name, "--num", str(num)]
    command += ["--stream"] if options.stream else []
    command += ["--memory-gb", str(options.memory_gb)] if options.memory_gb else []
    threads = {name: "1" for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **threads})
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def compare(options: argparse.Namespace) -> None:
    """Print the table."""
    recall = f"recall at {EDITS} %"
    print(f"{'method':16} {'questions':>10} {'q/s':>8} {'(clock)':>8} {'peak GB':>8}  {recall:35}  precision")
    for name in options.methods:
        if name in PEERS and importlib.util.find_spec(name) is None:
            print(f"{name:16} not installed")
            continue
        num = max(1000, options.num // SLOW.get(name, 1))
        runs = [apart(name, num, options) for _ in range(options.repeats)]
        rate, clock = (num / statistics.median(each[key] for each in runs) for key in ("seconds", "clock_s"))
        recall = " ".join(f"{100 * each:5.1f}" for each in runs[0]["recall"])
        peak = max(each["peak_gb"] for each in runs)
        print(
            f"{name:16} {num:10,} {rate:8,.0f} {clock:8,.0f} {peak:8.2f}  {recall}  {100 * runs[0]['precision']:9.2f}"
        )


def styles(options: argparse.Namespace) -> None:
    """Print how the time grows with the number of short questions from templates."""
    from tests.similar.styles import STYLES, styled

    sizes = [options.num // 4, options.num // 2, options.num]
    print(f"{'style':16} {'figures count':14} {'kept':>8}  seconds for {', '.join(f'{size:,}' for size in sizes)}")
    for style in options.styles or [*STYLES, "mixed"]:
        samples = [Sample(Question(prompt)) for prompt in styled(style, options.num, SEED)]
        for guard in ("answers", False):
            plugin = load("filter", "near_dedup").model_validate({"numbers_guard": guard})
            assert isinstance(plugin, Filter)
            times = [timed(filtered, plugin, samples[:size]) for size in sizes]
            seconds, kept = [each for each, _ in times], times[-1][1]
            card_s, _ = timed(repeating, samples, NearRule(90.0, guard))
            growth = np.log(seconds[-1] / seconds[0]) / np.log(4)
            columns = "  ".join(f"{each:7.2f}" for each in seconds)
            print(
                f"{style:16} {guard is not False!s:14} {kept:8,}  {columns}  card {card_s:7.2f}  {growth:.2f}",
                flush=True,
            )


def timed(work: Callable[..., Any], *arguments: object) -> tuple[float, Any]:
    """Return the processor time of some work, in seconds, and its result."""
    start = time.process_time()
    result = work(*arguments)
    return time.process_time() - start, result


def filtered(plugin: Filter, samples: Sequence[Sample]) -> int:
    """Return how many samples a filter keeps."""
    return sum(reason is None for reason in plugin.fresh(Context()).drop_reasons(samples))


def engines(options: argparse.Namespace) -> None:
    """Compare what can find, out of core, the texts that share a key and link each with the next."""
    num = options.num
    rng = np.random.default_rng(SEED)
    keys = rng.integers(0, 2**40, num * 48, dtype=np.uint64)
    keys[: keys.size // 5] = keys[-(keys.size // 5) :]
    texts = np.repeat(np.arange(num, dtype=np.uint64), 48)
    with tempfile.TemporaryDirectory() as folder:
        for name, method in {"numpy, piles": by_numpy, "polars": by_polars, "duckdb": by_duckdb}.items():
            try:
                times = []
                for _ in range(options.repeats):
                    start = time.process_time()
                    links = method(keys, texts, Path(folder))
                    times.append(time.process_time() - start)
            except ImportError as error:
                print(f"{name:14} {error.name} is not installed")
                continue
            print(f"{name:14} {num / statistics.median(times):10,.0f} questions/s  {links:,} links")


def by_numpy(keys: Numbers, texts: Numbers, folder: Path) -> int:
    """As the package does it, everything on disk."""
    plan = Plan.of(int(texts[-1]) + 1, keys.size)
    parts = (slice(start, start + (1 << 18)) for start in range(0, keys.size, 1 << 18))
    packed = (plan.packed(keys[part] << np.uint64(24), texts[part].astype(np.int64)) for part in parts)
    with Spill(1e-6) as spill:
        piles, links = (Piles(spill, name, plan.num_piles) for name in ("keys", "links"))
        for each in packed:
            piles.add(plan.piled(np.sort(each)))
        for pile in piles.all():
            links.add(link(pile, plan))
        return sum(int(counted(each)[2].sum()) for each in links.all())


def by_polars(keys: Numbers, texts: Numbers, folder: Path) -> int:
    """Sorted by the key, each row with the next, streaming, from Parquet."""
    os.environ["POLARS_MAX_THREADS"] = "1"
    import polars as pl

    path = folder / "keys.parquet"
    pl.DataFrame({"key": keys, "text": texts}).write_parquet(path)
    query = pl.scan_parquet(path).sort("key", "text").with_columns(pl.all().shift(-1).name.suffix("_next"))
    query = query.filter(pl.col("key") == pl.col("key_next")).group_by("text", "text_next").len()
    return int(query.select(pl.col("len").sum()).collect(engine="streaming").item())


def by_duckdb(keys: Numbers, texts: Numbers, folder: Path) -> int:
    """Do the same in SQL."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet

    path = folder / "duck.parquet"
    pyarrow.parquet.write_table(pa.table({"key": keys, "text": texts}), path)
    with duckdb.connect(config={"threads": 1, "temp_directory": str(folder)}) as connection:
        query = f"""
            select sum(num) from (select text, next, count(*) as num from (
                select key, text, lead(text) over w as next, lead(key) over w as next_key from '{path}'
                window w as (order by key, text)) where key = next_key group by text, next)"""
        return int(connection.sql(query).fetchall()[0][0])


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num", type=int, default=100_000, help="questions")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--memory-gb", type=float, help="of our filters; the rest goes to disk")
    parser.add_argument("--stream", action="store_true", help="make each question when it is asked for: hold none")
    parser.add_argument("--styles", nargs="*", help="short questions from templates, at three sizes; these, or all")
    parser.add_argument("--engines", action="store_true", help="compare what the join is done with")
    parser.add_argument("--one", choices=METHODS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(run(options.one, options)))
    elif options.styles is not None:
        styles(options)
    elif options.engines:
        engines(options)
    else:
        compare(options)


if __name__ == "__main__":
    main()
