"""Judge answers to a family's problems by the family's second implementation.

The reference comes from the first implementation, the verdict from the second, which shares no code with it. Where the
two disagree about the reference itself, nothing is known about the row: undecided, and the explanation says so. Nothing
but the prompt and the machine-readable case of the row is used, so the published row can be judged again anywhere.

A published case may come from a third party: garbled, or made to keep a solver busy for ever. So it is judged in worker
processes that can be killed, and a case that cannot be read is undecided as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from open_thoughts_gen import plugin, text
from open_thoughts_gen.plugin import Problem
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._case import REFUSALS, answer_to, case_of
from open_thoughts_gen.verifiers._killable import Asked, Finding, Killable

_MAX_SHOWN = 120


class Family(Killable):
    """Judges an answer with a second solver of its question's family, which shares no code with the first one."""

    function: ClassVar[str] = f"{__name__}:judge"
    may_fork: ClassVar[bool] = True

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """The family, its settings, and the case."""
        return ("family", "settings", "spec")

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Ask the family; undecided if the question comes from none."""
        use = plugin.family_of(question)
        if use is None:
            return self.undecided("no family", "the question was not drawn from one")
        answer = answer_to(question, trace, self.answer_marks)
        if answer is None and question.reference is None:
            return self.unanswered(trace)
        task = case_of(question) | {"reference": question.reference, "answer": answer}
        try:
            json.dumps(task)
        except (TypeError, ValueError, RecursionError) as error:
            return self.undecided("case", f"it is not JSON ({type(error).__name__})", answer=answer)
        return Asked(answer, (task, text.why_no_answer(trace.finish_reason)))


def judge(task: tuple[Mapping[str, Any], str]) -> Finding:
    """Ask the family, without any limit: for worker processes only."""
    row, why_no_answer = task
    try:
        family = plugin.load_family(row["family"], json.dumps(row["settings"] or {}, sort_keys=True))
        problem = Problem(row["prompt"], row["spec"])
        reference, answer = row["reference"], row["answer"]
        proof = family.check(problem, reference) if reference is not None else None
        if proof is not None and proof.outcome != "correct":
            explanation = f"the two implementations disagree on {reference!r}; {proof.why}"
            return "undecided", text.shorten(explanation, 2 * _MAX_SHOWN), "reference"
        if answer is not None:
            judged = proof if proof is not None and answer == reference else family.check(problem, answer)
            return judged.outcome, text.shorten(judged.explanation, 2 * _MAX_SHOWN), judged.cause
    except REFUSALS as error:
        return "undecided", text.shorten(f"it cannot be read ({type(error).__name__}: {error})", _MAX_SHOWN), "case"
    cause, _, explanation = why_no_answer.partition(": ")
    return "undecided", explanation, cause
