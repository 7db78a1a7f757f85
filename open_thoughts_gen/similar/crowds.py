"""Crowds: many texts that share a key, among which pairs are ruled out by bounds (`all_pairs`), not one by one.

A crowd that is nearly all within another is joined to it, so that the hundred keys of one boilerplate sentence make one
crowd and not a hundred. More pairs are then compared than need be, and the rule decides about each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.similar.all_pairs import BLOCK, WIDTH, Scored, Search
from open_thoughts_gen.similar.collectors import Collector
from open_thoughts_gen.similar.distinct import distinct
from open_thoughts_gen.similar.indel import LONG
from open_thoughts_gen.similar.keys import Places
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.stages import Piled, Plan, share_keys

NEARLY = 0.8  # of a crowd, within another
FIRST = 4  # texts that all others of a crowd are compared with at first


class Crowds:
    """The crowds of a search: sets of ranks, as few as may be."""

    def __init__(self, num: int) -> None:
        """Take how many texts there are."""
        self._num = num
        self._added: list[Places] = []

    def add(self, members: Places) -> None:
        """Take a crowd, its ranks in ascending order."""
        self._added.append(members)

    def all(self) -> Iterator[Places]:
        """Yield the crowds, those joined that nearly coincide."""
        self._join()
        yield from self._added

    def _join(self) -> None:
        """Join each crowd to the first larger one that has nearly all of its texts."""
        first = np.full(self._num, -1, dtype=np.int64)  # the first crowd that each text is in
        parts: list[list[Places]] = []
        for members in sorted(self._added, key=len, reverse=True):
            crowds, counts = np.unique(first[members], return_counts=True)
            at = int(np.argmax(np.where(crowds < 0, 0, counts)))
            joined = int(crowds[at])
            if joined < 0 or counts[at] < NEARLY * members.size:
                joined = len(parts)
                parts.append([])
            parts[joined].append(members)
            first[members[first[members] < 0]] = joined
        self._added = [distinct(np.concatenate(each)) for each in parts]

    def long_pairs(self, plan: Plan, lengths: NDArray[np.int32]) -> Iterator[Piled]:
        """Yield the pairs of crowds in which a text is compared by the word, to be confirmed one by one."""
        self._join()
        for members in self._added:
            for rank in members[lengths[members] > LONG].tolist():
                others = members[(members != rank) & ((lengths[members] <= LONG) | (members < rank))]
                later, earlier = np.maximum(others, rank), np.minimum(others, rank)
                yield plan.linked(later.astype(np.uint64), earlier.astype(np.uint64))


def scan(
    texts_of: Callable[[Places], Mapping[int, str]],
    ranks: Places,
    rule: Rule,
    collector: Collector,
    *,
    spread: Spread = in_place,
) -> None:
    """Report to the collector the near-duplicates in a crowd; `ranks` are in ascending order, of texts up to `LONG`."""
    forms = {rank: rule.form(each) for rank, each in texts_of(ranks).items()}
    search = Search(list(forms.values()), None, rule.threshold / 100)
    places = np.empty_like(search.texts.order)  # where each text stands among the sorted ones
    places[search.texts.order] = np.arange(places.size)
    start, num = 0, FIRST
    while start < ranks.size - 1:
        asking = collector.wanting(ranks[start + 1 :], ranks[start : start + num])
        rows = np.sort(places[np.searchsorted(ranks, asking)])
        columns = np.sort(places[start : start + num])
        for ones, others, scores in spread(partial(_near, search=search, columns=columns), _blocks(rows, num)):
            fit = np.flatnonzero(ones > others)
            fit = fit[collector.wants(ranks[ones[fit]], ranks[others[fit]])]
            fit = fit[~collector.apart(ranks[ones[fit]], ranks[others[fit]])]
            later, earlier = ranks[ones[fit]], ranks[others[fit]]
            fitting = share_keys(later, earlier, forms, rule)
            collector.add(later[fitting], earlier[fitting], scores[fit][fitting])
        start, num = start + num, min(WIDTH, 4 * num)


def _blocks(rows: Places, num_columns: int) -> Iterator[Places]:
    """Yield rows, as many as are looked at together with that many columns."""
    size = max(BLOCK, BLOCK * WIDTH // num_columns)
    yield from (rows[start : start + size] for start in range(0, rows.size, size))


def _near(rows: Places, search: Search, columns: Places) -> Scored:
    """Return the pairs of some rows and columns, places in the order of their lengths, that reach the threshold."""
    first, last = search.reach(rows, search.items.lengths[columns])
    return search.pairs(rows, columns[first:last])
