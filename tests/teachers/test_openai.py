from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Chat, resolve
from open_thoughts_gen.errors import ProviderError, UserError
from open_thoughts_gen.plugin import Context, load
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.types import Question, Request, Trace, Usage
from tests.servers.chat_server import Body, ChatServer, Fault, completion, error_body

KEY = "sk-planted-0123456789"


def teacher_of(spec: str, folder: Path, **settings: Any) -> Openai:
    return Openai(model=spec, **settings).fresh(Context(cache=folder / "cache" / "responses.sqlite"))


def requests(num_questions: int, num_attempts: int = 1) -> Iterator[Request]:
    for number in range(num_questions):
        for attempt in range(num_attempts):
            yield Request(Question(f"question {number}"), attempt)


def in_order(traces: Iterator[Trace]) -> list[Trace]:
    return sorted(traces, key=lambda trace: (trace.question_id, trace.attempt))


def test_checking_a_recipe_imports_no_client() -> None:
    check = (
        "import sys; from open_thoughts_gen.plugin import load;"
        "teacher = load('teacher', 'openai')(model='ollama/m'); teacher.label;"
        "sys.exit(any(name in sys.modules for name in ('openai', 'httpx', 'httpx2', 'aiohttp')))"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_the_name_in_the_recipe_is_openai() -> None:
    assert load("teacher", "openai") is Openai
    assert Openai.plugin_name() == "openai"


def test_a_request_becomes_a_trace(tmp_path: Path) -> None:
    with ChatServer() as server:
        teacher = teacher_of(server.spec, tmp_path)
        (trace,) = teacher.traces([Request(Question("2+2?"), attempt=3)])
    assert trace == Trace(
        question_id=Question("2+2?").id,
        attempt=3,
        teacher=server.spec,
        reasoning="they said: 2+2?",
        response="you said: 2+2?",
        usage=Usage(prompt_tokens=11, completion_tokens=7, reasoning_tokens=3),
    )
    assert teacher.progress.done == 1


def test_what_is_sent_is_what_was_set(tmp_path: Path) -> None:
    with ChatServer() as server:
        bare = teacher_of(server.spec, tmp_path)
        full = teacher_of(
            server.spec, tmp_path, temperature=0.6, top_p=0.9, max_tokens=100, seed=7,
            system="Think.", prefix="Solve: ", extra_body={"top_k": 20},
        )  # fmt: skip
        for teacher in (bare, full):
            list(teacher.traces([Request(Question("2+2?"), attempt=2)]))
        assert server.asked[0].body == {"model": "m", "messages": [{"role": "user", "content": "2+2?"}]}
        assert server.asked[1].body == {
            "model": "m",
            "messages": [{"role": "system", "content": "Think."}, {"role": "user", "content": "Solve: 2+2?"}],
            "temperature": 0.6,
            "top_p": 0.9,
            "max_tokens": 100,
            "seed": 9,
            "top_k": 20,
        }


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temp": 0.6}, "temp\n.*Extra inputs"),
        ({"temperature": "hot"}, "valid number"),
        ({"temperature": 3}, "less than or equal to 2"),
        ({"concurrency": 0}, "greater than or equal to 1"),
        ({"extra_body": {"stream": True, "n": 4}}, "n, stream cannot be set in extra_body"),
        ({"extra_body": {"x": float("nan")}}, "not JSON compliant"),
        ({"model": "depseek/r1"}, "did you mean 'deepseek'"),
        ({"model": "http://h/v1"}, "names no model"),
        ({"truncated": "escalate"}, "needs max_tokens, and a max_tokens_limit above it"),
        ({"truncated": "escalate", "max_tokens": 64, "max_tokens_limit": 64}, "a max_tokens_limit above it"),
        ({"truncated": "escalate", "max_tokens_limit": 64}, "to have something to raise"),
        ({"truncated": "retry"}, "'keep', 'drop' or 'escalate'"),
        ({"rpm": 0}, "greater than 0"),
    ],
)
def test_a_wrong_setting_is_a_fault(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Openai(**{"model": "ollama/m", **settings})


def test_a_missing_key_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    with pytest.raises(UserError, match=r"deepseek/r1 needs a key, and DEEPSEEK_API_KEY is not set"):
        teacher_of("deepseek/r1", tmp_path)


def test_a_cache_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(UserError, match="its folder cannot be made"):
        teacher_of("ollama/m", tmp_path)


def test_credentials_of_a_url_are_in_no_label_and_no_dump() -> None:
    teacher = Openai(model=f"http://user:{KEY}@h/v1#m")
    assert teacher.label == "http://h/v1#m"
    assert KEY not in teacher.model_dump_json()
    assert teacher.model_dump()["model"] == teacher.label


def test_what_is_no_answer_is_a_trace_with_a_reason(tmp_path: Path) -> None:
    answers = {
        "empty": {"choices": []},
        "null": completion(None),
        "refused": completion(None, refusal="I will not."),
        "filtered": completion("Her", finish_reason="content_filter"),
        "tool": completion(None, finish_reason="tool_calls"),
        "cut": completion("It is", finish_reason="length"),
        "good": completion("<think>so</think>It is 4."),
    }
    with ChatServer(answer=lambda body: answers[body["messages"][0]["content"]]) as server:
        teacher = teacher_of(server.spec, tmp_path, max_retries=0)
        traces = {trace.question_id: trace for trace in teacher.traces(Request(Question(name)) for name in answers)}
    told = {name: traces[Question(name).id] for name in answers}
    assert {name: (trace.finish_reason, trace.error) for name, trace in told.items()} == {
        "empty": ("error", "empty answer: the response has no choices"),
        "null": ("error", "empty answer: it has no content"),
        "refused": ("error", "refusal: I will not."),
        "filtered": ("error", "content filter: the provider withheld the answer"),
        "tool": ("error", "tool call: the model called one instead of answering"),
        "cut": ("length", None),
        "good": ("stop", None),
    }
    assert (told["good"].reasoning, told["good"].response) == ("so", "It is 4.")


def cut_below(limit: int, *, only: str = "question 1") -> Callable[[Body], object]:
    """Answer, but cut one question's answer where its limit is below `limit`."""

    def answer(body: Body) -> object:
        cut = body["messages"][0]["content"] == only and body["max_tokens"] < limit
        return completion(f"{body['max_tokens']}", finish_reason="length" if cut else "stop")

    return answer


@pytest.mark.parametrize(
    ("policy", "outcome", "limits"),
    [
        ({}, ("length", None, "10"), [10]),
        ({"truncated": "drop"}, ("error", "truncated: at its limit of tokens", "10"), [10]),
        ({"truncated": "escalate", "max_tokens_limit": 64}, ("stop", None, "40"), [10, 20, 40]),
        ({"truncated": "escalate", "max_tokens_limit": 25}, ("length", None, "25"), [10, 20, 25]),
    ],
    ids=["keep", "drop", "escalate", "escalate in vain"],
)
def test_a_cut_answer_has_a_policy_and_is_never_asked_again_as_it_was(
    tmp_path: Path, policy: dict[str, Any], outcome: tuple[str, str | None, str], limits: list[int]
) -> None:
    with ChatServer(answer=cut_below(30)) as server:
        teacher = teacher_of(server.spec, tmp_path, max_tokens=10, **policy)
        traces = {trace.question_id: trace for trace in teacher.traces(requests(4))}
        cut = traces[Question("question 1").id]
        assert (cut.finish_reason, cut.error, cut.response) == outcome
        assert [asked.body["max_tokens"] for asked in server.asked if asked.prompt == "question 1"] == limits
        assert len(server.asked) == 3 + len(limits)
        again = {
            trace.question_id: trace
            for trace in teacher_of(server.spec, tmp_path, max_tokens=10, **policy).traces(requests(4))
        }
        assert again == traces
        assert len(server.asked) == 3 + len(limits)


def test_a_larger_limit_asks_only_what_was_cut(tmp_path: Path) -> None:
    with ChatServer(answer=cut_below(30)) as server:
        in_order(teacher_of(server.spec, tmp_path, max_tokens=10).traces(requests(20)))
        policy = {"truncated": "escalate", "max_tokens_limit": 40}
        assert all(
            t.finish_reason == "stop"
            for t in teacher_of(server.spec, tmp_path, max_tokens=10, **policy).traces(requests(20))
        )
        assert len(server.asked) == 20 + 2


@pytest.mark.parametrize(("num", "told"), [(400, 8), (3, 3)])
def test_a_reasoning_teacher_without_reasoning_stops_the_run(tmp_path: Path, num: int, told: int) -> None:
    with ChatServer(answer=lambda body: completion("4"), latency_s=0.005) as server:
        teacher = teacher_of(server.spec, tmp_path, reasoning=True, concurrency=8)
        expected = (
            rf"no reasoning in its first {told} answers, though \d+ tokens of it were billed: the provider hides it"
        )
        with pytest.raises(ProviderError, match=expected):
            list(teacher.traces(requests(num)))
        assert len(server.asked) <= 40


def test_a_reasoning_teacher_that_reasons_sometimes_goes_on(tmp_path: Path) -> None:
    with ChatServer(
        answer=lambda body: completion("<think>so</think>4" if "question 5" in str(body) else "4")
    ) as server:
        assert len(list(teacher_of(server.spec, tmp_path, reasoning=True, concurrency=2).traces(requests(40)))) == 40


def test_declared_limits_are_kept(tmp_path: Path) -> None:
    with ChatServer() as server:
        teacher = teacher_of(server.spec, tmp_path, rpm=1200)  # 20 a second
        started = time.monotonic()
        assert len(list(teacher.traces(requests(30)))) == 30
        assert time.monotonic() - started >= 0.45  # the first 20 at once, the others one by one
        assert teacher.state().startswith("30 answered")


def test_a_call_that_fails_for_good_is_a_trace_too(tmp_path: Path) -> None:
    with ChatServer(fault=lambda prompt, nth: Fault(status=500, body=error_body("broken"))) as server:
        (trace,) = teacher_of(server.spec, tmp_path, max_retries=0).traces(requests(1))
    assert (trace.finish_reason, trace.error, trace.response) == ("error", "HTTP 500: broken", "")


def test_a_wrong_key_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    with ChatServer(key="another") as server:
        with pytest.raises(ProviderError, match="check the key in OPEN_THOUGHTS_API_KEY") as told:
            list(teacher_of(server.spec, tmp_path).traces(requests(5)))
        assert KEY not in str(told.value)


def test_a_second_run_asks_only_what_is_new(tmp_path: Path) -> None:
    with ChatServer() as server:
        first = in_order(teacher_of(server.spec, tmp_path).traces(requests(20, 2)))
        assert len(server.asked) == 40
        teacher = teacher_of(server.spec, tmp_path)
        assert in_order(teacher.traces(requests(20, 2))) == first
        assert len(server.asked) == 40
        assert (teacher.progress.cached, teacher.progress.done) == (40, 0)
        list(teacher_of(server.spec, tmp_path).traces(requests(21, 3)))
        assert len(server.asked) == 63
        # Another setting is another question to the model.
        list(teacher_of(server.spec, tmp_path, temperature=0.5).traces(requests(1)))
        assert len(server.asked) == 64


def test_traces_may_be_left_half_read(tmp_path: Path) -> None:
    with ChatServer(latency_s=0.01) as server:
        traces = teacher_of(server.spec, tmp_path, concurrency=4).traces(requests(1000))
        next(traces)
        del traces
        assert len(server.asked) <= 20


CHILD = """
import json, sys
from pathlib import Path
from tests.teachers.test_openai import requests, teacher_of
teacher = teacher_of(sys.argv[1], Path(sys.argv[2]), concurrency=16)
for trace in teacher.traces(requests(200)):
    sys.stdout.write(json.dumps([trace.question_id, trace.reasoning, trace.response]) + "\\n")
    sys.stdout.flush()
"""


def lines_of(log: Path, event: str) -> list[str]:
    """Return the prompts of one event in the server's log; a line that is being written is not there yet."""
    whole = log.read_bytes().rpartition(b"\n")[0].splitlines() if log.exists() else []
    return [line["prompt"] for line in map(json.loads, whole) if line["event"] == event]


def stored_prompts(spec: str, folder: Path) -> set[str]:
    teacher = Openai(model=spec)
    with ResponseCache(folder / "cache" / "responses.sqlite") as cache:
        chat = Chat(resolve(spec), cache)
        return {
            request.question.prompt
            for request in requests(200)
            if cache.get(chat.key(teacher.call(request))) is not None
        }


def test_kill_9_loses_nothing_and_pays_for_nothing_twice(tmp_path: Path) -> None:
    log, rng = tmp_path / "server.log", random.Random(0)
    serve = [sys.executable, "-m", "tests.servers.chat_server", "--log", str(log), "--latency", "0.02", "--key", KEY]
    environ = {**os.environ, "OPEN_THOUGHTS_API_KEY": KEY}
    with subprocess.Popen(serve, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        spec = f"{server.stdout.readline().strip()}#m"
        command = [sys.executable, "-c", CHILD, spec, str(tmp_path)]
        num_lost = 0
        for num_seen in sorted(rng.sample(range(1, 150), 4)):
            with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as child:
                assert child.stdout is not None
                handed_on = {json.loads(child.stdout.readline())[0] for _ in range(num_seen)}
                child.send_signal(signal.SIGKILL)
            time.sleep(0.2)  # the server reads what the dead client had already sent
            asked = Counter(lines_of(log, "asked"))
            stored = stored_prompts(spec, tmp_path)
            # Nothing was handed on before it was stored, and what was lost had just been on the wire.
            assert handed_on <= {Question(prompt).id for prompt in stored}
            assert asked.total() - len(stored) - num_lost <= 2 * 16
            num_lost = asked.total() - len(stored)
            asked_for_stored = {prompt: asked[prompt] for prompt in stored}
        final = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        again = subprocess.run(command, env=environ, capture_output=True, text=True, check=True)
        server.kill()
    asked = Counter(lines_of(log, "asked"))
    assert {prompt: asked[prompt] for prompt in asked_for_stored} == asked_for_stored
    assert asked.total() == 200 + num_lost
    assert len(asked) == 200
    traces = sorted(map(json.loads, final.stdout.splitlines()))
    expected = [Question(f"question {number}") for number in range(200)]
    assert traces == sorted([q.id, f"they said: {q.prompt}", f"you said: {q.prompt}"] for q in expected)
    assert sorted(map(json.loads, again.stdout.splitlines())) == traces
    said = [final.stdout + final.stderr + again.stderr, *(path.read_text("latin-1") for path in tmp_path.rglob("*.*"))]
    assert not any(KEY in text for text in said)


def test_tags_of_its_own_are_read_and_marks_that_are_left_over_are_reported_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with ChatServer(answer=lambda body: completion("<scratchpad>so</scratchpad>It is 4.[THINK]")) as server:
        for tags in ((), ("scratchpad",)):
            teacher = teacher_of(server.spec, tmp_path, think_tags=tags, reasoning=False)
            traces = list(teacher.traces(Request(Question(f"{number}?")) for number in range(3)))
    assert {(trace.reasoning, trace.response) for trace in traces} == {("so", "It is 4.[THINK]")}
    said = [record.getMessage() for record in caplog.records if "still contains" in record.getMessage()]
    assert ["<scratchpad>" in said[0], "[THINK]" in said[1], len(said)] == [True, True, 2]  # once a run


def test_another_model_than_was_asked_is_reported_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    answer = {**completion("It is 4."), "model": "another-model"}
    with ChatServer(answer=lambda body: answer) as server:
        list(teacher_of(server.spec, tmp_path).traces(Request(Question(f"{number}?")) for number in range(3)))
    assert [record.getMessage() for record in caplog.records if "was asked" in record.getMessage()] == [
        f"{server.spec} was asked, and 'another-model' answered"
    ]
