"""Numeral puzzles: whole numbers from 1 to 100 in Roman numerals."""

from __future__ import annotations

import re

from open_thoughts_gen.plugin.blind import Solution, UnreadablePuzzleError

_EXAMPLE = re.compile(r"^(\d{1,9}) -> ([IVXLCDM]+)$", re.MULTILINE)
_QUERY = re.compile(r"write the number (\d{1,9}) in the Wonderland numeral system")
_UNITS = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_TENS = ("", "X", "XX", "XXX", "XL", "L", "LX", "LXX", "LXXX", "XC")
_HUNDREDS = ("", "C", "CC", "CCC", "CD", "D", "DC", "DCC", "DCCC", "CM")


def roman(number: int) -> str:
    """Write a number from 1 to 3,999, place by place."""
    thousands, rest = divmod(number, 1000)
    return "M" * thousands + _HUNDREDS[rest // 100] + _TENS[rest // 10 % 10] + _UNITS[rest % 10]


def solve(prompt: str) -> Solution:
    """Return the numeral, if every example is a Roman numeral.

    Raises:
        UnreadablePuzzleError: the text is not a numeral puzzle.

    """
    pairs, query = _EXAMPLE.findall(prompt), _QUERY.search(prompt)
    if not pairs or query is None or not 0 < int(query[1]) < 4000:
        raise UnreadablePuzzleError("not a numeral puzzle")
    if any(not 0 < int(number) < 4000 or roman(int(number)) != numeral for number, numeral in pairs):
        return Solution("numeral", {}, 0)
    return Solution("numeral", {roman(int(query[1])): 1.0}, 1)
