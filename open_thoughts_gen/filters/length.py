"""Drop samples whose question, reasoning or response is too short or too long.

Limits count words (runs of characters between white space) or characters, and include the limit itself. Before the
teacher there is no trace, and the limits on reasoning and response have nothing to measure. Tokens are not counted:
every model counts its own.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.types import DropReason, Sample

PARTS = ("question", "reasoning", "response")


class Length(Filter):
    """Keeps samples whose question, reasoning and response are within limits."""

    unit: Literal["words", "characters"] = Field(default="words", description="what the limits count")
    min_question: int | None = Field(default=None, ge=0, description="the shortest question to keep")
    max_question: int | None = Field(default=None, ge=0, description="the longest question to keep")
    min_reasoning: int | None = Field(default=None, ge=0, description="the shortest reasoning to keep")
    max_reasoning: int | None = Field(default=None, ge=0, description="the longest reasoning to keep")
    min_response: int | None = Field(default=None, ge=0, description="the shortest response to keep")
    max_response: int | None = Field(default=None, ge=0, description="the longest response to keep")

    @model_validator(mode="after")
    def _limits_make_sense(self) -> Self:
        limits = {part: (getattr(self, f"min_{part}"), getattr(self, f"max_{part}")) for part in PARTS}
        if all(limit == (None, None) for limit in limits.values()):
            raise ValueError("set at least one limit, for example `min_reasoning: 50`")
        for part, (least, most) in limits.items():
            if least is not None and most is not None and least > most:
                raise ValueError(f"min_{part} {least} is above max_{part} {most}")
        return self

    def advice(self, reason: str) -> str:
        """Return which limit drops the samples."""
        part, _, direction = reason.partition(" too ")
        return f"lower `min_{part}:` of length" if direction == "short" else f"raise `max_{part}:` of length"

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return the first limit that is broken, as "reasoning too short" with the length and the limit; else None."""
        texts = {"question": sample.question.prompt}
        if sample.trace is not None:
            texts |= {"reasoning": sample.trace.reasoning, "response": sample.trace.response}
        for part, string in texts.items():
            num = len(string.split()) if self.unit == "words" else len(string)
            least, most = getattr(self, f"min_{part}"), getattr(self, f"max_{part}")
            if least is not None and num < least:
                return DropReason(f"{part} too short", f"{num:,} {self.unit}, at least {least:,} wanted")
            if most is not None and num > most:
                return DropReason(f"{part} too long", f"{num:,} {self.unit}, at most {most:,} wanted")
        return None
