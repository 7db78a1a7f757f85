from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.teachers.recorded import Recorded
from open_thoughts_gen.text import split_thinking
from open_thoughts_gen.types import Question, Request, Trace

TAGGED = "<|begin_of_thought|>\n\nHm.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\nFour.\n\n<|end_of_solution|>"
RECIPE = """\
name: anew
source: {use: files, path: rows.jsonl, fields: {prompt: conversations.0.value, reference: answer}}
teacher: {use: recorded, messages: conversations, teacher: deepseek/r1}
verifiers: [exact]
sample_filters: [{use: verified, undecided: drop}]
"""


def recorded(row: dict[str, Any], attempt: int = 0, **settings: Any) -> Trace:
    (trace,) = Recorded(**settings).fresh(Context()).traces([Request(Question("?", meta=row), attempt)])
    return trace


@pytest.mark.parametrize(
    ("row", "settings"),
    [
        ({"r": "Hm.", "a": "Four."}, {"response": "a", "reasoning": "r"}),
        ({"a": TAGGED}, {"response": "a"}),
        ({"a": "<think>\nHm.\n</think>\n\nFour."}, {"response": "a"}),
        ({"a": {"b": ["x", {"c": "Hm.</think>Four."}]}}, {"response": "a.b.1.c"}),
        ({"c": [{"from": "human", "value": "?"}, {"from": "gpt", "value": TAGGED}]}, {"messages": "c"}),
        ({"c": [{"role": "assistant", "content": "Four.", "reasoning_content": "Hm."}]}, {"messages": "c"}),
        ({"c": json.dumps([{"role": "assistant", "content": "<think>Hm.</think>Four."}])}, {"messages": "c"}),
    ],
)
def test_published_shapes_are_read(row: dict[str, Any], settings: dict[str, Any]) -> None:
    trace = recorded(row, **settings)
    assert (trace.reasoning, trace.response, trace.finish_reason) == ("Hm.", "Four.", "stop")


def test_a_list_holds_one_trace_for_each_attempt() -> None:
    row = {"a": ["one", "two"], "f": ["stop", "length"]}
    traces = [recorded(row, attempt, response="a", finish_reason="f") for attempt in range(3)]
    assert [(trace.response, trace.finish_reason) for trace in traces] == [
        ("one", "stop"),
        ("two", "length"),
        ("", "error"),
    ]


def test_a_list_of_chats_holds_one_for_each_attempt() -> None:
    row = {"c": [[{"role": "assistant", "content": text}] for text in ("one", "two")]}
    assert [recorded(row, attempt, messages="c").response for attempt in (0, 1)] == ["one", "two"]


@pytest.mark.parametrize("row", [{}, {"c": None}, {"c": []}, {"c": "{"}, {"c": [1]}, {"c": [{"role": "user"}]}])
def test_a_row_without_a_trace_says_so(row: dict[str, Any]) -> None:
    trace = recorded(row, messages="c")
    assert trace.finish_reason == "error"
    assert "has no trace in 'c'" in str(trace.error)


@given(st.text())
def test_any_text_is_split_without_loss_of_what_is_untagged(text: str) -> None:
    reasoning, response = split_thinking(text)
    assert len(reasoning) + len(response) <= len(text)
    assert "<" in text or (reasoning, response) == ("", text.strip())


def test_an_unclosed_thought_has_no_response() -> None:
    assert split_thinking("<|begin_of_thought|>Hm.") == ("Hm.", "")


@pytest.mark.parametrize("settings", [{}, {"response": "a", "messages": "b"}])
def test_it_needs_one_place(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="either `response` or `messages`"):
        Recorded(**settings)


def test_a_published_dataset_is_verified_anew(tmp_path: Path) -> None:
    rows = [
        {
            "answer": "4",
            "conversations": [{"from": "user", "value": f"2+2, {i}?"}, {"from": "assistant", "value": told}],
        }
        for i, told in enumerate(["<think>Hm.</think>Answer: 4", "<think>Hm.</think>Answer: 5"])
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "r.yaml").write_text(RECIPE)
    recipe = load_recipe(tmp_path / "r.yaml")
    finished = run_line(recipe, context=Context(folder=recipe.folder, cache=tmp_path / "c.sqlite"))
    (sample,) = finished.samples
    assert sample.trace is not None
    assert (sample.question.prompt, sample.trace.reasoning, sample.trace.teacher) == ("2+2, 0?", "Hm.", "deepseek/r1")
    assert [drop.why.reason for drop in finished.dropped] == ["incorrect"]
    assert finished.counts.cost_usd == 0
