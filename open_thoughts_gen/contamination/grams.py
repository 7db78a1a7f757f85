"""Which questions share runs of words with which items: an inverted index over runs of `num` words (n-grams).

Two questions are asked of it. *Does a question hold any run that some item has?* is what most published rules ask.
*What share of an item's runs does a question hold?* (containment) is the better one, since a template's boilerplate
gives every question some run of some item. Runs weigh less the more questions and items have them: whoever shares only
"explain each step of your reasoning" shares next to nothing, however long the sentence. Up to `RARE` of them count as
one, so that an item that leaked several times weighs no less for it; and where all of an item's runs are common, as
when it leaked a thousand times, they weigh the same again.

To find the pairs, each item's lightest runs are set aside, as many as together weigh half of what must be shared. The
others are rare and lead to few pairs, and only these are weighed in full: the result is that of weighing every pair.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.contamination.words import Hashes, Words

Places = NDArray[np.int64]
_MULTIPLIER = 0x9E3779B97F4A7C15
_MOST_BITS = 24
_SLACK = 1e-9
RARE = 10  # a run that this many questions and items have, or fewer, weighs as much as any


def grams_of(words: Words, num: int) -> tuple[Hashes, NDArray[np.int32]]:
    """Return the runs of `num` words as hashes, in order, and the place of the text that each is in."""
    if words.hashes.size < num:
        return words.hashes[:0], words.owners[:0]
    end = words.hashes.size - num + 1
    grams = words.hashes[:end].copy()
    multiplier = _MULTIPLIER
    for step in range(1, num):
        grams += words.hashes[step : end + step] * np.uint64(multiplier)
        multiplier = multiplier * _MULTIPLIER % 2**64
    whole = words.owners[:end] == words.owners[num - 1 :]
    return grams[whole], words.owners[:end][whole]


@dataclass(frozen=True, slots=True)
class Hits:
    """Runs of questions that some item has: the question's place, and the run's number in the index."""

    questions: Places
    grams: Places


@dataclass(frozen=True, slots=True)
class Shared:
    """Pairs of a question and an item, with the share of the item's runs that the question holds, 0..1."""

    questions: Places
    items: Places
    containment: NDArray[np.float64]


class GramIndex:
    """The runs of all items. `sizes` counts the distinct runs of each."""

    def __init__(self, items: Sequence[Words], num: int) -> None:
        """Take the items' words, in their order."""
        self.num = num
        offsets = itertools.accumulate((words.num_texts for words in items), initial=0)
        runs = [(*grams_of(words, num), start) for words, start in zip(items, offsets, strict=False)]
        grams: Hashes = np.concatenate([np.zeros(0, dtype=np.uint64), *(keys for keys, _, _ in runs)])
        owners = np.concatenate(
            [np.zeros(0, dtype=np.int64), *(its.astype(np.int64) + start for _, its, start in runs)]
        )
        order = np.argsort(grams, kind="stable")  # owners are in order already
        grams, owners = grams[order], owners[order]
        new = np.ones(grams.size, dtype=bool)
        new[1:] = (grams[1:] != grams[:-1]) | (owners[1:] != owners[:-1])
        grams, self._owners = grams[new], owners[new]
        first = np.ones(grams.size, dtype=bool)
        first[1:] = grams[1:] != grams[:-1]
        self._keys = np.append(grams[first], np.uint64(2**64 - 1))
        starts = np.append(np.flatnonzero(first), grams.size)
        self._first_owners = self._owners[starts[:-1]]
        self._grams = np.repeat(np.arange(self.num_grams), np.diff(starts))
        self.num_items = sum(words.num_texts for words in items)
        self.sizes = np.bincount(self._owners, minlength=self.num_items)
        self._by_item = np.sort(self._owners * self.num_grams + self._grams)
        bits = min(_MOST_BITS, max(8, (self.num_grams * 4).bit_length()))
        self._shift = np.uint64(64 - bits)
        buckets = (self._keys[:-1] >> self._shift).astype(np.int64)
        self._buckets = np.searchsorted(buckets, np.arange(2**bits + 1)).astype(np.int32)
        self._taken = np.diff(self._buckets) > 0

    @property
    def num_grams(self) -> int:
        """How many distinct runs there are."""
        return self._keys.size - 1

    def weigh(self, num_questions: NDArray[np.float64], least_share: float) -> None:
        """Take how many questions have each run, and the least share of an item that will be asked for.

        Pairs can be asked for after this.
        """
        num_having = np.bincount(self._grams, minlength=self.num_grams) + num_questions
        self._weights = 1 / np.maximum(num_having, RARE)
        weights = self._weights[self._grams]
        self._totals = np.bincount(self._owners, weights, minlength=self.num_items)
        needed = least_share * self._totals
        order = np.lexsort((weights, self._owners))
        begin = np.cumsum(self.sizes) - self.sizes
        running = np.cumsum(weights[order])
        before = np.append(0, running)[begin]
        up_to = np.empty(order.size)
        up_to[order] = running - np.repeat(before, self.sizes)
        aside = up_to <= (needed / 2)[self._owners]
        weight_aside = np.bincount(self._owners[aside], weights[aside], minlength=self.num_items)
        self._needed, self._rare_needed = needed - _SLACK, needed - weight_aside - _SLACK
        self._rare_owners = self._owners[~aside]
        self._rare_starts = np.searchsorted(self._grams[~aside], np.arange(self.num_grams + 1))

    def hits(self, words: Words) -> Hits:
        """Return the runs of some questions that items have, in the order of the questions."""
        grams, owners = grams_of(words, self.num)
        maybe = np.flatnonzero(self._taken[grams >> self._shift])
        grams = grams[maybe]
        at = self._buckets[grams >> self._shift].astype(np.int64)
        behind = np.flatnonzero(self._keys[at] < grams)
        while behind.size:  # a bucket holds a few keys, in order
            at[behind] += 1
            behind = behind[self._keys[at[behind]] < grams[behind]]
        is_match = self._keys[at] == grams
        is_match &= at < self.num_grams
        return Hits(owners[maybe[is_match]].astype(np.int64), at[is_match])

    def items_with(self, grams: Places) -> Places:
        """Return the first item that has each run."""
        firsts: Places = self._first_owners[grams]
        return firsts

    def shared(self, hits: Hits) -> Shared:
        """Return each pair whose question contains enough of the item's runs of words, in the order of both."""
        rare = self._rare_starts[hits.grams] < self._rare_starts[hits.grams + 1]
        # Question and item, as one number, of the pairs that share a rare run, and what these runs weigh.
        questions, grams = np.divmod(_distinct(hits, rare, self.num_grams), self.num_grams)
        places, which = _ranges(self._rare_starts[grams], self._rare_starts[grams + 1])
        pairs, places = np.unique(questions[which] * self.num_items + self._rare_owners[places], return_inverse=True)
        weights = np.bincount(places, self._weights[grams[which]], minlength=pairs.size).astype(np.float64)
        pairs = pairs[weights >= self._rare_needed[pairs % self.num_items]]
        questions, items = np.divmod(pairs, self.num_items)
        looked_at = np.zeros(int(hits.questions[-1]) + 1 if hits.questions.size else 0, dtype=bool)
        looked_at[questions] = True
        held = _distinct(hits, looked_at[hits.questions], self.num_grams)
        weights = self._weigh(held, questions, items)
        enough = weights >= self._needed[items]
        questions, items = questions[enough], items[enough]
        return Shared(questions, items, np.minimum(weights[enough] / self._totals[items], 1.0))

    def _weigh(self, held: Places, questions: Places, items: Places) -> NDArray[np.float64]:
        """Return what the runs weigh that each pair shares."""
        begins, ends = np.searchsorted(held, (questions * self.num_grams, (questions + 1) * self.num_grams))
        places, which = _ranges(begins, ends)
        grams = held[places] % self.num_grams
        wanted = items[which] * self.num_grams + grams
        at = np.searchsorted(self._by_item, wanted)
        are_hits = self._by_item[np.minimum(at, self._by_item.size - 1)] == wanted if wanted.size else wanted > 0
        return np.bincount(which[are_hits], self._weights[grams[are_hits]], minlength=questions.size).astype(np.float64)


def _distinct(hits: Hits, chosen: NDArray[np.bool_], num_grams: int) -> Places:
    """Return question and run as one number, each once, of the chosen hits."""
    return once(hits.questions[chosen] * num_grams + hits.grams[chosen])


def once(numbers: Places) -> Places:
    """Return each number once, in order: what `np.unique` does, which looks numbers up in a table and is slower."""
    numbers = np.sort(numbers)
    distinct: Places = numbers[np.append(True, numbers[1:] != numbers[:-1])[: numbers.size]]
    return distinct


def _ranges(begins: Places, ends: Places) -> tuple[Places, Places]:
    """Return all places from each beginning up to its end, and for each the range that it is of."""
    lengths = ends - begins
    which = np.repeat(np.arange(lengths.size), lengths)
    return np.arange(which.size) + (begins - np.cumsum(lengths) + lengths)[which], which
