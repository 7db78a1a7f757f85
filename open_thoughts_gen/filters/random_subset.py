"""Keep a random part of the samples: a number or a share of them.

The baseline that a filter has to beat (OpenThoughts compared each with it), and `shuffle(seed).take(n)` of older
scripts. Chance is a hash of the seed, the question and the attempt, so the choice does not depend on the order of the
samples; with `rate` one more sample does not change what becomes of the others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from open_thoughts_gen.filters._groups import take
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.chance import COMPAT, Compat
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.types import DropReason, Sample


class RandomSubset(Filter):
    """Keeps a random part of the samples."""

    num: Annotated[int | None, Scales()] = Field(
        default=None, ge=1, description="how many samples to keep; fewer are all kept"
    )
    rate: float | None = Field(default=None, gt=0, lt=1, description="the share of the samples to keep, about")
    seed: int | None = Field(default=None, description="seed of the choice; null: the recipe's")
    compat: Compat | None = Field(default=None, description=COMPAT)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.num is None) == (self.rate is None):
            raise ValueError("set either `num:` or `rate:`")
        if self.compat is not None and (self.num is None or self.seed is None or self.seed < 0):
            raise ValueError("`compat:` chooses a number by a seed of its own: set `num:` and `seed:`")
        return self

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "not in the random subset" or None, per sample."""
        seed = self._context.seed if self.seed is None else self.seed
        if self.num is not None:
            chosen = take(range(len(samples)), self.num, samples, pick="by_lot", seed=seed, compat=self.compat)
            detail = f"{len(chosen):,} of {len(samples):,} kept"
        else:
            limit = int((self.rate or 0) * 2**64)
            tickets = (int.from_bytes(sample.ticket(seed)[:8], "big") for sample in samples)
            chosen = {index for index, ticket in enumerate(tickets) if ticket < limit}
            detail = f"a share of {self.rate:g} is kept"
        why = DropReason("not in the random subset", detail)
        return (None if index in chosen else why for index in range(len(samples)))
