"""Keep at most `k` samples of each group: no template, topic or source may fill the set.

Samples that lack one of the keys belong to no group and are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from open_thoughts_gen.filters._groups import Pick, groups, take
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.one_or_more import OneOrMore
from open_thoughts_gen.types import DropReason, Sample


class PerGroup(Filter):
    """Keeps at most `k` samples of each group."""

    by: OneOrMore = Field(
        min_length=1, description="what samples are grouped by: domain, source, teacher, a key of meta; one or several"
    )
    k: int = Field(ge=1, description="the most samples to keep of each group")
    pick: Pick = Field(
        default="first", description="which samples of a group to keep. first: the first ones; by_lot: a random choice"
    )

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "group is full" with the group and its size, or None, per sample."""
        reasons: dict[int, DropReason] = {}
        for group, indices in groups(samples, self.by).items():
            chosen = take(indices, self.k, samples, pick=self.pick, seed=self._context.seed)
            why = DropReason("group is full", f"{', '.join(self.by)}: {group}, {self.k:,} of {len(indices):,} kept")
            reasons |= {index: why for index in indices if index not in chosen}
        return (reasons.get(index) for index in range(len(samples)))
