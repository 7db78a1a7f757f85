"""What a search is for: the earliest near-duplicate of each text, or which texts are connected by near-duplicates.

A collector receives near-duplicates by their ranks, the later first, and says which pairs it still wants to know of.
What it ends with must not depend on the order in which they come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.similar.clusters import components

Places = NDArray[np.int64]
Apart = Callable[[Places, Places], NDArray[np.bool_]]


class Collector(Protocol):
    """Takes near-duplicates; `apart` says which are different whatever their text."""

    apart: Apart

    def wants(self, later: Places, earlier: Places) -> NDArray[np.bool_]:
        """Return for each pair whether it could make a difference."""

    def wanting(self, ranks: Places, earlier: Places) -> Places:
        """Return the ranks for which a pair with one of the earlier ones could still change the result."""

    def add(self, later: Places, earlier: Places, scores: NDArray[np.float64]) -> None:
        """Take confirmed pairs and their similarity."""


class Earliest:
    """For each text, the rank of the earliest near-duplicate before it that `apart` allows, or -1.

    The result for a text depends on it and on the texts before it, so that texts added at the end change nothing. With
    `num_sources`, only the first `num_sources` texts count as earlier ones; the first `num_known` are known to repeat
    none, and are not compared with each other.
    """

    def __init__(self, num: int, apart: Apart, num_sources: int | None = None, num_known: int = 0) -> None:
        """Take how many texts there are; `apart` is asked about ranks."""
        self.apart = apart
        self._best = np.arange(num)  # a text itself, if there is none
        np.minimum(self._best, num if num_sources is None else num_sources, out=self._best)
        self._none = self._best.copy()
        self._best[:num_known] = self._none[:num_known] = -1  # before any: no pair could change that
        self._scores = np.zeros(num)

    @property
    def sources(self) -> Places:
        """The rank of the earliest near-duplicate of each text, or -1."""
        return np.where(self._best < self._none, self._best, -1)

    @property
    def scores(self) -> NDArray[np.float64]:
        """The similarity to it, 0..100."""
        return self._scores

    def wants(self, later: Places, earlier: Places) -> NDArray[np.bool_]:
        """Return where the earlier one is before the earliest known."""
        return earlier < self._best[later]

    def wanting(self, ranks: Places, earlier: Places) -> Places:
        """Return the ranks whose earliest near-duplicate so far is not before all of `earlier`."""
        asking: Places = ranks[self._best[ranks] > earlier.min()]
        return asking

    def add(self, later: Places, earlier: Places, scores: NDArray[np.float64]) -> None:
        """Take each pair whose earlier text is before the one known so far, unless `apart` keeps the two separate."""
        near = np.flatnonzero(self.wants(later, earlier))
        near = near[~self.apart(later[near], earlier[near])]
        near = near[np.lexsort((earlier[near], later[near]))]
        first = near[np.append(True, later[near][1:] != later[near][:-1])[: near.size]]
        self._best[later[first]], self._scores[later[first]] = earlier[first], scores[first]


class Connected:
    """Which texts are connected by near-duplicates, through any number of others."""

    def __init__(self, num: int, apart: Apart) -> None:
        """Take how many texts there are; `apart` is asked about ranks."""
        self.apart = apart
        self.labels = np.arange(num)  # the lowest rank that each is connected with

    def wants(self, later: Places, earlier: Places) -> NDArray[np.bool_]:
        """Return where the two are not connected yet."""
        apart: NDArray[np.bool_] = self.labels[later] != self.labels[earlier]
        return apart

    def wanting(self, ranks: Places, earlier: Places) -> Places:
        """Return the ranks that are not yet in one group with all of `earlier`."""
        labels = self.labels[earlier]
        return ranks[self.labels[ranks] != labels[0]] if (labels == labels[0]).all() else ranks

    def add(self, later: Places, earlier: Places, scores: NDArray[np.float64]) -> None:
        """Join the two texts of each pair into one group, except pairs that `apart` keeps separate."""
        near = ~self.apart(later, earlier)
        if near.any():
            ones, others = self.labels[later[near]], self.labels[earlier[near]]
            self.labels = components(self.labels.size, ones, others)[self.labels]
