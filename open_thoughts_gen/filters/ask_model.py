"""Measure by asking a model: a grade on a scale, by a rubric in the recipe's words; and keep what is within bounds.

    use: ask_model
    model: deepseek/deepseek-flash
    name: usefulness
    rubric: How much would a student of law learn from this question? 1 nothing, 10 a principle worth remembering.
    min: 5

The grade stays on the row under its name, so that a later filter may rank, group or balance by it. `_grading` says how
the model is asked, and what gives no grade.
"""

from __future__ import annotations

from pydantic import Field, field_validator

from open_thoughts_gen.filters._grading import Grading


class AskModel(Grading):
    """Asks a model for a grade by a rubric, and keeps what is within bounds."""

    rubric: str = Field(description="what is graded, in words, and what the ends of the scale mean")

    @field_validator("rubric")
    @classmethod
    def _says_something(cls, rubric: str) -> str:
        if not rubric.strip():
            raise ValueError("say what is graded, and what the ends of the scale mean")
        return rubric.strip()

    def rubric_for(self, domain: str) -> str:
        """Return the one rubric."""
        return self.rubric

    @property
    def usual_name(self) -> str:
        """`grade`."""
        return "grade"
