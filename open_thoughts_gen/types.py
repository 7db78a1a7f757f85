"""The words of the line: question, trace, verdict, sample, and what was left out.

Everything that flows between the steps is one of these frozen dataclasses, so that a step can be read knowing nothing
of the others. No third-party import stands here: a plug-in's tests need nothing but the plug-in.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

FinishReason = Literal["stop", "length", "error"]
Outcome = Literal["correct", "incorrect", "undecided"]
MAX_COPIES = 1_000_000  # of one question; anything else under `copy` in a meta does not number copies

# Why a trace holds no answer, in few, countable words. The first five came from the model, in place of an answer.
ErrorKind = Literal[
    "", "content filter", "empty answer", "refusal", "tool call", "truncated", "prompt rejected", "teacher error"
]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What is asked, and what is known about it before anybody answers.

    `reference` is the known-right answer, None if there is none; the word *answer* is kept for what a trace says.
    `meta` is JSON: whatever the source knows beyond these fields (a family's machine-readable case, a difficulty).
    """

    prompt: str
    reference: str | None = None
    domain: str = "general"
    source: str = ""
    license: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)

    def __eq__(self, other: object) -> bool:
        """Compare all fields, wherever they are: a subclass may read its meta from disk."""
        if not isinstance(other, Question):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__dataclass_fields__)

    __hash__ = None  # type: ignore[assignment]  # meta is a mapping

    def trait(self, key: str) -> Any:  # noqa: ANN401  (meta is JSON)
        """Return what rows are chosen and grouped by: domain, source, license, or a key of the meta; None if absent."""
        return getattr(self, key) if key in ("domain", "source", "license") else self.meta.get(key)

    @property
    def copy(self) -> int:
        """Which copy of a question this is, as `mix` numbers them in the meta; 0 is the question itself."""
        number = self.meta.get("copy")
        return number if type(number) is int and 0 < number < MAX_COPIES else 0

    @property
    def id(self) -> str:
        """First 16 hex digits of the SHA-256 of the prompt: the same question has the same id in every run."""
        return hashlib.sha256(self.prompt.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    @property
    def case(self) -> str:
        """Its id, or that of the question whose twin it is: the two are one case with one fact changed."""
        return str(self.trait("twin_of") or self.id)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one response cost: tokens as the provider counted them, None if it did not say.

    `reasoning_tokens` are among the completion's, `cached_tokens` (read from the provider's prompt cache) the prompt's.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None
    cached_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One attempt asked of a teacher: `attempt` counts from 0, and goes on through the copies of a question."""

    question: Question
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class TraceSpan:
    """A stretch of a trace and what it says: characters `start` to `end` (exclusive) of its reasoning or response.

    `kind` is that of the step that is said there, `step` its index in the derivation (of 0, 1, ...); anything else is a
    `note` of the question, a `phrase` between steps, `close` at the end of the reasoning, or `conclude`, the line of
    the answer. `again` marks a step that has been said before.
    """

    part: Literal["reasoning", "response"]
    start: int
    end: int
    kind: str
    step: int | None = None
    again: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """One attempt of a teacher. A failed call is a Trace too, with `finish_reason="error"`: data, not a crash.

    `error` then says in detail what happened, and `error_kind` in countable words. Traces are compared by their fields,
    wherever their texts are: a subclass may read them from disk. `passages` say what the texts say where, in their
    order, if the teacher knows it.
    """

    question_id: str
    attempt: int
    teacher: str
    reasoning: str
    response: str
    finish_reason: FinishReason = "stop"
    error: str | None = None
    usage: Usage | None = None
    error_kind: ErrorKind = ""
    passages: tuple[TraceSpan, ...] = ()

    def __eq__(self, other: object) -> bool:
        """Compare all fields."""
        return self._values() == other._values() if isinstance(other, Trace) else NotImplemented

    def __hash__(self) -> int:
        """Hash all fields."""
        return hash(self._values())

    def _values(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in self.__dataclass_fields__)

    @property
    def num_characters(self) -> int:
        """How long the two texts are together."""
        return len(self.reasoning) + len(self.response)

    @property
    def failure(self) -> ErrorKind:
        """Why there is no answer, in few, countable words; empty if there is one. `error` has the details."""
        return (self.error_kind or "teacher error") if self.finish_reason == "error" else ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verifier says of one trace. Three outcomes: "could not decide" is never silently right nor silently wrong.

    `cause` says in few, countable words why it is not `correct`; `explanation` has the details of this one row.
    `form_only` marks a verdict on the form of an answer, which says nothing of whether it is right; the line sets it.
    """

    verifier: str
    outcome: Outcome
    answer: str | None = None
    explanation: str = ""
    cause: str = ""
    form_only: bool = False

    @property
    def reason(self) -> str:
        """The cause; from a verifier older than `cause` that is undecided, its explanation up to the first colon."""
        return self.cause or (self.explanation.partition(":")[0] if self.outcome == "undecided" else "")

    @property
    def why(self) -> str:
        """Cause and explanation as people read them: `timeout: the comparison took longer than its limit`."""
        return ": ".join(filter(None, (self.cause, self.explanation)))

    def __bool__(self) -> NoReturn:
        """Refuse to be a yes or a no: compare `outcome` instead."""
        raise TypeError("a Verdict has three outcomes and no truth value; compare verdict.outcome")


@dataclass(frozen=True, slots=True)
class VerifierFault:
    """What a verifier raised on one row: the error on one line, and its traceback."""

    verifier: str
    question_id: str
    attempt: int
    error: str
    traceback: str


@dataclass(frozen=True, slots=True)
class UnacceptedReference:
    """A question's reference that its own verifier does not accept as an answer: what it says of it, and why."""

    verifier: str
    question_id: str
    reference: str
    outcome: Outcome
    why: str


@dataclass(frozen=True, slots=True)
class Measure:
    """What a filter measured of a question or a sample: a number, a word, whatever JSON holds; `by` says who did."""

    value: Any
    by: str


@dataclass(frozen=True, slots=True)
class Sample:
    """A question with one trace and its verdicts, as the filters see it. Before the teacher there is no trace.

    `pass_rate` is the share, 0..1, of the question's decided traces that are correct; None where none was decided.
    `measures` are what filters have measured so far, by name; what was measured of a question, its samples have too.
    """

    question: Question
    trace: Trace | None = None
    verdicts: tuple[Verdict, ...] = ()
    pass_rate: float | None = None
    measures: Mapping[str, Measure] = field(default_factory=dict)

    def trait(self, key: str) -> Any:  # noqa: ANN401  (JSON)
        """Return what was measured under a name, else the question's trait of that name; None if there is neither."""
        measure = self.measures.get(key)
        return measure.value if measure is not None else self.question.trait(key)

    def ticket(self, seed: int) -> bytes:
        """Return a hash that is drawn by where chance decides: it depends on the seed and this sample alone."""
        attempt = self.trace.attempt if self.trace else 0
        return hashlib.sha256(f"{seed}/{self.question.id}/{attempt}".encode()).digest()

    @property
    def num_characters(self) -> int:
        """How long the question and its trace are together."""
        return len(self.question.prompt) + (self.trace.num_characters if self.trace else 0)

    @property
    def outcome(self) -> Outcome:
        """The verdicts taken together: incorrect if any is, correct if one is and none contradicts, else undecided.

        A verdict on form alone can make a sample incorrect, never correct.
        """
        if any(verdict.outcome == "incorrect" for verdict in self.verdicts):
            return "incorrect"
        is_correct = any(verdict.outcome == "correct" and not verdict.form_only for verdict in self.verdicts)
        return "correct" if is_correct else "undecided"

    @property
    def is_right_in_form_only(self) -> bool:
        """Whether verifiers accepted the form of the answer, and none could say whether it is right."""
        return self.outcome == "undecided" and any(verdict.outcome == "correct" for verdict in self.verdicts)


@dataclass(frozen=True, slots=True)
class DropReason:
    """Why something was left out: `reason` in few, countable words; `detail` for this one row.

    `twin` is the id of the question that it repeats, `score` the similarity to it, 0..100.
    """

    reason: str
    detail: str = ""
    twin: str | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Dropped:
    """One question or sample that was left out: by which step and plug-in, and why. A bad source line has no sample."""

    step: str
    plugin: str
    why: DropReason
    sample: Sample | None = None


@dataclass(frozen=True, slots=True)
class FilterReport:
    """What a whole-set filter reports of a run besides its drops.

    `facts` is JSON: what it compared with, what it could not. `reviews` are samples that it kept and that a person
    should look at; `splits` maps a question's id to the split that it is published in; `warning` is shown at once.
    """

    step: str
    plugin: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    reviews: tuple[tuple[Sample, DropReason], ...] = ()
    splits: Mapping[str, str] = field(default_factory=dict)
    warning: str = ""


Account = FilterReport  # the former name, which third-party filters may import


@dataclass(frozen=True, slots=True)
class Derivation:
    """How a family reaches its answer: steps that a teacher can tell and a test can recompute."""

    answer: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One move of a derivation.

    `kind` is one of: issue, survey, note, rule, fact, compute, exception, trap (a tempting wrong path and why it
    fails), turn and refute (a wrong reading that is tried, and the computed reason against it), finding, check, trial
    (an option that is tried), log (lines to be said as they are), conclude, answer. `point` groups the moves of one
    sub-question, in the order in which points may be told; `texts` are different tellings of this one move, each
    complete; `cites` the provisions it rests on; `claims` the equations it makes, each of which can be recomputed
    without the family: `1430 + 260 = 1690`, `2031-06-06 + 30 d = 2031-07-06`. `settles` names the values that it
    works out, `uses` those that a step before it has to have settled. `shown` is the least `narration` that tells it
    (brief, normal, deliberate); empty leaves that to its kind. The last `num_leaning` of its texts refer to what stands
    before them. `grounds` are the steps, in their order, that a response says before an `answer`, so that it can be
    read by itself.
    """

    kind: str
    texts: Sequence[str]
    point: int = 0
    cites: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    shown: str = ""
    num_leaning: int = 0
    grounds: tuple[Step, ...] = ()

    @property
    def alone(self) -> Sequence[str]:
        """The tellings that can be read by themselves; all if none can."""
        return self.texts[: len(self.texts) - self.num_leaning] or self.texts


@dataclass(frozen=True, slots=True)
class Spent:
    """What the answers of models in one role came to, teacher or judge, those that were thrown away included.

    `cost_usd` is what the dataset cost, whichever runs paid for it, None where a price is unknown. `paid_usd` is what
    this run paid of it, None where that is not known, and `cached` how many answers the response cache had: no part of
    a dataset, which is the same however often it is made.
    """

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = 0.0
    paid_usd: float | None = field(default=None, compare=False)
    cached: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Counts:
    """The funnel of a run; the card and the closing table print it, nobody types it.

    `dropped` maps step, plug-in and reason to a number; `tokens` prompt and completion as the providers counted them,
    of teacher and judges together; `cost_usd` is None while any price is unknown, never 0 for unknown; `spent` is the
    same by role; `calls_saved` are attempts that were allowed and not needed.
    """

    drawn: int = 0
    asked: int = 0
    traces: int = 0
    kept: int = 0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    dropped: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float | None = None
    spent: Mapping[str, Spent] = field(default_factory=dict)
    calls_saved: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run of the line hands to publishing: the accepted samples in order, all that was left out, the funnel.

    A large run makes what was left out when it is asked for, each time again: go through it, and keep few.
    `shortfall` says why the target was not reached; empty when it was. `reports` are what filters reported besides,
    `faults` what verifiers raised, `unaccepted` the references that their own verifiers do not accept.
    """

    samples: tuple[Sample, ...]
    dropped: Sequence[Dropped]
    counts: Counts
    shortfall: str = ""
    reports: tuple[FilterReport, ...] = ()
    faults: tuple[VerifierFault, ...] = ()
    unaccepted: tuple[UnacceptedReference, ...] = ()

    @property
    def splits(self) -> Mapping[str, str]:
        """The split that each question is published in, by its id; empty where no filter has split the set."""
        return {question_id: split for report in self.reports for question_id, split in report.splits.items()}
