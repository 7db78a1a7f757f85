"""Words that the logs of equations in digits and in glyphs share."""

from __future__ import annotations


def multiplied(first: int, second: int) -> str:
    """Return how two numbers are multiplied: by the tens of the second, by its units, and added up."""
    tens, units = second // 10 * 10, second % 10
    return f"{first}*{second}: {first}*{tens}={first * tens} {first}*{units}={first * units} total {first * second}"


def written(reading: str, digits: str, sign: str) -> str:
    """Return how a result is printed; the rule for its sign is said every time, whether it has one or not."""
    place = "behind" if reading == "flipped" else "in front"
    return f"{reading}, so {digits}; " + (f"negative, so {sign} {place}" if sign else "not negative, so no sign")
