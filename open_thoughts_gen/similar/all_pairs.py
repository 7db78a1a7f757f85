"""Every pair of a text and an item whose Indel similarity reaches a threshold: what comparing all pairs finds, sooner.

The similarity is 1 less insertions and deletions over both lengths, as rapidfuzz computes it
(https://rapidfuzz.github.io/RapidFuzz/). So a pair can be ruled out by any lower bound on these edits, and three are
tried, each dearer and tighter than the one before:

- the difference in length;
- the letters that one has more often than the other (the bag distance of Bartolini, Ciaccia and Patella, "String
  Matching with Metric Trees Using an Approximate Distance", 2002), for thousands of pairs at once;
- the letters in classes: an edit of the whole is an edit of what is left when all letters but those of one class are
  deleted, of one class only. So the edits of the classes add up to a bound, in which those of a class take the place of
  its letters' bag. Texts of at most 64 letters are compared many at a time, those of at most 32 more than twice as
  fast. For a low threshold and long texts one class holds all of the rarer letters, a third of a text, compared in a
  tenth of the time.

What all texts begin and end with is left out of this. What is left is compared in full, by rapidfuzz, so that scores
and accusations are the same as those of all pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process
from rapidfuzz.distance import LCSseq

from open_thoughts_gen.similar.letters import Alphabet, Counts, Side

Places = NDArray[np.int64]
Scored = tuple[Places, Places, NDArray[np.float64]]  # texts, items, and the similarity of each two

BLOCK, WIDTH = 64, 4096  # texts and items looked at together: their tables stay in a core's own cache
FEW = 0.1  # pairs of a block that are better looked at one by one
FEW_AT_ONCE = 0.04  # the same where many texts are compared at once
SHORT = 255  # characters: the edits of a pair fit in a byte, or are a few more
WORD = 64  # letters of a text that are compared at once
LOW = 0.85  # a threshold below which that class pays
_RULED_OUT = 1 << 30
_SLACK = 1e-6


def similar_pairs(texts: Sequence[str], items: Sequence[str], threshold: float) -> Iterator[tuple[int, int, float]]:
    """Yield text, item and similarity, 0..100, of each pair that reaches the threshold, 0..100, in no order."""
    if not texts or not items:
        return
    search = Search(texts, items, threshold / 100)
    for rows, columns in search.blocks():
        ones, others, scores = search.pairs(rows, columns)
        yield from zip(ones.tolist(), others.tolist(), scores.tolist(), strict=True)


@dataclass(slots=True)
class _Block:
    """Some texts (rows) and items (columns): the least edits between each pair, and how many are allowed."""

    rows: Places
    columns: Places
    edits: NDArray[Any]
    allowed: NDArray[Any]

    def possible(self) -> NDArray[np.bool_]:
        return self.edits <= self.allowed

    def narrowed(self) -> _Block:
        """Return the block without the texts and items that no possible pair has."""
        possible = self.possible()
        rows, columns = possible.any(axis=1), possible.any(axis=0)
        if rows.mean() > 0.7 and columns.mean() > 0.7:
            return self
        cut: Any = np.ix_(rows, columns)
        return _Block(self.rows[rows], self.columns[columns], np.ascontiguousarray(self.edits[cut]), self.allowed[cut])


class Search:
    """The pairs of two sides that reach a threshold, 0..1; texts and items are numbered from the shortest on.

    Where all texts are short, edits are counted in a byte: a number that does not fit comes out too small, which makes
    two texts look more alike, never less.
    """

    def __init__(self, texts: Sequence[str], items: Sequence[str] | None, threshold: float) -> None:
        """Take both sides; None for pairs of the texts."""
        both = [*texts, *(items or ())]
        first, last = _common_ends(both)
        inner = [each[first : len(each) - last] for each in both]
        self._short = max(map(len, inner), default=0) <= SHORT
        self._num_fixed, self.threshold = first + last, threshold
        alphabet = Alphabet(inner if items is None else inner[len(texts) :], WORD // 2 if self._short else WORD)
        kind = np.int8 if self._short else np.int16
        self.texts = Side(inner[: len(texts)], alphabet, kind)
        self.items = self.texts if items is None else Side(inner[len(texts) :], alphabet, kind)
        self._full = texts, texts if items is None else items
        self._classes = alphabet.classes if self._short or threshold >= LOW else alphabet.with_rare()
        self._kind = np.uint8 if self._short else np.int32
        self._quick = self._quick_counts()

    def _quick_counts(self) -> tuple[Counts, Counts]:
        """Return for both sides what is compared first, in bytes: if texts are short, all counts that differ."""
        if not self._short:
            return self.texts.coarse(), self.items.coarse()
        counts, its_counts = self.texts.counts, self.items.counts
        varied = (counts != counts[:, :1]).any(axis=1) | (its_counts != counts[:, :1]).any(axis=1)
        return counts[varied], its_counts[varied]

    def blocks(self) -> Iterator[tuple[Places, Places]]:
        """Yield texts and items whose lengths do not rule each other out."""
        for start in range(0, self.texts.lengths.size, BLOCK):
            rows = np.arange(start, min(start + BLOCK, self.texts.lengths.size))
            first, last = self.reach(rows, self.items.lengths)
            for left in range(first, last, WIDTH):
                yield rows, np.arange(left, min(left + WIDTH, last))

    def reach(self, rows: Places, lengths: Places) -> tuple[int, int]:
        """Return which range of lengths, in ascending order, some texts can be similar to."""
        ratio = self.threshold / (2 - self.threshold)
        shortest, longest = self.texts.lengths[rows[[0, -1]]] + self._num_fixed
        first = np.searchsorted(lengths, shortest * ratio - 1 - self._num_fixed, side="left")
        last = np.searchsorted(lengths, longest / ratio + 1 - self._num_fixed, side="right")
        return int(first), int(last)

    def pairs(self, rows: Places, columns: Places) -> Scored:
        """Return the pairs of a block that reach the threshold, by their places in what was given."""
        if not columns.size:
            return rows[:0], columns, np.zeros(0)
        block = self._by_letters(rows, columns)
        for letters in self._classes:
            possible = block.possible()
            if np.count_nonzero(possible) <= len(block.rows):  # a comparison or less for each text
                break
            self._see_through(block, letters, possible)
            block = block.narrowed()
        return self._in_full(block)

    def _by_letters(self, rows: Places, columns: Places) -> _Block:
        """Return the block with the bound of the letters that one has more often than the other."""
        # Texts stand by length, so that the few lengths of a block make its tables, and not each text.
        lengths, which = np.unique(self.texts.lengths[rows], return_inverse=True)
        totals = lengths[:, None] + self.items.lengths[columns] + 2 * self._num_fixed
        allowed = totals - 2 * np.ceil(totals * (self.threshold / 2) - _SLACK).astype(np.int64)
        allowed = np.minimum(allowed, np.iinfo(self._kind).max).astype(self._kind)[which]
        edits = _differences(self._quick[0].take(rows, axis=1), self._quick[1].take(columns, axis=1))
        block = _Block(rows, columns, edits if self._short else edits.astype(self._kind), allowed)
        if self._short:
            return block.narrowed()
        possible = block.possible()
        at, its = np.divmod(np.flatnonzero(possible), columns.size)
        if at.size > FEW * possible.size:
            edits = _differences(self.texts.counts.take(rows, axis=1), self.items.counts.take(columns, axis=1))
            block.edits = edits.astype(self._kind)
        else:
            block.edits[at, its] = self._bags(np.arange(self.texts.alphabet.num_buckets), rows[at], columns[its])
        block.edits[~possible] = _RULED_OUT
        return block.narrowed()

    def _bags(self, letters: Places, rows: Places, columns: Places) -> NDArray[Any]:
        """Return how far apart the counts of some letters are, of one pair after the other."""
        ones = self.texts.counts[letters].take(rows, axis=1)
        ones -= self.items.counts[letters].take(columns, axis=1)
        bags: NDArray[Any] = np.abs(ones, out=ones).sum(axis=0, dtype=np.int32).astype(self._kind)
        return bags

    def _see_through(self, block: _Block, letters: tuple[int, ...], possible: NDArray[np.bool_]) -> None:
        """Tighten a block's bound: the edits of a class of letters take the place of the bag's."""
        short, its_short = self.texts.through(letters, block.rows), self.items.through(letters, block.columns)
        lengths: NDArray[Any] = np.array([*map(len, short)]).astype(self._kind)
        its_lengths: NDArray[Any] = np.array([*map(len, its_short)]).astype(self._kind)
        chosen = np.array(letters, dtype=np.intp)
        few = FEW_AT_ONCE if max(map(len, short)) <= WORD else FEW
        if np.count_nonzero(possible) > few * possible.size:
            counts, its_counts = self.texts.counts[chosen], self.items.counts[chosen]
            apart = _differences(counts.take(block.rows, axis=1), its_counts.take(block.columns, axis=1))
            common = process.cdist(short, its_short, scorer=LCSseq.similarity, dtype=self._kind)
            block.edits += lengths[:, None]
            block.edits += its_lengths
            for less in (common, common, apart.astype(self._kind, copy=False)):
                block.edits -= less
            return
        flat = np.flatnonzero(possible)
        at, its = np.divmod(flat, block.columns.size)
        common = self._common(short, its_short, at, its)
        apart = self._bags(chosen, block.rows[at], block.columns[its])
        block.edits.ravel()[flat] += lengths[at] + its_lengths[its] - common - common - apart

    def _common(self, ones: list[str], others: list[str], at: Places, its: Places) -> NDArray[Any]:
        """Return what is common to each pair of the two sides; `at` is in ascending order."""
        common, choices = np.empty(at.size, dtype=self._kind), np.array(others, dtype=object)
        ends = np.cumsum(np.bincount(at, minlength=len(ones)))
        for one, start, end in zip(ones, [0, *ends[:-1].tolist()], ends.tolist(), strict=True):
            some = choices[its[start:end]].tolist()
            common[start:end] = process.cdist([one], some, scorer=LCSseq.similarity, dtype=self._kind)[0]
        return common

    def _in_full(self, block: _Block) -> Scored:
        """Return the pairs of a block that reach the threshold when their whole texts are compared."""
        at, its = np.divmod(np.flatnonzero(block.possible()), block.columns.size)
        rows, columns = self.texts.order[block.rows[at]], self.items.order[block.columns[its]]
        ones, others = [self._full[0][row] for row in rows.tolist()], [self._full[1][row] for row in columns.tolist()]
        if not ones:
            return rows, columns, np.zeros(0)
        cutoff = self.threshold * 100
        scores = process.cpdist(ones, others, scorer=fuzz.ratio, score_cutoff=cutoff, dtype=np.float64)
        near = scores >= cutoff
        return rows[near], columns[near], scores[near]


def _differences(counts: NDArray[Any], its: NDArray[Any]) -> NDArray[Any]:
    """Return for each pair how far apart its counts are, over all letters, or less."""
    one = np.empty((counts.shape[1], its.shape[1]), dtype=counts.dtype)
    # Of bytes, a sum that does not fit comes out too small, which makes two texts look more alike, never less.
    total = np.zeros(one.shape, dtype=np.uint8 if counts.dtype == np.int8 else counts.dtype)
    for count, other in zip(counts, its, strict=True):
        np.subtract(count[:, None], other, out=one)
        np.abs(one, out=one)
        total += one.view(total.dtype)
    return total


def _common_ends(texts: Sequence[str]) -> tuple[int, int]:
    """Return how many characters all the texts begin with, and how many others all end with.

    A longest common subsequence of two texts has what both begin with, and what both end with.
    """
    first = _common_start(texts)
    return first, _common_start([each[first:][::-1] for each in texts])


def _common_start(texts: Sequence[str]) -> int:
    """Return how many characters all the texts begin with: those that the first and the last in order begin with."""
    least, greatest = min(texts, default=""), max(texts, default="")
    pairs = zip(least, greatest, strict=False)
    return next((index for index, (one, other) in enumerate(pairs) if one != other), min(len(least), len(greatest)))
