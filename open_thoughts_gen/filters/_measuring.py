"""What filters that measure share: which text of a sample is measured, and bounds on the number that comes out.

A measure stays on the row under its name, so that a later filter may rank, group or balance by it, and a row that was
kept still says how near the bounds it was.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.types import DropReason, Sample

TextOf = Literal["question", "reasoning", "response"]


def text_of(sample: Sample, part: TextOf) -> str | None:
    """Return a text of a sample; None where there is none, as before the teacher."""
    if part == "question":
        return sample.question.prompt
    return getattr(sample.trace, part) if sample.trace is not None else None


class Bounded(Filter):
    """Measures one number of each sample, and keeps the samples whose number is within bounds."""

    min: float | None = Field(default=None, description="the least value to keep, itself included; null: no bound")
    max: float | None = Field(default=None, description="the greatest value to keep, itself included; null: no bound")
    unmeasured: Literal["keep", "drop"] = Field(
        default="keep", description="what to do with samples that have no value, such as an empty text"
    )
    name: str = Field(
        default="", pattern=r"^[\w.-]*$", description="the name of the measure on the row; empty: one that fits"
    )

    @model_validator(mode="after")
    def _bounds_make_sense(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min:g} is above max {self.max:g}")
        return self

    @property
    @abstractmethod
    def usual_name(self) -> str:
        """The name of the measure where the recipe gives none."""

    @property
    def measure_names(self) -> tuple[str, ...]:
        """The one name of its measure."""
        return (self.name or self.usual_name,)

    @abstractmethod
    def number(self, sample: Sample) -> float | None:
        """Return the number, None where there is nothing to measure."""

    def measure(self, sample: Sample) -> Mapping[str, float | None]:
        """Return the number under its name."""
        return {self.measure_names[0]: self.number(sample)}

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return "NAME below the minimum" or "above the maximum", with the value and the bound; else None."""
        (name,) = self.measure_names
        value = self.measured(sample, name)
        shown = name.replace("_", " ")
        if value is None:
            return DropReason(f"no {shown}", "nothing to measure") if self.unmeasured == "drop" else None
        if self.min is not None and value < self.min:
            return DropReason(f"{shown} below the minimum", f"{value:g}, at least {self.min:g} wanted")
        if self.max is not None and value > self.max:
            return DropReason(f"{shown} above the maximum", f"{value:g}, at most {self.max:g} wanted")
        return None
