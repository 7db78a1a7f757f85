"""Find which kind of puzzle a text is, and solve it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from open_thoughts_gen.families.wonderland.blind import bits, cipher, digits, numeral, rates, symbols
from open_thoughts_gen.plugin.blind import Solution, UnreadablePuzzleError

SOLVERS: Mapping[str, Callable[[str], Solution]] = {
    "bits": bits.solve,
    "gravity": rates.solve_gravity,
    "unit": rates.solve_unit,
    "numeral": numeral.solve,
    "cipher": cipher.solve,
    "digits": digits.solve,
    "symbols": symbols.solve,
}


LANGUAGES = ("decoded", "agnostic")
# What is proved about a puzzle without the rules that were read off the challenge's rows: bits by any function of at
# most three shifted or rotated bytes, ciphers without the list of words, equations with any number of alterations.
AGNOSTIC: Mapping[str, Callable[[str], Solution]] = {
    **SOLVERS,
    "bits": bits.solve_agnostic,
    "cipher": cipher.solve_by_letters,
    "digits": partial(digits.solve, any_number=True),
    "symbols": partial(symbols.solve, any_number=True),
}


def stripped(prompt: str) -> str:
    """Return the lines of a text without the spaces around them, however they end."""
    return "\n".join(line.strip() for line in prompt.splitlines())


def solve(prompt: str, language: str = "decoded") -> Solution:
    """Solve a puzzle from its text alone, under one of the `LANGUAGES` of rules.

    Spaces around lines and how lines end do not count, nor do other lines, such as the suffix for a model.

    Raises:
        UnreadablePuzzleError: no solver can read the text.

    """
    text = stripped(prompt)
    for solver in (SOLVERS if language == "decoded" else AGNOSTIC).values():
        try:
            return solver(text)
        except UnreadablePuzzleError:
            continue
    raise UnreadablePuzzleError("not a puzzle of a known form")
