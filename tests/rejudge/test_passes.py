"""pass@k, its intervals and the paired difference are what they are defined to be, and cover the truth."""

from __future__ import annotations

from itertools import combinations
from random import Random

import pytest

from open_thoughts_gen.rejudge.passes import difference, pass_at_k, rate


@pytest.mark.parametrize(("num", "correct", "k"), [(1, 1, 1), (5, 2, 1), (5, 2, 3), (6, 0, 2), (6, 6, 4), (7, 3, 7)])
def test_pass_at_k_is_the_share_of_the_subsets_that_hold_a_correct_one(num: int, correct: int, k: int) -> None:
    subsets = list(combinations(range(num), k))
    assert pass_at_k(num, correct, k) == pytest.approx(sum(min(each) < correct for each in subsets) / len(subsets))


def test_one_sample_a_question_has_wilsons_interval() -> None:
    share = rate([1.0] * 81 + [0.0] * 182, 263)  # E. B. Wilson's formula, as R. Newcombe (1998) works it out
    assert share is not None
    assert (share.value, share.low, share.high) == pytest.approx((0.3080, 0.2553, 0.3662), abs=1e-4)
    every = rate([1.0] * 20, 80)
    assert every is not None
    assert every.high == 1
    assert every.low == pytest.approx(20 / (20 + 1.959964**2))
    assert rate([], 0) is None


def test_samples_of_one_question_count_by_how_much_questions_differ() -> None:
    alike, apart = rate([0.5] * 40, 160), rate([1.0, 0.0] * 20, 160)
    assert alike is not None
    assert apart is not None
    assert alike.value == apart.value
    assert alike.high - alike.low < apart.high - apart.low
    one_each = rate([1.0, 0.0] * 20, 40)
    assert one_each is not None
    assert (apart.low, apart.high) == pytest.approx((one_each.low, one_each.high))


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng, num_questions, samples = Random(5), 60, 4
    covered = differences = 0
    for _ in range(400):
        levels = [rng.betavariate(0.8, 0.6) for _ in range(num_questions)]
        first, second = (
            [sum(rng.random() < p * scale for _ in range(samples)) / samples for p in levels] for scale in (1.0, 0.9)
        )
        share = rate(first, num_questions * samples)
        assert share is not None
        covered += share.low <= 0.8 / 1.4 <= share.high
        by = difference(
            {str(i): value for i, value in enumerate(first)}, {str(i): value for i, value in enumerate(second)}
        )
        assert by is not None
        differences += by.low <= 0.1 * 0.8 / 1.4 <= by.high
    assert covered >= 0.92 * 400
    assert differences >= 0.92 * 400


def test_models_are_compared_on_the_questions_of_both() -> None:
    by = difference({"a": 1.0, "b": 1.0, "c": 0.0}, {"b": 1.0, "c": 1.0, "d": 0.0})
    assert by is not None
    assert (by.value, by.num_questions) == (-0.5, 2)
    assert -1 <= by.low < by.value < by.high <= 1
    equal = difference({"a": 1.0}, {"a": 1.0})
    assert equal is not None
    assert equal.low < 0 < equal.high, "one question proves no equality"
    assert difference({"a": 1.0}, {"b": 1.0}) is None
