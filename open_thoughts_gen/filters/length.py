"""Drop samples whose question, reference, reasoning or response is too short or too long.

Limits count words (runs of characters between white space) or characters, and include the limit itself. Before the
teacher there is no trace, and the limits on reasoning and response have nothing to measure; neither have those on the
reference where there is none. Tokens are counted by the filter `tokens`, since every model counts its own.
"""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.types import DropReason, Sample

_PARAGRAPH = re.compile(r"\n[ \t]*\n")
PARTS = ("question", "reference", "reasoning", "response")


class Length(Filter):
    """Keeps samples whose question, reference, reasoning and response are within limits."""

    unit: Literal["words", "characters"] = Field(default="words", description="what the limits count")
    min_question: int | None = Field(default=None, ge=0, description="the shortest question to keep")
    max_question: int | None = Field(default=None, ge=0, description="the longest question to keep")
    min_reference: int | None = Field(default=None, ge=0, description="the shortest reference to keep")
    max_reference: int | None = Field(default=None, ge=0, description="the longest reference to keep")
    min_reasoning: int | None = Field(default=None, ge=0, description="the shortest reasoning to keep")
    max_reasoning: int | None = Field(default=None, ge=0, description="the longest reasoning to keep")
    min_response: int | None = Field(default=None, ge=0, description="the shortest response to keep")
    max_response: int | None = Field(default=None, ge=0, description="the longest response to keep")
    max_paragraph: int | None = Field(
        default=None, ge=1, description="the longest that any paragraph of the reasoning may be"
    )

    @model_validator(mode="after")
    def _limits_make_sense(self) -> Self:
        limits = {part: (getattr(self, f"min_{part}"), getattr(self, f"max_{part}")) for part in PARTS}
        if all(limit == (None, None) for limit in limits.values()) and self.max_paragraph is None:
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
        if sample.question.reference is not None:
            texts["reference"] = sample.question.reference
        if sample.trace is not None:
            texts |= {"reasoning": sample.trace.reasoning, "response": sample.trace.response}
        for part, string in texts.items():
            num = self._length(string)
            least, most = getattr(self, f"min_{part}"), getattr(self, f"max_{part}")
            if least is not None and num < least:
                return DropReason(f"{part} too short", f"{num:,} {self.unit}, at least {least:,} wanted")
            if most is not None and num > most:
                return DropReason(f"{part} too long", f"{num:,} {self.unit}, at most {most:,} wanted")
        return self._long_paragraph(texts.get("reasoning", ""))

    def _long_paragraph(self, reasoning: str) -> DropReason | None:
        """Return that a paragraph is too long: a wall of text is often a model that talks to itself."""
        if self.max_paragraph is None:
            return None
        num = max(map(self._length, _PARAGRAPH.split(reasoning)))
        detail = f"{num:,} {self.unit}, at most {self.max_paragraph:,} wanted"
        return DropReason("paragraph too long", detail) if num > self.max_paragraph else None

    def _length(self, string: str) -> int:
        return len(string.split()) if self.unit == "words" else len(string)
