"""Normal forms: what "the same text" means, what is only wrapped around a text, the words and numbers in it."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection
from typing import Literal

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_TEXT_COMMAND = re.compile(
    r"\\(?:text|textbf|textit|textrm|textsf|textnormal|emph|mbox|mathrm|mathbf|mathsf|operatorname|boxed|fbox)\s*\{"
)
_WRAPPERS = (
    ("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"), ("**", "**"), ("__", "__"), ("*", "*"), ("`", "`"),
    ('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("„", "“"), ("«", "»"), ("「", "」"),
)  # fmt: skip
_FIRST_OF_WRAPPERS = {opening[0] for opening, _ in _WRAPPERS}
_CLOSING = ".,;:。"
_EMPHASIS_END = re.compile(r"(?<=[^\W\d_]{2})[!！]{1,3}$")  # "Yes!", but not the factorial of "5!" or of "n!"
# Folding these would change what is said: 2² is not 22, nor is 1½ the same as 11/2.
_SCRIPTS = ("<super>", "<sub>", "<fraction>")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]+")  # soft hyphen, zero-width characters, directions
_PLAIN_SIGNS = str.maketrans(
    {"‘": "'", "’": "'", "‛": "'", "′": "'", "“": '"', "”": '"', "„": '"', "‐": "-", "‑": "-", "‒": "-", "–": "-"}
    | {"−": "-"}
)
_MAX_WRAPPED = 20_000  # characters inside a command that are looked at
_MAX_WRAPPERS = 4  # each costs one pass; a million nested ones would cost a million
_LATEX_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"[^\W\d_]{3,}")
_WITHOUT_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")  # Thai to Han
_LETTERS_PER_WORD = 2  # in scripts without spaces
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)

Fold = Literal["case", "unicode", "space", "punctuation"]
FOLDS: tuple[Fold, ...] = ("case", "unicode", "space")


def normalise(text: str, fold: Collection[Fold] = FOLDS) -> str:
    """Return text with the differences named by `fold` taken out: what "the same text" means here.

    `case` is full case folding; `unicode` makes compatible characters one (NFKC: full-width digits, ligatures, spaces
    that do not break) and removes invisible ones, but leaves superscripts, subscripts and fractions; `space` makes
    every run of white space one space; `punctuation` makes quotes and hyphens plain, and takes off what wraps an answer
    (quotes, `$...$`, `**...**`) and the full stop, comma, colon or exclamation mark after it.
    """
    if "unicode" in fold:
        text = _compatible(text)
    if "case" in fold:
        text = text.casefold()
    if "unicode" in fold and "case" in fold:
        text = _compatible(text)
    if "space" in fold:
        # Most texts are single-spaced already. Printable ASCII has no white space but the space itself.
        is_simple = text.isascii() and text.isprintable()
        is_spaced = is_simple and text[:1] != " " and text[-1:] != " " and "  " not in text
        text = text if is_spaced else " ".join(text.split())
    if "punctuation" not in fold:
        return text
    inside = _without_closing(unwrap(_without_closing(text)))
    return inside if inside.isascii() else inside.translate(_PLAIN_SIGNS)


def _without_closing(text: str) -> str:
    bare = text.strip().rstrip(_CLOSING)
    return _EMPHASIS_END.sub("", bare) if bare.endswith(("!", "！")) else bare


def _compatible(text: str) -> str:
    if text.isascii():
        return text
    text = _INVISIBLE.sub("", text)
    if unicodedata.is_normalized("NFKC", text):
        return text
    folds = {
        char: unicodedata.normalize("NFKC", char)
        for char in set(text)
        if not unicodedata.decomposition(char).startswith(_SCRIPTS)
    }
    return unicodedata.normalize("NFC", "".join([folds.get(char, char) for char in text]))


def unwrap(text: str) -> str:
    r"""Return an answer without what is wrapped around the whole of it: `$...$`, `\text{...}`, `**...**`, quotes."""
    text = text.strip()
    for _ in range(_MAX_WRAPPERS):
        inside = _inside(text)
        if inside is None:
            break
        text = inside.strip()
    return text


def _inside(text: str) -> str | None:
    if text[:1] not in _FIRST_OF_WRAPPERS:
        return None
    for opening, closing in _WRAPPERS:
        if len(text) > len(opening) + len(closing) and text.startswith(opening) and text.endswith(closing):
            inside = text[len(opening) : -len(closing)]
            # `$1$ and $2$` starts and ends with the sign, yet is not wrapped by it.
            return inside if opening not in inside and closing not in inside else None
    command = _TEXT_COMMAND.match(text) if len(text) <= _MAX_WRAPPED else None
    if command and closing_brace(text, command.end() - 1) == len(text) - 1:
        return text[command.end() : -1]
    return None


def closing_brace(text: str, start: int, end: int | None = None) -> int | None:
    r"""Return where the brace that opens at `start` closes, or None; `\{` and `\}` are signs, not braces."""
    depth = 0
    for brace in _BRACE.finditer(text, start, len(text) if end is None else end):
        if len(brace.group()) == 1:
            depth += 1 if brace.group() == "{" else -1
            if depth == 0:
                return brace.start()
    return None


def numbers(text: str) -> Counter[str]:
    """Return the figures of a text, each with how often it occurs: `{"12": 2, "3.5": 1}`."""
    return Counter(_NUMBER.findall(_compatible(text)))


def num_words(text: str) -> int:
    """Return how many words of prose a text has, in any script: three letters or more, LaTeX commands not counted."""
    plain = _LATEX_COMMAND.sub(" ", text)
    num_letters = len(_WITHOUT_SPACES.findall(plain))
    return len(_WORD.findall(_WITHOUT_SPACES.sub(" ", plain))) + num_letters // _LETTERS_PER_WORD


def shorten(text: str, limit: int) -> str:
    """Return text on one line, cut to `limit` characters with an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"
