"""Token n-grams, by a tokenizer that lies in a local file."""

from __future__ import annotations

from pathlib import Path

import pytest

from open_thoughts_gen.contamination.findings import Item, LeakRule
from open_thoughts_gen.contamination.matching import Contamination
from open_thoughts_gen.contamination.tokens import load_tokenizer
from open_thoughts_gen.errors import UserError

tokenizers = pytest.importorskip("tokenizers")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = tokenizers.models.WordLevel({word: i for i, word in enumerate("? a b c d e f g".split())}, unk_token="?")
    tokenizer = tokenizers.Tokenizer(model)
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    return tmp_path


def test_a_shared_run_of_tokens_is_a_leak(folder: Path) -> None:
    rule = LeakRule(whole=False, containment=None, token_ngram=4, fold=())
    for place in (folder, folder / "tokenizer.json"):
        checked = Contamination([Item("bench", 0, "a b c d e")], rule, tokenizer=load_tokenizer(place))
        found = checked.findings(["g b c d e g", "b c d g e", ""])
        assert [each and each.check for each in found] == ["token 4-gram", None, None]


def test_no_tokenizer_is_told(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(UserError, match="this is not a tokenizer"):
        load_tokenizer(tmp_path)
    with pytest.raises(UserError, match=r"name a folder with a tokenizer\.json"):
        load_tokenizer(tmp_path / "nowhere")
