"""What the filters of a run have measured, each sample once, however often the line looks at it.

A target is reached in rounds, and each round runs the filters over all questions so far. What a filter measures of a
sample depends on that sample alone, so it is kept from one round to the next, in few bytes: what is measured of one
sample is often measured of many, a grade or a number of words, and is then held once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from open_thoughts_gen.engines import Engine, measures
from open_thoughts_gen.pipeline.lazy import Picked
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.types import Measure, Sample

_MAX_SHARED = 10_000  # different measurements that are held once
_Taken = tuple[Any, ...]  # the names of measures, each with who measured, and then their values


class MeasureBook:
    """What the filters of one step have measured so far, by the filter's index in the step.

    Samples go by a number, the same in every round.
    """

    def __init__(self, engine: Engine) -> None:
        """Take the engine that spreads the work."""
        self._engine = engine
        self._known: dict[int, list[_Taken | None]] = {}
        self._names: dict[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] = {}
        self._shared: dict[str, _Taken] = {}

    def add(self, index: int, plugin: Filter, samples: Sequence[Sample], numbers: Sequence[int]) -> None:
        """Have a filter measure those of some samples that it has not measured before."""
        known = self._known.setdefault(index, [])
        new = [i for i, number in enumerate(numbers) if number >= len(known) or known[number] is None]
        chosen = samples if len(new) == len(numbers) else Picked(samples, new)
        for i, measured in zip(new, measures(self._engine, plugin, chosen), strict=True):
            number = numbers[i]
            if number >= len(known):
                known.extend([None] * (number + 1 - len(known)))
            known[number] = self._held_once(measured)

    def follow(self, other: MeasureBook, index: int) -> None:
        """Share what another book knows of a filter that measures the same."""
        if index in other._known:
            self._known[index] = other._known[index]

    def of(self, number: int, before: int) -> Mapping[str, Measure]:
        """Return what filters of a lower index than `before` have measured of a sample.

        A measure that an earlier filter has taken under the same name is replaced, and its taker with it.
        """
        measured: dict[str, Measure] = {}
        for index in sorted(self._known):
            known = self._known[index]
            taken = known[number] if index < before and number < len(known) else None
            if taken is not None:
                measured |= {name: Measure(value, by) for (name, by), value in zip(taken[0], taken[1:], strict=True)}
        return measured

    def _held_once(self, measured: Mapping[str, Measure]) -> _Taken:
        names = tuple((name, each.by) for name, each in measured.items())
        taken = (self._names.setdefault(names, names), *(each.value for each in measured.values()))
        written = repr(taken)
        return (
            self._shared.get(written, taken)
            if len(self._shared) >= _MAX_SHARED
            else self._shared.setdefault(written, taken)
        )
