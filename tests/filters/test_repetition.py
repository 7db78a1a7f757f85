"""How much of a text repeats itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.filters.repetition import Repetition, repeated_share
from open_thoughts_gen.types import Question, Sample, Trace


def reference_share(words: list[str], n: int) -> float:
    """Return the same, by marking every word."""
    grams = [tuple(words[i : i + n]) for i in range(len(words) - n + 1)]
    marked = {j for i, gram in enumerate(grams) if gram in grams[:i] for j in range(i, i + n)}
    return len(marked) / len(words)


@given(st.lists(st.sampled_from("ab"), min_size=1, max_size=30), st.integers(2, 5))
def test_every_word_in_a_gram_that_occurred_before_counts_once(words: list[str], n: int) -> None:
    assert repeated_share(words, n) == pytest.approx(reference_share(words, n))


def test_a_loop_is_dropped_and_prose_is_not() -> None:
    prose = " ".join(f"w{i}" for i in range(200))
    loop = f"{prose} " + "Wait, let me check that once more from the start again please. " * 40
    kept, dropped = (Repetition(max=0.3).drop_reason(of(text)) for text in (prose, loop))
    assert kept is None
    assert dropped is not None
    assert dropped.reason == "reasoning repetition above the maximum"


def of(reasoning: str) -> Sample:
    return Sample(Question("?"), Trace("q", 0, "t", reasoning, "x"))


def test_a_text_shorter_than_n_has_no_value() -> None:
    assert Repetition(n=10).number(of("wait wait wait")) is None
    assert Repetition(n=2).number(of("wait wait wait")) == pytest.approx(0.667)
    assert Repetition(max=0).drop_reason(Sample(Question("?"))) is None
