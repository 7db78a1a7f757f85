"""The teacher `vllm` with the real vLLM and a tiny random model that is made here; skipped where vLLM is not installed.

    pip install 'open-thoughts-gen[vllm,dev]' && pytest tests/teachers/test_vllm_engine.py

It takes a GPU, or vLLM's build for processors, and about a minute. The names that the teacher uses, and that the toy
engine of `test_vllm.py` stands in for, are held against vLLM's own without either.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.vllm import ANSWER_ARGUMENTS, SAMPLING, SPEED_ARGUMENTS, Vllm
from open_thoughts_gen.teachers.vllm.engine import TEMPLATE_SETTINGS
from open_thoughts_gen.types import Question, Request, Trace
from tests.toy import vllm as toy
from tests.toy.vllm import reasoning as toy_reasoning

pytestmark = [
    pytest.mark.skipif(find_spec("vllm") is None, reason="vLLM is not installed"),
    pytest.mark.filterwarnings("ignore"),  # what it imports warns of much
]

CHAT = """\
{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}<|im_start|>assistant
{% if enable_thinking is defined and enable_thinking %}<think>
{% endif %}"""
LIMIT = 160


@pytest.fixture(autouse=True)
def _on_this_machine_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"VLLM_HOST_IP": "127.0.0.1", "HF_HUB_OFFLINE": "1", "VLLM_CPU_KVCACHE_SPACE": "1"}.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a Llama of two layers over bytes, which says nothing sensible."""
    if not import_module("vllm.platforms").current_platform.device_type:
        pytest.skip("vLLM finds no device here")
    return tiny_model(tmp_path_factory.mktemp("models") / "tiny", seed=0)


def tiny_model(folder: Path, *, seed: int) -> Path:
    tokenizers, transformers, torch = import_module("tokenizers"), import_module("transformers"), import_module("torch")
    letters = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet())
    pairs = tokenizers.models.BPE({letter: i for i, letter in enumerate(letters)}, [])
    spelling = tokenizers.Tokenizer(pairs)
    spelling.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    spelling.decoder = tokenizers.decoders.ByteLevel()
    end = "<|im_end|>"
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=spelling, eos_token=end, pad_token=end)
    tokenizer.add_tokens([tokenizers.AddedToken(tag, special=False) for tag in ("<think>", "</think>")])
    tokenizer.add_tokens([tokenizers.AddedToken("<|im_start|>", special=True)], special_tokens=True)
    tokenizer.chat_template = CHAT
    tokenizer.save_pretrained(folder)
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=320, hidden_size=128, intermediate_size=128, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=2, max_position_embeddings=512, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).to(torch.float32).save_pretrained(folder)
    return folder


def ask(model: Path, cache: Path, prompts: Sequence[str], num: int = 1, **settings: Any) -> list[Trace]:
    small = {"max_model_len": LIMIT, "dtype": "float32", "gpu_memory_utilization": 0.1, "concurrency": 4, "seed": 1}
    given = {"model": str(model), "engine": {"enforce_eager": True}, **small, **settings}
    teacher = Vllm.model_validate_json(json.dumps(given)).fresh(Context(cache=cache))
    requests = [Request(Question(prompt), attempt) for prompt in prompts for attempt in range(num)]
    return sorted(teacher.traces(iter(requests)), key=lambda trace: (trace.question_id, trace.attempt))


def only(folder: Path, *tokens: str) -> dict[str, Any]:
    """Return sampling settings under which the model says nothing but these tokens."""
    tokenizer = import_module("transformers").AutoTokenizer.from_pretrained(folder)
    return {"allowed_token_ids": tokenizer.convert_tokens_to_ids(list(tokens))}


def test_a_real_model_answers_the_same_again_and_each_attempt_anew(model: Path, tmp_path: Path) -> None:
    prompts = ["What is 2 and 2?", "Who?", "Why?"]
    traces = ask(model, tmp_path / "one.sqlite", prompts, num=2, max_tokens=24)
    assert len(traces) == 6
    assert {trace.finish_reason for trace in traces} <= {"stop", "length"}
    assert all(trace.usage and trace.usage.prompt_tokens and trace.usage.completion_tokens for trace in traces)
    assert all(trace.usage is not None and (trace.usage.completion_tokens or 0) <= 24 for trace in traces)
    assert all(one.response != two.response for one, two in zip(traces[::2], traces[1::2], strict=True))
    assert ask(model, tmp_path / "another.sqlite", prompts, num=2, max_tokens=24) == traces
    assert ask(model, tmp_path / "one.sqlite", prompts, num=2, max_tokens=24, tensor_parallel_size=64) == traces


def test_the_chat_template_is_the_models_and_what_it_opens_is_reasoning(model: Path, tmp_path: Path) -> None:
    thinking = {TEMPLATE_SETTINGS: {"enable_thinking": True}, **only(model, "A")}
    (cut,) = ask(model, tmp_path / "c.sqlite", ["?"], max_tokens=5, extra_body=thinking)
    assert (cut.reasoning, cut.response, cut.finish_reason) == ("AAAAA", "", "length")
    closing = {**thinking, **only(model, "</think>", "A", "B", "<|im_end|>")}
    traces = ask(model, tmp_path / "c.sqlite", ["?"], num=12, max_tokens=60, extra_body=closing)
    assert any(trace.reasoning and trace.response for trace in traces)
    assert not any("think>" in trace.reasoning for trace in traces)
    rendered = "<|im_start|>system\nBe.<|im_end|>\n<|im_start|>user\n?<|im_end|>\n<|im_start|>assistant\n"
    (trace,) = ask(model, tmp_path / "c.sqlite", ["?"], max_tokens=5, system="Be.")
    tokenizer = import_module("transformers").AutoTokenizer.from_pretrained(model)
    assert trace.usage is not None
    assert trace.usage.prompt_tokens == len(tokenizer.encode(rendered, add_special_tokens=False))


@pytest.mark.parametrize("parser", ["deepseek_r1", "qwen3"])
def test_vllms_reasoning_parsers_read_it_too(model: Path, tmp_path: Path, parser: str) -> None:
    thinking = {TEMPLATE_SETTINGS: {"enable_thinking": True}, **only(model, "</think>", "A", "B", "<|im_end|>")}
    given: dict[str, Any] = {"num": 12, "max_tokens": 60, "extra_body": thinking}
    found = ask(model, tmp_path / "c.sqlite", ["?"], reasoning_parser=parser, **given)
    own = ask(model, tmp_path / "c.sqlite", ["?"], **given)
    assert [trace.reasoning.partition("</think>")[0].strip() for trace in found] == [trace.reasoning for trace in own]
    assert any(trace.reasoning and trace.response for trace in found)


def test_one_call_that_is_refused_fails_alone(model: Path, tmp_path: Path) -> None:
    traces = ask(model, tmp_path / "c.sqlite", ["x" * LIMIT, "fine?"], max_tokens=8, extra_body=only(model, "A"))
    assert sorted(trace.finish_reason for trace in traces) == ["error", "length"]
    assert "maximum context length" in next(trace.error for trace in traces if trace.error)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert cache.stats().num_responses == 1


def test_without_a_limit_an_answer_fills_the_context(model: Path, tmp_path: Path) -> None:
    (trace,) = ask(model, tmp_path / "c.sqlite", ["?"], extra_body=only(model, "A"))
    assert trace.usage is not None
    assert (trace.usage.prompt_tokens or 0) + (trace.usage.completion_tokens or 0) == LIMIT
    assert trace.finish_reason == "length"


def test_settings_that_no_call_can_have_end_the_run(model: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"vLLM cannot ask vllm/tiny: .*repetition_penalty"):
        ask(model, tmp_path / "c.sqlite", ["?"], extra_body={"repetition_penalty": -1})


def test_a_reader_who_stops_can_go_on(model: Path, tmp_path: Path) -> None:
    teacher = Vllm(
        model=str(model), max_model_len=LIMIT, dtype="float32", gpu_memory_utilization=0.1, concurrency=4, seed=1,
        max_tokens=40, engine={"enforce_eager": True}, extra_body=only(model, "A", "<|im_end|>"),
    ).fresh(Context(cache=tmp_path / "c.sqlite"))  # fmt: skip
    requests = [Request(Question(f"{i}?")) for i in range(12)]
    stream = teacher.traces(iter(requests))
    first = next(stream)
    stream.close()
    traces = list(teacher.traces(iter(requests)))
    assert len(traces) == 12
    assert first in traces


def test_another_model_takes_the_place_of_the_first(model: Path, tmp_path: Path) -> None:
    other = tiny_model(tmp_path / "other", seed=1)
    assert len(ask(other, tmp_path / "c.sqlite", ["?"], max_tokens=8)) == 1
    assert len(ask(model, tmp_path / "c.sqlite", ["?"], max_tokens=8)) == 1


def test_a_model_that_cannot_be_loaded_is_one_line(model: Path, tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "config.json").write_text('{"architectures": ["NoSuchModel"], "model_type": "no_such"}')
    with pytest.raises(UserError) as error:
        ask(tmp_path / "odd", tmp_path / "c.sqlite", ["?"])
    assert str(error.value).startswith("vLLM cannot load vllm/odd: ")
    assert "\n" not in str(error.value)


def test_the_settings_that_are_let_through_are_vllms() -> None:
    vllm = import_module("vllm")
    assert (ANSWER_ARGUMENTS | SPEED_ARGUMENTS) - set(vllm.EngineArgs.__dataclass_fields__) == set()
    assert SAMPLING - {TEMPLATE_SETTINGS} - set(vllm.SamplingParams.__struct_fields__) == set()


def test_the_toy_engine_has_vllms_names() -> None:
    vllm, reasoning = import_module("vllm"), import_module("vllm.reasoning")
    outputs = import_module("vllm.outputs")
    pairs: list[tuple[Any, Any]] = [
        (toy.LLM.__init__, vllm.LLM.__init__), (toy.LLM.enqueue_chat, vllm.LLM.enqueue_chat),
        (toy.LLM.get_tokenizer, vllm.LLM.get_tokenizer), (toy.LLMEngine.step, vllm.LLMEngine.step),
        (toy.LLMEngine.abort_request, vllm.LLMEngine.abort_request),
        (toy_reasoning.ReasoningParser.extract_reasoning, reasoning.ReasoningParser.extract_reasoning),
        (toy_reasoning.ReasoningParser.adjust_request, reasoning.ReasoningParser.adjust_request),
        (toy_reasoning.ReasoningParser.count_reasoning_tokens, reasoning.ReasoningParser.count_reasoning_tokens),
        (
            toy_reasoning.ReasoningParserManager.get_reasoning_parser,
            reasoning.ReasoningParserManager.get_reasoning_parser,
        ),
    ]  # fmt: skip
    for ours, theirs in pairs:
        assert set(inspect.signature(ours).parameters) - set(inspect.signature(theirs).parameters) == set(), ours
    assert set(toy.SamplingParams.__dataclass_fields__) - set(vllm.SamplingParams.__struct_fields__) == set()
    assert set(toy.CompletionOutput.__dataclass_fields__) - set(outputs.CompletionOutput.__dataclass_fields__) == set()
    told = set(inspect.signature(outputs.RequestOutput.__init__).parameters)
    assert set(toy.RequestOutput.__dataclass_fields__) - told == set()
    assert issubclass(import_module("vllm.exceptions").VLLMValidationError, Exception)
    protocol = import_module("vllm.entrypoints.openai.chat_completion.protocol")
    assert {"messages", "model", "skip_special_tokens"} - set(protocol.ChatCompletionRequest.model_fields) == set()
    assert callable(import_module("vllm.config").ModelConfig.get_diff_sampling_param)
