"""The log of a cipher puzzle: letters from the examples, then words of the list that fit what is known.

The word list is knowledge: it is not in the puzzle, and a model has to have learnt it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from open_thoughts_gen.families.wonderland.vocabulary import WORDS

_EXAMPLE = re.compile(r"^([a-z ]+) -> ([a-z ]+)$", re.MULTILINE)
_QUERY = re.compile(r"decrypt the following text: ([a-z ]+)")
MAX_WORDS = 12


def cipher_log(prompt: str) -> tuple[list[str], str | None]:
    """Return the lines and the answer, None where no words of the list fit.

    Raises:
        ValueError: the text is not a cipher puzzle.

    """
    pairs, query = _EXAMPLE.findall(prompt), _QUERY.search(prompt)
    if not pairs or query is None or len(query[1].split()) > MAX_WORDS:
        raise ValueError("not a cipher puzzle")
    lines: list[str] = []
    letters: dict[str, str] = {}
    for secret, plain in pairs:
        for word, meaning in zip(secret.split(), plain.split(), strict=True):
            pairs_of = (f"{letter} {plain}" for letter, plain in zip(word, meaning, strict=True))
            lines.append(f"{word} is {meaning} : {' , '.join(pairs_of)}")
            letters.update(zip(word, meaning, strict=True))
    lines.append("letters " + " , ".join(f"{letter} {letters[letter]}" for letter in sorted(letters)))
    secrets = query[1].split()
    lines.append(f"query {' , '.join(secrets)}")
    reading = _Reader(lines).read(list(dict.fromkeys(secrets)), letters)
    if reading is None:
        lines.append("no words fit")
        return lines, None
    answer = " ".join(reading[secret] for secret in secrets)
    lines.append(f"text {answer}")
    return lines, answer


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads words of the list into a query, writing lines as it goes."""

    lines: list[str]

    def read(self, secrets: Sequence[str], letters: Mapping[str, str]) -> dict[str, str] | None:
        """Read every word, those with one reading first; where none has one, try the readings of one after another."""
        letters, reading, waiting = dict(letters), dict[str, str](), list(secrets)
        while waiting:
            options = {secret: self._options(secret, letters) for secret in waiting}
            if not all(options.values()):
                return None
            sure = [secret for secret in waiting if len(options[secret]) == 1]
            if not sure:
                secret = min(waiting, key=lambda secret: len(options[secret]))
                rest = self._try(secret, options[secret], [other for other in waiting if other != secret], letters)
                return None if rest is None else reading | rest
            for secret in sure:
                word = options[secret][0]
                if not _agrees(secret, word, letters):
                    return None
                letters |= zip(secret, word, strict=True)
                reading[secret] = word
                waiting.remove(secret)
                self.lines.append(f"{secret} is {word}")
        return reading

    def _try(
        self, secret: str, options: Sequence[str], others: Sequence[str], letters: Mapping[str, str]
    ) -> dict[str, str] | None:
        """Try each reading of one word; the first that lets every other word be read is taken."""
        for word in options:
            self.lines.append(f"try {secret} is {word}")
            rest = self.read(others, {**letters, **dict(zip(secret, word, strict=True))})
            if rest is not None:
                return {secret: word, **rest}
            self.lines.append(f"{secret} is not {word}")
        return None

    def _options(self, secret: str, letters: Mapping[str, str]) -> list[str]:
        """List the words that fit: the same length, the known letters, and no meaning for two letters."""
        pattern = " ".join(letters.get(letter, "?") for letter in secret)
        fitting = [word for word in WORDS if len(word) == len(secret) and _agrees(secret, word, letters)]
        self.lines.append(f"{secret} : {pattern} : {' , '.join(fitting) or 'none'}")
        return fitting


def _agrees(secret: str, word: str, letters: Mapping[str, str]) -> bool:
    extended = dict(letters)
    for letter, meaning in zip(secret, word, strict=True):
        if extended.setdefault(letter, meaning) != meaning:
            return False
    return len(set(extended.values())) == len(extended)
