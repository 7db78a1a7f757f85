"""Moves of a derivation that are made once more, from what it claims, and slips such as people make in them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from random import Random

from open_thoughts_gen.families.kit.work import Work, altered
from open_thoughts_gen.text.claimed import value_of
from open_thoughts_gen.types import Step

_NUMBER = r"[\d\s+\-*/%().]+?"
_COMPUTED = re.compile(rf"({_NUMBER}) = ({_NUMBER})")
_COMPARED = re.compile(rf"({_NUMBER}) (>|<=) ({_NUMBER})")
_DAY = r"(\d{4}-\d\d-\d\d)"
_AFTER = re.compile(rf"{_DAY} \+ (-?\d+) ([dm]) = {_DAY}")
_BETWEEN = re.compile(rf"{_DAY} - {_DAY} = (-?\d+) d")
_ORDERED = re.compile(rf"{_DAY} (>|<=) {_DAY}")


def replayed(claim: str, work: Work) -> bool | None:
    """Compute again what a claim says, by a work that claims it in turn; None for a claim of another form.

    Return whether it comes out as claimed.
    """
    if match := _AFTER.fullmatch(claim):
        start, count, unit, end = match.groups()
        move = work.after if unit == "d" else work.months_after
        return move(date.fromisoformat(start), int(count)) == date.fromisoformat(end)
    if match := _BETWEEN.fullmatch(claim):
        return work.days_between(date.fromisoformat(match[2]), date.fromisoformat(match[1])) == int(match[3])
    if match := _ORDERED.fullmatch(claim):
        return work.is_later(date.fromisoformat(match[1]), date.fromisoformat(match[3])) == (match[2] == ">")
    if match := _COMPARED.fullmatch(claim):
        return work.exceeds(value_of(match[1]), value_of(match[3])) == (match[2] == ">")
    if match := _COMPUTED.fullmatch(claim):
        return work(match[1]) == value_of(match[2])
    return None


def is_false(step: Step) -> bool:
    """Return whether a claim of a step does not come out when it is computed again."""
    return any(replayed(claim, Work()) is False for claim in step.claims)


def slipped(rng: Random) -> Callable[[object], object]:
    """Return a slip of the sort that people make: one off, two digits exchanged, a carry lost, a day or a week off."""
    way, sign = rng.randrange(4), rng.choice((1, -1))

    def change(value: object) -> object:
        if isinstance(value, date):
            return value + timedelta(days=sign * (7 if way == 0 else 1))
        if isinstance(value, bool) or not isinstance(value, int | Fraction):
            return altered(value)
        number = Fraction(value)
        if abs(number) < 1 or way == 0:
            return value + 1
        if number > 99 and way == 1 and number.denominator == 1:
            digits = str(int(value))
            swapped = digits[:-2] + digits[-1] + digits[-2]
            return type(value)(int(swapped)) if swapped != digits else value + 10
        step = 10 if number > 40 else 1
        return value + sign * (step if way == 2 else 10 * step if number > 400 else 1)

    return change


def put_in(right: Fraction, wrong: Fraction) -> Callable[[object], object]:
    """Return a slip that makes one number of another and leaves all else alone."""

    def change(value: object) -> object:
        if isinstance(value, bool) or not isinstance(value, int | Fraction) or abs(value) != right:
            return value
        return type(value)(wrong if value >= 0 else -wrong)

    return change
