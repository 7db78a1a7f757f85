"""The traces that a dataset already carries, so that it can be verified, filtered and published again.

    source: {use: files, path: open-thoughts/*.parquet, fields: {prompt: conversations.0.value}}
    teacher: {use: recorded, messages: conversations, teacher: deepseek/deepseek-reasoner}

The source reads the rows, and keeps every other column in a question's meta; this teacher finds the traces there. A
setting names a column, or a value inside one (`conversations.1.value`). Rows are published in three shapes: a column
for the response with or without one for the reasoning; a chat (`role`/`content`, or ShareGPT's `from`/`value`), whose
last turn by the model is the trace; and either of them as a list, one for each attempt. Where the reasoning has no
column or key of its own, it is read from the marks around it (`text.thinking`).

A row without a trace is a failed trace that says so. Not covered: tool calls, parts of content other than text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.tables import cell
from open_thoughts_gen.tables.chats import MODELS, Turn, chat_of, reasoning_in, role_of, said_in
from open_thoughts_gen.text import split_thinking
from open_thoughts_gen.types import Request, Trace


class Recorded(Teacher):
    """Reads the traces from the columns of the questions' own rows."""

    response: str | None = Field(None, min_length=1, description="column that holds the response")
    reasoning: str | None = Field(
        None,
        min_length=1,
        description="column that holds the reasoning; null: it is read from tags such as <think> in the response",
    )
    messages: str | None = Field(None, min_length=1, description="column that holds the chat, instead of `response`")
    teacher: str = Field("recorded", min_length=1, description="name of the model that wrote the traces")
    finish_reason: str | None = Field(
        None, min_length=1, description="column that says how the response ended: stop, or length if it was cut off"
    )

    @model_validator(mode="after")
    def _has_one_place(self) -> Self:
        if (self.response is None) == (self.messages is None):
            raise ValueError("name the column of the traces: either `response` or `messages`")
        return self

    @property
    def label(self) -> str:
        """Who wrote the traces."""
        return self.teacher

    @property
    def cost_usd(self) -> float:
        """Nobody is asked, so nothing is paid."""
        return 0.0

    @property
    def answers_copies(self) -> bool:
        """Whether copies are further attempts: a row holds what it holds and no more."""
        return False

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Yield one trace per request, in order."""
        return map(self._trace, requests)

    def _trace(self, request: Request) -> Trace:
        question, attempt = request.question, request.attempt
        try:
            reasoning, response = self._texts(question.meta, attempt)
        except LookupError as error:
            return Trace(question.id, attempt, self.label, "", "", "error", str(error.args[0]))
        cut = self.finish_reason and self._nth(question.meta, self.finish_reason, attempt) == "length"
        return Trace(question.id, attempt, self.label, reasoning, response, "length" if cut else "stop")

    def _texts(self, row: Mapping[str, Any], attempt: int) -> tuple[str, str]:
        """Return reasoning and response of one attempt; a LookupError says what the row lacks."""
        column = self.response or self.messages or ""
        value = self._turn(row, column, attempt) if self.messages else self._nth(row, column, attempt)
        reasoning = self._nth(row, self.reasoning, attempt) if self.reasoning else None
        apart = reasoning.strip() if isinstance(reasoning, str) else ""
        if isinstance(value, Mapping):
            apart, value = apart or reasoning_in(value).strip(), said_in(value)
        if not isinstance(value, str) or not (value.strip() or apart):
            raise LookupError(f"the row has no trace in {column!r} for attempt {attempt}")
        within, response = split_thinking(value)
        return apart or within, response

    def _nth(self, row: Mapping[str, Any], column: str, attempt: int) -> object:
        """Return a cell, or of a cell that is a list the one for this attempt; None if there is none."""
        value = cell(row, column)
        if isinstance(value, list):
            return value[attempt] if attempt < len(value) else None
        return value if attempt == 0 else None

    def _turn(self, row: Mapping[str, Any], column: str, attempt: int) -> Turn | None:
        """Return the model's last turn in a chat; a list of chats holds one for each attempt."""
        value = cell(row, column)
        if isinstance(value, list) and value and isinstance(value[0], list):
            value = value[attempt] if attempt < len(value) else None
        elif attempt:
            value = None
        turns = [turn for turn in chat_of(value) or () if role_of(turn) in MODELS]
        return turns[-1] if turns else None
