"""Every provider's word for why an answer ended means one of a few things; a word nobody knows is never a full stop."""

from __future__ import annotations

import pytest

from open_thoughts_gen.chat.finish import ending


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("stop", "stop"), ("STOP", "stop"), ("end_turn", "stop"), ("eos", "stop"), (None, "stop"), ("", "stop"),
        ("length", "length"), ("MAX_TOKENS", "length"), ("max_output_tokens", "length"), ("model_length", "length"),
        ("model_context_window_exceeded", "length"), ("repetition_truncation", "length"),
        ("content_filter", "withheld"), ("content-filter", "withheld"), ("sensitive", "withheld"),
        ("SAFETY", "withheld"), ("PROHIBITED_CONTENT", "withheld"), ("refusal", "withheld"),
        ("tool_calls", "tool"), ("tool_use", "tool"), ("function_call", "tool"),
        ("network_error", "broken"), ("abort", "broken"), ("error", "broken"), ("Overloaded", "broken"),
        ("insufficient_system_resource", "broken"),
        ("COMPLETE", "stop"), ("endoftext", "stop"), ({"type": "stop", "matched": 2}, "stop"), ("null", "stop"),
        ("ERROR_LIMIT", "length"), ("MaxTokens", "length"), ({"type": "length", "length": 9}, "length"),
        ("max-len", "length"), ("time limit", "length"), ("ContentFilter", "withheld"), ("ERROR_TOXIC", "withheld"),
        ("data_inspection_failed", "withheld"), ("UNEXPECTED_TOOL_CALL", "tool"), ("USER_CANCEL", "broken"),
        ("load", "broken"), ("FINISH_REASON_UNSPECIFIED", "unknown"), ({"kind": 1}, "stop"),
        ("because", "unknown"), (7, "unknown"), (["stop"], "unknown"), ("stop" * 50, "unknown"),
    ],
)  # fmt: skip
def test_a_word_means_what_its_provider_says(word: object, meaning: str) -> None:
    assert ending(word) == meaning


def test_a_call_of_a_tool_without_a_word_is_no_full_stop() -> None:
    assert ending(None, has_tool_call=True) == "tool"
