"""Search a set for near-duplicates by one rule, whatever its size, its order, the memory and the engine.

    texts -> keys -> pairs that share a rare one, and crowds -> confirmed pairs -> a collector

**Nothing is lost.** Two long texts that the rule calls near-duplicates share at least `t` keys, where `t` follows from
the number of keys of either. Put the keys of a text in any order that is the same for all texts, and leave out its last
`t - m`: what is left of both has `m` keys in common (of the keys that they share, each of the first `m` in that order
has `t - m` others behind it). So only these first keys are looked up, and of pairs only those with `m` in common are
compared; `m` is `LINKS`, or `t` if that is less. The order is that of how rare a key is, counted roughly in a table, so
that what is looked up are the rarest keys of each text. Which order it is changes the work, never the result. Short
texts have one key only, the same for all that could be near-duplicates of them.

Texts with the same key are paired one by one, if they are few (`stages.CROWD`). A key that more texts have makes these
a crowd, in which pairs are ruled out by bounds (`crowds`). What is left is confirmed by the rule, so that it makes no
difference either by which keys two texts were found.

**Enough is enough.** A collector says which pairs it still wants to know of. Whoever only asks whether an earlier text
is near (`Earliest`) has the earlier ones looked at first, and stops at the first that is; so a set in which all are
alike costs about one comparison a text. What stays quadratic is a crowd of texts that nearly all fall a little short of
the threshold, at the speed of the bounds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.similar.collectors import Collector
from open_thoughts_gen.similar.crowds import Crowds, scan
from open_thoughts_gen.similar.distinct import distinct
from open_thoughts_gen.similar.indel import LONG
from open_thoughts_gen.similar.keys import SHARD_BYTES, Keys, Places, batches
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.spill import Arrays, Piles, Spill, Texts
from open_thoughts_gen.similar.stages import Pairs, Plan, Shingled, confirm, counted, meet, shingle

CHUNK = 1 << 14  # pairs confirmed at once
LINKS = 2  # keys that two long texts must have in common among those looked up
MAX_SKETCH = 24  # bits: of a table that counts keys
MAX_COUNT = (1 << 15) - 1


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts, and how they are compared.

    `order` are their places in the order of rank: what counts as earlier. With `by_figures` only texts with the same
    figures are compared, or with the same number in `answers`, where it is not 0 (see `guard`).
    """

    texts: Texts
    order: Places
    rule: Rule
    spill: Spill
    by_figures: bool = False
    answers: Keys | None = None
    spread: Spread = in_place

    @property
    def ranks(self) -> Places:
        """The rank of each place."""
        ranks = np.empty_like(self.order)
        ranks[self.order] = np.arange(self.order.size)
        return ranks

    def of_ranks(self, ranks: Places) -> dict[int, str]:
        """Return some texts by their ranks."""
        return {rank: self.texts[int(self.order[rank])] for rank in distinct(ranks).tolist()}


def search(corpus: Corpus, collector: Collector) -> None:
    """Tell a collector of the near-duplicates that it wants to know of."""
    corpus.texts.ready()
    lengths = np.zeros(len(corpus.texts), dtype=np.int32)
    shared = np.zeros(len(corpus.texts), dtype=np.int32)
    plan = Plan.of(len(corpus.texts), 40 * len(corpus.texts) + int(corpus.texts.lengths.sum()) // 20)
    piles = _looked_up(corpus, plan, lengths, shared)
    links, crowds = Piles(corpus.spill, "links", plan.num_piles), Crowds(len(corpus.texts))
    met = partial(meet, plan=plan, rule=corpus.rule, lengths=lengths)
    for pairs, members in corpus.spread(met, piles.all()):
        links.add(pairs)
        for ranks in members:
            crowds.add(ranks)
    for pairs in crowds.long_pairs(plan, lengths):
        links.add(pairs)
    for pile in links.all():
        later, earlier, counts = counted(pile)
        needed = np.maximum(shared[later], shared[earlier])
        likely = counts >= np.minimum(needed, LINKS)
        likely |= np.minimum(lengths[later], lengths[earlier]) <= corpus.rule.exact_length  # these have one key
        likely |= np.maximum(lengths[later], lengths[earlier]) > LONG  # these pairs of a crowd are not scanned
        # Of those that share enough of the keys looked up, the others need not be counted. One link may be of the
        # single keys of `Shingled.short`; and with answers a key may count twice.
        known = (counts > needed) & (corpus.answers is None)
        _confirm_all(corpus, collector, later[likely], earlier[likely], known[likely])
    for ranks in crowds.all():
        short = ranks[lengths[ranks] <= LONG]
        scan(corpus.of_ranks, short, corpus.rule, collector, spread=corpus.spread)


def _looked_up(corpus: Corpus, plan: Plan, lengths: NDArray[np.int32], shared: NDArray[np.int32]) -> Piles:
    """Return the keys that are looked up, packed with the ranks of their texts.

    Note by rank the length of each text, and how many keys a long one must share with another.
    """
    ranks, keys, rows = corpus.ranks, Arrays(corpus.spill, "keys"), []
    bits = min(MAX_SKETCH, max(10, (20 * len(corpus.texts)).bit_length()))
    sketch, piles = np.zeros(1 << bits, dtype=np.uint32), Piles(corpus.spill, "rare", plan.num_piles)
    for start, stop, shingled in _shingled(corpus, ranks):
        lengths[ranks[start:stop]] = np.minimum(shingled.lengths, np.iinfo(np.int32).max)
        np.add.at(sketch, (shingled.keys >> np.uint64(64 - bits)).astype(np.int64), np.uint32(1))
        keys.add(shingled.keys)
        rows.append((shingled.nums, shingled.ranks))
        piles.add(plan.piled(np.sort(plan.packed(shingled.short, shingled.short_ranks))))
    for each, (nums, row_ranks) in zip(keys.all(), rows, strict=True):
        counts = np.minimum(sketch[(each >> np.uint64(64 - bits)).astype(np.int64)], MAX_COUNT)
        shared[row_ranks] = corpus.rule.num_shared(nums)
        rare = rarest(each, counts, nums, np.minimum(nums, nums - shared[row_ranks] + LINKS))
        piles.add(plan.piled(np.sort(plan.packed(each[rare], np.repeat(row_ranks, nums)[rare]))))
    return piles


def _shingled(corpus: Corpus, ranks: Places) -> Iterator[tuple[int, int, Shingled]]:
    """Yield the keys of the texts, range by range."""
    ranges = batches(corpus.texts.lengths, SHARD_BYTES)
    work = partial(shingle, rule=corpus.rule, by_figures=corpus.by_figures)
    answers = corpus.answers
    shards = (
        (corpus.texts.get(start, stop), ranks[start:stop], None if answers is None else answers[start:stop])
        for start, stop in ranges
    )
    for (start, stop), shingled in zip(ranges, corpus.spread(work, shards), strict=True):
        yield start, stop, shingled


def rarest(keys: Keys, counts: NDArray[np.uint32], nums: Places, wanted: Places) -> Places:
    """Return where the rarest keys of each row are: of its `nums` keys the `wanted` ones with the lowest counts."""
    rows = np.repeat(np.arange(nums.size), nums)
    # 17 bits for the row (a shard has fewer), 15 for the count; of equal counts, by the key.
    packed = (rows.astype(np.uint64) << np.uint64(47)) | (counts.astype(np.uint64) << np.uint64(32))
    order = np.argsort(packed | (keys >> np.uint64(32)))
    within = np.arange(rows.size) - np.repeat(np.cumsum(nums) - nums, nums)
    return order[within < np.repeat(wanted, nums)]


def _confirm_all(
    corpus: Corpus, collector: Collector, later: Places, earlier: Places, known: NDArray[np.bool_]
) -> None:
    """Confirm pairs, those of a text from the earliest on, while they are wanted: the first, the next two, four ...

    Those that are `known` to share enough keys are confirmed by their similarity alone.
    """
    num = 1
    while later.size:
        wanted = collector.wants(later, earlier)
        later, earlier, known = later[wanted], earlier[wanted], known[wanted]
        starts = np.flatnonzero(np.append(True, later[1:] != later[:-1])[: later.size])
        within = np.arange(later.size) - np.repeat(starts, np.diff(np.append(starts, later.size)))
        now = within < num
        shards = _with_texts(corpus, later[now], earlier[now], known[now])
        for ones, others, scores in corpus.spread(partial(confirm, rule=corpus.rule), shards):
            collector.add(ones, others, scores)
        later, earlier, known = later[~now], earlier[~now], known[~now]
        num *= 2


def _with_texts(corpus: Corpus, later: Places, earlier: Places, known: NDArray[np.bool_]) -> Iterator[Pairs]:
    for start in range(0, later.size, CHUNK):
        ones, others = later[start : start + CHUNK], earlier[start : start + CHUNK]
        yield Pairs(ones, others, known[start : start + CHUNK], corpus.of_ranks(np.append(ones, others)))
