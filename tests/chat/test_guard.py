"""The reasoning guard, alone and behind teachers: every place in which reasoning may come satisfies it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.chat.completion import Reply, read
from open_thoughts_gen.chat.guard import FIRST_ANSWERS, ReasoningGuard, cut_in_thought
from open_thoughts_gen.chat.streaming import Events
from open_thoughts_gen.errors import ProviderError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.teachers.pool import Pool
from open_thoughts_gen.types import Question, Request, Trace, Usage
from tests.servers.chat_server import ChatServer, completion

REASONED = {
    "reasoning_content": completion("4", reasoning_content="2 and 2"),
    "reasoning": completion("4", reasoning="2 and 2"),
    "details": completion("4", reasoning_details=[{"type": "reasoning.text", "text": "2 and 2"}]),
    "summaries": completion("4", reasoning_details=[{"type": "reasoning.summary", "summary": "2 and 2"}]),
    "blocks beside": completion("4", thinking_blocks=[{"type": "thinking", "thinking": "2 and 2", "signature": "x"}]),
    "blocks within": completion([{"type": "thinking", "thinking": "2 and 2"}, {"type": "text", "text": "4"}]),
    "parts": completion([{"type": "reasoning", "text": "2 and 2"}, {"type": "text", "text": "4"}]),
    "tags": completion("<think>2 and 2</think>4"),
    "no opening tag": completion("2 and 2</think>4"),
}


@pytest.mark.parametrize("place", REASONED)
def test_reasoning_in_any_place_satisfies(place: str) -> None:
    guard, reply = ReasoningGuard("m"), read(json.dumps(REASONED[place]).encode())
    assert (reply.reasoning, reply.content, reply.finish_reason) == ("2 and 2", "4", "stop")
    guard.look(reply)
    for _ in range(3 * FIRST_ANSWERS):
        guard.look(Reply(content="4"))
    guard.end()


def test_an_unclosed_tag_is_reasoning_and_no_answer() -> None:
    reply = read(json.dumps(completion("<think>2 and")).encode())
    assert (reply.reasoning, reply.content, reply.error) == ("2 and", "", "empty answer: it holds no text")
    cut = read(json.dumps(completion("<think>2 and", finish_reason="length")).encode())
    assert (cut.reasoning, cut.content, cut.finish_reason) == ("2 and", "", "length")
    guard = ReasoningGuard("m")
    guard.look(cut)
    assert guard.satisfied


@pytest.mark.parametrize(
    "message",
    [{"content": None, "refusal": "No."}, {"content": None, "tool_calls": [{"id": "1"}]}, {"content": ""}],
    ids=["refusal", "tool call", "empty"],
)
def test_what_is_no_answer_tells_nothing(message: dict[str, Any]) -> None:
    guard = ReasoningGuard("m")
    for _ in range(3 * FIRST_ANSWERS):
        guard.look(read(json.dumps(completion(**message)).encode()))
    guard.end()
    assert (guard.num_seen, guard.satisfied) == (0, False)


def test_hidden_reasoning_is_told_from_none() -> None:
    guard = ReasoningGuard("deepseek/m")
    guard.look(Reply(content="4", usage=Usage(1, 700, 690)))
    with pytest.raises(ProviderError, match="in its first 1 answers, though 690 tokens of it were billed"):
        guard.end()
    guard = ReasoningGuard("deepseek/m")
    for _ in range(FIRST_ANSWERS - 1):
        guard.look(Reply(content="4"))
    with pytest.raises(ProviderError, match="gave no reasoning in its first 8 answers; ask the provider"):
        guard.look(Reply(content="4"))


def test_a_declared_teacher_that_was_cut_before_its_tag_closed_was_cut_in_thought(tmp_path: Path) -> None:
    assert cut_in_thought(Reply(content="so Answer: 5, no", finish_reason="length")).reasoning == "so Answer: 5, no"
    for reply in (Reply(content="4"), Reply("so", "4", "length"), Reply(finish_reason="length")):
        assert cut_in_thought(reply) == reply

    def answer(body: Any) -> object:
        if "1" in body["messages"][0]["content"]:
            return completion("so Answer: 5, no", finish_reason="length")
        return completion("so</think>Answer: 4")

    with ChatServer(answer=answer) as server:
        for reasoning, expected in ((True, ("so Answer: 5, no", "")), (False, ("", "so Answer: 5, no"))):
            teacher = Openai(model=server.spec, reasoning=reasoning).fresh(Context(cache=tmp_path / "c.sqlite"))
            traces = {trace.question_id: trace for trace in teacher.traces(Request(Question(f"{i}?")) for i in (0, 1))}
            cut = traces[Question("1?").id]
            assert (cut.reasoning, cut.response) == expected


def test_every_endpoint_of_a_pool_is_looked_at(tmp_path: Path) -> None:
    def pooled(*servers: ChatServer, **settings: Any) -> list[Trace]:
        members = [{"model": server.spec} for server in servers]
        pool = Pool.model_validate({"members": members, "concurrency": 4, **settings})
        fresh = pool.fresh(Context(cache=tmp_path / "c.sqlite"))
        return list(fresh.traces(Request(Question(f"{i}?")) for i in range(60)))

    with ChatServer(answer=lambda _: completion("4")) as mute, ChatServer(latency_s=0.01) as reasoning:
        assert len(pooled(mute, reasoning)) == 60
        (tmp_path / "c.sqlite").unlink()
        with pytest.raises(ProviderError, match=f"{mute.spec} is declared"):
            pooled(mute, reasoning, reasoning=True)
        (tmp_path / "c.sqlite").unlink()
        assert len(pooled(reasoning, reasoning=True)) == 60


def test_a_stream_that_thinks_in_parts_and_answers_in_text_keeps_both() -> None:
    events = Events()
    deltas = [
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "2 and"}]}]},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": " 2"}]}]},
        {"content": "It is "},
        {"content": "4."},
    ]
    for delta in deltas:
        events.feed(f"data: {json.dumps({'choices': [{'delta': delta}]})}\n\n".encode())
    events.feed(b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n')
    reply = read(events.completion())
    assert (reply.reasoning, reply.content) == ("2 and 2", "It is 4.")


def test_a_model_of_which_nothing_is_said_stops_where_it_was_billed_for_reasoning_that_nobody_can_read() -> None:
    for usage in (Usage(10, 400, 390), Usage(10, 400)):
        guard = ReasoningGuard("m", is_declared=False)
        for _ in range(FIRST_ANSWERS - 1):
            guard.look(Reply(content="Answer: 4", usage=usage))
        with pytest.raises(ProviderError, match=r"m seems to reason .*none of it can be read; .*`reasoning: hidden`"):
            guard.look(Reply(content="Answer: 4", usage=usage))


@pytest.mark.parametrize(
    "reply",
    [
        Reply(content="Answer: 4", usage=Usage(10, 7, 3)),
        Reply(content="It is four. " * 100, usage=Usage(10, 320)),
        Reply(reasoning="2 and 2", content="4", usage=Usage(10, 400, 390)),
        Reply(content="4"),
    ],
)
def test_a_model_of_which_nothing_is_said_goes_on_where_nothing_is_hidden(reply: Reply) -> None:
    guard = ReasoningGuard("m", is_declared=False)
    for _ in range(3 * FIRST_ANSWERS):
        guard.look(reply)
    guard.end()
