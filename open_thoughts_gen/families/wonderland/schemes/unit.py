"""Metres in a secret unit."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle, prompt

OPENING = "a secret unit conversion is applied to measurements. For example:"


def draw(rng: Random) -> Puzzle:
    """Draw a factor between a half and two, and lengths from 5 to 50 metres."""
    factor = Decimal(rng.randint(5000, 20000)) / 10000
    *lengths, asked = (Decimal(rng.randint(500, 5000)) / 100 for _ in range(rng.randint(3, 5) + 1))
    examples = [f"{length:.2f} m becomes {factor * length:.2f}" for length in lengths]
    text = prompt(OPENING, examples, f"Now, convert the following measurement: {asked:.2f} m")
    return Puzzle("unit", text, f"{factor * asked:.2f}", {"factor": str(factor)}, f"factor {factor}")
