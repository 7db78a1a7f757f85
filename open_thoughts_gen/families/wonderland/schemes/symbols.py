"""Equations under a secret law, in which glyphs stand for the digits."""

from __future__ import annotations

from random import Random

from open_thoughts_gen.families.wonderland.schemes import _equations
from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle


def draw(rng: Random) -> Puzzle:
    """Draw a puzzle (`_equations.draw`)."""
    return _equations.draw(rng, "symbols")
