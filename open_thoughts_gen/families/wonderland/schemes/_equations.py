"""Equations under a secret law: three of six alterations of arithmetic (the schemes `digits` and `symbols`)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from random import Random

from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle, prompt

OPENING = "a secret set of transformation rules is applied to equations. Below are a few examples:"
DIGIT_GLYPHS = "!\"#$%&'(/:<>?@[\\]^`{|})"
OPERATOR_GLYPHS = DIGIT_GLYPHS + "*+-"
SLOTS = ("plus", "times", "minus")
VARIANTS = {"plus": ("one more", "one less", "joined"), "times": ("one more", "one less", "joined"),
            "minus": ("absolute", "negative", "remainder")}  # fmt: skip
ALTERATIONS = (*SLOTS, "glyphs", "reversed", "symbols")
TRIPLES = [triple for triple in combinations(ALTERATIONS, 3) if triple != SLOTS]


@dataclass(frozen=True, slots=True)
class Law:
    """One law: the variant of each slot ("" for none), its glyphs, and how numbers are read."""

    triple: tuple[str, ...]
    variants: dict[str, str]
    glyphs: dict[str, str]
    digits: str  # the glyph of each digit, 0 first
    turns_equation: bool
    swaps_joined: bool

    def written(self, first: int, slot: str, second: int) -> tuple[str, str]:
        """Return the left side of an equation and its result, as they are printed."""
        glyph, variant = self.glyphs[slot], self.variants[slot]
        if variant == "joined":
            result, sign = (f"{second}{first}" if self.swaps_joined else f"{first}{second}"), ""
        else:
            number = _computed(first, slot, second, variant)
            result, sign = str(abs(number)), glyph if number < 0 else ""
        left, right = str(first), str(second)
        if "reversed" in self.triple:
            left, right, result = left[::-1], right[::-1], result[::-1]
        if self.turns_equation:
            return self._inked(right) + glyph + self._inked(left), self._inked(result) + sign
        return self._inked(left) + glyph + self._inked(right), sign + self._inked(result)

    @property
    def structure(self) -> str:
        """The alterations, each with its variant, and the ways of reading that come with them."""
        names = [f"{name} {self.variants.get(name, '')}".rstrip() for name in self.triple if name != "symbols"]
        return ", ".join(names + ["turned"] * self.turns_equation + ["swapped"] * self.swaps_joined)

    def _inked(self, number: str) -> str:
        return "".join(self.digits[int(digit)] for digit in number)


def draw_law(rng: Random, *, symbolic: bool) -> Law:
    """Draw a law, every triple of alterations equally likely."""
    triple = rng.choice([triple for triple in TRIPLES if ("symbols" in triple) == symbolic])
    variants = {slot: rng.choice(VARIANTS[slot]) if slot in triple else "" for slot in SLOTS}
    digits = "".join(rng.sample(DIGIT_GLYPHS, 10)) if symbolic else "0123456789"
    glyphs = dict(zip(SLOTS, "+*-", strict=True))
    is_turned = swaps = False
    if "glyphs" in triple:
        free = [glyph for glyph in OPERATOR_GLYPHS if glyph not in digits]
        glyphs = dict(zip(SLOTS, rng.sample(free, 3), strict=True))
        if "reversed" in triple:
            is_turned = rng.random() < 1 / 2
            swaps = rng.random() < (1 / 2 if is_turned else 1 / 4)
    return Law(triple, variants, glyphs, digits, is_turned, swaps)


def draw(rng: Random, scheme: str) -> Puzzle:
    """Draw a law, three to five equations and one to complete; each takes one of the three slots."""
    law = draw_law(rng, symbolic=scheme == "symbols")
    wanted, equations = rng.randint(3, 5) + 1, dict[str, str]()
    slots: list[str] = []
    while len(equations) < wanted:
        slot = rng.choice(SLOTS)
        left, result = law.written(rng.randint(10, 99), slot, rng.randint(10, 99))
        if equations.setdefault(left, result) is result:
            slots.append(slot)
    *shown, asked = equations
    text = prompt(OPENING, [f"{left} = {equations[left]}" for left in shown],
                  f"Now, determine the result for: {asked}")  # fmt: skip
    rule = {
        "alterations": list(law.triple),
        "variants": {slot: variant for slot, variant in law.variants.items() if variant},
        "operators": law.glyphs,
        "equation_turned": law.turns_equation,
        "joined_swapped": law.swaps_joined,
        "query_operator_shown": slots[-1] in slots[:-1],
        **({"digits": law.digits} if scheme == "symbols" else {}),
    }
    return Puzzle(scheme, text, equations[asked], rule, f"{scheme}: {law.structure}")


def _computed(first: int, slot: str, second: int, variant: str) -> int:
    """Return what a slot makes of two numbers, unless they are joined."""
    if slot == "minus":
        if variant == "remainder":
            return max(first, second) % min(first, second)
        difference = first - second
        return {"": difference, "absolute": abs(difference), "negative": -abs(difference)}[variant]
    plain = first + second if slot == "plus" else first * second
    return plain + {"": 0, "one more": 1, "one less": -1}[variant]
