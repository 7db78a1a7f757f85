"""Answers that are words and signs with values between them: each value is read, each word has to be the same.

`local min (1,-1), saddle (0,0)` is four words and two points. What is a sign of logic, an ellipsis or a word stands in
the phrase as text; what is neither read nor one of these makes the whole unreadable.
"""

from __future__ import annotations

from collections.abc import Callable

from open_thoughts_gen.algebra import vocabulary
from open_thoughts_gen.algebra.tokens import UNIT, WORD, Tokens, UnreadableError
from open_thoughts_gen.algebra.values import Phrase, Value

_SIGNS = {
    r"\forall": "∀", r"\exists": "∃", "⇒": "⇒", r"\Leftrightarrow": "⇔", "…": "…", r"\neg": "¬", r"\to": "→",
    r"\mapsto": "↦", "≈": "≈", "≡": "≡", r"\sim": "~", r"\perp": "⊥", r"\parallel": "∥", r"\angle": "∠",
    r"\triangle": "△", r"\cong": "≅", ":": ":", ",": ",", ";": ";", "?": "?", '"': '"', "=": "=", "<": "<", ">": ">",
    "<=": "<=", ">=": ">=", "!=": "!=", "(": "(", ")": ")", "$": "$", "in": "∈", "ℝ": "ℝ", "ℤ": "ℤ", "ℕ": "ℕ",
    "ℚ": "ℚ", "ℂ": "ℂ", r"\subset": "⊂", r"\subseteq": "⊆", "+": "+", "*": "*", "/": "/", "-": "-", r"\pmod": "mod",
    r"\bmod": "mod", "|": "|", "'": "'",
}  # fmt: skip
_QUANTIFIERS = {r"\forall", r"\exists"}
_SPLITS_FIRST = ("⇒", r"\Leftrightarrow", r"\forall", r"\exists", r"\neg", "…", r"\to", r"\mapsto", "≡", ":", "≈")
_DANGLING = {"+", "*", "/", "-", ",", ";", "=", "<", ">", "<=", ">=", "!="}
_ARITHMETIC = frozenset("+-*/|()'")
_LOOSE = {f"{sign} " for sign in _ARITHMETIC}  # signs inside what could not be read as one formula
_MAX_PIECES = 60


def read(cut: Tokens, part: Callable[[list[str]], Value]) -> Phrase | None:
    """Return a phrase; None if the text has a sign that is not known, or is one piece that cannot be read."""
    if not any(symbol[:1] in {WORD, UNIT} or symbol in _SPLITS_FIRST for symbol in cut):
        return None
    pieces: list[Value | str] = []
    run: list[str] = []
    splits = (*_SPLITS_FIRST, ",") if _QUANTIFIERS & set(cut) else _SPLITS_FIRST
    for symbol in [*cut, ""]:
        if symbol and symbol[:1] not in {WORD, UNIT} and symbol not in splits:
            run.append(symbol)
            continue
        read_run = _formula(run, part) if run else []
        if read_run is None:
            return None
        pieces += read_run
        if symbol:
            pieces.append(_SIGNS.get(symbol) or symbol.lstrip(WORD + UNIT).casefold())
        run = []
        if len(pieces) > _MAX_PIECES:
            return None
    words = [piece for piece in pieces if isinstance(piece, str) and piece not in vocabulary.FILLERS]
    is_short = len(words) < 3 and len(pieces) - len([piece for piece in pieces if isinstance(piece, str)]) == 1
    denies = is_short and any(piece in vocabulary.DENIALS or piece == "¬" for piece in words)
    return Phrase(
        tuple(piece for piece in pieces if not isinstance(piece, str) or piece in words),
        denies,
        is_loose=any(piece in _LOOSE for piece in words),
    )


def _formula(run: list[str], part: Callable[[list[str]], Value]) -> list[Value | str] | None:
    """Return what stands between two words: a value, or signs and values."""
    before: list[Value | str] = []
    after: list[Value | str] = []
    while run and run[0] in _DANGLING - {"-"}:
        before.append(_SIGNS[run[0]])
        run = run[1:]
    while run and run[-1] in _DANGLING:
        after.insert(0, _SIGNS[run[-1]])
        run = run[:-1]
    if not run:
        return [*before, *after]
    try:
        return [*before, part(run), *after]
    except (UnreadableError, ArithmeticError, ValueError):
        pass
    inside: list[Value | str] = []
    piece: list[str] = []
    for symbol in [*run, ""]:
        if symbol and symbol not in _SIGNS:
            piece.append(symbol)
            continue
        if piece:
            try:
                inside.append(part(piece))
            except (UnreadableError, ArithmeticError, ValueError):
                return None
        if symbol:
            inside.append(f"{_SIGNS[symbol]} " if symbol in _ARITHMETIC else _SIGNS[symbol])
        piece = []
    return [*before, *inside, *after]
