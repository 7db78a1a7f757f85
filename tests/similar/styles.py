"""Questions from templates, in several styles, with copies of which a word or two is another."""

from __future__ import annotations

from random import Random

from tests.similar.planted import edited, words

NAMES = "Alice Bob Carol Dan Eve Grace Heidi Ann Anna Tim Tom Mia Mira Leo Lea".split()
THINGS = "pens books apples pears marbles coins stamps cards pencils rulers hens pigs figs cakes balls".split()
ANIMALS = (
    "dog cat horse cow sheep goat lion tiger bear wolf fox rabbit mouse whale eagle hawk owl crow frog toad".split()
)
WORDS = words(Random(0), 1_000)
CLASSES, HOMES = "mammal bird fish reptile insect".split(), ["the sea", "the forest", "a house", "Africa"]


def arithmetic(rng: Random) -> str:
    return f"What is {rng.randint(1, 999)} {rng.choice(['plus', 'minus', 'times'])} {rng.randint(1, 999)}?"


def word_problem(rng: Random) -> str:
    name, thing = rng.choice(NAMES), rng.choice(THINGS)
    return (
        f"{name} has {rng.randint(2, 60)} {thing} and buys {rng.randint(2, 60)} more {thing} at the market. Then "
        f"{rng.choice(NAMES)} takes {rng.randint(1, 9)} of them. How many {thing} does {name} have now?"
    )


def multiple_choice(rng: Random) -> str:
    choices = "".join(f" {letter}) {animal}" for letter, animal in zip("ABCD", rng.sample(ANIMALS, 4), strict=True))
    return f"Which of these is a {rng.choice(CLASSES)} that lives in {rng.choice(HOMES)}?{choices}"


def choice_of_many(rng: Random) -> str:
    options = "".join(f" {letter}) {word}" for letter, word in zip("ABCD", rng.sample(WORDS, 4), strict=True))
    return f"Which of these words is nearest in meaning to {rng.choice(WORDS)}?{options}"


def constant(rng: Random) -> str:
    return f"What is {rng.randint(1, 10**6)} plus two?"


def long(rng: Random) -> str:
    return " ".join(words(rng, rng.randint(40, 80)))


_STYLES = {each.__name__: each for each in (arithmetic, word_problem, multiple_choice, choice_of_many, constant, long)}
STYLES = tuple(_STYLES)


def styled(style: str, num: int, seed: int) -> list[str]:
    """Return questions in a style, or in all of them where it is "mixed"; one in ten is an edited copy."""
    rng = Random(seed)
    texts: list[str] = []
    while len(texts) < num:
        if texts and rng.random() < 0.1:
            texts.append(edited(rng.choice(texts), rng, 0.1))
        else:
            texts.append(_STYLES[rng.choice(STYLES) if style == "mixed" else style](rng))
    return texts
