"""How the words of the verses are spoken: a subset of the CMU Pronouncing Dictionary, one pronunciation a word.

The data stands in `words/pronouncing.yaml` with its licence (two-clause BSD). Only words are in it whose variants in
the dictionary agree in syllables and main stress. `sounds` takes the phones of a word apart; `coded` and `tail` make
strings of a line, for the second implementation, and share nothing with it but the data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import yaml

from open_thoughts_gen.families.literary.scheme import WORDS


@cache
def pronounced() -> Mapping[str, str]:
    """Return the sounds of each word."""
    text = (WORDS / "pronouncing.yaml").read_text("utf-8")
    sounds_of: Mapping[str, str] = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader))  # noqa: S506
    return sounds_of


@cache
def sounds(word: str) -> tuple[int, int, tuple[str, ...]]:
    """Return how many syllables a word has, which has the main stress (0 if none), and what a rhyme has to share."""
    phones = pronounced()[word].split()
    vowels = [index for index, phone in enumerate(phones) if phone[-1].isdigit()]
    main = [number for number, index in enumerate(vowels, start=1) if phones[index][-1] == "1"]
    stressed = vowels[main[-1] - 1] if main else vowels[-1]
    return len(vowels), main[-1] if main else 0, tuple(phones[stressed:])


def coded(text: str) -> str:
    """Return a line as a string of syllables: `m` a word of one, `S` a main stress, `u` any other."""
    code = ""
    for word in text.split():
        stresses = re.findall(r"\d", pronounced()[word.strip(",.;")])
        code += "m" if len(stresses) == 1 else "".join("S" if digit == "1" else "u" for digit in stresses)
    return code


def tail(text: str) -> str:
    """Return the sounds of a line from its last main stress to its end."""
    match = re.search(r"[A-Z]+1[^1]*$", pronounced()[text.rsplit(maxsplit=1)[-1].strip(",.;")])
    return match.group() if match else ""
