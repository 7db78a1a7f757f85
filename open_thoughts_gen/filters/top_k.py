"""Keep the best `k` samples by any number that they have: the longest, the hardest, the most often solved.

OpenThoughts kept the questions that a small model answered at greatest length. Samples that lack the key, or have no
number under it, come last; among equals the earlier is kept, so that the result is the same for the same set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from pydantic import Field

from open_thoughts_gen.filters._groups import value_of
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.types import DropReason, Sample


class TopK(Filter):
    """Keeps the `k` samples with the highest, or lowest, value of a key."""

    k: int = Field(ge=1, description="how many samples to keep")
    by: str = Field(
        description="the number to rank by: pass_rate, question_words, reasoning_words, response_words, or a key of "
        "the question's meta"
    )
    order: Literal["highest", "lowest"] = Field(default="highest", description="keep the highest or the lowest")

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "not among the KEY highest", with the value and the last one kept, or None, per sample."""
        values = [
            float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
            for value in (value_of(sample, self.by) for sample in samples)
        ]
        sign = -1 if self.order == "highest" else 1
        known = [index for index, value in enumerate(values) if value is not None]
        ranked = sorted(known, key=lambda index: (sign * (values[index] or 0), index))
        ranked += [index for index, value in enumerate(values) if value is None]
        chosen = set(ranked[: self.k])
        last = values[ranked[self.k - 1]] if len(ranked) >= self.k else None
        for index, value in enumerate(values):
            if index in chosen:
                yield None
            elif value is None:
                yield DropReason(f"no number under {self.by}")
            else:
                yield DropReason(
                    f"not among the {self.k:,} {self.order} by {self.by}", f"{value:g}, the last is {last:g}"
                )
