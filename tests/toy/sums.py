"""A toy world to run the whole line on: sums of small numbers, a teacher that adds, filters that drop for a reason."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen import plugin
from open_thoughts_gen.types import (
    Derivation,
    DropReason,
    Outcome,
    Question,
    Request,
    Sample,
    Step,
    Trace,
    Usage,
    Verdict,
)


class Sums(plugin.Family):
    """Sums of two numbers below a bound."""

    domain: ClassVar[str] = "math"
    bound: int = 1_000_000

    def problem(self, rng: Random) -> plugin.Problem:
        return self._problem([rng.randrange(self.bound), rng.randrange(self.bound)])

    def twin(self, problem: plugin.Problem, rng: Random) -> plugin.Problem | None:
        left, right = problem.spec["terms"]
        return self._problem([left, right + 1])

    def derive(self, problem: plugin.Problem) -> Derivation:
        left, right = problem.spec["terms"]
        step = Step("compute", ("They are added.",), claims=(f"{left} + {right} = {left + right}",))
        return Derivation(str(left + right), (step,))

    def check(self, problem: plugin.Problem, answer: str) -> Verdict:
        left, right = problem.spec["terms"]
        if not answer.isdecimal():
            return Verdict("sums", "undecided", explanation="not a number")
        return Verdict("sums", "correct" if int(answer) - right == left else "incorrect")

    def traits(self, problem: plugin.Problem) -> Mapping[str, Any]:
        return {"level": len(str(max(problem.spec["terms"])))}

    def _problem(self, terms: list[int]) -> plugin.Problem:
        return plugin.Problem(f"What is {terms[0]} plus {terms[1]}?", {"terms": terms})


class Products(Sums):
    """The same in other words."""

    def _problem(self, terms: list[int]) -> plugin.Problem:
        return plugin.Problem(f"What is {terms[0]} times {terms[1]}?", {"terms": terms})


class Adder(plugin.Teacher):
    """Answers with the reference, out of order; by choice wrongly, not at all, slowly, or counting its calls."""

    wrong_every: int = 0
    fail_every: int = 0
    pause_s: float = 0.0
    log: str = ""

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        for request in reversed(list(requests)):
            time.sleep(self.pause_s)
            if self.log:
                with Path(self.log).open("a", encoding="utf-8") as log:
                    log.write(f"{request.question.id} {request.attempt}\n")
            yield self._trace(request)

    def _trace(self, request: Request) -> Trace:
        question, lot = request.question, int(request.question.id, 16) + request.attempt
        trace = Trace(question.id, request.attempt, self.label, "", "", usage=Usage(10, 20))
        if self.fail_every and lot % self.fail_every == 0:
            return replace(trace, finish_reason="error", error="HTTP 500: out of chalk", usage=None)
        wrong = self.wrong_every and lot % self.wrong_every == 0
        answer = f"{question.reference}{'0' if wrong else ''}"
        reasoning = f"I add the two numbers of {question.prompt!r} digit by digit and carry. " * (1 + lot % 3)
        return replace(trace, reasoning=reasoning, response=f"They are added.\n\nAnswer: {answer}")


class Proved(plugin.Filter):
    """Keeps what was judged correct."""

    def drop_reason(self, sample: Sample) -> DropReason | None:
        return None if sample.outcome == "correct" else DropReason(f"judged {sample.outcome}")


class Odd(plugin.Filter):
    """Drops odd references."""

    def drop_reason(self, sample: Sample) -> DropReason | None:
        return DropReason("odd") if int(sample.question.reference or 0) % 2 else None


class Once(plugin.Filter):
    """Keeps the first of equal references; sees the whole set."""

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        seen: dict[str, str] = {}
        for sample in samples:
            first = seen.setdefault(sample.question.reference or "", sample.question.id)
            yield None if first == sample.question.id else DropReason("seen before", twin=first)


class Nothing(plugin.Filter):
    """Drops everything."""

    def drop_reason(self, sample: Sample) -> DropReason | None:
        return DropReason("on principle")


class Listed(plugin.Source):
    """The questions given in the recipe itself, as [prompt, reference, domain]; null is a bad line."""

    rows: tuple[tuple[str, str, str] | None, ...]

    def questions(self) -> Iterator[Question | DropReason]:
        for number, row in enumerate(self.rows, start=1):
            if row is None:
                yield DropReason("no question", detail=f"line {number}")
            else:
                yield Question(row[0], row[1], row[2], source="listed")


class Says(plugin.Verifier):
    """Gives the verdict that it was told to give, and says in which process."""

    outcome: Outcome = "correct"
    pause_s: float = 0.0
    die_once: str = ""
    die_on: str = ""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        time.sleep(self.pause_s)
        if self.die_once and question.prompt == "die" and not Path(self.die_once).exists():
            Path(self.die_once).touch()
            os._exit(9)
        if self.die_on == question.prompt:
            os._exit(9)
        if question.prompt == "bug":
            raise ZeroDivisionError("a bug of the verifier")
        return Verdict("says", self.outcome, answer=question.prompt, explanation=str(os.getpid()))
