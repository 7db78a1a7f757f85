r"""The formal content of a text: what makes two problems different that have the same words.

"12 apples at 3 crowns" and "13 apples at 3 crowns" are nearly the same text, and different problems. Formal are numbers
(`1,000` is `1000`), words that stand for numbers, months and weekdays, operators, commands of LaTeX, names with digits
in them (`x1`), and single letters, which are variables more often than not (but not `a` and `i`, which are words). Two
texts have the same formal content if they have the same of these in the same order: "has 7 and gives 3" is another
problem than "has 3 and gives 7".
"""

from __future__ import annotations

import re
from itertools import chain, filterfalse

from open_thoughts_gen.text import normalise

_TOKEN = re.compile(
    r"\\[a-z]+"  # \frac
    r"|\d+(?:[.,]\d+)*"
    r"|[^\W\d_]+\d\w*"  # x1, a2b
    r"|[^\W\d_]+"
    r"|[+/=<>^%|≤≥≠±×÷√∑∫∞−]"
    r"|(?<![^\W_])-(?=\s?\d)|(?<=\d)\s?-"  # a minus, no hyphen
    r"|(?<=\d)!|(?<=\b[a-z])!|(?<=[\w)])\s?\*\s?(?=[\w(])"  # a factorial and a product, no exclamation, no emphasis
)
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_NUMBER_WORDS = frozenset(
    """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
    eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half third
    quarter twice thrice double triple dozen first second fourth fifth sixth seventh eighth ninth tenth
    january february april june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday""".split()
)
_AMBIGUOUS_MONTHS = re.compile(r"\d\s+(?:march|may)\b|\b(?:march|may)\s+\d")
_ACROSS_SPACES = re.compile(r"\s[-*]|[-*]\s|march|may")  # where the words beside one matter
_SIGNS_OF_THESE = ("-", "*", "march", "may")  # far quicker to look for than the expression
_LETTERS_THAT_ARE_WORDS = frozenset("ai")
# Plain prose, seen quickly: of each byte, a letter stays, punctuation that is never formal is a space, and all else a
# mark that more has to be looked at.
_MARK = b"\0"
_SPACES = " \t\n\r.,;:?'\"()[]{}#$&@`~_-"
_PROSE = bytes(
    code | 32 if chr(code).isalpha() and code < 128 else 32 if chr(code) in _SPACES else _MARK[0] for code in range(256)
)
_FORMAL_WORDS = frozenset(word.encode() for word in _NUMBER_WORDS | set("bcdefghjklmnopqrstuvwxyz"))

MAX_WORDS = 1 << 16  # remembered


def formal_content(text: str) -> tuple[str, ...]:
    """Return the formal tokens of a text's normal form, in order; months that could be other words come last."""
    if text.isascii():
        prose = text.encode().translate(_PROSE)
        if _MARK not in prose and _FORMAL_WORDS.isdisjoint(prose.split()):
            return ()
    text = normalise(text)
    if any(sign in text for sign in _SIGNS_OF_THESE) and _ACROSS_SPACES.search(text):
        months = [match.strip("0123456789 \t\n") for match in _AMBIGUOUS_MONTHS.findall(text)]
        return (*_tokens(text), *months)
    if len(_TOKENS_OF_WORDS) > MAX_WORDS:
        _TOKENS_OF_WORDS.clear()
        _WORDS_WITHOUT.clear()
    words = filterfalse(_WORDS_WITHOUT.__contains__, text.split())
    return tuple(chain.from_iterable(map(_TOKENS_OF_WORDS.__getitem__, words)))


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(filter(_is_formal, map(_plain, _TOKEN.findall(text))))


def _plain(token: str) -> str:
    return _THOUSANDS.sub("", token) if token[:1].isdigit() else token.strip()


def _is_formal(token: str) -> bool:
    if not token.isalpha():
        return True
    return token in _NUMBER_WORDS or (len(token) == 1 and token.isascii() and token not in _LETTERS_THAT_ARE_WORDS)


class _TokensOfWords(dict[str, tuple[str, ...]]):
    """The formal tokens of what stands between two spaces, where nothing beyond these matters."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        is_plain = len(word) > 1 and word.isascii() and word.isalpha() and word not in _NUMBER_WORDS
        tokens = self[word] = () if is_plain else _tokens(word)
        if not tokens:
            _WORDS_WITHOUT.add(word)
        return tokens


_TOKENS_OF_WORDS = _TokensOfWords()
_WORDS_WITHOUT: set[str] = set()  # those of them that have no formal tokens: most
