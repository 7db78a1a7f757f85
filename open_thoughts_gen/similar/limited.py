"""Near-duplicates as the code of OpenThoughts-114k finds them, defect included, for comparisons with that code alone.

It compares each distinct prompt with the `LIMIT` most similar ones only, itself among them, because that is the default
of the function of rapidfuzz that it calls. Of twenty prompts that resemble each other it therefore leaves one, five or
sixteen, depending on the order in which they are compared; there it is that of a Python set, which differs from process
to process. Here the order is an argument. Every pair of prompts costs a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Literal, TypeAlias

from rapidfuzz import fuzz, process

LIMIT = 5
SetOrder: TypeAlias = Literal["rows", "reversed"] | int


def limited_pairs(texts: Sequence[str], threshold: float, order: SetOrder) -> dict[int, tuple[int, float]]:
    """Return for each text that is left out the first text that it is in a pair with, and their similarity, 0..100.

    `order` is that in which texts are compared: as they come, backwards, or shuffled by a number.
    """
    places = list(range(len(texts)))
    if isinstance(order, int):
        Random(order).shuffle(places)
    elif order == "reversed":
        places.reverse()
    compared = [texts[index] for index in places]
    twins: dict[int, tuple[int, float]] = {}
    for one in places:
        nearest = process.extract(texts[one], compared, scorer=fuzz.ratio, score_cutoff=threshold, limit=LIMIT)
        for _, score, number in nearest:
            earlier, later = sorted((one, places[number]))
            if earlier != later and earlier < twins.get(later, (later, 0.0))[0]:
                twins[later] = (earlier, score)
    return twins
