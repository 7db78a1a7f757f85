r"""Measure how easily a text is read, and keep what is within bounds. No model is asked.

`ease` is the Flesch reading ease, 206.835 - 1.015 words/sentence - 84.6 syllables/word (R. Flesch, 1948): about 100 for
a text that a child reads, 0 and less for a statute. `grade` is the Flesch-Kincaid grade, 0.39 words/sentence + 11.8
syllables/word - 15.59 (J. P. Kincaid et al., 1975): the years of schooling that it takes.

Syllables are counted by groups of vowels, as is usual: a few per cent off on English, and meaningless elsewhere. Code
blocks and formulas are taken out first; a text of fewer than `MIN_WORDS` words has no value.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import Field

from open_thoughts_gen.filters._measuring import Bounded, TextOf, text_of
from open_thoughts_gen.text import prose
from open_thoughts_gen.types import Sample

MIN_WORDS = 10
_SENTENCE = re.compile(r"[.!?]+(?=[\s\"')\]]|$)|\n\s*\n")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_VOWELS = re.compile(r"[aeiouyáéíóúàèìòùâêîôûäëïöü]+", re.IGNORECASE)


class Readability(Bounded):
    """Measures how easily the question, reasoning or response is read, and keeps what is within bounds."""

    of: TextOf = Field(default="question", description="the text to measure: question, reasoning or response")
    formula: Literal["ease", "grade"] = Field(
        default="ease",
        description="what is measured. ease: Flesch reading ease, about 0 to 100, the higher the easier; grade: "
        "Flesch-Kincaid grade, in years of schooling",
    )

    @property
    def usual_name(self) -> str:
        """`question_reading_ease` and the like."""
        return f"{self.of}_reading_{self.formula}"

    def number(self, sample: Sample) -> float | None:
        """Return the formula's value to one decimal; None for a text too short to tell."""
        passage = prose(text_of(sample, self.of) or "")
        words = _WORD.findall(passage)
        if len(words) < MIN_WORDS:
            return None
        per_sentence = len(words) / max(1, sum(bool(_WORD.search(part)) for part in _SENTENCE.split(passage)))
        per_word = sum(map(num_syllables, words)) / len(words)
        if self.formula == "ease":
            return round(206.835 - 1.015 * per_sentence - 84.6 * per_word, 1)
        return round(0.39 * per_sentence + 11.8 * per_word - 15.59, 1)


def num_syllables(word: str) -> int:
    """Return about how many syllables an English word has, at least 1: groups of vowels, less a silent e."""
    groups = len(_VOWELS.findall(word))
    lower = word.lower()
    is_silent = lower.endswith("e") and not lower.endswith(("le", "ee", "ie", "oe", "ue"))
    return max(1, groups - is_silent)
