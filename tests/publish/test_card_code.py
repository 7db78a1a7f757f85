"""The code and the commands on a card, run as they stand there: loading, training, rewards, making the rows again."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
import yaml

from open_thoughts_gen.cli.main import main
from tests.publish import trl_stand_in

RECIPE = """
name: worlds
seed: 5
target: 400
source: {use: family, family: counterfactual, twins: 0.3}
teacher: solver
verifiers: [family, steps]
sample_filters:
  - {use: verified, undecided: drop}
decontaminate: false
publish: {rl: true, columns: {level: int}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run in it, as a user's: the card names `runs/worlds`."""
    folder = tmp_path_factory.mktemp("card")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "worlds.yaml").write_text(RECIPE, "utf-8")
        # Fewer rows by an option: what is published has to know of it.
        assert main(["run", "worlds.yaml", "--target", "12", "--cache", "c.sqlite"]) == 0
    return folder


@pytest.fixture
def card(folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(folder)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", folder / "loaded")
    return (folder / "runs/worlds/dataset/README.md").read_text("utf-8")


def code_of(card: str, word: str, language: str = "python") -> str:
    blocks = re.findall(rf"```{language}\n(.*?)\n```", card, re.DOTALL)
    (code,) = [block for block in blocks if word in block]
    return str(code)


def test_the_code_that_loads_names_every_config(card: str) -> None:
    names: dict[str, Any] = {}
    exec(code_of(card, "rows = load_dataset"), names)
    assert {len(names[each]) for each in ("rows", "chats", "chats_beside", "prompts")} == {12}
    assert names["rows"]["id"] == names["chats"]["id"] == names["chats_beside"]["id"]


def test_fine_tuning_sees_all_reasoning_to_its_end(card: str, folder: Path) -> None:
    with trl_stand_in.as_trl(lambda prompt: ""):
        exec(code_of(card, "SFTTrainer"), {"load_dataset": datasets.load_dataset})
        rendered = list(trl_stand_in.rendered)
    rows = pq.read_table(folder / "runs/worlds/dataset/data").to_pylist()
    assert len(rendered) == len(rows)
    for text, row in zip(rendered, rows, strict=True):
        assert f"<think>\n{row['reasoning'].strip()}\n</think>\n\n{row['response'].strip()}" in text
        assert text.count("<think>") == 1


def test_grpo_rewards_the_dataset_s_own_responses_and_nothing_else(card: str, folder: Path) -> None:
    rows = pq.read_table(folder / "runs/worlds/dataset/data").to_pylist()
    said = {row["question"]: f"<think>\n{row['reasoning']}\n</think>\n\n{row['response']}" for row in rows}
    for answer, worth in ((said.__getitem__, 1.0), (lambda prompt: "Answer: 12345 beyond all measure", 0.0)):
        with trl_stand_in.as_trl(answer):
            exec(code_of(card, "GRPOTrainer"), {"load_dataset": datasets.load_dataset})
            assert trl_stand_in.rewards == [worth] * len(rows)
            (length,) = trl_stand_in.lengths
    longest = max(len(row["reasoning"].split()) for row in rows)
    assert longest * 3 <= length


def test_the_published_recipe_makes_the_same_rows_again(card: str, folder: Path) -> None:
    command = code_of(card, "dataset/recipe.yaml", "sh")
    assert command == "python -m open_thoughts_gen run runs/worlds/dataset/recipe.yaml"
    first = folder / "runs/worlds/dataset"
    again = folder / "again/dataset"
    words = shlex.split(command)[3:]
    assert main([*words, "--out", "again", "--cache", "c.sqlite"]) == 0
    for config in ("data", "messages", "reasoning_content", "rl"):
        (file,) = (first / config).iterdir()
        assert (again / config / file.name).read_bytes() == file.read_bytes()
    assert (again / "recipe.yaml").read_bytes() == (first / "recipe.yaml").read_bytes()
    assert yaml.safe_load((first / "recipe.yaml").read_text("utf-8"))["target"] == 12
