"""The config `rl` and held-out splits: as a trainer loads them, with a reward of 1 for what the rows say themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.rewards import reward

RECIPE = """
name: worlds
seed: 3
target: 40
source: {use: family, family: counterfactual, twins: 0.5}
teacher: {use: solver, narration: brief}
verifiers:
  - use: family
  - use: read_back
sample_filters:
  - {use: verified, undecided: drop}
  - {use: split, test_rate: 0.1, hold_out: level, validation_rate: 0.1, near: drop, threshold: 100}
decontaminate: false
publish:
  rl: true
  columns: {level: int, pair: string}
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rl")
    (folder / "worlds.yaml").write_text(RECIPE, "utf-8")
    cache = str(folder / "responses.sqlite")
    assert main(["run", str(folder / "worlds.yaml"), "--out", str(folder / "run"), "--cache", cache]) == 0
    return folder / "run" / "dataset"


def loaded(dataset: Path, config: str) -> dict[str, list[dict[str, Any]]]:
    splits = datasets.load_dataset(str(dataset), config, cache_dir=str(dataset.parent / f"cache-{config}"))
    return {str(name): list(rows) for name, rows in splits.items()}


def test_every_row_is_worth_one_by_its_own_response(dataset: Path) -> None:
    rows, prompts = loaded(dataset, "default"), loaded(dataset, "rl")
    assert list(prompts) == list(rows) == ["train", "validation", "test"]
    for split in rows:
        by_id = {row["id"]: row for row in prompts[split]}
        assert by_id.keys() == {row["id"] for row in rows[split]}
        for row in rows[split]:
            prompt = by_id[row["id"]]
            assert prompt["prompt"] == [{"role": "user", "content": row["question"]}]
            assert prompt["reference"] == row["reference"]
            assert reward(f"<think>{row['reasoning']}</think>{row['response']}", prompt) == 1.0
            assert reward("Answer: 12345 beyond all measure", prompt) == 0.0


def test_what_is_held_out_is_in_no_other_split_and_twins_stay_together(dataset: Path) -> None:
    rows = loaded(dataset, "default")
    levels = [{row["level"] for row in rows[split]} for split in rows]
    assert sum(map(len, levels)) == len(set.union(*levels)) == 4
    pairs = [{row["pair"] for row in rows[split] if row["pair"]} for split in rows]
    assert sum(map(len, pairs)) == len(set.union(*pairs)) > 0


def test_the_card_says_what_each_config_and_split_is_for(dataset: Path) -> None:
    card = (dataset / "README.md").read_text("utf-8")
    assert "- config `rl`: prompts with what judges an answer, for reinforcement learning" in card
    assert 'for row in load_dataset("runs/worlds/dataset", "rl", split="test"):\n    score = reward(' in card
    assert "- split `test`: to measure with, and to look at for nothing else; held out whole:" in card
    assert "read_back" in card
