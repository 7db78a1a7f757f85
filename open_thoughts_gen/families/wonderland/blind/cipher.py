"""Cipher puzzles: one letter stands for one letter, in sentences over a closed list of words.

The examples settle some letters, and words that have no others are read. The rest follows from the list of words, which
the solver knows: each other word of the query is one of them, and no two letters stand for the same one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from open_thoughts_gen.families.wonderland.vocabulary import WORDS
from open_thoughts_gen.plugin.blind import UNSHOWN, Solution, UnreadablePuzzleError, solution

_EXAMPLE = re.compile(r"^([a-z ]+) -> ([a-z ]+)$", re.MULTILINE)
_QUERY = re.compile(r"decrypt the following text: ([a-z ]+)")
MAX_ANSWERS = 1000
MAX_WORDS = 12


def solve(prompt: str) -> Solution:
    """Return every reading of the query in words of the list that agrees with the examples.

    Raises:
        UnreadablePuzzleError: the text is not a cipher puzzle.

    """
    words, letters = _read(prompt)
    if letters is None:
        return Solution("cipher", {}, 0)
    readings: dict[str, float] = {}
    for reading in _readings(words, letters):
        readings[" ".join(reading[word] for word in words)] = 1.0
        if len(readings) == MAX_ANSWERS:
            break
    known = sum(letter in letters for word in words for letter in word)
    details = {"letters_known": known, "letters": sum(map(len, words))}
    return solution("cipher", readings.items(), len(readings), details)


def solve_by_letters(prompt: str) -> Solution:
    """Return the reading that the letters of the examples give, without the list of words.

    Raises:
        UnreadablePuzzleError: the text is not a cipher puzzle.

    """
    words, letters = _read(prompt)
    if letters is None:
        return Solution("cipher", {}, 0)
    answer = " ".join("".join(letters.get(letter, UNSHOWN) for letter in word) for word in words)
    return Solution("cipher", {answer: 1.0}, 1)


def _read(prompt: str) -> tuple[list[str], dict[str, str] | None]:
    """Return the words of the query, and the letters that the examples give; None where they contradict each other.

    Raises:
        UnreadablePuzzleError: the text is not a cipher puzzle.

    """
    pairs, query = _EXAMPLE.findall(prompt), _QUERY.search(prompt)
    if not pairs or query is None or len(query[1].split()) > MAX_WORDS:
        raise UnreadablePuzzleError("not a cipher puzzle")
    letters: dict[str, str] | None = {}
    for secret, plain in pairs:
        letters = None if letters is None else _extended(letters, secret.strip(), plain.strip())
    return query[1].split(), letters


def _extended(letters: Mapping[str, str], secret: str, plain: str) -> dict[str, str] | None:
    """Return the letters with those that reading `secret` as `plain` adds, None where it contradicts them."""
    if len(secret) != len(plain):
        return None
    extended = dict(letters)
    for letter, meaning in zip(secret, plain, strict=True):
        if (letter == " ") != (meaning == " ") or extended.setdefault(letter, meaning) != meaning:
            return None
    return extended if len(set(extended.values())) == len(extended) else None


def _readings(words: Sequence[str], letters: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield each way to read the words, the word with the fewest readings first."""
    if not words:
        yield {}
        return
    options: dict[str, list[tuple[str, dict[str, str]]]] = {word: [] for word in words}
    for word, readings in options.items():
        if all(letter in letters for letter in word):
            readings.append(("".join(letters[letter] for letter in word), dict(letters)))
    for word, plain in product([word for word in options if not options[word]], WORDS):
        if len(plain) == len(word) and (extended := _extended(letters, word, plain)) is not None:
            options[word].append((plain, extended))
    word = min(options, key=lambda word: len(options[word]))
    for plain, extended in options[word]:
        for reading in _readings([other for other in words if other != word], extended):
            yield {word: plain, **reading}
