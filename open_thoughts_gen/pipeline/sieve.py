"""One step of filters over all samples of a round: what each filter measured, and how each sample was left out.

Of a sample it holds four bytes: its number among the ways in which samples were left out, of which there are few
different ones, or which wait on disk. Samples and drops are made when they are asked for.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from copy import copy
from typing import NamedTuple, Self

from open_thoughts_gen.pipeline.lazy import Lazy
from open_thoughts_gen.pipeline.measures import MeasureBook
from open_thoughts_gen.pipeline.spool import Shelf, Spool
from open_thoughts_gen.types import Dropped, DropReason, Sample

_MAX_SHARED = 10_000  # different ways of being left out that are looked for among earlier ones


class _Way(NamedTuple):
    """How a sample was left out, and how many filters of the step had begun by then."""

    step: str
    plugin: str
    why: DropReason
    num_begun: int


class Sieve(Lazy[Sample]):
    """The samples of one step, each with what was measured of it before it was left out."""

    def __init__(self, samples: Sequence[Sample], book: MeasureBook, numbers: Sequence[int], spool: Spool) -> None:
        """Take the samples as they come to the step, their numbers in the book of its measures, and where drops go."""
        self._samples, self._book, self.numbers = samples, book, numbers
        self._way_of = array("I", bytes(4 * len(samples)))  # 0: not left out; else one more than the index of its way
        self._ways: Shelf[_Way] = Shelf(spool)
        self._earlier: dict[_Way, int] = {}
        self._num_ways: Counter[tuple[str, str, str]] = Counter()
        self.num_begun = 0

    def copy(self) -> Self:
        """Return the same, from which others can be left out."""
        sieve = copy(self)
        sieve._way_of, sieve._num_ways = self._way_of[:], self._num_ways.copy()
        return sieve

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._samples)

    def at(self, index: int) -> Sample:
        """Return a sample."""
        sample, way = self._samples[index], self._way_of[index]
        before = self._ways[way - 1].num_begun if way else self.num_begun
        measured = self._book.of(self.numbers[index], before) if before else {}
        if not measured:
            return sample
        measures = {**sample.measures, **measured} if sample.measures else measured
        return Sample(sample.question, sample.trace, sample.verdicts, sample.pass_rate, measures)

    def remaining(self) -> Iterator[int]:
        """Yield the indices of those that are not left out."""
        return (index for index, way in enumerate(self._way_of) if not way)

    def drop(self, index: int, step: str, plugin: str, why: DropReason) -> None:
        """Leave a sample out."""
        way = _Way(step, plugin, why, self.num_begun)
        number = self._earlier.get(way)
        if number is None:
            self._ways.append(way)
            number = len(self._ways)
            if number <= _MAX_SHARED:
                self._earlier[way] = number
        self._way_of[index] = number
        self._num_ways[step, plugin, why.reason] += 1

    @property
    def losses(self) -> Counter[tuple[str, str, str]]:
        """How many were left out, by step, plug-in and reason."""
        return self._num_ways

    @property
    def dropped(self) -> Sequence[Dropped]:
        """What was left out, in the order of the samples."""
        return _Drops(self, array("I", (index for index, way in enumerate(self._way_of) if way)))

    def drop_of(self, index: int) -> Dropped:
        """Return how a sample was left out that was."""
        way = self._ways[self._way_of[index] - 1]
        return Dropped(way.step, way.plugin, way.why, self.at(index))


class _Drops(Lazy[Dropped]):
    """Those of a sieve that were left out."""

    def __init__(self, sieve: Sieve, indices: Sequence[int]) -> None:
        self._sieve, self._indices = sieve, indices

    def __len__(self) -> int:
        return len(self._indices)

    def at(self, index: int) -> Dropped:
        return self._sieve.drop_of(self._indices[index])
