"""What all schemes of evidence share: pages in genres, numbers with what they count, and bars near a probability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import CountedForm, Form
from open_thoughts_gen.families.kit.genre import ReckonedScheme

BARS = tuple(Fraction(bar) for bar in "1/100 1/50 1/20 1/10 1/5 1/4 1/3 2/5 1/2 3/5 2/3 3/4 4/5 9/10 19/20".split())


class EvidenceScheme(ReckonedScheme):
    """A scheme whose prompts are notes, memos, hearings and the like."""

    more_words: ClassVar[Sequence[Path]] = (Path(__file__).parent / "words" / "frame.yaml",)

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the form of numbers that count something."""
        return {**super().own_forms(), "unit": CountedForm("minutes", "hours", "reports", "origins", "sensors")}


def bar_near(rng: Random, value: Fraction) -> Fraction:
    """Draw a bar that is near a probability, on either side of it."""
    index = sum(bar < value for bar in BARS) + rng.choice((-2, -1, -1, 0, 0, 1))
    return BARS[min(max(index, 0), len(BARS) - 1)]
