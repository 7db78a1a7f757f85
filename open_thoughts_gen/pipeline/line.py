"""The line: sources, question filters, teacher, verifiers, sample filters; a recipe becomes the samples of its dataset.

A run is a pure function of its recipe and of the response cache, so there is no state to resume: what was answered is
in the cache, and everything else is computed again and comes out the same. Order never depends on the network: traces
are put back in (question, attempt) order before any filter sees them.

The target counts *accepted* samples, which nobody can know beforehand. The line therefore works in rounds: it draws,
sees how many samples were accepted, and draws further. Whole-set filters see the whole larger set each time; what was
asked, answered and judged is kept (`attempts`) from one round to the next.

Publishing is not part of it: what `run_line` returns goes to `publish.folder`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from open_thoughts_gen.engines import Engine, drop_reasons, spread
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.money.budget import NOT_ASKED
from open_thoughts_gen.pipeline.advice import advice_on
from open_thoughts_gen.pipeline.attempts import Attempts
from open_thoughts_gen.pipeline.draw import Draw
from open_thoughts_gen.pipeline.order import arranged
from open_thoughts_gen.pipeline.progress import Unwatched, Watcher
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.pipeline.target import DrawPlan, DrawTo, Stop, shortfall, within_target
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Part, Recipe
from open_thoughts_gen.types import Counts, Dropped, DropReason, FilterReport, Finished, Sample


def run_line(
    recipe: Recipe,
    *,
    context: Context,
    progress: Watcher | None = None,
    engine: Engine | None = None,
    spool: Spool | None = None,
) -> Finished:
    """Run a recipe up to its finished samples, which may be fewer than the target: then `shortfall` says why.

    `spool` is where traces wait that are too many for memory; a file beside the response cache if not given.

    Raises:
        UserError: the recipe can never end, or one of its plug-ins found a fault that the user can fix.

    """
    watcher, spool = progress or Unwatched(), spool or Spool(context.cache.parent)
    if engine is not None:
        return _Line(recipe, context, progress=watcher, engine=engine, spool=spool).finish()
    with Local() as local:
        return _Line(recipe, context, progress=watcher, engine=local, spool=spool).finish()


@dataclass(frozen=True, slots=True)
class _Round:
    """What became of the questions drawn so far."""

    accepted: list[Sample]
    dropped: list[Dropped]
    asked: list[int]
    num_asked: int
    num_unasked: int
    num_saved: int
    samples: list[Sample]


class _Line:
    """One run: the plug-ins made fresh for it, and what they have answered so far."""

    def __init__(self, recipe: Recipe, context: Context, *, progress: Watcher, engine: Engine, spool: Spool) -> None:
        context = replace(context, spread=spread(engine))
        self._recipe, self._context, self._progress, self._engine = recipe, context, progress, engine
        self._draw = Draw(recipe.sources, context, spool)
        self._attempts = Attempts(recipe, context, self._draw, engine=engine, progress=progress, spool=spool)
        self._reports: list[FilterReport] = []  # of the last round

    def finish(self) -> Finished:
        """Draw more questions until the target is reached or out of reach; choose the samples, account for the rest."""
        recipe = self._recipe
        if self._draw.endless and recipe.question_limit is None:
            hint = "set `target:` or `max_questions:`"
            raise UserError(Fault(f"the source {self._draw.endless[0]!r} never ends", hint=hint))
        self._attempts.check_budget()
        traces_per_question = recipe.until.accepted if recipe.until else recipe.attempts
        plan = DrawPlan(recipe.target, recipe.question_limit, traces_per_question)
        step: DrawTo | Stop = plan.first()
        while isinstance(step, DrawTo):
            last = self._round(step.num)
            over_budget = self._attempts.spending.why if last.num_unasked else ""
            num = len(self._draw.questions)
            step = plan.next(num, len(last.accepted), ended=self._draw.ended, over_budget=over_budget)
        target = recipe.target
        within, surplus = within_target(last.accepted, target)
        dropped = [*self._draw.dropped, *last.dropped]
        dropped += [Dropped("target", "target", DropReason("beyond the target"), sample) for sample in surplus]
        counts = self._counts(last, num_kept=len(within), dropped=dropped)
        is_short = not within or (bool(last.num_unasked) if target is None else len(within) < target)
        advice = partial(advice_on, recipe)
        message = shortfall(counts, step, target=target, advice=advice) if is_short else ""
        samples, faults = tuple(arranged(within, recipe.seed)), tuple(self._attempts.faults.raised)
        unaccepted = tuple(self._attempts.unaccepted(last.asked))
        return Finished(samples, tuple(dropped), counts, message, tuple(self._reports), faults, unaccepted)

    def _round(self, num: int | None) -> _Round:
        """Draw until there are `num` questions, None for all, and run the line over them; nothing is asked twice."""
        self._reports = []
        self._progress.begin("sources", num, len(self._draw.questions))
        self._draw.until(num, self._progress)
        questions = [Sample(question) for question in self._draw.questions]
        drops = self._drops("question_filters", self._recipe.question_filters, questions)
        asked = [i for i, drop in enumerate(drops) if drop is None]
        self._attempts.ask_and_judge(asked)
        samples_of = {i: self._attempts.samples(i) for i in asked}
        unasked = [i for i in asked if not samples_of[i]]
        for i in unasked:
            drops[i] = Dropped("budget", "budget", DropReason(NOT_ASKED), questions[i])
        samples = [sample for i in asked for sample in samples_of[i]]
        failures = [self._failure(sample) for sample in samples]
        sample_drops = self._drops("sample_filters", self._recipe.sample_filters, samples, failures)
        return _Round(
            accepted=[sample for sample, drop in zip(samples, sample_drops, strict=True) if drop is None],
            dropped=[drop for drop in [*drops, *sample_drops] if drop is not None],
            asked=asked,
            num_asked=len(asked) - len(unasked),
            num_unasked=len(unasked) + self._attempts.num_left(asked, samples),
            num_saved=self._attempts.num_saved(asked),
            samples=samples,
        )

    def _drops(
        self, step: str, parts: Iterable[Part], samples: Sequence[Sample], before: Sequence[Dropped | None] = ()
    ) -> list[Dropped | None]:
        """Return for each sample how it was left out, or None. A filter sees what the ones before it have kept."""
        drops = list(before) or [None] * len(samples)
        for part in parts:
            plugin = part.plugin.fresh(self._context)
            name = plugin.plugin_name()
            seen = [i for i, drop in enumerate(drops) if drop is None and part.applies_to(samples[i].question)]
            self._progress.begin(f"{step}: {name}", len(seen))
            reasons = drop_reasons(self._engine, plugin, [samples[i] for i in seen])
            for i, why in zip(seen, reasons, strict=True):
                if why is not None:
                    drops[i] = Dropped(step, name, why, samples[i])
                self._progress.advance()
            report = plugin.report()
            if report is not None:
                self._reports.append(replace(report, step=step))
                if report.warning:
                    self._progress.note(f"{step}: {name}: {report.warning}")
        return drops

    def _failure(self, sample: Sample) -> Dropped | None:
        """Return how a sample fell out before any filter saw it: not judged for lack of budget, or not answered."""
        if self._attempts.is_unjudged(sample):
            return Dropped("verifiers", "budget", DropReason("not judged, the budget is spent"), sample)
        if sample.trace is None or not sample.trace.failure:
            return None
        why = DropReason(sample.trace.failure, detail=sample.trace.error or "")
        return Dropped("teacher", self._recipe.teacher.plugin.plugin_name(), why, sample)

    def _counts(self, last: _Round, *, num_kept: int, dropped: Sequence[Dropped]) -> Counts:
        spending = self._attempts.spending
        judged = [sample for sample in last.samples if self._recipe.verifiers and self._failure(sample) is None]
        return Counts(
            drawn=len(self._draw.questions) + len(self._draw.dropped),
            asked=last.num_asked,
            traces=len(last.samples),
            kept=num_kept,
            outcomes=dict(sorted(Counter(sample.outcome for sample in judged).items())),
            dropped=Counter((drop.step, drop.plugin, drop.why.reason) for drop in dropped),
            prompt_tokens=sum(spent.prompt_tokens for spent in spending.spent.values()),
            completion_tokens=sum(spent.completion_tokens for spent in spending.spent.values()),
            cost_usd=spending.cost_usd,
            spent=spending.spent,
            calls_saved=last.num_saved,
        )
