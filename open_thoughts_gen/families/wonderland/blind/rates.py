"""Gravity and unit puzzles: one unknown factor, and roundings that each leave it an interval.

Every example says that the exact result lies within half of its last printed place. The factor lies in the intersection
of what the examples allow, computed with fractions. The answer is the middle of the interval that follows; a puzzle is
forced if the whole interval lies within the metric's one percent of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from open_thoughts_gen.plugin.blind import Solution, UnreadablePuzzleError

_NUMBER = r"(\d{1,9}(?:\.\d{1,9})?)"
_FALL = re.compile(rf"For t = {_NUMBER}s, distance = {_NUMBER} m")
_FALL_QUERY = re.compile(rf"falling distance for t = {_NUMBER}s")
_UNIT = re.compile(rf"^{_NUMBER} m becomes {_NUMBER}$", re.MULTILINE)
_UNIT_QUERY = re.compile(rf"convert the following measurement: {_NUMBER} m")
TOLERANCE = Fraction(1, 100)
HALF_A_CENT = Fraction(5, 1000)


def solve_gravity(prompt: str) -> Solution:
    """Return the distance: d = g t² / 2 for an unknown g.

    Raises:
        UnreadablePuzzleError: the text is not a gravity puzzle.

    """
    pairs = [(Fraction(time) ** 2 / 2, Fraction(distance)) for time, distance in _FALL.findall(prompt)]
    query = _FALL_QUERY.search(prompt)
    if not pairs or query is None:
        raise UnreadablePuzzleError("not a gravity puzzle")
    return _solve("gravity", pairs, Fraction(query[1]) ** 2 / 2)


def solve_unit(prompt: str) -> Solution:
    """Return the converted measurement: an unknown factor times the number.

    Raises:
        UnreadablePuzzleError: the text is not a unit puzzle.

    """
    pairs = [(Fraction(number), Fraction(converted)) for number, converted in _UNIT.findall(prompt)]
    query = _UNIT_QUERY.search(prompt)
    if not pairs or query is None:
        raise UnreadablePuzzleError("not a unit puzzle")
    return _solve("unit", pairs, Fraction(query[1]))


def _solve(scheme: str, pairs: Sequence[tuple[Fraction, Fraction]], query: Fraction) -> Solution:
    """Intersect what the examples allow; printed results are rounded to a cent, whole tenths included."""
    known = [(size, result) for size, result in pairs if size]
    if not known:  # what was measured is nothing, so it shows nothing
        return Solution(scheme, {}, 0)
    low = max((result - HALF_A_CENT) / size for size, result in known) * query
    high = min((result + HALF_A_CENT) / size for size, result in known) * query
    if low > high:  # no one factor fits every example
        return Solution(scheme, {}, 0)
    middle = (low + high) / 2
    best, details = f"{float(middle):.2f}", {"low": float(low), "high": float(high)}
    if high - low <= 2 * TOLERANCE * low:
        is_exact = round(low, 2) == round(high, 2)
        return Solution(scheme, {best: 1.0}, 1, {**details, "to_the_cent": is_exact})
    return Solution(scheme, {best: 0.5, f"{float(low):.2f}": 0.25, f"{float(high):.2f}": 0.25}, 1, details)
