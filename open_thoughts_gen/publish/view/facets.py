"""Which columns are worth filtering by, and in which order they are shown, in the index and in the report alike.

Histograms have bars whose width is 1, 2 or 5 times a power of ten, so that their limits are easy to read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

LABEL = "label"
LENGTHS = ("question", "reasoning", "response")  # texts whose length is a facet
NO_FACETS = frozenset("id question reasoning response answer pair twin twin_of".split())  # they name single rows
MAX_VALUES = 200  # different words of a facet
MAX_WORD = 200  # characters of one
MAX_NUMBERS = 12  # with more different ones, a number is a range
MAX_BARS = 25
_FIRST = (LABEL, "split", "outcome", "step", "plugin", "reason", "finish_reason", "pass_rate", "level", "domain")


def in_order(names: Iterable[str]) -> list[str]:
    """Return names of facets, what people look for first at the top."""
    rank = {name: i for i, name in enumerate(_FIRST)}
    return sorted(names, key=lambda name: rank.get(name, len(rank) - name.startswith("verdict of ")))


def max_words(num_rows: int) -> int:
    """Return how many different words a facet may have among this number of rows: more would name single rows."""
    return max(MAX_NUMBERS, min(MAX_VALUES, num_rows // 3))


def nice_step(least: float, most: float) -> float:
    """Return the width at which the values from `least` to `most` make at most 25 bars, and no fewer than need be."""
    if not math.isfinite(most - least) or most <= least:
        return 1.0
    exponent = math.floor(math.log10((most - least) / MAX_BARS))
    steps = (factor * 10.0 ** (exponent + more) for more in range(3) for factor in (1, 2, 5))
    return next(step for step in steps if math.floor(most / step) - math.floor(least / step) < MAX_BARS)
