"""Where the line's pure work runs: this machine's processes, or a cluster.

    local   in this process, and in worker processes once that pays
    ray     over the nodes of a Ray cluster (the extra `ray`)

The line hands its verbs to an engine and does not know which. An engine gives the same bytes wherever the work was
done, in whatever order it ended, and whichever process died meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from open_thoughts_gen.plugin import Filter, Teacher, Verifier
from open_thoughts_gen.plugin.judging import Faults, Judging
from open_thoughts_gen.plugin.spread import Spread
from open_thoughts_gen.types import DropReason, Measure, Question, Request, Sample, Trace, Verdict

Row = TypeVar("Row")
Result = TypeVar("Result")


class Engine(Protocol):
    """Where pure verbs run: in this process, in its workers, on a cluster."""

    def map(self, function: Callable[[Sequence[Row]], Iterable[Result]], rows: Iterable[Row]) -> Iterator[Result]:
        """Yield what `function` makes of the rows: one result a row, in their order.

        It is called on runs of rows, of any length, in any process, perhaps more than once; so a result depends on
        nothing but its row, and all can be pickled. Rows without a length are read as they are needed.
        """

    def traces(self, teacher: Teacher, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield a trace per request, in any order; requests are read as there is room for them."""


def verdicts(
    engine: Engine, verifier: Verifier, pairs: Sequence[tuple[Question, Trace]], *, faults: Faults | None = None
) -> Iterator[Verdict]:
    """Yield one verdict a pair, in order. A verifier that does not run anywhere judges in this process.

    Raises:
        UserError: the verifier cannot work, or raised on too many rows: `faults` counts them.

    """
    function = Judging(verifier)
    judged = engine.map(function, pairs) if verifier.runs_anywhere else function(pairs)
    return (faults or Faults()).count(verifier.label, judged, len(pairs))


def drop_reasons(engine: Engine, plugin: Filter, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
    """Yield a reason or None per sample, in order. A filter that sees whole sets asks its context to `spread` parts."""
    return plugin.drop_reasons(samples) if plugin.sees_whole_set() else engine.map(plugin.drop_reasons, samples)


def measures(engine: Engine, plugin: Filter, samples: Sequence[Sample]) -> Iterator[Mapping[str, Measure]]:
    """Yield what a filter measures of each sample, in order; one that measures a sample at a time may run anywhere."""
    is_stream, label = type(plugin).measures is not Filter.measures, plugin.label
    for values in plugin.measures(samples) if is_stream else engine.map(plugin.measures, samples):
        yield {name: Measure(value, label) for name, value in values.items()}


def spread(engine: Engine) -> Spread:
    """Return the engine as whole-set work asks for it: a function of one shard, and shards."""

    def spread_on(function: Callable[[Row], Result], shards: Iterable[Row], /) -> Iterator[Result]:
        return engine.map(_Each(function), shards)

    return spread_on


class _Each(Generic[Row, Result]):
    """A function of one row as one of runs of rows, which can be pickled."""

    def __init__(self, function: Callable[[Row], Result]) -> None:
        self.function = function

    def __call__(self, rows: Sequence[Row]) -> Iterator[Result]:
        return map(self.function, rows)
