"""What the body of an error says: its words, and what it means where the status of the exchange does not say it.

Gateways answer with status 200 and an error inside. Such an error means what its number means, or what its name does
(`context_length_exceeded`, `RESOURCE_EXHAUSTED`, MiniMax's `base_resp`). What a refusal says of keys, permissions, or
of a prompt that is too long or filtered is believed; for the rest `contrast` decides.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any, Final

from open_thoughts_gen.text import shorten

ONE_OR_ALL: Final = frozenset({400, 403, 413, 422, 451})
# A 403 that is about whoever asks, and so about all rows.
_ABOUT_ALL_ROWS: Final = (
    "api key", "api_key", "permission", "not authorized", "unauthorized", "access denied", "credential",
)  # fmt: skip
# A refusal that is about this one prompt, in the words of OpenAI, Azure, DeepSeek, vLLM and llama.cpp.
_ABOUT_ONE_ROW: Final = (
    "context length", "context_length", "context size", "content_filter", "content management policy",
    "content exists risk", "content_policy", "invalid_prompt", "too long",
)  # fmt: skip
_STATUSES: Final = frozenset({400, 401, 402, 403, 404, 413, 422, 429, 451})
_BY_NAME: Final[Mapping[int, str]] = {
    400: "invalid_request_error invalid_argument invalidparameter bad_request bad_request_error invalid_prompt"
    " context_length_exceeded content_filter content_policy_violation data_inspection_failed datainspectionfailed"
    " string_above_max_length unprocessable_entity_error 1026 1027 2013",
    401: "authentication_error invalid_api_key invalidapikey unauthenticated unauthorized 1004 2049",
    402: "insufficient_quota insufficient_balance insufficient_credits billing_error billing_not_active arrearage 1008",
    403: "permission_error permission_denied accessdenied",
    404: "not_found_error model_not_found modelnotfound not_found",
    429: "rate_limit_error rate_limit_exceeded resource_exhausted too_many_requests throttling 1002 1039",
}
_STATUS_OF: Final = {name: status for status, names in _BY_NAME.items() for name in names.split()}
_WORDS: Final = ("base_resp", "message", "detail", "error", "error_msg", "status_msg", "msg", "errorMessage")


def is_of_all(status: int, words: str) -> bool:
    """Return whether a refusal can only be about what all calls share."""
    return status not in ONE_OR_ALL or (status == 403 and any(each in words.lower() for each in _ABOUT_ALL_ROWS))


def is_of_row(words: str) -> bool:
    """Return whether a refusal says that it is about one prompt."""
    return any(each in words.lower() for each in _ABOUT_ONE_ROW)


def words_of(content: object) -> tuple[str, str]:
    """Return the code and the words of the parsed body of an error, on one line."""
    if isinstance(content, list) and content:  # Gemini's
        content = content[0]
    inner = content.get("error", content) if isinstance(content, dict) else content
    code = str(inner.get("code") or inner.get("type") or "") if isinstance(inner, dict) else ""
    for name in _WORDS:
        inner = (inner.get(name) or inner) if isinstance(inner, dict) else inner
    return code, shorten(inner if isinstance(inner, str) else json.dumps(inner), 300)


def status_within(payload: bytes) -> int:
    """Return the status that an error in the body of an answer stands for; 0 for none, or one that may pass."""
    if len(payload) > 1 << 16 or not any(mark in payload for mark in (b'"error', b'"code"', b'"base_resp"')):
        return 0
    content: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        content = json.loads(payload)
    if isinstance(content, list) and content:
        content = content[0]
    if not isinstance(content, dict) or content.get("choices") is not None:
        return 0
    failures = [content.get("error"), content.get("base_resp"), content]
    for failure in (each for each in failures if isinstance(each, dict)):
        for value in (failure.get(name) for name in ("code", "status", "status_code", "type")):
            name = str(value).strip().lower()
            if name in _STATUS_OF or (name.isdecimal() and name.isascii() and int(name[:9]) in _STATUSES):
                return _STATUS_OF.get(name) or int(name)
    return 0
