"""What the transport of a rehearsal replies: what fits the form that is asked for, and the same every time."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, Chat, resolve
from open_thoughts_gen.chat.quoting import quote
from open_thoughts_gen.chat.rehearsed import MARK, reply_to
from open_thoughts_gen.chat.structured import response_format
from open_thoughts_gen.money.prices import KnownPrices

CODE = "0123456789ab"
PASSAGE = "The tide turns twice a day in most of the harbours of the north. Bread rises while the oven warms."


def form(**members: Any) -> Call:
    schema = {"type": "object", "properties": {**members, "code": {"type": "string"}}}
    messages = [
        {"role": "system", "content": f"All stands between marks that bear the code {CODE}."},
        {"role": "user", "content": quote("SEED 1", PASSAGE, CODE)},
    ]
    return Call(messages, {"response_format": response_format("form", schema)})


def test_a_form_is_filled_within_its_bounds_and_bears_the_code() -> None:
    call = form(
        grade={"type": "integer", "minimum": 3, "maximum": 5},
        verdict={"type": "string", "enum": ["same", "different"]},
        evidence={"type": "string"},
    )
    replies = [json.loads(reply_to(replace(call, attempt=i))) for i in range(40)]
    assert {reply["code"] for reply in replies} == {CODE}
    assert {reply["grade"] for reply in replies} == {3, 4, 5}
    assert {reply["verdict"] for reply in replies} == {"same", "different"}
    assert all(reply["evidence"] in PASSAGE for reply in replies)


def test_a_stand_in_is_answered_rightly_now_and_then() -> None:
    asked = [f"Question {i}? {MARK.format(of='owner/name', answer=4200 + i)}" for i in range(60)]
    calls = [Call([{"role": "user", "content": text}]) for text in asked]
    right = sum(f"Answer: {4200 + i}" in reply_to(call) for i, call in enumerate(calls))
    assert 15 < right < 45


def test_calls_go_through_cache_and_ledger_and_cost_nothing(tmp_path: Any) -> None:
    with ResponseCache(tmp_path / "cache.sqlite") as cache:
        chat = Chat(resolve("rehearsal/openai/gpt-5"), cache)
        calls = [(i, Call([{"role": "user", "content": f"{i}?"}])) for i in range(5)]
        first = dict(chat.replies(calls))
        again = dict(chat.replies(calls))
    assert {reply.content for reply in first.values()} == {reply.content for reply in again.values()}
    assert all(reply.cached for reply in again.values())
    assert not any(reply.cached for reply in first.values())
    assert KnownPrices({})["rehearsal/openai/gpt-5"].cost_usd(first[0].usage) == 0
