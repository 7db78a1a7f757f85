"""Drop near-duplicates by the standard method: MinHash signatures and banded LSH.

As in datasketch, text-dedup and datatrove (after Broder 1997), a question is left out if its signature agrees in one
band with an earlier one's, unconfirmed. The score of a drop is the Jaccard similarity of the two sets of n-grams,
0..100, as the signatures estimate it. With `confirm: true` a pair counts only if its sets, compared in full, reach the
threshold.

Know what it misses: changing one word changes `ngram` n-grams, so that with five words and a threshold of 70 most
copies are lost of which one word in ten was changed; and in a large set unconfirmed bands flag unrelated questions.
`near_dedup` does neither. Minimal pairs and, by `numbers_guard`, problems with other figures are kept as there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from open_thoughts_gen.similar.dedup import Dedup, Distinct
from open_thoughts_gen.similar.minhashes import SignatureRule, Signed, Unit, agreements, best_num_bands, jaccard
from open_thoughts_gen.similar.pairs import Places, Twins, earliest_pairs


class Minhash(Dedup):
    """Keeps the first of the prompts whose MinHash signatures agree in a band."""

    threshold: float = Field(
        default=70.0,
        gt=0,
        le=100,
        description="two questions are duplicates if the Jaccard similarity (0..100) of their n-grams is at least this",
    )
    num_permutations: int = Field(default=128, ge=4, le=4096, description="how many numbers a signature has")
    num_bands: int | None = Field(
        default=None,
        ge=1,
        description="how many bands a signature is cut into, a divisor of num_permutations; null: as many as fit the "
        "threshold best",
    )
    ngram: int = Field(default=5, ge=1, le=100, description="how many words, or characters, an n-gram has")
    unit: Unit = Field(default="word", description="what n-grams are made of")
    confirm: bool = Field(
        default=False, description="compare all n-grams of each pair found, and drop only duplicates by that comparison"
    )

    @model_validator(mode="after")
    def _bands_divide(self) -> Self:
        if self.num_bands is not None and self.num_permutations % self.num_bands:
            raise ValueError(f"num_bands must divide num_permutations, which is {self.num_permutations}")
        return self

    def find(self, distinct: Distinct) -> Twins:
        """Return for each question the earliest before it with which it agrees in a band."""
        bands = self.num_bands or best_num_bands(self.threshold, self.num_permutations)
        rule = SignatureRule(self.ngram, self.unit, self.num_permutations, bands)
        signed = Signed(distinct.texts, rule, distinct.spill)
        order, ranks = distinct.questions.ranked()
        guard, similarities = distinct.guard, self._similarities(distinct, signed)
        least = self.threshold if self.confirm else 0.0

        def pairs() -> Iterator[tuple[Places, Places, NDArray[np.float64]]]:
            for ones, others in signed.candidates(ranks, guard=guard, spread=distinct.spread):
                scores = similarities(order[ones], order[others])
                near = scores >= least
                yield ones[near], others[near], scores[near]

        return earliest_pairs(order, pairs(), guard.apart)

    def _similarities(self, distinct: Distinct, signed: Signed) -> Callable[[Places, Places], NDArray[np.float64]]:
        """Return what measures pairs: the signatures, or the n-grams themselves."""
        if not self.confirm:
            return lambda ones, others: agreements(signed.signatures, ones, others)

        def measured(ones: Places, others: Places) -> NDArray[np.float64]:
            pairs = zip(ones.tolist(), others.tolist(), strict=True)
            texts = ((distinct.texts[one], distinct.texts[other]) for one, other in pairs)
            return np.array([jaccard(one, other, self.ngram, self.unit) for one, other in texts], dtype=np.float64)

        return measured
