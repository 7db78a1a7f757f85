"""Of stored answers only those that are not whole are asked again, and only where a run is told so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cache import AskAgain
from open_thoughts_gen.cli import main
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers._asking import ModelTeacher
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.teachers.pool import Pool
from open_thoughts_gen.types import Question, Request
from tests.servers.chat_server import Body, ChatServer, Fault, completion, error_body

CUT = {f"question {number}" for number in (2, 3, 5, 7, 11)}
RECIPE = """
name: again
source: {use: files, path: questions.jsonl}
decontaminate: false
teacher: {use: openai, model: "SPEC"}
"""


class Answers:
    """Cuts the answers to some questions the first time that they are asked, or where their limit is small."""

    def __init__(self, needed_tokens: int = 0) -> None:
        self.times: Counter[str] = Counter()
        self.needed_tokens = needed_tokens

    def __call__(self, body: Body) -> object:
        prompt = body["messages"][-1]["content"]
        self.times[prompt] += 1
        few = body.get("max_tokens", 10**9) < self.needed_tokens
        is_cut = prompt in CUT and (few or self.times[prompt] == 1)
        return completion(f"answer {self.times[prompt]}", finish_reason="length" if is_cut else "stop")


def responses(
    kind: type[ModelTeacher], folder: Path, *reasons: str, num: int = 20, run: str = "r", **settings: Any
) -> dict[int, tuple[str, str]]:
    context = Context(cache=folder / "responses.sqlite", run=run, ask_again=AskAgain(reasons))
    teacher = kind(**settings).fresh(context)
    numbers = {Question(f"question {number}").id: number for number in range(num)}
    traces = teacher.traces([Request(Question(f"question {number}")) for number in range(num)])
    return {numbers[trace.question_id]: (trace.response, trace.finish_reason) for trace in traces}


def members_of(server: ChatServer, other: ChatServer) -> list[dict[str, str]]:
    return [{"model": server.spec}, {"model": other.spec}]


Settings = Callable[[ChatServer, ChatServer], dict[str, Any]]


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        (Openai, lambda server, _: {"model": server.spec}),
        (Pool, lambda server, other: {"members": members_of(server, other)}),
        (Pool, lambda server, _: {"members": [{"model": server.spec}]}),
    ],
)
def test_only_cut_answers_are_asked_again_and_the_new_ones_take_their_place(
    tmp_path: Path, kind: type[ModelTeacher], settings: Settings
) -> None:
    answers = Answers()
    with ChatServer(answer=answers) as server, ChatServer(answer=answers) as other:
        chosen = settings(server, other)
        first = responses(kind, tmp_path, **chosen)
        assert {f"question {n}" for n, (_, finish) in first.items() if finish == "length"} == CUT
        again = responses(kind, tmp_path, "truncated", "refusal", **chosen)
        assert answers.times == {f"question {n}": 2 if f"question {n}" in CUT else 1 for n in range(20)}
        assert all(finish == "stop" for _, finish in again.values())
        assert responses(kind, tmp_path, "truncated", **chosen) == again
        assert responses(kind, tmp_path, **chosen) == again
    assert answers.times.total() == 25


def test_an_answer_that_is_cut_again_is_asked_once_in_a_run(tmp_path: Path) -> None:
    with ChatServer(answer=lambda _: completion("4", finish_reason="length")) as server:
        context = Context(cache=tmp_path / "c.sqlite", ask_again=AskAgain(["truncated"]))
        for _ in range(2):
            teacher = Openai(model=server.spec).fresh(context)
            list(teacher.traces([Request(Question("2+2?"))]))
        assert len(server.asked) == 1
        context = Context(cache=tmp_path / "c.sqlite", ask_again=AskAgain(["truncated"]))
        for _ in range(2):
            teacher = Openai(model=server.spec).fresh(context)
            list(teacher.traces([Request(Question("2+2?"))] * 2))
        assert len(server.asked) == 2


def test_where_no_new_answer_comes_the_stored_one_stays(tmp_path: Path) -> None:
    answers = Answers()
    refused: set[str] = set()

    def fault(prompt: str, _: int) -> Fault | None:
        return Fault(400, body=error_body("too long")) if prompt in refused else None

    with ChatServer(answer=answers, fault=fault) as server:
        first = responses(Openai, tmp_path, model=server.spec)
        refused.update(CUT)
        assert responses(Openai, tmp_path, "truncated", model=server.spec) == first
        refused.clear()
        assert responses(Openai, tmp_path, model=server.spec) == first
        assert len(server.asked) == 25


def test_a_cut_answer_that_was_replaced_by_a_longer_one_is_not_asked_again(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"max_tokens": 100, "max_tokens_limit": 200, "truncated": "escalate"}
    with ChatServer(answer=Answers(needed_tokens=150)) as server:
        first = responses(Openai, tmp_path, model=server.spec, **settings)
        assert len(server.asked) == 25
        assert responses(Openai, tmp_path, "truncated", model=server.spec, **settings) == first
        assert len(server.asked) == 25


def test_the_command_asks_the_rows_of_its_run_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = Answers()
    lines = [f'{{"prompt": "question {number}"}}\n' for number in range(20)]
    (tmp_path / "questions.jsonl").write_text("".join(lines[:6]), "utf-8")
    with ChatServer(answer=answers) as server:
        recipe, cache = tmp_path / "again.yaml", tmp_path / "responses.sqlite"
        recipe.write_text(RECIPE.replace("SPEC", server.spec), "utf-8")
        responses(Openai, tmp_path, run="other", model=server.spec)
        command = ["run", str(recipe), "--cache", str(cache), "--out", str(tmp_path / "out")]
        main(command)
        assert len(server.asked) == 20
        main([*command, "--ask-again", "empty", "--ask-again", "truncated"])
        assert sorted(server.prompts[20:]) == ["question 2", "question 3", "question 5"]
        with pytest.raises(SystemExit):
            main([*command, "--ask-again", "everything"])
    assert "'everything' is not one of truncated" in capsys.readouterr().err
