"""The cosine to positives less that to negatives, by a model of a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.embedding import Embedding
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample
from tests.static_model import GOLDEN


def score(folder: Path, prompt: str, **settings: Any) -> float | None:
    for name, prompts in (("cats", ["cat cat", "cat"]), ("skies", ["sky", "blue sky"])):
        (folder / f"{name}.jsonl").write_text("\n".join(json.dumps({"prompt": each}) for each in prompts))
    sources = {name: {"use": "files", "path": f"{path}.jsonl"} for name, path in settings.pop("of", OF).items()}
    embedding = Embedding.model_validate({"model_path": str(GOLDEN), **sources, **settings})
    return embedding.fresh(Context(folder=folder)).measure(Sample(Question(prompt)))["embedding_score"]


OF = {"positives": "cats", "negatives": "skies"}


def test_the_score_by_hand(tmp_path: Path) -> None:
    assert score(tmp_path, "cat", of={"positives": "cats"}) == pytest.approx(1)
    assert score(tmp_path, "cat") == pytest.approx(1)
    assert score(tmp_path, "sky") == pytest.approx(-(1 + 2**-0.5) / 2, abs=0.001)
    assert score(tmp_path, "unknown words") is None


def test_examples_are_the_first_and_a_model_has_to_be_here(tmp_path: Path) -> None:
    assert score(tmp_path, "sky", examples=1) == pytest.approx(-1)
    with pytest.raises(UserError, match="no folder"):
        score(tmp_path, "sky", model_path="tester/no-such-model")
    with pytest.raises(UserError, match="no file"):
        score(tmp_path, "sky", of={"positives": "dogs"})
