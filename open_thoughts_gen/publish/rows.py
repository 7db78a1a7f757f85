"""Samples become rows: of the default config, of the chats, and of what was left out.

Texts that UTF-8 cannot hold are repaired. A value that does not fit its column's type is reported as a fault of the
recipe, not set to null.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.publish.columns import MEASURES, STANDARD, Column, arrow_schema
from open_thoughts_gen.publish.markdown import public_name
from open_thoughts_gen.publish.parquet import write_parquet
from open_thoughts_gen.publish.spans import with_spans
from open_thoughts_gen.recipe import ColumnType, Publish
from open_thoughts_gen.recipe.licensing import teacher_license
from open_thoughts_gen.text import final_answer, shorten
from open_thoughts_gen.text.turns import Style, chat_of, messages
from open_thoughts_gen.types import Dropped, Sample

TRAIN = "train"  # the split of rows that no filter has put in another

_DROPPED = (
    Column("step"),
    Column("plugin"),
    Column("reason"),
    Column("detail"),
    Column("twin"),
    Column("score", dtype="float64"),
    *STANDARD,
    MEASURES,
    Column("meta"),
)


class DefaultRows:
    """Makes the rows of the default config, and gathers what does not fit its column: one fault a column."""

    def __init__(self, publish: Publish, *, measured: bool = False) -> None:
        """Take what the recipe says of columns and teacher, and whether any row has measures."""
        self._extra, self._publish, self._measured = publish.columns, publish, measured
        self._faults: dict[str, Fault] = {}

    def row(self, sample: Sample) -> dict[str, Any]:
        """Return the row of a sample."""
        cells = standard_row(sample, self._publish.teacher_license)
        if sample.trace:
            cells["teacher"] = clean(public_name(sample.trace.teacher, self._publish.teacher_name))
        if self._measured:
            cells["measures"] = _measures(sample)
        for name, kind in self._extra.items():
            value = sample.trait(name)
            if name == "derivation":
                value = with_spans(value, sample.trace)
            try:
                cells[name] = None if value is None else _converted(value, kind)
            except (TypeError, ValueError, OverflowError):
                shown = shorten(repr(value), 40)
                fault = Fault(
                    f"publish.columns.{name}: {shown}, of question {sample.question.id}, is not of type {kind}",
                    hint="give the column another type (json holds anything)",
                )
                self._faults.setdefault(name, fault)
        return cells

    def check(self) -> None:
        """Report the faults of the rows so far.

        Raises:
            UserError: a value of `meta` does not fit the type that the recipe gives its column.

        """
        if self._faults:
            raise UserError(*self._faults.values())


def write_dropped(path: Path, dropped: Iterable[Dropped]) -> None:
    """Write what was left out: step, plug-in and reason, then the dataset's columns, so that it can be verified."""
    write_parquet(path, map(_dropped_row, dropped), arrow_schema(_DROPPED))


def answer_of(sample: Sample) -> str | None:
    """Return the final answer: as read by a verifier (first by one that calls it correct), else as read here."""
    read = sorted((v for v in sample.verdicts if v.answer is not None), key=lambda v: v.outcome != "correct")
    if read:
        return read[0].answer
    return final_answer(sample.trace.response) if sample.trace else None


def standard_row(sample: Sample, stated_license: str = "") -> dict[str, Any]:
    """Return a sample's cells of the standard columns."""
    question, trace = sample.question, sample.trace
    return {
        "id": question.id,
        "question": clean(question.prompt),
        "reasoning": clean(trace.reasoning) if trace else None,
        "response": clean(trace.response) if trace else None,
        "answer": clean(answer_of(sample)),
        "reference": clean(question.reference),
        "domain": clean(question.domain),
        "outcome": sample.outcome,
        "pass_rate": sample.pass_rate,
        "teacher": clean(trace.teacher) if trace else None,
        "attempt": trace.attempt if trace else None,
        "finish_reason": trace.finish_reason if trace else None,
        "source": clean(question.source),
        "license": clean(question.license),
        "teacher_license": clean(teacher_license(trace.teacher, stated_license)) if trace else None,
        "verdicts": [
            {
                "verifier": clean(verdict.verifier),
                "outcome": verdict.outcome,
                "answer": clean(verdict.answer),
                "explanation": clean(verdict.why),
            }
            for verdict in sample.verdicts
        ],
    }


def chat_of_row(sample: Sample, *, system: str = "", style: Style = "inline") -> list[dict[str, str]]:
    """Return a sample as messages, ready for a trainer; `system` is the first turn, if it is set.

    A think tag inside a trace gets a zero-width space after its `<`, so that exactly one pair of tags parts reasoning
    and response, and white space around both is left out (`text.turns`); the default config has the texts unchanged.
    """
    return messages(chat_of(sample, system=system), style)


def _measures(sample: Sample) -> list[dict[str, str | None]]:
    return [
        {"name": clean(name), "value": _json(measure.value), "by": clean(measure.by)}
        for name, measure in sorted(sample.measures.items())
    ]


def _dropped_row(dropped: Dropped) -> dict[str, Any]:
    sample, why = dropped.sample, dropped.why
    row: dict[str, Any] = {
        "step": dropped.step,
        "plugin": dropped.plugin,
        "reason": clean(why.reason),
        "detail": clean(why.detail),
        "twin": why.twin,
        "score": why.score,
    }
    if sample:
        row |= standard_row(sample) | {"measures": _measures(sample), "meta": _json(sample.question.meta)}
        row |= {} if sample.verdicts else {"outcome": None}
    return row


def clean(text: str | None) -> str | None:
    """Return text that UTF-8 can hold: a lone surrogate, which a broken JSON escape leaves behind, becomes `?`."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


def _json(value: object) -> str | None:
    return clean(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")))


def _converted(value: object, kind: ColumnType) -> object:
    """Return a value as a column of a type holds it; a TypeError where it does not fit."""
    match kind, value:
        case "json", _:
            return _json(value)
        case "string", str():
            return clean(value)
        case "string", int() | float():
            return str(value)
        case "bool", bool():
            return value
        case "int", int() if not isinstance(value, bool) and -(2**63) <= value < 2**63:
            return value
        case "float", int() | float() if not isinstance(value, bool):
            return float(value)
    raise TypeError(value)
