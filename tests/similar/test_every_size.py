"""What becomes of the first texts is the same however many follow, in memory and out of core, here and in workers."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from rapidfuzz import fuzz, process

from open_thoughts_gen import engines
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import Question
from tests.similar.sizes import NOTHING, outcomes, sizes
from tests.similar.styles import STYLES, styled

ALWAYS = Trial(trial_s=0.0, worth_s=-math.inf, batch_s=0.001)

RULES = [(90, "answers"), (90, False), (75, False)]


@pytest.mark.parametrize("guard", ["answers", False])
@pytest.mark.parametrize("style", [*STYLES, "mixed"])
def test_the_outcome_of_the_first_is_the_same_at_every_size(style: str, guard: object) -> None:
    texts = styled(style, 1_500, seed=6)
    expected = outcomes(texts, numbers_guard=guard)
    assert any(expected)
    assert None in expected
    for num in sizes(len(texts)):
        assert outcomes(texts[:num], numbers_guard=guard) == expected[:num]
    assert outcomes(texts, numbers_guard=guard, memory_gb=NOTHING) == expected


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("threshold", "guard"), RULES)
def test_of_twenty_thousand_in_all_styles_the_outcome_of_the_first_is_the_same_at_every_size(
    threshold: float, guard: object
) -> None:
    texts = styled("mixed", 20_000, seed=4)
    outcomes_of = partial(outcomes, threshold=threshold, numbers_guard=guard)
    expected = outcomes_of(texts)
    assert outcomes_of(texts, memory_gb=NOTHING) == expected
    for turn, num in enumerate(sizes(len(texts))):
        assert outcomes_of(texts[:num], memory_gb=NOTHING if turn % 2 else None) == expected[:num]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_workers_change_nothing_at_any_size() -> None:
    texts = styled("mixed", 20_000, seed=4)
    expected = outcomes(texts, numbers_guard=False)
    with Local(2, ALWAYS) as engine:
        for num in (100, 2_001, 5_461, 20_000):
            found = outcomes(texts[:num], engines.spread(engine), numbers_guard=False, memory_gb=NOTHING)
            assert found == expected[:num]


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_drop_names_an_earlier_text_that_reaches_the_threshold_and_none_reaches_what_is_kept() -> None:
    texts = styled("mixed", 20_000, seed=4)
    first = {Question(text).id: place for place, text in reversed([*enumerate(texts)])}
    forms = [normalise(text) for text in texts]
    reasons = outcomes(texts, numbers_guard=False)
    for place, reason in enumerate(reasons):
        if reason is not None:
            source = first[str(reason.twin)]
            assert source < place
            assert fuzz.ratio(forms[place], forms[source]) == pytest.approx(reason.score, abs=0.01)
            assert fuzz.ratio(forms[place], forms[source]) >= 90
    kept = [place for place, reason in enumerate(reasons) if reason is None][::4]
    for start in range(0, len(kept), 256):
        some = kept[start : start + 256]
        ones = [forms[place] for place in some]
        scores = process.cdist(ones, forms[: some[-1]], scorer=fuzz.ratio, score_cutoff=90, dtype=np.float64)
        scores[np.arange(some[-1]) >= np.array(some)[:, None]] = 0
        assert not scores.any()
