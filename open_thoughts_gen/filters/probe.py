"""Let a smaller model try each question first: how often it is right, and at what length it answers.

    use: probe
    model: ollama/qwen3:4b
    attempts: 4
    verifiers: [math]
    above: 0          # drop what it never solves
    below: 1          # and what it always solves

Two measures stay on the row: `probe_pass_rate`, the share of its decided attempts that are correct, and `probe_words`,
how many words it needs, reasoning included, on average. s1K dropped what small models solve; reinforcement learning
keeps a band of pass rates; OpenThoughts3 took the questions of mathematics that a small model answers at greatest
length (`top_k` by `probe_words`). Verifiers that cannot decide count for nothing, so a rate may be missing.

What it asks is stored in the response cache and stands in the account of the run, as what filters asked.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import repeat
from statistics import fmean
from typing import Any, Literal, Self, cast

from pydantic import Field, PrivateAttr, model_validator

from open_thoughts_gen.chat import EndpointSpec, resolve
from open_thoughts_gen.money.budget import FILTER, call_of
from open_thoughts_gen.plugin import Filter, Teacher, Verifier, load
from open_thoughts_gen.plugin.judging import judge
from open_thoughts_gen.plugin.nested import Nested
from open_thoughts_gen.plugin.when import Wanted, meets
from open_thoughts_gen.text.hashes import HashTable
from open_thoughts_gen.types import DropReason, Question, Request, Sample, Trace


class Probe(Filter):
    """Lets a smaller model try each question, and keeps those that it solves as often as wanted."""

    model: EndpointSpec = Field(description="the model that tries: provider/model, or http://host:port/v1#model")
    attempts: int = Field(default=1, ge=1, le=1024, description="how often it tries each question")
    verifiers: tuple[Nested, ...] = Field(
        default=(), description="what judges its answers; empty: only their length is measured"
    )
    above: float | None = Field(default=None, ge=0, lt=1, description="keep only pass rates greater than this")
    below: float | None = Field(default=None, gt=0, le=1, description="keep only pass rates less than this")
    unmeasured: Literal["keep", "drop"] = Field(
        default="drop", description="what to do with questions of which no attempt could be decided"
    )
    temperature: float | None = Field(default=None, ge=0, le=2, description="sampling temperature; null: none is sent")
    max_tokens: int | None = Field(
        default=None, ge=1, description="the most tokens of one answer; null: no limit is sent"
    )
    system: str = Field(default="", description="system prompt sent with every question; empty: none")
    prefix: str = Field(default="", description="text put before every question's prompt")
    concurrency: int = Field(default=64, ge=1, le=4096, description="how many calls to make at once")
    max_retries: int = Field(default=8, ge=0, description="how often to retry a failed call")
    _teacher: Teacher = PrivateAttr()
    _judges: list[tuple[Mapping[str, Wanted], Verifier]] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self._has_bounds and not self.verifiers:
            raise ValueError("`above` and `below` are about pass rates, which need `verifiers:`")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"no pass rate is above {self.above:g} and below {self.below:g}")
        if self.attempts > 1 and self.temperature == 0:
            raise ValueError("several attempts at temperature 0 are one: raise `temperature:`, or set `attempts: 1`")
        return self

    @property
    def _has_bounds(self) -> bool:
        return self.above is not None or self.below is not None

    @property
    def measure_names(self) -> tuple[str, str]:
        """The pass rate and the words that it needs."""
        return ("probe_pass_rate", "probe_words")

    @property
    def label(self) -> str:
        """The filter and its model."""
        return f"{self.plugin_name()} ({resolve(self.model).public_name})"

    @property
    def models(self) -> Sequence[str]:
        """The model that tries, and those of its judges."""
        return [resolve(self.model).label, *(model for each in self.verifiers for model in each.verifier.models)]

    def start(self) -> None:
        """Make the teacher that tries, and the verifiers.

        Raises:
            UserError: no key is set, or the cache cannot be written.

        """
        names = ("model", "temperature", "max_tokens", "system", "prefix", "concurrency", "max_retries")
        plugin = load("teacher", "openai").model_validate({name: getattr(self, name) for name in names})
        context = replace(self._context, counted_as=FILTER, ask_again=None)
        self._teacher = cast("Teacher", plugin.fresh(context))
        self._judges = [(each.when, each.verifier.fresh(context)) for each in self.verifiers]

    def state(self) -> str:
        """Return one line on how its calls are going."""
        return self._teacher.state()

    def measure(self, sample: Sample) -> Mapping[str, Any]:
        """Return the measures of one sample."""
        return next(self.measures([sample]))

    def measures(self, samples: Sequence[Sample]) -> Iterator[Mapping[str, Any]]:
        """Let the model try all of them, and yield the measures of each."""
        tries = self._tries(samples)
        rates = self._rates(samples, tries) if self._judges else repeat(None)
        for sample, rate in zip(samples, rates, strict=False):
            words = tries.words_of(sample.question)
            yield dict(zip(self.measure_names, (rate, round(fmean(words), 1) if words else None), strict=True))

    def _tries(self, samples: Iterable[Sample]) -> _Tries:
        """Return what came of the attempts that were answered within the budget."""
        tries = _Tries(self.attempts, holds_traces=bool(self._judges))
        meter = self._context.meter(FILTER)

        def within_budget() -> Iterator[Request]:
            for question in (sample.question for sample in samples):
                for attempt in range(self.attempts) if tries.add(question) else ():
                    call = call_of(question.id, attempt)
                    if meter is not None and not (meter.knows(call) or meter.hand_out(call)):
                        return
                    yield Request(question, attempt)

        for trace in self._teacher.traces(within_budget()):
            call = call_of(trace.question_id, trace.attempt)
            if not trace.failure:
                tries.take_in(trace)
            if meter is not None and not meter.knows(call):
                meter.come_back(answered=trace.usage is not None, call=call)
        return tries

    def _rates(self, samples: Sequence[Sample], tries: _Tries) -> Iterator[float | None]:
        """Yield the share of the decided attempts at each question that are correct."""
        pairs = [(sample.question, trace) for sample in samples for trace in tries.traces_of(sample.question)]
        outcomes = iter(self._outcomes(pairs))
        for sample in samples:
            of_question = [next(outcomes) for _ in tries.traces_of(sample.question)]
            decided = [outcome for outcome in of_question if outcome != "undecided"]
            yield round(decided.count("correct") / len(decided), 4) if decided else None

    def _outcomes(self, pairs: Sequence[tuple[Question, Trace]]) -> list[str]:
        """Return the outcome of each attempt, by all verifiers that are meant for its question."""
        samples = [Sample(question, trace) for question, trace in pairs]
        for when, verifier in self._judges:
            rows = [i for i, (question, _) in enumerate(pairs) if meets(question, when)]
            for i, verdict in zip(rows, judge(verifier, [pairs[i] for i in rows]), strict=True):
                samples[i] = replace(samples[i], verdicts=(*samples[i].verdicts, verdict))
        return [sample.outcome for sample in samples]

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return "solved too seldom", "solved too often" or "no pass rate", with the rate; else None."""
        if not self._has_bounds:
            return None
        rate = self.measured(sample, self.measure_names[0])
        if rate is None:
            return DropReason("no pass rate", "no attempt could be decided") if self.unmeasured == "drop" else None
        detail = f"{rate:.2g} of the decided attempts of {resolve(self.model).public_name} are correct"
        if self.above is not None and rate <= self.above:
            return DropReason("solved too seldom", detail)
        return DropReason("solved too often", detail) if self.below is not None and rate >= self.below else None


class _Tries:
    """The attempts at each question: how many words were answered, and with `holds_traces` also the traces.

    Of each question that is a few bytes, so that it can be asked of millions.
    """

    def __init__(self, attempts: int, *, holds_traces: bool) -> None:
        self._attempts, self._holds_traces = attempts, holds_traces
        self._first = HashTable()  # index of the first attempt at a question, by its id
        self._words = array("l")  # -1: no answer
        self._traces: dict[int, Trace] = {}

    def add(self, question: Question) -> bool:
        """Return whether a question has not been added before."""
        first = len(self._words)
        is_new = self._first.setdefault(int(question.id, 16), first) == first
        self._words.extend([-1] * self._attempts if is_new else ())
        return is_new

    def take_in(self, trace: Trace) -> None:
        """Take an answer to a question that was added."""
        index = self._first.setdefault(int(trace.question_id, 16), 0) + trace.attempt
        self._words[index] = len(f"{trace.reasoning} {trace.response}".split())
        if self._holds_traces:
            self._traces[index] = trace

    def words_of(self, question: Question) -> list[int]:
        """Return how many words each answer to a question has."""
        return [self._words[index] for index in self._answered(question)]

    def traces_of(self, question: Question) -> list[Trace]:
        """Return the answers to a question."""
        return [self._traces[index] for index in self._answered(question)]

    def _answered(self, question: Question) -> list[int]:
        first = self._first.setdefault(int(question.id, 16), len(self._words))
        return [i for i in range(first, min(first + self._attempts, len(self._words))) if self._words[i] >= 0]
