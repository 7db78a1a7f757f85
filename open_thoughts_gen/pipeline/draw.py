"""The questions of a run: those of all sources in one fixed order, drawn as far as they are needed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import fields
from fractions import Fraction
from heapq import heappop, heapreplace

from open_thoughts_gen.pipeline.progress import Watcher
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.types import Dropped, DropReason, Question


class Draw:
    """Questions of every source in proportion to its weight, as long as it has any; of equal weights one in turn.

    The next question is of the source that would otherwise lag furthest behind its share: each pays 1 / weight for a
    question, and the one that has paid least is next, the first of equals (stride scheduling, C. Waldspurger and W.
    Weihl, 1995, in exact fractions). So a longer draw begins with a shorter one, and every stretch of it is mixed.
    """

    def __init__(self, parts: Iterable[Part], context: Context, spool: Spool | None = None) -> None:
        """Take the sources, and where questions go that carry too much for memory, as recorded traces."""
        self._spool = spool
        self.questions: list[Question] = []
        self.dropped: list[Dropped] = []
        self.first_like: list[int] = []  # for each question the index of the first one that equals it in every field
        self._alike: dict[int, tuple[int, ...]] = {}  # by a hash of every field, those that differ all the same
        parts = list(parts)
        sources = [part.plugin.fresh(context) for part in parts]
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
        while self._turns and (num is None or len(self.questions) < num):
            paid, index_of_source, name, questions, price = self._turns[0]
            drawn = next(questions, None)
            if drawn is None:
                heappop(self._turns)
            elif isinstance(drawn, DropReason):
                self.dropped.append(Dropped("sources", name, drawn))
            else:
                index = len(self.questions)
                content = hash(_hashable([getattr(drawn, each.name) for each in fields(drawn)]))
                alike = self._alike.get(content, ())
                first = next((other for other in alike if self.questions[other] == drawn), index)
                if first == index:
                    self._alike[content] = (*alike, index)
                self.questions.append(self._spool.question(drawn) if self._spool else drawn)
                self.first_like.append(first)
                heapreplace(self._turns, (paid + price, index_of_source, name, questions, price))
                progress.advance()


def _hashable(value: object) -> Hashable:
    """Return what has the same hash for equal values of JSON."""
    if isinstance(value, Mapping):
        return frozenset((key, _hashable(each)) for key, each in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_hashable, value))
    return value if isinstance(value, Hashable) else repr(value)
