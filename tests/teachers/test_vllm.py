from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cache import Owner, ResponseCache
from open_thoughts_gen.errors import ProviderError, UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.vllm import ANSWER_SETTINGS, SPEED_ARGUMENTS, Vllm
from open_thoughts_gen.teachers.vllm.engine import PACKAGE
from open_thoughts_gen.types import Question, Request, Trace
from tests.toy import vllm as toy

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _a_toy_engine() -> Iterator[None]:
    token = PACKAGE.set("tests.toy.vllm")
    toy.made.clear()
    yield
    PACKAGE.reset(token)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return folder(tmp_path / "toy-1b")


def folder(path: Path, **order: Any) -> Path:
    """Return a model folder; the toy engine behaves as it is ordered to there. Each is a model of its own."""
    path.mkdir()
    (path / "config.json").write_text(json.dumps({"name": str(path), "toy": order}))
    return path


def teacher(model: Path | str, cache: Path, **settings: Any) -> Vllm:
    made = Vllm.model_validate_json(json.dumps({"model": str(model), **settings}), strict=True)
    return made.fresh(Context(folder=cache, cache=cache / "c.sqlite", run="r"))


def ask(model: Path | str, prompts: Sequence[str], num: int = 1, **settings: Any) -> list[Trace]:
    where = Path(model).parent if Path(model).exists() else Path()
    requests = [Request(Question(prompt), attempt) for prompt in prompts for attempt in range(num)]
    return list(teacher(model, where, **settings).traces(iter(requests)))


def in_order(traces: Sequence[Trace]) -> list[Trace]:
    return sorted(traces, key=lambda trace: (trace.question_id, trace.attempt))


def engine() -> toy.LLM:
    """Return the engine that was made, the one and only; the first call of each stream is the trial of one token."""
    assert len(toy.made) == 1
    return toy.made[0]


def test_each_request_gets_its_trace(model: Path) -> None:
    (trace,) = ask(model, ["Is it? think"])
    assert trace == Trace(
        Question("Is it? think").id, 0, "vllm/toy-1b", "I think of it.", "You said Is it? think Seed: None",
        usage=trace.usage,
    )  # fmt: skip
    assert trace.usage is not None
    assert (trace.usage.prompt_tokens, trace.usage.completion_tokens, trace.usage.cached_tokens) == (4, 13, 0)


def test_answers_come_as_they_end_and_places_are_filled_again(model: Path) -> None:
    traces = ask(model, ["long think", *(f"short {i}" for i in range(20))], concurrency=4)
    assert traces[-1].question_id == Question("long think").id
    assert engine().llm_engine.most_at_once == 4
    assert engine().llm_engine.num_steps == 1 + 88  # as many as the longest has words


def test_what_was_answered_is_not_generated_again_and_needs_no_engine(model: Path) -> None:
    prompts = [f"{i}?" for i in range(6)]
    first = ask(model, prompts, num=2)
    assert len(engine().enqueued) == 1 + 12
    toy.made.clear()
    again = Vllm(model=str(model)).fresh(Context(cache=model.parent / "c.sqlite"))
    PACKAGE.set("no_such_package")
    assert in_order(list(again.traces(Request(Question(p), i) for p in prompts for i in range(2)))) == in_order(first)
    assert again.state().startswith("0 answered · 12 cached")
    with pytest.raises(
        UserError, match=r"needs the package 'no_such_package'; pip install 'open-thoughts-gen\[vllm\]'"
    ):
        list(again.traces([Request(Question("another"))]))
    (fault,) = again.lacks()
    assert fault.hint == "pip install 'open-thoughts-gen[vllm]'"


def test_equal_calls_are_generated_once(model: Path) -> None:
    requests = [Request(Question("?", meta={"i": i})) for i in range(3)]
    assert len(list(teacher(model, model.parent).traces(requests))) == 3
    assert len(engine().enqueued) == 1 + 1


def test_attempts_have_seeds_of_their_own(model: Path) -> None:
    told = sorted(trace.response for trace in ask(model, ["?"], num=3, seed=40))
    assert told == [f"You said ? Seed: {seed}" for seed in (40, 41, 42)]


def test_settings_reach_the_sampling_over_those_of_the_model(tmp_path: Path) -> None:
    model = folder(tmp_path / "m", generation={"temperature": 0.6, "top_k": 20, "top_p": 0.9})
    ask(model, ["?"], top_p=0.5, max_tokens=99, extra_body={"top_k": 7})
    assert engine().enqueued[-1][1] == toy.SamplingParams(temperature=0.6, top_p=0.5, top_k=7, max_tokens=99)


def test_without_a_limit_an_answer_may_fill_the_context(model: Path) -> None:
    (trace,) = ask(model, ["long think"])
    assert len(trace.reasoning.split()) == 80
    (cut,) = ask(model, ["long think"], max_model_len=30)
    assert len(f"{cut.reasoning} {cut.response}".split()) < 30


def test_a_thought_that_the_template_opens_is_reasoning(model: Path) -> None:
    thinking = {"chat_template_kwargs": {"enable_thinking": True}}
    (trace,) = ask(model, ["?"], extra_body=thinking)
    assert (trace.reasoning, trace.response) == ("I think of it.", "You said ? Seed: None")
    (cut,) = ask(model, ["?"], max_tokens=3, extra_body=thinking)
    assert (cut.reasoning, cut.response, cut.finish_reason) == ("I think of", "", "length")


def test_a_parser_of_vllm_reads_other_marks(model: Path) -> None:
    (trace,) = ask(model, ["?"], reasoning_parser="brackets")
    assert (trace.reasoning, trace.response) == ("I think of it.", "You said ? Seed: None")
    assert trace.usage is not None
    assert trace.usage.reasoning_tokens == 4
    (cut,) = ask(model, ["?"], reasoning_parser="brackets", max_tokens=2)
    assert (cut.reasoning, cut.response, cut.finish_reason) == ("I think", "", "length")
    with pytest.raises(UserError, match=r"'curly' not found\. Available parsers: brackets"):
        ask(model, ["?"], reasoning_parser="curly")


def test_a_chat_template_of_ones_own(tmp_path: Path) -> None:
    model = folder(tmp_path / "m", no_template=True)
    with pytest.raises(UserError, match=r"cannot ask vllm/m: .*chat template.*; set chat_template to a file"):
        ask(model, ["?"])
    toy.made.clear()
    (tmp_path / "chat.jinja").write_text("one two three {}")
    (trace,) = ask(model, ["?"], chat_template="chat.jinja")
    assert trace.usage is not None
    assert trace.usage.prompt_tokens == 4
    num = len(engine().enqueued)
    (tmp_path / "chat.jinja").write_text("another {}")
    ask(model, ["?"], chat_template="chat.jinja")
    assert [len(llm.enqueued) for llm in toy.made] == [num, 2]
    with pytest.raises(UserError, match=r"the chat template 'none\.jinja' cannot be read"):
        ask(model, ["?"], chat_template="none.jinja")


@pytest.mark.parametrize(
    ("policy", "finish_reason", "num"),
    [
        ({}, "length", 1),
        ({"truncated": "drop"}, "error", 1),
        ({"truncated": "escalate", "max_tokens_limit": 64}, "stop", 3),
    ],
)
def test_a_cut_answer_is_kept_dropped_or_asked_again_larger(
    model: Path, policy: dict[str, Any], finish_reason: str, num: int
) -> None:
    (trace,) = ask(model, ["say think"], max_tokens=3, **policy)
    assert trace.finish_reason == finish_reason
    assert [sampling.max_tokens for _, sampling in engine().enqueued] == [1, 3, 6, 12][: 1 + num]
    again = ask(model, ["say think"], max_tokens=3, **policy)
    assert again == [trace]
    assert len(engine().enqueued) == 1 + num


def test_a_call_that_is_refused_or_broken_off_fails_alone_and_is_not_kept(model: Path) -> None:
    prompts = ["fine", "too long a prompt " * 10, "broken off", "a lone \ud800 surrogate"]
    for _ in range(2):
        found = {trace.question_id: trace for trace in ask(model, prompts, max_model_len=20)}
        errors = [found[Question(prompt).id].error for prompt in prompts]
        assert errors[0] is None
        assert "maximum context length" in str(errors[1])
        assert "broke off" in str(errors[2])
        assert "surrogates not allowed" in str(errors[3])
    with ResponseCache(model.parent / "c.sqlite") as cache:
        assert cache.stats().num_responses == 1


def test_an_empty_answer_is_a_failed_trace_and_kept(model: Path) -> None:
    (trace,) = ask(model, ["silent"])
    assert trace.finish_reason == "error"
    assert "empty" in str(trace.error)
    assert ask(model, ["silent"]) == [trace]
    assert len(engine().enqueued) == 2


def uneven(num: int) -> list[str]:
    return [f"{i}? long think" if i % 2 else f"{i}?" for i in range(num)]


def test_a_reader_who_stops_leaves_nothing_behind_and_the_model_is_kept(model: Path) -> None:
    requests = (Request(Question(prompt)) for prompt in uneven(40))
    with closing(teacher(model, model.parent, concurrency=8).traces(requests)) as stream:
        next(stream)
    assert engine().llm_engine.saying == {}
    with ResponseCache(model.parent / "c.sqlite") as cache:
        assert cache.stats().num_responses == 4
    assert len(ask(model, uneven(40), concurrency=8)) == 40
    assert len(engine().enqueued) == (1 + 8) + (1 + 36)  # what was being said is lost, and no more


KILLED = """
import sys
from pathlib import Path
from tests.teachers.test_vllm import PACKAGE, ask, uneven
PACKAGE.set("tests.toy.vllm")
ask(Path(sys.argv[1]), uneven(40), concurrency=4)
"""


def test_a_run_that_is_killed_loses_only_what_was_being_said(tmp_path: Path) -> None:
    model = folder(tmp_path / "m", dies_after=100)
    kept = [0]
    for _ in range(3):
        run = subprocess.run([sys.executable, "-c", KILLED, str(model)], cwd=ROOT, check=False)
        assert run.returncode == -signal.SIGKILL
        with ResponseCache(tmp_path / "c.sqlite") as cache:
            kept.append(cache.stats().num_responses)
    assert kept == sorted(set(kept))


def test_what_another_run_has_claimed_is_waited_for(model: Path) -> None:
    one, two = (teacher(model, model.parent, concurrency=4) for _ in range(2))
    requests = [Request(Question(f"{i}?")) for i in range(12)]
    first, second = one.traces(iter(requests)), two.traces(iter(requests[::-1]))
    found = [trace for pair in zip(first, second, strict=True) for trace in pair]
    assert len({(trace.question_id, trace.response) for trace in found}) == 12
    assert len(engine().enqueued) == 2 + 12


def test_a_claim_of_the_dead_is_taken_over(model: Path) -> None:
    done = ask(model, ["1?"])
    with ResponseCache(model.parent / "c.sqlite") as cache:
        key = next(cache.responses()).key
        cache.delete("1")
        gone = subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        assert cache.claim([key], Owner(pid=gone.pid)).ours == {key}
    assert ask(model, ["1?"]) == done


def test_one_engine_serves_all_who_want_the_same(model: Path, tmp_path: Path) -> None:
    ask(model, ["1?"])
    ask(model, ["2?"], temperature=0.5, seed=1)
    assert len(toy.made) == 1
    ask(folder(tmp_path / "other"), ["1?"])
    ask(model, ["3?"], tensor_parallel_size=2)
    assert len(toy.made) == 3


def test_what_changes_answers_is_part_of_the_key_and_what_does_not_is_not(model: Path) -> None:
    same: list[dict[str, Any]] = [
        {}, {"tensor_parallel_size": 2}, {"concurrency": 7}, {"gpu_memory_utilization": 0.5}, {"truncated": "drop"},
        {"engine": {"enforce_eager": True}},
    ]  # fmt: skip
    other: list[dict[str, Any]] = [
        {"dtype": "float16"}, {"quantization": "fp8"}, {"max_model_len": 100}, {"reasoning_parser": "brackets"},
        {"engine": {"kv_cache_dtype": "fp8"}}, {"engine": {"hf_overrides": {"a": 1}}}, {"temperature": 0.1},
        {"seed": 0}, {"system": "Think."}, {"extra_body": {"top_k": 2}},
    ]  # fmt: skip
    for settings in [*same, *other]:
        ask(model, ["?"], **settings)
    with ResponseCache(model.parent / "c.sqlite") as cache:
        assert cache.stats().num_responses == 1 + len(other)
    assert set(ANSWER_SETTINGS) == {"revision", "dtype", "quantization", "max_model_len", "reasoning_parser"}
    assert "enforce_eager" in SPEED_ARGUMENTS


def test_a_folder_is_its_content(model: Path, tmp_path: Path) -> None:
    (model / "model.safetensors").write_bytes(b"0" * 3_000_000)
    done = ask(model, ["?"])
    toy.made.clear()
    moved = tmp_path / "elsewhere" / "toy-1b"
    moved.parent.mkdir()
    shutil.move(model, moved)
    assert list(teacher(moved, tmp_path).traces([Request(Question("?"))])) == done
    assert toy.made == []
    (moved / "README.md").write_text("New words.")
    assert list(teacher("elsewhere/toy-1b", tmp_path).traces([Request(Question("?"))])) != []
    assert toy.made == []
    (moved / "model.safetensors").write_bytes(b"0" * 2_999_999 + b"1")
    list(teacher(moved, tmp_path).traces([Request(Question("?"))]))
    assert len(engine().enqueued) == 2


def test_a_revision_is_part_of_a_model_of_the_hub(tmp_path: Path) -> None:
    for revision in ("abc", "def", "abc"):
        made = teacher("owner/model", tmp_path, revision=revision)
        (trace,) = made.traces([Request(Question("?"))])
        assert trace.teacher == made.label == f"vllm/owner/model@{revision}"
    assert [len(llm.enqueued) for llm in toy.made] == [2, 2]


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        ("CUDA out of memory. Tried to allocate 2.00 GiB.", "set a smaller max_model_len"),
        ("No available memory for the cache blocks.", "set a smaller max_model_len"),
        ("Failed to infer device type, please set VLLM_LOGGING_LEVEL=DEBUG", "vLLM needs a GPU"),
        ("Device string must not be empty", "vLLM needs a GPU"),
        ("Found no NVIDIA driver on your system.", "vLLM needs a GPU"),
        ("no/such is not a local folder and is not a valid model identifier", "HF_TOKEN"),
        ("What is\nthis?", "VLLM_LOGGING_LEVEL=INFO"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_one_line_with_a_hint(tmp_path: Path, told: str, hint: str) -> None:
    model = folder(tmp_path / "m", cannot_load=told)
    with pytest.raises(UserError) as error:
        ask(model, ["?"])
    assert str(error.value).startswith("vLLM cannot load vllm/m: RuntimeError: ")
    assert hint in str(error.value)
    assert "\n" not in str(error.value)


def test_an_engine_that_fails_ends_the_run_and_is_not_used_again(tmp_path: Path) -> None:
    model = folder(tmp_path / "m", fails_after=20)
    prompts = [f"{i}?" for i in range(40)]
    with pytest.raises(
        UserError, match=r"vLLM failed while it asked vllm/m: .*out of memory.*; run the same command again"
    ):
        ask(model, prompts, concurrency=4)
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        kept = cache.stats().num_responses
    assert kept > 0
    with pytest.raises(UserError, match="out of memory"):
        ask(model, prompts, concurrency=4)
    assert len(toy.made) == 2
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert cache.stats().num_responses > kept


def test_settings_that_no_call_can_have_are_told_before_the_run(model: Path) -> None:
    with pytest.raises(UserError, match=r"cannot ask vllm/toy-1b: .*top_k must be"):
        ask(model, ["?"], extra_body={"top_k": -5})


def test_a_model_that_should_reason_and_does_not_stops_the_run(model: Path) -> None:
    with pytest.raises(ProviderError, match="gave no reasoning in its first 8 answers"):
        ask(model, [f"{i}?" for i in range(20)], reasoning=True)
    assert len(ask(model, ["a think", "b think"], reasoning=True)) == 2


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"engine": {"trust_remote_code": True}}, "trust_remote_code cannot be set here"),
        ({"engine": {"worker_cls": "theirs.Worker"}}, "worker_cls cannot be set here"),
        ({"engine": {"hf_token": "hf_x"}}, "hf_token cannot be set here"),
        ({"engine": {"enforce_eagre": True}}, "did you mean 'enforce_eager'"),
        ({"engine": {"dtype": "half"}}, "dtype is a setting of the teacher"),
        ({"extra_body": {"top_q": 1}}, "did you mean 'top_k'"),
        ({"extra_body": {"max_tokens": 1}}, "max_tokens cannot be set in extra_body"),
        ({"extra_body": {"chat_template_kwargs": 1}}, "chat_template_kwargs has to be a mapping"),
        ({"model": ""}, "model"),
    ],
)
def test_settings_are_checked_with_the_recipe(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Vllm.model_validate_json(json.dumps({"model": "a/b", **settings}), strict=True)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("./none", "there is no model folder './none'"),
        ("/no/such", "there is no model folder '/no/such'"),
        ("a/b/c", "'a/b/c' is neither a folder nor a model on the Hub; write OWNER/NAME"),
        ("empty", "'empty' holds no model; name a folder with a config.json"),
    ],
)
def test_a_model_that_is_not_there_is_told_before_the_run(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as error:
        teacher(name, tmp_path)
    assert str(error.value).startswith(told)


def test_a_folder_has_no_revision(model: Path) -> None:
    with pytest.raises(UserError, match="is a folder, and has no revision"):
        teacher(model, model.parent, revision="main")


def test_a_file_of_weights_is_a_model(tmp_path: Path) -> None:
    (tmp_path / "small.gguf").write_bytes(b"GGUF")
    assert teacher("./small.gguf", tmp_path).label == "vllm/small.gguf"


def test_it_costs_nothing_and_names_no_place_on_the_machine(model: Path) -> None:
    made = teacher(model, model.parent)
    assert made.cost_usd == 0
    assert made.label == "vllm/toy-1b"
    assert Vllm(model="~/models/x/").label == "vllm/x"
