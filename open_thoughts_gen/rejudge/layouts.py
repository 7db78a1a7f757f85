"""Which column of saved rows holds what: the layouts of published datasets, and what names of columns show elsewhere.

A layout is known by columns that no other has together. Rows of no known layout are read by the names of their columns;
where those allow two readings, as `answer` beside `solution`, nothing is guessed: the error says which columns there
are and asks for `--fields`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.tables import Row, cell
from open_thoughts_gen.tables.chats import chat_of

_CHATS = ("messages", "conversations", "conversation")
_PROMPTS = ("question", "prompt", "problem", "instruction", "query", "input")
_RESPONSES = ("response", "completion", "generation", "generations", "generated_solution", "output", "responses")
_EITHER = ("answer", "solution")  # a model's response, or the reference
_REASONINGS = ("reasoning", "reasoning_content", "thinking", "reasoning_trace", "thought")
_REFERENCES = ("reference", "ground_truth", "expected_answer", "final_answer", "answer", "solution")
_SWITCHES = frozenset({"on", "off", "true", "false", "yes", "no", "none", ""})
_ASK = "name the columns: --fields prompt=...,response=...,reference=..."


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column holds what, each by its name or as a path within one; empty if nothing does.

    `prompt` may be a chat, whose last turn of the asker is then meant; without it the one in `messages` is.
    """

    prompt: str = ""
    response: str = ""
    messages: str = ""
    reasoning: str = ""
    reference: str = ""
    domain: str = "domain"
    source: str = "source"
    license: str = "license"
    teacher: str = "teacher"
    attempt: str = "attempt"
    finish_reason: str = "finish_reason"
    verdicts: str = "verdicts"

    @property
    def names(self) -> set[str]:
        """The columns that hold something."""
        columns = (getattr(self, field.name) for field in fields(self))
        return {column.partition(".")[0] for column in columns if column}

    def __str__(self) -> str:
        """Return one line that says which columns hold question, reasoning, response and reference."""
        named = {
            "question": self.prompt or f"{self.messages} (the asker's turn)",
            "reasoning": self.reasoning or "in the response",
            "response": self.response or f"{self.messages} (the model's last turn)",
            "reference": self.reference or "none",
        }
        return ", ".join(f"{name}: {column}" for name, column in named.items())


@dataclass(frozen=True, slots=True)
class Layout:
    """How a published dataset names its columns: the columns that it is recognised by, and what its columns hold."""

    name: str
    shown_by: tuple[str, ...]
    columns: Columns
    only: bool = field(default=False)  # shown only if there are no other columns


LAYOUTS = (
    Layout(
        "s1K-1.1",
        ("deepseek_thinking_trajectory", "deepseek_attempt"),
        Columns("question", "deepseek_attempt", reasoning="deepseek_thinking_trajectory", reference="solution"),
    ),
    Layout(
        "s1K",
        ("thinking_trajectories", "attempt"),
        Columns("question", "attempt", reasoning="thinking_trajectories", reference="solution", attempt=""),
    ),
    Layout("LIMO", ("question", "solution", "answer"), Columns("question", "solution", reference="answer"), only=True),
    Layout(
        "Llama-Nemotron post-training",
        ("input", "output", "generator", "reasoning"),
        Columns("input", "output", domain="category", teacher="generator"),
    ),
    Layout(
        "OpenR1-Math",
        ("problem", "generations", "finish_reasons"),
        Columns("problem", "generations", reference="answer", finish_reason="finish_reasons"),
    ),
    Layout(
        "OpenMathReasoning",
        ("problem", "generated_solution", "expected_answer"),
        Columns(
            "problem",
            "generated_solution",
            reference="expected_answer",
            source="problem_source",
            teacher="generation_model",
        ),
    ),
    Layout(
        "AM-DeepSeek-R1-Distilled",
        ("messages.0.info.reference_answer",),
        Columns(messages="messages", reference="messages.0.info.reference_answer", source="messages.0.info.source"),
    ),
    Layout(
        "Dolphin-R1",
        ("messages", "reasoning", "answer", "model"),
        Columns("messages", "answer", reasoning="reasoning", teacher="model"),
    ),
    Layout(
        "NuminaMath-1.5",
        ("problem", "solution", "answer", "problem_type", "question_type"),
        Columns("problem", "solution", reference="answer"),
    ),
    Layout("NuminaMath-CoT", ("source", "problem", "solution", "messages"), Columns(messages="messages"), only=True),
    Layout("Codeforces-CoTs", ("description", "prompt", "generation"), Columns("prompt", "generation")),
    Layout(
        "OpenThoughts-114k, metadata",
        ("problem", "deepseek_reasoning", "deepseek_solution"),
        Columns(
            "problem",
            "deepseek_solution",
            reasoning="deepseek_reasoning",
            reference="ground_truth_solution",
        ),
    ),
    Layout(
        "distilabel",
        ("instruction", "generation", "model_name"),
        Columns("instruction", "generation", teacher="model_name"),
    ),
    Layout(
        "verl",
        ("data_source", "prompt", "reward_model.ground_truth"),
        Columns(
            "prompt",
            "responses",
            reference="reward_model.ground_truth",
            domain="ability",
            source="data_source",
        ),
    ),
)


def layout_of(row: Row) -> Layout | None:
    """Return the layout of a published dataset that a row has; None for any other."""
    for layout in LAYOUTS:
        is_shown = all(cell(row, column) is not None or column in row for column in layout.shown_by)
        if is_shown and (not layout.only or row.keys() <= set(layout.shown_by)):
            return layout
    return None


def columns_of(row: Row, named: Mapping[str, str]) -> Columns:
    """Return which column of a row holds which field; `named` are the columns that the user names.

    Raises:
        UserError: the user names an unknown field, no trace can be seen, or two readings are possible.

    """
    known = [field.name for field in fields(Columns)]
    wrong = [name for name in named if name not in known]
    if wrong:
        raise UserError(*(Fault(f"a trace has no field {name!r}", hint=did_you_mean(name, known)) for name in wrong))
    layout = None if {"response", "messages"} & named.keys() else layout_of(row)
    if layout is not None:
        columns = {name: getattr(layout.columns, name) for name in known}
        return Columns(**{**columns, **named})
    return _by_names(row, named)


def question_columns_of(row: Row, named: Mapping[str, str]) -> Columns:
    """Return which column of a row holds which field of a question; it need not have a trace.

    Raises:
        UserError: as `columns_of`, where only a chat can tell the question.

    """
    has_prompt = "prompt" in named or bool(_first(row, _PROMPTS))
    if has_prompt and not {"response", "messages"} & named.keys() and layout_of(row) is None:
        return columns_of(row, {"response": "", **named})
    return columns_of(row, named)


def _by_names(row: Row, named: Mapping[str, str]) -> Columns:
    columns = dict(named)
    if not {"response", "messages"} & named.keys():
        columns |= _trace_columns(row)
    taken = {name.partition(".")[0] for name in columns.values()}
    for name, usual in (("prompt", _PROMPTS), ("reasoning", _REASONINGS), ("reference", _REFERENCES)):
        if name not in columns and not (name == "prompt" and columns.get("messages")):
            free = [column for column in usual if column not in taken]
            free = [column for column in free if not _is_switch(row.get(column))] if name == "reasoning" else free
            columns[name] = _first(row, free)
            taken.add(columns[name])
    return Columns(**columns)


def _trace_columns(row: Row) -> dict[str, str]:
    """Return which column holds the trace: a chat, or a response."""
    if "response" in row:
        return {"response": "response"}
    chat = next((name for name in _CHATS if chat_of(row.get(name)) is not None), "")
    if chat:
        return {"messages": chat}
    response = _first(row, _RESPONSES)
    if response:
        return {"response": response}
    names = ", ".join(sorted(row))
    either = [name for name in _EITHER if name in row]
    if {"chosen", "rejected"} <= row.keys() or len(either) > 1:
        kinds = "chosen or rejected" if len(either) < 2 else " or ".join(either)
        raise UserError(Fault(f"several columns may hold the trace: {kinds}, of the columns {names}", hint=_ASK))
    if not either:
        raise UserError(Fault(f"no column with a trace was recognised among {names}", hint=_ASK))
    return {"response": either[0]}


def _first(row: Row, names: Iterable[str]) -> str:
    return next((name for name in names if name in row), "")


def _is_switch(value: object) -> bool:
    """Return whether a column says whether a model reasoned, rather than what."""
    return isinstance(value, bool) or (isinstance(value, str) and value.strip().lower() in _SWITCHES)
