"""Choose from several sources, or from one: a number of each, a share of each, at random, repeated where one is short.

    use: mix
    num: 60000
    best: 2                     # the first two: they stand in the order of their rank
    of:
      - {use: hub, dataset: nvidia/OpenCodeReasoning, fields: {prompt: input}}
      - {use: files, path: codegolf.jsonl}
      - {use: hub, dataset: KodCode/KodCode-V1, fields: {prompt: question}}
    pick: by_lot
    seed: 42

OpenThoughts3 ranked its sources by a small run of each and divided what it wanted equally among the best ones. Scripts
of open-r1 mix by shares: `int(len * weight)` of each after a shuffle; that is `shares:` with `pick: by_lot`. At random
means by a hash of the seed and the question, so that no more than what is chosen has to be held, in the order in which
they are drawn; `compat: datasets` draws the rows that the library datasets would, in its order.

A source with too few questions gives what it has, or all of them again and again (`short: repeat`): every copy has its
number as `copy` in the meta. Copies of a question have one id, and each is answered by attempts of its own: with
`attempts: 4` the first copy has 4 to 7, and a pass rate over these. A teacher that cannot answer again (`recorded`, the
solver's logs, a model at temperature 0) gives all copies the same answers, as `check` and the card say. Filters against
duplicates see questions: among the question filters they leave out every copy, after the teacher they keep copies, but
that `exact_dedup` leaves out those with the same answer.

Without any of these settings sources take turns, as the sources of a recipe do; weights of sources (`weight:`) are for
proportions in every stretch of a dataset.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count, islice
from typing import Annotated, Literal, Self, TypeAlias

from pydantic import Field, model_validator

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.plugin.chance import COMPAT, Compat, Pick, shuffled
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.sources._wrapping import Wrapping, questions_of
from open_thoughts_gen.types import DropReason, Question, Sample

Drawn: TypeAlias = Question | DropReason


class Mix(Wrapping):
    """Chooses from other sources: equal numbers or shares of them, the first or at random."""

    of: tuple[NestedSource, ...] = Field(min_length=1, description="the sources; with `best`, the best one first")
    best: int | None = Field(
        default=None, ge=1, description="how many of the sources to use, the first ones; null: all"
    )
    num: Annotated[int | None, Scales()] = Field(
        default=None, ge=1, description="how many questions to take, as many of each source"
    )
    shares: tuple[float, ...] | None = Field(
        default=None, description="instead of `num`: which share (above 0, at most 1) of each source to take"
    )
    pick: Pick = Field(default="first", description="which questions. first: the first ones; by_lot: a random choice")
    seed: int | None = Field(default=None, ge=0, description="seed of the random choice; null: the recipe's")
    compat: Compat | None = Field(default=None, description=COMPAT)
    short: Literal["leave", "repeat"] = Field(
        default="leave",
        description="what a source with fewer than its part gives. leave: what it has; repeat: that again and again",
    )
    order: Literal["in_turn", "one_by_one"] = Field(
        default="in_turn", description="in_turn: one of each source in turn; one_by_one: one source after the other"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        num = len(self.of)
        if self.best is not None and self.best > num:
            raise ValueError(f"best: {self.best} of {num} sources")
        if self.num is not None and self.shares is not None:
            raise ValueError("set either `num:` or `shares:`")
        if self.shares is not None and (len(self.shares) != num or not all(0 < share <= 1 for share in self.shares)):
            raise ValueError(f"shares: {num} numbers above 0 and up to 1 are expected, one for each source")
        if self.short == "repeat" and self.num is None:
            raise ValueError("`short: repeat` needs `num:`, how many to repeat up to")
        return self

    @property
    def nested(self) -> tuple[NestedSource, ...]:
        """The sources that are used."""
        return self.of[: self.best]

    @property
    def endless(self) -> bool:
        """Whether one never ends, and no number is wanted."""
        return self.num is None and super().endless

    def expect(self, num: int | None) -> None:
        """Let each source know how many of its questions are read at most."""
        for index, source in enumerate(self.sources):
            limits = [each for each in (num, self.part(index) if self.shares is None else None) if each is not None]
            source.expect(min(limits, default=None))

    def start(self) -> None:
        """Check that what has to be counted has an end.

        Raises:
            UserError: it has none.

        """
        super().start()
        if (self.pick == "by_lot" or self.shares is not None) and any(source.endless for source in self.sources):
            hint = "give it a `limit:`, or take the first ones: `pick: first` and `num:`"
            raise UserError(Fault("a source that never ends cannot be chosen from at random or by share", hint=hint))

    def questions(self) -> Iterator[Drawn]:
        """Yield the questions chosen, and why rows of the sources cannot be used."""
        chosen = [self._of(index) for index in range(len(self.sources))]
        if self.order == "one_by_one":
            yield from chain.from_iterable(chosen)
            return
        while chosen:
            going: list[Iterator[Drawn]] = []
            for questions in chosen:
                for drawn in questions:
                    yield drawn
                    if isinstance(drawn, Question):
                        going.append(questions)
                        break
            chosen = going

    def _of(self, index: int) -> Iterator[Drawn]:
        """Yield what one source gives."""
        source, wanted = self.sources[index], self.part(index)
        drawn = _first(source, wanted) if self.pick == "first" else self._by_chance(source, wanted)
        if self.short == "leave" or wanted is None:
            yield from drawn
            return
        rows: list[Question] = []
        for each in drawn:
            if isinstance(each, Question):
                rows.append(each)
            yield each
        copies = ((number, each) for number in count(1) for each in rows)
        for number, each in islice(copies if rows else (), max(0, wanted - len(rows))):
            yield replace(each, meta={**each.meta, "copy": number})

    def part(self, index: int) -> int | None:
        """Return how many questions of a source to take; None for all."""
        if self.shares is not None:
            return int(_num_questions(self.sources[index]) * self.shares[index])
        if self.num is None:
            return None
        equal, rest = divmod(self.num, len(self.sources))
        return equal + (index < rest)

    def _by_chance(self, source: Source, wanted: int | None) -> Iterator[Drawn]:
        """Yield bad rows, then the questions chosen, in the order in which they were drawn."""
        seed = self._context.seed if self.seed is None else self.seed
        bad: list[DropReason] = []
        questions = enumerate(questions_of(source, bad))
        if self.compat is None:
            ranked = ((Sample(each).ticket(seed), index, each) for index, each in questions)
            best = sorted(ranked) if wanted is None else heapq.nsmallest(wanted, ranked)
            chosen = [each for *_, each in best]
        else:
            order = shuffled(_num_questions(source), seed, self.compat)[:wanted]
            wanted_rows = set(order)
            rows = {index: each for index, each in questions if index in wanted_rows}
            chosen = [rows[index] for index in order]
        yield from bad
        yield from chosen


def _first(source: Source, wanted: int | None) -> Iterator[Drawn]:
    num = 0
    for drawn in source.questions() if wanted != 0 else ():
        yield drawn
        num += isinstance(drawn, Question)
        if num == wanted:
            return


def _num_questions(source: Source) -> int:
    return sum(1 for _ in questions_of(source, []))
