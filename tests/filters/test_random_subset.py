"""A random part of the samples, chosen by what they are and not by where they stand."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.random_subset import RandomSubset
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample

SAMPLES = [Sample(Question(f"{i}?")) for i in range(400)]


def kept(samples: list[Sample], seed: int = 0, **settings: object) -> set[str]:
    chooser = RandomSubset.model_validate(settings).fresh(Context(seed=seed))
    drops = chooser.drop_reasons(samples)
    return {sample.question.prompt for sample, why in zip(samples, drops, strict=True) if why is None}


def test_a_number_is_kept_exactly_and_the_order_does_not_matter() -> None:
    chosen = kept(SAMPLES, num=30)
    assert len(chosen) == 30
    assert kept(SAMPLES[::-1], num=30) == chosen
    assert kept(SAMPLES, num=1000) == {sample.question.prompt for sample in SAMPLES}


def test_a_share_is_kept_about_and_one_sample_more_changes_nothing_for_the_others() -> None:
    chosen = kept(SAMPLES, rate=0.25)
    assert 70 <= len(chosen) <= 130
    assert kept([*SAMPLES, Sample(Question("new?"))], rate=0.25) - {"new?"} == chosen


def test_the_seed_of_the_recipe_or_its_own_decides() -> None:
    assert kept(SAMPLES, seed=1, num=30) != kept(SAMPLES, seed=2, num=30)
    own = {"num": 30, "seed": 7}
    one = RandomSubset.model_validate(own).fresh(Context(seed=1)).drop_reasons(SAMPLES)
    two = RandomSubset.model_validate(own).fresh(Context(seed=2)).drop_reasons(SAMPLES)
    assert list(one) == list(two)


@pytest.mark.parametrize("settings", [{}, {"num": 3, "rate": 0.5}])
def test_either_a_number_or_a_share(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="either `num:` or `rate:`"):
        RandomSubset.model_validate(settings)


def test_the_choice_of_datasets() -> None:
    from datasets import Dataset

    rows = Dataset.from_list([{"prompt": sample.question.prompt} for sample in SAMPLES])
    theirs = set(rows.shuffle(seed=42).select(range(25))["prompt"])
    subset = RandomSubset(num=25, seed=42, compat="datasets")
    reasons = subset.drop_reasons(SAMPLES)
    assert {each.question.prompt for each, why in zip(SAMPLES, reasons, strict=True) if why is None} == theirs
    with pytest.raises(ValidationError, match="set `num:` and `seed:`"):
        RandomSubset(rate=0.5, seed=42, compat="datasets")
