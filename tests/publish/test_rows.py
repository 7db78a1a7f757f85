"""Samples become rows that say what the samples say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish import rows
from open_thoughts_gen.publish.columns import arrow_schema, default_columns
from open_thoughts_gen.recipe import ColumnType, Publish
from open_thoughts_gen.types import Dropped, DropReason, Verdict
from tests.publish.finished import sample

EXTRA: dict[str, ColumnType] = {"level": "int", "spec": "json", "weight": "float", "seen": "bool", "kind": "string"}


def table(*kept: Any) -> pa.Table:
    made = rows.DefaultRows(Publish(columns=EXTRA))
    found = [made.row(each) for each in kept]
    made.check()
    return pa.Table.from_pylist(found, schema=arrow_schema(default_columns(EXTRA, {})))


def test_a_row_says_what_the_sample_says() -> None:
    row = table(sample("Why?", "300", level=3, spec={"b": [1], "a": None}, weight=2, seen=True, kind="amount"))
    assert row.to_pylist() == [
        {
            "id": "5d8a995a6fa7cf7c",
            "question": "Why?",
            "reasoning": "Let me see.",
            "response": "So it is.\n\nAnswer: 300",
            "answer": "300",
            "reference": "300",
            "domain": "law",
            "outcome": "correct",
            "pass_rate": 1.0,
            "teacher": "teller",
            "attempt": 0,
            "finish_reason": "stop",
            "source": "family:cases",
            "license": "cc0-1.0",
            "teacher_license": None,
            "verdicts": [{"verifier": "judge", "outcome": "correct", "answer": "300", "explanation": "one answer set"}],
            "level": 3,
            "spec": '{"a":null,"b":[1]}',
            "weight": 2.0,
            "seen": True,
            "kind": "amount",
        }
    ]


def test_what_meta_lacks_is_null_and_keeps_its_type() -> None:
    schema = table(sample("Why?")).schema
    assert [str(schema.field(name).type) for name in EXTRA] == ["int64", "string", "double", "bool", "string"]
    assert table(sample("Why?")).column("level").to_pylist() == [None]


@pytest.mark.parametrize(
    ("name", "value"), [("level", "3"), ("level", True), ("level", 2**63), ("weight", "x"), ("seen", 1), ("kind", [])]
)
def test_a_value_that_does_not_fit_its_column_is_a_fault(name: str, value: Any) -> None:
    with pytest.raises(UserError) as told:
        table(sample("Why?", **{name: value}), sample("Why not?", **{name: value}))
    assert len(told.value.faults) == 1
    assert f"publish.columns.{name}" in str(told.value)


def test_an_own_column_may_not_be_a_standard_one() -> None:
    with pytest.raises(UserError, match="'answer' is already a standard column"):
        default_columns({"answer": "string", "level": "int"}, {})


def test_the_answer_is_what_a_verifier_read_the_one_that_found_it_correct_first() -> None:
    judged = replace(
        sample("Why?"),
        verdicts=(Verdict("a", "undecided", "x"), Verdict("b", "correct", "y"), Verdict("c", "correct", None)),
    )
    assert rows.answer_of(judged) == "y"
    assert rows.answer_of(replace(judged, verdicts=())) == "yes"


def test_a_chat_carries_the_reasoning_in_think_tags() -> None:
    chat = rows.chat_of_row(sample("Why?", reasoning="Hm."))
    assert chat == [
        {"role": "user", "content": "Why?"},
        {"role": "assistant", "content": "<think>\nHm.\n</think>\n\nSo it is.\n\nAnswer: yes"},
    ]


def test_a_lone_surrogate_does_not_stop_the_run() -> None:
    assert table(sample("Why\ud800?")).column("question").to_pylist() == ["Why??"]


def test_what_was_left_out_keeps_its_reason_and_twin(tmp_path: Path) -> None:
    bad = Dropped("sources", "files", DropReason("not JSON", "line 3"))
    near = Dropped("sample_filters", "dedup", DropReason("near", twin="ab", score=93.5), sample("Why?", level=1))
    rows.write_dropped(tmp_path / "dropped.parquet", [bad, near])
    first, second = pq.read_table(tmp_path / "dropped.parquet").to_pylist()
    assert (first["reason"], first["detail"], first["question"], first["outcome"]) == ("not JSON", "line 3", None, None)
    assert (second["twin"], second["score"], second["outcome"]) == ("ab", 93.5, "correct")
    assert json.loads(second["meta"]) == {"level": 1}


def test_a_system_turn_for_training_comes_first() -> None:
    chat = rows.chat_of_row(sample("Why?", reasoning="Hm."), system="Think.")
    assert [turn["role"] for turn in chat] == ["system", "user", "assistant"]
    assert chat[0]["content"] == "Think."


def test_a_think_tag_inside_a_trace_does_not_end_the_reasoning() -> None:
    plain = sample("Why?")
    assert plain.trace
    trace = replace(plain.trace, reasoning="So </think> and < / THINK > it is.", response="No <think>.")
    chat = rows.chat_of_row(replace(plain, trace=trace))
    said = chat[-1]["content"]
    assert said == "<think>\nSo <\u200b/think> and <\u200b / THINK > it is.\n</think>\n\nNo <\u200bthink>."
    assert table(replace(plain, trace=trace)).column("reasoning").to_pylist() == [trace.reasoning]
