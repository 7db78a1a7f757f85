"""The letters of many texts: how often each has which, and what is left of a text when only some letters are looked at.

Both are lower bounds on the edits between two texts, much quicker to compare than the texts (`all_pairs`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[Any]  # one row a letter, one column a text; of np.int8 or np.int16
Places = NDArray[np.int64]

LETTERS = 47  # that are told apart, the commonest; one more bucket is for all others
COARSE = 20  # groups of letters, for a first and quick look at long texts
RARE_SHARE = 0.36  # of a text, in the one class of the rarer letters
FULL = 0.9  # of the letters compared at once, in a text of middle length


class Alphabet:
    """The letters that are told apart, by frequency, and the classes that they are put in."""

    def __init__(self, texts: Sequence[str], width: int) -> None:
        """Take texts, and how many letters of a text a class may leave."""
        some = texts[:: max(1, len(texts) // 2000)]
        codes = _codes("".join(some))
        letters_seen, counts = np.unique(codes, return_counts=True)
        order = np.argsort(-counts, kind="stable")[:LETTERS]
        self.letters = [chr(code) for code in letters_seen[order].tolist()]
        self.bucket_of = np.full(0x110000, len(self.letters), dtype=np.uint8)
        self.bucket_of[letters_seen[order]] = np.arange(order.size)
        self.num_buckets = len(self.letters) + 1
        shares = counts[order] / max(1, codes.size)
        rest = np.cumsum(shares[::-1])[::-1]
        self.first_rare = int(np.argmax(rest <= RARE_SHARE)) if shares.size else 0
        self.classes = self._classes(shares * codes.size / max(1, len(some)), width * FULL)

    def _classes(self, sizes: NDArray[np.float64], width: float) -> list[tuple[int, ...]]:
        """Gather letters, the rarest first, into classes that leave of most texts what is compared at once."""
        classes: list[tuple[int, ...]] = []
        gathered: list[int] = []
        size = 0.0
        for letter in range(len(self.letters) - 1, -1, -1):
            if len(gathered) > 1 and size + sizes[letter] > width:
                classes.append(tuple(gathered))
                gathered, size = [], 0.0
            gathered.append(letter)
            size += sizes[letter]
        return [each for each in [*classes, tuple(gathered)] if len(each) > 1]

    def with_rare(self) -> list[tuple[int, ...]]:
        """Return the class of all the rarer letters, and the classes of others."""
        rare = tuple(range(self.first_rare, len(self.letters)))
        return [each for each in (rare, *(each for each in self.classes if max(each) < self.first_rare)) if each]


class Side:
    """The texts of one side, the shortest first, with the counts of their letters: one row a letter."""

    def __init__(self, texts: Sequence[str], alphabet: Alphabet, kind: type[np.int8 | np.int16]) -> None:
        """Take texts, their letters, and what a count has to fit into."""
        self.alphabet = alphabet
        lengths = np.fromiter(map(len, texts), np.int64, len(texts))
        self.order = np.argsort(lengths, kind="stable")
        self.texts = [texts[index] for index in self.order.tolist()]
        self.lengths = lengths[self.order]
        self.counts = self._count(kind)
        self._through: dict[tuple[int, ...], list[str | None]] = {}

    def coarse(self) -> Counts:
        """Return the counts of groups of letters, or a little less."""
        groups = np.arange(self.alphabet.num_buckets) % COARSE
        coarse = np.stack([self.counts[groups == group].sum(axis=0, dtype=np.int64) for group in range(COARSE)])
        cut: Counts = np.minimum(coarse, np.iinfo(np.int8).max).astype(np.int8)
        return cut

    def _count(self, kind: type[np.int8 | np.int16]) -> Counts:
        num = self.alphabet.num_buckets
        counts = np.zeros((num, len(self.texts)), dtype=kind)
        most = np.iinfo(kind).max // (1 if kind is np.int8 else num)
        start = 0
        for end in range(256, len(self.texts) + 256, 256):
            some = self.texts[start:end]
            owners = np.repeat(np.arange(len(some)), self.lengths[start:end])
            buckets = self.alphabet.bucket_of[_codes("".join(some))]
            table = np.bincount(owners * num + buckets, minlength=len(some) * num).reshape(len(some), num)
            # A count cut at its limit makes two texts look more alike, never less.
            counts[:, start:end] = np.minimum(table, most).T
            start = end
        return counts

    def through(self, letters: tuple[int, ...], places: Places) -> list[str]:
        """Return some texts with all but a class's letters deleted."""
        cached = self._through.setdefault(letters, [None] * len(self.texts))
        chosen = {self.alphabet.letters[letter] for letter in letters}
        ascii_gone = bytes(code for code in range(128) if chr(code) not in chosen)
        texts_cut: list[str] = []
        for index in places.tolist():
            short = cached[index]
            if short is None:
                text = self.texts[index]
                if text.isascii():
                    short = text.encode().translate(None, ascii_gone).decode()
                else:
                    short = text.translate({ord(char): None for char in set(text) - chosen})
                cached[index] = short
            texts_cut.append(short)
        return texts_cut


def _codes(string: str) -> NDArray[np.uint32]:
    return np.frombuffer(string.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
