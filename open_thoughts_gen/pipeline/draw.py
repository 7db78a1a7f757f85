"""The questions of a run: those of all sources in one fixed order, drawn as far as they are needed."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import fields
from fractions import Fraction
from heapq import heappop, heapreplace

from open_thoughts_gen.pipeline.progress import Watcher
from open_thoughts_gen.pipeline.questions import DrawnQuestions
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.text.hashes import HashTable
from open_thoughts_gen.types import Dropped, DropReason, Question


class Draw:
    """DrawnQuestions of every source in proportion to its weight, as long as it has any; of equal weights one in turn.

    The next question is of the source that would otherwise lag furthest behind its share: each pays 1 / weight for a
    question, and the one that has paid least is next, the first of equals (stride scheduling, C. Waldspurger and W.
    Weihl, 1995, in exact fractions). So a longer draw begins with a shorter one, and every stretch of it is mixed.
    """

    def __init__(self, parts: Iterable[Part], context: Context, spool: Spool | None = None) -> None:
        """Take the sources, and where questions go that memory has no room for."""
        self._drawn = DrawnQuestions(spool)
        self.questions: Sequence[Question] = self._drawn
        self.dropped: list[Dropped] = []
        self.num_before: list[int] = []  # for each that was dropped the number of questions before it
        self.first_like = array("I")  # for each question the index of the first one that equals it in every field
        self._firsts = HashTable()  # these, by a hash of every field
        parts = list(parts)
        sources = [part.plugin.fresh(context) for part in parts]
        self._sources = list(zip(sources, (part.weight for part in parts), strict=True))
        self.endless = [source.plugin_name() for source in sources if source.endless]
        self._turns = [
            (Fraction(0), index, source.plugin_name(), source.questions(), 1 / Fraction(str(part.weight)))
            for index, (part, source) in enumerate(zip(parts, sources, strict=True))
        ]

    @property
    def ended(self) -> bool:
        """Whether every source is at its end."""
        return not self._turns

    def until(self, num: int | None, progress: Watcher) -> None:
        """Draw until there are `num` questions, or all of them."""
        self._announce(num)
        progress.show(lambda: " · ".join(filter(None, (source.state() for source, _ in self._sources))))
        while self._turns and (num is None or len(self.questions) < num):
            paid, index_of_source, name, questions, price = self._turns[0]
            drawn = next(questions, None)
            if drawn is None:
                heappop(self._turns)
            elif isinstance(drawn, DropReason):
                self.dropped.append(Dropped("sources", name, drawn))
                self.num_before.append(len(self.questions))
            else:
                self.first_like.append(self._first_like(drawn))
                self._drawn.append(drawn)
                heapreplace(self._turns, (paid + price, index_of_source, name, questions, price))
                progress.advance()

    def _first_like(self, drawn: Question) -> int:
        """Return the index of the first question that equals one that is about to be added: its own, if it is new."""
        index, content = len(self._drawn), hash(_hashable([getattr(drawn, each.name) for each in fields(drawn)]))
        while (first := self._firsts.setdefault(content, index)) != index and self._drawn[first] != drawn:
            content = hash((content, "another question of this hash"))
        return first

    def _announce(self, num: int | None) -> None:
        """Let each source know how many questions of it are about to be drawn."""
        missing, total = num and num - len(self.questions), sum(weight for _, weight in self._sources)
        for source, weight in self._sources:
            source.expect(missing and math.ceil(missing * weight / total))


class DrawAgain(Draw):
    """What an earlier run drew, drawn again as if it were the first time; what it did not need is drawn then."""

    def __init__(self, first: Draw) -> None:
        """Take the earlier draw, of which there may be several again."""
        self._first = first
        self._has_all = False
        self.endless = first.endless
        self.questions, self.dropped, self.first_like, self.num_before = [], [], array("I"), []

    @property
    def ended(self) -> bool:
        """Whether every source is at its end."""
        return self._has_all and self._first.ended

    def until(self, num: int | None, progress: Watcher) -> None:
        """Draw until there are `num` questions, or all of them."""
        if num is not None and num <= len(self.questions):
            return
        first = self._first
        num_there = len(first.questions)
        if num is None or num > len(first.questions):
            first.until(num, progress)
        self._has_all = num is None or num > len(first.questions)
        end = len(first.questions) if num is None else min(num, len(first.questions))
        for _ in range(len(self.questions), min(end, num_there)):
            progress.advance()
        self.questions, self.first_like = first.questions[:end], first.first_like[:end]
        num_dropped = len(first.dropped) if self._has_all else bisect_left(first.num_before, end)
        self.dropped, self.num_before = first.dropped[:num_dropped], first.num_before[:num_dropped]


def _hashable(value: object) -> Hashable:
    """Return what has the same hash for equal values of JSON."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else repr(value)
