"""Keep at most `k` samples of each group: no template, topic or source may fill the set.

Samples that lack one of the keys belong to no group and are kept. `by: question` chooses among the answers to each
question. `favour: reasoning_words` prefers the longest, without excluding the others, as s1 chose (arXiv 2501.19393):
each is twice as likely as the next one in the order of that number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import Field

from open_thoughts_gen.filters._groups import groups, take, take_favoured
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.chance import COMPAT, Compat, Pick
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
    seed: int | None = Field(default=None, ge=0, description="seed of the random choice; null: the recipe's")
    favour: str | None = Field(
        default=None,
        description="with `pick: by_lot`, a number by which the highest is twice as likely to be kept as the next, and "
        "so on; null: all are alike",
    )
    compat: Compat | None = Field(default=None, description=COMPAT)

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "group is full" with the group and its size, or None, per sample."""
        reasons: dict[int, DropReason] = {}
        seed = self._context.seed if self.seed is None else self.seed
        for group, indices in groups(samples, self.by).items():
            if self.favour is not None and self.pick == "by_lot":
                chosen = take_favoured(indices, self.k, samples, key=self.favour, seed=seed)
            else:
                chosen = take(indices, self.k, samples, pick=self.pick, seed=seed, compat=self.compat)
            why = DropReason("group is full", f"{', '.join(self.by)}: {group}, {self.k:,} of {len(indices):,} kept")
            reasons |= {index: why for index in indices if index not in chosen}
        return (reasons.get(index) for index in range(len(samples)))
