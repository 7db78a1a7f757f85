"""Bags of runs of words: what classifiers of texts look at, each run as the number of a bucket that its hash gives.

The filter `classify` learns from them, and the card guesses answers by them (`publish.shortcuts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.contamination.grams import grams_of
from open_thoughts_gen.contamination.words import cut_words

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Bags:
    """The runs of words of texts: the buckets of all of them in one array, and where those of each text begin."""

    buckets: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str], *, word_ngrams: int, num_buckets: int) -> Bags:
        """Return the runs of one to `word_ngrams` words of each text."""
        buckets, owners = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
        for start, _, words in cut_words(texts):
            for num in range(1, word_ngrams + 1):
                grams, places = grams_of(words, num)
                buckets.append((grams % np.uint64(num_buckets)).astype(np.int64))
                owners.append(places.astype(np.int64) + start)
        owner, bucket = np.concatenate(owners), np.concatenate(buckets)
        order = np.argsort(owner, kind="stable")
        counts = np.bincount(owner, minlength=len(texts))
        return cls(bucket[order], np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))

    def __len__(self) -> int:
        """Return how many texts there are."""
        return self.starts.size - 1

    def picked(self, texts: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
        """Return the buckets of some texts, for each the place of its text among them, and its weight there."""
        sizes = self.starts[texts + 1] - self.starts[texts]
        owners = np.repeat(np.arange(texts.size), sizes)
        within = np.arange(owners.size) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        weights = (1 / np.sqrt(np.maximum(sizes, 1))).astype(np.float32)
        return self.buckets[self.starts[texts][owners] + within], owners, weights[owners]
