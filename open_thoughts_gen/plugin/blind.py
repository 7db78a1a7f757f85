"""What a blind solver finds: every answer that the language of rules admits, and how likely each is."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

UNSHOWN = "\N{REPLACEMENT CHARACTER}"  # stands in an answer for a symbol that the puzzle never shows


class UnreadablePuzzleError(ValueError):
    """The text is not a puzzle of a known form."""


@dataclass(frozen=True, slots=True)
class Solution:
    """The answers that the language of rules admits for one puzzle.

    `answers` maps each to its share of the posterior, the one most likely to be counted as right first; an answer that
    needs a symbol which the puzzle never shows has `UNSHOWN` in that place. `num_worlds` counts the rules that agree
    with every example. `details` are what the scheme says besides, such as the rule, where only one is left (JSON).
    """

    scheme: str
    answers: Mapping[str, float]
    num_worlds: int
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> str | None:
        """The likeliest answer that can be written down; None if there is none."""
        return next((answer for answer in self.answers if UNSHOWN not in answer), None)

    @property
    def is_forced(self) -> bool:
        """Whether every rule that agrees with the examples gives one and the same answer."""
        return len(self.answers) == 1 and self.best is not None


def solution(
    scheme: str,
    weighted: Iterable[tuple[str, float]],
    num_worlds: int,
    details: Mapping[str, Any] | None = None,
    agrees: Callable[[str, str], bool] = operator.eq,
) -> Solution:
    """Add up the weights of each answer, and sort first what is most likely to be counted, then what came first.

    `agrees` says whether the second of two answers is counted where the first is right.
    """
    weights: dict[str, float] = {}
    for answer, weight in weighted:
        weights[answer] = weights.get(answer, 0.0) + weight
    total = sum(weights.values()) or 1.0
    shares = {answer: weight / total for answer, weight in weights.items()}
    counted = shares
    if agrees is not operator.eq:
        counted = {answer: sum(shares[right] for right in shares if agrees(right, answer)) for answer in shares}
    ranked = sorted(shares, key=lambda answer: (-round(counted[answer], 9), -round(shares[answer], 9)))
    return Solution(scheme, {answer: shares[answer] for answer in ranked}, num_worlds, details or {})
