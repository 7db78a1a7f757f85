"""Train and test, nothing in one that is near to something in the other."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
from rapidfuzz import fuzz

from open_thoughts_gen.filters.split import SPLITS, Split
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import DropReason, Question, Sample

WORDS = (
    "river stone market bridge letter garden winter copper violin harbour meadow candle forest ladder mirror".split()
)


def text(rng: Random, num: int = 20) -> str:
    return " ".join(rng.choice(WORDS) + str(rng.randint(0, 99)) for _ in range(num))


def questions(num: int = 60) -> list[Sample]:
    """Of every three questions, the second is near to the first."""
    rng = Random(5)
    found: list[Sample] = []
    for i in range(num):
        prompt = f"{found[-1].question.prompt} indeed" if i % 3 == 1 else text(rng)
        found.append(Sample(Question(prompt, meta={"scheme": f"s{i % 7}"})))
    return found


def split(samples: list[Sample], seed: int = 0, **settings: object) -> tuple[list[DropReason | None], dict[str, str]]:
    one = Split.model_validate({"test_rate": 0.2, **settings}).fresh(Context(seed=seed))
    fates = list(one.drop_reasons(samples))
    report = one.report()
    assert report is not None
    return fates, dict(report.splits)


def sides(samples: list[Sample], splits: dict[str, str]) -> tuple[list[str], list[str]]:
    found: dict[str, list[str]] = {"train": [], "test": []}
    for sample in samples:
        if sample.question.id in splits:
            found[splits[sample.question.id]].append(sample.question.prompt)
    return found["train"], found["test"]


@pytest.mark.parametrize("near", ["together", "drop"])
def test_nothing_is_near_across(near: str) -> None:
    samples = questions()
    fates, splits = split(samples, near=near)
    train, test = sides(samples, splits)
    assert train
    assert test
    assert max(fuzz.ratio(one, other) for one in train for other in test) < 75
    assert any(fates) == (near == "drop")
    assert len(splits) + sum(why is not None for why in fates) == len(samples)


def test_as_many_are_in_the_test_split_as_were_asked_for() -> None:
    _, splits = split(questions())
    assert sum(side == "test" for side in splits.values()) == 12


def test_a_dropped_question_names_the_test_question_that_it_is_near_to() -> None:
    samples = questions()
    fates, splits = split(samples, near="drop")
    (*_, why) = [why for why in fates if why is not None]
    assert why.reason == "near a test question"
    assert splits[why.twin or ""] == "test"
    assert (why.score or 0) >= 75


def test_the_split_does_not_depend_on_the_order_but_on_the_seed() -> None:
    samples = questions()
    _, splits = split(samples)
    assert split(samples[::-1])[1] == splits
    assert split(samples, seed=1)[1] != splits


def test_minimal_pairs_and_named_groups_stay_together() -> None:
    rng = Random(1)
    pairs = [Sample(Question(text(rng), meta={"pair": f"p{i // 2}"})) for i in range(40)]
    _, splits = split(pairs)
    for one, other in zip(pairs[::2], pairs[1::2], strict=True):
        assert splits[one.question.id] == splits[other.question.id]
    samples = questions()
    _, splits = split(samples, together="scheme", threshold=100)
    for scheme in {str(sample.question.meta["scheme"]) for sample in samples}:
        assert len({splits[s.question.id] for s in samples if s.question.meta["scheme"] == scheme}) == 1


def test_attempts_at_a_question_share_its_side() -> None:
    samples = questions(9)
    _, splits = split([sample for sample in samples for _ in range(3)])
    assert len(splits) == 9


def test_a_lump_too_large_for_the_test_split_stays_in_train() -> None:
    samples = [Sample(Question(f"The quick brown fox jumps over the lazy dog, number {i}.")) for i in range(20)]
    _, splits = split(samples)
    assert set(splits.values()) == {"train"}
    fates, splits = split(samples, near="drop")
    assert list(splits.values()) == ["test"] * 4
    assert sum(why is not None for why in fates) == 16


def test_a_validation_split_has_its_share_and_nothing_near_to_the_others() -> None:
    samples = questions(90)
    for near in ("together", "drop"):
        reasons, splits = split(samples, validation_rate=0.2, near=near)
        texts = {name: [s.question.prompt for s in samples if splits.get(s.question.id) == name] for name in SPLITS}
        assert all(texts.values())
        for one, other in itertools.combinations(SPLITS, 2):
            assert max(fuzz.ratio(text, twin) for text in texts[one] for twin in texts[other]) < 75
        assert {why.reason for why in reasons if why} <= {"near a test question", "near a held-out question"}
    assert sum(side == "validation" for side in split(samples, validation_rate=0.2)[1].values()) == 18


def schemes_of(samples: list[Sample], splits: dict[str, str], side: str) -> set[str]:
    return {str(sample.question.meta["scheme"]) for sample in samples if splits[sample.question.id] == side}


@pytest.mark.parametrize("rate", [0.01, 0.15, 0.3])
def test_whole_schemes_are_held_out_and_each_split_has_one(rate: float) -> None:
    samples = questions(140)
    settings: Any = {"hold_out": "scheme", "threshold": 100, "test_rate": rate, "validation_rate": rate}
    _, splits = split(samples, **settings)
    train, validation, test = (schemes_of(samples, splits, side) for side in ("train", "validation", "test"))
    assert train
    assert validation
    assert test
    assert len(train | validation | test) == len(train) + len(validation) + len(test)
    _, longer = split(questions(160), **settings)
    assert schemes_of(questions(160), longer, "test") == test


def test_a_run_says_which_values_are_held_out() -> None:
    one = Split(hold_out=("scheme",), threshold=100, test_rate=0.2).fresh(Context())
    samples = questions()
    list(one.drop_reasons(samples))
    report = one.report()
    assert report is not None
    assert report.facts["held_out"] == {"test": sorted(schemes_of(samples, dict(report.splits), "test"))}


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(ValueError, match="less than 1"):
        Split(test_rate=0.5, validation_rate=0.5)
