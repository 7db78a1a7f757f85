"""Pairs of questions, and the earliest near-duplicate of each, as the filters see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.plugin.spread import Spread, in_place
from open_thoughts_gen.similar.collectors import Apart, Earliest
from open_thoughts_gen.similar.guard import Guard
from open_thoughts_gen.similar.questions import Questions
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.search import Corpus, search
from open_thoughts_gen.similar.spill import Spill, Texts

Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Twins:
    """For each question, by its place, the place of an earlier one that it repeats, or -1; and their similarity."""

    places: Places
    scores: NDArray[np.float64]

    @classmethod
    def of_ranks(cls, order: Places, earliest: Earliest) -> Twins:
        """Take what is known by ranks; `order` are the places by rank."""
        twins, scores = np.full(order.size, -1, dtype=np.int64), np.zeros(order.size)
        twins[order] = np.where(earliest.sources < 0, -1, order[earliest.sources])
        scores[order] = earliest.scores
        return cls(twins, scores)

    @classmethod
    def of_pairs(cls, num: int, pairs: Mapping[int, tuple[int, float]]) -> Twins:
        """Take for some of `num` questions, by their places, the earlier one and the similarity."""
        twins, scores = np.full(num, -1, dtype=np.int64), np.zeros(num)
        for index, (earlier, score) in pairs.items():
            twins[index], scores[index] = earlier, score
        return cls(twins, scores)


def earliest_pairs(order: Places, pairs: Iterable[tuple[Places, Places, NDArray[np.float64]]], apart: Apart) -> Twins:
    """Return for each place the earliest that it is in a pair with, given pairs of ranks and their similarity."""
    earliest = Earliest(order.size, by_rank(apart, order))
    for ones, others, scores in pairs:
        earliest.add(np.maximum(ones, others), np.minimum(ones, others), scores)
    return Twins.of_ranks(order, earliest)


def near_duplicates(
    questions: Questions,
    texts: Texts,
    rule: Rule,
    guard: Guard,
    *,
    spill: Spill,
    spread: Spread = in_place,
    num_known: int = 0,
) -> Twins:
    """Return for each question the earliest near-duplicate before it that `guard` does not keep separate from it.

    The first `num_known` questions are known to repeat none.
    """
    order, _ = questions.ranked()
    corpus = Corpus(texts, order, rule, spill, guard.by_figures, guard.answers, spread)
    earliest = Earliest(len(questions), by_rank(guard.apart, order), num_known=num_known)
    search(corpus, earliest)
    return Twins.of_ranks(order, earliest)


def by_rank(apart: Apart, order: Places) -> Apart:
    """Return a function of the places of pairs as one of their ranks."""
    return lambda ones, others: apart(order[ones], order[others])
