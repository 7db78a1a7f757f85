"""Equation puzzles whose digits are digits: every world of the law is tried on every example."""

from __future__ import annotations

import re
from collections.abc import Sequence

from open_thoughts_gen.families.wonderland.blind.equations import (
    ALTERED,
    MODES,
    PLAIN,
    Equation,
    joined,
    operands,
    printed,
    read,
    value,
    worlds,
)
from open_thoughts_gen.plugin.blind import Solution, UnreadablePuzzleError, solution
from open_thoughts_gen.text.challenge_metric import same

_SLOT_VARIANTS = [(slot, variant) for slot in PLAIN for variant in (PLAIN[slot], *ALTERED[slot])]


def is_numeric(examples: Sequence[Equation]) -> bool:
    """Return whether the operands of the examples are written in digits."""
    return all(re.fullmatch("[0-9]+", equation.left + equation.right) for equation in examples)


def solve(prompt: str, *, any_number: bool = False) -> Solution:
    """Return the results that the law admits; `any_number` of alterations may hold in place of three.

    Raises:
        UnreadablePuzzleError: the text is not an equation puzzle with digits.

    """
    examples, query = read(prompt)
    if not is_numeric([*examples, query]):
        raise UnreadablePuzzleError("its digits are not digits")
    by_glyph: dict[str, list[Equation]] = {}
    for example in examples:
        by_glyph.setdefault(example.glyph, []).append(example)
    fitting = {
        (mode, glyph, meaning)
        for mode in MODES
        for glyph, equations in by_glyph.items()
        for meaning in _SLOT_VARIANTS
        if all(_result(equation, mode, meaning) == equation.result for equation in equations)
    }
    weighted: list[tuple[str, float]] = []
    readings = set()
    for world in worlds(list(dict.fromkeys([*by_glyph, query.glyph])), symbolic=False, any_number=any_number):
        if all((world.mode, glyph, world.meanings[glyph]) in fitting for glyph in by_glyph):
            answer = _result(query, world.mode, world.meanings[query.glyph])
            if answer is not None:
                weighted.append((answer, world.weight))
                readings.add((world.mode, world.triple, *sorted(world.meanings.items())))
    return solution("digits", weighted, len(readings), {"query_operator_shown": query.glyph in by_glyph}, same)


def _result(equation: Equation, mode: str, meaning: tuple[str, str]) -> str | None:
    """Return the result as it would be printed, None where an operand cannot be read as a two-digit number."""
    first, second = operands(equation, mode)
    if "0" in (first[0], second[0]):
        return None
    if meaning[1] == "join":
        return printed(joined(first, second, mode), "", mode)
    number = value(meaning[1], int(first), int(second))
    return printed(str(abs(number)), equation.glyph if number < 0 else "", mode)
