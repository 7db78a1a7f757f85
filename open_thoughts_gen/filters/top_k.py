"""Keep the best `k` samples by any number that they have: the longest, the hardest, the most often solved.

OpenThoughts kept the questions that a small model answered at greatest length. With `per: question` it chooses among
the answers to each question: the eight longest of sixteen, the shortest that is right. Samples that lack the key, or
have no number under it, come last; among equals the earlier is kept, so that the result is the same for the same set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from open_thoughts_gen.filters._groups import groups, number_of
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.one_or_more import OneOrMore
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.types import DropReason, Sample


class TopK(Filter):
    """Keeps the `k` samples with the highest, or lowest, value of a key, of all samples or of each group."""

    k: Annotated[int, Scales(unless="per")] = Field(
        ge=1, description="how many samples to keep, of each group if `per` names groups"
    )
    by: str = Field(
        description="the number to rank by: pass_rate, question_words, reasoning_words, response_words, or a key of "
        "the question's meta, a measure"
    )
    order: Literal["highest", "lowest"] = Field(default="highest", description="keep the highest or the lowest")
    per: OneOrMore = Field(
        default=(),
        description="choose within each group by these keys: question (the answers to one question), domain, source, "
        "a key of meta; empty: among all samples. Samples that lack one of the keys are kept",
    )

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "not among the KEY highest", with the value and the last one kept, or None, per sample."""
        values = [number_of(sample, self.by) for sample in samples]
        members = groups(samples, self.per).values() if self.per else [range(len(samples))]
        reasons: list[DropReason | None] = [None] * len(values)
        for indices in members:
            for index, why in self._reasons(indices, values):
                reasons[index] = why
        return iter(reasons)

    def _reasons(self, indices: Sequence[int], values: Sequence[float | None]) -> Iterator[tuple[int, DropReason]]:
        """Yield the reasons of those of a group that are not kept, each with its index."""
        sign = -1 if self.order == "highest" else 1
        known = [index for index in indices if values[index] is not None]
        ranked = sorted(known, key=lambda index: sign * (values[index] or 0))  # of equals the earlier one first
        ranked += [index for index in indices if values[index] is None]
        last = values[ranked[self.k - 1]] if len(ranked) >= self.k else None
        reason = f"not among the {self.k:,} {self.order} by {self.by}"

        @cache
        def why(value: float | None) -> DropReason:
            if value is None:
                return DropReason(f"no number under {self.by}")
            return DropReason(reason, f"{value:g}, the last is {last:g}")

        return ((index, why(values[index])) for index in ranked[self.k :])
