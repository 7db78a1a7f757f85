"""Tokens are counted by the tokenizer that the recipe names, which has to be on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.tokens import Tokens
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample, Trace
from tests.static_model import GOLDEN

QUESTION = Question("Cat, ship!")
SAMPLE = Sample(QUESTION, Trace(QUESTION.id, 0, "t", "cat cat cat", "ship \ud800"))


def tokens(name: str = str(GOLDEN), folder: Path = Path(), **settings: object) -> Tokens:
    return Tokens.model_validate({"tokenizer": name, **settings}).fresh(Context(folder=folder))


@pytest.mark.parametrize(("of", "num"), [("question", 4), ("reasoning", 3), ("response", 2), ("answer", 5)])
def test_each_text_by_its_name(of: str, num: int) -> None:
    assert tokens(of=of).measure(SAMPLE) == {f"{of}_tokens": num}


def test_bounds_and_samples_without_an_answer() -> None:
    why = tokens(of="answer", max=4).drop_reason(SAMPLE)
    assert why is not None
    assert (why.reason, why.detail) == ("answer tokens above the maximum", "5, at most 4 wanted")
    assert tokens(of="answer", max=4).drop_reason(Sample(QUESTION)) is None
    assert [*tokens(of="answer").measures([Sample(QUESTION), SAMPLE])] == [{"answer_tokens": n} for n in (None, 5)]


def test_a_model_in_the_cache_of_the_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    kept = tmp_path / "models--tester--model"
    (kept / "snapshots" / "abc").mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc")
    with pytest.raises(UserError, match="no tokenizer here"):
        tokens("tester/model", tmp_path)
    (kept / "snapshots" / "abc" / "tokenizer.json").write_bytes((GOLDEN / "tokenizer.json").read_bytes())
    assert tokens("tester/model", tmp_path).measure(SAMPLE) == {"question_tokens": 4}
    with pytest.raises(UserError, match="no tokenizer here"):
        tokens("no such/model", tmp_path)
