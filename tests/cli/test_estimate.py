from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cli import main
from open_thoughts_gen.cli.estimation import Estimate, Range, estimate, is_paid, sample_of
from open_thoughts_gen.money.budget import Spending
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import Recipe, load_recipe
from open_thoughts_gen.types import Counts, Finished, Usage
from tests.servers.chat_server import ChatServer, completion
from tests.servers.judging import fair

RECIPE = """\
name: sums
source: {use: files, path: questions.jsonl}
decontaminate: false
teacher: {use: openai, model: "%s", concurrency: 4}
prices: {"%s": {input: 1000, output: 1000}}
"""


def recipe_of(folder: Path, server: ChatServer, num: int = 100, **settings: Any) -> Recipe:
    (folder / "questions.jsonl").write_text("".join(json.dumps({"prompt": f"{i}?"}) + "\n" for i in range(num)))
    (folder / "r.yaml").write_text(RECIPE % (server.spec, server.spec))
    return load_recipe(folder / "r.yaml", overrides=[f"{key}={value}" for key, value in settings.items()])


def context_of(folder: Path, recipe: Recipe) -> Context:
    return Context(folder=folder, cache=folder / "c.sqlite", spending=Spending(recipe.budget, recipe.known_prices))


@pytest.mark.parametrize(("settings", "calls"), [({}, 100), ({"attempts": 3}, 300), ({"target": 40}, 40)])
def test_a_few_rows_tell_of_the_whole(tmp_path: Path, settings: dict[str, Any], calls: int) -> None:
    with ChatServer(latency_s=0.02) as server:
        recipe = recipe_of(tmp_path, server, **settings)
        context = context_of(tmp_path, recipe)
        finished = run_line(sample_of(recipe, 10), context=context)
        estimated = estimate(recipe, finished, context=context)
        assert len(server.asked) == 10
    assert estimated is not None
    assert (estimated.num_sampled, estimated.calls["teacher"].expected, estimated.num_places) == (10, calls, 4)
    assert estimated.tokens.expected == pytest.approx(18 * calls)
    for interval in (estimated.total_usd, estimated.time_s):
        assert isinstance(interval, Range)
        assert interval.low <= interval.expected <= interval.high
    assert estimated.total_usd is not None
    assert estimated.total_usd.expected == pytest.approx(0.018 * calls)
    assert estimated.time_s is not None
    assert estimated.time_s.low > 0


def test_a_target_that_the_questions_do_not_reach_is_said(tmp_path: Path) -> None:
    with ChatServer() as server:
        recipe = recipe_of(tmp_path, server, num=30, target=50)
        context = context_of(tmp_path, recipe)
        estimated = estimate(recipe, run_line(sample_of(recipe, 10), context=context), context=context)
    assert estimated is not None
    assert estimated.calls["teacher"] == Range(30, 30, 30)
    assert "note:   there are too few questions for the target of 50 samples; expect about 30" in estimated.lines()


def test_rows_that_cannot_be_read_are_not_counted_as_questions(tmp_path: Path) -> None:
    with ChatServer() as server:
        recipe = recipe_of(tmp_path, server, num=30, max_questions=20)
        rows = (tmp_path / "questions.jsonl").read_text()
        (tmp_path / "questions.jsonl").write_text("broken\n" * 5 + rows)
        context = context_of(tmp_path, recipe)
        estimated = estimate(recipe, run_line(sample_of(recipe, 10), context=context), context=context)
    assert estimated is not None
    assert estimated.calls["teacher"].expected == 20


def test_an_unknown_price_is_unknown_and_a_cached_sample_has_no_time(tmp_path: Path) -> None:
    with ChatServer() as server:
        recipe = recipe_of(tmp_path, server, prices="{other/model: {input: 1, output: 1}}")
        run_line(sample_of(recipe, 5), context=context_of(tmp_path, recipe))
        context = context_of(tmp_path, recipe)
        estimated = estimate(recipe, run_line(sample_of(recipe, 5), context=context), context=context)
        assert len(server.asked) == 5
    assert estimated is not None
    assert (estimated.total_usd, estimated.time_s, is_paid(recipe)) == (None, None, False)
    assert estimated.lines()[3:] == [
        f"money:  unknown; add `prices:` for {server.spec}",
        "time:   unknown: all answers were in the cache",
    ]


def test_judges_and_answers_asked_again_are_estimated_too(tmp_path: Path) -> None:
    def answer(body: Any) -> object:
        if "bear the code" in str(body["messages"][0]["content"]):
            return fair(body)
        return completion("Answer: 1", finish_reason="length" if body["max_tokens"] < 20 else "stop")

    with ChatServer(answer=answer) as server:
        judge = f'[{{use: judge, model: "{server.spec}", votes: 3, temperature: 1, against: rubric, rubric: short}}]'
        teacher: dict[str, Any] = {
            "teacher.max_tokens": 10,
            "teacher.truncated": "escalate",
            "teacher.max_tokens_limit": 40,
        }
        recipe = recipe_of(tmp_path, server, verifiers=judge, **teacher)
        context = context_of(tmp_path, recipe)
        estimated = estimate(recipe, run_line(sample_of(recipe, 8), context=context), context=context)
    assert estimated is not None
    assert {role: calls.expected for role, calls in estimated.calls.items()} == {"teacher": 200, "judge": 300}
    assert estimated.total_usd is not None
    assert estimated.total_usd.expected == pytest.approx(500 * 0.018)
    assert [line[:24] for line in estimated.lines()[1:4]] == [
        "calls:  200, judge 300",
        "tokens: 9,000",
        "money:  $9.00 ($9.00 to ",
    ]


def test_limits_of_the_provider_make_a_run_longer(tmp_path: Path) -> None:
    with ChatServer() as server:
        recipe = recipe_of(tmp_path, server)
        slow = recipe_of(tmp_path, server, **{"teacher.rpm": 6000, "teacher.tpm": 600})
        context = context_of(tmp_path, recipe)
        finished = run_line(sample_of(recipe, 5), context=context)
        estimated = estimate(slow, finished, context=context)
    assert estimated is not None
    assert estimated.time_s is not None
    assert estimated.time_s.expected == 100 * 18 * 60 / 600
    assert estimated.lines()[4] == "time:   3 min with 4 calls at once"


@pytest.mark.parametrize(
    ("time_s", "expected"),
    [
        (Range(720, 840, 1080), "12 min to 18 min, about 14 min with 64 calls at once"),
        (Range(5, 5, 5), "5 s with 64 calls at once"),
    ],
)
def test_time_is_shown_with_its_ends(time_s: Range, expected: str) -> None:
    calls, usd = {"teacher": Range(8, 9, 10)}, {"teacher": Range(0.001, 0.002, 0.003)}
    estimated = Estimate(5, calls, Range(1, 1, 1), usd, time_s, 64, remarks=["prices as listed on 2026-11-10"])
    assert estimated.lines() == [
        "estimate from 5 questions, whose answers the run will use; 95 % intervals",
        "calls:  9 (8 to 10)",
        "tokens: 1",
        "money:  under $0.01",
        f"time:   {expected}",
        "note:   prices as listed on 2026-11-10",
    ]


def test_what_a_listed_price_depends_on_is_said(tmp_path: Path) -> None:
    (tmp_path / "questions.jsonl").write_text('{"prompt": "1?"}\n')
    (tmp_path / "r.yaml").write_text(RECIPE % ("deepseek/deepseek-flash", "other/model"))
    recipe = load_recipe(tmp_path / "r.yaml")
    context = context_of(tmp_path, recipe)
    assert context.spending is not None
    context.spending.count("teacher", "deepseek/deepseek-flash", Usage(1_000_000, 0), cached=False, took_s=1.0)
    estimated = estimate(recipe, Finished((), (), Counts(drawn=1, asked=1, traces=1)), context=context)
    assert estimated is not None
    assert estimated.lines()[3] == "money:  $0.30 ($0.00 to $0.60)"
    assert estimated.lines()[5].startswith("note:   prices as listed on 2026-11-10")
    assert "peak hours" in estimated.lines()[6]


def test_the_command_asks_what_the_run_need_not_ask_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer() as server:
        recipe_of(tmp_path, server, num=60)
        asked = [str(tmp_path / "r.yaml"), "--cache", str(tmp_path / "c.sqlite")]
        assert main(["estimate", *asked, "-n", "7"]) == 0
        assert len(server.asked) == 7
        assert "estimate from 7 questions" in capsys.readouterr().out
        assert main(["run", *asked, "--out", str(tmp_path / "out")]) == 0
        assert len(server.asked) == 60
    assert "money:  $1.08" in capsys.readouterr().err
