"""What runs of recipes that differ in one stage need not work out twice: questions, drops, traces and verdicts.

Each is remembered by the settings of the parts that it comes from, so a run finds what an earlier one has worked out
wherever it would work out the same, and whichever stage differs. A run with shared work makes the same bytes as one
alone. What asks a model is left out: its answers come from the response cache, which counts what they cost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from open_thoughts_gen.pipeline.draw import Draw, DrawAgain
from open_thoughts_gen.pipeline.sieve import Sieve
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.plugin.judging import VERIFIER_FAULT
from open_thoughts_gen.recipe import Part, Recipe
from open_thoughts_gen.types import FilterReport, Trace, Verdict

Attempted = tuple[int, int]  # index of the question in the draw, attempt


class Filtered(NamedTuple):
    """The questions of a draw with what was measured of them and how each was left out, and what filters report."""

    sieve: Sieve
    reports: Sequence[FilterReport]


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
        self._filtered: dict[tuple[str, int], Filtered] = {}
        self._judged: dict[str, _Judged] = {}

    def draw(self, recipe: Recipe, context: Context) -> Draw:
        """Return the questions of a recipe's sources, from the first on."""
        if self._alone or _asks(recipe.sources):
            return Draw(recipe.sources, context, self.spool)
        key = written(recipe.sources, seed=recipe.seed)
        if key not in self._draws:
            self._draws[key] = Draw(recipe.sources, context, self.spool)
        return DrawAgain(self._draws[key])

    def filtered(self, recipe: Recipe, num: int) -> Filtered | None:
        """Return what became of the first `num` questions before the teacher, if an earlier run has seen it."""
        return self._filtered.get((_before_teacher(recipe), num))

    def add_filtered(self, recipe: Recipe, filtered: Filtered) -> None:
        """Remember what became of the questions before the teacher."""
        if not self._alone and not _asks((*recipe.sources, *recipe.question_filters)):
            self._filtered[_before_teacher(recipe), len(filtered.sieve)] = filtered

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


def _before_teacher(recipe: Recipe) -> str:
    return written((*recipe.sources, *recipe.question_filters), seed=recipe.seed, sources=len(recipe.sources))


def _asks(parts: Iterable[Part]) -> bool:
    """Return whether any of these parts asks a model."""
    return any(part.plugin.models for part in parts)
