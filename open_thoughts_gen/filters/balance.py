"""Keep the same number of samples in each group: as many as the smallest group has.

One rare group would leave a set of nearly nothing. So groups of fewer than `min_group` samples are dropped as a whole,
each with that reason, and do not count as the smallest. Samples that lack one of the keys are in no group and are
dropped: a set with them would not be balanced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from open_thoughts_gen.filters._groups import groups, take
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.chance import Pick
from open_thoughts_gen.plugin.one_or_more import OneOrMore
from open_thoughts_gen.types import DropReason, Sample


class Balance(Filter):
    """Keeps the same number of samples in each group."""

    by: OneOrMore = Field(
        min_length=1, description="what samples are grouped by: domain, source, teacher, a key of meta; one or several"
    )
    pick: Pick = Field(
        default="by_lot", description="which samples of a group to keep. first: the first ones; by_lot: a random choice"
    )
    min_group: int = Field(default=1, ge=1, description="drop all samples of a group with fewer samples than this")

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "group is full", "group is too small" or "in no group", with the group, or None, per sample."""
        by_group = groups(samples, self.by)
        large = [indices for indices in by_group.values() if len(indices) >= self.min_group]
        num = min(map(len, large), default=0)
        reasons = {index: DropReason("in no group", f"lacks {' or '.join(self.by)}") for index in range(len(samples))}
        for group, indices in by_group.items():
            small = len(indices) < self.min_group
            chosen = set() if small else take(indices, num, samples, pick=self.pick, seed=self._context.seed)
            details = f"{', '.join(self.by)}: {group}, {len(chosen):,} of {len(indices):,} kept"
            why = DropReason("group is too small" if small else "group is full", details)
            for index in indices:
                reasons[index] = why
            for index in chosen:
                del reasons[index]
        return (reasons.get(index) for index in range(len(samples)))
