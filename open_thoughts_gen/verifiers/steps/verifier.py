"""Judge a trace: each sentence of the solver's is the step that is derived, each figure of others is borne out.

For questions that bring a derivation, as a family's rows do. A trace of the teacher `solver` is a telling of it. The
case is derived again, and each sentence has to be one of the tellings of the step that stands there, every step that
its narration needs in its place, the end the derivation's answer and the response its reason (`narration.alignment`).
Correct then says that figures, dates, parties, citations, comparisons and the order of the steps are all right. A
family that can (`retrace`) goes through its solver's log line by line instead, with nothing but the prompt and the
lines before each line: the first line that does not follow from them makes the trace incorrect.

Of a trace by anybody else only the figures are judged. One is borne out if it stands in the question or in its
machine-readable case, or is the result of a claim of the derivation or of an equation of the trace, which are all
recomputed here, without the family. A date may also be written without its year; a citation has to be one of the
question's own. What is not borne out makes the trace incorrect, and is named. Correct says that the figures are right,
not that they are right in their place, nor that there is an answer, so it makes no row correct by itself: let `family`
judge beside it. Not covered are
numbers in words, and what is said of a figure (that a period is long enough, that a rule applies). Such a trace that
has the form of a telling is read as one first; where it is none, its figures are judged, and the rest is undecided.

Undecided are a row without a derivation, with a false claim or with a derivation that the family does not come to, for
which the trace is not to blame, and a trace without any figure. A published case may come from a third party, so it is
derived in worker processes that can be killed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, ClassVar

from open_thoughts_gen import plugin, text
from open_thoughts_gen.narration.alignment import FAULTS
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._case import answer_to, case_of
from open_thoughts_gen.verifiers._killable import Asked, Killable
from open_thoughts_gen.verifiers.steps.claims import WorkingDays, is_true
from open_thoughts_gen.verifiers.steps.equations import equations
from open_thoughts_gen.verifiers.steps.figures import Known, figures
from open_thoughts_gen.verifiers.steps.retold import is_in_its_form

TELLER = "solver"  # the teacher whose traces are tellings
_MAX_FAULTS = 5
_MAX_LENGTH = 200
# A row may come from a third party, and be of any shape.
_REFUSALS = (ArithmeticError, AttributeError, RecursionError, TypeError, ValueError)


class Steps(Killable):
    """Each sentence of a solver's trace tells the step that is derived; of other traces every figure is borne out."""

    function: ClassVar[str] = "open_thoughts_gen.verifiers.steps.retold:judge"
    may_fork: ClassVar[bool] = True

    @property
    def reads_reference(self) -> bool:
        """False: a reference has no steps."""
        return False

    @property
    def judges_steps(self) -> bool:
        """True."""
        return True

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """The family, its settings, the case and its derivation."""
        return ("family", "settings", "spec", "derivation")

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Recompute the claims; of a telling, ask whether it says what is derived from the case."""
        derivation = question.meta.get("derivation")
        if not isinstance(derivation, list | tuple):
            return self.undecided("no derivation", "the row brings none")
        if trace.finish_reason != "stop" or not trace.response.strip():
            return self.unanswered(trace)
        is_telling = trace.teacher == TELLER or is_in_its_form(trace)
        if plugin.family_of(question) is None or not is_telling:
            return self._by_figures(question, trace, derivation)
        try:
            check_claims(question.meta.get("spec", {}), derivation)
            task = case_of(question) | {"derivation": list(derivation)}
            answer = answer_to(question, trace, self.answer_marks)
            task |= {"reasoning": trace.reasoning, "response": trace.response, "answer": answer}
            json.dumps(task)
        except _REFUSALS as error:
            return self.undecided("derivation", text.shorten(str(error) or type(error).__name__, _MAX_LENGTH))
        return Asked(answer, task)

    def verdicts(self, pairs: Sequence[tuple[Question, Trace]]) -> Iterator[Verdict]:
        """Judge many, in order; a text that is not a telling after all is judged by its figures."""
        for (question, trace), verdict in zip(pairs, super().verdicts(pairs), strict=True):
            if verdict.cause in FAULTS and trace.teacher != TELLER:
                by_figures = self._by_figures(question, trace, question.meta["derivation"])
                is_wrong = by_figures.outcome == "incorrect"
                yield by_figures if is_wrong else replace(verdict, outcome="undecided")
            else:
                yield verdict

    def _by_figures(self, question: Question, trace: Trace, derivation: Sequence[Mapping[str, Any]]) -> Verdict:
        """Judge the figures alone; undecided where there is nothing to recompute."""
        try:
            known = known_of(question, question.meta.get("spec", {}), derivation)
        except _REFUSALS as error:
            return self.undecided("derivation", text.shorten(str(error) or type(error).__name__, _MAX_LENGTH))
        answer = answer_to(question, trace, self.answer_marks)
        prose = f"{trace.reasoning}\n{trace.response}"
        faults = list(islice(_faults(known, prose), _MAX_FAULTS))
        if faults:
            return self.judged(answer, "incorrect", "; ".join(faults), "a figure is not borne out")
        num_figures = sum(1 for _ in figures(prose))
        if not num_figures:
            return self.undecided("no figures", "the trace has none to recompute", answer=answer)
        said = "1 figure is" if num_figures == 1 else f"{num_figures:,} figures are"
        return replace(self.judged(answer, "correct", f"{said} borne out"), form_only=True)


def check_claims(spec: Mapping[str, Any], derivation: Sequence[Mapping[str, Any]]) -> None:
    """Recompute the claims of a derivation; ValueError for one that is false or cannot be read."""
    holidays = spec.get("holidays", {})
    calendar = WorkingDays(frozenset(holidays) if isinstance(holidays, Mapping) else frozenset())
    for step in derivation:
        for claim in step.get("claims", ()):
            if not is_true(claim, calendar):
                raise ValueError(f"a claim of the row is false: {text.shorten(claim, 80)}")


def known_of(question: Question, spec: Mapping[str, Any], derivation: Sequence[Mapping[str, Any]]) -> Known:
    """Return what a question and its derivation bear out; ValueError for a claim that is false or cannot be read."""
    known = Known()
    known.add_text(question.prompt)
    known.add_case(spec)
    known.add_text(question.reference or "")
    check_claims(spec, derivation)
    for step in derivation:
        for cite in step.get("cites", ()):
            known.add_text(cite)
        for claim in step.get("claims", ()):
            known.add_claim(claim)
    return known


def _faults(known: Known, prose: str) -> Iterator[str]:
    """Yield what a text says that is not borne out; an equation that is true bears out its result."""
    for equation in equations(prose):
        if not equation.holds:
            yield f"a false equation: {text.shorten(equation.written, 80)}"
        elif known.bears_out(equation.start):
            known.numbers.add(equation.result)
    for figure in figures(prose):
        fault = known.fault(figure)
        if fault:
            yield fault
