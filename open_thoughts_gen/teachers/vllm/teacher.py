"""A model run by vLLM in this process: no server, no port, one command.

    teacher:
      use: vllm
      model: Qwen/Qwen3-8B              # on the Hub, or a folder: ./checkpoints/step-900
      revision: 9c925d6                 # worth giving: it is part of the key in the cache
      max_tokens: 16000
      seed: 7                           # attempt n is sampled with seed + n
      extra_body: {top_k: 20, chat_template_kwargs: {enable_thinking: true}}

As for every teacher, what the response cache holds is not generated again, an answer is stored before anything uses it,
and two runs on one cache share the work. So a run can be killed and started again, and loses only what was being
generated at that moment. Everything that changes answers is part of the key: the model, what is sent, and the settings
in `ANSWER_SETTINGS`; what only makes it faster or smaller (`tensor_parallel_size`, `concurrency`) is not.

`extra_body` takes what vLLM's server takes there: its sampling parameters, and `chat_template_kwargs`. What is not set
is as the model's own generation_config.json has it, and without `max_tokens` an answer may fill the context.

Reasoning is read from `<think>` tags, also where the chat template opens them and where they never close; for a model
that marks it otherwise, `reasoning_parser` names one of vLLM's parsers.

Not covered: adapters (LoRA), pictures and sound, data parallelism (start a run for each GPU, on one cache), and the
same bytes on another GPU: a seed repeats the sampling, not the rounding of the arithmetic.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal
from urllib.parse import urlencode

from pydantic import Field, JsonValue, PrivateAttr, field_validator

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call
from open_thoughts_gen.chat.ledger import Ledger
from open_thoughts_gen.chat.served import Served
from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.teachers._asking import ModelTeacher
from open_thoughts_gen.teachers.vllm.engine import TEMPLATE_SETTINGS, LoadedModel, ModelSettings, lacking, load
from open_thoughts_gen.teachers.vllm.source import ModelSource, find, short_name
from open_thoughts_gen.teachers.vllm.transport import EngineTransport
from open_thoughts_gen.types import Request

# Settings that change answers, and so are part of the key in the response cache where they are set.
ANSWER_SETTINGS: Final = ("revision", "dtype", "quantization", "max_model_len", "reasoning_parser")
# Those of vLLM's arguments that load nobody's code and carry no secret: the first change answers, the second only how
# fast they come, and are not part of the key.
ANSWER_ARGUMENTS: Final = frozenset({
    "config_format", "disable_sliding_window", "generation_config", "hf_overrides", "kv_cache_dtype", "load_format",
    "model_impl", "override_generation_config", "tokenizer", "tokenizer_mode",
    "tokenizer_revision",
})  # fmt: skip
SPEED_ARGUMENTS: Final = frozenset({
    "async_scheduling", "attention_backend", "block_size", "cpu_offload_gb",
    "disable_custom_all_reduce", "download_dir", "enable_chunked_prefill",
    "enable_expert_parallel", "enable_prefix_caching", "enforce_eager", "kv_cache_memory_bytes", "language_model_only",
    "max_num_batched_tokens", "pipeline_parallel_size",
})  # fmt: skip
SAMPLING: Final = frozenset({
    TEMPLATE_SETTINGS, "allowed_token_ids", "bad_words", "frequency_penalty", "ignore_eos",
    "include_stop_str_in_output", "logit_bias", "min_p", "min_tokens", "presence_penalty", "repetition_penalty",
    "skip_special_tokens", "stop", "stop_token_ids", "thinking_token_budget", "top_k",
})  # fmt: skip


class Vllm(ModelTeacher):
    """Generates with vLLM on the GPUs of this machine, `concurrency` answers at a time."""

    model: str = Field(min_length=1, description="a model on the Hub, or a folder that holds one")
    revision: str | None = Field(None, min_length=1, description="commit, tag or branch on the Hub")
    dtype: Literal["auto", "bfloat16", "float16", "float32"] = Field(
        "auto", description="number format of weights and activations; auto: the model's own"
    )
    quantization: str | None = Field(
        None, description="method by which the weights are quantized: fp8, awq, gptq, ...; null: the model's own"
    )
    max_model_len: int | None = Field(
        None, ge=1, description="the most tokens that prompt and answer may have together; null: the model's limit"
    )
    chat_template: str | None = Field(None, description="file with a Jinja2 chat template; null: the model's own")
    reasoning_parser: str | None = Field(
        None, description="vLLM's parser for a model that does not mark its reasoning by <think>: openai_gptoss, ..."
    )
    tensor_parallel_size: int = Field(1, ge=1, description="how many GPUs share the model")
    gpu_memory_utilization: float | None = Field(
        None, gt=0, le=1, description="share of each GPU's memory to use; null: vLLM's default"
    )
    concurrency: int = Field(256, ge=1, le=4096, description="how many answers to generate at once")
    engine: dict[str, JsonValue] = Field({}, description="more arguments of vLLM's engine: enforce_eager, ...")

    _source: ModelSource = PrivateAttr(default_factory=lambda: ModelSource("", "", is_local=False))
    _template: str | None = PrivateAttr(None)

    @field_validator("engine")
    @classmethod
    def _is_harmless(cls, engine: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for name in engine.keys() - (known := ANSWER_ARGUMENTS | SPEED_ARGUMENTS):
            if name in cls.model_fields:
                raise ValueError(f"{name} is a setting of the teacher; write it there, not under engine")
            raise ValueError(f"{name} cannot be set here; {did_you_mean(name, known)}")
        json.dumps(engine, allow_nan=False)
        return engine

    @field_validator("extra_body")
    @classmethod
    def _is_known(cls, extra_body: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for name in extra_body.keys() - SAMPLING:
            raise ValueError(f"{name} cannot be sent to vLLM; {did_you_mean(name, SAMPLING)}")
        if not isinstance(extra_body.get(TEMPLATE_SETTINGS, {}), dict):
            raise ValueError(f"{TEMPLATE_SETTINGS} has to be a mapping")
        return extra_body

    @property
    def label(self) -> str:
        """The model and its revision, named as a server of your own would name them."""
        return f"vllm/{short_name(self.model)}" + (f"@{self.revision}" if self.revision else "")

    @property
    def cost_usd(self) -> float:
        """0: the model runs on this machine."""
        return 0.0

    def start(self) -> None:
        """Check the model's folder, the template and the response cache, so that a run fails at its start.

        Raises:
            UserError: one of them is missing or cannot be used.

        """
        super().start()
        self._source = find(self.model, self._context.folder)
        if self.revision and self._source.is_local:
            raise UserError(Fault(f"{self.model!r} is a folder, and has no revision", hint="leave `revision` out"))
        self._template = None
        if self.chat_template is not None:
            try:
                self._template = (self._context.folder / self.chat_template).read_text("utf-8")
            except (OSError, ValueError) as error:
                raise UserError(Fault(f"the chat template {self.chat_template!r} cannot be read: {error}")) from error

    def lacks(self) -> Iterable[Fault]:
        """Yield that vLLM is not installed."""
        return lacking()

    def ledger(self, cache: ResponseCache) -> Ledger[Request]:
        """Return the ledger of its calls."""
        served = Served(self.label, self._endpoint(), self._source.name)
        return Ledger(
            served,
            self.books(cache),
            lambda _: EngineTransport(self._load, self.progress),
            room=self.concurrency,
            again=self.enlarged,
        )

    def _endpoint(self) -> str:
        """Return the name of the endpoint in keys of the cache: vLLM, and all settings that change answers."""
        settings: dict[str, Any] = {name: getattr(self, name) for name in ANSWER_SETTINGS}
        settings = {name: value for name, value in settings.items() if value not in (None, "auto")}
        settings |= {
            name: json.dumps(self.engine[name], sort_keys=True) for name in ANSWER_ARGUMENTS & self.engine.keys()
        }
        if self._template is not None:
            settings["chat_template"] = hashlib.sha256(self._template.encode()).hexdigest()[:16]
        return f"vllm?{urlencode(sorted(settings.items()))}" if settings else "vllm"

    def _load(self, first: Call) -> LoadedModel:
        arguments: Mapping[str, Any] = {
            "model": self._source.argument,
            "revision": self.revision,
            "dtype": self.dtype,
            "quantization": self.quantization,
            "max_model_len": self.max_model_len,
            "tensor_parallel_size": self.tensor_parallel_size,
            "gpu_memory_utilization": self.gpu_memory_utilization,
            "max_num_seqs": self.concurrency,
            **self.engine,
        }
        arguments_given = {name: value for name, value in arguments.items() if value is not None}
        as_json = json.dumps(arguments_given, sort_keys=True)
        return load(ModelSettings(self.label, as_json, self._template, self.reasoning_parser), first)
