"""Drop questions whose prompt repeats an earlier one, apart from the differences named by `fold`.

The first of each kind is kept, in the run's order. Several attempts at one question are not duplicates of each other.
Only a hash of each prompt is held, so that millions fit in memory. For prompts that differ in a word there is
`near_dedup`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.text import Fold
from open_thoughts_gen.types import DropReason, Sample


class ExactDedup(Filter):
    """Keeps the first of the questions that have the same prompt, apart from the differences named by `fold`."""

    fold: tuple[Fold, ...] = Field(default=text.FOLDS, description="the differences to ignore: case, unicode, space")

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "exact duplicate" for each sample whose question came before under another id, or as this attempt."""
        first: dict[bytes, str] = {}
        seen: set[tuple[str, int | None]] = set()
        for sample in samples:
            id_ = sample.question.id
            prompt = text.normalise(sample.question.prompt, self.fold).encode("utf-8", "surrogatepass")
            first_id = first.setdefault(hashlib.blake2b(prompt, digest_size=16).digest(), id_)
            attempt = (id_, sample.trace.attempt if sample.trace else None)
            repeated = first_id != id_ or attempt in seen
            seen.add(attempt)
            yield DropReason("exact duplicate", twin=first_id, score=100.0) if repeated else None
