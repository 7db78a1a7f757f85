"""Why an answer ended, in every provider's words: one table.

`stop` is an answer that is whole, `length` one that was cut, `withheld` one that the provider would not give, `tool`
a call in place of an answer, `broken` half an answer that the endpoint itself broke off: to be asked again. A reason
that is not in the table is `unknown`: it is reported, and never taken for `stop`.

The words come from the references of OpenAI (and most who speak its protocol), Anthropic's Messages API and gateways
before it, Gemini's FinishReason, Zhipu, DeepSeek, vLLM, SGLang, TGI, Cohere, Mistral, Together and OpenRouter; upper
case, hyphens and spaces do not count, and `EndTurn` is `end_turn`.
"""

from __future__ import annotations

import re
from typing import Literal

Ending = Literal["stop", "length", "withheld", "tool", "broken", "unknown"]

_TABLE: dict[Ending, str] = {
    "stop": "stop end_turn stop_sequence eos eos_token eos_token_id complete completed done end finished"
    " finish_reason_stop stop_token stop_str stop_string matched_stop end_of_text endoftext normal",
    "length": "length max_tokens max_output_tokens max_completion_tokens model_length max_length token_limit"
    " model_context_window_exceeded context_length_exceeded context_window_exceeded repetition repetition_truncation"
    " finish_reason_max_tokens incomplete max_len max_new_tokens maximum_tokens max_tokens_reached error_limit limit"
    " max_output_tokens_reached output_limit_reached time_limit max_time budget_exceeded thinking_budget_exceeded",
    "withheld": "content_filter content_filtered sensitive safety recitation blocklist prohibited_content spii language"
    " image_safety refusal error_toxic guardrail_intervened moderation blocked"
    " inappropriate data_inspection_failed content_policy_violation no_image",
    "tool": "tool_calls tool_call function_call tool_use pause_turn malformed_function_call"
    " unexpected_tool_call too_many_tool_calls",
    "broken": "error abort aborted cancelled canceled network_error overloaded timeout insufficient_system_resource"
    " internal_error server_error engine_error failed other"
    " user_cancel malformed_response model_error rate_limit preempted deadline_exceeded interrupted load unload",
}
_ENDING_OF: dict[str, Ending] = {word: ending for ending, words in _TABLE.items() for word in words.split()}


def ending(reason: object, *, has_tool_call: bool = False) -> Ending:
    """Return what a provider's `finish_reason` means; a missing one is `stop`, since many local servers send none."""
    if isinstance(reason, dict):  # SGLang's own form
        reason = reason.get("type")
    if reason in (None, "", "null"):
        return "tool" if has_tool_call else "stop"
    if not isinstance(reason, str):
        return "unknown"
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", reason.strip()[:64])  # EndTurn
    return _ENDING_OF.get(re.sub(r"[\s_-]+", "_", words.casefold()), "unknown")
