"""What a run will take, from a few rows: calls, tokens, money and time, each with an interval.

The rows are asked and judged through the response cache, so they are part of the run and never paid for twice. Tokens,
money and seconds of one answer are given by their mean and its 95 % interval (Student's t), for the teacher and for
judges apart, and with them answers that are thrown away and asked again. The share of traces that is accepted is given
by Wilson's score interval (E. B. Wilson, JASA 22, 1927). The ends of an interval take the unfavourable ends of both.

Time is the calls times the seconds of one, shared by the places on the wire, and the slowest answer of the sample, with
which each role ends; never less than `rpm` and `tpm` allow. It holds as long as the endpoint accepts that many calls.

Not covered: answers that get longer for later questions, waits between the waves of `until`, and whole-set filters,
which leave out more of a larger set.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from open_thoughts_gen.cli.pace import duration
from open_thoughts_gen.money.budget import FILTER, JUDGE, TEACHER, WRITER, AnswerCost
from open_thoughts_gen.money.prices import listed_on, note_on
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.publish.rates import wilson
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Finished, Question

MAX_COUNTED = 1_000_000
_SMALLEST = 1e-9  # of what is divided by
# Quantiles of Student's t at 97.5 % for 1, 2 ... degrees of freedom.
_T = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.20, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.10, 2.09)


@dataclass(frozen=True, slots=True)
class Range:
    """An expected figure, and the ends between which it lies with 95 % confidence."""

    low: float
    expected: float
    high: float

    def __mul__(self, other: Range) -> Range:
        """Multiply end by end, for figures that are not negative."""
        return Range(self.low * other.low, self.expected * other.expected, self.high * other.high)

    def __add__(self, other: Range) -> Range:
        """Add end by end."""
        return Range(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def times(self, factor: float) -> Range:
        """Multiply by a number."""
        return self * Range(factor, factor, factor)

    def at_least(self, other: Range) -> Range:
        """Return the larger, end by end."""
        return Range(*map(max, (self.low, self.expected, self.high), (other.low, other.expected, other.high)))

    def at_most(self, other: Range) -> Range:
        """Return the smaller, end by end."""
        return Range(*map(min, (self.low, self.expected, self.high), (other.low, other.expected, other.high)))


NOTHING = Range(0, 0, 0)


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take, by role. Money is None where a price is unknown, time where the sample was cached."""

    num_sampled: int
    calls: Mapping[str, Range]
    tokens: Range
    usd: Mapping[str, Range | None]
    time_s: Range | None
    num_places: int
    unpriced: Sequence[str] = ()
    remarks: Sequence[str] = ()

    @property
    def total_usd(self) -> Range | None:
        """What all roles cost."""
        known = [usd for usd in self.usd.values() if usd is not None]
        return sum(known, NOTHING) if len(known) == len(self.usd) else None

    def lines(self) -> list[str]:
        """Return it in words."""
        others = "".join(f", {role} {_counted(calls)}" for role, calls in self.calls.items() if role != TEACHER)
        time = "unknown: all answers were in the cache"
        if self.time_s is not None:
            low, expected, high = map(duration, (self.time_s.low, self.time_s.expected, self.time_s.high))
            span = expected if low == high else f"{low} to {high}, about {expected}"
            time = f"{span} with {self.num_places:,} calls at once"
        return [
            f"estimate from {self.num_sampled:,} questions, whose answers the run will use; 95 % intervals",
            f"calls:  {_counted(self.calls.get(TEACHER, NOTHING))}{others}",
            f"tokens: {_counted(self.tokens)}",
            f"money:  {self._money()}",
            f"time:   {time}",
            *(f"note:   {remark}" for remark in self.remarks),
        ]

    def _money(self) -> str:
        total = self.total_usd
        if total is None:
            return f"unknown; add `prices:` for {', '.join(self.unpriced)}" if self.unpriced else "unknown"
        shares = [f"{role} {_usd(usd.expected)}" for role, usd in self.usd.items() if usd is not None]
        by_role = f", {', '.join(shares)}" if len(shares) > 1 else ""
        if total.high < 0.01:
            return _usd(total.high)
        return f"{_usd(total.expected)} ({_usd(total.low)} to {_usd(total.high)}{by_role})"


def sample_of(recipe: Recipe, num: int) -> Recipe:
    """Return the recipe of the sample: the first questions, asked once."""
    return recipe.model_copy(update={"target": None, "max_questions": num, "attempts": 1, "until": None})


def is_paid(recipe: Recipe) -> bool:
    """Return whether the run asks models, and all their prices are known."""
    models = recipe.paid_models
    return bool(models) and all(model in recipe.known_prices for model in models)


def estimate(recipe: Recipe, finished: Finished, *, context: Context) -> Estimate | None:
    """Return what the whole run will take, or None if the sample has no answer to go by.

    `finished` is the run of `sample_of` the recipe under the same context, whose spending has its answers.
    """
    answers: dict[str, list[AnswerCost]] = {}
    for answer in context.spending.answers if context.spending else ():
        answers.setdefault(answer.role, []).append(answer)
    if not answers:
        return None
    num_traces = max(1, finished.counts.traces)
    traces = _calls(recipe, finished, context)
    # Of an answer that was cut and asked again there are several for one trace, as there are of a judge's votes.
    calls = {role: traces.times(len(by_role) / num_traces) for role, by_role in answers.items()}
    tokens, usd = NOTHING, dict[str, Range | None]()
    for role, by_role in answers.items():
        tokens += calls[role] * _mean([one.tokens for one in by_role])
        costs = [one.usd for one in by_role if one.usd is not None]
        usd[role] = calls[role] * _mean(costs) if len(costs) == len(by_role) else None
    return Estimate(
        num_sampled=num_traces,
        calls=calls,
        tokens=tokens,
        usd=usd,
        time_s=_time_s(recipe, calls, answers),
        num_places=_num_places(recipe, TEACHER),
        unpriced=[model for model in recipe.paid_models if model not in recipe.known_prices],
        remarks=list(_remarks(recipe, finished, traces)),
    )


def _remarks(recipe: Recipe, finished: Finished, traces: Range) -> Iterator[str]:
    """Yield that the target will not be reached; how old the prices of the package's table are; what they depend on."""
    accepted = round(finished.counts.kept / max(1, finished.counts.traces) * traces.expected)
    if recipe.target is not None and accepted < recipe.target:
        yield f"there are too few questions for the target of {recipe.target:,} samples; expect about {accepted:,}"
    models = dict.fromkeys(model for model in recipe.paid_models if model not in recipe.prices)
    listed = [model for model in models if listed_on(model)]
    if listed:
        yield f"prices as listed on {min(map(listed_on, listed))}; `prices:` in the recipe replaces them"
    yield from (f"{model}: {note_on(model)}" for model in listed if note_on(model))


def _time_s(recipe: Recipe, calls: Mapping[str, Range], answers: Mapping[str, Sequence[AnswerCost]]) -> Range | None:
    """Return how long all calls take, role by role; None where none of the sample's was really made."""
    took_s = {role: [one.took_s for one in by_role if one.took_s is not None] for role, by_role in answers.items()}
    if not any(took_s.values()):
        return None
    time_s = NOTHING
    for role, seconds in took_s.items():
        if seconds:
            shared = calls[role] * _mean(seconds).times(1 / _num_places(recipe, role))
            time_s += shared + Range(statistics.fmean(seconds), max(seconds), max(seconds))
    teacher, tokens = recipe.teacher.plugin, [answer.tokens for answer in answers.get(TEACHER, ())]
    asked = calls.get(TEACHER, NOTHING)
    for limit, amount in (("rpm", asked), ("tpm", asked * _mean(tokens))):
        per_minute = getattr(teacher, limit, None)
        time_s = time_s.at_least(amount.times(60 / per_minute)) if per_minute else time_s
    return time_s


def _num_places(recipe: Recipe, role: str) -> int:
    """Return how many calls of a role are on the wire at once."""
    others = {
        WRITER: recipe.sources,
        FILTER: (*recipe.question_filters, *recipe.sample_filters),
        JUDGE: recipe.verifiers,
    }
    asking = [recipe.teacher] if role == TEACHER else [part for part in others.get(role, ()) if part.plugin.models]
    numbers = [getattr(part.plugin, "num_in_flight", getattr(part.plugin, "concurrency", 1)) for part in asking]
    return max(1, min(numbers, default=1))


def _calls(recipe: Recipe, finished: Finished, context: Context) -> Range:
    """Return how many calls the run will make."""
    counts = finished.counts
    rate = _rate(counts.kept, counts.traces)
    attempts = Range(recipe.attempts, recipe.attempts, recipe.attempts)
    if recipe.until is not None:
        likely = min(recipe.until.max_attempts, recipe.until.accepted / max(0.01, rate.expected))
        attempts = Range(recipe.until.accepted, likely, recipe.until.max_attempts)
    asked = _rate(counts.asked, counts.drawn) if recipe.question_filters else Range(1, 1, 1)
    of_each = asked * attempts
    limit = recipe.question_limit or MAX_COUNTED
    if recipe.target is None:
        return of_each.times(_num_questions(recipe, context, limit))
    needed = Range(*(recipe.target / max(each, _SMALLEST) for each in (rate.high, rate.expected, rate.low)))
    enough = math.ceil(needed.high / max(of_each.low, _SMALLEST))
    return of_each.times(_num_questions(recipe, context, min(limit, enough))).at_most(needed)


def _num_questions(recipe: Recipe, context: Context, limit: int) -> int:
    """Return how many questions the sources have, counted up to a limit; one that pays for them is not asked."""
    num = 0
    for part in recipe.sources:
        if part.plugin.endless or part.plugin.models:
            return limit
        drawn = part.plugin.fresh(context).questions()
        questions = (each for each in drawn if isinstance(each, Question))
        num += sum(1 for _ in islice(questions, limit - num))
    return num


def _mean(numbers: Sequence[float]) -> Range:
    """Return the mean with its interval; of one number nothing is known but that number."""
    mean, num = statistics.fmean(numbers or [0.0]), len(numbers)
    if num < 2:
        return Range(0, mean, 2 * mean)
    half = _T[min(num - 1, len(_T)) - 1] * statistics.stdev(numbers) / math.sqrt(num)
    return Range(max(0.0, mean - half), mean, mean + half)


def _rate(num: int, whole: int) -> Range:
    """Return a share with Wilson's interval."""
    if not whole:
        return Range(0, 0, 1)
    low, high = wilson(num / whole, whole)
    return Range(low, num / whole, high)


def _counted(figure: Range) -> str:
    ends = f" ({figure.low:,.0f} to {figure.high:,.0f})" if round(figure.low) != round(figure.high) else ""
    return f"{figure.expected:,.0f}{ends}"


def _usd(usd: float) -> str:
    return f"${usd:,.2f}" if usd >= 0.01 or not usd else "under $0.01"
