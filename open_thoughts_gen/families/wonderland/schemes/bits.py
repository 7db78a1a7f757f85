"""A secret rule on bytes: one gate over a byte shifted to the left, shifted to the right, and rotated."""

from __future__ import annotations

from random import Random

from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle, prompt

OPENING = (
    "a secret bit manipulation rule transforms 8-bit binary numbers. The transformation involves operations like bit "
    "shifts, rotations, XOR, AND, OR, NOT, and possibly majority or choice functions.\n\n"
    "Here are some examples of input -> output:"
)
# The gates and their shares in 24ths. A gate is the outputs for the eight values of (left, right, turned).
GATES = {
    "left xor right": ("00111100", 6),
    "left xor turned": ("01011010", 1),
    "left or turned": ("01011111", 1),
    "left and turned": ("00000101", 1),
    "right xor turned": ("01100110", 1),
    "right or turned": ("01110111", 1),
    "right and turned": ("00010001", 1),
    "majority": ("00010111", 3),
    "choice": ("01010011", 3),
    "right or same": ("10110111", 3),
    "not both or same": ("10110110", 3),
}


def draw(rng: Random) -> Puzzle:
    """Draw a rule, seven to ten bytes to show it on, and another to ask for."""
    gate = rng.choices(list(GATES), [share for _, share in GATES.values()])[0]
    shifts = (rng.randint(1, 7), rng.randint(1, 7), rng.randint(1, 7))
    *shown, query = (f"{byte:08b}" for byte in rng.sample(range(256), rng.randint(7, 10) + 1))
    examples = [f"{byte} -> {_transformed(byte, gate, shifts)}" for byte in shown]
    text = prompt(OPENING, examples, f"Now, determine the output for: {query}", gap="\n")
    rule = {"gate": gate, "shifts": list(shifts)}
    return Puzzle("bits", text, _transformed(query, gate, shifts), rule, f"{gate} {' '.join(map(str, shifts))}")


def _transformed(byte: str, gate: str, shifts: tuple[int, int, int]) -> str:
    """Apply the rule bit by bit; a position outside the byte holds 0."""
    left, right, turned = shifts
    table = GATES[gate][0]
    streams = zip(byte[left:] + "0" * left, "0" * right + byte[: 8 - right], byte[turned:] + byte[:turned], strict=True)
    return "".join(table[int("".join(bits), 2)] for bits in streams)
