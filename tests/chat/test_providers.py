"""Responses as endpoints gave them: each is served for one row among others, and has its right outcome."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, Chat, Patience, Reply, resolve
from open_thoughts_gen.errors import ProviderError
from tests.servers.chat_server import ChatServer, Fault, completion, error_body

RESPONSES = {
    path.stem: json.loads(path.read_text())
    for path in sorted((Path(__file__).parents[1] / "golden/responses").iterdir())
}
PATIENCE = Patience(max_retries=1, first_wait_s=0.001, max_wait_s=0.002)


def fault_of(response: Mapping[str, Any]) -> Fault:
    body = response["text"] if "text" in response else json.dumps(response["body"])
    return Fault(response["status"], {"content-type": response.get("type", "application/json")}, body.encode())


def asked(
    cache: Path, fault: Callable[[str, int], Fault | None], prompts: list[str]
) -> tuple[dict[str, Reply], Counter[str]]:
    calls = ((prompt, Call([{"role": "user", "content": prompt}])) for prompt in prompts)
    with ChatServer(fault=fault, port=0) as server, ResponseCache(cache) as opened:
        chat = Chat(resolve(server.spec), opened, concurrency=4, patience=PATIENCE)
        return dict(chat.replies(calls)), Counter(server.prompts)


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_of_one_row_has_its_outcome_and_the_others_theirs(tmp_path: Path, name: str) -> None:
    response = RESPONSES[name]
    prompts = ["odd", *(f"q{number}" for number in range(6))]
    fault = fault_of(response)
    replies, times = asked(tmp_path / "c", lambda prompt, nth: fault if prompt == "odd" else None, prompts)
    assert all(replies[prompt].finish_reason == "stop" for prompt in prompts[1:])
    odd = replies["odd"]
    if response["outcome"] == "rejected":
        assert (odd.finish_reason, odd.error_kind) == ("error", "prompt rejected")
        assert (odd.error or "").startswith(f"HTTP {response['status']}: ")
        assert times["odd"] <= 2  # once more, where it came before any was answered
    elif response["outcome"] == "again":
        assert (odd.finish_reason, times["odd"]) == ("error", 2)
    else:
        assert (odd.finish_reason, times["odd"]) == (response["outcome"], 1)


SSE = {"content-type": "text/event-stream"}


@pytest.mark.parametrize(
    ("fault", "kind", "words"),
    [
        (Fault(body=b'{"error": {"code": "400", "message": "bad"}}'), "prompt rejected", "HTTP 400: bad"),
        (Fault(body=b'{"error": {"type": "invalid_request_error", "message": "bad"}}'), "prompt rejected", "bad"),
        (Fault(body=b'[{"error": {"status": "INVALID_ARGUMENT", "message": "bad"}}]'), "prompt rejected", "bad"),
        (Fault(body=b'{"code": "DataInspectionFailed", "message": "bad"}'), "prompt rejected", "bad"),
        (
            Fault(body=b'{"choices": null, "base_resp": {"status_code": 1026, "status_msg": "new_sensitive"}}'),
            "prompt rejected",
            "HTTP 400: new_sensitive",
        ),
        (Fault(422, body=b'{"detail": [{"loc": ["body"], "msg": "too large"}]}'), "prompt rejected", "too large"),
        (Fault(413, body=b"<html>413 Request Entity Too Large</html>"), "prompt rejected", "Too Large"),
        (Fault(451, body=b""), "prompt rejected", "HTTP 451"),
        (
            Fault(body=b'data: {"error": {"code": 403, "message": "flagged"}}\n\n', headers=SSE),
            "prompt rejected",
            "flag",
        ),
        (Fault(body=b'event: error\ndata: {"error": {"code": 400, "message": "no"}}\n\n'), "prompt rejected", "no"),
        (Fault(body=b'{"error": "model is loading"}'), "", "model is loading"),
        (Fault(body=b'{"error_code": 336100, "error_msg": "try again"}'), "", "try again"),
        (Fault(body=b'{"status": "error", "message": "upstream"}'), "", "upstream"),
        (Fault(529, body=error_body("Overloaded")), "", "HTTP 529: Overloaded"),
        (Fault(524, body=b"<html>"), "", "HTTP 524"),
        (Fault(409, body=error_body("conflict")), "", "HTTP 409"),
    ],
)
def test_an_error_in_any_form_is_one_rows_outcome(tmp_path: Path, fault: Fault, kind: str, words: str) -> None:
    prompts = ["odd", *(f"q{number}" for number in range(4))]
    replies, _ = asked(tmp_path / "c", lambda prompt, nth: fault if prompt == "odd" else None, prompts)
    assert all(replies[prompt].finish_reason == "stop" for prompt in prompts[1:])
    odd = replies["odd"]
    assert (odd.finish_reason, odd.error_kind) == ("error", kind)
    assert words in (odd.error or "")


def test_a_rate_limit_in_the_body_of_an_answer_is_waited_out_and_costs_no_retry(tmp_path: Path) -> None:
    busy = Fault(body=b'{"error": {"code": "rate_limit_exceeded", "message": "slow down"}}')
    replies, times = asked(tmp_path / "c", lambda prompt, nth: busy if nth < 4 else None, ["q"])
    assert (replies["q"].finish_reason, times["q"]) == ("stop", 5)


@pytest.mark.parametrize("headers", [{}, SSE])
def test_what_is_streamed_without_being_asked_for_is_an_answer(tmp_path: Path, headers: dict[str, str]) -> None:
    pieces = [{"delta": {"reasoning": "so"}}, {"delta": {"content": "4"}, "finish_reason": "stop"}]
    events = [f"data: {json.dumps({'choices': [piece]})}\n\n" for piece in pieces]
    fault = Fault(body="".join([*events, "data: [DONE]\n\n"]).encode(), headers=headers)
    replies, _ = asked(tmp_path / "c", lambda prompt, nth: fault, ["q"])
    assert (replies["q"].reasoning, replies["q"].content, replies["q"].finish_reason) == ("so", "4", "stop")


def test_half_an_answer_is_never_one(tmp_path: Path) -> None:
    replies, _ = asked(tmp_path / "c", lambda prompt, nth: fault_of(RESPONSES["stream_error_event_then_done"]), ["q"])
    assert replies["q"].error == "the endpoint broke off: EngineDeadError"


def test_reasoning_is_split_from_the_response_and_there_is_one_copy_of_it(tmp_path: Path) -> None:
    for name in ("reasoning_object", "tags_harmony", "think_in_both"):
        fault = fault_of(RESPONSES[name])
        replies, _ = asked(tmp_path / name, lambda prompt, nth, fault=fault: fault, ["q"])  # type: ignore[misc]
        assert (replies["q"].reasoning, replies["q"].content) == ("I add.", "Answer: 4"), name


@pytest.mark.parametrize("num", [1, 3, 40])
@pytest.mark.parametrize("status", [400, 403, 413, 422, 451])
def test_what_all_rows_meet_is_the_runs_fault_and_few_are_asked(tmp_path: Path, status: int, num: int) -> None:
    fault = Fault(status, body=error_body("unknown field: top_q"))
    with ChatServer(fault=lambda prompt, nth: fault) as server, ResponseCache(tmp_path / "c") as cache:
        chat = Chat(resolve(server.spec), cache, concurrency=4, patience=PATIENCE)
        with pytest.raises(ProviderError, match="unknown field: top_q"):
            list(chat.replies((n, Call([{"role": "user", "content": f"q{n}"}])) for n in range(num)))
        assert len(server.asked) <= 8 + 4


def test_refusals_that_come_before_any_answer_do_not_end_a_run_whose_other_rows_pass(tmp_path: Path) -> None:
    refused = Fault(400, body=error_body("flagged by moderation"))

    def fault(prompt: str, nth: int) -> Fault:
        return refused if int(prompt[1:]) % 2 == 0 else Fault(delay_s=0.5)  # refusals come at once, answers late

    with ChatServer(fault=fault) as server, ResponseCache(tmp_path / "c") as cache:
        chat = Chat(resolve(server.spec), cache, concurrency=24, patience=PATIENCE)
        replies = dict(chat.replies((n, Call([{"role": "user", "content": f"q{n}"}])) for n in range(40)))
        assert {n for n, reply in replies.items() if reply.error_kind == "prompt rejected"} == set(range(0, 40, 2))
        assert {reply.finish_reason for n, reply in replies.items() if n % 2} == {"stop"}


def test_few_refused_rows_at_the_beginning_do_not_end_a_run_that_asks_one_at_a_time(tmp_path: Path) -> None:
    refused = Fault(403, body=error_body("flagged by moderation"))
    with (
        ChatServer(fault=lambda prompt, nth: refused if int(prompt[1:]) < 7 else None) as server,
        ResponseCache(tmp_path / "c") as cache,
    ):
        chat = Chat(resolve(server.spec), cache, concurrency=1, patience=PATIENCE)
        replies = dict(chat.replies((n, Call([{"role": "user", "content": f"q{n}"}])) for n in range(30)))
        assert {n for n, reply in replies.items() if reply.error_kind == "prompt rejected"} == set(range(7))


def test_a_run_again_that_has_only_refused_rows_left_does_not_end_there(tmp_path: Path) -> None:
    refused = fault_of(RESPONSES["reject_openrouter_moderation"])
    prompts = ["odd", "other odd", *(f"q{number}" for number in range(6))]

    def fault(prompt: str, nth: int) -> Fault | None:
        return refused if "odd" in prompt else None

    with ChatServer(fault=fault) as server, ResponseCache(tmp_path / "c") as cache:
        for _ in range(2):
            chat = Chat(resolve(server.spec), cache, concurrency=4, patience=PATIENCE)
            calls = ((prompt, Call([{"role": "user", "content": prompt}])) for prompt in prompts)
            replies = dict(chat.replies(calls))
            assert [prompt for prompt in prompts if replies[prompt].error_kind == "prompt rejected"] == prompts[:2]
        assert max(Counter(server.prompts).values()) <= 4


def _behaviours() -> list[tuple[str, Fault]]:
    """Return 40 behaviours, each with what becomes of the row: rejected, failed, answered or no answer."""

    def of(answer: object) -> Fault:
        return Fault(body=json.dumps(answer).encode())

    outcome = {"rejected": "rejected", "again": "failed", "length": "answered", "stop": "answered"}
    field = [(outcome[response["outcome"]], fault_of(response)) for response in RESPONSES.values()]
    failing = [Fault(500), Fault(502, body=b"<html>"), Fault(503), Fault(529), Fault(408), Fault(reset="before")]
    failing += [Fault(reset="within"), Fault(keep_rate=0.5), Fault(body=b"<html>"), Fault(body=b""), of([]), of({})]
    failing += [of(completion("", finish_reason=reason)) for reason in ("error", "overloaded", "abort")]
    kinds = [("failed", fault) for fault in failing]
    kinds += [("answered", of(completion("4", finish_reason=reason))) for reason in ("MAX_TOKENS", "because", "EOS")]
    kinds += [
        ("no answer", of(completion(None, refusal="No."))),
        ("no answer", of(completion("", finish_reason="SAFETY"))),
    ]
    kinds += [("no answer", of(completion(None, finish_reason="tool_calls")))]
    kinds += [("no answer", of(completion(None, finish_reason="sensitive"))), ("failed", Fault(425))]
    kinds += [("rejected", Fault(451, body=error_body("not here"))), ("rejected", Fault(413))]
    return [*field, *kinds, ("answered", Fault())][:40]


def test_of_40_behaviours_at_random_every_row_has_its_outcome_and_a_second_run_asks_only_what_failed(
    tmp_path: Path,
) -> None:
    behaviours = _behaviours()
    assert len(behaviours) == 40
    rng = random.Random(4)
    chosen = {f"q{number}": rng.choice(behaviours) for number in range(200)}
    prompts = list(chosen)
    with ChatServer(fault=lambda prompt, nth: chosen[prompt][1]) as server, ResponseCache(tmp_path / "c") as cache:
        counts = []
        for _ in range(2):
            chat = Chat(resolve(server.spec), cache, concurrency=8, patience=PATIENCE)
            calls = ((prompt, Call([{"role": "user", "content": prompt}])) for prompt in prompts)
            replies = dict(chat.replies(calls))
            assert replies.keys() == chosen.keys()
            for prompt, reply in replies.items():
                kind = reply.error_kind if reply.finish_reason == "error" else "answered"
                stored = {"answered": "answered", "prompt rejected": "rejected", "": "failed", "empty answer": "failed"}
                assert stored.get(kind, "no answer") == chosen[prompt][0], (prompt, reply, chosen[prompt])
            counts.append(Counter(server.prompts))
        again = {prompt for prompt in prompts if counts[1][prompt] > counts[0][prompt]}
        assert again == {prompt for prompt in prompts if chosen[prompt][0] in ("failed", "rejected")}
        stored_num = sum(outcome in ("answered", "no answer") for outcome, _ in chosen.values())
        assert cache.stats().num_responses == stored_num
