from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.chat.completion import Call, Progress, Reply, read, read_kept
from open_thoughts_gen.types import Usage
from tests.servers.chat_server import completion

Jsons = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["length", "error", "thinking"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
MESSAGE_KEYS = [
    "content",
    "reasoning",
    "reasoning_content",
    "reasoning_details",
    "refusal",
    "tool_calls",
    "type",
    "text",
]


def reply_to(response: object) -> Reply:
    return read(json.dumps(response).encode())


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        ("It is 4.", {"reasoning_content": "2 and 2"}),
        ("It is 4.", {"reasoning": "2 and 2"}),
        ("It is 4.", {"reasoning": "2 and 2", "reasoning_content": None}),
        ("It is 4.", {"reasoning_details": [{"type": "reasoning.text", "text": "2 and 2"}]}),
        ("It is 4.", {"reasoning_details": [{"type": "reasoning.summary", "summary": "2 and 2"}]}),
        ("<think>\n2 and 2\n</think>\n\nIt is 4.", {}),
        ("2 and 2</think>It is 4.", {}),
        ("<think>2 and 2</think>It is 4.", {"reasoning_content": ""}),
        ([{"type": "thinking", "thinking": [{"text": "2 and 2"}]}, {"type": "text", "text": "It is 4."}], {}),
        ([{"type": "thinking", "thinking": "2 and 2"}, {"type": "text", "text": "It is "}, {"text": "4."}], {}),
    ],
)  # fmt: skip
def test_reasoning_is_found_wherever_a_provider_puts_it(content: object, fields: dict[str, Any]) -> None:
    reply = reply_to(completion(content, **fields))
    assert (reply.reasoning, reply.content, reply.finish_reason) == ("2 and 2", "It is 4.", "stop")
    assert reply.usage == Usage(prompt_tokens=11, completion_tokens=7, reasoning_tokens=3)


def test_an_answer_may_speak_of_tags_when_the_reasoning_came_apart() -> None:
    reply = reply_to(completion("Close with </think>, always.", reasoning_content="tags"))
    assert reply.content == "Close with </think>, always."


@pytest.mark.parametrize(
    ("response", "error"),
    [
        ({"choices": []}, "empty answer: the response has no choices"),
        ({"choices": None}, "empty answer: the response has no choices"),
        ({"choices": [None]}, "empty answer: the response has no choices"),
        ({"choices": [{}]}, "empty answer: it has no content"),
        (completion(None), "empty answer: it has no content"),
        (completion("  "), "empty answer: it holds no text"),
        (completion("<think>and so"), "empty answer: it holds no text"),
        (completion(None, refusal="I will not."), "refusal: I will not."),
        (completion("Her", finish_reason="content_filter"), "content filter: the provider withheld the answer"),
        (completion(None, finish_reason="tool_calls"), "tool call: the model called one instead of answering"),
        (completion(None, tool_calls=[{"id": "1"}]), "tool call: the model called one instead of answering"),
    ],
)
def test_what_is_no_answer_says_why(response: object, error: str) -> None:
    reply = reply_to(response)
    assert (reply.finish_reason, reply.error) == ("error", error)


def test_a_cut_answer_is_an_outcome_of_its_own() -> None:
    reply = reply_to(completion("<think>and so", finish_reason="length"))
    assert (reply.finish_reason, reply.error, reply.reasoning, reply.content) == ("length", None, "and so", "")


@pytest.mark.parametrize("reason", [None, "eos", "stop", "end_turn"])
def test_what_providers_call_an_end_is_an_end(reason: str | None) -> None:
    assert reply_to(completion("4", finish_reason=reason)).finish_reason == "stop"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (b"", "not JSON \\(0 bytes"),
        (b"<html>busy</html>", "not JSON .*<html>busy"),
        (json.dumps(completion()).encode()[:-20], "not JSON"),
        (b'{"choices": ' + b"[" * 100_000, "not JSON"),
        (b"\xff\xfe\x00 {}", "not JSON"),
        (b'{"error": {"message": "upstream busy", "code": 502}}', "not a chat completion: upstream busy"),
        (b'{"error": "gone"}', "not a chat completion: gone"),
        (b"[]", "not a chat completion"),
        (json.dumps(completion(None, finish_reason="error")).encode(), "broke off: error"),
        (json.dumps(completion("ha", finish_reason="insufficient_system_resource")).encode(), "broke off"),
    ],
)
def test_what_is_no_completion_is_worth_asking_again(payload: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(payload)
    kept = read_kept(payload)
    assert kept.finish_reason == "error"
    assert kept.cached


def test_keep_alive_lines_and_strange_characters_survive() -> None:
    text = "a\x00b\u2028c\u0085d\ud800e\U0001f600"
    reply = read(b"\n\n\n" + json.dumps(completion(text)).encode())
    assert reply.content == text


@given(Jsons | st.fixed_dictionaries({"choices": Jsons}), st.dictionaries(st.sampled_from(MESSAGE_KEYS), Jsons), Jsons)
def test_any_json_is_a_reply_or_a_value_error(response: object, message: dict[str, object], usage: object) -> None:
    for hostile in (response, {"choices": [{"message": message}], "usage": usage}):
        try:
            reply = reply_to(hostile)
        except ValueError:
            continue
        assert (reply.error is None) is (reply.finish_reason != "error")


def test_numbers_that_are_no_counts_are_unknown() -> None:
    usage = {"prompt_tokens": True, "completion_tokens": -1, "reasoning_tokens": 5}
    assert reply_to({**completion(), "usage": usage}).usage == Usage(None, None, 5)
    assert reply_to({**completion(), "usage": None}).usage is None


def test_a_call_says_all_that_is_sent() -> None:
    call = Call([{"role": "user", "content": "hi"}], {"temperature": 0.6}, attempt=3)
    assert call.body("m") == {"model": "m", "messages": [{"role": "user", "content": "hi"}], "temperature": 0.6}


def test_progress_tells_what_came_and_was_no_answer() -> None:
    progress = Progress(in_flight=3, cached=2)
    for _ in range(2):
        progress.note_done(Usage(1, 50))
        progress.note_unusable(reply_to(completion(None, refusal="No.")))
    progress.note_unusable(reply_to(completion("It", finish_reason="length")))
    progress.note_unusable(reply_to(completion("It is 4.")))
    progress.note_failed("HTTP 503")
    told = progress.line().split(" · ")
    assert told[:4] == ["3 in flight", "2 answered", "2 cached", "1 failed (1 HTTP 503)"]
    assert told[4] == "2 refusal, 1 cut"
    assert told[5].endswith("tokens/s")


@pytest.mark.parametrize(
    ("message", "reasoning"),
    [
        ({"reasoning_text": "I add."}, "I add."),
        ({"thought": "I add."}, "I add."),
        ({"provider_specific_fields": {"reasoning_content": "I add."}}, "I add."),
        ({"reasoning": {"summary": [{"type": "summary_text", "text": "I add."}]}}, "I add."),
        ({"reasoning_details": {"text": "I add."}}, "I add."),
        ({"reasoning_details": "I add."}, "I add."),
        ({"reasoning_details": [{"summary": "I"}, {"summary": "add."}]}, "I\nadd."),
        ({"reasoning": [[[[[["I add."]]]]]]}, ""),
        ({"reasoning": {"text": {"text": {"text": {"text": {"text": "I add."}}}}}}, ""),
    ],
)
def test_reasoning_is_read_from_each_field_that_has_it(message: dict[str, Any], reasoning: str) -> None:
    reply = read(json.dumps(completion("4", **message)).encode())
    assert (reply.reasoning, reply.content) == (reasoning, "4")


@pytest.mark.parametrize(
    ("content", "reasoning", "said"),
    [
        ([{"type": "reasoning", "summary": [{"text": "I add."}]}, {"type": "output_text", "text": "4"}], "I add.", "4"),
        ([{"type": "reasoning_text", "text": "I add."}, {"type": "output_text", "text": "4"}], "I add.", "4"),
        ({"parts": [{"text": "I add.", "thought": True}, {"text": "4"}]}, "I add.", "4"),
        ({"type": "text", "text": "4"}, "", "4"),
        (["4"], "", "4"),
    ],
)
def test_content_is_read_from_parts_of_every_form(content: object, reasoning: str, said: str) -> None:
    reply = read(json.dumps(completion(content)).encode())
    assert (reply.reasoning, reply.content, reply.error) == (reasoning, said, None)


def test_a_refusal_among_the_parts_is_one() -> None:
    reply = read(json.dumps(completion([{"type": "refusal", "refusal": "No."}])).encode())
    assert (reply.error_kind, reply.error) == ("refusal", "refusal: No.")


def test_a_prompt_that_was_blocked_is_withheld_and_an_error_without_words_is_none() -> None:
    blocked = read(json.dumps({"choices": [], "promptFeedback": {"blockReason": "SAFETY"}}).encode())
    assert (blocked.error_kind, "SAFETY" in (blocked.error or "")) == ("content filter", True)
    whole = read(json.dumps({**completion("4"), "error": {"code": 0, "message": ""}, "base_resp": {}}).encode())
    assert (whole.finish_reason, whole.content) == ("stop", "4")
