"""What is checked against, by which checks, and what is found: the words of decontamination, with no heavy import."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from open_thoughts_gen import text

Decision = Literal["leak", "review"]


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a benchmark: `number` counts the benchmark's rows from 0.

    `needs_context` is true if it asks about a text that is not part of it, so that other questions may well be worded
    the same.
    """

    benchmark: str
    number: int
    prompt: str
    needs_context: bool = False

    @property
    def id(self) -> str:
        """The name of this question in reports and in the reasons of dropped rows."""
        return f"{self.benchmark}/{self.number}"


@dataclass(frozen=True, slots=True)
class LeakRule:
    """The checks to make: a question is a leak if any of them finds it. None or False turns a check off.

    Shares are 0..1, similarities 0..100.
    """

    whole: bool = True
    containment: float | None = 0.5
    near_containment: float = 0.2
    near_indel: float = 75.0
    word_ngram: int | None = None
    token_ngram: int | None = None
    indel: float | None = None
    approximate: bool = False
    cut: Literal["letters", "space"] = "letters"
    fold: tuple[text.Fold, ...] = text.FOLDS


@dataclass(frozen=True, slots=True)
class Finding:
    """One question that repeats an item, or nearly: by which check, how much, and the part of it that does.

    Where the check did not have to look for that part, `end` is 0, and `located` finds it.
    """

    decision: Decision
    check: str
    item: Item
    score: float
    start: int = 0
    end: int = 0
    remark: str = ""

    def located(self, string: str) -> Finding:
        """Return the finding with the part of its question that has most of the item's runs of words."""
        if self.end:
            return self
        from open_thoughts_gen.contamination.spans import part_like

        part = part_like(string, self.item.prompt)
        return replace(self, start=part.first, end=part.last)
