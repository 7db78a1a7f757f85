from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from open_thoughts_gen import errors
from open_thoughts_gen.cache import Response, ResponseCache, Stored
from open_thoughts_gen.chat import Call, Chat, Patience, Reply, resolve
from open_thoughts_gen.errors import ProviderError, UserError
from tests.servers.chat_server import ChatServer, Fault, completion, error_body

KEY = "sk-planted-0123456789"
QUICK = Patience(timeout_s=5.0, max_retries=3, first_wait_s=0.01, max_wait_s=0.05, contact_s=0.3)


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[ResponseCache]:
    with ResponseCache(tmp_path / "c.sqlite") as opened:
        yield opened


def call(prompt: str, attempt: int = 0) -> Call:
    return Call([{"role": "user", "content": prompt}], attempt=attempt)


def calls(*prompts: str) -> Iterator[tuple[str, Call]]:
    return ((prompt, call(prompt)) for prompt in prompts)


def chat_with(server: ChatServer, cache: ResponseCache, *, concurrency: int = 8, patience: Patience = QUICK) -> Chat:
    return Chat(resolve(server.spec), cache, concurrency=concurrency, patience=patience)


def ask(server: ChatServer, cache: ResponseCache, *prompts: str, patience: Patience = QUICK) -> dict[str, Reply]:
    return dict(chat_with(server, cache, patience=patience).replies(calls(*prompts)))


def first_time(fault: Fault) -> Callable[[str, int], Fault | None]:
    return lambda prompt, nth: fault if nth == 0 else None


def test_each_call_gets_its_own_reply_and_is_asked_once_ever(cache: ResponseCache) -> None:
    prompts = [f"q{number}" for number in range(50)]
    with ChatServer() as server:
        chat = chat_with(server, cache)
        replies = dict(chat.replies(calls(*prompts)))
        assert {prompt: reply.content for prompt, reply in replies.items()} == {p: f"you said: {p}" for p in prompts}
        assert (chat.progress.done, chat.progress.cached, chat.progress.in_flight) == (50, 0, 0)
        again = dict(chat.replies(calls(*prompts)))
        assert sorted(server.prompts) == sorted(prompts)
    assert chat.progress.cached == 50
    assert all(reply.cached for reply in again.values())
    assert {p: r.content for p, r in again.items()} == {p: r.content for p, r in replies.items()}


def test_equal_calls_in_one_stream_are_asked_once_and_attempts_apart(cache: ResponseCache) -> None:
    with ChatServer(latency_s=0.05) as server:
        asked = [("a", call("q")), ("b", call("q")), ("c", call("q", attempt=1))]
        tags = [tag for tag, _ in chat_with(server, cache).replies(asked)]
    assert sorted(tags) == ["a", "b", "c"]
    assert server.prompts == ["q", "q"]
    assert server.asked[0].body == server.asked[1].body  # the attempt is not on the wire


def test_the_stream_is_bounded_and_lazy(cache: ResponseCache) -> None:
    taken = itertools.count()
    endless = ((number, call(f"q{number}")) for number in taken)
    with ChatServer(latency_s=0.02) as server:
        replies = chat_with(server, cache, concurrency=4).replies(endless)
        assert len(list(itertools.islice(replies, 40))) == 40
        replies.close()
        assert server.max_in_flight == 4
        assert server.num_connections == 4
    assert next(taken) <= 40 + 2 * 4 + 1


def test_more_calls_than_a_default_pool_are_in_flight(cache: ResponseCache) -> None:
    with ChatServer(latency_s=0.5) as server:
        list(chat_with(server, cache, concurrency=150).replies(calls(*(f"q{number}" for number in range(150)))))
        assert server.max_in_flight == 150


def test_closing_ends_what_is_on_the_wire_and_keeps_what_was_answered(cache: ResponseCache) -> None:
    def fault(prompt: str, nth: int) -> Fault | None:
        return Fault(delay_s=60) if prompt == "slow" and nth == 0 else None

    with ChatServer(fault=fault) as server:
        chat = chat_with(server, cache, patience=Patience())
        replies = chat.replies(calls("slow", "quick", "other"))
        next(replies)
        replies.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("wire")]
        assert len(ask(server, cache, "slow", "quick", "other")) == 3
        assert server.prompts.count("quick") == 1
        assert server.prompts.count("slow") == 2


def test_an_error_in_the_input_closes_the_stream(cache: ResponseCache) -> None:
    def broken() -> Iterator[tuple[str, Call]]:
        yield from calls("q")
        raise RuntimeError("no more")

    with ChatServer(latency_s=0.01) as server, pytest.raises(RuntimeError, match="no more"):
        list(chat_with(server, cache).replies(broken()))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wire")]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=500),
        Fault(status=502, body=b"<html>bad gateway</html>"),
        Fault(status=503, headers={"retry-after": "0"}),
        Fault(status=529, body=error_body("overloaded")),
        Fault(status=408),
        Fault(reset="before"),
        Fault(reset="within"),
        Fault(keep_rate=0.5),
        Fault(keep_rate=0.0),
        Fault(body=b"<html>come back later</html>"),
        Fault(body=b'{"error": {"message": "upstream", "code": 502}}'),
        Fault(extra_length=10),
        Fault(body=b"\x1f\x8b broken", headers={"content-encoding": "gzip"}),
    ],
    ids=repr,
)
def test_trouble_is_waited_out(cache: ResponseCache, fault: Fault) -> None:
    with ChatServer(fault=first_time(fault)) as server:
        chat = chat_with(server, cache)
        ((_, reply),) = chat.replies(calls("q"))
        assert len(server.asked) == 2
    assert (reply.content, reply.error) == ("you said: q", None)
    assert (chat.progress.retried, chat.progress.failed) == (1, 0)


def test_a_reset_after_the_answer_is_no_trouble(cache: ResponseCache) -> None:
    with ChatServer(fault=lambda prompt, nth: Fault(reset="after")) as server:
        replies = ask(server, cache, *"abcdefgh")
    assert {reply.error for reply in replies.values()} == {None}


@pytest.mark.parametrize("fault", [Fault(delay_s=30), Fault(drip_s=1)], ids=["silent", "dripping"])
def test_the_deadline_is_for_the_whole_call(cache: ResponseCache, fault: Fault) -> None:
    patience = Patience(timeout_s=3, max_retries=1, first_wait_s=0.01)
    with ChatServer(fault=first_time(fault)) as server:
        assert ask(server, cache, "q", patience=patience)["q"].content == "you said: q"
        assert len(server.asked) == 2


def test_trouble_without_end_is_a_failed_reply_that_the_next_run_asks_again(cache: ResponseCache) -> None:
    def fault(prompt: str, nth: int) -> Fault | None:
        return Fault(status=500, body=error_body("out of luck")) if prompt == "bad" and nth < 4 else None

    with ChatServer(fault=fault) as server:
        replies = ask(server, cache, "good", "bad")
        assert server.prompts.count("bad") == 4
        assert replies["good"].error is None
        assert replies["bad"] == Reply(finish_reason="error", error="HTTP 500: out of luck")
        assert ask(server, cache, "good", "bad")["bad"].error is None
        assert server.prompts.count("good") == 1


@pytest.mark.parametrize("headers", [{"retry-after": "0"}, {"retry-after-ms": "10"}, {}, {"retry-after": "nonsense"}])
def test_a_429_never_counts_as_an_attempt(cache: ResponseCache, headers: dict[str, str]) -> None:
    patience = Patience(max_retries=0, first_wait_s=0.001, max_wait_s=0.01)
    throttle = Fault(status=429, headers=headers, body=error_body("slow down", code="rate_limit_exceeded"))
    with ChatServer(fault=lambda prompt, nth: throttle if nth < 6 else None) as server:
        chat = chat_with(server, cache, patience=patience)
        ((_, reply),) = chat.replies(calls("q"))
        assert len(server.asked) == 7
    assert reply.error is None
    assert (chat.progress.throttled, chat.progress.retried, chat.progress.failed) == (6, 0, 0)


@pytest.mark.parametrize(
    ("status", "body", "message", "hint"),
    [
        (400, error_body("temperature must be at most 2"), "temperature must be at most 2", "check the settings"),
        (401, error_body(f"bad key Bearer {KEY}"), r"bad key Bearer \[key\]", "check the key in OPEN_THOUGHTS_API_KEY"),
        (402, error_body("Insufficient Balance"), "Insufficient Balance", "add credit"),
        (403, b"no", "HTTP 403: no", "what the key in OPEN_THOUGHTS_API_KEY may use"),
        (404, b'{"detail": "model not found"}', "model not found", "check the model's name"),
        (405, b"", "HTTP 405", "check the settings and the address"),
        (422, b'{"detail": [{"msg": "extra"}]}', "extra", "check the settings"),
        (429, error_body("quota", code="insufficient_quota"), "quota", "add credit"),
        (307, b"", "HTTP 307", "the address"),
    ],
)
def test_a_refusal_stops_the_run_with_one_clear_line(
    cache: ResponseCache, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, message: str, hint: str
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    fault = Fault(status=status, body=body, headers={"location": "http://127.0.0.1:9/v1"} if status == 307 else {})
    with ChatServer(fault=lambda prompt, nth: fault) as server:
        with pytest.raises(ProviderError, match=message) as told:
            ask(server, cache, "q", "r")
        line = str(told.value)
        assert server.spec in line
        assert f"HTTP {status}" in line
        assert hint in line
        assert KEY not in line
        assert "\n" not in line
        assert len(server.asked) <= 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error_body("This model's maximum context length is 10 tokens", code="context_length_exceeded")),
        (400, error_body("Content Exists Risk")),
        (413, error_body("prompt too long")),
    ],
)
def test_a_prompt_that_is_not_accepted_is_a_failed_reply(cache: ResponseCache, status: int, body: bytes) -> None:
    with ChatServer(fault=lambda prompt, nth: Fault(status=status, body=body) if prompt == "bad" else None) as server:
        replies = ask(server, cache, "bad", "good")
        assert server.prompts.count("bad") == 1
    assert replies["good"].error is None
    assert (replies["bad"].error or "").startswith(f"HTTP {status}: ")


def test_an_endpoint_that_wants_a_key_and_got_none_says_which_variable(cache: ResponseCache) -> None:
    with ChatServer(key=KEY) as server, pytest.raises(ProviderError, match="it needs a key: set OPEN_THOUGHTS_API_KEY"):
        ask(server, cache, "q")


def test_an_endpoint_that_is_not_there_is_told_at_once_and_stops_the_run(
    cache: ResponseCache, caplog: pytest.LogCaptureFixture
) -> None:
    with ChatServer() as server:
        spec = server.spec
    chat = Chat(resolve(spec), cache, patience=QUICK)
    with pytest.raises(ProviderError, match=r"http://127.0.0.1:\d+/v1#m cannot be reached: .*start the server"):
        list(chat.replies(calls("q")))
    assert [record.getMessage() for record in caplog.records] == [
        f"{spec} cannot be reached (connection refused); trying for another 0.3 s"
    ]


def test_an_endpoint_that_comes_back_goes_on(cache: ResponseCache) -> None:
    with ChatServer() as gone:
        port, spec = int(gone.url.split(":")[2].split("/")[0]), gone.spec
    back = ChatServer(port=port)
    timer = threading.Timer(0.3, back.__enter__)
    timer.start()
    patience = Patience(max_retries=100, first_wait_s=0.02, max_wait_s=0.05)
    ((_, reply),) = Chat(resolve(spec), cache, patience=patience).replies(calls("q"))
    timer.join()
    back.__exit__(None, None, None)
    assert reply.error is None


@pytest.mark.parametrize(
    "response",
    [
        completion(None, reasoning_content="so"),
        completion("cut", finish_reason="length"),
        completion("?", finish_reason="because"),
        completion(None, refusal="no"),
    ],
)
def test_a_response_that_is_no_answer_is_not_asked_again(cache: ResponseCache, response: object) -> None:
    with ChatServer(answer=lambda body: response) as server:
        first = ask(server, cache, "q")["q"]
        second = ask(server, cache, "q")["q"]
        assert len(server.asked) == 1
    assert first.finish_reason in ("error", "length")
    assert (first.finish_reason, first.error) == (second.finish_reason, second.error)


@pytest.mark.parametrize(
    "response",
    [
        {"choices": []},
        completion(None),
        completion("", reasoning_content=""),
        {**completion(None), "error": {"message": "Provider returned error", "code": 429}},
        {**completion("4"), "error": {"message": "Provider returned error"}},
        {"choices": [{"message": {"content": None}, "finish_reason": None, "error": {"message": "upstream"}}]},
        completion("The sum", finish_reason="network_error"),
        completion("The sum", finish_reason="overloaded"),
    ],
)
def test_a_fault_within_an_answer_is_asked_again_and_never_stored(cache: ResponseCache, response: object) -> None:
    def fault(prompt: str, nth: int) -> Fault | None:
        return Fault(body=json.dumps(response).encode()) if nth < 5 else None

    patience = Patience(max_retries=3, first_wait_s=0.001, max_wait_s=0.002)
    with ChatServer(fault=fault) as server:
        assert ask(server, cache, "q", patience=patience)["q"].finish_reason == "error"
        assert len(server.asked) == 4
        assert cache.stats().num_responses == 0
        assert ask(server, cache, "q", patience=patience)["q"].content == "you said: q"
        assert len(server.asked) == 6


def test_strange_characters_survive_the_wire_and_the_cache(cache: ResponseCache) -> None:
    prompt = "a\x00b\u2028c\u0085d\ud800e\U0001f600"
    with ChatServer() as server:
        assert ask(server, cache, prompt)[prompt].content == f"you said: {prompt}"
        assert server.prompts == [prompt]
        assert ask(server, cache, prompt)[prompt].reasoning == f"they said: {prompt}"
        assert len(server.asked) == 1


def test_the_cache_holds_the_raw_response(cache: ResponseCache) -> None:
    response = {**completion("4"), "provider_extra": {"kept": "as it came"}}
    with ChatServer(answer=lambda body: response) as server:
        chat = chat_with(server, cache)
        list(chat.replies(calls("q")))
    stored = cache.get(chat.key(call("q")))
    assert stored is not None
    assert json.loads(stored) == response
    assert list(cache.stats().by_model) == [(server.url, "m")]


def test_an_answer_with_the_id_of_the_last_one_is_asked_again_without_costing_a_retry(cache: ResponseCache) -> None:
    response = json.dumps(completion("4")).encode()
    with ChatServer(answer=lambda body: response) as server:
        chat = Chat(resolve(server.spec), cache, concurrency=1, patience=Patience(max_retries=0))
        replies = [reply for _, reply in chat.replies(calls("q", "r", "s"))]
        assert len(server.asked) == 4  # that one id is not believed once
    assert [reply.error for reply in replies] == [None] * 3
    assert (chat.progress.retried, chat.progress.failed) == (1, 0)


def test_a_long_answer_comes_whole(cache: ResponseCache) -> None:
    with ChatServer(answer=lambda body: completion("x" * 5_000_000)) as server:
        assert len(ask(server, cache, "q")["q"].content) == 5_000_000


def test_the_key_is_sent_and_written_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
    caplog.set_level("DEBUG")
    # An endpoint that gives back what it was sent, headers and all.
    with ChatServer(key=KEY, answer=lambda body: completion(f"{server.asked[-1].headers}")) as server:
        with ResponseCache(tmp_path / "c.sqlite") as cache:
            chat = chat_with(server, cache)
            ((_, reply),) = chat.replies(calls("q"))
            assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
            assert "Bearer [key]" in reply.content
            assert KEY.encode() not in (cache.get(chat.key(call("q"))) or b"")
            said = [repr(chat), repr(chat.endpoint), repr(reply), caplog.text, *capfd.readouterr()]
        assert not any(KEY in text for text in said)
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def test_keys_of_openai_do_not_reach_other_endpoints(cache: ResponseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.setenv(variable, KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with ChatServer() as server:
        ask(server, cache, "q")
        assert KEY not in str(server.asked[0].headers)
        assert "authorization" not in server.asked[0].headers


def test_credentials_of_a_url_are_sent_and_not_stored(cache: ResponseCache) -> None:
    with ChatServer() as server:
        endpoint = resolve(server.spec.replace("://", f"://user:{KEY}@"))
        list(Chat(endpoint, cache).replies(calls("q")))
        assert server.asked[0].headers["authorization"].startswith("Basic ")
        assert ask(server, cache, "q")["q"].cached  # the same endpoint, whoever asks


def test_a_proxy_is_honoured(cache: ResponseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    with ChatServer() as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix("/v1"))
        ((_, reply),) = Chat(resolve("http://somewhere.invalid/v1#m"), cache).replies(calls("q"))
        assert proxy.asked[0].target == "http://somewhere.invalid/v1/chat/completions"
    assert reply.error is None


def test_a_proxy_that_cannot_be_used_is_told(cache: ResponseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:9")
    with pytest.raises(UserError, match=r"no connection can be made .*check the address, and the proxy"):
        list(Chat(resolve("http://somewhere.invalid/v1#m"), cache).replies(calls("q")))


def test_a_host_that_is_none_is_told(cache: ResponseCache) -> None:
    with pytest.raises(UserError, match=r"no connection can be made to http://a\.\.b/v1"):
        list(Chat(resolve("http://a..b/v1#m"), cache).replies(calls("q")))


def test_a_cache_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    cache = ResponseCache(tmp_path / "c.sqlite")
    cache._writer.execute("PRAGMA max_page_count=8")  # as a full disk does
    full = pytest.raises(UserError, match="database or disk is full; free some space")
    with cache, ChatServer(answer=lambda body: completion(body["messages"][0]["content"] * 99)) as server, full:
        ask(server, cache, *(str(number) * 20 for number in range(500)))
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("wire")]


def test_a_damaged_response_stops_the_run_once_what_was_asked_is_stored(cache: ResponseCache) -> None:
    with ChatServer(latency_s=0.3) as server:
        ask(server, cache, "damaged")
        cache._writer.execute("UPDATE responses SET payload = x'00'")

        def asked() -> Iterator[tuple[str, Call]]:
            yield from calls("q1", "q2", "q3")
            while server.in_flight < 3:
                time.sleep(0.01)
            yield from calls("damaged", "never asked")

        with pytest.raises(UserError, match="a response in it is damaged; save what can be read"):
            list(chat_with(server, cache).replies(asked()))
        assert cache.stats().num_responses == len(server.asked)
        assert set(server.prompts) == {"damaged", "q1", "q2", "q3"}


class _Locked(ResponseCache):
    """A cache that another program has locked since the answer was asked for."""

    def put_many(self, responses: Sequence[Response]) -> list[Stored]:
        raise UserError(errors.Fault(f"{len(responses)} answers cannot be written: it is locked"))


def test_a_cache_that_takes_no_answer_is_told(tmp_path: Path) -> None:
    with ChatServer() as server, _Locked(tmp_path / "c.sqlite") as cache:
        replies = Chat(resolve(server.spec), cache).replies([(0, Call([{"role": "user", "content": "q"}]))])
        with pytest.raises(UserError, match="it is locked"):
            list(replies)


def test_two_streams_on_one_cache_agree(cache: ResponseCache) -> None:
    """Whoever is second with an answer is given the first."""
    numbers = itertools.count()
    told: list[dict[str, str]] = []
    with ChatServer(answer=lambda body: completion(f"answer {next(numbers)}"), latency_s=0.02) as server:

        def work() -> None:
            told.append({p: r.content for p, r in ask(server, cache, *(f"q{number}" for number in range(30))).items()})

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert told[0] == told[1] == told[2]


def test_a_missing_key_is_told_before_the_first_call(cache: ResponseCache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    with pytest.raises(UserError, match="DEEPSEEK_API_KEY is not set"):
        Chat(resolve("deepseek/deepseek-reasoner"), cache)
