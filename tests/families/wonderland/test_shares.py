"""What is drawn has the shares of the challenge's puzzles, within the error of counting."""

from __future__ import annotations

import math
from collections import Counter

import pytest

from benchmarks.nemotron import features, known, puzzles

NUM = 4000


@pytest.mark.parametrize("scheme", ["bits", "digits", "symbols"])
def test_gates_alterations_and_unseen_operators_are_drawn_as_often_as_is_known(scheme: str) -> None:
    drawn: Counter[str] = Counter()
    for puzzle in puzzles(scheme, NUM):
        drawn.update(features(scheme, puzzle))
    expected = known(scheme)
    assert set(drawn) == set(expected)
    for feature, (share, num_known) in expected.items():
        error = math.sqrt(share * (1 - share) * (1 / NUM + 1 / num_known))
        assert abs(drawn[feature] / NUM - share) < 3.5 * error, feature
