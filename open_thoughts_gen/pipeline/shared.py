"""What runs of recipes that differ in one stage need not work out twice: questions, drops, traces and verdicts.

Questions, traces and verdicts are remembered by the settings of the parts that they come from, what filters did by the
samples that came to them and the filters before them. So a run finds what an earlier one has worked out wherever it
would work out the same, whichever stage differs, and makes the same bytes as one alone. What asks a model asks again:
its answers come from the response cache, which counts what they cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from open_thoughts_gen.pipeline.draw import Draw, DrawAgain
from open_thoughts_gen.pipeline.sieve import Sieve, Ways
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.plugin import Context, Filter
from open_thoughts_gen.plugin.judging import VERIFIER_FAULT
from open_thoughts_gen.recipe import Part, Recipe
from open_thoughts_gen.types import FilterReport, Trace, Verdict

Attempted = tuple[int, int]  # index of the question in the draw, attempt


@dataclass
class Filtering:
    """The filters of one step at work on the samples of a round: their settings, and what each has reported so far.

    `earlier` did the same with the first `num` samples, for as long as its filters are the same.
    """

    filters: Sequence[str]
    sieve: Sieve
    reports: list[FilterReport | None] = field(default_factory=list)
    earlier: Filtering | None = None
    num: int = 0
    _has_asked: bool = False  # a model, since the two were last compared

    def rest(self, plugin: Filter) -> range | None:
        """Return which samples the next filter has to see, None if what it does and reports is known of all of them.

        Of a filter that decides each sample by itself, what it did with some is enough to let it see the others only.
        One that asks a model asks it again: the answers come from the response cache, which counts them.
        """
        everything, number, earlier = range(len(self.sieve)), len(self.reports), self.earlier
        if earlier is None:
            return everything
        is_whole = self.num == len(self.sieve) == len(earlier.sieve)
        is_same = number < num_common(self.filters, earlier.filters) and (is_whole or _decides_alone(plugin))
        if not is_same or (self._has_asked and not self.sieve.is_like(earlier.sieve, self.num)):
            self.earlier = None
            return everything
        self._has_asked = bool(plugin.models)
        if self._has_asked:
            return everything
        self.sieve.follow(earlier.sieve, self.num)
        if self.num < len(self.sieve):
            return everything[self.num :]
        self.reports.append(earlier.reports[number] if is_whole else None)
        return None


@dataclass
class _Judged:
    """The traces of a teacher, and the verdicts on them by the settings of each verifier."""

    traces: dict[Attempted, Trace] = field(default_factory=dict)
    verdicts: dict[tuple[str, Attempted], tuple[Trace, Verdict]] = field(default_factory=dict)


class SharedWork:
    """The work of the runs so far. One spool holds the traces of all of them."""

    def __init__(self, spool: Spool, *, alone: bool = False) -> None:
        """Take where long texts wait; a run that is `alone` remembers nothing for others."""
        self.spool, self._alone = spool, alone
        self._draws: dict[str, Draw] = {}
        self.ways = Ways(spool)
        self._filtered: dict[tuple[str, int], list[Filtering]] = {}
        self._judged: dict[str, _Judged] = {}

    def draw(self, recipe: Recipe, context: Context) -> Draw:
        """Return the questions of a recipe's sources, from the first on."""
        if self._alone or _asks(recipe.sources):
            return Draw(recipe.sources, context, self.spool)
        key = written(recipe.sources, seed=recipe.seed)
        if key not in self._draws:
            self._draws[key] = Draw(recipe.sources, context, self.spool)
        return DrawAgain(self._draws[key])

    def filtering(self, step: str, parts: Sequence[Part], sieve: Sieve, *, seed: int) -> Filtering:
        """Return the filters of a step, about to work on samples, of which an earlier run may have seen the same."""
        filters = [written((part,)) for part in parts]
        begun = ((each, num_common(filters, each.filters)) for each in self._filtered.get((step, seed), ()))
        candidates = [(len(each.sieve) == len(sieve), num, len(each.sieve), each) for each, num in begun if num]
        for *_, earlier in sorted(candidates, key=lambda candidate: candidate[:3], reverse=True):
            if num := sieve.num_shared(earlier.sieve):
                return Filtering(filters, sieve, earlier=earlier, num=num)
        return Filtering(filters, sieve)

    def add_filtering(self, step: str, filtering: Filtering, *, seed: int) -> None:
        """Remember what the filters of a step have done."""
        filtering.earlier = None
        if not self._alone:
            self._filtered.setdefault((step, seed), []).append(filtering)

    def answers(self, recipe: Recipe) -> Answers:
        """Return the traces and verdicts that a recipe shares with those before it."""
        if self._alone or _asks(recipe.sources):
            return Answers(recipe, None)
        key = written((*recipe.sources, recipe.teacher), seed=recipe.seed)
        return Answers(recipe, self._judged.setdefault(key, _Judged()))


class Answers:
    """The traces and verdicts that one run takes from those before it, and leaves to those after it."""

    def __init__(self, recipe: Recipe, judged: _Judged | None) -> None:
        """Take the recipe, and what runs with its sources and teacher have worked out; None if it shares nothing."""
        self._judged = judged
        self._teacher_is_paid = recipe.teacher.plugin.cost_usd is None
        self._verifiers = {
            number: written((part,))
            for number, part in enumerate(recipe.verifiers)
            if judged and part.plugin.runs_anywhere
        }

    def trace(self, key: Attempted) -> Trace | None:
        """Return the trace of an attempt, if it is known."""
        return self._judged.traces.get(key) if self._judged else None

    def add_trace(self, key: Attempted, trace: Trace) -> None:
        """Remember a trace that no model wrote: nobody is paid for it, and it has no tokens to count."""
        if self._judged and not self._teacher_is_paid and trace.usage is None:
            self._judged.traces[key] = trace

    def verdicts(self, key: Attempted, trace: Trace) -> dict[int, Verdict]:
        """Return the verdicts on a trace that are known, by the index of the verifier in this recipe."""
        verdicts = {}
        for number, settings in self._verifiers.items():
            judged, verdict = self._judged.verdicts.get((settings, key), (None, None)) if self._judged else (None, None)
            if verdict is not None and judged == trace:
                verdicts[number] = verdict
        return verdicts

    def add_verdicts(self, key: Attempted, trace: Trace, verdicts: Mapping[int, Verdict]) -> None:
        """Remember the verdicts of verifiers that ask no model, compare no attempts and have not failed."""
        for number, verdict in verdicts.items():
            if self._judged and number in self._verifiers and verdict.cause != VERIFIER_FAULT:
                self._judged.verdicts[self._verifiers[number], key] = trace, verdict


def written(parts: Iterable[Part], **more: object) -> str:
    """Return parts of a recipe as text, with every setting: equal parts do the same work."""
    return json.dumps([more, *(part.resolved() for part in parts)], sort_keys=True, default=str)


def num_common(one: Sequence[str], two: Sequence[str]) -> int:
    """Return how many items two sequences have in common at their start."""
    return next(
        (index for index, (first, second) in enumerate(zip(one, two, strict=False)) if first != second),
        min(len(one), len(two)),
    )


def _decides_alone(plugin: Filter) -> bool:
    """Return whether what a filter does with a sample depends on that sample alone, and it has nothing to report."""
    cls = type(plugin)
    return not cls.sees_whole_set() and cls.report is Filter.report and cls.account is Filter.account


def _asks(parts: Iterable[Part]) -> bool:
    """Return whether any of these parts asks a model."""
    return any(part.plugin.models for part in parts)
