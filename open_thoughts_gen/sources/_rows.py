r"""What sources of rows share: which column is what, and how a row becomes a question.

`fields` says which column is what; every other column is kept as meta, or only those that `meta` lists. A field may be
put together from several columns, by a template:

    fields:
      prompt: "{{ question }}\n{% for choice in choices %}{{ 'ABCD'[loop.index0] }}. {{ choice }}\n{% endfor %}"
      reference: "{{ 'ABCD'[answer] }}"

so that what is published, hashed and deduplicated is what the teacher is asked. Of a column that holds a chat, the last
question is asked, or with `chats: whole` all of the chat up to there.

A row that cannot be used is not an error: it is dropped with its reason and its line (`FILE:LINE`), and is counted
among what the run dropped. Too many rows that cannot even be read are an error: the file is then read in the wrong way.
What concerns all rows (no such column) is reported before the first one is drawn.
"""

from __future__ import annotations

import json
import unicodedata
from abc import abstractmethod
from collections.abc import Collection, Iterator, Mapping
from random import Random
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.tables import Row, Table, cell
from open_thoughts_gen.tables.cells import UNREADABLE
from open_thoughts_gen.tables.chats import chat_of, last_question, transcript
from open_thoughts_gen.tables.code_problems import COLUMNS, LAYOUTS, LayoutName, problem_of
from open_thoughts_gen.tables.template import UnfitValuesError, is_template, names_in, render
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import DropReason, Question

ROW = "row"  # what templates call the row itself, for columns whose names are not words: row["final answer"]
_MAX_WHY = 200
_MIN_UNREAD = 10  # rows; fewer are never an error
_FIRST_ROWS = 1000  # from here on a share of unread rows means something


class Fields(BaseModel):
    """Which column holds which field of a question; text with `{{ }}` is a template over the columns."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: str = Field(
        default="prompt",
        description="column that holds the question, a path inside one (chat.0.value), or a template over columns",
    )
    reference: str | None = Field(default=None, description="column that holds the correct answer, or a template")
    domain: str | None = Field(default=None, description="column that holds the domain of each row, or a template")
    license: str | None = Field(default=None, description="column that holds the license of each row, or a template")

    @property
    def columns(self) -> set[str]:
        """The columns that hold a field as they are."""
        return {column for column in self._chosen_fields() if not is_template(column)}

    @property
    def needed(self) -> set[str]:
        """All columns that fields are taken from, those in templates included."""
        in_templates = (names_in(template) for template in self._chosen_fields() if is_template(template))
        return self.columns.union(*in_templates) - {ROW}

    def _chosen_fields(self) -> list[str]:
        return [column for column in (self.prompt, self.reference, self.domain, self.license) if column is not None]


class RowSource(Source):
    """Questions that stand in the rows of tables."""

    fields: Fields = Field(
        default=Fields(),
        description="which column holds each of prompt, reference, domain and license, such as {prompt: problem, "
        "reference: answer}; by default only the prompt is read, from the column `prompt`",
    )
    chats: Literal["last", "whole"] = Field(
        default="last",
        description="what to ask if the prompt's column holds a chat. last: the user's last message; whole: the chat "
        "as text",
    )
    meta: Literal["rest"] | tuple[str, ...] = Field(
        default="rest", description="columns to keep as meta; rest: all columns that no field uses"
    )
    add: Mapping[str, str] = Field(
        default_factory=dict,
        description="keys to add to the meta, each with a fixed text or a template over columns, such as "
        "{origin: '{{ source }}'}",
    )
    domain: str = Field(default="general", description="domain of the rows that have none of their own")
    license: str = Field(default="", description="license of the rows that have none of their own")
    layout: LayoutName | None = Field(
        default=None,
        description="the collection of programming problems that the rows are from; they then have the columns of one "
        "schema, from which `fields` and `meta` choose",
    )
    limit: Annotated[int | None, Scales()] = Field(
        default=None, ge=1, description="the most questions to read; null: all"
    )
    shuffle: bool = Field(default=False, description="shuffle the rows by the seed; holds all of them in memory")
    max_unread: float = Field(
        default=0.01,
        ge=0,
        le=1,
        description="the largest share (0..1) of the rows that may be unreadable; the run stops if more are, and at "
        "least 11 rows",
    )

    @abstractmethod
    def tables(self) -> Iterator[Table]:
        """Yield the tables in a fixed order, opening each only when it is its turn."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What messages call all the tables together."""

    @abstractmethod
    def title_of(self, table: Table) -> str:
        """Return what messages call one table."""

    @abstractmethod
    def source_of(self, table: Table) -> str:
        """Return what the rows of a table name as their source."""

    @property
    def usual_license(self) -> str:
        """The license of the rows that have none of their own, by the recipe."""
        return self.license

    def check_columns(self) -> None:
        """Look at the tables before the first row is drawn.

        Raises:
            UserError: no row has a column that is needed.

        """
        needed: Collection[str] = self.fields.needed | (set(self.meta) if self.meta != "rest" else set())
        if self.layout is not None:
            unknown = [name for name in sorted(needed) if not _is_in(COLUMNS, name)]
            if unknown:
                message = f"the layout {self.layout} has no column {unknown[0]!r}"
                raise UserError(Fault(message, hint=f"its columns are {', '.join(COLUMNS)}"))
            needed = LAYOUTS[self.layout].columns
        columns: set[str] = set()
        for table in self.tables():
            for names in table.columns():
                columns |= names
                if all(_is_in(columns, name) for name in needed):
                    return
        if columns - {""}:  # else no row can be read at all, and each of them says why
            missing = [name for name in sorted(needed) if not _is_in(columns, name)]
            raise UserError(*(
                Fault(f"no row of {self.title} has a column {name!r}", hint=self._hint(name, columns))
                for name in missing
            ))  # fmt: skip

    def _hint(self, name: str, columns: set[str]) -> str:
        if name == "prompt" and "prompt" not in self.fields.model_fields_set:
            return f"write which column holds the question, `fields: {{prompt: …}}`: {', '.join(sorted(columns))}"
        return did_you_mean(name, columns)

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield the questions in the order of the tables, or in one given by the seed.

        Raises:
            UserError: more rows than `max_unread` allows cannot be read.

        """
        drawn = self._all()
        if self.shuffle:
            held = list(drawn)
            Random(self._context.seed).shuffle(held)
            drawn = iter(held)
        num = 0
        for question in drawn:
            yield question
            num += isinstance(question, Question)
            if num == self.limit:
                return

    def _all(self) -> Iterator[Question | DropReason]:
        unread = Unread(self.title, self.max_unread)
        for table in self.tables():
            for line, row in table.rows():
                question = row if isinstance(row, DropReason) else self._question(row, table)
                if isinstance(question, DropReason):
                    why = shorten(question.detail, _MAX_WHY)
                    question = DropReason(question.reason, f"{self.title_of(table)}:{line}: {why}")
                unread.count(row, question)
                yield question
        unread.check()

    def _question(self, row: Row, table: Table) -> Question | DropReason:
        fields, values = self.fields, {}
        row = row if self.layout is None else problem_of(row, self.layout)
        for name in ("prompt", "reference", "domain", "license"):
            column = getattr(fields, name)
            try:
                value = None if column is None else _value(row, column)
                values[name] = self._asked(value) if name == "prompt" else as_text(value)
            except _UnusableError as error:
                return DropReason(error.reason, f"the column {column!r} {error}")
        prompt = values["prompt"]
        if prompt is None or is_blank(prompt):
            return DropReason("no prompt", f"the column {fields.prompt!r} is missing or blank")
        try:
            added = {
                name: render(text, {ROW: row, **row}) if is_template(text) else text for name, text in self.add.items()
            }
        except UnfitValuesError as error:
            return DropReason("template", f"a key of `add` cannot be made: {error}")
        meta_columns = [name for name in row if name not in fields.columns] if self.meta == "rest" else self.meta
        return Question(
            prompt,
            reference=values["reference"],
            domain=values["domain"] or ("code" if self.layout and self.domain == "general" else self.domain),
            source=self.source_of(table),
            license=values["license"] or self.usual_license,
            meta={name: row[name] for name in meta_columns if name in row} | added,
        )

    def _asked(self, value: object) -> str | None:
        chat = chat_of(value)
        if chat is not None:
            return last_question(chat) if self.chats == "last" else transcript(chat)
        if value is None or isinstance(value, str):
            return value
        raise _UnusableError("wrong type", "contains neither text nor a chat")


class Unread:
    """Counts the rows that cannot be read, and refuses too many."""

    def __init__(self, path: str, max_share: float) -> None:
        """Take the path to name, and the share of all rows that may be unreadable."""
        self._path, self._max_share = path, max_share
        self.num_rows = self.num_unread = 0
        self.first = ""

    def count(self, row: object, question: object) -> None:
        """Count a row, and what became of it.

        Raises:
            UserError: too many of the rows so far cannot be read.

        """
        self.num_rows += 1
        if isinstance(row, DropReason) and row.reason == UNREADABLE and isinstance(question, DropReason):
            self.num_unread += 1
            self.first = self.first or question.detail
            if self.num_rows >= _FIRST_ROWS:
                self.check()

    def check(self) -> None:
        """Refuse too many unreadable rows.

        Raises:
            UserError: there are more than `max_unread` allows.

        """
        if self.num_unread > max(_MIN_UNREAD, self._max_share * self.num_rows):
            message = (
                f"{self.num_unread:,} of {self.num_rows:,} rows of {self._path} cannot be read, first {self.first}"
            )
            hint = "set `encoding:`, `delimiter:` or `format:` where they were detected wrongly, or raise `max_unread:`"
            raise UserError(Fault(message, hint=hint))


def _value(row: Row, column: str) -> object:
    """Return what a row has for a column or a template."""
    if is_template(column):
        try:
            return render(column, {ROW: row, **row})
        except UnfitValuesError as error:
            raise _UnusableError("template", f"cannot be made: {error}") from error
    value = cell(row, column)
    why = getattr(row, "unreadable", {}).get(column.partition(".")[0])
    if value is None and why is not None:
        raise _UnusableError("unreadable cell", f"holds {why}")
    return value


class _UnusableError(Exception):
    """A field of a row cannot be used; the message continues the name of the column."""

    def __init__(self, reason: str, why: str) -> None:
        self.reason = reason
        super().__init__(why)


def _is_in(columns: Collection[str], name: str) -> bool:
    """Return whether there is a column for a path within one."""
    return name in columns or name.partition(".")[0] in columns


def as_text(value: object) -> str | None:
    """Return a cell as text: a whole number without a decimal point, a list as its items; None for nothing."""
    if value in (None, "", []):
        return None
    if isinstance(value, list):
        is_flat = all(isinstance(each, str | int | float) for each in value)
        return ", ".join(filter(None, map(as_text, value))) if is_flat else json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_blank(prompt: str) -> bool:
    """Return whether a text has nothing to see: spaces and characters of no width."""
    return all(char.isspace() or unicodedata.category(char) in ("Cf", "Cc") for char in prompt)
