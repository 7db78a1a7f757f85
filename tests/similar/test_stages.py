"""The stages of a search, cut into shards and piles in any way, as an engine would."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.similar.collectors import Earliest
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.search import Corpus, search
from open_thoughts_gen.similar.spill import Spill, Texts
from open_thoughts_gen.similar.stages import CROWD, Pairs, Plan, confirm, counted, meet, shingle
from tests.similar.planted import planted

Shard = TypeVar("Shard")
Result = TypeVar("Result")
TEXTS = [*planted(60, seed=3, share=0.1), "", "数" * 30, "short text", "Short  text!", "word " * 40, "word " * 41]
RULE = Rule(75.0)


def carried(function: Callable[[Shard], Result], shard: Shard) -> Result:
    """Do it as another process would."""
    work, row = pickle.loads(pickle.dumps((function, shard)))
    result: Result = pickle.loads(pickle.dumps(work(row)))
    return result


def by_stages(num_shards: int, num_piles: int, rng: Random) -> dict[tuple[int, int], float]:
    """Return the pairs as an engine would find them that shuffles keys and links between its workers."""
    plan, lengths = Plan(len(TEXTS), num_piles), np.zeros(len(TEXTS), dtype=np.int32)
    parts = []
    for ranks in np.array_split(np.arange(len(TEXTS)), num_shards):
        shard = ([TEXTS[rank] for rank in ranks], ranks, None)
        found = carried(partial(shingle, rule=RULE, by_figures=False), shard)
        lengths[ranks] = found.lengths
        keys = plan.packed(found.keys, np.repeat(found.ranks, found.nums))
        parts.append(plan.piled(np.sort(np.append(keys, plan.packed(found.short, found.short_ranks)))).parts)
    rng.shuffle(parts)
    met = partial(meet, plan=plan, rule=RULE, lengths=lengths)
    links = [carried(met, np.concatenate([part[pile] for part in parts]))[0].parts for pile in range(num_piles)]
    rng.shuffle(links)
    pairs = {}
    for pile in range(num_piles):
        later, earlier, _ = counted(np.concatenate([part[pile] for part in links]))
        texts = {rank: TEXTS[rank] for rank in {*later.tolist(), *earlier.tolist()}}
        some = Pairs(later, earlier, np.zeros(later.size, dtype=bool), texts)
        for one, other, score in zip(*carried(partial(confirm, rule=RULE), some), strict=True):
            pairs[int(one), int(other)] = float(score)
    return pairs


@settings(max_examples=20)
@given(st.integers(1, 9), st.sampled_from([1, 2, 8]), st.integers(0, 99))
def test_shards_and_piles_make_no_difference(num_shards: int, num_piles: int, seed: int) -> None:
    expected = by_stages(1, 1, Random(0))
    assert by_stages(num_shards, num_piles, Random(seed)) == expected
    assert len(expected) >= 12


def earliest_of(texts: list[str], spread: Spread, memory_gb: float | None = None) -> tuple[list[int], list[float]]:
    with Spill(memory_gb) as spill:
        held = Texts(spill)
        for text in texts:
            held.add(text)
        earliest = Earliest(len(texts), lambda ones, others: np.zeros(ones.size, dtype=bool))
        search(Corpus(held, np.arange(len(texts)), Rule(75), spill, spread=spread), earliest)
        return earliest.sources.tolist(), earliest.scores.tolist()


@pytest.mark.parametrize("num_workers", [1, 3])
def test_workers_and_memory_make_no_difference_to_a_byte(num_workers: int) -> None:
    texts = planted(1_000, seed=4, share=0.2)
    with ProcessPoolExecutor(num_workers, mp_context=get_context("spawn")) as pool:

        def spread(function: Callable[[Shard], Result], shards: Iterable[Shard], /) -> Iterator[Result]:
            return pool.map(function, shards)

        assert earliest_of(texts, spread, memory_gb=1e-6) == earliest_of(texts, in_place)


def test_a_key_of_many_texts_makes_a_crowd_and_one_of_few_pairs() -> None:
    plan, lengths = Plan(200, 1), np.full(200, 9, dtype=np.int32)
    common = plan.packed(np.full(CROWD + 1, 1 << 60, dtype=np.uint64), np.arange(CROWD + 1))
    rare = plan.packed(np.full(3, 1 << 50, dtype=np.uint64), np.array([150, 100, 120]))
    pairs, crowds = meet(np.append(common, rare), plan, RULE, lengths)
    later, earlier, _ = counted(pairs.numbers)
    assert list(zip(later.tolist(), earlier.tolist(), strict=True)) == [(120, 100), (150, 100), (150, 120)]
    assert [crowd.tolist() for crowd in crowds] == [list(range(CROWD + 1))]
