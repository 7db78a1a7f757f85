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

from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from open_thoughts_gen.engines import Engine, drop_reasons, spread
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.money.budget import NOT_ASKED, Spending
from open_thoughts_gen.pipeline.advice import advice_on, why_no_question
from open_thoughts_gen.pipeline.attempts import Attempts
from open_thoughts_gen.pipeline.lazy import Joined, Picked
from open_thoughts_gen.pipeline.measures import MeasureBook
from open_thoughts_gen.pipeline.order import arranged
from open_thoughts_gen.pipeline.progress import Unwatched, Watcher
from open_thoughts_gen.pipeline.questions import Unasked
from open_thoughts_gen.pipeline.shared import SharedWork
from open_thoughts_gen.pipeline.sieve import Sieve
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
    shared: SharedWork | None = None,
) -> Finished:
    """Run a recipe up to its finished samples, which may be fewer than the target: then `shortfall` says why.

    `spool` is where traces wait that are too many for memory; a file beside the response cache if not given. `shared`
    is what runs of recipes that share stages need not work out twice; it has a spool of its own.

    Raises:
        UserError: the recipe can never end, or one of its plug-ins found a fault that the user can fix.

    """
    watcher, shared = progress or Unwatched(), shared or SharedWork(spool or Spool(context.cache.parent), alone=True)
    if engine is not None:
        return _Line(recipe, context, progress=watcher, engine=engine, shared=shared).finish()
    with Local() as local:
        return _Line(recipe, context, progress=watcher, engine=local, shared=shared).finish()


@dataclass(frozen=True, slots=True)
class _Round:
    """What became of the questions drawn so far; `losses` are the numbers of `dropped` by step, plug-in and reason."""

    accepted: Sequence[Sample]
    dropped: Sequence[Dropped]
    losses: Counter[tuple[str, str, str]]
    asked: Sequence[int]
    num_asked: int
    num_unasked: int
    num_saved: int
    samples: Sequence[Sample]


class _Line:
    """One run: the plug-ins made fresh for it, and what they have answered so far."""

    def __init__(
        self, recipe: Recipe, context: Context, *, progress: Watcher, engine: Engine, shared: SharedWork
    ) -> None:
        spending = context.spending or Spending(recipe.budget, recipe.known_prices)
        context = replace(context, spread=spread(engine), spending=spending)
        self._recipe, self._context, self._progress, self._engine = recipe, context, progress, engine
        self._shared, self._draw = shared, shared.draw(recipe, context)
        self._attempts = Attempts(recipe, context, self._draw, engine=engine, progress=progress, shared=shared)
        self._reports: list[FilterReport] = []  # of the last round
        self._measured = {step: MeasureBook(engine) for step in ("question_filters", "sample_filters")}
        self._sample_numbers: dict[int, int] = {}  # in the second book, of the first sample of each question

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
        beyond = [Dropped("target", "target", DropReason("beyond the target"), sample) for sample in surplus]
        dropped = Joined(self._draw.dropped, last.dropped, beyond)
        losses = Counter((drop.step, drop.plugin, drop.why.reason) for drop in [*self._draw.dropped, *beyond])
        counts = self._counts(last, num_kept=len(within), losses=last.losses + losses)
        is_short = not within or (bool(last.num_unasked) if target is None else len(within) < target)
        if not counts.drawn:
            step = Stop(why_no_question(recipe, self._context))
        advice = partial(advice_on, recipe)
        message = shortfall(counts, step, target=target, advice=advice) if is_short else ""
        samples, faults = tuple(arranged(within, recipe.seed)), tuple(self._attempts.faults.raised)
        unaccepted = tuple(self._attempts.unaccepted(last.asked))
        return Finished(samples, dropped, counts, message, tuple(self._reports), faults, unaccepted)

    def _round(self, num: int | None) -> _Round:
        """Draw until there are `num` questions, None for all, and run the line over them; nothing is asked twice."""
        self._reports = []
        self._progress.begin("sources", num, len(self._draw.questions))
        self._draw.until(num, self._progress)
        questions, ways = Unasked(self._draw.questions), self._shared.ways
        filtered = Sieve(questions, self._measured["question_filters"], range(len(questions)), ways)
        self._filter("question_filters", self._recipe.question_filters, filtered)
        before_teacher = filtered.copy()  # what is left out from here on is of this run
        asked = array("I", before_teacher.remaining())
        self._attempts.ask_and_judge(asked)
        samples: list[Sample] = []
        numbers, unasked = array("Q"), array("I")
        for i in asked:
            of_question = self._attempts.samples(i, before_teacher[i].measures)
            samples += of_question
            first = self._sample_numbers.setdefault(i, self._recipe.max_attempts * len(self._sample_numbers))
            numbers.extend(range(first, first + len(of_question)))
            if not of_question:
                unasked.append(i)
        for i in unasked:
            before_teacher.drop(i, "budget", "budget", DropReason(NOT_ASKED))
        after_teacher = Sieve(samples, self._measured["sample_filters"], numbers, ways)
        for i, sample in enumerate(samples):
            if (failure := self._failure(sample)) is not None:
                after_teacher.drop(i, *failure)
        self._filter("sample_filters", self._recipe.sample_filters, after_teacher)
        return _Round(
            accepted=[after_teacher[i] for i in after_teacher.remaining()],
            dropped=Joined(before_teacher.dropped, after_teacher.dropped),
            losses=before_teacher.losses + after_teacher.losses,
            asked=asked,
            num_asked=len(asked) - len(unasked),
            num_unasked=len(unasked) + self._attempts.num_left(asked, samples),
            num_saved=self._attempts.num_saved(asked),
            samples=samples,
        )

    def _filter(self, step: str, parts: Sequence[Part], sieve: Sieve) -> None:
        """Have filters measure samples and leave them out, as far as an earlier run has not seen the same done."""
        filtering = self._shared.filtering(step, parts, sieve, seed=self._recipe.seed)
        for part in parts:
            rest = filtering.rest(part.plugin)
            if rest is not None:
                filtering.reports.append(self._filter_by(step, part, len(filtering.reports), sieve, rest))
        self._shared.add_filtering(step, filtering, seed=self._recipe.seed)
        self._reports += filter(None, filtering.reports)

    def _filter_by(self, step: str, part: Part, number: int, sieve: Sieve, rest: range) -> FilterReport | None:
        """Have one filter do so with the rest of the samples; return what it reports. It sees what others have kept."""
        plugin = part.plugin.fresh(self._context)
        name = plugin.plugin_name()
        seen = array("I", (i for i in sieve.remaining(rest) if part.applies_to(sieve[i])))
        samples = Picked(sieve, seen)
        self._progress.begin(f"{step}: {name}", len(seen))
        self._progress.show(plugin.state)
        if plugin.measure_names:
            self._measured[step].add(number, plugin, samples, Picked(sieve.numbers, seen))
        sieve.num_begun = number + 1
        reasons = drop_reasons(self._engine, plugin, samples)
        for i, why in zip(seen, reasons, strict=True):
            if why is not None:
                sieve.drop(i, step, name, why)
            self._progress.advance()
        report: FilterReport | None = plugin.report()
        if report is None:
            return None
        if report.warning:
            self._progress.note(f"{step}: {name}: {report.warning}")
        return replace(report, step=step)

    def _failure(self, sample: Sample) -> tuple[str, str, DropReason] | None:
        """Return how a sample fell out before any filter saw it: not judged for lack of budget, or not answered.

        That is the step, the plug-in and the reason.
        """
        if self._attempts.is_unjudged(sample):
            return "verifiers", "budget", DropReason("not judged, the budget is spent")
        if sample.trace is None or not sample.trace.failure:
            return None
        why = DropReason(sample.trace.failure, detail=sample.trace.error or "")
        return "teacher", self._recipe.teacher.plugin.plugin_name(), why

    def _counts(self, last: _Round, *, num_kept: int, losses: Counter[tuple[str, str, str]]) -> Counts:
        spending = self._attempts.spending
        judged = [sample for sample in last.samples if self._recipe.verifiers and self._failure(sample) is None]
        return Counts(
            drawn=len(self._draw.questions) + len(self._draw.dropped),
            asked=last.num_asked,
            traces=len(last.samples),
            kept=num_kept,
            outcomes=dict(sorted(Counter(sample.outcome for sample in judged).items())),
            dropped=losses,
            prompt_tokens=sum(spent.prompt_tokens for spent in spending.spent.values()),
            completion_tokens=sum(spent.completion_tokens for spent in spending.spent.values()),
            cost_usd=spending.cost_usd,
            spent=spending.spent,
            calls_saved=last.num_saved,
        )
