"""Rows in the exact columns of a published set, so that what reads that set reads this one too.

`schemas.yaml` declares them: the names, types and order of the columns, the roles and tags of their chats. A recipe
that makes such a set again names its schema under `publish: schemas`, and gets a config of that name beside its own,
which has what the published one lacks (verdicts, sources, licences). `number` is the number of the row.

A chat is held to its structure while it is written: two turns of the right roles, none of them empty. What would break
it is a fault of the recipe, which should have dropped the row. Not covered: the order of rows in the published files.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.publish.columns import Column
from open_thoughts_gen.text.turns import inline, untagged, valid
from open_thoughts_gen.types import Sample

_FILE = Path(__file__).with_suffix(".yaml")
THOUGHTS = (
    "<|begin_of_thought|>\n\n{reasoning}\n\n<|end_of_thought|>\n\n"
    "<|begin_of_solution|>\n\n{response}\n\n<|end_of_solution|>"
)


class SchemaColumn(BaseModel):
    """One column of a published set: of what, or the chat that it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: str = ""
    dtype: Literal["string", "int64", "bool"] = "string"
    chat: Literal["thoughts", "think"] | None = None
    keys: tuple[str, str] = ("from", "value")
    roles: tuple[str, str] = ("user", "assistant")

    def column(self, name: str) -> Column:
        """Return the column as a dataset declares it."""
        if self.chat is None:
            return Column(name, f"`{self.of}` of the row.", self.dtype)
        return Column(name, "The question, then the answer with its reasoning.", members=tuple(map(Column, self.keys)))

    def cell(self, sample: Sample, *, system: str, number: int) -> Any:  # noqa: ANN401  (JSON)
        """Return what a sample has in this column.

        Raises:
            ValueError: a turn of the chat would be empty, or the value is not of the column's type.

        """
        if self.chat is not None:
            return self._chat(sample)
        known = _KNOWN.get(self.of)
        value: Any = (
            known(sample) if known else {"system": system, "number": number}.get(self.of, sample.trait(self.of))
        )
        if value is None:
            return None
        if self.dtype == "string":
            return valid(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
        return bool(value) if self.dtype == "bool" else int(value)

    def _chat(self, sample: Sample) -> list[dict[str, str]]:
        trace = sample.trace
        reasoning, response = (
            (untagged(each.strip()) for each in (trace.reasoning, trace.response)) if trace else ("", "")
        )
        question = valid(sample.question.prompt)
        if not question.strip() or not (reasoning or response):
            raise ValueError(f"question {sample.question.id} has an empty turn")
        answer = THOUGHTS.format(reasoning=reasoning, response=response)
        answer = valid(answer if self.chat == "thoughts" else inline(reasoning, response))
        first, second = self.keys
        turns = [*zip(self.roles, (question, answer), strict=True)]
        if first == "content":
            turns = [(text, role) for role, text in turns]
        return [{first: one, second: other} for one, other in turns]


_KNOWN: Mapping[str, Callable[[Sample], Any]] = {
    "question": lambda sample: sample.question.prompt,
    "reference": lambda sample: sample.question.reference,
    "reasoning": lambda sample: sample.trace.reasoning if sample.trace else None,
    "response": lambda sample: sample.trace.response if sample.trace else None,
    "correct": lambda sample: sample.outcome == "correct",
    "tokens": lambda sample: sample.trace.usage.completion_tokens if sample.trace and sample.trace.usage else None,
}


class SchemaRows:
    """Makes the rows of one published schema."""

    def __init__(self, name: str, *, system: str) -> None:
        """Take the name of the schema, and the system message that it may carry.

        Raises:
            UserError: there is no such schema.

        """
        if name not in schemas():
            hint = did_you_mean(name, schemas())
            raise UserError(Fault(f"publish.schemas: there is no schema {name!r}", hint=hint))
        self.name, self._system, self._num = name, system, 0
        self._columns = schemas()[name]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the config."""
        return tuple(each.column(name) for name, each in self._columns.items())

    def row(self, sample: Sample) -> dict[str, Any]:
        """Return the row of a sample.

        Raises:
            UserError: it does not have the structure of the schema.

        """
        number, self._num = self._num, self._num + 1
        try:
            return {name: each.cell(sample, system=self._system, number=number) for name, each in self._columns.items()}
        except (TypeError, ValueError) as error:
            hint = "drop such rows: add `complete` to sample_filters"
            raise UserError(Fault(f"publish.schemas: {self.name}: {error}", hint=hint)) from error


@cache
def schemas() -> Mapping[str, Mapping[str, SchemaColumn]]:
    """Return the published schemas, by name."""
    written = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return {
        name: {column: SchemaColumn.model_validate(each) for column, each in columns.items()}
        for name, columns in written.items()
    }
