"""The distinct questions among samples: what is deduplicated.

Several attempts at one question are not duplicates of each other and are kept or dropped together; the same attempt
that comes again is one. Of each question a few numbers are held and no text, so that tens of millions fit in memory.

Minimal pairs resemble each other on purpose: questions whose meta has the same `pair`, or whose `twin_of` is the id of
the other, or the same.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.similar.keys import digest
from open_thoughts_gen.similar.settings import Keep
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import Question, Sample

Places = NDArray[np.int64]
_CHOICES = frozenset("yes no true false none all both neither unknown".split())
_OUTCOMES = {"incorrect": 0.0, "undecided": 1.0, "correct": 2.0}


class Questions:
    """The distinct questions of some samples, by the order in which they first came. Holds no text.

    `hashes` are of their content (the id as a number), `place_of` is the question of each sample, and `repeated` tells
    of each whether the same attempt came before.
    """

    def __init__(self, samples: Iterable[Sample], keep: Keep = "first", *, seen: Callable[[str], None]) -> None:
        """Take the samples, in one pass; `seen` is given the prompt of each distinct question, in order."""
        places: dict[int, int] = {}
        place_of, attempts = array("q"), array("q")
        self._worth: dict[int, float] = {}
        self._marks: dict[int, frozenset[str]] = {}
        self._named: set[str] = set()
        self._families: list[int] = []
        self._answers = array("Q")
        for sample in samples:
            question = sample.question
            hashed = int(question.id, 16)
            num = len(places)
            index = places.setdefault(hashed, num)
            if index == num:
                seen(question.prompt)
                self._answers.append(_answer(question))
                if question.meta:
                    self._note(question, index)
            if keep != "first":
                self._worth[index] = max(self._worth.get(index, 0.0), _worth(sample, keep))
            place_of.append(index)
            attempts.append(sample.trace.attempt if sample.trace else -1)
        self.hashes = np.fromiter(places, np.uint64, len(places))
        self.place_of = np.array(place_of, dtype=np.int64)
        self.repeated = _repeated(self.place_of, np.array(attempts, dtype=np.int64))

    def _note(self, question: Question, index: int) -> None:
        family = question.trait("family")
        if isinstance(family, str) and question.source == f"family:{family}":
            self._families.append(index)
        named = (("pair", question.trait("pair")), ("id", question.trait("twin_of")))
        marks = frozenset(f"{name} {value}" for name, value in named if isinstance(value, str) and value)
        if marks:
            self._marks[index] = marks
            self._named |= marks

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.hashes)

    @property
    def worth(self) -> NDArray[np.float64]:
        """What speaks for keeping each rather than another, the more the better."""
        worth = np.zeros(len(self))
        worth[list(self._worth)] = list(self._worth.values())
        return worth

    def ranked(self) -> tuple[Places, Places]:
        """Return the places in the order in which they are kept, and the rank of each place in it.

        The worthiest come first; of equals, the earliest.
        """
        order = np.argsort(-self.worth, kind="stable") if self._worth else np.arange(len(self))
        ranks = np.empty_like(order)
        ranks[order] = np.arange(order.size)
        return order, ranks

    @cached_property
    def answers(self) -> NDArray[np.uint64]:
        """A hash of the reference of each, 0 for none, and for one that only names a choice."""
        return np.array(self._answers, dtype=np.uint64)

    @cached_property
    def from_family(self) -> NDArray[np.bool_]:
        """Whether each was generated, by a family of problems."""
        return self._mask(self._families)

    @cached_property
    def in_pair(self) -> NDArray[np.bool_]:
        """Whether each says that it resembles another on purpose."""
        return self._mask(list(self._marks))

    def _mask(self, places: list[int]) -> NDArray[np.bool_]:
        mask = np.zeros(len(self), dtype=bool)
        mask[places] = True
        return mask

    def id(self, index: int) -> str:
        """Return the id of one."""
        return f"{int(self.hashes[index]):016x}"

    def are_twins(self, ones: Places, others: Places) -> NDArray[np.bool_]:
        """Return for each pair whether the two resemble each other on purpose: a minimal pair."""
        twins = np.zeros(ones.size, dtype=bool)
        if self._marks:
            for at in np.flatnonzero(self.in_pair[ones] | self.in_pair[others]).tolist():
                twins[at] = not self.marks(int(ones[at])).isdisjoint(self.marks(int(others[at])))
        return twins

    def marks(self, index: int) -> frozenset[str]:
        """Return what says that a question resembles others on purpose: those that have one in common are twins."""
        if not self._marks:
            return frozenset()
        id_mark = f"id {self.id(index)}"
        return self._marks.get(index, frozenset()) | ({id_mark} if id_mark in self._named else frozenset())


def _answer(question: Question) -> int:
    """Return a hash of the known-right answer, or 0: the same letter or "yes" can answer very different questions."""
    if not question.reference:
        return 0
    answer = normalise(question.reference).strip(" .()")
    names_choice = (len(answer) < 2 and not answer.isdigit()) or answer in _CHOICES
    return 0 if names_choice else digest(answer) | 1


def _worth(sample: Sample, keep: Keep) -> float:
    if keep == "longest":
        return float(len(sample.question.prompt))
    return _OUTCOMES[sample.outcome] + (sample.pass_rate or 0.0) / 2


def _repeated(place_of: Places, attempts: Places) -> NDArray[np.bool_]:
    """Return for each sample whether an earlier one is the same attempt at the same question."""
    repeated = np.zeros(place_of.size, dtype=bool)
    order = np.lexsort((attempts, place_of))
    place_of, attempts = place_of[order], attempts[order]
    repeated[order[1:]] = (place_of[1:] == place_of[:-1]) & (attempts[1:] == attempts[:-1])
    return repeated
