"""Each fault that a provider shows, alone and all of them mixed, in a tenth of the calls or more."""

from __future__ import annotations

import json
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, Chat, Patience, Reply, resolve
from tests.servers.chat_server import ChatServer, Fault, completion, error_body

NUM = 150
KEY = "sk-planted-0123456789"
PATIENCE = Patience(timeout_s=60, max_retries=30, first_wait_s=0.005, max_wait_s=0.05, outage_s=60)
HURRIED = replace(PATIENCE, timeout_s=3)  # for what never comes: long enough that a busy machine does not time out, too
STRANGE = "a\u0085b\u2028c\x00d\ud800e\U0001f600\r\nf"
FAULTS = {
    "429 told": Fault(status=429, headers={"retry-after": "0"}),
    "429 told in ms": Fault(status=429, headers={"retry-after-ms": "5"}),
    "429 with reset": Fault(
        status=429, headers={"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "8ms"}
    ),
    "429": Fault(status=429, body=error_body("slow down")),
    **{f"{status}": Fault(status=status) for status in (408, 500, 502, 503, 504, 529)},
    "503 told": Fault(status=503, headers={"retry-after": "0.01"}, body=b"<html>busy</html>"),
    "reset before": Fault(reset="before"),
    "reset within": Fault(reset="within"),
    "reset after": Fault(reset="after"),
    "silent": Fault(delay_s=30),
    "dripping": Fault(drip_s=1),
    "truncated": Fault(keep_rate=0.6),
    "nothing": Fault(keep_rate=0.0),
    "html": Fault(body=b"<html>come back later</html>"),
    "error as 200": Fault(body=error_body("upstream")),
    "broken off": Fault(body=json.dumps(completion("half", finish_reason="error")).encode()),
    "length too long": Fault(extra_length=20),
    "length too short": Fault(extra_length=-20),
    "bad gzip": Fault(body=b"\x1f\x8b broken", headers={"content-encoding": "gzip"}),
    "twice at once": Fault(again_s=0.0),
    "twice": Fault(again_s=0.004),
}


def expected(number: int) -> str:
    return f"you said: q{number} {STRANGE}"


def ask(
    server: ChatServer, path: Path, *, num: int = NUM, patience: Patience = PATIENCE
) -> tuple[dict[int, Reply], Chat]:
    calls = ((n, Call([{"role": "user", "content": f"q{n} {STRANGE}"}])) for n in range(num))
    with ResponseCache(path) as cache:
        chat = Chat(resolve(server.spec), cache, concurrency=16, patience=patience)
        return dict(chat.replies(calls)), chat


def one_in(rate: float, faults: list[Fault]) -> Callable[[str, int], Fault | None]:
    rng = random.Random(7)
    lock = threading.Lock()

    def fault(prompt: str, nth: int) -> Fault | None:
        with lock:
            return rng.choice(faults) if rng.random() < rate else None

    return fault


def check(server: ChatServer, path: Path, replies: dict[int, Reply], chat: Chat) -> None:
    assert {n: reply.content for n, reply in replies.items()} == {n: expected(n) for n in range(NUM)}
    assert {reply.error for reply in replies.values()} == {None}
    assert (chat.progress.done, chat.progress.failed, chat.progress.in_flight) == (NUM, 0, 0)
    num_asked = len(server.asked)
    again, chat = ask(server, path)
    assert {n: r.content for n, r in again.items()} == {n: r.content for n, r in replies.items()}
    assert (len(server.asked), chat.progress.cached) == (num_asked, NUM)


@pytest.mark.parametrize("name", FAULTS)
def test_one_fault_in_a_tenth_of_the_calls(tmp_path: Path, name: str) -> None:
    with ChatServer(fault=one_in(0.1, [FAULTS[name]])) as server:
        patience = HURRIED if name in ("silent", "dripping") else PATIENCE
        replies, chat = ask(server, tmp_path / "c", patience=patience)
        check(server, tmp_path / "c", replies, chat)
        if name not in ("reset after", "length too long", "length too short", "twice", "twice at once"):
            # Nothing is asked again once it was answered: one fault, one call more.
            assert len(server.asked) == NUM + chat.progress.retried + chat.progress.throttled


def test_all_faults_mixed(tmp_path: Path) -> None:
    with ChatServer(fault=one_in(0.3, list(FAULTS.values()))) as server:
        replies, chat = ask(server, tmp_path / "c", patience=HURRIED)
        check(server, tmp_path / "c", replies, chat)
    assert chat.progress.throttled
    assert chat.progress.retried


def test_what_is_no_answer_in_a_tenth_of_the_calls_is_asked_once(tmp_path: Path) -> None:
    nothing = [partial(completion, None, refusal="No."), partial(completion, None, finish_reason="content_filter")]
    answers = [*nothing, partial(completion, "x" * 5_000_000), partial(completion, STRANGE)]  # each with its own id
    with ChatServer(answer=lambda body: answers[len(body["messages"][0]["content"]) % 4]()) as server:
        replies, _ = ask(server, tmp_path / "c", num=12)
        again, _ = ask(server, tmp_path / "c", num=12)
        assert len(server.asked) == 12
    assert {n: (r.content, r.error) for n, r in replies.items()} == {n: (r.content, r.error) for n, r in again.items()}


def test_a_retry_does_not_wait_for_the_slowest_first_attempt(tmp_path: Path) -> None:
    def fault(prompt: str, nth: int) -> Fault | None:
        return Fault(delay_s=0.5) if "q0 " in prompt else Fault(status=500) if nth == 0 else None

    with ChatServer(fault=fault) as server, ResponseCache(tmp_path / "c") as cache:
        chat = Chat(resolve(server.spec), cache, concurrency=4, patience=PATIENCE)
        calls = ((n, Call([{"role": "user", "content": f"q{n} "}])) for n in range(20))
        order = [n for n, _ in chat.replies(calls)]
    assert order[-1] == 0


OTHER = """
import sys
from pathlib import Path
from tests.chat.test_faults import ask_spec
ask_spec(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
"""


def ask_spec(spec: str, path: Path, num: int) -> dict[int, str]:
    calls = ((n, Call([{"role": "user", "content": f"q{n}"}])) for n in range(num))
    with ResponseCache(path) as cache:
        chat = Chat(resolve(spec), cache, concurrency=8, patience=PATIENCE)
        return {n: reply.content for n, reply in chat.replies(calls)}


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_two_runs_at_once_ask_nothing_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_CACHE_JOURNAL", journal)
    with ChatServer(latency_s=0.02) as server:
        command = [sys.executable, "-c", OTHER, server.spec, str(tmp_path / "c"), "120"]
        others = [subprocess.Popen(command) for _ in range(2)]
        mine = ask_spec(server.spec, tmp_path / "c", 120)
        assert [other.wait() for other in others] == [0, 0]
        assert max(Counter(server.prompts).values()) == 1
    assert mine == {n: f"you said: q{n}" for n in range(120)}


def test_what_a_killed_run_had_claimed_is_taken_over(tmp_path: Path) -> None:
    def fault(prompt: str, nth: int) -> Fault | None:
        return Fault(delay_s=0.4) if nth == 0 else None

    path = tmp_path / "c"
    with ChatServer(fault=fault) as server:
        other = subprocess.Popen([sys.executable, "-c", OTHER, server.spec, str(path), "8"])
        while len(server.asked) < 8:
            time.sleep(0.01)
        other.kill()
        other.wait()
        assert len(ask_spec(server.spec, path, 8)) == 8
        assert Counter(Counter(server.prompts).values()) == {2: 8}
    with sqlite3.connect(path) as left:
        assert left.execute("SELECT (SELECT COUNT(*) FROM claims), (SELECT COUNT(*) FROM owners)").fetchone() == (0, 0)
    left.close()


def test_of_four_runs_at_once_two_are_killed_and_the_others_take_over(tmp_path: Path) -> None:
    num, path = 240, tmp_path / "c"
    with ChatServer(latency_s=0.05) as server:
        command = [sys.executable, "-c", OTHER, server.spec, str(path), str(num)]
        runs = [subprocess.Popen(command) for _ in range(4)]
        for killed, num_asked in zip(runs[:2], (60, 120), strict=True):
            while len(server.asked) < num_asked and killed.poll() is None:
                time.sleep(0.005)
            killed.kill()
            killed.wait()
        assert [run.wait() for run in runs[2:]] == [0, 0]
        times = Counter(server.prompts)
    assert times.keys() == {f"q{n}" for n in range(num)}
    assert max(times.values()) <= 3
    assert times.total() <= num + 2 * 16  # of each that was killed, what was on its wire or not yet stored
    with ResponseCache(path) as cache:
        assert cache.stats().num_responses == num


def sse(*chunks: object, done: bool = True) -> bytes:
    lines: Iterator[bytes] = (b"data: " + json.dumps(chunk).encode() + b"\r\n\r\n" for chunk in chunks)
    return b": keep-alive\n\n" + b": keep-alive\n\n".join(lines) + (b"data: [DONE]\n\n" if done else b"")


def chunk(finish_reason: str | None = None, **delta: object) -> dict[str, object]:
    return {"id": "chatcmpl-s", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def test_a_streamed_answer_is_put_together(tmp_path: Path) -> None:
    usage = {"id": "chatcmpl-s", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}
    events = [chunk(role="assistant"), chunk(reasoning="so\u2028"), chunk(reasoning=" it is"), chunk(content="4\u0085")]
    whole = sse(*events, chunk("stop", content="2"), usage)
    events_type = {"content-type": "text/event-stream; charset=utf-8"}

    def fault(prompt: str, nth: int) -> Fault:
        body = [sse(*events, done=False), sse(chunk(content="4"), {"error": {"message": "overloaded"}}), whole][nth]
        return Fault(body=body, headers=events_type, drip_s=0.01)

    with ChatServer(fault=fault) as server, ResponseCache(tmp_path / "c") as cache:
        chat = Chat(resolve(server.spec), cache, patience=PATIENCE, stream=True)
        call = Call([{"role": "user", "content": "q"}])
        ((_, reply),) = chat.replies([("", call)])
        assert server.asked[0].body["stream"] is True
        assert server.asked[0].body["stream_options"] == {"include_usage": True}
        assert len(server.asked) == 3
        # How an answer travels is no part of what was asked.
        assert cache.get(Chat(resolve(server.spec), cache).key(call)) is not None
    assert (reply.reasoning, reply.content, reply.finish_reason) == ("so\u2028 it is", "4\u00852", "stop")
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 5


def test_a_stream_that_is_left_leaves_no_claim(tmp_path: Path) -> None:
    def endless() -> Iterator[tuple[int, Call]]:
        for n in range(1000):
            yield n, Call([{"role": "user", "content": f"q{n}"}])

    with ChatServer(latency_s=0.001) as server, ResponseCache(tmp_path / "c") as cache:
        for num_read in range(1, 25):
            replies = Chat(resolve(server.spec), cache, concurrency=16, patience=PATIENCE).replies(endless())
            for _ in range(num_read):
                next(replies)
            replies.close()
            left = cache._reader.execute("SELECT (SELECT COUNT(*) FROM claims), (SELECT COUNT(*) FROM owners)")
            assert left.fetchone() == (0, 0)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(body=sse({"error": {"message": f"bad key {KEY}"}}), headers={"content-type": "text/event-stream"}),
        Fault(body=error_body(f"Bearer {KEY}")),
        Fault(status=500, body=f"<p>{KEY}</p>".encode()),
        Fault(status=400, body=error_body(f"prompt too long for {KEY}")),
    ],
    ids=["stream", "json", "html", "rejected"],
)
def test_no_fault_tells_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    caplog.set_level("DEBUG")
    with ChatServer(fault=lambda prompt, nth: fault) as server, ResponseCache(tmp_path / "c") as cache:
        patience = Patience(max_retries=3, first_wait_s=0.001, max_wait_s=0.002)
        chat = Chat(resolve(server.spec), cache, patience=patience)
        replies = list(chat.replies((n, Call([{"role": "user", "content": f"q{n}"}])) for n in range(6)))
        assert all("[key]" in (reply.error or "") for _, reply in replies)
        said = [repr(replies), caplog.text, chat.progress.line(), repr(chat.progress)]
    assert not any(KEY in text for text in said)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
