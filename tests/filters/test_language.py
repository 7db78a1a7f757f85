"""Languages by paragraph, on prose alone."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.language import Language, language_shares
from open_thoughts_gen.types import DropReason, Question, Sample, Trace

GERMAN = "Wie viele Kanten hat eigentlich ein gewöhnlicher Würfel?"
ENGLISH = "Let me think about how many edges a cube really has, before I answer."
CHINESE = "等一下,让我们再检查一遍这个计算是不是正确的。"


@pytest.mark.parametrize(
    ("string", "languages"),
    [
        (ENGLISH, ["en"]),
        (GERMAN, ["de"]),
        (CHINESE, ["zh"]),
        (f"{ENGLISH}\n\n```python\n# {GERMAN}\nprint(1)\n```\n", ["en"]),
        (f"{ENGLISH} $$\\text{{{GERMAN}}}$$", ["en"]),
        ("x = 3", []),
        ("", []),
    ],
)
def test_the_languages_of_a_text(string: str, languages: list[str]) -> None:
    assert list(language_shares(string)) == languages


def test_a_clause_in_another_script_counts_though_the_paragraph_goes_on() -> None:
    shares = language_shares(f"{ENGLISH} Wait, {CHINESE} So it has twelve of them, as far as I can see.")
    assert set(shares) == {"en", "zh"}
    assert shares["zh"] > 0.1
    assert sum(shares.values()) == pytest.approx(1, abs=0.001)


def test_measure_and_reason() -> None:
    mixed = Sample(Question(ENGLISH), Trace("q", 0, "t", f"{ENGLISH}\n\n{GERMAN}", "12"))
    wanted = Language(of="reasoning", keep=("en",))
    measures = wanted.measure(mixed)
    assert measures["reasoning_language"] == "en"
    why = wanted.drop_reason(mixed)
    assert isinstance(why, DropReason)
    assert why.reason == "mixed languages"
    assert why.detail.startswith("reasoning: en ")
    assert Language(of="reasoning", keep=("en", "de")).drop_reason(mixed) is None
    assert Language(of="reasoning", keep=("en",), min_share=0.3).drop_reason(mixed) is None
    assert Language().drop_reason(Sample(Question(GERMAN))) is None
    assert Language(keep=("en",)).drop_reason(Sample(Question(GERMAN))) == DropReason(
        "in another language", "question: de 100%"
    )


def test_before_the_teacher_there_is_no_reasoning() -> None:
    assert Language(of="reasoning", keep=("en",)).drop_reason(Sample(Question("?"))) is None


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValidationError, match="english: not a language"):
        Language(keep=("english",))
