"""Sets of real numbers: as intervals that lie apart, in order, so that each set has one form."""

from __future__ import annotations

from collections.abc import Sequence

from open_thoughts_gen.algebra import arithmetic, scalars
from open_thoughts_gen.algebra.values import Interval, Many, Scalar, Union, Value

LOWEST, HIGHEST = arithmetic.minus(arithmetic.INFINITY), arithmetic.INFINITY
REALS = Interval(LOWEST, HIGHEST, (False, False))


def point(number: Scalar) -> Interval:
    """Return the set of one number."""
    return Interval(number, number, (True, True))


def pieces(value: Value) -> list[Interval] | None:
    """Return the intervals that make up a set of real numbers; None if it is not one or their order is unclear."""
    if isinstance(value, Interval):
        intervals = [value]
    elif isinstance(value, Many) and value.kind == "set":
        intervals = [point(member) for member in value.members if isinstance(member, Scalar)]
        if len(intervals) != len(value.members):
            return None
    elif isinstance(value, Union):
        parts = [pieces(part) for part in value.parts]
        intervals = [each for part in parts if part is not None for each in part]
        if None in parts:
            return None
    else:
        return None
    return _apart(intervals)


def _apart(intervals: list[Interval]) -> list[Interval] | None:
    """Return intervals in order, with those that touch or overlap made one."""
    if any(each.low.free or each.high.free or each.low.percent or each.low.real != each.low.real for each in intervals):
        return None
    apart: list[Interval] = []
    for each in sorted(intervals, key=lambda each: (each.low.real, each.high.real)):
        if apart:
            joined = _joined(apart[-1], each)
            if joined is None:
                return None
            apart[-1:] = joined
        else:
            apart.append(each)
    return apart


def _joined(left: Interval, right: Interval) -> list[Interval] | None:
    """Return one interval or two for two of which the left begins first; None if it is not certain."""
    gap = below(left.high, right.low)
    if gap is None:
        return None
    if gap < 0 or (gap == 0 and not (left.closed[1] or right.closed[0])):
        return [left, right]
    longer = below(left.high, right.high)
    start = below(left.low, right.low)
    if longer is None or start is None:
        return None
    low_closed = left.closed[0] or (start == 0 and right.closed[0])
    high, high_closed = (right.high, right.closed[1]) if longer < 0 else (left.high, left.closed[1])
    return [Interval(left.low, high, (low_closed, high_closed or (longer == 0 and right.closed[1])))]


def below(one: Scalar, other: Scalar) -> int | None:
    """Return -1, 0 or 1 as the one is less than the other, equal, or greater; None where that is not certain."""
    equal = scalars.same(one, other)
    if equal is None:
        return None
    return 0 if equal else -1 if one.real < other.real else 1 if one.real > other.real else None


def intersection(first: Interval, second: Interval) -> Interval | None:
    """Return what two intervals share; None where that is nothing or not certain."""
    low, high = below(first.low, second.low), below(first.high, second.high)
    if low is None or high is None:
        return None
    start, with_start = (first.low, first.closed[0]) if low > 0 else (second.low, second.closed[0])
    end, with_end = (first.high, first.closed[1]) if high < 0 else (second.high, second.closed[1])
    if low == 0:
        with_start = first.closed[0] and second.closed[0]
    if high == 0:
        with_end = first.closed[1] and second.closed[1]
    room = below(start, end)
    if room is None or room > 0 or (room == 0 and not (with_start and with_end)):
        return None
    return Interval(start, end, (with_start, with_end))


def without(interval: Interval, excluded: Sequence[Value]) -> Union | Interval | None:
    """Return an interval without some numbers inside it; None if one is not a number or their order not certain."""
    numbers = [each for each in excluded if isinstance(each, Scalar)]
    if len(numbers) != len(excluded):
        return None
    parts: list[Interval | Many] = []
    rest = interval
    for number in sorted(numbers, key=lambda each: each.real):
        if number.free or below(rest.low, number) != -1 or below(number, rest.high) != -1:
            return None
        parts.append(Interval(rest.low, number, (rest.closed[0], False)))
        rest = Interval(number, rest.high, (False, rest.closed[1]))
    return Union((*parts, rest)) if parts else rest
