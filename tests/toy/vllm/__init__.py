"""An engine with the names and ways of vLLM, and no model behind it: what the teacher `vllm` is tried on without a GPU.

It batches continuously, as the real one does: each step says one word more of up to `max_num_seqs` answers, and yields
those that are complete, the short ones first. How it behaves is ordered by the prompt ("long", "think", "silent") and
by the model folder's config.json, under "toy". `test_vllm_engine.py` holds its names against those of the real vLLM.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.toy.vllm.exceptions import VLLMValidationError

made: list[LLM] = []


@dataclass
class SamplingParams:
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_tokens: int = 0
    max_tokens: int | None = 16
    seed: int | None = None
    skip_special_tokens: bool = True

    def __post_init__(self) -> None:
        if self.top_k < -1:
            raise VLLMValidationError(f"top_k must be 0 (disable), or at least 1, got {self.top_k}.")
        if self.max_tokens is not None and self.min_tokens > self.max_tokens:
            raise VLLMValidationError("min_tokens must be less than or equal to max_tokens")


@dataclass
class CompletionOutput:
    text: str
    token_ids: Sequence[int]
    finish_reason: str | None


@dataclass
class RequestOutput:
    request_id: str
    prompt: str | None
    prompt_token_ids: list[int] | None
    outputs: list[CompletionOutput]
    finished: bool
    num_cached_tokens: int | None


@dataclass
class _Saying:
    """One answer on its way, word by word."""

    prompt: str
    words: list[str]
    sampling: SamplingParams
    num_said: int = 0

    def output(self, request_id: str) -> RequestOutput | None:
        self.num_said += 1
        limit = self.sampling.max_tokens
        cut = limit is not None and self.num_said >= limit and limit < len(self.words)
        if not cut and self.num_said < len(self.words):
            return None
        text, num = " ".join(self.words[: self.num_said]), min(self.num_said, len(self.words))
        reason = "abort" if "broken" in self.prompt else "length" if cut else "stop"
        answer = CompletionOutput(text, list(range(num)), reason)
        return RequestOutput(request_id, self.prompt, list(range(len(self.prompt.split()))), [answer], True, 0)


@dataclass
class ModelConfig:
    generation: Mapping[str, Any]

    def get_diff_sampling_param(self) -> dict[str, Any]:
        return dict(self.generation)


@dataclass
class LLMEngine:
    model_config: ModelConfig
    num_at_once: int
    order: Mapping[str, Any]
    saying: dict[str, _Saying] = field(default_factory=dict)
    most_at_once: int = 0
    num_steps: int = 0

    def step(self) -> list[RequestOutput]:
        self.num_steps += 1
        if self.num_steps > self.order.get("fails_after", 10**9):
            raise RuntimeError("CUDA out of memory. Tried to allocate 20.00 GiB.")
        if self.num_steps > self.order.get("dies_after", 10**9):
            os.kill(os.getpid(), signal.SIGKILL)
        now = list(self.saying.items())[: self.num_at_once]
        self.most_at_once = max(self.most_at_once, len(now))
        done = [output for asked, saying in now if (output := saying.output(asked)) is not None]
        for output in done:
            del self.saying[output.request_id]
        return done

    def abort_request(self, request_ids: list[str], internal: bool = False) -> None:
        for asked in request_ids:
            self.saying.pop(asked, None)


class LLM:
    """Takes what the real one takes, as far as the teacher gives it."""

    def __init__(
        self, model: str, *, trust_remote_code: bool = False, tensor_parallel_size: int = 1, dtype: str = "auto",
        quantization: str | None = None, revision: str | None = None, gpu_memory_utilization: float = 0.92,
        enforce_eager: bool = False, **kwargs: Any,
    ) -> None:  # fmt: skip
        assert not trust_remote_code
        assert kwargs.pop("use_tqdm_on_load") is False
        config = Path(model, "config.json")
        self.order: Mapping[str, Any] = json.loads(config.read_text()).get("toy", {}) if config.is_file() else {}
        if told := self.order.get("cannot_load"):
            raise RuntimeError(told)
        self.max_model_len: int = kwargs.pop("max_model_len", 1000)
        self.enqueued: list[tuple[list[Any], SamplingParams]] = []
        config_of_model = ModelConfig(self.order.get("generation", {}))
        self.llm_engine = LLMEngine(config_of_model, kwargs.pop("max_num_seqs"), self.order)
        self.arguments = kwargs
        made.append(self)

    def get_tokenizer(self) -> str:
        return "tokenizer"

    def enqueue_chat(
        self, messages: list[Any], sampling_params: SamplingParams | None = None, use_tqdm: bool = True,
        chat_template: str | None = None, chat_template_kwargs: dict[str, Any] | None = None,
    ) -> list[str]:  # fmt: skip
        assert not use_tqdm
        assert sampling_params is not None
        if self.order.get("no_template") and chat_template is None:
            raise ValueError("As of transformers v4.44, default chat template is no longer allowed")
        content = messages[-1]["content"]
        content.encode()
        prompt = (chat_template or "{}\nassistant:\n").replace("{}", " ".join(m["content"] for m in messages))
        if (chat_template_kwargs or {}).get("enable_thinking"):
            prompt += "<think>\n"
        if len(prompt.split()) > self.max_model_len:
            raise VLLMValidationError(f"This model's maximum context length is {self.max_model_len} tokens.")
        number = str(len(self.enqueued))
        self.enqueued.append((messages, sampling_params))
        room = self.max_model_len - len(prompt.split())
        self.llm_engine.saying[number] = _Saying(
            prompt, self._words(content, prompt, sampling_params)[:room], sampling_params
        )
        return [f"{number}-0123abcd"]

    def _words(self, content: str, prompt: str, sampling: SamplingParams) -> list[str]:
        if "silent" in content:
            return [""]
        said = self.order.get("says") or f"You said {content} Seed: {sampling.seed}"
        thought = "I think of it. " * (20 if "long" in content else 1)
        if not sampling.skip_special_tokens:
            return f"[{thought.strip()}]{said}".split()
        if prompt.endswith("<think>\n"):
            return f"{thought}</think> {said}".split()
        return (f"<think> {thought}</think> {said}" if "think" in content else said).split()
