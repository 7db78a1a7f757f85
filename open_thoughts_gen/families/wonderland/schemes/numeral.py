"""Numbers from 1 to 100 in Roman numerals."""

from __future__ import annotations

from random import Random

from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle, prompt

OPENING = "numbers are secretly converted into a different numeral system. Some examples are given below:"
VALUES = {"C": 100, "XC": 90, "L": 50, "XL": 40, "X": 10, "IX": 9, "V": 5, "IV": 4, "I": 1}


def draw(rng: Random) -> Puzzle:
    """Draw three to five numbers, and one to ask for."""
    *numbers, asked = (rng.randint(1, 100) for _ in range(rng.randint(3, 5) + 1))
    examples = [f"{number} -> {_numeral(number)}" for number in numbers]
    text = prompt(OPENING, examples, f"Now, write the number {asked} in the Wonderland numeral system.")
    return Puzzle("numeral", text, _numeral(asked), {"system": "roman"})


def _numeral(number: int) -> str:
    """Take the largest value that fits, again and again."""
    numeral = ""
    for letters, value in VALUES.items():
        numeral += letters * (number // value)
        number %= value
    return numeral
