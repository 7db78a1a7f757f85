"""The logs of gravity and unit puzzles: the example with the largest number, a long division, a multiplication.

The largest number has the smallest relative error of rounding: at most a fifth of a percent, where the metric allows
one. All numbers are written without their points while they are computed with, in hundredths.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NUM_DIGITS = 5
_NUMBER = r"(\d{1,6}(?:\.\d{1,2})?)"
_FALL = re.compile(rf"For t = {_NUMBER}s, distance = {_NUMBER} m")
_FALL_QUERY = re.compile(rf"falling distance for t = {_NUMBER}s")
_UNIT = re.compile(rf"^{_NUMBER} m becomes {_NUMBER}\s*$", re.MULTILINE)
_UNIT_QUERY = re.compile(rf"convert the following measurement: {_NUMBER} m")


def gravity_log(prompt: str) -> tuple[list[str], str]:
    """Return the lines of a gravity puzzle and the answer: d / t² is the same for every fall.

    Raises:
        ValueError: the text is not a gravity puzzle.

    """
    pairs, query = _FALL.findall(prompt), _FALL_QUERY.search(prompt)
    if not pairs or query is None:
        raise ValueError("not a gravity puzzle")
    lines = [f"e{number} t {time} d {distance}" for number, (time, distance) in enumerate(pairs, 1)]
    lines.append(f"query t {query[1]}")
    time, distance = _largest(pairs, "t", lines)
    square = _product(_hundredths(time), _hundredths(time), lines)
    lines.append(f"t*t in ten thousandths {square}")
    lines.append(f"d in ten thousandths {_hundredths(distance) * 100}")
    ratio = _division(_hundredths(distance) * 100, square, "d by t*t", lines)
    asked = _product(_hundredths(query[1]), _hundredths(query[1]), lines)
    lines.append(f"query t*t in ten thousandths {asked}")
    return _scaled(ratio, asked, 4, lines)


def unit_log(prompt: str) -> tuple[list[str], str]:
    """Return the lines of a unit puzzle and the answer: the converted number by the number is the same throughout.

    Raises:
        ValueError: the text is not a unit puzzle.

    """
    pairs, query = _UNIT.findall(prompt), _UNIT_QUERY.search(prompt)
    if not pairs or query is None:
        raise ValueError("not a unit puzzle")
    lines = [f"e{number} m {length} becomes {converted}" for number, (length, converted) in enumerate(pairs, 1)]
    lines.append(f"query m {query[1]}")
    length, converted = _largest(pairs, "m", lines)
    ratio = _division(_hundredths(converted), _hundredths(length), "becomes by m", lines)
    return _scaled(ratio, _hundredths(query[1]), 2, lines)


def _largest(pairs: Sequence[tuple[str, str]], name: str, lines: list[str]) -> tuple[str, str]:
    largest = max(pairs, key=lambda pair: _hundredths(pair[0]))
    lines.append(f"largest {name} {largest[0]} with {largest[1]}")
    return largest


def _hundredths(number: str) -> int:
    whole, _, part = number.partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0") or 0)


def _product(first: int, second: int, lines: list[str]) -> int:
    """Multiply digit by digit of the second number, adding up as it goes."""
    total, words = 0, []
    for power in range(len(str(second)) - 1, -1, -1):
        part = second // 10**power % 10 * 10**power
        if part:
            total += first * part
            words.append(f"{first}*{part}={first * part} sum {total}")
    lines.append(f"{first}*{second}: " + " ".join(words))
    return total


def _division(numerator: int, denominator: int, name: str, lines: list[str]) -> tuple[int, int]:
    """Divide by hand to five digits; return them as a number, and how many stand behind the point."""
    digits, rest, places = "", numerator, 0
    lines.append(f"{name}: {numerator} by {denominator}")
    whole, rest = divmod(rest, denominator)
    lines.append(f"{denominator}*{whole}={denominator * whole} rest {rest}")
    digits = str(whole)
    while len(digits.lstrip("0")) < NUM_DIGITS and rest:
        digit, after = divmod(rest * 10, denominator)
        lines.append(f"{rest}0: {denominator}*{digit}={denominator * digit} rest {after}")
        digits, rest, places = digits + str(digit), after, places + 1
    lines.append(f"ratio {_pointed(int(digits), places)}")
    return int(digits), places


def _scaled(ratio: tuple[int, int], asked: int, places: int, lines: list[str]) -> tuple[list[str], str]:
    """Multiply the ratio with what is asked, and round to a hundredth."""
    product = _product(asked, ratio[0], lines)
    places += ratio[1]
    lines.append(f"with {places} places {_pointed(product, places)}")
    step = 10 ** (places - 2)
    answer = _pointed((product + step // 2) // step, 2)
    lines.append(f"rounded {answer}")
    return lines, answer


def _pointed(number: int, places: int) -> str:
    digits = str(number).zfill(places + 1)
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
