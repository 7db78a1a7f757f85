"""Which part of a question resembles an item: for showing it, and for comparing it apart from the text around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from open_thoughts_gen.contamination.words import words_of

RUN = 3  # words, of the runs that questions and items are compared by
ROOM = 1.3  # how much longer than the item the part of a question may be that is compared with it


@dataclass(frozen=True, slots=True)
class SimilarPart:
    """The part of a question that resembles an item, with room for what was changed at its ends, in characters.

    From `first` to `last` the runs of words that both have.
    """

    start: int
    end: int
    first: int
    last: int


def part_like(string: str, item: str) -> SimilarPart:
    """Return the part of a question, little longer than the item, that holds most of its runs of words."""
    spans = words_of(string)
    words, its = _folded(string, spans), _folded(item, words_of(item))
    places: dict[tuple[str, ...], int] = {}
    for start in range(len(its) - RUN + 1):
        places.setdefault(tuple(its[start : start + RUN]), start)
    runs = (tuple(words[start : start + RUN]) for start in range(len(words) - RUN + 1))
    hits = [(start, places[run]) for start, run in enumerate(runs) if run in places]
    if not hits:
        return SimilarPart(0, len(string), 0, len(string))
    width, begin, best = round(len(its) * ROOM) + RUN, 0, (0, 0, 0)
    within: Counter[int] = Counter()
    for end, (at, its_place) in enumerate(hits):
        within[its_place] += 1
        while hits[begin][0] < at - width:
            left = hits[begin][1]
            within[left] -= 1
            if not within[left]:
                del within[left]
            begin += 1
        best = max(best, (len(within), begin, end), key=lambda span: span[0])
    (first, its_first), (last, its_last) = hits[best[1]], hits[best[2]]
    start, end = max(0, first - its_first), min(len(words), last + len(its) - its_last)
    end = max(end, last + RUN)
    return SimilarPart(spans[start][0], spans[end - 1][1], spans[first][0], spans[last + RUN - 1][1])


def _folded(string: str, spans: Sequence[tuple[int, int]]) -> list[str]:
    """Return some words of a text, their case folded. Folding it whole is faster, and leaves places only in ASCII."""
    if string.isascii():
        string = string.lower()
        return [string[start:end] for start, end in spans]
    return [string[start:end].casefold() for start, end in spans]
