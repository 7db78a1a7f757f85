"""Flesch's formulas, on prose alone."""

from __future__ import annotations

import pytest

from open_thoughts_gen.filters.readability import Readability, num_syllables
from open_thoughts_gen.types import Question, Sample

CHILD = "The cat sat on the mat. The dog ran to the cat. The cat ran up a tree."
STATUTE = (
    "Notwithstanding any antecedent representation, the administrator's constitutional obligations subsist "
    "irrespective of subsequently communicated reservations concerning jurisdictional inapplicability."
)


@pytest.mark.parametrize(
    ("word", "num"), [("cat", 1), ("table", 2), ("make", 1), ("reasoning", 3), ("rhythm", 1), ("café", 2), ("tree", 1)]
)
def test_syllables(word: str, num: int) -> None:
    assert num_syllables(word) == num


def test_the_formulas_by_hand() -> None:
    sample = Sample(Question(CHILD))  # 18 words, 3 sentences, 18 syllables
    assert Readability().number(sample) == pytest.approx(206.835 - 1.015 * 6 - 84.6, abs=0.06)
    assert Readability(formula="grade").number(sample) == pytest.approx(0.39 * 6 + 11.8 - 15.59, abs=0.06)


def test_a_statute_is_harder_and_code_does_not_count() -> None:
    child, statute = (Readability().number(Sample(Question(text))) for text in (CHILD, STATUTE))
    assert child is not None
    assert statute is not None
    assert statute < 50 < child
    assert Readability().number(Sample(Question(f"{CHILD}\n```\n{STATUTE}\n```\n"))) == child


def test_bounds_name_and_texts_without_a_value() -> None:
    hard = Readability(min=30, name="ease")
    assert hard.measure(Sample(Question(CHILD))).keys() == {"ease"}
    why = hard.drop_reason(Sample(Question(STATUTE)))
    assert why is not None
    assert why.reason == "ease below the minimum"
    assert hard.drop_reason(Sample(Question("Why?"))) is None
    none = Readability(min=30, unmeasured="drop").drop_reason(Sample(Question("Why?")))
    assert none is not None
    assert none.reason == "no question reading ease"
    with pytest.raises(ValueError, match="above max"):
        Readability(min=3, max=2)
