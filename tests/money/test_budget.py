from __future__ import annotations

import itertools
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from open_thoughts_gen.cli import main
from open_thoughts_gen.cli.estimation import sample_of
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.money.budget import JUDGE, PILOT, TEACHER, Budget, Spending
from open_thoughts_gen.money.prices import Price
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.types import Finished, Spent, Trace, Usage
from tests.servers.chat_server import ChatServer, completion
from tests.servers.judging import Body, fair

RECIPE = """\
name: sums
source: {use: files, path: questions.jsonl, fields: {prompt: prompt, reference: answer}}
decontaminate: false
teacher: {use: openai, model: "%s", concurrency: 4}
verifiers: [exact]
prices: {"%s": {input: 1000, output: 1000}}
"""


def traced(attempt: int = 0, **usage: Any) -> Trace:
    return Trace("q", attempt, "m", "", "x", usage=Usage(**usage))


def test_a_budget_caps_something() -> None:
    with pytest.raises(ValidationError, match="usd, tokens, hours"):
        Budget()


def test_unknown_stays_unknown() -> None:
    spending = Spending(prices={"m": Price(input=1, output=1)})
    spending.take_in(traced(prompt_tokens=1, completion_tokens=1))
    assert spending.cost_usd == 2e-6
    spending.take_in(Trace("q", 0, "m", "", "", "error", "HTTP 500"))
    assert spending.cost_usd == 2e-6
    spending.take_in(traced())
    assert spending.cost_usd is None


def test_an_answer_is_counted_once_for_its_key_and_by_its_role() -> None:
    spending = Spending(prices={"m": Price(input=1, output=1), "j": Price(input=2, output=2)})
    teacher, judge = spending.meter(TEACHER), spending.meter(JUDGE)
    for _ in range(2):
        teacher.count(b"one" * 10, "m", Usage(10, 20), cached=False, took_s=1.5)
        teacher.count(b"two" * 10, "m", Usage(1, 2), cached=True)
        judge.count(b"six" * 10, "j", Usage(100, 0), cached=False)
    spending.take_in(traced(prompt_tokens=10, completion_tokens=20))  # what a meter has counted is not counted again
    assert spending.spent == {"teacher": Spent(2, 11, 22, 3.3e-5), "judge": Spent(1, 100, 0, 2e-4)}
    assert [(told.paid_usd, told.cached) for told in spending.spent.values()] == [(3e-5, 1), (2e-4, 0)]
    assert [answer.took_s for answer in spending.answers] == [1.5, None, None]
    assert (spending.tokens, spending.cost_usd, spending.line()) == (133, 2.33e-4, "$0.00 spent")


@pytest.mark.parametrize("budget", [Budget(usd=1), Budget(tokens=100)])
def test_answers_that_do_not_say_their_tokens_do_not_lift_the_cap(budget: Budget) -> None:
    for silent, most in (({2}, 10), ({0, 3, 5}, 10), (set(range(99)), PILOT)):
        spending = Spending(budget, {"m": Price(input=10_000, output=10_000)})
        teacher = spending.meter(TEACHER)
        for number in itertools.count():
            if not teacher.hand_out():
                break
            usage = None if number in silent else Usage(6, 4)
            teacher.count(bytes([number]) * 12, "m", usage, cached=False)
            teacher.come_back(answered=True)
            assert number < most
    assert "do not say their tokens" in spending.why


def test_an_account_travels_empty() -> None:
    spending = Spending(Budget(usd=1), {"m": Price(input=1, output=1)})
    spending.meter(TEACHER).count(b"one", "m", Usage(10, 20), cached=False)
    assert pickle.loads(pickle.dumps(spending)).spent == {}


@given(st.lists(st.integers(1, 50), min_size=1, max_size=60), st.integers(1, 2000), st.integers(1, 8))
def test_a_cap_holds_but_for_what_was_in_flight(costs: list[int], cap: int, places: int) -> None:
    spending = Spending(Budget(tokens=cap))
    waiting: list[int] = []
    most_beyond, attempts = 0, itertools.count()
    for cost in costs:
        if not spending.hand_out():
            break
        waiting.append(cost)
        if len(waiting) == places:
            most_beyond = max(most_beyond, sum(waiting))
            spending.take_in(traced(next(attempts), prompt_tokens=waiting.pop(0), completion_tokens=0))
    for cost in waiting:
        spending.take_in(traced(next(attempts), prompt_tokens=cost, completion_tokens=0))
    assert spending.tokens < cap + max(most_beyond, sum(waiting), 1)


def run(folder: Path, server: ChatServer, num: int = 60, **settings: Any) -> Finished:
    lines = "".join(f'{{"prompt": "{i}?", "answer": "{i % 2}"}}\n' for i in range(num))
    (folder / "questions.jsonl").write_text(lines)
    (folder / "r.yaml").write_text(RECIPE % (server.spec, server.spec))
    recipe = load_recipe(folder / "r.yaml", overrides=[f"{key}={value}" for key, value in settings.items()])
    return run_line(recipe, context=Context(folder=folder, cache=folder / "c.sqlite"))


def run_as_told(folder: Path, server: ChatServer, num_estimated: int = 8, **settings: Any) -> Finished:
    """Run as the command does: an estimate first, under the account of the run."""
    run(folder, server, num=0)
    (folder / "questions.jsonl").write_text("".join(f'{{"prompt": "{i}?", "answer": "1"}}\n' for i in range(99)))
    recipe = load_recipe(folder / "r.yaml", overrides=[f"{key}={value}" for key, value in settings.items()])
    spending = Spending(recipe.budget, recipe.known_prices)
    context = Context(folder=folder, cache=folder / "c.sqlite", spending=spending)
    run_line(sample_of(recipe, num_estimated), context=context)
    return run_line(recipe, context=context)


def answer_and_judge(body: Body) -> object:
    """Answer as a teacher, at 18 tokens; judge as a judge, at as many."""
    judging = "bear the code" in str(body["messages"][0]["content"])
    return fair(body) if judging else completion("Answer: 1")


def judged_by(server: ChatServer, **settings: Any) -> dict[str, Any]:
    told = ", ".join(f"{key}: {value}" for key, value in {"concurrency": 4, **settings}.items())
    return {"verifiers": f'[{{use: judge, model: "{server.spec}", {told}}}]'}


def test_what_a_judge_says_is_paid_for_too(tmp_path: Path) -> None:
    with ChatServer(answer=answer_and_judge) as server:
        first = run(tmp_path, server, num=10, **judged_by(server, votes=2, temperature=1))
        assert first.counts.outcomes == {"correct": 5, "incorrect": 5}
        assert list(first.counts.spent) == ["teacher", "judge"]
        teacher, judge = first.counts.spent.values()
        assert (teacher.answers, teacher.cost_usd, teacher.paid_usd) == (10, 0.18, 0.18)
        assert (judge.answers, judge.cost_usd, judge.paid_usd) == (20, 0.36, 0.36)
        assert (first.counts.cost_usd, first.counts.prompt_tokens) == (0.54, 330)
        again = run(tmp_path, server, num=10, **judged_by(server, votes=2, temperature=1))
        assert again == first
        assert [(told.cached, told.paid_usd) for told in again.counts.spent.values()] == [(10, 0), (20, 0)]
        assert len(server.asked) == 30


def test_a_judge_that_has_to_be_asked_twice_costs_twice(tmp_path: Path) -> None:
    def answer(body: Body) -> object:
        again = len(body["messages"]) > 2
        return answer_and_judge(body) if again or "bear the code" not in str(body) else completion("same")

    with ChatServer(answer=answer) as server:
        finished = run(tmp_path, server, num=3, **judged_by(server))
    assert finished.counts.spent["judge"].answers == 6


@pytest.mark.parametrize("budget", ["{usd: 0.9}", "{tokens: 900}"])
@pytest.mark.parametrize("votes", [1, 3])
def test_a_capped_run_keeps_room_for_the_judge(tmp_path: Path, budget: str, votes: int) -> None:
    with ChatServer(answer=answer_and_judge) as server:
        settings = judged_by(server, votes=votes, temperature=1)
        finished = run(tmp_path, server, budget=budget, **settings)
        counts = finished.counts
        assert 0.6 < (counts.cost_usd or 0) <= 0.9
        assert len(server.asked) * 18 <= 900
        # What was asked was judged as well, and the money is divided as one trace and its votes are.
        assert counts.outcomes.get("undecided", 0) == 0
        assert counts.spent["judge"].answers == votes * counts.traces
        assert counts.traces >= 900 // 18 // (1 + votes) - 2
        assert "leaves no room for another call" in finished.shortfall
        num = len(server.asked)
        assert run(tmp_path, server, budget=budget, **settings) == finished
        assert len(server.asked) == num
        raised = run(tmp_path, server, budget="{usd: 40}", **settings)
        assert (raised.shortfall, raised.counts.traces, len(server.asked)) == ("", 60, 60 * (1 + votes))


@pytest.mark.parametrize("spread", [0, 10])
@pytest.mark.parametrize("settings", [{"attempts": 3, "target": 60}, {"until": "{accepted: 1, max_attempts: 3}"}])
def test_an_estimate_before_a_capped_run_is_not_counted_twice(
    tmp_path: Path, spread: int, settings: dict[str, Any]
) -> None:
    numbers = itertools.count()

    def answer(body: Body) -> object:
        if "bear the code" in str(body["messages"][0]["content"]):
            return fair(body)
        number = next(numbers)  # no answer is like another, which would be judged once for both
        reply = completion(f"By way {number}.\n\nAnswer: 1")
        reply["usage"] = {"prompt_tokens": 9, "completion_tokens": 9 + number * 7 % (2 * spread + 1)}
        return reply

    with ChatServer(answer=answer) as server:
        settings |= {"budget": "{tokens: 1500}", **judged_by(server)}
        first = run_as_told(tmp_path, server, **settings)
        num = len(server.asked)
        again = run_as_told(tmp_path, server, **settings)
        if not spread:
            assert (first.counts.traces, len(first.samples), num) == (41, 41, 82)
            assert (again, len(server.asked)) == (first, num)
        for counts in (first.counts, again.counts):
            assert 1500 - 3 * 36 < counts.prompt_tokens + counts.completion_tokens <= 1500 + 4 * 36
            assert counts.outcomes["correct"] >= counts.traces - 3 * bool(spread)  # all judged but for what was dear
        assert (again.samples, again.counts.traces) == (first.samples, first.counts.traces)


@pytest.mark.parametrize("attempts", [1, 3])
def test_what_an_estimate_was_answered_needs_no_room(tmp_path: Path, attempts: int) -> None:
    with ChatServer(answer=answer_and_judge) as server:
        finished = run_as_told(tmp_path, server, budget="{tokens: 300}", attempts=attempts, **judged_by(server))
        assert (len(server.asked), len(finished.samples)) == (16, 8)


def test_judging_leaves_room_for_what_was_not_asked(tmp_path: Path) -> None:
    judged = itertools.count()

    def answer(body: Body) -> object:
        reply: Any = answer_and_judge(body)
        if "bear the code" in str(body["messages"][0]["content"]) and next(judged) < PILOT:
            reply["usage"] = {"prompt_tokens": 50, "completion_tokens": 50}  # the first are dear
        return reply

    with ChatServer(answer=answer) as server:
        finished = run(tmp_path, server, num=99, budget="{tokens: 2700}", **judged_by(server))
        counts = finished.counts
        assert 2700 - 2 * 66 < counts.prompt_tokens + counts.completion_tokens <= 2700
        assert counts.outcomes.get("undecided", 0) == 0
        assert "leaves no room for another call" in finished.shortfall


def test_what_the_budget_leaves_unjudged_is_undecided_and_told(tmp_path: Path) -> None:
    with ChatServer(answer=answer_and_judge) as server:
        settings = judged_by(server, votes=9, temperature=1, concurrency=2)
        finished = run(tmp_path, server, budget="{tokens: 300}", **settings)
        counts = finished.counts
        assert counts.traces == PILOT  # nothing was known of the judge before
        assert len(server.asked) * 18 <= 300 + 4 * 18
        unjudged = counts.dropped["verifiers", "budget", "not judged, the budget is spent"]
        assert unjudged + sum(counts.outcomes.values()) == PILOT
        assert "leaves no room" in finished.shortfall
        drop = next(drop for drop in finished.dropped if drop.step == "verifiers")
        assert drop.sample is not None
        assert drop.sample.verdicts[0].cause == "not asked, the budget is spent"


def test_a_cap_on_money_needs_the_price_of_the_judge(tmp_path: Path) -> None:
    with ChatServer() as server, pytest.raises(UserError, match="that of ollama/judge is not known"):
        run(tmp_path, server, budget="{usd: 1}", verifiers="[{use: judge, model: ollama/judge}]")
    assert not server.asked


def test_what_was_cut_and_asked_again_is_paid_for(tmp_path: Path) -> None:
    def answer(body: Body) -> object:
        return completion("Answer: 1", finish_reason="length" if body["max_tokens"] < 40 else "stop")

    with ChatServer(answer=answer) as server:
        teacher = {"teacher.max_tokens": 10, "teacher.truncated": "escalate", "teacher.max_tokens_limit": 40}
        finished = run(tmp_path, server, num=5, **teacher)
        assert (finished.counts.traces, finished.counts.spent["teacher"].answers) == (5, 15)
        assert finished.counts.cost_usd == pytest.approx(15 * 0.018)
        capped = run(tmp_path, server, num=50, budget="{tokens: 540}", **teacher)
        assert 270 < capped.counts.prompt_tokens + capped.counts.completion_tokens <= 540


@pytest.mark.parametrize(
    ("answer", "reason", "detail"),
    [
        (completion(None, refusal="I will not."), "refusal", "refusal: I will not."),
        (completion("", finish_reason="content_filter"), "content filter", "the provider withheld"),
        (completion(None, tool_calls=[{"id": "1"}]), "tool call", "instead of answering"),
        (completion(" "), "empty answer", "holds no text"),
        ({"choices": []}, "empty answer", "no choices"),
        (completion("It", finish_reason="length"), "truncated", "at its limit of tokens"),
    ],
)
def test_what_is_no_answer_is_counted_under_its_reason(
    tmp_path: Path, answer: object, reason: str, detail: str
) -> None:
    with ChatServer(answer=lambda body: answer) as server:
        finished = run(tmp_path, server, num=2, **{"teacher.truncated": "drop", "teacher.max_retries": 0})
    assert finished.counts.dropped == {("teacher", "openai", reason): 2}
    assert detail in finished.dropped[0].why.detail


def test_a_spent_budget_ends_cleanly_and_goes_on_when_it_is_raised(tmp_path: Path) -> None:
    with ChatServer() as server:  # 18 tokens an answer: $0.018
        first = run(tmp_path, server, budget="{usd: 0.4}")
        assert first.counts.cost_usd == pytest.approx(0.018 * first.counts.traces)
        assert 0.3 < (first.counts.cost_usd or 0) <= 0.4
        assert len(server.asked) == first.counts.traces == len(first.samples)
        assert "the budget of $0.40" in first.shortfall
        assert first.counts.dropped["budget", "budget", "not asked, the budget is spent"] == 60 - first.counts.traces
        again = run(tmp_path, server, budget="{usd: 0.4}")
        assert len(server.asked) == first.counts.traces == again.counts.traces
        raised = run(tmp_path, server, budget="{usd: 4}")
        assert (len(server.asked), len(raised.samples), raised.shortfall) == (60, 60, "")


@pytest.mark.parametrize("budget", ["{tokens: 360}", "{hours: 0.000001}"])
def test_tokens_and_hours_are_capped_too(tmp_path: Path, budget: str) -> None:
    with ChatServer() as server:
        finished = run(tmp_path, server, budget=budget)
        assert len(server.asked) <= 20
        assert "the budget of" in finished.shortfall


def test_a_cap_on_money_needs_a_price(tmp_path: Path) -> None:
    with ChatServer() as server, pytest.raises(UserError, match="is not known"):
        run(tmp_path, server, prices="{other: {input: 1, output: 1}}", budget="{usd: 1}")
    assert not server.asked


def test_the_command_says_that_it_fell_short(tmp_path: Path) -> None:
    with ChatServer() as server:
        run(tmp_path, server)
        asked = ["--set", "budget={tokens: 360}", "--cache", str(tmp_path / "c"), "--out", str(tmp_path / "out")]
        assert main(["run", str(tmp_path / "r.yaml"), *asked]) == 3
    assert (tmp_path / "out" / "run.json").is_file()


def test_until_asks_no_more_than_is_needed(tmp_path: Path) -> None:
    def answer(body: Any) -> object:
        return completion("Answer: 1")  # right for every second question

    with ChatServer(answer=answer) as server:
        finished = run(tmp_path, server, num=10, until="{accepted: 2, max_attempts: 5}")
        assert len(server.asked) == finished.counts.traces == 5 * 2 + 5 * 5
        assert finished.counts.calls_saved == 5 * 3
        assert finished.counts.outcomes == {"correct": 10, "incorrect": 25}
        again = run(tmp_path, server, num=10, until="{accepted: 2, max_attempts: 5}")
        assert again == finished
        spelt_out = run(tmp_path, server, num=10, until="{accepted: 2, max_attempts: 5}", attempts=1)
        assert spelt_out == finished, "a run folder's recipe has every default"
        assert len(server.asked) == 35
        run(tmp_path, server, num=10, until="{accepted: 3, max_attempts: 5}")
        assert len(server.asked) == 40


def test_until_needs_a_verifier_and_stands_alone(tmp_path: Path) -> None:
    with ChatServer() as server:
        for settings, told in (({"verifiers": "[]"}, "this needs a verifier"), ({"attempts": 2}, "are both set")):
            with pytest.raises(UserError, match=told):
                run(tmp_path, server, until="{max_attempts: 3}", **settings)
