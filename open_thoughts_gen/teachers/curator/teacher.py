"""Any provider that curator knows, through curator (bespokelabs-curator): online, or through a batch interface.

    teacher: {use: curator, model: deepseek/deepseek-flash}                 # the same call as the teacher openai's
    teacher: {use: curator, model: openai/gpt-4.1, batch: true}
    teacher: {use: curator, backend: litellm, model: bedrock/us.deepseek.r1-v1:0}

Curator is asked only what the response cache does not hold, and what it brings is stored there before anything uses it.
Its own cache, whose key lacks the system prompt and the address, is a folder that is deleted. Where it speaks the
chat-completions protocol (`backend: openai`) the call it sends is byte for byte the one of the teachers `openai` and
`openai_batch`, and is stored under the same key, so that all of them find each other's answers.

Curator takes whole sets of calls, so calls go to it in waves; it runs in a process of its own (`process`). It asks each
call once: its retries, which would repeat the call of a truncated answer unchanged, wait for the slowest call of all,
and count a 429 as an attempt, are off. A temporary failure goes into the next wave (`waves`). Its telemetry and its
viewer are off unless `telemetry: true` turns them on. A run that was stopped while a batch was under way finds the
batch again.

Not covered: curator's structured output, its code execution, and its offline engine.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, Self

from pydantic import Field, JsonValue, field_serializer, field_validator, model_validator

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, resolve
from open_thoughts_gen.chat.ledger import Ledger
from open_thoughts_gen.chat.served import Served
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.teachers._asking import NetworkTeacher
from open_thoughts_gen.teachers.curator.process import CuratorProcess, Row, lacking
from open_thoughts_gen.teachers.curator.waves import Waves, WaveSettings
from open_thoughts_gen.types import Request

Backend = Literal["openai", "litellm", "anthropic", "mistral", "azure", "gemini"]
_ALWAYS_BATCHES: Final = frozenset({"mistral", "azure", "gemini"})
_OURS: Final = frozenset({"api_key", "base_url", "max_retries", "invalid_finish_reasons", "require_all_responses"})
_TPM: Final = ("max_tokens_per_minute",)
_TPM_OF_ANTHROPIC: Final = ("max_input_tokens_per_minute", "max_output_tokens_per_minute")
_NO_LIMIT: Final = 10**9
_GEMINI: Final = {"temperature": "temperature", "top_p": "topP", "max_tokens": "maxOutputTokens"}


class Curator(NetworkTeacher):
    """Asks a model through curator, in waves."""

    model: str = Field(
        description="provider/model, or http://host:port/v1#model; with a backend other than openai, its own name for "
        "the model"
    )
    backend: Backend = Field(
        "openai", description="curator's client; openai is for every provider that speaks chat completions"
    )
    base_url: str = Field("", description="with a backend other than openai: the address, as http://host:port/v1")
    batch: bool = Field(
        False,
        description="ask through the provider's batch interface; mistral, azure and gemini need it",
    )
    backend_params: dict[str, JsonValue] = Field({}, description="more parameters of curator's backend")

    wave: int = Field(
        2048, ge=1, le=50_000, description="how many calls curator gets at once; the next wave waits for the slowest"
    )
    poll_s: int = Field(60, ge=1, description="how often to ask the provider for the state of a batch, seconds")
    telemetry: bool = Field(False, description="let curator report this run to its makers, and use its viewer")

    @model_validator(mode="after")
    def _fits_its_backend(self) -> Self:
        if self.backend == "openai":
            try:
                resolve(self.model)
            except UserError as error:
                raise ValueError(str(error)) from None
            if self.base_url:
                raise ValueError("base_url is for other backends; write model: http://host:port/v1#model")
        elif self.backend == "litellm" and self.batch:
            raise ValueError("backend: litellm has no batches; leave batch out")
        elif self.backend in _ALWAYS_BATCHES and not self.batch:
            raise ValueError(f"backend: {self.backend} works only with batch: true")
        if self.backend == "anthropic" and not self.max_tokens:
            raise ValueError("backend: anthropic needs max_tokens")
        if self.backend == "gemini" and (self.system or self.seed is not None or self.truncated == "escalate"):
            raise ValueError("with backend: gemini, curator can send no system, seed or truncated: escalate")
        return self

    @field_validator("backend_params")
    @classmethod
    def _adds_only(cls, backend_params: dict[str, JsonValue]) -> dict[str, JsonValue]:
        if ours := sorted(_OURS & set(backend_params)):
            raise ValueError(f"{', '.join(ours)} cannot be set in backend_params: the teacher sets it")
        return backend_params

    @field_serializer("model")
    def _without_credentials(self, _: str) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The endpoint and the model, without credentials: the same as when it is asked without curator."""
        return resolve(self.model).label if self.backend == "openai" else self.model

    @property
    def price_rate(self) -> float:
        """Half in a batch of OpenAI's, or of another backend; elsewhere a recipe's prices say it."""
        known = self.backend != "openai" or resolve(self.model).provider == "openai"
        return 0.5 if self.batch and known else 1.0

    @property
    def num_in_flight(self) -> int:
        """How many calls are made at once: all of a batch."""
        return self.wave if self.batch else self.concurrency

    def start(self) -> None:
        """Check the API key and the response cache, so that a run fails at its start rather than later.

        Raises:
            UserError: no key is set, or the cache cannot be written.

        """
        super().start()
        if self.backend == "openai" and resolve(self.model).authorization().startswith("Basic "):
            hint = "leave them out, or use the teacher openai"
            raise UserError(Fault(f"{self.label}: curator can send no name and password", hint=hint))

    def lacks(self) -> Iterable[Fault]:
        """Yield that curator is not installed."""
        return lacking()

    def ledger(self, cache: ResponseCache) -> Ledger[Request]:
        """Return the ledger of its calls."""
        settings = WaveSettings(
            self._start_curator,
            self.row,
            self.patience,
            num_first=self.wave if self.batch else min(self.wave, self.concurrency),
            num_calls=self.wave,
            folder=self._context.cache.with_name(f"{self._context.cache.name}.curator") if self.batch else None,
        )
        return Ledger(
            Served(self.label, self._address, self._model_there),
            self.books(cache),
            lambda ledger: Waves(ledger, settings),
            room=settings.num_first,
            max_retries=self.max_retries,
            again=self.enlarged,
        )

    @property
    def _address(self) -> str:
        """The address, as in keys of the cache: curator's own clients speak other protocols."""
        if self.backend == "openai":
            return resolve(self.model).base_url
        return ":".join(filter(None, ("curator", self.backend, self.base_url)))

    @property
    def _model_there(self) -> str:
        return resolve(self.model).model if self.backend == "openai" else self.model

    def _start_curator(self) -> CuratorProcess:
        """Start curator. Keys go with the environment, where it looks for them, and into no file."""
        endpoint = resolve(self.model) if self.backend == "openai" else None
        key = (endpoint.authorization().rpartition(" ")[2] or "none") if endpoint else ""
        # Some of curator's backends take these settings once for all calls.
        sampling = {name: getattr(self, name) for name in _GEMINI if getattr(self, name) is not None}
        generation_params: Mapping[str, Any] = sampling if self.backend in ("anthropic", "mistral") else {}
        if self.backend == "gemini":
            generation_params = {_GEMINI[name]: value for name, value in sampling.items()} | self.extra_body
        setting = {
            "model": self._model_there,
            "backend": self.backend,
            "batch": self.batch,
            "telemetry": self.telemetry,
            "backend_params": self._backend_params(endpoint.base_url if endpoint else self.base_url),
            "generation_params": generation_params,
        }
        return CuratorProcess(setting, {"OPENAI_API_KEY": key, "DEEPSEEK_API_KEY": key} if key else {})

    def _backend_params(self, base_url: str) -> Mapping[str, Any]:
        # From this host curator loses answers above 128 KB, which it reads as one line; capitals name the same host.
        address = base_url.replace("api.deepseek.com", "API.deepseek.com")
        if self.backend == "anthropic" and self.batch:
            address = address.removesuffix("/v1")  # which is added to it there
        shared: dict[str, Any] = {
            "base_url": address or None,
            "invalid_finish_reasons": [],
            "require_all_responses": False,
        }
        if self.batch:
            params: dict[str, Any] = {"batch_size": self.wave, "batch_check_interval": self.poll_s, "max_retries": 2}
        else:
            tpm = _per_minute(self.tpm)
            params = {
                "max_concurrent_requests": self.concurrency,
                "request_timeout": math.ceil(self.timeout_s),
                "max_requests_per_minute": _per_minute(self.rpm),
                "max_retries": 0,
                **dict.fromkeys(_TPM_OF_ANTHROPIC if self.backend == "anthropic" else _TPM, tpm),
            }
        return {**shared, **params, **self.backend_params}

    def row(self, call: Call) -> Row:
        """Return a call as the row that curator's process reads."""
        settings = Served(self.label, self._address, self._model_there).body(call)
        messages = settings.pop("messages")
        del settings["model"]
        if self.backend == "anthropic" and messages[0]["role"] == "system":
            settings["system"] = messages.pop(0)["content"]  # Anthropic's own interface has another place for it
        return {"messages": json.dumps(messages), "generation_params": json.dumps(settings)}


def _per_minute(limit: float | None) -> int:
    return _NO_LIMIT if limit is None else max(1, int(limit))
