"""A run of the recipe: what its rows say, its splits, its rewards, and its export for the challenge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.challenge.export import read_splits, stratified
from open_thoughts_gen.challenge.form import SUFFIX, Puzzle
from open_thoughts_gen.challenge.tekken import Tokens
from open_thoughts_gen.cli.main import main
from open_thoughts_gen.rewards import reward, reward_func
from open_thoughts_gen.text.challenge_metric import extracted, same

RECIPE = Path(__file__).parent.parent.parent / "recipes" / "nemotron.yaml"
Row = Mapping[str, Any]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "nemotron"
    words = ["run", str(RECIPE), "--target", "70", "--set", "sample_filters.1.test_rate=0.3", "--out", str(folder)]
    assert main(words) == 0
    return folder


def rows(run: Path, config: str = "data", split: str = "") -> list[dict[str, Any]]:
    files = sorted((run / "dataset" / config).glob(f"{split}*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_every_row_says_under_which_rules_it_is_forced(run: Path) -> None:
    assert len(rows(run)) == 70
    for row in rows(run):
        assert (row["language"], row["n_answers"]) == ("decoded", 1)
        assert row["n_worlds"] >= 1
        is_equation = row["scheme"] in ("digits", "symbols")
        assert (row["alterations"] or "").count("+") == (2 if is_equation else 0)
        assert is_equation == (row["query_operator_shown"] is not None)
    card = (run / "dataset" / "README.md").read_text("utf-8")
    assert "`language`" in card
    assert "The language of rules is an assumption, `decoded` in the column `language`" in card


def test_rules_of_the_test_rows_are_in_no_training_row(run: Path) -> None:
    structures = {split: {row["structure"] for row in rows(run, split=split)} - {None} for split in ("train", "test")}
    assert min(map(len, structures.values())) > 5
    assert not structures["train"] & structures["test"]


COMPLETIONS: Mapping[str, Callable[[Row], str]] = {
    "its own": lambda row: Puzzle("", row["question"], row["reasoning"], row["reference"]).completion,
    "with the mark that the prompt holds": lambda row: f"<think>\n{row['reasoning']}\n</think>\n{row['response']}",
    "the box alone": lambda row: f"\\boxed{{{row['reference']}}}",
    "in the thought": lambda row: f"{row['reasoning']} \\boxed{{{row['reference']}}}",
    "after another": lambda row: f"\\boxed{{none}}\n</think>\n\\boxed{{{row['reference']}}}",
    "another": lambda row: f"{row['reasoning']}\n</think>\n\\boxed{{none}}",
    "cut": lambda row: row["reasoning"][:100],
}


@pytest.mark.parametrize("kind", COMPLETIONS)
def test_the_reward_of_a_completion_is_what_the_metric_says(run: Path, kind: str) -> None:
    problems = {row["id"]: row for row in rows(run, "rl")}
    answered = rows(run)
    assert set(problems) == {row["id"] for row in answered}
    for row in answered:
        completion = COMPLETIONS[kind](row)
        is_right = same(row["reference"], extracted(completion.removesuffix("<|im_end|>")))
        assert is_right == (kind not in ("another", "cut"))
        assert reward(completion, problems[row["id"]]) == float(is_right)


def test_a_trainer_of_grpo_gets_the_reward_for_prompts_with_the_suffix(run: Path) -> None:
    responses = {row["id"]: row["response"] for row in rows(run)}
    problems = rows(run, "rl")[:20]
    for row in problems:
        row["prompt"][-1]["content"] += SUFFIX
    completions = [[{"role": "assistant", "content": responses[row["id"]]}] for row in problems]
    columns = {name: [row[name] for row in problems] for name in problems[0]}
    assert reward_func(columns.pop("prompt"), completions, **columns) == [1.0] * len(problems)


def test_the_export_is_in_stratified_order_and_within_the_limit(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("mistral_common")
    puzzles, tokens = read_splits(run)["train"], Tokens()
    assert [puzzle.fault() for puzzle in puzzles] == [""] * len(puzzles)
    sizes = {puzzle.id: len(tokens.ids(puzzle.completion)) for puzzle in puzzles}
    longest = sorted(sizes.values())[-3]
    words = ["challenge", str(run), "--out", str(tmp_path), "--tokens", "--max-tokens", str(longest)]
    assert main(words) == 0
    lines = [json.loads(line) for line in (tmp_path / "train.jsonl").read_text("utf-8").splitlines()]
    whole = {puzzle.completion for puzzle in puzzles}
    assert len(lines) == len(puzzles) - 2  # the longer ones are left out
    assert all(line["completion"] in whole for line in lines)  # and none is cut
    left = [puzzle for puzzle in puzzles if sizes[puzzle.id] <= longest]
    assert [line["id"] for line in lines] == [puzzle.id for puzzle in stratified(left)]
    shares = Counter(line["scheme"] for line in lines)
    for scheme, num in shares.items():
        in_the_first_half = sum(line["scheme"] == scheme for line in lines[: len(lines) // 2])
        assert abs(in_the_first_half - num / 2) <= 1
