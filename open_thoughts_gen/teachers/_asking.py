"""What all teachers that ask a model share: their settings, the call they make, and what becomes of a reply.

    Asking          what is asked: the settings that are part of a call, and so of its key in the response cache
    ModelTeacher    a teacher that asks one model or several: from requests to traces, whatever carries the calls
    NetworkTeacher  the same, over a network: how many calls at once, how long they may take, how failures are handled

The settings of a call are one class because the response cache is keyed by every byte of it: a question asked live,
through a batch interface or through a pool is the same call, so that each of them finds what another has paid for.

    prompt     a template over the question (`_template`); the question's own prompt if empty
    prefix     put before it; `prefixes` has another one for each domain that is named there
    system     the system prompt that the model is asked with; the one for training is `publish.system`

A response that was cut off at its limit is never asked for again with the same limit. `truncated` says what becomes of
it: `keep` hands it on as cut, `drop` makes it a failed trace, `escalate` asks this one question again with twice the
`max_tokens`, up to `max_tokens_limit`; each limit is a call of its own in the cache.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, Literal, Self

from pydantic import BaseModel, Field, JsonValue, PrivateAttr, field_validator, model_validator

from open_thoughts_gen.cache import AskAgain, ResponseCache
from open_thoughts_gen.chat import Call, Limits, Patience, Progress, Reply
from open_thoughts_gen.chat.books import Books
from open_thoughts_gen.chat.guard import ReasoningGuard, cut_in_thought
from open_thoughts_gen.chat.ledger import Ledger
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.money.budget import TEACHER
from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.teachers._template import UnfitQuestionError, check_template, render
from open_thoughts_gen.text import left_over, split_thinking
from open_thoughts_gen.types import Request, Trace

_log = logging.getLogger("open_thoughts_gen.chat")
_OURS = frozenset({"model", "messages", "stream", "n", "temperature", "top_p", "max_tokens", "seed"})


class Asking(BaseModel):
    """The settings of a teacher that asks a model."""

    temperature: float | None = Field(
        None, ge=0, le=2, description="sampling temperature; null: none is sent, and the model's own default holds"
    )
    top_p: float | None = Field(
        None, gt=0, le=1, description="nucleus sampling; null: none is sent, and the model's own default holds"
    )
    max_tokens: int | None = Field(
        None, ge=1, description="the most tokens that one answer may have, reasoning included; null: no limit is sent"
    )
    seed: int | None = Field(
        None,
        description="the number of the attempt (0, 1, ...) is added to this, and the sum is sent as the seed, so that "
        "attempts differ; null: no seed is sent",
    )
    system: str = Field("", description="system prompt sent with every question; empty: none")
    prompt: str = Field(
        "",
        description="Jinja2 template of what the model is asked; it may use prompt, reference, domain, source, "
        "license and meta; empty: the question's prompt",
    )
    prefix: str = Field("", description="text put before every question's prompt")
    prefixes: dict[str, str] = Field({}, description="text put before the prompt, by domain; replaces `prefix` there")
    extra_body: dict[str, JsonValue] = Field({}, description="further fields of the request, sent as they are")

    @field_validator("prompt")
    @classmethod
    def _renders(cls, prompt: str) -> str:
        try:
            check_template(prompt)
        except UserError as error:
            raise ValueError(str(error)) from error
        return prompt

    @field_validator("extra_body")
    @classmethod
    def _adds_only(cls, extra_body: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if ours := sorted(_OURS & set(extra_body)):
            raise ValueError(
                f"{', '.join(ours)} cannot be set in extra_body; use the setting of that name, if there is one"
            )
        json.dumps(extra_body, allow_nan=False)
        return extra_body

    def call(self, request: Request) -> Call:
        """Return what is asked of the model for one request.

        Raises:
            UnfitQuestionError: the template needs what this question lacks.

        """
        question = request.question
        prompt = render(self.prompt, question) if self.prompt else question.prompt
        messages = [{"role": "user", "content": self.prefixes.get(question.domain, self.prefix) + prompt}]
        if self.system:
            messages.insert(0, {"role": "system", "content": self.system})
        settings: dict[str, Any] = {
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
            "seed": None if self.seed is None else self.seed + request.attempt,
        }
        sent = {name: value for name, value in settings.items() if value is not None}
        return Call(messages, {**sent, **self.extra_body}, request.attempt)

    def calls(self, requests: Iterable[Request], *, unfit: list[Trace], label: str) -> Iterator[tuple[Request, Call]]:
        """Yield each request with its call; one that the template does not fit joins `unfit`, with the reason."""
        for request in requests:
            try:
                call = self.call(request)
            except UnfitQuestionError as error:
                reply = Reply(finish_reason="error", error=str(error))
                unfit.append(trace_of(request, reply, label))
            else:
                yield request, call


class ModelTeacher(Asking, Teacher):
    """A teacher that asks a model: what it adds is the ledger of its calls."""

    truncated: Literal["keep", "drop", "escalate"] = Field(
        "keep",
        description="what to do with an answer that was cut off at max_tokens. keep: use it as it is; drop: count it "
        "as failed; escalate: ask again with twice the max_tokens, up to max_tokens_limit",
    )
    max_tokens_limit: int | None = Field(
        None, ge=1, description="with `truncated: escalate`, which needs it: the highest max_tokens to ask again with"
    )
    reasoning: bool | Literal["auto", "hidden"] = Field(
        "auto",
        description="whether the model reasons before it answers. auto: not known; the run stops if reasoning is "
        "billed but missing from the first 8 answers. true: the model reasons; the run stops if the first 8 answers "
        "contain no reasoning. hidden: the model reasons, but the provider does not send the reasoning. false: the "
        "model does not reason",
    )
    think_tags: tuple[str, ...] = Field(
        (),
        description="names of tags that enclose reasoning, besides <think>; `think_tags: [scratchpad]` also reads "
        "<scratchpad> ... </scratchpad>",
    )

    _progress: Progress = PrivateAttr(default_factory=Progress)
    _guards: dict[str, ReasoningGuard] = PrivateAttr(default_factory=dict)
    _has_reported: bool = PrivateAttr(default=False)

    @model_validator(mode="after")
    def _escalates_somewhere(self) -> Self:
        if self.truncated == "escalate" and not (self.max_tokens or 0) < (self.max_tokens_limit or 0):
            raise ValueError("truncated: escalate needs max_tokens, and a max_tokens_limit above it")
        if self.truncated == "escalate" and not self.max_tokens:
            raise ValueError("truncated: escalate needs max_tokens, to have something to raise")
        return self

    @property
    def progress(self) -> Progress:
        """Live counters of this run's calls."""
        return self._progress

    @property
    def answers_copies(self) -> bool:
        """Whether copies are further attempts: at temperature 0 they would pay for the same answer."""
        return self.temperature != 0

    def state(self) -> str:
        """Return one line on how the calls are going."""
        return self.progress.line()

    def start(self) -> None:
        """Check that the response cache can be written, so that a run fails at its start rather than later.

        Raises:
            UserError: it cannot.

        """
        self._progress, self._guards, self._has_reported = Progress(), {}, False
        self._context.responses().close()

    def traces(self, requests: Iterable[Request]) -> Generator[Trace, None, None]:
        """Yield one trace per request: those in the cache at once, the others as they are answered.

        Raises:
            ProviderError: the model refused for good or cannot be reached, or shows no reasoning where it should.
            UserError: the cache cannot be read or written.

        """
        unfit: list[Trace] = []
        calls = self.calls(requests, unfit=unfit, label=self.label)
        with self._context.responses() as cache, closing(self.replies(cache, calls)) as replies:
            for request, reply, label in replies:
                yield self._trace(request, reply, label)
                while unfit:
                    yield unfit.pop(0)
        for guard in self._guards.values():
            guard.end()
        yield from unfit

    def replies(
        self, cache: ResponseCache, calls: Iterable[tuple[Request, Call]]
    ) -> Generator[tuple[Request, Reply, str], None, None]:
        """Yield one reply per call with its request, and the label of the model that gave it."""
        with closing(self.ledger(cache).replies(calls)) as replies:
            for request, reply in replies:
                yield request, reply, self.label

    def ledger(self, cache: ResponseCache) -> Ledger[Request]:
        """Return the ledger of its calls. One that asks several models overrides `replies` instead."""
        raise NotImplementedError(type(self).__name__)

    def books(self, cache: ResponseCache) -> Books:
        """Return where its answers are stored and counted."""
        meter, ask_again = self._context.meter(TEACHER), self._context.ask_again
        return Books(cache, self.progress, self._context.run, meter, ask_again or AskAgain())

    def enlarged(self, call: Call, reply: Reply) -> Call | None:
        """Return the call with twice the limit, where the reply was cut and may be longer."""
        limit, most = call.settings.get("max_tokens"), self.max_tokens_limit
        if self.truncated != "escalate" or reply.finish_reason != "length" or not limit or not most or limit >= most:
            return None
        return replace(call, settings={**call.settings, "max_tokens": min(2 * limit, most)})

    def note_discarded(self, reply: Reply, label: str) -> None:
        """Count an answer that was paid for and is not used; `label` names the model."""
        self.progress.note_discarded(reply)

    def _trace(self, request: Request, reply: Reply, label: str) -> Trace:
        """Return a reply as a trace: guarded, its half-thought never taken for an answer, dropped where it was cut."""
        if self.think_tags and not reply.reasoning and reply.content:
            reasoning, content = split_thinking(reply.content, self.think_tags)
            reply = replace(reply, reasoning=reasoning, content=content)
        if self.reasoning is True or self.reasoning == "auto":
            is_declared = self.reasoning is True
            self._guards.setdefault(label, ReasoningGuard(label, is_declared)).look(reply)
            reply = cut_in_thought(reply) if is_declared else reply
        if not self._has_reported and (mark := left_over(reply.content)):
            self._has_reported = True
            hint = "check whether its reasoning was read; `think_tags` takes more tags"
            _log.warning("a response of %s still contains %s: %s", label, mark, hint)
        if self.truncated == "drop" and reply.finish_reason == "length":
            self.note_discarded(reply, label)
            cut = "truncated: at its limit of tokens"
            reply = replace(reply, finish_reason="error", error=cut, error_kind="truncated")
        return trace_of(request, reply, label)


class NetworkTeacher(ModelTeacher):
    """A teacher that asks a model over a network: how many calls at once, and how failures are handled."""

    concurrency: int = Field(64, ge=1, le=4096, description="how many calls to make at once")
    timeout_s: float = Field(1800.0, gt=0, description="time limit of one call, seconds")
    max_retries: int = Field(
        8, ge=0, description="how often to retry a failed call; waits for a rate limit (HTTP 429) do not count"
    )
    outage_s: float = Field(
        3600.0, gt=0, description="how long to wait for an endpoint that has answered before and stopped, seconds"
    )
    contact_s: float = Field(
        15.0,
        gt=0,
        description="how long to wait for the first connection, seconds; raise it for a server that is still "
        "loading its model",
    )
    rpm: float | None = Field(None, gt=0, description="requests per minute that the provider allows")
    tpm: float | None = Field(None, gt=0, description="tokens per minute that the provider allows, prompt and answer")

    @property
    def patience(self) -> Patience:
        """How long a call may take, and how failures are handled."""
        return Patience(
            timeout_s=self.timeout_s, max_retries=self.max_retries, outage_s=self.outage_s, contact_s=self.contact_s
        )

    @property
    def limits(self) -> Limits:
        """What the provider allows in a minute."""
        return Limits(self.rpm, self.tpm)


def trace_of(request: Request, reply: Reply, teacher: str) -> Trace:
    """Return a reply as the trace of the request that it answers."""
    return Trace(
        question_id=request.question.id,
        attempt=request.attempt,
        teacher=teacher,
        reasoning=reply.reasoning,
        response=reply.content,
        finish_reason=reply.finish_reason,
        error=reply.error,
        usage=reply.usage,
        error_kind=reply.error_kind,
    )
