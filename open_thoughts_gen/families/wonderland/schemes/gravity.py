"""The distance of a fall under a secret constant of gravity."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle, prompt

OPENING = "the gravitational constant has been secretly changed. Here are some example observations:"


def draw(rng: Random) -> Puzzle:
    """Draw the constant between half and twice of 9.8, and times from one to five seconds."""
    gravity = Decimal(rng.randint(490, 1960)) / 100
    *times, asked = (Decimal(rng.randint(100, 500)) / 100 for _ in range(rng.randint(3, 5) + 1))
    examples = [f"For t = {float(time)}s, distance = {_distance(gravity, time)} m" for time in times]
    question = f"Now, determine the falling distance for t = {float(asked)}s given d = 0.5*g*t^2."
    text = prompt(OPENING, examples, question)
    return Puzzle("gravity", text, _distance(gravity, asked), {"g": str(gravity)}, f"g {gravity}")


def _distance(gravity: Decimal, time: Decimal) -> str:
    """Return g t² / 2 rounded to a hundredth; a last zero is not written."""
    return str(float(round(gravity * time * time / 2, 2)))
