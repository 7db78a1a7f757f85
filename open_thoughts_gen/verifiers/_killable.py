"""Verifiers whose judgement may hang or swell on hostile answers: it is made in worker processes that can be killed.

What is plain is decided in the run's own process. What is left goes to the workers (`workers`), each task within its
wall clock and memory; one that exceeds either is undecided, with that as its cause: timeout, memory, crash.

A verifier of this kind says in `ask` what is plain and what has to be asked, and names the function that answers.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from pydantic import Field, PrivateAttr

from open_thoughts_gen.sandbox import spare
from open_thoughts_gen.sandbox.workers import WorkerReply, Workers
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers._answers import ReadsAnswers

Finding = tuple[Outcome, str] | tuple[Outcome, str, str]  # the outcome, the explanation, the cause

_FAILURES = {
    "timeout": "the comparison took longer than its limit",
    "memory": "the comparison needed more memory than its limit",
    "crash": "the comparison ended its process",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What is still to be found out about an answer: a JSON value for the function in the worker."""

    answer: str | None
    task: object


class Killable(ReadsAnswers):
    """A verifier that calls `function` (package.module:function) in worker processes; it returns an outcome and why."""

    timeout_s: float = Field(default=5.0, gt=0, description="seconds of wall clock for one comparison")
    memory_gb: float = Field(default=2.0, ge=0.5, description="memory that one worker process may use, in GiB")
    num_workers: int | None = Field(
        default=None, ge=1, description="how many worker processes to use; null: one per core"
    )

    function: ClassVar[str] = ""
    environment: ClassVar[Mapping[str, str]] = {}
    may_fork: ClassVar[bool] = False  # what it finds does not depend on the order of a set (`workers`)
    _workers: Workers = PrivateAttr()

    @property
    def reads_reference(self) -> bool:
        """True."""
        return True

    @abstractmethod
    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Judge what is plain; of the rest, return what to ask."""

    def model_post_init(self, context: object, /) -> None:
        """Prepare the workers; none starts before the first answer that needs one, but for a fork where it is safe."""
        self._prepare()
        if self.may_fork:
            spare.fork()

    def start(self) -> None:
        """Have workers of this run's own."""
        self._prepare()

    def _prepare(self) -> None:
        self._workers = Workers(
            self.function,
            num_workers=self.num_workers,
            timeout_s=self.timeout_s,
            memory_gb=self.memory_gb,
            environment=self.environment,
            may_fork=self.may_fork,
        )

    def close(self) -> None:
        """End the worker processes; they end by themselves when the plug-in is forgotten."""
        self._workers.close()

    @property
    def runs_anywhere(self) -> bool:
        """True: it waits on processes of its own, wherever it is."""
        return True

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge one trace."""
        return next(self.verdicts([(question, trace)]))

    def verdicts(self, pairs: Sequence[tuple[Question, Trace]]) -> Iterator[Verdict]:
        """Judge many, in order, on all workers at once."""
        verdicts = [self.ask(question, trace) for question, trace in pairs]
        tasks = [each.task for each in verdicts if isinstance(each, Asked)]
        replies = self._workers.map(tasks) if tasks else iter(())
        for each in verdicts:
            yield self.judged(each.answer, *read(next(replies))) if isinstance(each, Asked) else each


def read(reply: WorkerReply) -> Finding:
    """Return the finding that a worker's reply means."""
    if reply.failure is not None:
        return "undecided", _FAILURES[reply.failure], reply.failure
    outcome, explanation, *cause = reply.value
    return outcome, explanation, *cause
