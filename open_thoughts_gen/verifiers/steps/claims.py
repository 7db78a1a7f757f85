"""Recomputes the claims of derivations: exact arithmetic, and days by a calendar.

The forms of a claim are those of `types.Step`: `10 * 143 = 1430`, with <, <=, > or >= in place of the sign of
equality; `2031-06-06 + 30 d = 2031-07-06`, where d are days, m months and w working days; `2031-07-06 opens
2031-07-08`, the first day that is not closed; `2031-07-08 - 2031-06-20 = 18 d`; and the order of two dates. A claim in
any other form raises ValueError.

A month after the 31st is the last day of a month that has no such day. Closed are Saturdays, Sundays and the holidays
of the case, which return each year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from open_thoughts_gen.text.claimed import value_of

_ISO = r"(\d{4}-\d{2}-\d{2})"
_PERIOD = re.compile(rf"{_ISO} \+ (-?\d{{1,6}}) ([dmw]) = {_ISO}")
_OPENS = re.compile(rf"{_ISO} opens {_ISO}")
_BETWEEN = re.compile(rf"{_ISO} - {_ISO} = (-?\d{{1,7}}) d")
_ORDER = re.compile(rf"{_ISO} (<=|>=|<|>|=) {_ISO}")
_SUM = re.compile(r"([\d\s+\-*/%().]{1,200}?) (<=|>=|<|>|=) ([\d\s+\-*/%().]{1,200})")
_MAX_DAYS = 10_000
_DAYS_OF_A_YEAR = 366


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Holidays by "MM-DD", kept each year."""

    holidays: frozenset[str]

    def is_closed(self, day: date) -> bool:
        """Return whether the day is not a working day."""
        return day.weekday() in {5, 6} or day.isoformat()[5:] in self.holidays

    def next_open(self, day: date) -> date:
        """Return the day, or the first after it that is open; ValueError where a whole year is closed."""
        for _ in range(_DAYS_OF_A_YEAR):
            if not self.is_closed(day):
                return day
            day += timedelta(days=1)
        raise ValueError("a calendar without a working day")

    def after(self, day: date, count: int, unit: str) -> date:
        """Return the day that is `count` days, months or working days later."""
        if unit == "d":
            return day + timedelta(days=count)
        if unit == "m":
            first = date(day.year + (day.month - 1 + count) // 12, (day.month - 1 + count) % 12 + 1, 1)
            last = date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)
            return first.replace(day=min(day.day, last.day))
        for _ in range(min(count, _MAX_DAYS)):
            day = self.next_open(day + timedelta(days=1))
        return day


def is_true(claim: str, calendar: WorkingDays) -> bool:
    """Recompute one claim; ValueError where it has no known form."""
    if period := _PERIOD.fullmatch(claim):
        start, count, unit, end = period.groups()
        return calendar.after(_day(start), int(count), unit) == _day(end)
    if opens := _OPENS.fullmatch(claim):
        return calendar.next_open(_day(opens[1])) == _day(opens[2])
    if between := _BETWEEN.fullmatch(claim):
        return _day(between[2]) + timedelta(days=int(between[3])) == _day(between[1])
    if order := _ORDER.fullmatch(claim):
        return _holds((_day(order[1]) - _day(order[3])).days, order[2])
    if sums := _SUM.fullmatch(claim):
        return _holds(value_of(sums[1]) - value_of(sums[3]), sums[2])
    raise ValueError(f"a claim has no known form: {claim[:80]}")


def _holds(difference: int | Fraction, sign: str) -> bool:
    return {
        "=": difference == 0, "<": difference < 0, "<=": difference <= 0, ">": difference > 0, ">=": difference >= 0,
    }[sign]  # fmt: skip


def _day(iso: str) -> date:
    return date.fromisoformat(iso)
