"""Keep the samples whose value under a key is within bounds, or is one of a list.

The key is a measure that an earlier filter took, what every sample has (`pass_rate`, `question_words` and so on), or a
key of the question's meta. A band of pass rates for reinforcement learning, without what is always or never solved:

    use: within
    by: pass_rate
    above: 0
    below: 1
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import ge, gt, le, lt
from typing import Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen.filters._groups import value_of
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.when import Scalar
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import DropReason, Sample

_MAX_SHOWN = 40


class Within(Filter):
    """Keeps samples whose value under a key is within bounds, or is one of those listed."""

    by: str = Field(description="a measure, pass_rate, question_words, domain, or a key of the question's meta")
    min: float | None = Field(default=None, description="the least value to keep, itself included")
    max: float | None = Field(default=None, description="the greatest value to keep, itself included")
    above: float | None = Field(default=None, description="keep only values greater than this")
    below: float | None = Field(default=None, description="keep only values less than this")
    one_of: tuple[Scalar, ...] | None = Field(default=None, description="the values to keep")
    none_of: tuple[Scalar, ...] = Field(default=(), description="the values to drop")
    unmeasured: Literal["keep", "drop"] = Field(
        default="drop", description="what to do with samples that have no value under the key"
    )

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        limits = (self.min, self.max, self.above, self.below)
        if limits == (None,) * 4 and self.one_of is None and not self.none_of:
            raise ValueError("set at least one of min, max, above, below, one_of, none_of")
        least = max((each for each in (self.min, self.above) if each is not None), default=None)
        most = min((each for each in (self.max, self.below) if each is not None), default=None)
        if least is not None and most is not None and least > most:
            raise ValueError(f"no value is at least {least:g} and at most {most:g}")
        return self

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return which bound the value breaks, with the value; None where it breaks none."""
        value = value_of(sample, self.by)
        shown = shorten(f"{value:g}" if isinstance(value, float) else str(value), _MAX_SHOWN)
        if value is None:
            return DropReason(f"no {self.by}") if self.unmeasured == "drop" else None
        if any(_same(value, each) for each in self.none_of):
            return DropReason(f"{self.by} is one to drop", shown)
        if self.one_of is not None and not any(_same(value, each) for each in self.one_of):
            return DropReason(f"{self.by} is none of those to keep", shown)
        return self._out_of_bounds(value, shown)

    def _out_of_bounds(self, value: object, shown: str) -> DropReason | None:
        bounds: Mapping[str, tuple[float | None, Callable[[float, float], bool]]] = {
            "below the minimum": (self.min, lt),
            "above the maximum": (self.max, gt),
            "not above the bound": (self.above, le),
            "not below the bound": (self.below, ge),
        }
        for words, (bound, breaks) in bounds.items():
            if bound is None:
                continue
            if not isinstance(value, int | float) or isinstance(value, bool):
                return DropReason(f"{self.by} is not a number", shown)
            if breaks(value, bound):
                return DropReason(f"{self.by} {words}", f"{shown}, the bound is {bound:g}")
        return None


def _same(value: object, wanted: Scalar) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
