"""Goes through the log of a puzzle of any scheme, which the puzzle's own words name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from open_thoughts_gen.families.wonderland.retrace import bits, digits, simple, symbols
from open_thoughts_gen.families.wonderland.retrace.lines import LogLines

_BY_WORDS: Mapping[str, Callable[[LogLines, str], str | None]] = {
    "secret bit manipulation rule": bits.follow,
    "gravitational constant": simple.follow_gravity,
    "secret unit conversion": simple.follow_unit,
    "different numeral system": simple.follow_numeral,
    "secret encryption rules": simple.follow_cipher,
}


def retrace(prompt: str, log: str) -> str:
    """Go through a log line by line, with nothing but the prompt and the lines before, and return its answer.

    Raises:
        DoesNotFollowError: a line does not follow, or the log comes to no answer; it says which line.
        ValueError: the text is not a puzzle.

    """
    lines = LogLines(log.split("\n"))
    follow = next((follow for words, follow in _BY_WORDS.items() if words in prompt), None)
    if follow is None:
        if "transformation rules is applied to equations" not in prompt:
            raise ValueError("not a puzzle of a known form")
        query = prompt.rstrip().rpartition(": ")[2]
        follow = digits.follow if (query[:2] + query[3:]).isdecimal() else symbols.follow
    answer = follow(lines, prompt)
    lines.finish()
    if answer is None:
        raise lines.fault("an answer follows")
    return answer
