"""Verifiers that read the answer out of a response: which marks they know besides those of the one table (`text`)."""

from __future__ import annotations

from abc import abstractmethod

from pydantic import Field, field_validator

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Verifier
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict

_MAX_MARK = 100
_FOLDS = (*text.FOLDS, "punctuation")


class ReadsAnswers(Verifier):
    """A verifier that judges the answer that a response states."""

    answer_marks: tuple[str, ...] = Field(
        default=(),
        description="what marks the final answer in a response, looked for before the usual marks such as \\boxed: the "
        "text before the answer (`Result:`), or around it (`<result>{answer}</result>`)",
    )

    @field_validator("answer_marks")
    @classmethod
    def _are_marks(cls, marks: tuple[str, ...]) -> tuple[str, ...]:
        for mark in marks:
            if not mark.partition("{answer}")[0].strip():
                raise ValueError("a mark needs text before the answer: `Ergebnis:`, or `<result>{answer}</result>`")
            if len(mark) > _MAX_MARK:
                raise ValueError(f"a mark has at most {_MAX_MARK} characters")
        return marks

    def stated_answer(self, response: str) -> str | None:
        """Return the answer that a response marks, or is without any mark; None if there is none."""
        return text.stated_answer(response, self.answer_marks)

    def judged(self, answer: str | None, outcome: Outcome, explanation: str, cause: str = "") -> Verdict:
        """Return a verdict of this verifier."""
        return Verdict(self.plugin_name(), outcome, answer, explanation, cause)

    def undecided(self, cause: str, explanation: str = "", *, answer: str | None = None) -> Verdict:
        """Return the verdict that nothing was decided, and why."""
        return self.judged(answer, "undecided", explanation, cause)

    def unanswered(self, trace: Trace) -> Verdict:
        """Return the verdict on a response that states no answer."""
        cause, _, explanation = text.why_no_answer(trace.finish_reason).partition(": ")
        return self.undecided(cause, explanation)


class ComparesAnswers(ReadsAnswers):
    """A verifier that reads the answer and the reference and compares the two."""

    @property
    def reads_reference(self) -> bool:
        """True."""
        return True

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: this verifier reads no meta."""
        return ()

    @abstractmethod
    def compared(self, reference: str, answer: str) -> Verdict:
        """Compare the two; undecided unless both can be read."""

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Find the answer and compare it; undecided without a reference, or without an answer."""
        reference = (question.reference or "").strip()
        if not reference:
            return self.undecided("no reference", "nothing to compare with")
        answer = self.stated_answer(trace.response)
        if answer is None:
            return self.unanswered(trace)
        return self.compared(reference, answer)

    def unread(self, cause: str, explanation: str, *, reference: str, answer: str) -> Verdict:
        """Return the verdict where one of the two cannot be read: undecided, unless they are the same text."""
        if text.normalise(answer, _FOLDS) == text.normalise(reference, _FOLDS):
            return self.judged(answer, "correct", "the same text")
        return self.undecided(cause, explanation, answer=answer)
