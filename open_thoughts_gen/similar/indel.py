"""How similar two texts are: Indel similarity, 0..100.

It is 100 less the insertions and deletions of characters that lead from one text to the other, in percent of both
lengths together, as rapidfuzz computes it (https://rapidfuzz.github.io/RapidFuzz/). Comparing two texts takes time in
the product of their lengths, so texts beyond `LONG` characters are compared by the word instead, or by the character
where no spaces are written: there the insertions and deletions are of words. Of more than `MOST` words some are taken
together, cut where a hash of a word says so, and thus at the same places in both.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from itertools import chain, pairwise

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

LONG = 50_000  # characters
MOST = 1 << 16  # words: comparing two texts of that many takes half a second
_WORD = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U0001f000-\U0003ffff]"
    r"|[^\s\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uf900-\ufaff\U0001f000-\U0003ffff]+"
)


def similarity(one: str, other: str, threshold: float = 0.0) -> float:
    """Return the similarity of two texts, or 0 if it is below the threshold."""
    if max(len(one), len(other)) <= LONG:
        return fuzz.ratio(one, other, score_cutoff=threshold)
    words = [_WORD.findall(text) for text in (one, other)]
    step = max(map(len, words)) // MOST + 1
    return fuzz.ratio(*(words if step == 1 else [_together(each, step) for each in words]), score_cutoff=threshold)


def similarities(ones: Sequence[str], others: Sequence[str], threshold: float) -> NDArray[np.float64]:
    """Return the similarity of each text to the one at its side, 0 for those below the threshold."""
    if not ones:
        return np.zeros(0)
    if max(map(len, chain(ones, others))) <= LONG:
        return np.asarray(process.cpdist(ones, others, scorer=fuzz.ratio, score_cutoff=threshold, dtype=np.float64))
    return np.array([similarity(one, other, threshold) for one, other in zip(ones, others, strict=True)])


def _together(words: Sequence[str], step: int) -> list[int]:
    """Return hashes of runs of about `step` words."""
    hashes = [zlib.crc32(word.encode("utf-8", "surrogatepass")) for word in words]
    cuts = [index for index, hashed in enumerate(hashes) if hashed % step == 0]
    return [hash(tuple(hashes[a:b])) for a, b in pairwise([0, *cuts, len(hashes)])]
