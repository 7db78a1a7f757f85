"""What curator brings back, as what the rest of the package reads: a chat completion, or a failure of some kind.

Curator keeps a provider's response as it came. Most are chat completions already, some within a line of a batch; those
of Anthropic and Gemini are turned into one here, with their reasoning, so that one reader reads them all. A failure is
a text that curator made of an exception; what the text says decides whether the call is asked again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from open_thoughts_gen.chat.refusal import is_of_all, is_of_row
from open_thoughts_gen.text import shorten

Json = Mapping[str, Any]
Kind = Literal["refused", "throttled", "unclear", "rejected", "transient", "final"]

# The order counts: the first that matches names the kind. "API Error" is curator's own client, "API error" its client
# for Anthropic; a name with a dot is litellm's. The texts of providers come after those.
_KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (
        "throttled",
        re.compile(
            r"(API Error: 429|litellm\.RateLimitError|API error: .{0,40}(rate_limit|overloaded))"
            r"(?!.*insufficient_quota)",
            re.DOTALL,
        ),
    ),
    (
        "refused",
        re.compile(
            r"API Error: (401|402|404|429)|litellm\.(Authentication|NotFound|RateLimit)Error"
            r"|API error: .{0,40}(authentication|permission|not_found|billing)_error"
        ),
    ),
    ("rejected", re.compile(r"litellm\.(ContentPolicyViolation|ContextWindow)")),
    (
        "unclear",
        re.compile(
            r"API Error: 4(?!08|09|25)\d\d|litellm\.(BadRequest|PermissionDenied|UnprocessableEntity)Error"
            r"|API error: .{0,40}(invalid_request_error|request_too_large)"
        ),
    ),
    (
        "transient",
        re.compile(
            r"API Error: \d|^\(x\d+\)$|litellm\.(Timeout|InternalServer|ServiceUnavailable|APIConnection)|API error: "
            r"|^no answer: |[Cc]onnect|payload is not completed|unexpected mimetype|Failed to parse API response"
        ),
    ),
)
_STATUS = re.compile(r"API Error: (\d+)")


def kind_of(error: str) -> Kind:
    """Return what a failure means for its call. An unknown one may have come after an answer, and is not paid twice."""
    kind: Kind = next((kind for kind, words in _KINDS if words.search(error)), "final")
    if kind != "unclear":
        return kind
    status = _STATUS.search(error)
    if is_of_all(int(status[1]) if status else 403 if "PermissionDenied" in error else 400, error):
        return "refused"
    return "rejected" if is_of_row(error) else kind


def is_unreachable(error: str) -> bool:
    """Return whether there was no connection at all."""
    return "Cannot connect to host" in error or "Connect call failed" in error


def payload_of(raw: object) -> bytes | None:
    """Return a response as the bytes of a chat completion, None if there is none in it."""
    body = _completion(raw)
    if body is None:
        return None
    return json.dumps(body).encode("ascii")


def error_of(line: Json) -> str:
    """Return why a line of curator's responses has no completion."""
    errors = line.get("response_errors")
    messages = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
    raw = line.get("raw_response")
    return messages if raw is None else f"no answer: {shorten(json.dumps(raw), 300)}"


def _completion(raw: object) -> Json | None:
    """Find the answer in a response, or in a line of a batch, and return it as a chat completion."""
    if not isinstance(raw, dict):
        return None
    response, result = raw.get("response"), raw.get("result")
    if isinstance(response, dict):
        body = response.get("body", response)
        return _completion(body) if response.get("status_code", 200) == 200 else None
    if isinstance(result, dict):
        return _completion(result.get("message"))
    if "choices" in raw:
        return raw
    if "candidates" in raw or "promptFeedback" in raw:
        return _of_gemini(raw)
    return _of_anthropic(raw) if raw.get("type") == "message" else None


def _of_anthropic(message: Json) -> Json:
    blocks = [block for block in message.get("content") or [] if isinstance(block, dict)]
    usage = message.get("usage") or {}
    cached = usage.get("cache_read_input_tokens") or 0
    prompt = (usage.get("input_tokens") or 0) + cached + (usage.get("cache_creation_input_tokens") or 0)
    return _chat(
        reasoning="".join(str(block.get("thinking", "")) for block in blocks if block.get("type") == "thinking"),
        content="".join(str(block.get("text", "")) for block in blocks if block.get("type") == "text"),
        finish_reason=message.get("stop_reason"),
        usage={
            "prompt_tokens": prompt,
            "completion_tokens": usage.get("output_tokens"),
            "prompt_tokens_details": {"cached_tokens": cached},
        },
    )


def _of_gemini(response: Json) -> Json:
    if not response.get("candidates"):
        return {"choices": [], "promptFeedback": response.get("promptFeedback")}
    candidate: Json = response["candidates"][0]
    parts = [part for part in (candidate.get("content") or {}).get("parts") or [] if isinstance(part, dict)]
    usage = response.get("usageMetadata") or {}
    thought = usage.get("thoughtsTokenCount") or 0
    return _chat(
        reasoning="".join(str(part.get("text", "")) for part in parts if part.get("thought")),
        content="".join(str(part.get("text", "")) for part in parts if not part.get("thought")),
        finish_reason=candidate.get("finishReason"),
        usage={
            "prompt_tokens": usage.get("promptTokenCount"),
            "completion_tokens": (usage.get("candidatesTokenCount") or 0) + thought,
            "completion_tokens_details": {"reasoning_tokens": thought},
        },
    )


def _chat(*, reasoning: str, content: str, finish_reason: object, usage: Json) -> Json:
    message = {"role": "assistant", "content": content, "reasoning_content": reasoning}
    return {"choices": [{"index": 0, "finish_reason": finish_reason, "message": message}], "usage": usage}
