from __future__ import annotations

import importlib.metadata
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen import cli, errors
from open_thoughts_gen.chat import Call
from open_thoughts_gen.chat.completion import read
from open_thoughts_gen.errors import ProviderError, UserError
from open_thoughts_gen.plugin import Context, load
from open_thoughts_gen.teachers.curator import Curator
from open_thoughts_gen.teachers.curator.answers import kind_of, payload_of
from open_thoughts_gen.teachers.curator.process import PACKAGE, CuratorProcess, environment_for, secrets_of
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.teachers.openai_batch import OpenaiBatch
from open_thoughts_gen.types import Question, Request, Trace, Usage
from tests import interruptible
from tests.servers.anthropic_server import AnthropicServer
from tests.servers.batch_server import BatchServer
from tests.servers.chat_server import Body, ChatServer, Fault, completion, echo, error_body

ROOT = Path(__file__).parent.parent.parent
KEY = "sk-planted-0123456789"


def is_installed() -> bool:
    try:
        importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


through_curator = pytest.mark.skipif(not is_installed(), reason=f"{PACKAGE} is not installed")


def context(folder: Path) -> Context:
    return Context(cache=folder / "cache" / "responses.sqlite")


def teacher_of(spec: str, folder: Path, **settings: Any) -> Curator:
    return Curator(model=spec, **settings).fresh(context(folder))


def requests(num_questions: int, num_attempts: int = 1) -> Iterator[Request]:
    for number in range(num_questions):
        for attempt in range(num_attempts):
            yield Request(Question(f"question {number}"), attempt)


def in_order(traces: Iterator[Trace]) -> list[Trace]:
    return sorted(traces, key=lambda trace: (trace.question_id, trace.attempt))


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Give curator a home and a place for its files of their own, and a guard; return what tells where it reached."""
    reached, places = tmp_path / "reached", {name: tmp_path / name for name in ("home", "temporary", "guard")}
    for place in places.values():
        place.mkdir()
    guard = (
        "import sys, tests.conftest as conftest\n"
        "def watch(event, args):\n"
        "    try: conftest.guard(event, args)\n"
        f"    except RuntimeError as error: open({str(reached)!r}, 'a').write(f'{{error}}\\n'); raise\n"
        "sys.addaudithook(watch)\n"
    )
    (places["guard"] / "sitecustomize.py").write_text(guard, "utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(places["guard"]), str(ROOT)]))
    monkeypatch.setenv("HOME", str(places["home"]))
    monkeypatch.setenv("TMPDIR", str(places["temporary"]))
    before, tempfile.tempdir = tempfile.tempdir, None
    yield lambda: reached.read_text("utf-8").splitlines() if reached.exists() else []
    tempfile.tempdir = before


def files_with(text: str, folder: Path) -> list[str]:
    return [str(path) for path in folder.rglob("*") if path.is_file() and text.encode() in path.read_bytes()]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "depseek/r1"}, "did you mean 'deepseek'"),
        ({"base_url": "http://h/v1"}, "write model: http://host:port/v1#model"),
        ({"backend": "litellm", "batch": True}, "litellm has no batches"),
        ({"backend": "mistral"}, "works only with batch: true"),
        ({"backend": "anthropic"}, "needs max_tokens"),
        ({"backend": "gemini", "batch": True, "system": "Think."}, "can send no system"),
        ({"backend": "vllm"}, "Input should be"),
        ({"backend_params": {"api_key": KEY}}, "api_key cannot be set in backend_params"),
        ({"truncated": "escalate"}, "needs max_tokens, and a max_tokens_limit above it"),
    ],
)
def test_a_wrong_setting_is_a_fault(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Curator(**{"model": "ollama/m", **settings})


def test_a_missing_key_and_a_password_are_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    with pytest.raises(UserError, match="DEEPSEEK_API_KEY is not set"):
        teacher_of("deepseek/r1", tmp_path)
    with pytest.raises(UserError, match="no name and password") as told:
        teacher_of(f"http://user:{KEY}@h/v1#m", tmp_path)
    assert KEY not in str(told.value) + Curator(model=f"http://user:{KEY}@h/v1#m").model_dump_json()


def test_a_batch_that_never_began_leaves_nothing_behind(tmp_path: Path) -> None:
    class Broken(Curator):
        def _start_curator(self) -> CuratorProcess:
            raise UserError(errors.Fault("curator cannot be set up"))

    for _ in range(2):
        teacher = Broken(model="http://h/v1#m", batch=True).fresh(context(tmp_path))
        with pytest.raises(UserError, match="cannot be set up"):
            list(teacher.traces(requests(1)))
    assert not list(tmp_path.rglob("*.json*"))


def test_a_word_that_is_somebodys_password_stays_in_answers() -> None:
    keys = {"OPENAI_API_KEY": "sk-local"}
    environment = {"POSTGRES_PASSWORD": "postgres", "TOKENIZERS_PARALLELISM": "false", "HF_TOKEN": f"hf_{KEY}", **keys}
    assert secrets_of(environment, keys) == ["sk-local", f"hf_{KEY}"]


def test_its_name_is_the_models_and_a_batch_costs_half() -> None:
    assert load("teacher", "curator") is Curator
    assert Curator(model="deepseek/r1").label == "deepseek/r1"
    assert Curator(model="m", backend="litellm").label == "m"
    rates: list[dict[str, Any]] = [
        {"model": "openai/m"},
        {"model": "openai/m", "batch": True},
        {"model": "groq/m", "batch": True},
    ]
    assert [Curator(**settings).price_rate for settings in rates] == [1.0, 0.5, 1.0]


def test_a_limit_has_the_name_that_the_endpoint_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    names = []
    for model in ("openai/m", "http://h/v1#m"):
        row = teacher_of(model, tmp_path, max_tokens=9).row(Call([{"role": "user", "content": "?"}], {"max_tokens": 9}))
        names.append(list(json.loads(row["generation_params"])))
    assert names == [["max_completion_tokens"], ["max_tokens"]]


def test_what_is_all_in_the_cache_needs_no_curator(tmp_path: Path) -> None:
    with ChatServer() as server:
        asked = list(requests(5, 2))
        live = in_order(Openai(model=server.spec, seed=1).fresh(context(tmp_path)).traces(asked))
        assert in_order(teacher_of(server.spec, tmp_path, seed=1).traces(iter(asked))) == live
        assert len(server.asked) == 10
    check = (
        "import sys; from pathlib import Path; from tests.teachers.test_curator import teacher_of, requests\n"
        f"found = list(teacher_of({server.spec!r}, Path({str(tmp_path)!r}), seed=1).traces(requests(5, 2)))\n"
        "sys.exit(len(found) != 10 or any(name in sys.modules for name in ('bespokelabs', 'litellm', 'datasets')))"
    )
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)


def test_what_curator_cannot_read_is_a_failed_trace(tmp_path: Path) -> None:
    (trace,) = teacher_of("ollama/m", tmp_path).traces([Request(Question("\ud800?"))])
    assert (trace.finish_reason, trace.error) == ("error", "curator cannot send a text with lone surrogates")


def test_telemetry_is_off_unless_it_is_wanted() -> None:
    given = {"TELEMETRY_ENABLED": "true", "CURATOR_VIEWER": "1", "OPENAI_API_KEY": KEY}
    quiet = environment_for(given, telemetry=False)
    assert (quiet["TELEMETRY_ENABLED"], "CURATOR_VIEWER" in quiet, quiet["OPENAI_API_KEY"]) == ("false", False, KEY)
    assert given.items() <= environment_for(given, telemetry=True).items()


@pytest.mark.skipif(is_installed(), reason=f"{PACKAGE} is installed")
def test_without_curator_it_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"pip install 'open-thoughts-gen\[curator\]'"):
        list(teacher_of("ollama/m", tmp_path).traces(requests(1)))
    (fault,) = teacher_of("ollama/m", tmp_path).lacks()
    assert fault.hint == "pip install 'open-thoughts-gen[curator]'"


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("API Error: 429 - slow down(x1)", "throttled"),
        ("API Error: 429 - insufficient_quota(x1)", "refused"),
        ("API Error: 401 - wrong key(x1)", "refused"),
        ("API Error: 400 - too long(x1)", "rejected"),
        ("API Error: 400 - no such field(x1)", "unclear"),
        ("API Error: 403 - not in your region(x1)", "unclear"),
        ("API Error: 403 - this key has no permission(x1)", "refused"),
        ("API Error: 405 - method not allowed(x1)", "refused"),
        ("litellm.BadRequestError: no such field(x1)", "unclear"),
        ("litellm.ContextWindowExceededError: 9 tokens(x1)", "rejected"),
        ("API error: {'type': 'invalid_request_error', 'message': 'prompt is too long: 9 tokens'}(x1)", "rejected"),
        ("API error: {'type': 'invalid_request_error', 'message': 'thinking.budget'}(x1)", "unclear"),
        ("API Error: 503 - busy(x1)", "transient"),
        ("(x1)", "transient"),
        ("Cannot connect to host 127.0.0.1:1 ssl:default(x1)", "transient"),
        ("litellm.RateLimitError: RateLimitError: slow down(x1)", "throttled"),
        ("litellm.AuthenticationError: wrong key(x1)", "refused"),
        ("API error: {'type': 'overloaded_error', 'message': 'Overloaded'}(x1)", "throttled"),
        ("API error: {'type': 'authentication_error', 'message': 'no'}(x1)", "refused"),
        ("'usage'(x1)", "final"),
    ],
)
def test_a_failure_is_of_a_kind(error: str, kind: str) -> None:
    assert kind_of(error) == kind


ANTHROPIC = {
    "type": "message",
    "content": [{"type": "thinking", "thinking": "two and two"}, {"type": "text", "text": "4"}],
    "stop_reason": "max_tokens",
    "usage": {"input_tokens": 5, "cache_read_input_tokens": 2, "output_tokens": 9},
}
GEMINI = {
    "candidates": [
        {"content": {"parts": [{"text": "two and two", "thought": True}, {"text": "4"}]}, "finishReason": "MAX_TOKENS"}
    ],
    "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 4, "thoughtsTokenCount": 5},
}
CHAT = completion("4", finish_reason="length", reasoning_content="two and two")


@pytest.mark.parametrize(
    "raw",
    [
        CHAT,
        {"custom_id": "0", "response": {"status_code": 200, "body": CHAT}},
        ANTHROPIC,
        {"custom_id": "0", "result": {"type": "succeeded", "message": ANTHROPIC}},
        GEMINI,
        {"custom_id": "0", "status": "", "response": GEMINI},
    ],
)
def test_reasoning_answer_and_end_are_read_from_whatever_a_provider_sends(raw: object) -> None:
    payload = payload_of(raw)
    assert payload is not None
    reply = read(payload)
    assert (reply.reasoning, reply.content, reply.finish_reason) == ("two and two", "4", "length")
    assert reply.usage is not None
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) in ((7, 9), (11, 7))


def _anthropic(stop_reason: object) -> dict[str, object]:
    return {"type": "message", "content": [{"type": "text", "text": "4"}], "stop_reason": stop_reason}


def _gemini(finish_reason: object) -> dict[str, object]:
    return {"candidates": [{"content": {"parts": [{"text": "4"}]}, "finishReason": finish_reason}]}


@pytest.mark.parametrize(
    ("raw", "ended"),
    [
        (_anthropic("end_turn"), "stop"),
        (_anthropic("model_context_window_exceeded"), "length"),
        (_anthropic("as it pleases"), "as it pleases"),
        (_anthropic("pause_turn"), "tool call"),
        (_anthropic("refusal"), "content filter"),
        (_gemini("STOP"), "stop"),
        (_gemini("MAX_TOKENS"), "length"),
        (_gemini("PROHIBITED_CONTENT"), "content filter"),
        (_gemini("MALFORMED_FUNCTION_CALL"), "tool call"),
        ({"promptFeedback": {"blockReason": "SAFETY"}}, "content filter"),
    ],
)
def test_why_an_answer_ended_is_read_by_the_one_table(raw: object, ended: str) -> None:
    reply = read(payload_of(raw) or b"")
    assert (reply.unknown_reason or reply.error_kind or reply.finish_reason) == ended


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"error": "x"},
        {"response": {"status_code": 400, "body": CHAT}},
        {"result": {"type": "errored", "error": {"type": "overloaded_error"}}},
        {"response": {"body": {"choices": "none"}, "status_code": 500}},
    ],
)
def test_what_is_no_answer_is_none(raw: object) -> None:
    assert payload_of(raw) is None


@through_curator
def test_calls_go_through_curator_as_they_would_without_it(
    tmp_path: Path, surroundings: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    settings = {"system": "Think.", "max_tokens": 9, "seed": 7, "temperature": 0.5, "extra_body": {"top_k": 20}}
    asked = list(requests(20, 2))
    with ChatServer(key=KEY) as server:
        live = in_order(Openai(model=server.spec, **settings).fresh(context(tmp_path / "live")).traces(asked))
        bodies = {json.dumps(each.body, sort_keys=True) for each in server.asked}
        server.asked.clear()
        server.max_in_flight = 0
        teacher = teacher_of(server.spec, tmp_path, wave=16, concurrency=4, **settings)
        assert in_order(teacher.traces(iter(asked))) == live
        assert {json.dumps(each.body, sort_keys=True) for each in server.asked} == bodies
        assert len(server.asked) == 40  # and no inquiry for limits
        assert server.max_in_flight <= 4
        assert teacher.state().startswith("40 answered")
        # What curator was paid for, the teacher openai finds.
        assert in_order(Openai(model=server.spec, **settings).fresh(context(tmp_path)).traces(asked)) == live
        assert len(server.asked) == 40
    assert surroundings() == []
    assert [path for name in ("home", "temporary") for path in (tmp_path / name).rglob("*")] == []
    assert files_with(KEY, tmp_path) == []


def trouble(prompt: str, nth: int) -> Fault | None:
    """Order what goes wrong with a question, by its name."""
    if prompt == "throttled" and nth < 2:
        return Fault(status=429, body=error_body("slow down"))
    if prompt == "broken" and nth < 1:
        return Fault(status=500, body=error_body(f"broken, {KEY}"))
    if prompt == "rejected":
        return Fault(status=400, body=error_body(f"too long, {KEY}"))
    return Fault(reset="before") if prompt == "reset" and nth < 1 else None


def various(body: Body) -> object:
    answers = {
        "null": completion(None, reasoning_content="so"),
        "refused": completion(None, refusal="I will not."),
        "cut": completion("It is", finish_reason="length", reasoning_content="so"),
        "filtered": completion("", finish_reason="content_filter"),
        "tagged": completion("<think>so</think>It is 4."),
        "odd": completion("a\u2028b\x85c\x00d\ud800e", reasoning_content="x" * 1_000_000),
    }
    return answers.get(body["messages"][-1]["content"]) or echo(body)


@through_curator
def test_whatever_goes_wrong_is_a_trace_and_nothing_is_asked_in_vain(
    tmp_path: Path, surroundings: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    names = ["throttled", "broken", "rejected", "reset", "null", "refused", "cut", "filtered", "tagged", "odd", "good"]
    with ChatServer(answer=various, fault=trouble) as server:
        # Curator has a way of its own for this host, and a price for this model: both would lose answers.
        spec = server.spec.replace("/v1#m", "/api.deepseek.com/v1#deepseek-chat")
        asked = [Request(Question(name)) for name in names]
        traces = {trace.question_id: trace for trace in teacher_of(spec, tmp_path).traces(asked)}
        times = Counter(server.prompts)
        live = {trace.question_id: trace for trace in Openai(model=spec).fresh(context(tmp_path)).traces(asked)}
    told = {name: traces[Question(name).id] for name in names}
    assert {name: trace.finish_reason for name, trace in told.items()} == {
        **dict.fromkeys(["throttled", "broken", "reset", "tagged", "odd", "good"], "stop"),
        **dict.fromkeys(["rejected", "null", "refused", "filtered"], "error"),
        "cut": "length",
    }
    assert told["rejected"].failure == "prompt rejected"
    assert told["refused"].error == "refusal: I will not."
    assert (told["tagged"].reasoning, told["tagged"].response) == ("so", "It is 4.")
    assert len(told["odd"].reasoning) == 1_000_000
    assert times == {**dict.fromkeys(names, 1), "throttled": 3, "broken": 2, "reset": 2}
    assert {name for name in names if live[Question(name).id] != told[name]} == {"rejected"}  # asked anew, as it failed
    assert surroundings() == []
    assert files_with(KEY, tmp_path) == []


@through_curator
def test_a_cut_answer_is_asked_for_anew_only_with_a_larger_limit(tmp_path: Path) -> None:
    def answer(body: Body) -> object:
        return completion(f"{body['max_tokens']}", finish_reason="length" if body["max_tokens"] < 30 else "stop")

    with ChatServer(answer=answer) as server:
        policy = {"max_tokens": 10, "truncated": "escalate", "max_tokens_limit": 64}
        (trace,) = teacher_of(server.spec, tmp_path, **policy).traces(requests(1))
        assert (trace.response, trace.finish_reason) == ("40", "stop")
        assert [each.body["max_tokens"] for each in server.asked] == [10, 20, 40]


@through_curator
def test_a_reasoning_teacher_without_reasoning_stops_the_run_after_its_first_wave(tmp_path: Path) -> None:
    with ChatServer(answer=lambda body: completion("4")) as server:
        teacher = teacher_of(server.spec, tmp_path, reasoning=True, concurrency=8)
        with pytest.raises(ProviderError, match=r"no reasoning in its first 8 answers"):
            list(teacher.traces(requests(400)))
        assert len(server.asked) == 8


@through_curator
def test_a_wrong_key_stops_the_run_and_is_not_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    with ChatServer(key="another") as server, pytest.raises(ProviderError, match="refused the call, HTTP 401") as told:
        list(teacher_of(server.spec, tmp_path).traces(requests(5)))
    assert KEY not in str(told.value)


@through_curator
def test_an_address_where_nobody_is_stops_the_run_soon(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        teacher = teacher_of(f"http://127.0.0.1:{taken.getsockname()[1]}/v1#m", tmp_path, contact_s=0.5, max_retries=0)
        with pytest.raises(ProviderError, match="cannot be reached: Cannot connect"):
            list(teacher.traces(requests(3)))
        assert teacher.state().endswith("cannot be reached")


@through_curator
def test_litellm_brings_the_whole_of_an_answer(
    tmp_path: Path, surroundings: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    settings = {"backend": "litellm", "system": "Think."}
    with ChatServer(answer=various, key=KEY) as server:
        asked = [Request(Question(name)) for name in ("good", "null", "cut")]
        for _ in range(2):
            teacher = teacher_of("openai/gpt-4.1", tmp_path, base_url=server.url, **settings)
            traces = {trace.question_id: trace for trace in teacher.traces(asked)}
            assert len(server.asked) == 3
    good, null, cut = (traces[request.question.id] for request in asked)
    assert (good.reasoning, good.response) == ("they said: good", "you said: good")
    assert good.usage == Usage(prompt_tokens=11, completion_tokens=7, reasoning_tokens=3)
    assert (null.failure, cut.finish_reason, cut.reasoning) == ("empty answer", "length", "so")
    assert surroundings() == []
    assert files_with(KEY, tmp_path) == []


@through_curator
@pytest.mark.parametrize("batch", [False, True])
def test_anthropic_is_asked_in_its_own_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: bool) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    settings = {"backend": "anthropic", "max_tokens": 2000, "system": "Think.", "batch": batch, "poll_s": 1}
    with AnthropicServer() as server:
        for _ in range(2):
            teacher = teacher_of("claude-sonnet-4-5", tmp_path, base_url=server.url, **settings)
            traces = in_order(teacher.traces(requests(3)))
            assert len(server.asked) == 3
    assert {(trace.reasoning[:9], trace.response[:8], trace.finish_reason) for trace in traces} == {
        ("they said", "you said", "stop")
    }
    assert traces[0].usage == Usage(prompt_tokens=11, completion_tokens=7, cached_tokens=0)
    assert {(each["system"], len(each["messages"]), each["max_tokens"]) for each in server.asked} == {
        ("Think.", 1, 2000)
    }
    assert files_with(KEY, tmp_path) == []


@through_curator
def test_a_batch_is_harvested_once_and_found_by_the_other_teachers(
    tmp_path: Path, surroundings: Callable[[], list[str]]
) -> None:
    asked = [*requests(3, 2), Request(Question("null"))]
    with BatchServer(refuse="question 1", answer=various) as server:
        spec = server.spec.replace("#m", "#gpt-4.1")
        teacher = teacher_of(spec, tmp_path, batch=True, poll_s=1)
        found = in_order(teacher.traces(iter(asked)))
        batches = len(server.batches)
        other = OpenaiBatch(model=spec, poll_s=0.01).fresh(context(tmp_path))
        kept = [request for request in asked if request.question.prompt != "question 1"]
        refused = Question("question 1").id
        assert in_order(other.traces(kept)) == [trace for trace in found if trace.question_id != refused]
        assert len(server.batches) == batches
    assert Counter(trace.failure for trace in found) == {"": 4, "empty answer": 1, "teacher error": 2}
    assert [trace.reasoning for trace in found].count("they said: question 0") == 2
    assert surroundings() == []
    assert list((tmp_path / "cache" / "responses.sqlite.curator").iterdir()) == []


CHILD = """
import sys
from pathlib import Path
from tests.teachers.test_curator import requests, teacher_of
settings = eval(sys.argv[3])
for trace in teacher_of(sys.argv[1], Path(sys.argv[2]), **settings).traces(requests(60)):
    print(trace.question_id, trace.finish_reason, flush=True)
"""


def started(spec: str, folder: Path, **settings: Any) -> subprocess.Popen[str]:
    command = interruptible.python("-c", CHILD, spec, str(folder), repr(settings))
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


@through_curator
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_loses_what_was_on_the_wire_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, blow: signal.Signals
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    with ChatServer(latency_s=0.05) as server:
        with started(server.spec, tmp_path, concurrency=4) as child:
            assert child.stdout is not None
            handed_on = [child.stdout.readline() for _ in range(20)]
            child.send_signal(blow)
        time.sleep(0.5)  # what the dead client had sent
        assert list((tmp_path / "temporary").iterdir()) == []
        num_before = len(server.asked)
        with started(server.spec, tmp_path, concurrency=4) as child:
            assert child.stdout is not None
            found = child.stdout.read().splitlines()
        asked = Counter(server.prompts)
    assert len(found) == 60
    assert set(map(str.strip, handed_on)) <= set(found)
    assert num_before < 60
    assert asked.total() - 60 <= 8


@through_curator
def test_two_runs_at_once_ask_nothing_twice(tmp_path: Path) -> None:
    with ChatServer(latency_s=0.02) as server:
        settings = {"concurrency": 4, "wave": 8}
        with started(server.spec, tmp_path, **settings) as one, started(server.spec, tmp_path, **settings) as two:
            found = [sorted(each.communicate()[0].splitlines()) for each in (one, two)]
        assert len(server.asked) == 60
    assert len(found[0]) == 60
    assert found[0] == found[1]


@through_curator
def test_a_run_that_was_stopped_finds_its_batch_again(tmp_path: Path) -> None:
    with BatchServer(num_looks=10**9) as server:
        with started(server.spec, tmp_path, batch=True, poll_s=1) as child:
            while not server.batches or not next(iter(server.batches.values()))["looks"]:
                assert child.poll() is None
                time.sleep(0.05)
            child.kill()
        server.finish()
        found = list(teacher_of(server.spec, tmp_path, batch=True, poll_s=1).traces(requests(61)))
        assert [len(server.batches), len(server.asked)] == [2, 61]
    assert [trace.finish_reason for trace in found] == ["stop"] * 61


RECIPE = """\
name: sums
target: 30
source: {use: family, family: "tests.toy.sums:Sums"}
teacher: solver
verifiers: [family]
sample_filters: [{use: verified, undecided: drop}]
publish: {title: Sums, license: cc0-1.0}
"""


def adds(body: Body) -> object:
    left, right = map(int, re.findall(r"\d+", body["messages"][-1]["content"]))
    return completion(f"Answer: {left + right}", reasoning_content=f"{left} and {right} make {left + right}.")


@through_curator
def test_a_recipe_is_taught_through_curator_by_one_flag(
    tmp_path: Path,
    surroundings: Callable[[], list[str]],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    (tmp_path / "sums.yaml").write_text(RECIPE, "utf-8")
    datasets = []
    with ChatServer(answer=adds, key=KEY) as server:
        common = ["run", tmp_path / "sums.yaml", "--cache", tmp_path / "responses.sqlite"]
        for number, spec in enumerate([f"curator/{server.spec}", f"curator/{server.spec}", server.spec]):
            folder = tmp_path / f"out{number}"
            assert cli.main([str(word) for word in [*common, "--teacher", spec, "--out", folder]]) == 0
            assert len(server.asked) == 30
            datasets.append({path.name: path.read_bytes() for path in (folder / "dataset").rglob("*.parquet")})
    assert datasets[0] == datasets[1] == datasets[2]
    out, err = capfd.readouterr()
    assert "accepted rows" in out
    assert "LiteLLM" not in out + err  # what curator says stays in its own log
    assert surroundings() == []
    assert files_with(KEY, tmp_path) == []
