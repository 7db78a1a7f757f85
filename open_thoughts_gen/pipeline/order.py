"""The order of a dataset's rows: shuffled by the seed, the longest ones not on the first page."""

from __future__ import annotations

from collections.abc import Sequence

from open_thoughts_gen.types import Sample

FIRST_PAGE = 100  # the Hub's viewer shows the first 100 rows


def arranged(samples: Sequence[Sample], seed: int) -> list[Sample]:
    """Return the samples in the order of the file: shuffled by the seed, the longest quarter not on the first page.

    Sources yield kinds in runs, and a file in that order misleads whoever reads its first rows. Where a sample comes
    depends on a hash of its own, so that one sample more does not move all the others.
    """
    shuffled = sorted(samples, key=lambda sample: sample.ticket(seed))
    lengths = sorted(sample.num_characters for sample in samples)
    long = lengths[3 * len(lengths) // 4] if lengths else 0
    page = [i for i, sample in enumerate(shuffled) if sample.num_characters <= long][:FIRST_PAGE]
    first = set(page)
    return [shuffled[i] for i in page] + [sample for i, sample in enumerate(shuffled) if i not in first]
