r"""Judge answers by their form: the answer matches a pattern.

The pattern is the recipe's, in the syntax of Python's `re`. `{reference}` in it stands for the question's reference,
taken literally: `(?i)(the )?{reference}\.?` accepts it with an article and a full stop. Without it the pattern alone
decides, and what is correct is the form.

The text is a model's, and may have been made for the pattern to run for ever: it is matched in killable workers, and
what takes too long is undecided. Not covered: patterns from the rows themselves, which third parties write.
"""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from pydantic import Field, field_validator

from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._killable import Asked, Finding, Killable

_REFERENCE = "{reference}"
_MAX_LENGTH = 100_000


class Regex(Killable):
    """Checks that the answer, or the whole response, matches a pattern."""

    pattern: str = Field(
        min_length=1, description="the regular expression; {reference} in it stands for the question's reference"
    )
    match: Literal["whole", "part"] = Field(
        default="whole", description="whether the whole text must match, or a part of it is enough"
    )
    of: Literal["answer", "response"] = Field(
        default="answer", description="what must match: the final answer, or the whole response"
    )
    timeout_s: float = Field(default=1.0, gt=0, description="seconds of wall clock for one match")
    memory_gb: float = Field(default=0.5, ge=0.5, description="address space of one worker process, GiB")

    function: ClassVar[str] = f"{__name__}:matches"

    @field_validator("pattern")
    @classmethod
    def _is_a_pattern(cls, pattern: str) -> str:
        try:
            re.compile(pattern.replace(_REFERENCE, "x"))
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(f"not a pattern: {error}") from error
        return pattern

    def judges_form(self, question: Question) -> bool:
        """Form alone where the pattern does not name the reference."""
        return _REFERENCE not in self.pattern

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: this verifier reads no meta."""
        return ()

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Have the text matched; undecided without one, or without the reference that the pattern names."""
        reference = (question.reference or "").strip()
        if _REFERENCE in self.pattern and not reference:
            return self.undecided("no reference", "the pattern names it")
        answer = trace.response.strip() if self.of == "response" else self.stated_answer(trace.response)
        if not answer:
            return self.unanswered(trace)
        if len(answer) > _MAX_LENGTH:
            return self.undecided("answer too long", f"{len(answer):,} characters", answer=answer)
        pattern = self.pattern.replace(_REFERENCE, re.escape(reference))
        return Asked(answer, (pattern, self.match == "whole", answer))


def matches(task: tuple[str, bool, str]) -> Finding:
    """Match a text, without any limit: for worker processes only."""
    pattern, whole, answer = task
    if re.fullmatch(pattern, answer) if whole else re.search(pattern, answer):
        return "correct", "it matches the pattern"
    return "incorrect", "it does not match the pattern", "no match"
