"""What `export --for trl` and a card's code make of our rows, by TRL's own trainers on a model of 16 numbers a token.

TRL needs torch, so neither is among the development dependencies; `.ci/run` installs both in an environment apart.
"""

from __future__ import annotations

import contextlib
import itertools
import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.cli import main
from tests.publish.test_card_code import code_of

trl = pytest.importorskip("trl")
datasets = pytest.importorskip("datasets")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # of torch and transformers, which are not ours to mend
    pytest.mark.timeout(600),
]

TEMPLATE = Path(__file__).parent / "templates" / "qwen3.jinja"
NUM = 100
RECIPE = f"""
name: acts
seed: 5
target: {NUM}
source: {{use: family, family: statutes}}
teacher: {{use: solver, narration: deliberate}}
verifiers: [family]
decontaminate: false
publish: {{rl: true}}
"""
WORDS = ["<|im_start|>", "<|im_end|>", "<|endoftext|>"]
DEFAULT_LENGTH = 1_024


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a run of `NUM` rows and a tiny Qwen3, whose tokenizer has learnt these rows."""
    place = tmp_path_factory.mktemp("trl")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("HF_DATASETS_CACHE", str(place / "datasets"))
        patch.setattr(datasets.config, "HF_DATASETS_CACHE", place / "datasets")
        Path("acts.yaml").write_text(RECIPE, "utf-8")
        assert main(["run", "acts.yaml", "--cache", "responses.sqlite"]) == 0
        make_model(
            place / "qwen3-tiny", [text for row in rows_of(place) for text in (row["question"], row["reasoning"])]
        )
        yield place


def rows_of(place: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(place / "runs/acts/dataset/data").to_pylist()
    return rows


def make_model(folder: Path, texts: list[str]) -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast, Qwen3Config, Qwen3ForCausalLM

    pairs = Tokenizer(models.BPE())
    pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    pairs.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    pairs.train_from_iterator(
        texts,
        trainers.BpeTrainer(vocab_size=4_000, special_tokens=WORDS, initial_alphabet=alphabet, show_progress=False),
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=pairs, eos_token=WORDS[1], pad_token=WORDS[2])
    tokenizer.chat_template = TEMPLATE.read_text("utf-8")
    tokenizer.save_pretrained(folder)
    config = Qwen3Config(
        vocab_size=len(tokenizer), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=1, head_dim=8, max_position_embeddings=32_768, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    Qwen3ForCausalLM(config).save_pretrained(folder)


@contextlib.contextmanager
def steps(number: int) -> Iterator[list[Any]]:
    """Let every trainer of TRL train for a few steps alone, without a GPU, and give these trainers."""
    from transformers import Trainer, TrainingArguments

    seen: list[Any] = []
    whole, checked = Trainer.train, TrainingArguments.__post_init__

    def check(self: Any) -> None:
        self.use_cpu = True
        checked(self)

    def train(self: Any, *words: Any, **named: Any) -> Any:
        seen.append(self)
        self.args.max_steps, self.args.save_strategy, self.args.report_to = number, "no", []
        return whole(self, *words, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trainer, "train", train)
        patch.setattr(TrainingArguments, "__post_init__", check)
        yield seen


def trained_texts(trainer: Any) -> list[tuple[str, str]]:
    """Return what a trainer of fine-tuning reads of each row, and the part of it that it learns."""
    texts = []
    for row in trainer.train_dataset:
        masks = [row[name] for name in ("completion_mask", "assistant_masks") if name in row]
        learnt = [token for token, *kept in zip(row["input_ids"], *masks, strict=True) if all(kept)]
        texts.append(tuple(map(trainer.processing_class.decode, (row["input_ids"], learnt))))
    return texts


def answered(row: dict[str, Any]) -> str:
    return f"<think>\n{row['reasoning'].strip()}\n</think>\n\n{row['response'].strip()}<|im_end|>"


def num_whole(trainer: Any, rows: list[dict[str, Any]]) -> tuple[int, int]:
    """Return in how many rows reasoning and answer stand whole, and in how many all of them is learnt."""
    pairs = list(zip(trained_texts(trainer), rows, strict=True))
    return (
        sum(answered(row) in text for (text, _), row in pairs),
        sum(answered(row) in learnt for (_, learnt), row in pairs),
    )


def test_export_keeps_reasoning_and_answer_of_every_row(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    assert main(["export", "runs/acts", "--for", "trl", "--model", "qwen3-tiny", "--check"]) == 0
    with steps(1) as seen:
        runpy.run_path("export/trl/train.py")
    (trainer,) = seen
    assert trainer.state.global_step == 1
    assert num_whole(trainer, rows_of(place)) == (NUM, NUM)
    assert {text.count("<think>") for text, _ in trained_texts(trainer)} == {1}


def test_trl_s_defaults_would_cut_some_of_the_same_rows(place: Path) -> None:
    rows = datasets.load_dataset("json", data_files=str(place / "export/trl/train.jsonl"), split="train")
    settings = trl.SFTConfig(output_dir=str(place / "out"), use_cpu=True)
    assert settings.max_length == DEFAULT_LENGTH
    trainer = trl.SFTTrainer(str(place / "qwen3-tiny"), train_dataset=rows, args=settings)
    assert num_whole(trainer, rows_of(place))[0] < NUM


def test_the_code_on_the_card_fine_tunes_on_whole_rows(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    code = card_code(place, "SFTTrainer")
    with steps(1) as seen:
        exec(code, {"load_dataset": datasets.load_dataset})
    assert num_whole(seen[0], rows_of(place))[0] == NUM


def test_the_code_on_the_card_trains_by_our_rewards(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    code = re.sub(r"max_completion_length=\d+", "max_completion_length=32", card_code(place, "GRPOTrainer"))
    with steps(1) as seen:
        exec(code, {"load_dataset": datasets.load_dataset})
    (trainer,) = seen
    logged = list(itertools.chain.from_iterable(trainer._logs["rewards"].values()))
    assert logged
    assert set(logged) == {0.0}  # a model that has learnt nothing is never right


def card_code(place: Path, word: str) -> str:
    card = (place / "runs/acts/dataset/README.md").read_text("utf-8")
    code, replaced = re.subn(r'"Qwen/[^"]+"', '"qwen3-tiny"', code_of(card, word))
    assert replaced == 1
    return code
