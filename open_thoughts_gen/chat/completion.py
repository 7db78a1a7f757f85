"""What is asked of a model and what it says, as plain values: a call, a reply, and how a raw response becomes one.

Providers agree on the OpenAI chat-completions protocol and differ in where they put the reasoning: in
`reasoning_content` (DeepSeek, older vLLM), `reasoning` (OpenRouter, newer vLLM, Groq), `reasoning_details`
(OpenRouter, MiniMax), `thinking_blocks` (gateways before Anthropic), parts of type `thinking` or `reasoning` in the
content (Mistral), or marks in the content (most local servers; `text.thinking` has the table). All are read here, and
nowhere else. A response is hostile: any JSON is read without an exception other than ValueError, which means "this is
not a completion, ask again".

Not covered: more than one choice, tools; what comes streamed is put together by `streaming` first.
"""

from __future__ import annotations

import json
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from open_thoughts_gen.chat.finish import Ending, ending
from open_thoughts_gen.chat.refusal import words_of
from open_thoughts_gen.text import begins_with_mark, shorten, split_thinking
from open_thoughts_gen.types import ErrorKind, FinishReason, Usage

Json = Mapping[str, Any]

_MARK_EVERY_S = 2.0
_REASONING_FIELDS = ("reasoning_content", "reasoning", "thinking", "reasoning_text", "thought", "thoughts")
_TEXT_FIELDS = ("text", "content", "thinking", "reasoning", "summary")
_MOST_NESTED = 4


@dataclass(frozen=True, slots=True)
class Call:
    """One call to a model. `settings` are sent as they are; `attempt` is not sent: another attempt is another call."""

    messages: Sequence[Mapping[str, str]]
    settings: Json = field(default_factory=dict)
    attempt: int = 0

    def body(self, model: str) -> dict[str, Any]:
        """Return the body of the request."""
        return {"model": model, "messages": list(self.messages), **self.settings}


@dataclass(frozen=True, slots=True)
class Reply:
    """The response to a call. `finish_reason` is "error" if it has no usable answer; `error` and `error_kind` say why.

    `took_s` is how long the answer took, None if it came from the cache. `model` is the model that answered, as the
    endpoint names it. `unknown_reason` is a reason to finish that no table knows: such an answer may be cut off, and
    its `finish_reason` is "length".
    """

    reasoning: str = ""
    content: str = ""
    finish_reason: FinishReason = "stop"
    error: str | None = None
    usage: Usage | None = None
    cached: bool = False
    took_s: float | None = field(default=None, compare=False)
    error_kind: ErrorKind = ""
    model: str = field(default="", compare=False)
    unknown_reason: str = field(default="", compare=False)


@dataclass(slots=True)
class Progress:
    """Live counters of calls, for a screen to read at any time.

    `in_flight` calls wait for their answer, `held` are asked by another run, `done` were answered and stored, `cached`
    needed no call, `failed` were given up, `failed_by` kind; `retried` counts retries after failures, `throttled` HTTP
    429s; `unusable` are responses, by kind, without an answer or with an incomplete one; `discarded` are answers that
    were paid for and not used, with `discarded_tokens` completion tokens in all. `endpoint` says what is wrong with the
    endpoint; empty if nothing is.
    """

    in_flight: int = 0
    held: int = 0
    done: int = 0
    cached: int = 0
    failed: int = 0
    retried: int = 0
    throttled: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    discarded: int = 0
    discarded_tokens: int = 0
    endpoint: str = ""
    failed_by: Counter[str] = field(default_factory=Counter)
    unusable: Counter[str] = field(default_factory=Counter)
    _marks: deque[tuple[float, int]] = field(default_factory=lambda: deque([(time.monotonic(), 0)], 60), compare=False)

    @property
    def tokens_per_s(self) -> float:
        """Completion tokens a second, over the last minute or two."""
        since, before = self._marks[0]
        return (self.completion_tokens - before) / max(1e-3, time.monotonic() - since)

    def note_done(self, usage: Usage | None) -> None:
        """Count an answer that is stored."""
        self.done += 1
        if usage is not None:
            self.prompt_tokens += usage.prompt_tokens or 0
            self.completion_tokens += usage.completion_tokens or 0
        now = time.monotonic()
        if now - self._marks[-1][0] >= _MARK_EVERY_S:
            self._marks.append((now, self.completion_tokens))

    def note_unusable(self, reply: Reply) -> None:
        """Count a response without an answer, or with an incomplete one."""
        if reply.unknown_reason:
            self.unusable[f"ended by {reply.unknown_reason!r}"] += 1
        elif reply.finish_reason == "length":
            self.unusable["cut"] += 1
        elif reply.error_kind not in ("", "prompt rejected", "teacher error"):
            self.unusable[reply.error_kind] += 1
            self.note_discarded(reply)

    def note_discarded(self, reply: Reply) -> None:
        """Count an answer that was paid for and is not used: it was dropped, or another call replaces it."""
        self.discarded += 1
        self.discarded_tokens += (reply.usage.completion_tokens or 0) if reply.usage else 0

    def note_failed(self, kind: str) -> None:
        """Count a call that was given up."""
        self.failed += 1
        self.failed_by[kind] += 1

    def line(self) -> str:
        """Return all counts on one line, without those that are 0."""
        kinds = ", ".join(f"{num:,} {kind}" for kind, num in self.failed_by.most_common(3))
        unusable = ", ".join(f"{num:,} {kind}" for kind, num in self.unusable.most_common(3))
        parts = [
            f"{self.in_flight:,} in flight" if self.in_flight else "",
            f"{self.held:,} asked by another run" if self.held else "",
            f"{self.done:,} answered",
            f"{self.cached:,} cached" if self.cached else "",
            f"{self.failed:,} failed ({kinds})" if self.failed else "",
            unusable,
            f"{self.tokens_per_s:,.0f} tokens/s" if self.completion_tokens else "",
            f"{self.discarded:,} discarded ({self.discarded_tokens:,} tokens)" if self.discarded else "",
            self.endpoint,
        ]
        return " · ".join(filter(None, parts))


def read(payload: bytes) -> Reply:
    """Read a raw response.

    Raises:
        ValueError: it is not a chat completion (torn, HTML, an error), or one that the endpoint broke off.

    """
    completion = _parsed(payload)
    usage, model = _usage(completion.get("usage")), completion.get("model")
    choices = completion["choices"]
    choice = choices[0] if isinstance(choices, list) and choices else None
    feedback = _mapping(completion.get("promptFeedback") or completion.get("prompt_feedback"))
    if not isinstance(choice, dict) and (blocked := feedback.get("blockReason") or feedback.get("block_reason")):
        error = f"content filter: the provider withheld the answer: {shorten(str(blocked), 100)}"
        return Reply(finish_reason="error", error=error, usage=usage, error_kind="content filter")
    if not isinstance(choice, dict):
        error = "empty answer: the response has no choices"
        return Reply(finish_reason="error", error=error, usage=usage, error_kind="empty answer")
    reason, failure, message = choice.get("finish_reason"), _failure(choice), _mapping(choice.get("message"))
    ended = ending(reason)
    if ended == "broken" or failure:
        raise ValueError(f"the endpoint broke off: {_words(failure) or reason}")
    reasoning, content = _reasoning_and_content(message)
    kind, why = _no_answer(message, ended, content)
    finish: FinishReason = "error" if kind else "stop" if ended == "stop" else "length"
    return Reply(
        reasoning, content, finish, f"{kind}: {why}" if kind else None, usage, error_kind=kind,
        model=model if isinstance(model, str) else "", unknown_reason=str(reason)[:40] if ended == "unknown" else "",
    )  # fmt: skip


def read_new(payload: bytes) -> Reply:
    """Read a response that has just come: one that holds nothing at all is a fault of the endpoint.

    Raises:
        EmptyError: it holds no answer, no reasoning, and no word about why.
        ValueError: as `read`.

    """
    reply = read(payload)
    if reply.error_kind == "empty answer" and not reply.reasoning:
        raise EmptyError(reply)
    return reply


class EmptyError(ValueError):
    """A response that holds nothing at all, and may have been paid for all the same."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.error)
        self.reply = reply


def read_kept(payload: bytes) -> Reply:
    """Read a stored response; one that another version took for an answer, and this one does not, is a failed reply."""
    try:
        return replace(read(payload), cached=True)
    except ValueError as error:
        return Reply(finish_reason="error", error=str(error), cached=True)


def reason_of(payload: bytes) -> str:
    """Return why a stored response holds no whole answer, in countable words; empty where it holds one."""
    return why_not_whole(read_kept(payload))


def why_not_whole(stored: Reply) -> str:
    """Return the same of a stored response that has been read."""
    if stored.finish_reason == "length":
        return "truncated"
    return stored.error_kind or ("broken off" if stored.error else "")


def _parsed(payload: bytes) -> dict[str, Any]:
    """Return the completion in a payload; keep-alive blank lines before it are white space to JSON."""
    try:
        completion = json.loads(payload)
    except (ValueError, RecursionError) as error:
        start = shorten(payload[:200].decode("utf-8", "replace"), 80)
        raise ValueError(f"the response is not JSON ({len(payload)} bytes, starting {start!r})") from error
    failure = _failure(_mapping(completion))
    is_completion = isinstance(completion, dict) and "choices" in completion and "base_resp" not in completion
    if not failure and (is_completion or _mapping(completion).get("choices")):
        return dict(completion)
    words = _words(failure) or words_of(completion)[1]
    raise ValueError(f"the response is not a chat completion{': ' if words else ''}{words}")


def _no_answer(message: Json, ended: Ending, content: str) -> tuple[ErrorKind, str]:
    """Return why a message holds no usable answer: a kind, empty where it holds one, and the details.

    A cut answer is one: what to do with it is for the recipe to say.
    """
    refusals = [message, *(part for part in _parts(message.get("content")) if part.get("type") == "refusal")]
    for refusal in (each.get("refusal") for each in refusals):
        if isinstance(refusal, str) and refusal:
            return "refusal", shorten(refusal, 200)
    if ended == "withheld":
        return "content filter", "the provider withheld the answer"
    if ended == "tool" or ((message.get("tool_calls") or message.get("function_call")) and not content):
        return "tool call", "the model called one instead of answering"
    if ended in ("length", "unknown") or content:
        return "", ""
    return "empty answer", "it has no content" if message.get("content") is None else "it holds no text"


def _failure(holder: Json) -> object:
    """Return the error that an answer or a choice holds; nothing where none of its fields says anything."""
    failure = holder.get("error")
    return None if isinstance(failure, dict) and not any(failure.values()) else failure


def _reasoning_and_content(message: Json) -> tuple[str, str]:
    content, thoughts = _said_and_thought(message.get("content"))
    blocks = _said_and_thought(message.get("thinking_blocks"))[1]
    # LiteLLM keeps there what a provider names in its own way.
    holders = (message, _mapping(message.get("provider_specific_fields")))
    named = [_text_of(holder.get(name)) for holder in holders for name in _REASONING_FIELDS]
    details = _details(message.get("reasoning_details"))
    reasoning = next((text for text in [*named, thoughts, details, blocks] if text.strip()), "").strip()
    inside, response = split_thinking(content)
    if not reasoning:
        return inside, response
    # An answer may speak of tags: what it says beside its reasoning is split only where it begins with a mark.
    if not inside or not begins_with_mark(content):
        return reasoning, content.strip()
    return reasoning if inside in reasoning else f"{reasoning}\n\n{inside}", response


def _text_of(value: object, depth: int = 0) -> str:
    """Return the text of a field that providers fill with a string, an object or a list of parts."""
    if isinstance(value, list):
        return "".join(_text_of(part, depth + 1) for part in value) if depth < _MOST_NESTED else ""
    if isinstance(value, dict) and depth < _MOST_NESTED:
        texts = (_text_of(value.get(name), depth + 1) for name in _TEXT_FIELDS)
        return next(filter(None, texts), "")
    return value if isinstance(value, str) else ""


def _parts(content: object) -> list[Json]:
    """Return the typed parts of a content, which may be one, a list, or Gemini's object of them."""
    if isinstance(content, dict):
        content = content.get("parts", [content])
    parts = content if isinstance(content, list) else []
    return [{"text": part} if isinstance(part, str) else _mapping(part) for part in parts]


def _said_and_thought(content: object) -> tuple[str, str]:
    """Return (text, thinking) of a content that is a string or consists of typed parts."""
    if isinstance(content, str):
        return content, ""
    said: list[str] = []
    thought: list[str] = []
    for part in _parts(content):
        kind = part.get("type")
        if part.get("thought") is True or (isinstance(kind, str) and kind.startswith(("thinking", "reasoning"))):
            thought.append(_text_of({name: value for name, value in part.items() if name != "type"}))
        elif isinstance(part.get("text"), str):
            said.append(part["text"])
    return "".join(said), "".join(thought)


def _details(details: object) -> str:
    """Return the text of `reasoning_details`; summaries are paragraphs of their own."""
    summaries = [part["summary"] for part in _parts(details) if isinstance(part.get("summary"), str)]
    texts = [_text_of({name: part.get(name) for name in ("text", "content")}) for part in _parts(details)]
    return "".join(texts) or "\n".join(summaries) or _text_of(details)


def _usage(usage: object) -> Usage | None:
    if not isinstance(usage, dict):
        return None
    details = _mapping(usage.get("completion_tokens_details"))
    return Usage(
        _count(usage.get("prompt_tokens")),
        _count(usage.get("completion_tokens")),
        _count(details.get("reasoning_tokens", usage.get("reasoning_tokens"))),
        _count(_mapping(usage.get("prompt_tokens_details")).get("cached_tokens", usage.get("prompt_cache_hit_tokens"))),
    )


def _count(number: object) -> int | None:
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63 else None


def _words(error: object) -> str:
    """Return what an error says, on one line: hostile text, and long."""
    words = _mapping(error).get("message", error)
    return shorten(words, 300) if isinstance(words, str) else shorten(json.dumps(words), 300) if words else ""


def _mapping(value: object) -> Json:
    return value if isinstance(value, dict) else {}
