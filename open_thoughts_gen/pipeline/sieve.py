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


class Loss(NamedTuple):
    """What samples that were left out have in common; `num_begun` filters of the step had begun by then."""

    step: str
    plugin: str
    reason: str
    num_begun: int


class Ways:
    """The ways in which samples were left out, each under its number, from 1. Equal ones mostly have one number."""

    def __init__(self, spool: Spool) -> None:
        """Take where those go that memory has no room for."""
        self._reasons: Shelf[DropReason] = Shelf(spool)
        self._loss_of = array("I")
        self._losses: dict[Loss, int] = {}
        self._losses_by_number: list[Loss] = []
        self._earlier: dict[tuple[int, DropReason], int] = {}

    def add(self, loss: Loss, why: DropReason) -> int:
        """Return the number of a way, which may be new."""
        loss_number = self._losses.setdefault(loss, len(self._losses))
        if loss_number == len(self._losses_by_number):
            self._losses_by_number.append(loss)
        number = self._earlier.get((loss_number, why))
        if number is None:
            self._reasons.append(why)
            self._loss_of.append(loss_number)
            number = len(self._reasons)
            if number <= _MAX_SHARED:
                self._earlier[loss_number, why] = number
        return number

    def loss(self, number: int) -> Loss:
        """Return what a way has in common with others."""
        return self._losses_by_number[self._loss_of[number - 1]]

    def why(self, number: int) -> DropReason:
        """Return the reason of a way, which may be read from disk."""
        return self._reasons[number - 1]


class Sieve(Lazy[Sample]):
    """The samples of one step, each with what was measured of it before it was left out."""

    def __init__(self, samples: Sequence[Sample], book: MeasureBook, numbers: Sequence[int], ways: Ways) -> None:
        """Take the samples as they come to the step, their numbers in the book of its measures, and the ways known."""
        self._samples, self._book, self._ways, self.numbers = samples, book, ways, numbers
        self._way_of = array("I", bytes(4 * len(samples)))  # 0: not left out; else the number of its way
        self.num_begun = 0

    def copy(self) -> Self:
        """Return the same, from which others can be left out."""
        sieve = copy(self)
        sieve._way_of = self._way_of[:]
        return sieve

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._samples)

    def at(self, index: int) -> Sample:
        """Return a sample."""
        sample, way = self._samples[index], self._way_of[index]
        before = self._ways.loss(way).num_begun if way else self.num_begun
        measured = self._book.of(self.numbers[index], before) if before else {}
        if not measured:
            return sample
        measures = {**sample.measures, **measured} if sample.measures else measured
        return Sample(sample.question, sample.trace, sample.verdicts, sample.pass_rate, measures)

    def remaining(self, among: range | None = None) -> Iterator[int]:
        """Yield the indices of those that are not left out, of all or among some."""
        return (index for index in (range(len(self)) if among is None else among) if not self._way_of[index])

    def drop(self, index: int, step: str, plugin: str, why: DropReason) -> None:
        """Leave a sample out."""
        self._way_of[index] = self._ways.add(Loss(step, plugin, why.reason, self.num_begun), why)

    def num_shared(self, other: Sieve) -> int:
        """Return how many samples at the start this and another sieve have in common, under the same numbers."""
        num = min(len(self), len(other))
        if self.numbers[:num] != other.numbers[:num]:
            return 0
        if len(self) == len(other) and self._samples == other._samples:
            return num
        pairs = zip(self._samples, other._samples, strict=False)
        return next((index for index, (one, two) in enumerate(pairs) if one != two), num)

    def follow(self, other: Sieve, num: int) -> None:
        """Do with the first `num` samples what the next filter did in another sieve, which had the same before it."""
        self._book.follow(other._book, self.num_begun)
        self.num_begun += 1
        for index, way in enumerate(other._way_of[:num]):
            if way and self._ways.loss(way).num_begun == self.num_begun:
                self._way_of[index] = way

    def is_like(self, other: Sieve, num: int) -> bool:
        """Return whether as many filters have left the same of the first samples in another sieve, and measured it."""
        begun = self.num_begun
        gone_there = (way and self._ways.loss(way).num_begun <= begun for way in other._way_of[:num])
        return all(
            bool(way) == bool(gone) and (gone or self._book.of(number, begun) == other._book.of(number, begun))
            for number, way, gone in zip(self.numbers, self._way_of, gone_there, strict=False)
        )

    @property
    def losses(self) -> Counter[tuple[str, str, str]]:
        """How many were left out, by step, plug-in and reason."""
        losses: Counter[tuple[str, str, str]] = Counter()
        for way, num in Counter(self._way_of).items():
            if way:
                losses[self._ways.loss(way)[:3]] += num
        return losses

    @property
    def dropped(self) -> Sequence[Dropped]:
        """What was left out, in the order of the samples."""
        return _Drops(self, array("I", (index for index, way in enumerate(self._way_of) if way)))

    def drop_of(self, index: int) -> Dropped:
        """Return how a sample was left out that was."""
        way = self._way_of[index]
        loss = self._ways.loss(way)
        return Dropped(loss.step, loss.plugin, self._ways.why(way), self.at(index))


class _Drops(Lazy[Dropped]):
    """Those of a sieve that were left out."""

    def __init__(self, sieve: Sieve, indices: Sequence[int]) -> None:
        self._sieve, self._indices = sieve, indices

    def __len__(self) -> int:
        return len(self._indices)

    def at(self, index: int) -> Dropped:
        return self._sieve.drop_of(self._indices[index])
