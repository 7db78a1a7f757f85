"""Drop questions whose prompt repeats an earlier one, apart from the differences named by `fold`.

The first of each kind is kept, in the run's order. Several attempts at one question are not duplicates of each other.
Of the copies that `mix` makes with `short: repeat` none is left among the question filters; after the teacher those are
left out that have an answer word for word again, as where copies share their answers.
Only a hash of each prompt is held, so that millions fit in memory. For prompts that differ in a word there is
`near_dedup`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import blake2b
from typing import ClassVar

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.text import Fold
from open_thoughts_gen.text.hashes import HashTable
from open_thoughts_gen.types import DropReason, Sample


class ExactDedup(Filter):
    """Keeps the first of the questions that have the same prompt, apart from the differences named by `fold`."""

    drops_repeats: ClassVar[bool] = True

    fold: tuple[Fold, ...] = Field(default=text.FOLDS, description="the differences to ignore: case, unicode, space")

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "exact duplicate" for each sample whose question came before under another id, or as this attempt."""
        firsts, attempts, answers = HashTable(), HashTable(), HashTable()
        copied = {sample.question.id for sample in samples if sample.trace and sample.question.copy}
        for index, sample in enumerate(samples):
            id_, trace = sample.question.id, sample.trace
            first_id = samples[self._first_like(sample, index, samples, firsts)].question.id
            is_new = attempts.add(hash((id_, trace.attempt if trace else None)))
            if trace and id_ in copied:
                is_said_first = answers.add(hash((id_, trace.reasoning, trace.response)))
                is_new = is_new and (is_said_first or not sample.question.copy)
            repeated = first_id != id_ or not is_new
            yield DropReason("exact duplicate", twin=first_id, score=100.0) if repeated else None

    def _first_like(self, sample: Sample, index: int, samples: Sequence[Sample], firsts: HashTable) -> int:
        """Return the index of the first sample of the same prompt: its own, if there is no earlier one."""
        prompt = self._folded(sample)
        digest = blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        while (first := firsts.setdefault(int.from_bytes(digest), index)) != index:
            if self._folded(samples[first]) == prompt:
                return first
            digest = blake2b(digest, digest_size=8).digest()  # another prompt of the same hash
        return index

    def _folded(self, sample: Sample) -> str:
        return text.normalise(sample.question.prompt, self.fold)
