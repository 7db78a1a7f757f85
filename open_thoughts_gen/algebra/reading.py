r"""Reads an answer, LaTeX or plain, as a value; raises `UnreadableError` for all that it does not know for certain.

An answer is read whole: nothing is skipped, and what is left over is refused. The text is brought into one notation
(`notation`), tried for the notations that numbers and times have, then cut into tokens (`tokens`) and read by recursive
descent: here the parts of a list, names, intervals, sets, units and words; in `parser` one expression. Where LaTeX and
habit disagree, or two habits do, it refuses (`x^12`, `1/2x`) or gives both readings (`Either`). Words that it does not
know stand beside the values in a `Phrase`. Length, tokens and depth are bounded.
"""

from __future__ import annotations

import re
from functools import lru_cache

from open_thoughts_gen.algebra import arithmetic, numbers, phrases, units, vocabulary
from open_thoughts_gen.algebra.grammar import Grammar
from open_thoughts_gen.algebra.notation import canonical
from open_thoughts_gen.algebra.parser import FormulaParser
from open_thoughts_gen.algebra.tokens import WORD, Tokens, UnreadableError, tokens
from open_thoughts_gen.algebra.values import Clock, Either, Many, Numeral, Scalar, Value, Word

__all__ = ["UnreadableError", "read"]

_MAX_LENGTH = 600
_TIME = re.compile(
    r"(\d{1,2})(?::([0-5]\d))?(?::([0-5]\d))?\s*(?:\\text\{\s*)?([ap])\.?\s?m\b\.?\s*\}?|(\d{1,2}):([0-5]\d)(?::([0-5]\d))?",
    re.ASCII | re.IGNORECASE,
)
_NUMERAL = re.compile(
    r"\(?([0-9A-Fa-f]{1,64})\)?_\s*\{?\s*(?:\\text\{)?(\d{1,2}|two|eight|ten|sixteen)\}{0,2}"
    r"|([0-9A-Fa-f]{1,64})\s*(?:\\text\s*\{)?\s*\(?\s*(?:in )?base[- ](\d{1,2}|two|eight|ten|sixteen)\s*\)?\s*\}?",
    re.ASCII,
)
_BASES = {"two": 2, "eight": 8, "ten": 10, "sixteen": 16}
_DECIMAL_COMMA = re.compile(r"[+-]?\d{1,20},(?:\d{1,2}|\d{4,20})", re.ASCII)
_LEADING_ZERO = re.compile(r"[+-]?0,\d{3}", re.ASCII)
_LONE_WORD = re.compile(r"[A-Za-z]{2,20}", re.ASCII)
_LETTER_UNIT = re.compile(r"([+-]?\d[\d.,]*)([A-Za-z])((?:\^\{?[23]\}?)?)", re.ASCII)
_MATRIX = re.compile(r"\\begin\{([pb]?matrix|smallmatrix|array)\}(?:\{[lcr|]{1,12}\})?(.*?)\\end\{\1\}", re.DOTALL)
_CASES = re.compile(
    r"\\begin\{(?:cases|aligned|array)\}(?:\{[lcr]\})?([^&]*?)\\end\{(?:cases|aligned|array)\}", re.DOTALL
)
_OR_IN_BRACKETS = re.compile(r"\(\s*(?:\\text\{\s*)?or\b\s*\}?([^()]{1,80})\)")
_HEDGE_IN_TEXT = re.compile(r"\\text\s*\{\s*\(\s*or\b([^(){}]{1,80})\)\s*\}")


@lru_cache(maxsize=16_384)
def read(text: str) -> Value:
    """Return what a text says; UnreadableError where that is not certain."""
    number = numbers.plain(text)
    if number is not None:
        return number
    if len(text) > _MAX_LENGTH:
        raise UnreadableError(f"{len(text)} characters are too many")
    text = canonical(text)
    number = numbers.plain(text) or numbers.grouped(text) or numbers.marked(text)
    if number is not None:
        return number
    try:
        return _special(text) or _whole(text)
    except UnreadableError:
        raise
    except (ArithmeticError, ValueError, RecursionError) as error:
        raise UnreadableError(f"it cannot be worked out ({type(error).__name__})") from error


def _special(text: str) -> Value | None:
    """Return times of day, numerals with a base, decimal commas, letters that may be units, and lone words."""
    if text.isalpha():
        return _lone_word(text)
    time = _TIME.fullmatch(text) if text[:1].isdigit() else None
    if time is not None:
        return _clock(time, text)
    numeral = _numeral(text) if "_" in text or "base" in text else None
    if numeral is not None:
        return numeral
    if "," in text and (_DECIMAL_COMMA.fullmatch(text) or _LEADING_ZERO.fullmatch(text)):
        listed = Many("set", tuple(arithmetic.whole(int(part)) for part in text.split(",")))
        decimal = numbers.plain(text.replace(",", "."))
        return Either((listed, decimal), "comma") if decimal is not None else listed
    letter_unit = _LETTER_UNIT.fullmatch(text)
    if letter_unit is not None and units.read(letter_unit[2] + letter_unit[3]) and letter_unit[2] not in "ie":
        measured = read(f"{letter_unit[1]} {letter_unit[2]}{letter_unit[3]}")
        return Either((_whole(text), measured), "all")
    return None


def _lone_word(text: str) -> Value | None:
    if not _LONE_WORD.fullmatch(text):
        return None
    parts = vocabulary.parts(text)
    if len(parts) == 1 and parts[0][0] in "π∞":
        return arithmetic.INFINITY if parts[0] == "∞" else arithmetic.letter("π")
    if parts[0][0] == "\\" and len(parts) > 1:
        raise UnreadableError("a formula without its backslashes")
    if text.casefold() in vocabulary.NUMBERS:
        return arithmetic.rational(vocabulary.NUMBERS[text.casefold()])
    if frozenset({text.casefold()}) in vocabulary.NOTHING:
        return Many("set", ())
    if len(parts) > 1 and text.islower() and len(text) < 4:
        return None
    return Word(text.casefold())


def _clock(time: re.Match[str], text: str) -> Value:
    hours, minutes, seconds = (int(part or 0) for part in (time.groups()[:3] if time[4] else time.groups()[4:]))
    half = f"{time[4].lower()}m" if time[4] else ""
    if hours > (12 if half else 24) or (half and not hours):
        raise UnreadableError("a time of day that there is not")
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    clock = Clock(hours * 3600 + minutes * 60 + seconds, half)
    members = tuple(arithmetic.whole(int(part)) for part in text.split(":")) if not half else ()
    # With minutes below ten it is not a ratio.
    return clock if half or time[6][0] == "0" else Either((clock, Many("ratio", members)), "all")


def _numeral(text: str) -> Numeral | None:
    """Return a number written in a base; None for letters with an index: FF_16 is a numeral, A_5 is not."""
    match = _NUMERAL.fullmatch(text)
    if match is None:
        return None
    written, name = (match[1], match[2]) if match[1] else (match[3], match[4])
    base = _BASES.get(name) or int(name)
    is_hexadecimal = len(written) > 1 and written.isupper() and name in {"16", "sixteen"}
    if not is_hexadecimal and not any(char.isdigit() for char in written):
        return None
    digits = written.lower().lstrip("0") or "0"
    if not 2 <= base <= 36 or any(int(digit, 36) >= base for digit in digits):
        raise UnreadableError("a digit that its base does not have")
    return Numeral(digits, base)


def _whole(text: str) -> Value:
    """Read all of a text; words that do not belong to a value make a phrase of it."""
    if "or" in text:
        text = _HEDGE_IN_TEXT.sub(r" \\text{or} \1", text)
        text = _OR_IN_BRACKETS.sub(r" \\text{or} \1", text)
    text = _CASES.sub(lambda match: match[1].replace("\\\\", ","), text) if "\\begin" in text else text
    matrices: list[Many] = []
    if "\\begin" in text:
        text = _MATRIX.sub(lambda match: _placed(match, matrices), text)
    cut = tokens(text)
    is_folded = _is_folded(cut)
    try:
        return Grammar(cut, matrices, is_folded=is_folded).whole()
    except (UnreadableError, ArithmeticError):
        phrase = phrases.read(cut, lambda piece: Grammar(piece, matrices, is_folded=is_folded).whole())
        if phrase is None:
            raise
        return phrase


def _placed(match: re.Match[str], matrices: list[Many]) -> str:
    """Keep a matrix, and return the sign that stands for it."""
    if "\\begin" in match[2] or len(matrices) > 9:
        raise UnreadableError("matrices within matrices")
    lines = [line for line in match[2].split("\\\\") if line.strip()]
    rows = [[_cell(cell) for cell in line.split("&")] for line in lines]
    if not rows or len({len(row) for row in rows}) != 1:
        raise UnreadableError("rows of different lengths")
    matrices.append(Many("matrix", tuple(cell for row in rows for cell in row), len(rows[0])))
    return f" ▦{len(matrices) - 1} "


def _cell(text: str) -> Scalar:
    text = text.strip()
    number = numbers.plain(text)
    if number is not None:
        return number
    cut = tokens(text)
    parser = FormulaParser(cut, is_folded=_is_folded(cut))
    scalar = parser.expression()
    parser.end()
    return scalar


def _is_folded(cut: Tokens) -> bool:
    """Return whether capital letters may be read as small ones: where none stands in both."""
    letters = {symbol.lstrip(WORD) for symbol in cut}
    return not any(len(letter) == 1 and letter.isupper() and letter.lower() in letters for letter in letters)
