"""At most so many of each group."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.filters.per_group import PerGroup
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample, Trace


def of(scheme: str | None, number: int, domain: str = "law") -> Sample:
    return Sample(Question(f"{number}?", domain=domain, meta={"scheme": scheme} if scheme else {}))


def kept(samples: list[Sample], seed: int = 0, **settings: object) -> list[Sample]:
    return chosen(PerGroup.model_validate(settings), samples, seed)


def chosen(plugin: PerGroup, samples: list[Sample], seed: int) -> list[Sample]:
    fates = plugin.fresh(Context(seed=seed)).drop_reasons(samples)
    return [sample for sample, why in zip(samples, fates, strict=True) if why is None]


def test_the_first_of_each_group_stay_and_what_is_in_no_group() -> None:
    samples = [of("tax", 0), of("tax", 1), of(None, 2), of("deposit", 3), of("tax", 4)]
    assert kept(samples, by="scheme", k=2) == [samples[0], samples[1], samples[2], samples[3]]


def test_a_group_may_be_made_by_several_keys() -> None:
    samples = [of("tax", 0, "law"), of("tax", 1, "finance"), of("tax", 2, "law")]
    assert kept(samples, by=["domain", "scheme"], k=1) == samples[:2]


def test_the_reason_names_the_group_and_its_size() -> None:
    _, why = PerGroup(by=("scheme",), k=1).drop_reasons([of("tax", 0), of("tax", 1)])
    assert why is not None
    assert (why.reason, why.detail) == ("group is full", "scheme: tax, 1 of 2 kept")


def test_by_lot_depends_on_the_seed_and_not_on_the_order() -> None:
    samples = [of("tax", i) for i in range(30)]
    chosen = kept(samples, by="scheme", k=5, pick="by_lot", seed=1)
    assert set(map(id, kept(samples[::-1], by="scheme", k=5, pick="by_lot", seed=1))) == set(map(id, chosen))
    assert kept(samples, by="scheme", k=5, pick="by_lot", seed=2) != chosen
    assert len(chosen) == 5


def test_attempts_are_grouped_by_their_teacher() -> None:
    samples = [Sample(Question("?"), Trace("", i, teacher, "", "")) for i, teacher in enumerate("aab")]
    assert kept(samples, by="teacher", k=1) == [samples[0], samples[2]]


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=20), st.integers(1, 6), st.sampled_from(["first", "by_lot"]))
def test_each_group_has_as_many_as_it_can(schemes: list[str], k: int, pick: str) -> None:
    samples = [of(scheme, i) for i, scheme in enumerate(schemes)]
    sizes = Counter(str(sample.question.meta["scheme"]) for sample in kept(samples, by="scheme", k=k, pick=pick))
    assert sizes == {scheme: min(num, k) for scheme, num in Counter(schemes).items()}


def test_a_seed_of_its_own_and_the_choice_of_pandas() -> None:
    pandas = pytest.importorskip("pandas")
    samples = [of(scheme, number) for number, scheme in enumerate("abacabbbca" * 4)]
    of_recipe = PerGroup(by=("scheme",), k=2, pick="by_lot")
    of_its_own = of_recipe.model_copy(update={"seed": 42})
    assert chosen(of_recipe, samples, 1) != chosen(of_recipe, samples, 2)
    assert chosen(of_its_own, samples, 1) == chosen(of_its_own, samples, 2)
    frame = pandas.DataFrame({"scheme": [each.question.meta["scheme"] for each in samples]})
    drawn = [
        index
        for scheme in frame.scheme.unique()
        for index in frame[frame.scheme == scheme].sample(n=2, random_state=42).index
    ]
    like_pandas = of_its_own.model_copy(update={"compat": "pandas"})
    assert chosen(like_pandas, samples, 0) == [samples[index] for index in sorted(drawn)]


def test_what_is_favoured_is_twice_as_likely_as_the_next() -> None:
    samples = [Sample(Question(f"{length}?", meta={"length": length})) for length in (1, 4, None, 3)]
    plugin = PerGroup(by=("domain",), k=1, pick="by_lot", favour="length")
    drawn = Counter(chosen(plugin, samples, seed)[0].question.meta["length"] for seed in range(1500))
    assert [round(drawn[length] / 1500 * 15) for length in (4, 3, 1, None)] == [8, 4, 2, 1]
    both = [chosen(plugin.model_copy(update={"k": 3}), samples, seed) for seed in range(20)]
    assert all(len(each) == 3 for each in both)
