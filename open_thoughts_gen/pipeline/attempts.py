"""What a run has asked, and what it was answered: every attempt at every question, with its trace and its verdicts.

Attempts are kept from one look of the line to the next, so that nothing is asked or judged twice. Questions that are
equal in every field are one question here, asked once. A copy of a question (`mix` with `short: repeat`) is asked for
attempts of its own: copy k of a question with n attempts has those from k * n on, so that no two rows have one id and
one attempt. Where the teacher cannot give more than n, copies share their answers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Generic, TypeVar

from open_thoughts_gen.engines import Engine
from open_thoughts_gen.errors import Fault, ProviderError, UserError
from open_thoughts_gen.money.budget import NOT_ASKED, TEACHER, Spending, call_of
from open_thoughts_gen.pipeline.draw import Draw
from open_thoughts_gen.pipeline.progress import Watcher
from open_thoughts_gen.pipeline.references import SAME_TEXT, unaccepted
from open_thoughts_gen.pipeline.shared import SharedWork
from open_thoughts_gen.pipeline.verdicts import assigned, judged
from open_thoughts_gen.plugin import Context, Teacher
from open_thoughts_gen.plugin.judging import Faults
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Measure, Question, Request, Sample, Trace, UnacceptedReference, Verdict

Key = tuple[int, int]  # place of the question in the draw, attempt


Value = TypeVar("Value")


class ByAttempt(Generic[Value]):
    """A value for each attempt that has one: by its question, then in a list."""

    def __init__(self) -> None:
        """Begin without any."""
        self._values: dict[int, list[Value | None]] = {}
        self._num = 0

    def __len__(self) -> int:
        """Return how many have one."""
        return self._num

    def __contains__(self, key: Key) -> bool:
        """Return whether an attempt has one."""
        return self.get(key) is not None

    def __getitem__(self, key: Key) -> Value:
        """Return the value of an attempt that has one."""
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def get(self, key: Key) -> Value | None:
        """Return the value of an attempt, None where it has none."""
        question, attempt = key
        values = self._values.get(question, ())
        return values[attempt] if attempt < len(values) else None

    def __setitem__(self, key: Key, value: Value) -> None:
        """Set the value of an attempt."""
        question, attempt = key
        values = self._values.setdefault(question, [])
        values.extend([None] * (attempt + 1 - len(values)))
        self._num += values[attempt] is None
        values[attempt] = value


class Attempts:
    """The teacher and the verifiers of one run, and what they have said so far."""

    def __init__(
        self, recipe: Recipe, context: Context, draw: Draw, *, engine: Engine, progress: Watcher, shared: SharedWork
    ) -> None:
        """Make the plug-ins fresh for the run."""
        self._spool, self._shared, self.faults = shared.spool, shared.answers(recipe), Faults()
        self._recipe, self._draw, self._engine, self._progress = recipe, draw, engine, progress
        self._made: dict[int, int] = {}  # attempts of a question, by its first place
        self.spending = context.spending or Spending(recipe.budget, recipe.known_prices)
        self.spending.begin()
        context = replace(context, spending=self.spending)
        self._teacher = self.spending.teacher = recipe.teacher.plugin.fresh(context)
        self._assignments = assigned(recipe.verifiers, context)
        self._traces: ByAttempt[Trace] = ByAttempt()
        self._verdicts: ByAttempt[dict[int, Verdict]] = ByAttempt()  # by the place of the verifier in the recipe

    def check_budget(self) -> None:
        """Refuse a cap in money where a price is unknown, which would cap nothing."""
        check_budget(self._recipe, self._teacher)

    def ask_and_judge(self, asked: Sequence[int]) -> None:
        """Ask every attempt, in waves that `until` and the budget keep small.

        With `until`, of each question no more is asked than may still be needed; under a cap, half of what there is
        room for. What the next wave asks depends on answers and verdicts alone, and not on when they came, so a
        repeated run asks the same.
        """
        firsts = list(dict.fromkeys(self._draw.first_like[index] for index in asked))
        while True:
            wave = [(first, attempt) for first in firsts for attempt in self._wanted(first)]
            part = self._part_of(wave)
            is_part, wave = len(part) < len(wave), part
            self._made.update((first, attempt + 1) for first, attempt in wave)
            if not self._ask_and_judge_wave(wave, firsts):
                return
            if self._recipe.until is None and not is_part:
                return

    def _part_of(self, wave: Sequence[Key]) -> list[Key]:
        """Return the part of a wave to ask before the budget is looked at again; what an estimate has asked is free."""
        size = self.spending.wave_size(judged=any(each.verifier.models for each in self._assignments))
        part: list[Key] = []
        later: set[int] = set()  # questions of which an attempt has to wait, and all after it
        for key in wave:
            is_free = self.spending.knows(TEACHER, call_of(*self._asked(key)))
            if key[0] in later or (size == 0 and not is_free):
                later.add(key[0])
                continue
            part.append(key)
            size = size - (not is_free) if size is not None else None
        return part

    def _ask_and_judge_wave(self, wave: Sequence[Key], firsts: Sequence[int]) -> bool:
        """Return whether there was a wave, and the budget had room for all of it.

        What is judged needs no room for judging any more, which may leave some for what was not asked: for as long as
        anything was asked, it is tried again.
        """
        num_before = -1
        while num_before < len(self._traces):
            num_before = len(self._traces)
            if wave:
                self._ask(wave)
            self._judge([key for first in firsts for key in self._keys(first)])
            if all(key in self._traces for key in wave):
                return bool(wave)
        return False

    def samples(self, index: int, measures: Mapping[str, Measure] | None = None) -> list[Sample]:
        """Return the question's samples, one an attempt, each with the share of correct ones among those decided.

        `measures` are those of the question.
        """
        question, keys = self._draw.questions[index], self._keys(index)
        plain = [Sample(question, self._traces[key], tuple((self._verdicts.get(key) or {}).values())) for key in keys]
        outcomes = Counter(sample.outcome for sample in plain)
        decided = outcomes["correct"] + outcomes["incorrect"]
        pass_rate = outcomes["correct"] / decided if decided else None
        measures = measures or {}
        return [Sample(question, sample.trace, sample.verdicts, pass_rate, measures) for sample in plain]

    def unaccepted(self, asked: Iterable[int]) -> list[UnacceptedReference]:
        """Return the references that their own verifiers cannot read or do not accept."""
        questions = [self._draw.questions[i] for i in asked]
        verdicts = ((i, verdict) for i in asked for sample in self.samples(i) for verdict in sample.verdicts)
        decided = ((i, each) for i, each in verdicts if each.outcome != "undecided" and each.explanation != SAME_TEXT)
        read = {self._draw.questions[i].id for i, _ in decided}
        return unaccepted(self._engine, self._assignments, questions, read=read)

    def num_left(self, asked: Iterable[int], samples: Iterable[Sample]) -> int:
        """Return how many questions lack attempts, plus how many samples lack verdicts, because the budget ran out."""
        firsts = {self._draw.first_like[index] for index in asked}
        cut_short = sum(0 < len(self._keys(first)) < self._made.get(first, 0) for first in firsts)
        return cut_short + sum(map(self.is_unjudged, samples))

    def num_saved(self, asked: Iterable[int]) -> int:
        """Return how many attempts were allowed but not needed."""
        firsts = {self._draw.first_like[index] for index in asked}
        return sum(self._recipe.max_attempts - self._made[first] for first in firsts & self._made.keys())

    def is_unjudged(self, sample: Sample) -> bool:
        """Return whether a verifier did not judge a trace because the budget ran out."""
        return any(verdict.cause == NOT_ASKED for verdict in sample.verdicts if verdict.outcome == "undecided")

    def _wanted(self, first: int) -> range:
        """Return the attempts of a question that are to be asked next."""
        num_made, until = self._made.get(first, 0), self._recipe.until
        if until is None:
            return range(num_made, self._recipe.attempts)
        right = sum(sample.outcome == "correct" for sample in self.samples(first))
        return range(num_made, min(until.max_attempts, num_made + max(0, until.accepted - right)))

    def _keys(self, index: int) -> list[Key]:
        """Return the attempts of a question that have their traces; a spent budget leaves some without."""
        first = self._draw.first_like[index]
        keys = [(first, attempt) for attempt in range(self._made.get(first, 0))]
        return [key for key in keys if key in self._traces]

    def _question(self, key: Key) -> Question:
        return self._draw.questions[key[0]]

    def _number(self, key: Key) -> int:
        """Return which attempt this is among those at the question and all its copies."""
        return self._question(key).copy * self._recipe.max_attempts + key[1]

    def _asked(self, key: Key) -> tuple[str, int]:
        """Return what the teacher is asked for: the id of a question, and which attempt."""
        return self._question(key).id, self._number(key) if self._teacher.answers_copies else key[1]

    def _ask(self, wave: Sequence[Key]) -> None:
        for key in wave:
            earlier = self._shared.trace((key[0], self._number(key))) if key not in self._traces else None
            if earlier is not None and self.spending.hand_out(TEACHER, call_of(*self._asked(key))):
                self._traces[key] = earlier
                self.spending.take_in(earlier)
        waiting = [key for key in wave if key not in self._traces]
        self._progress.begin("teacher", len(self._traces) + len(waiting), len(self._traces))
        self._progress.show(lambda: " · ".join(filter(None, (self._teacher.state(), self.spending.line()))))
        while waiting:
            # A trace says which prompt it answers, no more: of questions that share a prompt and differ elsewhere
            # (another reference, say), each has to be asked in a round of its own.
            round_: dict[tuple[str, int], Key] = {}
            for key in waiting:
                round_.setdefault(self._asked(key), key)
            if not self._ask_round(round_):
                return
            waiting = [key for key in waiting if key not in self._traces]

    def _ask_round(self, expected: dict[tuple[str, int], Key]) -> bool:
        """Ask each of these once, for as long as the budget lasts; return whether any was asked."""
        handed: dict[tuple[str, int], Key] = {}

        def requests() -> Iterator[Request]:
            has_room = True
            for asked, key in expected.items():
                call = call_of(*asked)
                has_room = has_room and self.spending.hand_out(TEACHER, call)
                if has_room or self.spending.knows(TEACHER, call):
                    handed[asked] = key
                    yield Request(self._question(key), asked[1])

        try:
            for trace in self._engine.traces(self._teacher, requests()):
                key = handed.pop((trace.question_id, trace.attempt), None)
                if key is None:
                    raise RuntimeError(f"{self._teacher.label} gave a trace that was not asked for, or gave it twice")
                self.spending.take_in(trace)
                number = self._number(key)
                numbered = trace if trace.attempt == number else replace(trace, attempt=number)
                self._traces[key] = self._spool.stored(numbered)
                self._shared.add_trace((key[0], number), self._traces[key])
                self._progress.answered(Sample(self._question(key), numbered))
                self._progress.advance()
        except ProviderError as error:
            if not (self.spending.keeps_part and self._traces):
                raise
            self.spending.end(error.faults[0].message)
            return False
        if handed:
            raise RuntimeError(f"{self._teacher.label} gave no trace for {len(handed)} of {len(expected)} requests")
        return any(key in self._traces for key in expected.values())

    def _judge(self, keys: Sequence[Key]) -> None:
        """Judge what no verifier has seen yet; the attempts beside it too, where a verdict depends on them."""
        if not self._assignments:
            return
        new = {key for key in keys if key not in self._verdicts}
        is_compared = any(each.verifier.sees_attempts for each in self._assignments)
        ids = {self._question(key).id for key in new} if is_compared else set()
        keys = [key for key in keys if key in new or (is_compared and self._question(key).id in ids)]
        earlier = {key: verdicts for key in new if (verdicts := self._shared.verdicts(key, self._traces[key]))}
        for key in new:
            self._verdicts[key] = dict(earlier.get(key, {}))
        calls = (call_of(*self._asked(key)) for key in new)
        self.spending.num_judged += sum(not self.spending.knows(TEACHER, call) for call in calls)
        everyone = range(len(self._assignments))
        seen = {i: earlier.get(key, ()) if key in new else everyone for i, key in enumerate(keys)}
        samples = [Sample(self._question(key), self._traces[key]) for key in keys]
        for i, number, verdict in judged(
            self._engine,
            self._assignments,
            samples,
            seen=seen,
            progress=self._progress,
            spent=self.spending.line,
            faults=self.faults,
        ):
            verdicts = self._verdicts[keys[i]]
            verdicts[number] = verdict
            self._progress.answered(replace(samples[i], verdicts=tuple(verdicts.values())))
        for key in new:
            self._verdicts[key] = dict(sorted(self._verdicts[key].items()))  # as if none had been known
            self._shared.add_verdicts(key, self._traces[key], self._verdicts[key])


def check_budget(recipe: Recipe, teacher: Teacher) -> None:
    """Refuse a cap in money where the price of a model that is asked is unknown, which would cap nothing.

    Raises:
        UserError: a price is unknown.

    """
    if recipe.budget is None or recipe.budget.usd is None:
        return
    models = [] if teacher.cost_usd is not None else [*teacher.models]
    others = (*recipe.verifiers, *recipe.sources, *recipe.question_filters, *recipe.sample_filters)
    models += [model for part in others for model in part.plugin.models]
    unknown = [model for model in models if model not in recipe.known_prices]
    if unknown:
        hint = f"add `prices: {{{unknown[0]}: {{input: ..., output: ...}}}}`, in USD per million tokens"
        raise UserError(Fault(f"`budget: usd` needs a price, and that of {unknown[0]} is not known", hint=hint))
