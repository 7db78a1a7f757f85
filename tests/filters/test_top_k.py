"""The best so many, by any number that a sample has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.filters.top_k import TopK
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample, Trace


def level(value: object, prompt: str = "?") -> Sample:
    return Sample(Question(f"{prompt} {value}", meta={"level": value}))


def kept(samples: list[Sample], **settings: object) -> list[Sample]:
    fates = TopK.model_validate(settings).fresh(Context()).drop_reasons(samples)
    return [sample for sample, why in zip(samples, fates, strict=True) if why is None]


def test_the_highest_or_the_lowest_stay_in_their_order() -> None:
    samples = [level(2), level(5), level(1), level(4)]
    assert kept(samples, k=2, by="level") == [samples[1], samples[3]]
    assert kept(samples, k=2, by="level", order="lowest") == [samples[0], samples[2]]
    assert kept(samples, k=9, by="level") == samples


def test_the_reason_tells_the_value_and_the_last_one_kept() -> None:
    (why, _) = TopK(k=1, by="level").drop_reasons([level(2), level(5)])
    assert why is not None
    assert (why.reason, why.detail) == ("not among the 1 highest by level", "2, the last is 5")


def test_of_equals_the_earlier_stays_and_what_has_no_number_comes_last() -> None:
    samples = [level(True), level("high"), level(3, "a"), level(3, "b"), Sample(Question("no level"))]
    assert kept(samples, k=1, by="level") == [samples[2]]
    assert kept(samples, k=3, by="level") == [samples[0], samples[2], samples[3]]
    fates = list(TopK(k=1, by="level").drop_reasons(samples))
    assert [why and why.reason for why in fates][-1] == "no number under level"


@pytest.mark.parametrize("by", ["question_words", "reasoning_words", "response_words", "pass_rate"])
def test_measures_of_the_sample_itself(by: str) -> None:
    few = Sample(Question("one"), Trace("", 0, "t", "one", "one"), pass_rate=0.1)
    many = Sample(Question("one two"), Trace("", 0, "t", "one two", "one two"), pass_rate=0.9)
    assert kept([few, many], k=1, by=by) == [many]


@given(st.lists(st.none() | st.integers(-5, 5) | st.floats(allow_nan=False), max_size=20), st.integers(1, 25))
def test_no_more_than_k_and_none_better_left_out(values: list[float | None], k: int) -> None:
    samples = [level(value, str(i)) for i, value in enumerate(values)]
    fates = list(TopK(k=k, by="level").drop_reasons(samples))
    stay = [value for value, why in zip(values, fates, strict=True) if why is None]
    gone = [value for value, why in zip(values, fates, strict=True) if why is not None and value is not None]
    assert len(stay) == min(k, len(values))
    assert not gone or all(value is not None and value >= max(gone) for value in stay)


def test_of_each_question_the_longest_answers() -> None:
    samples = [
        Sample(Question(prompt), Trace(prompt, attempt, "t", "so " * num, "x"))
        for prompt, lengths in (("one?", (3, 1, 2)), ("two?", (1, 5, 1)))
        for attempt, num in enumerate(lengths)
    ]
    longest = kept(samples, k=1, by="reasoning_words", per="question")
    assert longest == [samples[0], samples[4]]
    assert kept(samples, k=2, by="reasoning_words", order="lowest", per=["question"]) == [
        samples[1], samples[2], samples[3], samples[5],
    ]  # fmt: skip
    assert kept(samples, k=1, by="reasoning_words", per="topic") == samples
