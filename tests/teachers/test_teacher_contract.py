"""What holds for every teacher that asks a model, whatever carries its calls."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cache import AskAgain, ResponseCache
from open_thoughts_gen.errors import ProviderError
from open_thoughts_gen.money.budget import Budget, Spending
from open_thoughts_gen.plugin import Context, interrupts
from open_thoughts_gen.teachers._asking import ModelTeacher
from open_thoughts_gen.teachers.curator import Curator
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.teachers.openai_batch import OpenaiBatch
from open_thoughts_gen.teachers.pool import Pool
from open_thoughts_gen.teachers.vllm import Vllm
from open_thoughts_gen.teachers.vllm.engine import PACKAGE
from open_thoughts_gen.types import Question, Request, Trace
from tests.servers.batch_server import BatchServer
from tests.servers.chat_server import Body, ChatServer, Fault, completion, echo
from tests.teachers.test_curator import through_curator
from tests.toy import vllm as toy

ROOT = Path(__file__).parents[2]
NUM = 12
OVER_HTTP = [
    "openai",
    "pool",
    "openai_batch",
    pytest.param("curator", marks=through_curator),
]
ALL = [*OVER_HTTP, "vllm"]


@dataclass
class Case:
    """A teacher with a server of its own; `num_paid` counts the answers that were paid for."""

    settings: Mapping[str, Any]
    made: type[ModelTeacher]
    folder: Path
    num_paid: Callable[[], int]

    def teacher(
        self, run: str = "r", *, spending: Spending | None = None, ask_again: Sequence[str] = (), **settings: Any
    ) -> ModelTeacher:
        cache, again = self.folder / "c.sqlite", AskAgain(ask_again)
        context = Context(folder=self.folder, cache=cache, run=run, spending=spending, ask_again=again)
        return self.made.model_validate({**self.settings, **settings}).fresh(context)

    def ask(self, num: int = NUM, run: str = "r", **settings: Any) -> list[Trace]:
        return list(self.teacher(run, **settings).traces(requests(num)))


def requests(num: int) -> Iterator[Request]:
    return (Request(Question(f"{number}? think")) for number in range(num))


@contextmanager
def case(
    name: str,
    folder: Path,
    answer: Callable[[Body], object] = echo,
    latency_s: float = 0.05,
    fault: Callable[[str, int], Fault | None] = lambda prompt, nth: None,
) -> Iterator[Case]:
    with ExitStack() as stack:
        if name == "vllm":
            token = PACKAGE.set("tests.toy.vllm")
            stack.callback(PACKAGE.reset, token)
            toy.made.clear()
            generated = lambda: sum(params.max_tokens != 1 for _, params in toy.made[0].enqueued)  # noqa: E731
            (folder / "model").mkdir()
            (folder / "model" / "config.json").write_text(json.dumps({"name": str(folder), "toy": {}}))
            yield Case({"model": str(folder / "model")}, Vllm, folder, generated)
        elif name == "openai_batch":
            batches = stack.enter_context(BatchServer(answer=answer, fault=fault, num_looks=int(latency_s * 100)))
            yield Case({"model": batches.spec, "poll_s": 0.01}, OpenaiBatch, folder, lambda: len(batches.asked))
        elif name == "pool":
            both = [stack.enter_context(ChatServer(answer=answer, fault=fault, latency_s=latency_s)) for _ in range(2)]
            members = tuple({"model": server.spec} for server in both)
            paid = lambda: sum(len(server.asked) for server in both)  # noqa: E731
            yield Case({"members": members, "concurrency": 4}, Pool, folder, paid)
        else:
            server = stack.enter_context(ChatServer(answer=answer, fault=fault, latency_s=latency_s))
            made = Openai if name == "openai" else Curator
            yield Case({"model": server.spec, "concurrency": 4}, made, folder, lambda: len(server.asked))


@pytest.mark.parametrize("name", OVER_HTTP)
def test_two_runs_at_once_pay_for_nothing_twice(tmp_path: Path, name: str) -> None:
    with case(name, tmp_path) as one:
        found: dict[str, list[Trace]] = {}

        def ask(run: str) -> None:
            found[run] = sorted(one.ask(run=run), key=lambda trace: trace.question_id)

        threads = [threading.Thread(target=ask, args=(run,)) for run in "ab"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.num_paid() == len(found["a"]) == NUM
    assert found["a"] == found["b"]


@pytest.mark.parametrize("name", ALL)
def test_a_second_run_asks_nothing_and_pruning_finds_what_was_paid_for(tmp_path: Path, name: str) -> None:
    with case(name, tmp_path) as one:
        first = one.ask(run="first")
        assert one.num_paid() == NUM
        again = one.ask(run="second")
        assert one.num_paid() == NUM
    assert {trace.question_id: trace for trace in first} == {trace.question_id: trace for trace in again}
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert cache.stats().by_run == {"first": NUM, "second": NUM}


@pytest.mark.parametrize("name", OVER_HTTP)
def test_an_answer_that_was_cut_in_its_reasoning_is_never_judged(tmp_path: Path, name: str) -> None:
    def answer(body: Body) -> object:
        if "0?" in body["messages"][-1]["content"]:
            return completion("So maybe it is 7. Answer: 7, but wait", finish_reason="length")
        return completion("<think>so</think>It is 4.")

    with case(name, tmp_path, answer) as one:
        settings = {"members": one.settings["members"][:1]} if name == "pool" else {}
        for _ in range(2):  # asked, then from the cache
            traces = {trace.question_id: trace for trace in one.ask(2, reasoning=True, **settings)}
            cut = traces[Question("0? think").id]
            assert (cut.reasoning[:8], cut.response, cut.finish_reason) == ("So maybe", "", "length")


@pytest.mark.parametrize("name", ALL)
def test_the_seconds_of_each_answer_are_known_where_it_was_asked_for(tmp_path: Path, name: str) -> None:
    with case(name, tmp_path) as one:
        for is_asked in (True, False):
            spending = Spending()
            list(one.teacher(spending=spending).traces(requests(NUM)))
            assert [answer.took_s is not None for answer in spending.answers] == [is_asked] * NUM


@pytest.mark.parametrize("name", OVER_HTTP)
def test_what_was_paid_for_and_discarded_is_reported_with_its_tokens(tmp_path: Path, name: str) -> None:
    def answer(body: Body) -> object:
        number = int(body["messages"][-1]["content"].partition("?")[0])
        return completion(None, refusal="No.") if number < 2 else completion("It", finish_reason="length")

    with case(name, tmp_path, answer) as one:
        spending = Spending()
        teacher = one.teacher(spending=spending, truncated="drop")
        traces = {trace.question_id: trace for trace in teacher.traces(requests(4))}
        said = teacher.state()
    kinds = [traces[Question(f"{number}? think").id].error_kind for number in range(4)]
    assert kinds == ["refusal"] * 2 + ["truncated"] * 2
    numbers = [int(part.split(" ")[0]) for part in said.replace("; ", " · ").split(" · ") if "discarded" in part]
    assert sum(numbers) == 4
    assert spending.spent["teacher"].answers == 4  # what was discarded has cost as much
    assert spending.spent["teacher"].completion_tokens == 28


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_cut_answer_is_asked_again_larger_and_once(tmp_path: Path, name: str) -> None:
    def answer(body: Body) -> object:
        return completion(f"{body['max_tokens']}", finish_reason="length" if body["max_tokens"] < 30 else "stop")

    settings: dict[str, Any] = {"truncated": "escalate", "max_tokens": 10, "max_tokens_limit": 64}
    with case(name, tmp_path, answer) as one:
        for _ in range(2):
            assert [trace.response for trace in one.ask(1, **settings)] == ["40"]
            assert one.num_paid() == 3  # 10, 20, 40


CHILD = """
import sys
from pathlib import Path
from open_thoughts_gen.plugin import Context, load
from open_thoughts_gen.types import Question, Request
teacher = load("teacher", sys.argv[1]).model_validate(eval(sys.argv[2])).fresh(Context(cache=Path(sys.argv[3])))
for trace in teacher.traces(Request(Question(f"{number}? think")) for number in range(int(sys.argv[4]))):
    print(trace.question_id, flush=True)
"""


@pytest.mark.parametrize("name", ["openai", "pool", pytest.param("curator", marks=through_curator)])
def test_a_run_that_is_killed_pays_again_for_no_more_than_was_in_flight(tmp_path: Path, name: str) -> None:
    num = 60
    with case(name, tmp_path) as one:
        command = [sys.executable, "-c", CHILD, name, repr(dict(one.settings)), str(tmp_path / "c.sqlite"), str(num)]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            handed_on = {child.stdout.readline().strip() for _ in range(20)}
            child.send_signal(signal.SIGKILL)
        traces = one.ask(num)
        assert len(traces) == num
        assert one.num_paid() <= num + 2 * 4
    assert handed_on <= {trace.question_id for trace in traces}


@pytest.mark.parametrize("name", ["openai", "pool", pytest.param("curator", marks=through_curator)])
def test_ctrl_c_waits_for_what_is_paid_for_and_asks_no_more(tmp_path: Path, name: str) -> None:
    num = 60
    with case(name, tmp_path, latency_s=1.0) as one, interrupts.waited_for():

        def stop() -> None:
            while one.num_paid() < 4:
                time.sleep(0.005)
            signal.raise_signal(signal.SIGINT)

        threading.Thread(target=stop, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            one.ask(num)
        num_paid = one.num_paid()
    assert 4 <= num_paid < num
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert cache.stats().num_responses == num_paid


def cut_once(body: Body) -> object:
    """Cut the answers to the first three questions where their limit is under 30; the others take 7 tokens."""
    number, limit = int(body["messages"][-1]["content"].partition("?")[0]), body.get("max_tokens") or 10**6
    return completion(f"under {limit}", finish_reason="length" if number < 3 and limit < 30 else "stop")


@pytest.mark.parametrize("name", OVER_HTTP)
def test_a_raised_limit_asks_only_what_was_cut(tmp_path: Path, name: str) -> None:
    with case(name, tmp_path, cut_once) as one:
        first = {trace.question_id: trace for trace in one.ask(max_tokens=20)}
        raised = {trace.question_id: trace for trace in one.ask(max_tokens=40)}
        assert one.num_paid() == NUM + 3
        is_cut = {trace.question_id for trace in first.values() if trace.finish_reason == "length"}
        assert len(is_cut) == 3
        assert {key for key, trace in raised.items() if trace.response == "under 40"} == is_cut
        assert all(raised[key] == trace for key, trace in first.items() if key not in is_cut)
        for limit in (None, 40, 39, 8):  # all are known to have taken 7 tokens
            assert {trace.response for trace in one.ask(max_tokens=limit)} == {"under 20", "under 40"}
        assert one.num_paid() == NUM + 3
        one.ask(max_tokens=6)
        assert one.num_paid() == 2 * NUM + 3


def test_a_raised_limit_generates_only_what_was_cut(tmp_path: Path) -> None:
    with case("vllm", tmp_path) as one:
        asked = [Request(Question(prompt)) for prompt in ("short", "5? think", "short, too", "6? think")]
        first = list(one.teacher(max_tokens=10).traces(asked))
        assert sum(trace.finish_reason == "length" for trace in first) == 2
        assert one.num_paid() == 4
        raised = list(one.teacher(max_tokens=100).traces(asked))
        assert one.num_paid() == 6
        assert {trace.finish_reason for trace in raised} == {"stop"}


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("limit", [20, 1024])
def test_the_answers_of_an_older_cache_serve_a_raised_limit(tmp_path: Path, name: str, limit: int) -> None:
    num_cut = 3 if limit < 30 else 0
    with case(name, tmp_path, cut_once) as one:
        one.ask(max_tokens=limit)
        with closing(sqlite3.connect(tmp_path / "c.sqlite")) as cache:
            cache.execute("DROP TABLE limits")  # as an older version leaves it
        if limit == 20:  # which nobody guesses
            one.ask(max_tokens=limit)
            assert one.num_paid() == NUM
        one.ask(max_tokens=2 * limit)
        assert one.num_paid() == NUM + num_cut


@pytest.mark.parametrize("name", ALL)
def test_only_what_is_not_whole_is_asked_again_where_the_run_says_so(tmp_path: Path, name: str) -> None:
    times: Counter[str] = Counter()

    def answer(body: Body) -> object:
        prompt = body["messages"][-1]["content"]
        times[prompt] += 1
        is_cut = prompt.startswith(("1?", "2?")) and times[prompt] == 1
        return completion(f"answer {times[prompt]}", finish_reason="length" if is_cut else "stop")

    limit: dict[str, Any] = (
        {"max_tokens": 10} if name == "vllm" else {}
    )  # the toy is cut again: its stored answers stay as they are
    with case(name, tmp_path, answer) as one:
        first = {trace.question_id: trace for trace in one.ask(**limit)}
        num = one.num_paid()
        num_cut = sum(trace.finish_reason == "length" for trace in first.values())
        again = {trace.question_id: trace for trace in one.ask(ask_again=["truncated", "refusal"], **limit)}
        assert num_cut > 0
        assert one.num_paid() == num + num_cut
        assert again == {trace.question_id: trace for trace in one.ask(**limit)}
        assert one.num_paid() == num + num_cut
    if name != "vllm":
        changed = {key for key, trace in again.items() if trace != first[key]}
        assert changed == {Question(f"{number}? think").id for number in (1, 2)}


@pytest.mark.parametrize("name", OVER_HTTP)
def test_tokens_of_answers_that_hold_nothing_count_for_the_cap_and_not_for_the_dataset(
    tmp_path: Path, name: str
) -> None:
    times: Counter[str] = Counter()

    def answer(body: Body) -> object:
        prompt = body["messages"][-1]["content"]
        times[prompt] += 1
        return completion("" if times[prompt] == 1 and prompt.startswith("1?") else "4")

    with case(name, tmp_path, answer, latency_s=0) as one:
        spending = Spending(Budget(tokens=18 * 5))
        teacher = one.teacher(spending=spending)
        assert {trace.response for trace in teacher.traces(requests(4))} == {"4"}
        assert spending.spent["teacher"].answers == 4
        assert spending.tokens == 18 * 4
        assert "1 discarded (7 tokens)" in teacher.state()
        assert not spending.hand_out()  # 5 answers are paid for, and there is no room for another one


REFUSED = {"message": "no such thing here", "type": "invalid_request_error", "code": None}


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("status", [400, 403, 422])
def test_a_refused_row_is_that_row_and_what_all_rows_meet_ends_the_run(tmp_path: Path, name: str, status: int) -> None:
    refused = {"0?"}

    def fault(prompt: str, _: int) -> Fault | None:
        body = json.dumps({"error": REFUSED}).encode()
        return Fault(status, body=body) if prompt[:2] in refused else None

    with case(name, tmp_path, latency_s=0, fault=fault) as one:
        settings = {"members": one.settings["members"][:1]} if name == "pool" else {}
        traces = {trace.question_id: trace for trace in one.ask(6, **settings)}
        odd = traces.pop(Question("0? think").id)
        assert (odd.finish_reason, odd.error_kind) == ("error", "prompt rejected")
        assert "no such thing here" in (odd.error or "")
        assert {trace.finish_reason for trace in traces.values()} == {"stop"}
        refused.update(f"{number}?" for number in range(10))
        teacher = one.teacher("other", temperature=0.5, **settings)  # nothing of it is in the cache
        with pytest.raises(ProviderError, match="no such thing here"):
            list(teacher.traces(requests(6)))
