"""The log of a numeral puzzle: tens and units, written side by side."""

from __future__ import annotations

import re

_EXAMPLE = re.compile(r"^(\d{1,3}) -> ([IVXLC]+)\s*$", re.MULTILINE)
_QUERY = re.compile(r"write the number (\d{1,3}) in the Wonderland numeral system")
TENS = {0: "", 10: "X", 20: "XX", 30: "XXX", 40: "XL", 50: "L", 60: "LX", 70: "LXX", 80: "LXXX", 90: "XC", 100: "C"}
UNITS = {0: "", 1: "I", 2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI", 7: "VII", 8: "VIII", 9: "IX"}


def numeral_log(prompt: str) -> tuple[list[str], str]:
    """Return the lines and the answer. Letters stand apart, so that each is a token.

    Raises:
        ValueError: the text is not a numeral puzzle.

    """
    pairs, query = _EXAMPLE.findall(prompt), _QUERY.search(prompt)
    if (
        not pairs
        or query is None
        or not all(0 < int(number) <= 100 for number in (*(pair[0] for pair in pairs), query[1]))
    ):
        raise ValueError("not a numeral puzzle")
    lines = []
    for number, numeral in pairs:
        parts, roman = _parts(int(number))
        lines.append(f"{number} is {parts} ; given {' '.join(numeral)} {'same' if roman == numeral else 'other'}")
    parts, answer = _parts(int(query[1]))
    lines += [f"query {query[1]} is {parts}", f"together {' '.join(answer)}"]
    return lines, answer


def _parts(number: int) -> tuple[str, str]:
    """Return a number's tens and units in words, and its numeral."""
    tens, units = (100, 0) if number == 100 else (number // 10 * 10, number % 10)
    parts = [f"{part} {' '.join(letters)}" for part, letters in ((tens, TENS[tens]), (units, UNITS[units])) if part]
    return " and ".join(parts), TENS[tens] + UNITS[units]
