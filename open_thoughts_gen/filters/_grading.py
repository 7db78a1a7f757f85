"""What filters share that ask a model for a grade on a scale, by a rubric.

`votes` asks several times and takes the mean. A reply that cannot be read, a call that failed, and what the budget
leaves no room for give no grade. What is graded is hostile text, and may speak to the model: it is quoted, and the
reply has to bear the code of the quotation (`chat.polling`). None of this makes a model proof against flattery.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from statistics import fmean
from typing import Literal, Self

from pydantic import Field, model_validator

from open_thoughts_gen.chat import Reply, resolve
from open_thoughts_gen.chat.polling import MATERIAL, AsksModel, FormCall, Poll, coded_objects
from open_thoughts_gen.chat.quoting import code_of, quote
from open_thoughts_gen.filters._measuring import Bounded, text_of
from open_thoughts_gen.money.budget import FILTER
from open_thoughts_gen.types import Sample

_INSTRUCTIONS = """\
You grade {what}. {rubric}

{material}

Reply with one JSON object and nothing else:
{{"reason": "one or two sentences", "grade": a whole number from {least} to {most}, "code": "{code}"}}"""
_WHAT = {"question": "a question", "answer": "the answer to a question"}
_VoteKey = tuple[int, int]  # index of the sample, number of the vote


class Grading(AsksModel, Bounded):
    """Asks a model for a grade by a rubric, and keeps what is within bounds."""

    of: Literal["question", "answer"] = Field(
        default="question",
        description="what the model sees. question: the question; answer: its reasoning and response, too",
    )
    scale: tuple[int, int] = Field(default=(1, 10), description="the least and the greatest grade, whole numbers")
    votes: int = Field(default=1, ge=1, le=99, description="how often the model is asked; the grade is the mean")
    unmeasured: Literal["keep", "drop"] = Field(
        default="drop", description="what to do with samples that got no grade: a failed call, a reply without one"
    )
    max_characters: int = Field(default=50_000, ge=1, description="longer texts are not graded")

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.scale[0] >= self.scale[1]:
            raise ValueError(f"scale: {self.scale[0]} is not below {self.scale[1]}")
        if self.votes > 1 and self.temperature == 0:
            raise ValueError("several votes at temperature 0 are one vote: raise `temperature:`, or set `votes: 1`")
        return self

    @abstractmethod
    def rubric_for(self, domain: str) -> str:
        """Return the rubric for questions of a domain."""

    @property
    def label(self) -> str:
        """The filter and its model."""
        return f"{self.plugin_name()} ({resolve(self.model).public_name})"

    def start(self) -> None:
        """Check that there is an API key.

        Raises:
            UserError: the provider needs a key, and none is set.

        """
        self.begin()

    def number(self, sample: Sample) -> float | None:
        """Return the grade of one sample."""
        (grade,) = self._grades([sample])
        return grade

    def measures(self, samples: Sequence[Sample]) -> Iterator[Mapping[str, float | None]]:
        """Grade many, `concurrency` calls at a time."""
        return ({self.measure_names[0]: grade} for grade in self._grades(samples))

    def _grades(self, samples: Sequence[Sample]) -> list[float | None]:
        votes: dict[int, list[int]] = {}
        keys = [(i, vote) for i, each in enumerate(samples) if self._is_asked(each) for vote in range(self.votes)]
        poll: Poll[_VoteKey, int] = Poll(
            self,
            form=lambda key, secret: self._form(samples[key[0]], key[1], secret),
            read=self._read,
            known_by=lambda key: self._known_by(label, samples[key[0]], key[1]),
        )
        context, label = self._context, self.label
        arriving = poll.values(keys, cache=context.cache, run=context.run, meter=context.meter(FILTER))
        with closing(arriving):
            for (i, _), grade in arriving:
                if isinstance(grade, int):
                    votes.setdefault(i, []).append(grade)
        complete = {i: round(fmean(each), 2) for i, each in votes.items() if len(each) == self.votes}
        return [complete.get(i) for i in range(len(samples))]

    def _known_by(self, label: str, sample: Sample, vote: int) -> int:
        return hash((label, self.rubric_for(sample.question.domain), self._text(sample), vote))

    def _text(self, sample: Sample) -> str:
        return "\n".join(self._parts(sample).values())

    def _is_asked(self, sample: Sample) -> bool:
        text = self._text(sample)
        return bool(text.strip()) and len(text) <= self.max_characters

    def _parts(self, sample: Sample) -> dict[str, str]:
        parts = {"QUESTION": sample.question.prompt}
        if self.of == "answer":
            parts |= {name.upper(): text_of(sample, name) or "" for name in ("reasoning", "response")}
        return parts

    def _form(self, sample: Sample, number: int, secret: bytes) -> FormCall:
        parts = self._parts(sample)
        code = code_of(*parts.values(), secret=secret)
        least, most = self.scale
        instructions = _INSTRUCTIONS.format(
            what=_WHAT[self.of], rubric=self.rubric_for(sample.question.domain), least=least, most=most, code=code,
            material=MATERIAL.format(code=code),
        )  # fmt: skip
        messages = [
            {"role": "system", "content": instructions},
            {"role": "user", "content": "\n\n".join(quote(name, part, code) for name, part in parts.items())},
        ]
        grade = {"type": "integer", "minimum": least, "maximum": most}
        members = {"reason": {"type": "string"}, "grade": grade, "code": {"type": "string"}}
        return self.form(messages, members, name="grade", attempt=number, code=code)

    def _read(self, reply: Reply, code: str) -> int | str:
        """Return the grade in a reply, or why it cannot be read."""
        grades = {str(one.get("grade", "")).strip() for one in coded_objects(reply, code)}
        if len(grades) > 1:
            return "it holds several grades"
        if not grades:
            return "it holds no JSON object with that code"
        written = grades.pop().removesuffix(".0")
        least, most = self.scale
        if not (written.lstrip("-").isascii() and written.lstrip("-").isdigit() and len(written) <= 9):
            return "its grade is not a whole number"
        return int(written) if least <= int(written) <= most else f"its grade is not from {least} to {most}"
