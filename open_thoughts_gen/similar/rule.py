"""The rule by which two texts are near-duplicates. It depends on these two alone, never on the set that they are in.

Two texts are near-duplicates if

1. the Indel similarity of their normal forms reaches the threshold (`indel`), and
2. where both are longer than `exact_length` characters, they share enough keys (`keys.keys_of`): the share
   `shared` of the keys of the one that has more, rounded down, and at least one.

The second condition is what makes long texts quick to search. What it asks for is little: a changed word spoils two
runs of two words and three of three at most, so of a text of `n` words with a fifth changed, at least `n - 3` of its
`2 n - 3` runs are left, and three in five where the changes lie anywhere. Short texts have few runs, and are compared
without it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen import text
from open_thoughts_gen.similar.indel import LONG

EDITS = 32  # characters: two texts are short if no more may be inserted and deleted between texts of their length
MAX_EXACT = 300  # characters
SLACK = 1e-6


@dataclass(frozen=True, slots=True)
class Rule:
    """A threshold of Indel similarity, 0..100, and whether case and spaces count."""

    threshold: float
    as_it_stands: bool = False

    def form(self, prompt: str) -> str:
        """Return the text that is compared."""
        return prompt if self.as_it_stands else text.normalise(prompt)

    @property
    def exact_length(self) -> int:
        """The most characters of a text that is compared whatever keys it shares."""
        return min(MAX_EXACT, int(EDITS * 50 / max(1e-9, 100 - self.threshold)))

    @property
    def partner_length(self) -> float:
        """The most characters of a text that can reach the threshold with one of `exact_length` characters."""
        return self.exact_length * (200 - self.threshold) / self.threshold + SLACK

    @property
    def shared(self) -> float:
        """The share of their keys, 0..1, that two long texts must have in common to be compared."""
        return min(0.5, max(0.1, 0.25 + (self.threshold - 75) / 100))

    def num_shared(self, num_keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many keys must be shared where the text with more keys has `num`."""
        least: NDArray[np.int64] = np.maximum(1, np.floor(self.shared * num_keys + SLACK)).astype(np.int64)
        return least

    def possible(self, ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each pair of lengths whether texts of these lengths can reach the threshold.

        The longest common subsequence is at most the shorter text. Texts that are compared by the word can.
        """
        shorter, total = np.minimum(ones, others), ones + others
        by_word = np.maximum(ones, others) > LONG
        return by_word | (200.0 * shorter >= (self.threshold - SLACK) * total)
