"""vLLM itself: one model loaded into this process, which is given calls and run step by step.

Calls go in by `LLM.enqueue_chat`, which applies the model's chat template, and come out of `LLMEngine.step` as each one
ends: the engine batches continuously, so no call waits for the slowest of a batch. An answer is turned into a chat
completion, which is what the response cache stores and the rest of the package reads. Only public names of vLLM are
used, as they are since 0.22 (checked up to 0.33).

A model takes minutes to load and most of a GPU, so a process has one at a time, and keeps it for the next teacher that
wants the same. It runs in this process and not, as vLLM usually does, in another one, so that its errors show here, in
one line; `VLLM_ENABLE_V1_MULTIPROCESSING=1` changes that. Its usage statistics and its log are off; both can be turned
on by vLLM's own variables. Code that a model brings along is never run.
"""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Final

import jinja2

from open_thoughts_gen.chat import Call
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.text import shorten

# The package that is imported as vLLM. Tests, which have no GPU, name a small one here.
PACKAGE: ContextVar[str] = ContextVar("PACKAGE", default="vllm")

TEMPLATE_SETTINGS: Final = "chat_template_kwargs"
_QUIET: Final = {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "VLLM_NO_USAGE_STATS": "1",
}
_OPENING: Final = "<think>"
_HINTS: Final[Sequence[tuple[tuple[str, ...], str]]] = (
    (
        ("out of memory", "no available memory", "free memory on device", "kv cache", "cannot allocate", "oom"),
        "set a smaller max_model_len, concurrency or gpu_memory_utilization, or more GPUs by tensor_parallel_size, or "
        "take a smaller or quantized model; see that no other program holds the GPU (nvidia-smi)",
    ),
    (
        ("infer device type", "device string", "device count", "no cuda", "cuda driver", "nvidia driver", "no gpu"),
        "vLLM needs a GPU that it supports: see nvidia-smi; or serve the model elsewhere and use the teacher openai",
    ),
    (("reasoning parser",), "name one of vLLM's, or leave reasoning_parser out: <think> tags are read without it"),
    (
        ("gated", "401", "403", "repository", "not a valid model", "not a local folder", "offline mode", "huggingface"),
        "name a folder with the model, or a model on the Hub and one of its revisions; a gated one needs HF_TOKEN",
    ),
    (("chat template", "chat_template"), "set chat_template to a file that holds one"),
)  # fmt: skip


class RefusedError(Exception):
    """The model cannot answer this one call, for example because its prompt is too long."""


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What to load: vLLM's arguments as JSON, and how prompts and answers are read. Equal settings share one model."""

    label: str
    arguments: str
    chat_template: str | None = None
    reasoning_parser: str | None = None


def lacking() -> list[Fault]:
    """Return the fault that vLLM is not installed, if it is not."""
    package = PACKAGE.get()
    return [] if importlib.util.find_spec(package.partition(".")[0]) else [_missing(package)]


def _missing(package: str) -> Fault:
    return Fault(f"teacher 'vllm' needs the package {package!r}", hint="pip install 'open-thoughts-gen[vllm]'")


class LoadedModel:
    """A model in the memory of this process.

    Raises:
        UserError: vLLM is not installed, or the model cannot be loaded. `answers` raises it too if the engine fails.

    """

    def __init__(self, settings: ModelSettings) -> None:
        self.settings = settings
        self.failed = False
        self._package = PACKAGE.get()
        self._calls: dict[str, Call] = {}
        self._answered: dict[str, bytes] = {}
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        try:
            self._vllm: Any = importlib.import_module(self._package)
        except ImportError as error:
            raise UserError(_missing(error.name or self._package)) from error
        with _errors_as_faults(f"vLLM cannot load {settings.label}"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            arguments = {"use_tqdm_on_load": False, **json.loads(settings.arguments), "trust_remote_code": False}
            self._llm = self._vllm.LLM(**arguments)
            self._sampling: Mapping[str, Any] = self._llm.llm_engine.model_config.get_diff_sampling_param()
            self._load_parser()

    def probe(self, call: Call) -> None:
        """Generate one token with the settings of a call, so that what would fail for every call fails now.

        Raises:
            UserError: no call of this kind can be answered.

        """
        system = [message for message in call.messages if message["role"] == "system"]
        settings = {name: value for name, value in call.settings.items() if name != "min_tokens"}
        messages = [*system, {"role": "user", "content": "?"}]
        short = replace(call, messages=messages, settings={**settings, "max_tokens": 1})
        with _errors_as_faults(f"vLLM cannot ask {self.settings.label}"):
            asked = self._enqueue(short)
        while not self.answers([asked]):
            continue

    def add(self, call: Call) -> str:
        """Hand a call over, and return the id under which its answer comes.

        Raises:
            RefusedError: vLLM, the tokenizer or the chat template does not accept it.

        """
        refused: type[Exception] = importlib.import_module(f"{self._package}.exceptions").VLLMValidationError
        try:
            return self._enqueue(call)
        except (refused, ValueError, TypeError, jinja2.TemplateError) as error:
            raise RefusedError(shorten(str(error), 300)) from error

    def answers(self, numbers: Collection[str]) -> list[tuple[str, bytes]]:
        """Return those of these calls that are complete, as chat completions; if none is, generate a token of each."""
        if self._answered.keys().isdisjoint(numbers):
            self.failed = True  # also where it is interrupted: nobody knows what state it was left in
            hint = "run the same command again; all answers so far are stored"
            with _errors_as_faults(f"vLLM failed while it asked {self.settings.label}", hint):
                for output in self._llm.llm_engine.step():
                    if output.finished and output.request_id in self._calls:
                        self._answered[output.request_id] = self._payload(output, self._calls.pop(output.request_id))
            self.failed = False
        return [(number, self._answered.pop(number)) for number in numbers if number in self._answered]

    def abort(self, numbers: Collection[str]) -> None:
        """Give up those of these calls that are not answered yet."""
        waiting = [number for number in numbers if self._calls.pop(number, None) is not None]
        if waiting and not self.failed:
            self._llm.llm_engine.abort_request(waiting)
        for number in numbers:
            self._answered.pop(number, None)

    def close(self) -> None:
        """Free the memory of the GPU."""
        del self._llm
        gc.collect()  # vLLM ends its workers when the last of it is collected, and it refers to itself

    def _enqueue(self, call: Call) -> str:
        settings = {name: value for name, value in call.settings.items() if name != TEMPLATE_SETTINGS}
        options = {} if self._parser_class is None else {"skip_special_tokens": self._asked.skip_special_tokens}
        # Without a limit of ours an answer may fill the context; vLLM's own default is 16 tokens.
        sampling = self._vllm.SamplingParams(**{"max_tokens": None, **self._sampling, **options, **settings})
        (asked,) = self._llm.enqueue_chat(
            list(call.messages),
            sampling,
            use_tqdm=False,
            chat_template=self.settings.chat_template,
            chat_template_kwargs=call.settings.get(TEMPLATE_SETTINGS),
        )
        # vLLM numbers its calls, and adds a random suffix; outputs come with the number alone.
        number = str(asked).partition("-")[0]
        self._calls[number] = call
        return number

    def _load_parser(self) -> None:
        """Load vLLM's parser of reasoning, and the request as its server would see it: parsers ask for tokens there."""
        self._parser_class: Any = None
        self._asked: Any = None
        if self.settings.reasoning_parser is None:
            return
        parsers = importlib.import_module(f"{self._package}.reasoning").ReasoningParserManager
        try:
            self._parser_class = parsers.get_reasoning_parser(self.settings.reasoning_parser)
        except KeyError as error:
            raise ValueError(str(error.args[0])) from error
        protocol = importlib.import_module(f"{self._package}.entrypoints.openai.chat_completion.protocol")
        asked = protocol.ChatCompletionRequest(messages=[{"role": "user", "content": "?"}], model=self.settings.label)
        self._asked = self._parser({}).adjust_request(asked)

    def _parser(self, template_settings: Mapping[str, Any] | None) -> Any:  # noqa: ANN401  (as above)
        return self._parser_class(
            self._llm.get_tokenizer(),
            chat_template_kwargs=dict(template_settings or {}),
            model_config=self._llm.llm_engine.model_config,
        )

    def _payload(self, output: Any, call: Call) -> bytes:  # noqa: ANN401  (as above)
        """Return an answer as a chat completion."""
        answer = output.outputs[0]
        message: dict[str, Any] = {"role": "assistant"}
        usage: dict[str, Any] = {
            "prompt_tokens": len(output.prompt_token_ids or ()),
            "completion_tokens": len(answer.token_ids),
            "prompt_tokens_details": {"cached_tokens": output.num_cached_tokens},
        }
        if self._parser_class is None:
            # The model does not repeat a tag that the chat template has opened for it.
            is_open = (output.prompt or "").rstrip().endswith(_OPENING)
            is_repeated = answer.text.lstrip().startswith(_OPENING)
            message["content"] = f"{_OPENING}\n{answer.text}" if is_open and not is_repeated else answer.text
        else:
            parser = self._parser(call.settings.get(TEMPLATE_SETTINGS))
            if hasattr(parser, "set_prompt_token_ids"):  # newer ones see by the prompt whether thinking is off
                parser.set_prompt_token_ids(output.prompt_token_ids or [])
            message["reasoning_content"], message["content"] = parser.extract_reasoning(answer.text, self._asked)
            num = parser.count_reasoning_tokens(answer.token_ids)
            usage["completion_tokens_details"] = {"reasoning_tokens": num}
        choice = {"index": 0, "message": message, "finish_reason": answer.finish_reason}
        completion = {"object": "chat.completion", "model": self.settings.label, "choices": [choice], "usage": usage}
        return json.dumps(completion).encode("ascii")


_loaded: list[LoadedModel] = []


def load(settings: ModelSettings, probe: Call) -> LoadedModel:
    """Return the model with these settings after it has answered a probe; it replaces one with other settings."""
    if _loaded and (_loaded[0].failed or (_loaded[0].settings, _loaded[0]._package) != (settings, PACKAGE.get())):
        _loaded.pop().close()
    if not _loaded:
        _loaded.append(LoadedModel(settings))
    _loaded[0].probe(probe)
    return _loaded[0]


@contextmanager
def _errors_as_faults(what: str, hint: str = "") -> Iterator[None]:
    """Turn whatever vLLM raises into one line for the user."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        known = next((hint for words, hint in _HINTS if any(word in said.lower() for word in words)), "")
        hints = [each for each in (known or "VLLM_LOGGING_LEVEL=INFO shows what it does", hint) if each]
        raise UserError(
            Fault(f"{what}: {type(error).__name__}: {shorten(said, 400)}", hint="; ".join(hints))
        ) from error
