"""The columns of the published configs: their names, types and meanings, declared once.

From this one declaration come the Arrow schema, the `huggingface` features in the Parquet footer, the `dataset_info` of
the card and its field table, so that none can disagree with another. Lists of structs take the form that
`datasets` 3.6 and 5 both read: `[{...}]` in the footer's JSON, `list:` in the card's YAML (`Sequence` of a struct means
a struct of lists, and the `List` type is unknown before 4.0).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.recipe import ColumnType, Recipe
from open_thoughts_gen.text.turns import Style


@dataclass(frozen=True, slots=True)
class Column:
    """One column; with `members` it is a list of structs, else a scalar of `dtype` (a `datasets.Value` name)."""

    name: str
    meaning: str = ""
    dtype: str = "string"
    members: tuple[Column, ...] = ()


STANDARD = (
    Column("id", "First 16 hex digits of the SHA-256 of the question: the same question, the same id, in every run."),
    Column("question", "The prompt, complete in itself."),
    Column("reasoning", "The teacher's reasoning, before it answers."),
    Column("response", "What the teacher then says to the asker; it ends with the answer."),
    Column("answer", "The final answer that the verifier read in the response."),
    Column("reference", "The known-right answer; null where the source has none."),
    Column("domain", "The domain of the question."),
    Column("outcome", "The verdicts taken together: `correct`, `incorrect` or `undecided`."),
    Column("pass_rate", "Share (0 to 1) of the question's decided attempts that are correct.", "float64"),
    Column("teacher", "Who reasoned: the model, or the solver that writes out a derivation."),
    Column(
        "attempt",
        "Which attempt of the teacher at this question, from 0; at the copies of a question it goes on.",
        "int64",
    ),
    Column("finish_reason", "Why the teacher stopped: `stop`, or `length` where it was cut off."),
    Column("source", "Where the question comes from."),
    Column("license", "The licence of the question."),
    Column("teacher_license", "The licence or terms of the teacher's text; null where they are not known."),
    Column(
        "verdicts",
        "What each verifier found.",
        members=(Column("verifier"), Column("outcome"), Column("answer"), Column("explanation")),
    ),
)

MEASURES = Column(
    "measures",
    "What filters measured of the row: its name, the value (JSON) and who measured it.",
    members=(Column("name"), Column("value"), Column("by")),
)

# Two configs of chats, for no message survives all chat templates (docs/exports.md has the figures).
CHATS: Mapping[Style, Column] = {
    "inline": Column(
        "messages",
        "The chat: the user's question, then the assistant's `<think>` reasoning `</think>` and response.",
        members=(Column("role"), Column("content")),
    ),
    "reasoning_content": Column(
        "messages",
        "The chat: the user's question, then the assistant's response, its reasoning in a field beside it; null in "
        "other turns.",
        members=(Column("role"), Column("content"), Column("reasoning_content")),
    ),
}
CHAT_CONFIGS: Mapping[Style, str] = {"inline": "messages", "reasoning_content": "reasoning_content"}
# By what a chat is chosen for training; a recipe's own columns, JSON apart, are added.
_CHAT_TRAITS = "domain outcome pass_rate finish_reason teacher teacher_license source license".split()

RL = (
    Column("id", "The `id` of the same row in the default config."),
    Column("prompt", "The chat to answer: the user's question.", members=(Column("role"), Column("content"))),
    Column("reference", "The known-right answer; null where the source has none."),
    Column("domain", "The domain of the question."),
    Column("source", "Where the question comes from."),
    Column("meta", "What the verifiers read besides (JSON): of a family, the machine-readable case."),
    Column("verifiers", "The verifiers that judge an answer, each with its settings (JSON)."),
)

DTYPES: dict[ColumnType, str] = {
    "string": "string",
    "int": "int64",
    "float": "float64",
    "bool": "bool",
    "json": "string",
}

# What the source `family` writes into every question's `meta`; columns of other sources mean what their authors say.
FAMILY_MEANINGS = {
    "family": "The family of problems that generated the row.",
    "scheme": "The scheme within the family: which rules interact.",
    "asks": "Which of the scheme's questions is asked.",
    "program": "The answer as a program in the manner of FinQA, `#0` being the first result; null where it is none.",
    "field": "The field that the problem belongs to.",
    "kind": "What kind of question is asked.",
    "level": "Level of difficulty, 1 the easiest.",
    "pair": "The `id` of the first row of a minimal pair, the same in both; null where a row has no twin.",
    "twin_of": "The `id` of the row that this one repeats with one fact changed; null where it is not a twin.",
    "structure": "The secret rule without its chance figures, by which splits hold out whole rules; null where every "
    "puzzle has a rule of its own, or all have the same.",
    "alterations": "The alterations of arithmetic that the puzzle hides, joined by `+`; null where there are none.",
    "query_operator_shown": "Whether the operator of the question stands in an example; null where there is none.",
    "language": "The language of rules under which the answer is proved to be the only one.",
    "n_worlds": "How many rules of that language agree with the examples.",
    "n_answers": "How many different answers these rules give.",
    "settings": "Settings of the family (JSON), where they are not its defaults.",
    "spec": "The machine-readable case (JSON) that question and answer are computed from.",
    "derivation": "The derivation of the answer (JSON), step by step: provisions, claims that can be recomputed, and "
    "the text that says it with its span in the reasoning.",
    "index": "Index of the problem in its source; with the seed it gives the row again.",
    "seed": "Seed of the source that drew the problem.",
}


def default_columns(
    extra: Mapping[str, ColumnType], descriptions: Mapping[str, str], *, measured: bool = False
) -> tuple[Column, ...]:
    """Return the columns of the default config: the standard ones, `measures` if any row has them, then the recipe's.

    The recipe's are measures, or keys of the questions' `meta`.

    Raises:
        UserError: a column of the recipe has the name of a standard one.

    """
    taken = {column.name for column in (*STANDARD, MEASURES)}
    faults = [
        Fault(
            f"publish.columns: {name!r} is already a standard column", hint="leave it out, or rename it in the source"
        )
        for name in extra
        if name in taken
    ]
    if faults:
        raise UserError(*faults)
    recipe_columns = (
        Column(name, descriptions.get(name) or "As the source gives it.", DTYPES[kind]) for name, kind in extra.items()
    )
    described = (Column(c.name, descriptions.get(c.name, c.meaning), c.dtype, c.members) for c in STANDARD)
    return (*described, *([MEASURES] if measured else []), *recipe_columns)


def columns_of(recipe: Recipe, *, measured: bool, descriptions: Mapping[str, str] | None = None) -> tuple[Column, ...]:
    """Return the columns of a recipe's default config; `descriptions` say what they mean where the known words do not.

    Raises:
        UserError: a column of the recipe has the name of a standard one.

    """
    meanings = FAMILY_MEANINGS if all(part.use == "family" for part in recipe.sources) else {}
    filters = (*recipe.question_filters, *recipe.sample_filters)
    measures = {name: f"Measured by the filter `{part.use}`." for part in filters for name in part.plugin.measure_names}
    known = {**meanings, **measures, **(descriptions or {})}
    return default_columns(recipe.publish.columns, known, measured=measured)


def chat_columns(style: Style, default: Sequence[Column], extra: Mapping[str, ColumnType]) -> tuple[Column, ...]:
    """Return the columns of a config of chats: the chat, and the default config's columns that rows are chosen by."""
    more = [name for name, kind in extra.items() if kind != "json" and name != "messages"]
    chosen = (column for column in default if column.name in (*_CHAT_TRAITS, *more))
    return (Column("id", "The `id` of the same row in the default config."), CHATS[style], *chosen)


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """Return the Arrow schema, with the features in its metadata, where `datasets` and the Hub look for them."""
    fields = [pa.field(column.name, _arrow_type(column)) for column in columns]
    info = {"info": {"features": {column.name: _feature(column) for column in columns}}}
    return pa.schema(fields, metadata={"huggingface": json.dumps(info)})


def yaml_features(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the features as `dataset_info` in a card writes them."""
    return [
        {"name": column.name, "list": yaml_features(column.members)}
        if column.members
        else {"name": column.name, "dtype": column.dtype}
        for column in columns
    ]


def _arrow_type(column: Column) -> pa.DataType:
    if column.members:
        return pa.list_(pa.struct([pa.field(member.name, _arrow_type(member)) for member in column.members]))
    return {"string": pa.string(), "int64": pa.int64(), "float64": pa.float64(), "bool": pa.bool_()}[column.dtype]


def _feature(column: Column) -> object:
    if column.members:
        return [{member.name: _feature(member) for member in column.members}]
    return {"dtype": column.dtype, "_type": "Value"}
