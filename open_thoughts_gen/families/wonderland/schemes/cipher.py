"""Short sentences in which each letter stands for another."""

from __future__ import annotations

from random import Random
from string import ascii_lowercase

from open_thoughts_gen.families.wonderland.schemes._puzzle import Puzzle, prompt

OPENING = "secret encryption rules are used on text. Here are some examples:"
WHO = "alice bird cat dragon hatter king knight mouse princess queen rabbit student teacher turtle wizard".split()
DOES = "chases creates discovers draws dreams explores follows found imagines reads sees studies watches writes".split()
HOW = "ancient bright clever colorful curious dark golden hidden magical mysterious secret silver strange wise".split()
WHAT = "book castle crystal door forest garden key map message mirror potion puzzle secret story treasure".split()
BY = "above around beyond in inside near through under".split()
WHERE = "castle cave forest garden island library mountain ocean palace school tower valley village wonderland".split()
THE = ("the",)
TEMPLATES = ((WHO, DOES, WHAT), (THE, HOW, WHO, DOES), (WHO, DOES, BY, WHERE), (WHO, DOES, THE, HOW, WHAT))


def draw(rng: Random) -> Puzzle:
    """Draw an alphabet, three to five sentences, and another to read."""
    secret = "".join(rng.sample(ascii_lowercase, 26))
    alphabet = str.maketrans(ascii_lowercase, secret)
    wanted, sentences = rng.randint(3, 5) + 1, dict[str, None]()
    while len(sentences) < wanted:
        sentences[" ".join(rng.choice(words) for words in rng.choice(TEMPLATES))] = None
    *shown, asked = sentences
    examples = [f"{sentence.translate(alphabet)} -> {sentence}" for sentence in shown]
    text = prompt(OPENING, examples, f"Now, decrypt the following text: {asked.translate(alphabet)}")
    return Puzzle("cipher", text, asked, {"alphabet": secret})
