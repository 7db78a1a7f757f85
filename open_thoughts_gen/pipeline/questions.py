"""The questions of a draw, of which all but the first wait on disk.

A run holds the questions that fit in its spool's memory. Of each later one it holds 28 bytes: its id, which domain,
source and license it has, and where the rest is. What flows on is a `Question` like any other, made when it is asked
for, whose prompt, reference and meta are read from disk. It equals the plain one, and copied, replaced or sent to
another process it is a plain one.
"""

from __future__ import annotations

import pickle
from array import array
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import fields
from typing import Any

from open_thoughts_gen.pipeline.blobs import Blobs
from open_thoughts_gen.pipeline.lazy import Lazy
from open_thoughts_gen.pipeline.spool import Spool
from open_thoughts_gen.types import Question, Sample

OVERHEAD = 500  # characters that would take as much memory as a question beside its texts
_Texts = tuple[str, str | None, Mapping[str, Any]]  # prompt, reference, meta


class DrawnQuestions(Lazy[Question]):
    """A list of questions that grows."""

    def __init__(self, spool: Spool | None = None) -> None:
        """Take where the questions go that memory has no room for; None holds all of them."""
        self._spool = spool
        self._held: list[Question] = []
        self._blobs: Blobs | None = None
        self._numbers, self._ids, self._kinds = array("Q"), array("Q"), array("I")
        self._kind_numbers: dict[tuple[str, str, str], int] = {}
        self._traits: list[tuple[str, str, str]] = []
        self._last: tuple[int, _Texts] = (-1, ("", None, {}))

    def append(self, question: Question) -> None:
        """Add a question.

        Raises:
            UserError: the disk is full, or cannot be written.

        """
        size = OVERHEAD + len(question.prompt) + len(question.reference or "") + _num_characters(question.meta)
        if self._spool is None or self._spool.takes(size):
            self._held.append(question)
            return
        texts: _Texts = (question.prompt, question.reference, dict(question.meta))
        with self._spool.writing() as self._blobs:
            self._numbers.append(self._blobs.add(pickle.dumps(texts, pickle.HIGHEST_PROTOCOL)))
        self._ids.append(int(question.id, 16))
        kind = (question.domain, question.source, question.license)
        number = self._kind_numbers.setdefault(kind, len(self._traits))
        if number == len(self._traits):
            self._traits.append(kind)
        self._kinds.append(number)

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self._held) + len(self._numbers)

    def at(self, index: int) -> Question:
        """Return a question, whose texts may be on disk."""
        num_held = len(self._held)
        return self._held[index] if index < num_held else QuestionOnDisk.of(self, index - num_held)

    def id_of(self, number: int) -> str:
        """Return the id of one of those on disk."""
        return f"{self._ids[number]:016x}"

    def kind_of(self, number: int) -> tuple[str, str, str]:
        """Return the domain, source and license of one of those on disk."""
        return self._traits[self._kinds[number]]

    def texts_of(self, number: int) -> _Texts:
        """Read one of those on disk: its prompt, reference and meta; from any thread."""
        last, texts = self._last  # what is asked for is often asked for again at once
        if last != number and self._blobs is not None:
            texts = pickle.loads(self._blobs.read(self._numbers[number]))  # noqa: S301  (written above)
            self._last = number, texts
        return texts


class Unasked(Lazy[Sample]):
    """Questions as filters see them before the teacher."""

    def __init__(self, questions: Sequence[Question]) -> None:
        """Take the questions."""
        self._questions = questions

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self._questions)

    def at(self, index: int) -> Sample:
        """Return a question as a sample without a trace."""
        return Sample(self._questions[index])


def _num_characters(value: object) -> int:
    """Return about how many characters a JSON value has."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(key) + _num_characters(inner) for key, inner in value.items())
    return sum(map(_num_characters, value)) if isinstance(value, list | tuple) else 8


class QuestionOnDisk(Question):
    """A question whose texts are read from disk whenever they are asked for; a copy of it is a plain one."""

    __slots__ = ("_number", "_questions")
    _questions: DrawnQuestions
    _number: int

    def __new__(cls, *args: Any, **fields: Any) -> Question:  # type: ignore[misc]  # noqa: ANN401
        """Return a plain question of these fields."""
        return Question(*args, **fields)

    @classmethod
    def of(cls, questions: DrawnQuestions, number: int) -> Question:
        """Return one of those that are on disk."""
        question = object.__new__(cls)
        object.__setattr__(question, "_questions", questions)
        object.__setattr__(question, "_number", number)
        return question

    @property
    def prompt(self) -> str:
        """What is asked, read from disk."""
        return self._questions.texts_of(self._number)[0]

    @property
    def reference(self) -> str | None:
        """The known-right answer, read from disk."""
        return self._questions.texts_of(self._number)[1]

    @property
    def meta(self) -> Mapping[str, Any]:
        """What the source knows beyond the other fields, read from disk."""
        return self._questions.texts_of(self._number)[2]

    @property
    def domain(self) -> str:
        """Its domain."""
        return self._questions.kind_of(self._number)[0]

    @property
    def source(self) -> str:
        """Its source."""
        return self._questions.kind_of(self._number)[1]

    @property
    def license(self) -> str:
        """Its license."""
        return self._questions.kind_of(self._number)[2]

    @property
    def id(self) -> str:
        """The hash of the prompt, without reading it."""
        return self._questions.id_of(self._number)

    def __repr__(self) -> str:
        return repr(copy(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return Question, tuple(getattr(self, field.name) for field in fields(Question))
