"""A teacher that asks no model: it invents answers, delays and failures at given rates, to rehearse a run for free.

    python -m open_thoughts_gen run recipe.yaml --teacher rehearsal
    teacher: {use: rehearsal, correct_rate: 0.6, truncated_rate: 0.1, throttled_rate: 0.05, latency_s: 0.2}

It knows each question's reference and gives it in `correct_rate` of its answers, so that verifiers, filters, `until:`
and the target behave as they will with a model of that strength. What happens to a question is drawn from its id and
the attempt and nothing else: a rehearsal repeated is the same. A throttled call is still answered, only later; one that
fails, is cut off or is garbage is not.

Its tokens are words, and a rehearsal costs nothing; its card says that nobody reasoned. Not covered: the network.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple, Self

from pydantic import Field, model_validator

from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.types import Question, Request, Trace, Usage

MUSINGS = (
    "This is a rehearsal, so no model thinks here.",
    "A real teacher would weigh the question at this point.",
    "It would try a way, and look for a second one.",
    "It would check what it has found.",
    "It would doubt itself, and begin again.",
)
GARBAGE = (
    "\ufffd\ufffd {]",
    "<html><body>502 Bad Gateway</body></html>",
    "Answer:",
    "}}}} \\boxed{",
    "As a rehearsal I",
)


class _Due(NamedTuple):
    """A trace that is on its way, and when it arrives; `order` keeps the order of those that arrive together."""

    at_s: float
    order: int
    trace: Trace


class Rehearsal(Teacher):
    """Imitates a model of a given strength, with failures at given rates."""

    correct_rate: float = Field(0.75, ge=0, le=1, description="share of the answers that give the reference")
    error_rate: float = Field(0.0, ge=0, le=1, description="share of the calls that fail")
    truncated_rate: float = Field(0.0, ge=0, le=1, description="share of the calls whose answer is cut off")
    garbage_rate: float = Field(0.0, ge=0, le=1, description="share of the calls whose answer is garbage")
    throttled_rate: float = Field(
        0.0, ge=0, le=1, description="share of the calls that first wait `throttle_s`, as after an HTTP 429"
    )
    throttle_s: float = Field(1.0, ge=0, le=3600, description="how long a throttled call waits, seconds")
    latency_s: float = Field(0.0, ge=0, le=3600, description="mean time of an answer, seconds")
    concurrency: int = Field(64, ge=1, le=4096, description="how many calls to make at once")
    num_words: int = Field(60, ge=1, le=100_000, description="mean length of the reasoning, words")

    @model_validator(mode="after")
    def _has_room_for_answers(self) -> Self:
        if self.error_rate + self.truncated_rate + self.garbage_rate > 1:
            raise ValueError("error_rate, truncated_rate and garbage_rate add up to more than 1")
        return self

    @property
    def cost_usd(self) -> float:
        """No model is asked, so nothing is paid."""
        return 0.0

    @property
    def invents(self) -> bool:
        """Whether its answers are made up: all of them are."""
        return True

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield one trace per request, in the order in which they would arrive."""
        waiting: list[_Due] = []
        for order, request in enumerate(requests):
            if len(waiting) >= self.concurrency:
                yield _arrived(waiting)
            rng = Random(f"rehearsal/{request.question.id}/{request.attempt}")
            latency_s = rng.gammavariate(4, self.latency_s / 4) if self.latency_s else 0.0
            throttle_s = self.throttle_s if rng.random() < self.throttled_rate else 0.0
            at_s = time.monotonic() + latency_s + throttle_s
            heapq.heappush(waiting, _Due(at_s, order, self._trace(request, rng)))
        while waiting:
            yield _arrived(waiting)

    def _trace(self, request: Request, rng: Random) -> Trace:
        question, attempt = request.question, request.attempt
        draw = rng.random() - self.error_rate
        if draw < 0:
            return Trace(question.id, attempt, self.label, "", "", "error", "HTTP 503: a rehearsed failure")
        num_words = max(1, round(rng.uniform(0.5, 1.5) * self.num_words))
        words: list[str] = []
        while len(words) < num_words:
            words += rng.choice(MUSINGS).split()
        reasoning = " ".join(words[:num_words])
        draw -= self.truncated_rate
        if draw < 0:
            usage = _usage(question, reasoning, "")
            return Trace(question.id, attempt, self.label, reasoning, "", "length", usage=usage)
        garbled = draw - self.garbage_rate < 0
        response = rng.choice(GARBAGE) if garbled else f"It comes to this.\n\nAnswer: {self._answer(question, rng)}"
        usage = _usage(question, reasoning, response)
        return Trace(question.id, attempt, self.label, reasoning, response, usage=usage)

    def _answer(self, question: Question, rng: Random) -> str:
        """Return the reference, or an answer that is wrong: another letter, another number, other words.

        Where there is none, most answers to a question are the same, as those of a model are. A stand-in for a question
        carries what answers it, such as a program.
        """
        known = question.meta.get("stand_in_answer") or question.reference
        usual = known if isinstance(known, str) else f"the {Random(question.id).randint(2, 9)}th of them"
        if rng.random() < self.correct_rate:
            return usual
        reference = question.reference or ""
        if len(reference) == 1 and reference in "ABCDEFGHIJ":
            return rng.choice([letter for letter in "ABCD" if letter != reference])
        try:
            return str(int(reference) + rng.randint(1, 9))
        except ValueError:
            return f"something else ({rng.randint(1, 999)})"


def _arrived(waiting: list[_Due]) -> Trace:
    """Return the next trace, waiting until it is due."""
    due = heapq.heappop(waiting)
    if (wait_s := due.at_s - time.monotonic()) > 0:
        time.sleep(wait_s)
    return due.trace


def _usage(question: Question, reasoning: str, response: str) -> Usage:
    thought, said = len(reasoning.split()), len(response.split())
    return Usage(len(question.prompt.split()), thought + said, thought)
