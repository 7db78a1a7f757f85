"""How a text differs from one that should say the same: which figures, names and citations are others.

Only words are compared. Nothing is known of what the texts are about, so a fault that somebody has planted is seen by
what stands there, and not by what is said of it.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction

TOKEN = re.compile(
    r"(?:§|\b(?:Section|Article|Art\.|Rule|Clause|Paragraph|Reg\.|Chapter|Head)) ?\d+(?:\.\d+)*(?:\(\w+\))*"
    r"|\d+(?:,\d{3})*(?:[.:/]\d+)*|[\w'’-]+|[^\w\s]"
)
_CITE = re.compile(r"\D+ ?\d")
_FIGURE = re.compile(r"\d+(?:,\d{3})*(?:[.:/]\d+)*")
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?")
_NAME = re.compile(r"[A-Z][\w'’-]*")
_DAYS = frozenset((*calendar.month_name, *calendar.day_name)) - {""}
_SMALL = frozenset("no one two three four five six seven eight nine ten eleven twelve".split())


@dataclass(frozen=True, slots=True)
class Difference:
    """What a line says otherwise than the right one: the words of each that the other has not, in printed order."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    is_of_days: bool = False  # a month stands beside one of them

    @property
    def is_of_figures(self) -> bool:
        """Whether nothing but figures and days differs."""
        return bool(self.right and self.wrong) and all(map(is_figure, (*self.right, *self.wrong)))

    @property
    def is_of_names(self) -> bool:
        """Whether nothing but names differs."""
        both = (*self.right, *self.wrong)
        named = [token for token in both if _NAME.fullmatch(token) and token not in _DAYS]
        return (
            bool(self.right and self.wrong)
            and bool(named)
            and all(t in named or t in (",", "and", "is", "are") for t in both)
        )

    @property
    def is_of_cites(self) -> bool:
        """Whether the two name different provisions."""
        return {token for token in self.right if _CITE.match(token)} != {t for t in self.wrong if _CITE.match(t)}

    @property
    def is_only_of_cites(self) -> bool:
        """Whether nothing else differs."""
        return self.is_of_cites and all(map(_CITE.match, (*self.right, *self.wrong)))

    @property
    def figure(self) -> Fraction | None:
        """The one number that should stand in place of another; None where more differs, or a day."""
        is_single = len(self.right) == len(self.wrong) == 1 and not self.is_of_days
        if not (is_single and _NUMBER.fullmatch(self.right[0]) and _NUMBER.fullmatch(self.wrong[0])):
            return None
        return Fraction(self.right[0].replace(",", ""))


def is_figure(token: str) -> bool:
    """Return whether a word is a number, a part of a date, or a small number in letters."""
    return bool(_FIGURE.fullmatch(token)) or token in _DAYS or token.lower() in _SMALL


def tokens(text: str) -> list[str]:
    """Return the words, figures, citations and marks of a text."""
    return TOKEN.findall(text)


def difference(says: str, texts: Iterable[str]) -> Difference:
    """Return how a line differs from that of the right tellings which is nearest to it."""
    words = tokens(says)
    right_words, _ = _nearest(words, texts)
    right, wrong, beside = list[str](), list[str](), set[str]()
    matcher = SequenceMatcher(None, right_words, words, autojunk=False)
    for operation, start, end, other_start, other_end in matcher.get_opcodes():
        if operation != "equal":
            right += right_words[start:end]
            wrong += words[other_start:other_end]
            beside |= {*right_words[max(0, start - 1) : start], *right_words[end : end + 1]}
    return Difference(tuple(right), tuple(wrong), bool(beside & _DAYS))


def is_nearer(says: str, one: Iterable[str], other: Iterable[str]) -> bool:
    """Return whether a line has more words in common with one step than with another."""
    words = tokens(says)
    return _nearest(words, one)[1] > _nearest(words, other)[1]


def _nearest(words: list[str], texts: Iterable[str]) -> tuple[list[str], float]:
    """Return the words of the first text that is nearest to some, and how near it is, 0..1.

    Texts are compared in the order of an upper bound, by which most need not be compared at all.
    """
    rights, counted = [tokens(text) for text in texts], Counter(words)
    bounds = [2 * (Counter(right) & counted).total() / max(len(right) + len(words), 1) for right in rights]
    matcher, best, nearest = SequenceMatcher(None, [], words, autojunk=False), -1.0, 0
    for index in sorted(range(len(rights)), key=lambda index: -bounds[index]):
        if bounds[index] < best:
            break
        matcher.set_seq1(rights[index])
        ratio = matcher.ratio()
        if (ratio, -index) > (best, -nearest):
            best, nearest = ratio, index
    return rights[nearest], best


def first_wrong(printed: Sequence[str], right: Sequence[Sequence[str]]) -> int | None:
    """Return the index of the first line that no right telling says; None if there is none."""
    for index, says in enumerate(printed):
        if index >= len(right) or says not in right[index]:
            return index
    return None


def figures_of(text: str) -> Collection[str]:
    """Return the figures and days that stand in a text."""
    return {token for token in tokens(text) if is_figure(token)}
