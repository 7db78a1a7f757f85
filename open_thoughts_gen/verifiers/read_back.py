"""Judge a row by its printed text alone: its facts are read back from the prompt, and the answer follows from them.

Two implementations decide the machine-readable case, and neither reads the prompt. This one does: a family that can
(`read_back`) recovers the facts from the text, which must state exactly those of the case, and the answer must be what
its first implementation decides of them. A prompt that cannot be read whole, can mean two things or states other facts
makes the row incorrect, whatever the answer: it must not ship.

`correct` never makes a row correct by itself, since a reference comes from the same implementation; let `family` judge
beside it. Undecided are rows of families that cannot read their prompts back.

A published case may come from a third party, so it is read in worker processes that can be killed.
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

_MAX_SHOWN = 240


class ReadBack(Killable):
    """Reads the facts back from the printed text, and checks that they are the case's and that the answer follows."""

    function: ClassVar[str] = f"{__name__}:judge"
    may_fork: ClassVar[bool] = True

    def judges_form(self, question: Question) -> bool:
        """Return True: it can rule a row out, and does not prove an answer."""
        return True

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """The family, its settings, and the case."""
        return ("family", "settings", "spec")

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Ask the family; undecided if the question comes from none, or there is no answer."""
        if plugin.family_of(question) is None:
            return self.undecided("no family", "the question was not drawn from one")
        answer = answer_to(question, trace, self.answer_marks)
        if answer is None:
            return self.unanswered(trace)
        task = case_of(question) | {"answer": answer}
        try:
            json.dumps(task)
        except (TypeError, ValueError, RecursionError) as error:
            return self.undecided("case", f"it is not JSON ({type(error).__name__})", answer=answer)
        return Asked(answer, task)


def judge(row: Mapping[str, Any]) -> Finding:
    """Ask the family, without any limit: for worker processes only."""
    try:
        family = plugin.load_family(row["family"], json.dumps(row["settings"] or {}, sort_keys=True))
        verdict = family.read_back(Problem(row["prompt"], row["spec"]), row["answer"])
    except REFUSALS as error:
        return "undecided", text.shorten(f"it cannot be read ({type(error).__name__}: {error})", _MAX_SHOWN), "case"
    if verdict is None:
        return "undecided", "the family cannot read its prompts back", "no reader"
    return verdict.outcome, text.shorten(verdict.explanation, _MAX_SHOWN), verdict.cause
