from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.semantic_dedup import SemanticDedup
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import DropReason, Question, Sample
from tests.static_model import build


def reasons(folder: Path, prompts: Sequence[str | Question], **settings: object) -> list[DropReason | None]:
    build(folder / "model")
    plugin = SemanticDedup.model_validate({"model_path": "model", **settings}).fresh(Context(folder=folder))
    questions = [prompt if isinstance(prompt, Question) else Question(prompt) for prompt in prompts]
    return list(plugin.drop_reasons([Sample(question) for question in questions]))


def test_the_same_in_other_words_is_left_out(tmp_path: Path) -> None:
    why = reasons(tmp_path, ["What does a cat cost?", "Why is the sky blue?", "The price of kittens, of a kitten!"])
    assert [each and (each.reason, each.twin) for each in why] == [
        None,
        None,
        ("semantic duplicate", Question("What does a cat cost?").id),
    ]
    assert why[2] is not None
    assert why[2].score is not None
    assert 90 < why[2].score < 100


def test_the_threshold_decides(tmp_path: Path) -> None:
    asked = ["a blue sky", "a blue heaven", "a blue ship"]
    assert [each is None for each in reasons(tmp_path, asked, threshold=99.9)] == [True, True, True]
    assert [each is None for each in reasons(tmp_path, asked, threshold=95)] == [True, False, True]
    assert [each is None for each in reasons(tmp_path, asked, threshold=40)] == [True, False, False]


def test_what_the_model_has_no_word_for_is_like_nothing(tmp_path: Path) -> None:
    assert reasons(tmp_path, ["", "unknown", "other", "\ud800", "x" * 10_000], threshold=1) == [None] * 5


def test_problems_with_other_figures_and_minimal_pairs_are_kept(tmp_path: Path) -> None:
    asked = ["the cost of 2 cats, a cat", "the cost of 3 cats, a cat"]
    assert reasons(tmp_path, asked, numbers_guard=False)[1] is not None
    assert reasons(tmp_path, asked) == [None, None]
    pair = [Question(prompt, meta={"pair": "1"}) for prompt in asked]
    assert reasons(tmp_path, pair, numbers_guard=False) == [None, None]


def test_the_histogram_shows_the_nearest_and_the_threshold(tmp_path: Path) -> None:
    reasons(tmp_path, ["a cat", "a kitten", "the sky", "a ship"], threshold=95, histogram="plots/nearest.png")
    assert (tmp_path / "plots" / "nearest.png").read_bytes().startswith(b"\x89PNG")
    told = json.loads((tmp_path / "plots" / "nearest.json").read_text("utf-8"))
    assert (told["threshold"], told["num_questions"], told["num_above"]) == (95, 4, 2)
    assert sum(told["counts"]) == 4
    assert len(told["edges"]) == len(told["counts"]) + 1


@pytest.mark.parametrize("prompts", [[], ["a cat"]])
def test_few_questions_have_a_histogram_too(tmp_path: Path, prompts: list[str]) -> None:
    assert reasons(tmp_path, prompts, histogram="nearest.png") == [None] * len(prompts)


def test_the_model_is_a_folder_that_is_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        SemanticDedup(model_path="minishlab/potion-base-8M").fresh(Context(folder=tmp_path))
    with pytest.raises(ValidationError, match=r"written as \.png"):
        SemanticDedup(model_path="m", histogram="nearest.jpg")


def test_the_run_is_told_how_similar_the_nearest_are(tmp_path: Path) -> None:
    build(tmp_path / "model")
    plugin = SemanticDedup(model_path="model", threshold=95).fresh(Context(folder=tmp_path))
    list(plugin.drop_reasons([Sample(Question(prompt)) for prompt in ("a cat", "a kitten", "the sky", "a ship")]))
    report = plugin.report()
    assert report is not None
    told = report.facts["nearest"]
    assert (told["threshold"], told["num_questions"], told["num_above"], sum(told["counts"])) == (95, 4, 2, 4)


NO_SOCKET = """
import sys
def refuse(event, _):
    if event.startswith("socket."):
        raise SystemExit(f"something asked for a {event}")
sys.addaudithook(refuse)
from pathlib import Path
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.semantic_dedup import SemanticDedup
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample
samples = [Sample(Question(prompt)) for prompt in ("a cat", "a kitten")]
plugin = SemanticDedup(model_path="model", threshold=90).fresh(Context(folder=Path(sys.argv[1])))
print([why and why.reason for why in plugin.drop_reasons(samples)])
try:
    SemanticDedup(model_path="minishlab/potion-base-8M").fresh(Context(folder=Path(sys.argv[1])))
except UserError as error:
    print(error)
"""


def test_nothing_is_asked_of_a_network(tmp_path: Path) -> None:
    build(tmp_path / "model")
    words = [sys.executable, "-c", NO_SOCKET, str(tmp_path)]
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "[None, 'semantic duplicate']" in ran.stdout
    assert "there is no folder" in ran.stdout
