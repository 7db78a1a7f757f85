"""MinHash signatures of texts and banded locality-sensitive hashing: the standard method for near-duplicates.

A text is the set of its n-grams, of words or of characters. A signature is `num_permutations` numbers such that the
share in which two signatures agree estimates the Jaccard similarity of the two sets (Broder 1997). Signatures are cut
into bands; texts whose numbers agree in all of a band are candidates. Signatures are computed by rensa, in native code
(https://github.com/beowolx/rensa); n-grams are hashed as elsewhere in this package, the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import rensa
from numpy.typing import NDArray

from open_thoughts_gen import text
from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.similar.distinct import distinct
from open_thoughts_gen.similar.guard import Guard
from open_thoughts_gen.similar.keys import SHARD_BYTES, Keys, Places, batches, figures_of, mixed, salted, words_of
from open_thoughts_gen.similar.spill import Piles, Spill, Texts
from open_thoughts_gen.similar.stages import Piled, Plan, counted, link

Signatures = NDArray[np.uint32]
Unit = Literal["word", "character"]
_SEED = 1
_MULTIPLIER = 0x9FB21C651E98DF25
_STEPS = 1000  # of the integral
_CHUNK = 1 << 14  # pairs


def ngrams_of(texts: Sequence[str], num: int, unit: Unit) -> tuple[Keys, Places]:
    """Return hashes of the n-grams of all the texts, in order, and how many each text has.

    A text shorter than that has one, all of it.
    """
    if unit == "word":
        hashes, nums = words_of(texts)
    else:
        plain = [text.normalise(each) for each in texts]
        codes = np.frombuffer("".join(plain).encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        hashes = mixed(codes.astype(np.uint64) + np.uint64(1))
        nums = np.array([len(each) for each in plain], dtype=np.int64)
    ends = np.cumsum(nums)
    owners = np.repeat(np.arange(len(texts)), nums)
    left = np.repeat(ends, nums) - np.arange(hashes.size)  # how many there are from each one to the end of its text
    grams = np.zeros_like(hashes)
    multiplier = 1
    for step in range(min(num, hashes.size)):
        end = hashes.size - step
        grams[:end] += np.where(left[:end] > step, hashes[step:] * np.uint64(multiplier), np.uint64(0))
        multiplier = multiplier * _MULTIPLIER % 2**64
    # The first is always one, even where it is cut short by the end of its text.
    first = np.zeros(hashes.size, dtype=bool)
    first[(ends - nums)[nums > 0]] = True
    whole = (left >= num) | first
    return mixed(grams[whole]), np.bincount(owners[whole], minlength=len(texts))


def signatures_of(grams: Keys, nums: Places, num_permutations: int) -> Signatures:
    """Return the signature of each text, one row each. A text without any n-gram has the largest of all numbers."""
    offsets = np.append(0, np.cumsum(nums))
    matrix = rensa.RMinHash.digest_matrix_from_flat_token_hashes(grams, offsets, num_permutations, _SEED)
    return np.array(matrix.to_rows(), dtype=np.uint32).reshape(nums.size, num_permutations)


def agreements(signatures: Signatures, ones: Places, others: Places) -> NDArray[np.float64]:
    """Return the share, 0..100, in which signatures agree, pair by pair: an estimate of the Jaccard similarity."""
    shares = np.zeros(ones.size)
    for start in range(0, ones.size, _CHUNK):
        part = slice(start, start + _CHUNK)
        shares[part] = (signatures[ones[part]] == signatures[others[part]]).mean(axis=1)
    return 100 * shares


def jaccard(one: str, other: str, num: int, unit: Unit) -> float:
    """Return the Jaccard similarity of the sets of n-grams of two texts, 0..100."""
    grams, nums = ngrams_of([one, other], num, unit)
    left, right = distinct(grams[: nums[0]]), distinct(grams[nums[0] :])
    both = np.intersect1d(left, right, assume_unique=True).size
    return 100.0 * both / max(1, left.size + right.size - both)


def best_num_bands(threshold: float, num_permutations: int) -> int:
    """Return the number of bands by which candidates are best told apart at a threshold, 0..100.

    Best is the least sum of two areas under the S-curve of LSH: what is found below the threshold, and what is missed
    above it, weighed alike, as datasketch and text-dedup do it.
    """
    similarity = (np.arange(_STEPS) + 0.5) / _STEPS
    below = similarity < threshold / 100

    def error(bands: int) -> float:
        rate = 1 - (1 - similarity ** (num_permutations // bands)) ** bands
        return float(np.where(below, rate, 1 - rate).sum())

    return min((bands for bands in range(1, num_permutations + 1) if num_permutations % bands == 0), key=error)


@dataclass(frozen=True, slots=True)
class SignatureRule:
    """How signatures are made, and cut into bands."""

    ngram: int
    unit: Unit
    num_permutations: int
    num_bands: int


def sign(
    shard: tuple[Sequence[str], Places, Keys | None], rule: SignatureRule, plan: Plan, by_figures: bool
) -> tuple[Piled, Signatures]:
    """Return the keys of some texts, one for each band, and their signatures: a stage as those in `stages`.

    The shard brings the texts, their ranks and hashes of their answers. With `by_figures` only texts of the same
    figures have keys in common, or of the same answer, where it is not 0. A text without n-grams has no key.
    """
    texts, ranks, answers = shard
    keys, rows = [np.zeros(0, dtype=np.uint64)], [np.zeros((0, rule.num_permutations), dtype=np.uint32)]
    for start, stop in batches([len(each) for each in texts]):
        grams, nums = ngrams_of(texts[start:stop], rule.ngram, rule.unit)
        signatures = signatures_of(grams, nums, rule.num_permutations)
        rows.append(signatures)
        whole = np.flatnonzero(nums)
        bands, owners = _bands(signatures[whole], rule), np.repeat(whole, rule.num_bands)
        salts = figures_of(texts[start:stop]) if by_figures else np.zeros(stop - start, dtype=np.uint64)
        keys.append(plan.packed(salted(bands, salts[owners]), ranks[start:stop][owners]))
        if answers is not None:
            known = answers[start:stop][owners] > 0
            by_answer = salted(bands[known], answers[start:stop][owners[known]])
            keys.append(plan.packed(by_answer, ranks[start:stop][owners[known]]))
    return plan.piled(np.sort(np.concatenate(keys))), np.concatenate(rows)


def _bands(signatures: Signatures, rule: SignatureRule) -> Keys:
    """Return a hash of each band of each signature, signature by signature."""
    width = rule.num_permutations // rule.num_bands
    bands = np.repeat(np.arange(1, rule.num_bands + 1, dtype=np.uint64)[None], len(signatures), axis=0)
    for column in range(width):
        bands = mixed(bands * np.uint64(_MULTIPLIER) + signatures[:, column::width])
    return bands.ravel()


class Signed:
    """The signatures of texts, and the pairs that agree in a band; what memory does not hold lies on disk."""

    def __init__(self, texts: Texts, rule: SignatureRule, spill: Spill) -> None:
        """Take the texts, and how their signatures are made."""
        self.signatures = spill.table((len(texts), rule.num_permutations), np.uint32)
        self._texts, self._rule, self._spill = texts, rule, spill

    def candidates(
        self, ranks: Places, *, guard: Guard | None = None, spread: Spread = in_place
    ) -> Iterator[tuple[Places, Places]]:
        """Yield pairs of ranks that agree in a band, each with the next that does."""
        plan = Plan.of(len(self._texts), len(self._texts) * self._rule.num_bands)
        piles, links = (Piles(self._spill, name, plan.num_piles) for name in ("keys", "links"))
        for keys in self._signed(ranks, plan, guard, spread):
            piles.add(keys)
        for each in spread(partial(link, plan=plan), piles.all()):
            links.add(each)
        for pile in links.all():
            ones, others, _ = counted(pile)
            yield ones, others

    def _signed(self, ranks: Places, plan: Plan, guard: Guard | None, spread: Spread) -> Iterator[Piled]:
        """Yield the keys of the texts, range by range; note their signatures."""
        ranges, answers = batches(self._texts.lengths, SHARD_BYTES), guard.answers if guard else None
        by_figures = bool(guard and guard.by_figures)
        shards = (
            (self._texts.get(start, stop), ranks[start:stop], None if answers is None else answers[start:stop])
            for start, stop in ranges
        )
        work = partial(sign, rule=self._rule, plan=plan, by_figures=by_figures)
        for (start, stop), (keys, signatures) in zip(ranges, spread(work, shards), strict=True):
            self.signatures[start:stop] = signatures
            yield keys
