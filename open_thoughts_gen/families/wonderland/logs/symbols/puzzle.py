"""The puzzle in letters: its equations, and how each reading turns them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_EXAMPLE = re.compile(r"^(\S\S)(\S)(\S\S) = (\S{1,6})[^\S\n]*$", re.MULTILINE)
_QUERY = re.compile(r"determine the result for: (\S\S)(\S)(\S\S)\s*$")
LETTERS, SIGNS = "ABCDEFGHIJ", "PQR"
READINGS = ("forward", "reversed", "flipped")


@dataclass(frozen=True, slots=True)
class LetterEquation:
    """An equation in letters, as printed; `result` is empty for the query, `sign_at` says where a minus stands."""

    name: str
    left: str
    sign: str
    right: str
    result: str
    sign_at: str = ""  # front, behind, or nowhere

    def read(self, reading: str) -> tuple[str, str, str]:
        """Return the two numbers and the result, the most significant letter first."""
        if reading == "forward":
            return self.left, self.right, self.result
        if reading == "reversed":
            return self.left[::-1], self.right[::-1], self.result[::-1]
        return self.right[::-1], self.left[::-1], self.result[::-1]

    def __str__(self) -> str:
        """Return it as the log writes it."""
        text = f"{self.name} {' '.join(self.left)} {self.sign} {' '.join(self.right)}"
        if not self.result:
            return text
        parts = [self.sign] * (self.sign_at == "front") + list(self.result) + [self.sign] * (self.sign_at == "behind")
        return f"{text} = {' '.join(parts)} length {len(self.result)}"


class LetterPuzzle:
    """A puzzle with its glyphs renamed."""

    def __init__(self, prompt: str) -> None:
        """Read it.

        Raises:
            ValueError: the text is not a puzzle, or shows more than ten symbols or three operators.

        """
        examples: list[tuple[str, str, str, str]] = _EXAMPLE.findall(prompt)
        query = _QUERY.search(prompt.rstrip())
        if not examples or query is None:
            raise ValueError("not an equation puzzle in glyphs")
        split = [(left, sign, right, *_without_sign(result, sign)) for left, sign, right, result in examples]
        split.append((query[1], query[2], query[3], "", ""))
        operators = dict.fromkeys(sign for _, sign, _, _, _ in split)
        digits = dict.fromkeys("".join(left + right + result for left, _, right, result, _ in split))
        if len(digits) > len(LETTERS) or len(operators) > len(SIGNS):
            raise ValueError("not a puzzle of ten symbols and three operators")
        self.letter_of: dict[str, str] = dict(zip(digits, LETTERS, strict=False))
        self.sign_of: dict[str, str] = dict(zip(operators, SIGNS, strict=False))
        equations = [
            LetterEquation(
                f"e{number}" if number < len(split) else "query",
                *(self._renamed(left), self.sign_of[sign], self._renamed(right), self._renamed(result), sign_at),
            )
            for number, (left, sign, right, result, sign_at) in enumerate(split, 1)
        ]
        self.examples, self.query = equations[:-1], equations[-1]

    @property
    def signs(self) -> list[str]:
        """The operators of the examples."""
        return list(dict.fromkeys(equation.sign for equation in self.examples))

    @property
    def letters(self) -> Sequence[str]:
        """The letters that are shown."""
        return list(self.letter_of.values())

    def glyph_of_sign(self, sign: str) -> str:
        """Return the glyph of an operator."""
        return {name: glyph for glyph, name in self.sign_of.items()}[sign]

    def leading(self, reading: str) -> frozenset[str]:
        """Return the letters that begin a number of two digits or more, and so are not 0."""
        numbers = (number for equation in [*self.examples, self.query] for number in equation.read(reading))
        return frozenset(number[0] for number in numbers if len(number) > 1)

    def printed(self, letters: str, reading: str, *, is_negative: bool) -> str:
        """Return a result of the query in glyphs, as a reading prints it."""
        glyph_of = {letter: glyph for glyph, letter in self.letter_of.items()}
        text = "".join(glyph_of[letter] for letter in (letters if reading == "forward" else letters[::-1]))
        sign = self.glyph_of_sign(self.query.sign) if is_negative else ""
        return text + sign if reading == "flipped" else sign + text

    def _renamed(self, text: str) -> str:
        return "".join(self.letter_of[glyph] for glyph in text)


def _without_sign(result: str, sign: str) -> tuple[str, str]:
    """Return a result without the sign of its operator, and where that stood."""
    if len(result) > 1 and result.startswith(sign):
        return result[1:], "front"
    return (result[:-1], "behind") if len(result) > 1 and result.endswith(sign) else (result, "")
