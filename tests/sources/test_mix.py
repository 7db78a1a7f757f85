"""Choosing from sources: parts, shares, chance, and what becomes of a source that is short."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.mix import Mix
from open_thoughts_gen.types import DropReason, Question
from tests.contract_examples import GOLDEN
from tests.servers.chat_server import ChatServer
from tests.servers.judging import writing

SUMS = {"use": "family", "family": "tests.toy.sums:Sums"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, num in (("a", 40), ("b", 7), ("c", 40)):
        rows = [json.dumps({"prompt": f"{name}{i}?"}) for i in range(num)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows))
    return tmp_path


def mixed(folder: Path, *, names: str = "abc", seed: int = 0, **settings: Any) -> list[str]:
    of = [{"use": "files", "path": f"{name}.jsonl"} for name in names]
    mix = Mix.model_validate({"of": of, **settings}).fresh(Context(seed=seed, folder=folder))
    return [drawn.prompt for drawn in mix.questions() if isinstance(drawn, Question)]


def parts(prompts: list[str]) -> dict[str, int]:
    return dict(Counter(prompt[0] for prompt in prompts))


def test_an_equal_part_of_the_best(folder: Path) -> None:
    assert mixed(folder, num=5, best=2) == ["a0?", "b0?", "a1?", "b1?", "a2?"]
    assert parts(mixed(folder, num=31, best=2)) == {"a": 16, "b": 7}
    assert mixed(folder, num=4, order="one_by_one", names="ca") == ["c0?", "c1?", "a0?", "a1?"]
    assert parts(mixed(folder)) == {"a": 40, "b": 7, "c": 40}


def test_a_short_source_is_repeated_and_its_copies_are_numbered(folder: Path) -> None:
    mix = Mix.model_validate({"of": [{"use": "files", "path": "b.jsonl"}], "num": 16, "short": "repeat"})
    drawn = list(mix.fresh(Context(folder=folder)).questions())
    assert [(each.prompt, each.meta.get("copy")) for each in drawn if isinstance(each, Question)] == [
        (f"b{i % 7}?", i // 7 or None) for i in range(16)
    ]


def test_shares_are_of_the_length_and_chance_does_not_depend_on_the_order(folder: Path) -> None:
    chosen = mixed(folder, shares=[0.26, 0.5, 1], pick="by_lot")
    assert parts(chosen) == {"a": 10, "b": 3, "c": 40}
    assert chosen == mixed(folder, shares=[0.26, 0.5, 1], pick="by_lot")
    rows = (folder / "a.jsonl").read_text().splitlines()
    (folder / "a.jsonl").write_text("\n".join(rows[::-1]))
    assert chosen == mixed(folder, shares=[0.26, 0.5, 1], pick="by_lot")
    assert chosen != mixed(folder, shares=[0.26, 0.5, 1], pick="by_lot", seed=1)


def test_the_order_of_datasets(folder: Path) -> None:
    from datasets import Dataset

    theirs = Dataset.from_list([{"prompt": f"a{i}?"} for i in range(40)]).shuffle(seed=42).select(range(11))
    assert mixed(folder, names="a", num=11, pick="by_lot", compat="datasets", seed=42) == list(theirs["prompt"])


def test_bad_rows_are_reported_and_what_has_no_end_only_by_number(folder: Path) -> None:
    with (folder / "b.jsonl").open("a") as file:
        file.write('\n{"prompt": " "}')
    for pick in ("first", "by_lot"):
        of = [{"use": "files", "path": "b.jsonl"}]
        mix = Mix.model_validate({"of": of, "pick": pick}).fresh(Context(folder=folder))
        assert [each.reason for each in mix.questions() if isinstance(each, DropReason)] == ["no prompt"]
    assert Mix.model_validate({"of": [SUMS]}).endless
    assert len(list(Mix.model_validate({"of": [SUMS], "num": 3}).fresh(Context()).questions())) == 3
    with pytest.raises(UserError, match="never ends"):
        Mix.model_validate({"of": [SUMS], "num": 3, "pick": "by_lot"}).fresh(Context())


def test_a_source_that_writes_is_asked_for_no_more_than_its_part(tmp_path: Path) -> None:
    with ChatServer(answer=writing) as server:
        seeds = {"use": "files", "path": str(GOLDEN / "cats.jsonl")}
        written = {"use": "write", "how": "harder", "model": server.spec, "seeds": seeds, "per_call": 1}
        mix = Mix.model_validate({"of": [written, SUMS], "num": 6})
        mix = mix.fresh(Context(cache=tmp_path / "responses.sqlite"))
        mix.expect(10)
        assert len(list(mix.questions())) == 6
        assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"best": 2}, "best: 2 of 1"),
        ({"num": 2, "shares": [1]}, "either"),
        ({"shares": [0.5, 0.5]}, "one for each source"),
        ({"short": "repeat"}, "needs `num:`"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Mix.model_validate({"of": [SUMS], **settings})
