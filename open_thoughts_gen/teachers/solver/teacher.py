"""Answer the questions of a family with the solutions that the family derives; calls no model."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from random import Random
from typing import Literal

from pydantic import Field

from open_thoughts_gen import plugin
from open_thoughts_gen.narration.alignment import alignment
from open_thoughts_gen.narration.plan import Narration
from open_thoughts_gen.narration.telling import Telling
from open_thoughts_gen.types import Request, Trace

RUN = 512  # requests


class Solver(plugin.Teacher):
    """Answers a family's question with the solution that the family derives; other questions fail. Calls no model."""

    narration: Narration | Literal["log"] = Field(
        "normal",
        description="how the solution is written. brief: only the steps that lead to the answer; normal: also restates "
        "the question, warns of tempting mistakes and checks the result; deliberate: also goes through the text first, "
        "tries wrong readings and checks in a second way; log: the bare steps, one a line, and the answer in \\boxed, "
        "for small models",
    )

    @property
    def cost_usd(self) -> float:
        """0: no model is called."""
        return 0.0

    @property
    def answers_copies(self) -> bool:
        """Whether copies are further attempts: each tells it in other words, but for a log."""
        return self.narration != "log"

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield one Trace per request, in order; the engine may write a run of them at once."""
        waiting = iter(requests)
        while run := list(itertools.islice(waiting, RUN)):
            yield from self._context.spread(self._trace, run)

    def _trace(self, request: Request) -> Trace:
        question, attempt = request.question, request.attempt
        origin = plugin.problem_of(question)
        if origin is None:
            error = "the solver answers only questions that a family made, and this is not one"
            return Trace(question.id, attempt, self.label, "", "", "error", error)
        family, problem = origin
        derivation = family.derive(problem)
        notes = family.notes(problem) if self.narration == "deliberate" else ()
        if self.narration == "log":
            lines = [step.texts[0] for step in derivation.steps if step.kind != "answer"]
            reasoning, response = "\n".join(lines), f"\\boxed{{{derivation.answer}}}"
        else:
            telling = Telling(derivation, Random(f"{question.id}/{attempt}"), self.narration, notes)
            reasoning, response = telling.reasoning(), telling.response()
        passages = alignment(derivation, lambda: notes, reasoning, response).passages
        return Trace(question.id, attempt, self.label, reasoning, response, passages=passages)
