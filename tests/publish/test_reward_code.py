"""The code on a card that rewards a model, taken from the card and run: the dataset's own responses are worth 1."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import datasets
import pytest

from open_thoughts_gen.cli.main import main

SUMS = """
name: sums
source: {use: files, path: rows.jsonl, fields: {prompt: question, reference: answer}, domain: math}
question_filters: []
teacher: {use: recorded, response: said, reasoning: thought}
verifiers: [VERIFIER]
decontaminate: false
publish: {rl: RL, license: cc0-1.0}
"""
FAMILY = """
name: worlds
target: 6
source: {use: family, family: counterfactual}
teacher: solver
verifiers: [family]
decontaminate: false
publish: {rl: RL}
"""


def dataset(recipe: str, folder: Path) -> Path:
    rows = [{"question": f"What is {i} + {i}?", "answer": str(2 * i), "thought": f"Twice {i}. Hm, answer: 3?",
             "said": f"It is double.\n\nAnswer: {2 * i}"} for i in range(20)]  # fmt: skip
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "recipe.yaml").write_text(recipe)
    words = [str(folder / "recipe.yaml"), "--out", str(folder / "run"), "--cache", str(folder / "cache.sqlite")]
    assert main(["run", *words]) == 0
    return folder / "run" / "dataset"


def code_of(dataset: Path) -> list[str]:
    card = (dataset / "README.md").read_text("utf-8")
    blocks = re.findall(r"```python\n(.*?)\n```", card, re.DOTALL)
    return [block for block in blocks if "my_model" in block]


@pytest.mark.parametrize(
    ("recipe", "used"),
    [
        (SUMS.replace("VERIFIER", "exact").replace("RL", "false"), 'row["reference"]'),
        (SUMS.replace("VERIFIER", "exact").replace("RL", "true"), '"rl"'),
        (SUMS.replace("VERIFIER", "{use: first_decided, of: [exact]}").replace("RL", "false"), 'row["reference"]'),
        (FAMILY.replace("RL", "false"), 'row["answer"]'),
        (FAMILY.replace("RL", "true"), '"rl"'),
    ],
)
def test_the_datasets_own_responses_are_worth_one(recipe: str, used: str, tmp_path: Path) -> None:
    place = dataset(recipe, tmp_path)
    (code,) = code_of(place)
    assert used in code

    def load_dataset(_: str, config: str = "default", *, split: str) -> Any:
        return datasets.load_dataset(str(place), config, split=split, cache_dir=str(tmp_path / "loaded"))

    rows = list(load_dataset("", split="train"))
    said = {row["question"]: f"<think>\n{row['reasoning']}\n</think>\n\n{row['response']}" for row in rows}

    def own(prompt: str | list[dict[str, str]]) -> str:
        return said[prompt if isinstance(prompt, str) else prompt[-1]["content"]]

    for my_model, worth in ((own, 1.0), (lambda prompt: "Answer: 12345678 beyond all measure", 0.0)):
        scores: list[float] = []
        names = {"load_dataset": load_dataset, "my_model": my_model, "scores": scores}
        exec(re.sub(r"score = (.*\))(  #.*)?$", r"scores.append(\1)", code), names)
        assert scores == [worth] * len(rows)


def test_code_that_would_not_hold_is_not_printed(tmp_path: Path) -> None:
    # This verifier says of every text that it is right, and that its answer is a number of its own.
    says = SUMS.replace("VERIFIER", '"tests.toy.sums:Says"').replace("RL", "false")
    assert code_of(dataset(says, tmp_path)) == []
    assert "Reward or measure" not in (tmp_path / "run" / "dataset" / "README.md").read_text("utf-8")
