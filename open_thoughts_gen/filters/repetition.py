"""Measure how much of a text repeats itself, and keep what is within bounds: reasoning that runs in circles.

The measure is the share, 0..1, of the words that stand in an n-gram of words which has occurred before in the same
text (the duplicate n-grams of Gopher, J. Rae et al., 2021, appendix A). Good reasoning repeats a formula or a clause
here and there; a model that is caught in a loop repeats nearly everything.
"""

from __future__ import annotations

from pydantic import Field

from open_thoughts_gen.filters._measuring import Bounded, TextOf, text_of
from open_thoughts_gen.types import Sample


class Repetition(Bounded):
    """Measures how much of the question, reasoning or response repeats itself, and keeps what is within bounds."""

    of: TextOf = Field(default="reasoning", description="the text to measure: question, reasoning or response")
    n: int = Field(default=10, ge=2, le=100, description="how many words in a row count as repeated")

    @property
    def usual_name(self) -> str:
        """`reasoning_repetition` and the like."""
        return f"{self.of}_repetition"

    def number(self, sample: Sample) -> float | None:
        """Return the share of words in repeated n-grams, to three decimals; None for fewer than `n` words."""
        words = (text_of(sample, self.of) or "").lower().split()
        return round(repeated_share(words, self.n), 3) if len(words) >= self.n else None


def repeated_share(words: list[str], n: int) -> float:
    """Return the share of words that stand in an n-gram which has occurred before."""
    seen: set[int] = set()
    num_repeated = covered = 0  # words up to index `covered` have been counted
    for start in range(len(words) - n + 1):
        gram = hash(tuple(words[start : start + n]))
        if gram in seen:
            num_repeated += start + n - max(start, covered)
            covered = start + n
        seen.add(gram)
    return num_repeated / len(words)
