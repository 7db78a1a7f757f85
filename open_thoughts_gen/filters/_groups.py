"""What samples are ranked and grouped by, and which of a group are taken: shared by the filters that choose.

A key is a field of the question (domain, source, license), a key of its meta, or one of `MEASURES`, which look at the
sample. A random choice takes a hash of the seed, the sample's question and its attempt, so that it does not depend on
the order of the samples, and one more sample does not change the choice among the others. `compat` chooses as older
scripts do, by the place of a sample and a generator of numpy's.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from open_thoughts_gen.plugin.chance import Compat, Pick, shuffled
from open_thoughts_gen.types import Sample


def _num_words(text: str) -> int:
    return len(text.split())


MEASURES: Mapping[str, Callable[[Sample], Any]] = {
    "question": lambda sample: sample.question.id,
    "pass_rate": lambda sample: sample.pass_rate,
    "outcome": lambda sample: sample.outcome if sample.verdicts else None,
    "teacher": lambda sample: sample.trace.teacher if sample.trace else None,
    "question_words": lambda sample: _num_words(sample.question.prompt),
    "reasoning_words": lambda sample: _num_words(sample.trace.reasoning) if sample.trace else None,
    "response_words": lambda sample: _num_words(sample.trace.response) if sample.trace else None,
}


def value_of(sample: Sample, key: str) -> Any:  # noqa: ANN401  (meta is JSON)
    """Return what a sample has under a key, None if it has nothing."""
    measure = MEASURES.get(key)
    return measure(sample) if measure else sample.trait(key)


def number_of(sample: Sample, key: str) -> float | None:
    """Return the number that a sample has under a key, None if it has none."""
    value = value_of(sample, key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def group_of(sample: Sample, keys: Sequence[str]) -> str | None:
    """Return the name of the group that a sample is in; None if it lacks one of the keys."""
    values = [value_of(sample, key) for key in keys]
    if any(value is None for value in values):
        return None
    return ", ".join(value if isinstance(value, str) else json.dumps(value, sort_keys=True) for value in values)


def groups(samples: Sequence[Sample], keys: Sequence[str]) -> dict[str, list[int]]:
    """Return the indices of each group's samples; those that lack a key are in none."""
    members: dict[str, list[int]] = {}
    for index, sample in enumerate(samples):
        group = group_of(sample, keys)
        if group is not None:
            members.setdefault(group, []).append(index)
    return members


def take(
    indices: Iterable[int], num: int, samples: Sequence[Sample], *, pick: Pick, seed: int, compat: Compat | None = None
) -> set[int]:
    """Return which of some indices are taken: the first of them, or those whose ticket is drawn."""
    if pick == "by_lot" and compat is not None:
        ordered = sorted(indices)
        return {ordered[index] for index in shuffled(len(ordered), seed, compat)[:num]}
    if pick == "first":
        return set(sorted(indices)[:num])
    return set(sorted(indices, key=lambda index: (samples[index].ticket(seed), index))[:num])


def take_favoured(indices: Sequence[int], num: int, samples: Sequence[Sample], *, key: str, seed: int) -> set[int]:
    """Return which of some indices are drawn where each is twice as likely as the next by the number under a key.

    Weights of 1, 1/2, 1/4 ... without replacement: the `num` smallest of `-log(chance) / weight` (P. Efraimidis and P.
    Spirakis, 2006), compared by their logarithms, which do not overflow.
    """
    numbers = {index: number_of(samples[index], key) for index in indices}
    ranked = sorted(indices, key=lambda index: (numbers[index] is None, -(numbers[index] or 0), index))
    chances = [(int.from_bytes(samples[index].ticket(seed)[:8], "big") + 1) / (2**64 + 1) for index in ranked]
    order = sorted(
        (rank + math.log2(-math.log(chance)), index)
        for rank, (index, chance) in enumerate(zip(ranked, chances, strict=True))
    )
    return {index for _, index in order[:num]}
