"""Bounds and lists on any value of a sample: measures, what every sample has, keys of the meta."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.within import Within
from open_thoughts_gen.types import Measure, Question, Sample


def reason(sample: Sample, **settings: object) -> str | None:
    why = Within.model_validate(settings).drop_reason(sample)
    return why.reason if why else None


def of(value: object) -> Sample:
    return Sample(Question("?", meta={"level": value}))


@pytest.mark.parametrize(
    ("settings", "value", "expected"),
    [
        ({"min": 2}, 2, None),
        ({"min": 2}, 1, "level below the minimum"),
        ({"max": 2}, 2, None),
        ({"max": 2}, 2.5, "level above the maximum"),
        ({"above": 2}, 2, "level not above the bound"),
        ({"below": 2}, 2, "level not below the bound"),
        ({"above": 0, "below": 1}, 0.5, None),
        ({"one_of": ["a", "b"]}, "b", None),
        ({"one_of": ["a", "b"]}, "c", "level is none of those to keep"),
        ({"one_of": [1]}, True, "level is none of those to keep"),
        ({"none_of": ["a"]}, "a", "level is one to drop"),
        ({"min": 2}, "many", "level is not a number"),
        ({"min": 2}, True, "level is not a number"),
        ({"min": 2}, None, "no level"),
        ({"min": 2, "unmeasured": "keep"}, None, None),
    ],
)
def test_bounds_and_lists(settings: dict[str, object], value: object, expected: str | None) -> None:
    assert reason(of(value), by="level", **settings) == expected


def test_a_measure_comes_before_the_meta_and_pass_rates_have_a_band() -> None:
    measured = Sample(Question("?", meta={"level": 9}), measures={"level": Measure(1, "somebody")})
    assert reason(measured, by="level", max=5) is None
    rates = [Sample(Question("?"), pass_rate=rate) for rate in (0.0, 0.25, 1.0, None)]
    kept = [reason(sample, by="pass_rate", above=0, below=1) is None for sample in rates]
    assert kept == [False, True, False, False]


def test_the_detail_has_value_and_bound() -> None:
    why = Within(by="level", min=2).drop_reason(of(1.5))
    assert why is not None
    assert why.detail == "1.5, the bound is 2"


@pytest.mark.parametrize("settings", [{}, {"min": 3, "max": 2}, {"above": 3, "max": 2}])
def test_what_makes_no_sense_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=r"at least"):
        Within.model_validate({"by": "level", **settings})
