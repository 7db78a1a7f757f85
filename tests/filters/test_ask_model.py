"""Grades by a rubric, asked of a model on the loopback server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.ask_model import AskModel
from open_thoughts_gen.money.budget import Budget, Spending
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample, Trace
from tests.servers.chat_server import ChatServer, Fault
from tests.servers.judging import Body, code_in, grading, material, saying

HARD, EASY = Sample(Question("Prove it, at level 9.")), Sample(Question("Add it, at level 2."))


def grades(
    folder: Path, answer: Callable[[Body], object], *samples: Sample, **settings: Any
) -> tuple[list[Any], ChatServer]:
    written = {"rubric": "How useful is it?", "max_retries": 0, **settings}
    with ChatServer(answer=answer) as server:
        asking = AskModel.model_validate({"model": server.spec, **written})
        asking = asking.fresh(Context(cache=folder / "responses.sqlite"))
        return [each["grade"] for each in asking.measures(samples)], server


def test_each_sample_gets_its_grade_in_order_and_the_text_is_quoted(tmp_path: Path) -> None:
    found, server = grades(tmp_path, grading, HARD, EASY, HARD)
    assert found == [9, 2, 9]
    assert {json.dumps(material(each.body)) for each in server.asked} == {
        json.dumps({"QUESTION": sample.question.prompt}) for sample in (HARD, EASY)
    }
    assert "How useful is it?" in server.asked[0].body["messages"][0]["content"]
    assert server.asked[0].body["response_format"]["json_schema"]["schema"]["properties"]["grade"]["maximum"] == 10


def test_nothing_is_asked_twice(tmp_path: Path) -> None:
    with ChatServer(answer=grading) as server:
        for _ in range(2):
            asking = AskModel(model=server.spec, rubric="How useful?").fresh(Context(cache=tmp_path / "c.sqlite"))
            assert [each["grade"] for each in asking.measures([HARD, EASY])] == [9, 2]
        assert len(server.asked) == 2


def test_several_votes_give_their_mean_and_all_must_count(tmp_path: Path) -> None:
    def alternating(body: Body) -> object:
        alternating.num += 1  # type: ignore[attr-defined]
        grade = 4 + alternating.num % 2  # type: ignore[attr-defined]
        return saying(json.dumps({"grade": grade, "code": code_in(body)}))(body)

    alternating.num = 0  # type: ignore[attr-defined]
    found, server = grades(tmp_path, alternating, HARD, votes=2, temperature=1, concurrency=1)
    assert found == [4.5]
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "reply",
    [
        "I would say 7.",
        '{"grade": 7}',
        '{"grade": 7, "code": "000000000000"}',
        '{"grade": 11, "code": "{code}"}',
        '{"grade": "high", "code": "{code}"}',
        '{"grade": 7.5, "code": "{code}"}',
        '{"grade": 3, "code": "{code}"} {"grade": 7, "code": "{code}"}',
    ],
)
def test_a_reply_that_cannot_be_read_is_asked_for_once_more_and_then_gives_no_grade(tmp_path: Path, reply: str) -> None:
    found, server = grades(tmp_path, saying(reply), HARD)
    assert found == [None]
    assert len(server.asked) == 2
    assert grades(tmp_path / "other", saying(reply, '{"grade": 7, "code": "{code}"}'), HARD)[0] == [7]


def test_a_failed_call_and_an_endless_text_give_no_grade_and_the_row_its_reason(tmp_path: Path) -> None:
    found, server = grades(tmp_path, grading, Sample(Question("x" * 100)), HARD, max_characters=50)
    assert found == [None, 9]
    assert len(server.asked) == 1
    with ChatServer(answer=grading, fault=lambda prompt, number: Fault(status=500)) as broken:
        asking = AskModel(model=broken.spec, rubric="?", max_retries=0).fresh(Context(cache=tmp_path / "c.sqlite"))
        why = asking.drop_reason(HARD)
    assert why is not None
    assert why.reason == "no grade"


def test_an_answer_is_graded_with_its_reasoning(tmp_path: Path) -> None:
    sample = Sample(HARD.question, Trace("q", 0, "t", "I think.", "Answer: 4"))
    _, server = grades(tmp_path, grading, sample, of="answer")
    assert material(server.asked[0].body) == {
        "QUESTION": HARD.question.prompt,
        "REASONING": "I think.",
        "RESPONSE": "Answer: 4",
    }


def test_what_the_budget_leaves_no_room_for_is_not_asked(tmp_path: Path) -> None:
    with ChatServer(answer=grading) as server:
        spending = Spending(Budget(tokens=1), {})
        spending.begin()
        context = Context(cache=tmp_path / "c.sqlite", spending=spending)
        asking = AskModel(model=server.spec, rubric="?", concurrency=1).fresh(context)
        samples = [Sample(Question(f"case {i}, level {1 + i % 9}")) for i in range(40)]
        found = [each["grade"] for each in asking.measures(samples)]
    assert found.count(None) == 32  # the first few show what a call costs
    assert len(server.asked) == 8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rubric": " "}, "what is graded"),
        ({}, "rubric"),
        ({"rubric": "?", "scale": [5, 5]}, "is not below"),
        ({"rubric": "?", "votes": 2, "temperature": 0}, "one vote"),
        ({"rubric": "?", "min": 3, "max": 2}, "above max"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        AskModel.model_validate({"model": "ollama/m", **settings})
