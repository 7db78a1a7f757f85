from __future__ import annotations

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.length import Length
from open_thoughts_gen.types import DropReason, Question, Sample, Trace

SAMPLE = Sample(Question("one two"), Trace("q", 0, "t", "a b c", "x"))


@pytest.mark.parametrize(
    ("settings", "reason", "detail"),
    [
        ({"min_question": 3}, "question too short", "2 words, at least 3 wanted"),
        ({"max_question": 1}, "question too long", "2 words, at most 1 wanted"),
        ({"min_reasoning": 4}, "reasoning too short", "3 words, at least 4 wanted"),
        ({"max_reasoning": 2}, "reasoning too long", "3 words, at most 2 wanted"),
        ({"min_response": 2}, "response too short", "1 words, at least 2 wanted"),
        ({"max_response": 0}, "response too long", "1 words, at most 0 wanted"),
        ({"max_paragraph": 2}, "paragraph too long", "3 words, at most 2 wanted"),
        ({"max_question": 6, "unit": "characters"}, "question too long", "7 characters, at most 6 wanted"),
    ],
)
def test_each_limit_has_its_reason(settings: dict[str, object], reason: str, detail: str) -> None:
    assert Length.model_validate(settings).drop_reason(SAMPLE) == DropReason(reason, detail)


def test_a_limit_is_within() -> None:
    assert Length(min_question=2, max_question=2, min_reasoning=3, max_response=1).drop_reason(SAMPLE) is None


def test_before_the_teacher_there_is_no_reasoning_to_measure() -> None:
    assert Length(min_reasoning=5).drop_reason(Sample(Question("one"))) is None


@pytest.mark.parametrize("settings", [{}, {"unit": "characters"}, {"min_question": 3, "max_question": 2}])
def test_limits_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"limit|above"):
        Length.model_validate(settings)


def test_a_paragraph_ends_at_a_blank_line() -> None:
    sample = Sample(Question("one"), Trace("q", 0, "t", "a b\nc\n \nd e f", "x"))
    assert Length(max_paragraph=3).drop_reason(sample) is None
    assert Length(max_paragraph=5, unit="characters").drop_reason(sample) is None


def test_the_reference_is_measured_where_there_is_one() -> None:
    short = Length(unit="characters", max_reference=4)
    assert [short.drop_reason(Sample(Question("?", each))) for each in (None, "four")] == [None, None]
    why = short.drop_reason(Sample(Question("?", "fives")))
    assert why is not None
    assert (why.reason, why.detail) == ("reference too long", "5 characters, at most 4 wanted")
