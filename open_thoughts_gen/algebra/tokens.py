r"""Cuts an answer's canonical text into tokens: numbers, letters, commands, signs, words and units.

A symbol is a string. A word begins with a backquote, the unit after a number with `¤`, so that neither can be mistaken
for letters that are multiplied. What is not known is refused: nothing is skipped but spaces.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import takewhile

from open_thoughts_gen.algebra import units, vocabulary
from open_thoughts_gen.text.folding import closing_brace

MAX_TOKENS = 300
WORD, UNIT = "`", "¤"
_TOKEN = re.compile(
    r"(?P<grouped>[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?(?![\d,.]*\d))|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<text>\\(?:text(?:rm|bf|it|normal|sf|up|tt)?|math(?:rm|bf|it|sf|tt|bb|cal|normal)"
    r"|mbox|hbox|boldsymbol|bm|emph|operatorname|underline|vec|hat|boxed|fbox)\s*\{)|(?P<word>\\[A-Za-z]+)|(?P<letters>[A-Za-z]+'*)"
    r"|(?P<space>\s+|\\[,;: ])|(?P<dots>\.\.\.+)"
    r"|(?P<mark>\\[{}|\\]|<=|>=|!=|=>|[-+*/^_=<>()\[\]{},;:!|&°%$€£¥₹¢?.'\"]|▦\d)",
    re.ASCII,
)
_PLAIN_EXPONENT = re.compile(r"\^(-?\d{2,6})(?![\d.])")
_SAME = {
    r"\le": "<=", r"\ge": ">=", r"\ne": "!=", r"\cup": "union", r"\in": "in", r"\pm": "±", r"\mp": "∓", r"\infty": "∞",
    r"\pi": "π", r"\Rightarrow": "⇒", "=>": "⇒", r"\ldots": "…", r"\approx": "≈", r"\|": "|", r"\equiv": "≡",
    r"\setminus": "setminus", r"\emptyset": "∅", r"\langle": "⟨", r"\rangle": "⟩", r"\%": "%", r"\ell": "l",
}  # fmt: skip
_LETTER_COMMANDS = {"e": "e", "d": "d", "i": "i", "π": "π"}
_SETS = {"R": "ℝ", "Z": "ℤ", "N": "ℕ", "Q": "ℚ", "C": "ℂ"}
_INSIDE = re.compile(r"[A-Za-z][A-Za-z.']*|\d+(?:\.\d+)?|\s+|[^A-Za-z\d\s]")
_UNIT = re.compile(
    r"\s*(?P<unit>(?:[A-Za-zμΩÅ°]{1,40}"
    r"|\\(?:text|textrm|mathrm|mbox|operatorname|mu|Omega|rm)\b\s*\{?[A-Za-zμΩ./ ]{0,40}\}?)(?:\s*\^\s*\{?-?\d\}?)?"
    r"(?:\s*[/*. ]\s*\(?(?:[A-Za-zμΩÅ]{1,40}|\\(?:text|mathrm)\{[A-Za-zμΩ ]{0,40}\})(?:\s*\^\s*\{?-?\d\}?)?\)?){0,4})"
    r"(?=\s*(?:$|[,;)=}\]:]|\\\}|(?:and|or)\b|\\text\{\s*(?:and|or)\b|\d|\())"
)
_ONE_LETTER = re.compile(r"[A-Za-z°](?:\s*\^\s*\{?\d\}?)?")
_BEFORE_UNIT = frozenset("0123456789)}π%")
_OPENING, _CLOSING = frozenset({"(", "[", "\\{", "⟨"}), frozenset({")", "]", "\\}", "⟩"})
_BEFORE_FORMULA = frozenset({"=", "<", ">", "<=", ">=", ",", ";", ":", "≈", "in"})  # letters before these are names
_NO_UNIT = frozenset("0123456789.,;:+-*/^=<>()[]{}!_|&")


class UnreadableError(ValueError):
    """Raised if it is not certain what a text says."""


class Tokens(list[str]):
    """Tokens, and the text that they are cut from."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def tokens(text: str) -> Tokens:
    """Return the tokens of canonical text; UnreadableError for a sign that is not known."""
    if "\\" not in text and "{" not in text:
        text = _PLAIN_EXPONENT.sub(r"^{\1}", text)  # outside LaTeX x^12 is the twelfth power
    cut = Tokens(text)
    at, end = 0, len(text)
    while at < end:
        may_be_unit = cut and cut[-1][-1] in _BEFORE_UNIT and text[at] not in _NO_UNIT
        unit = _unit_at(cut, at) if may_be_unit else None
        if unit is not None:
            cut.append(UNIT + unit[0])
            at = unit[1]
            continue
        match = _TOKEN.match(text, at)
        if match is None:
            raise UnreadableError(f"{text[at]!r} is not known")
        if match.lastgroup == "mark":
            symbol = match.group()
            cut.append(_SAME.get(symbol, symbol))
            at = match.end()
        else:
            at = _add(cut, match)
        if len(cut) > MAX_TOKENS:
            raise UnreadableError("it is too long to be read")
    return cut


def _add(cut: Tokens, match: re.Match[str]) -> int:
    """Append what was matched, and return where to go on."""
    symbol, start, kind = match.group(), match.start(), match.lastgroup
    if kind == "number":
        _add_number(cut, symbol, start)
    elif kind == "letters":
        is_applied = match.string[match.end() : match.end() + 1] == "("
        cut.extend(vocabulary.parts(symbol, is_applied=is_applied))
    elif kind == "text":
        return _add_text(cut, match)
    elif kind == "grouped":
        num_open = sum((each in _OPENING) - (each in _CLOSING) for each in cut)
        if num_open > 0 or symbol.count(",") > 1:  # the comma may stand between the members of something
            first = symbol.partition(",")[0]
            _add_number(cut, first, start)
            return start + len(first)
        _add_number(cut, symbol.replace(",", ""), start)
    elif kind != "space":
        cut.append("…" if kind == "dots" else _SAME.get(symbol, symbol))
    return match.end()


def _add_number(cut: Tokens, symbol: str, start: int) -> None:
    apart = cut and cut[-1][-1:].isdigit() and cut[-1][:1] not in {WORD, UNIT} and cut.text[start - 1 : start] == " "
    if apart and cut[-2:-1] not in (["_"], ["^"]):
        raise UnreadableError("two numbers stand side by side")
    cut.append(symbol)


def _add_text(cut: Tokens, match: re.Match[str]) -> int:
    r"""Append what stands in `\text{...}` as words, and what a style such as `\mathrm` is put on as it is."""
    opening, start = match.group(), match.end()
    closing = closing_brace(cut.text, start - 1)
    if closing is None:
        raise UnreadableError("a text that is not closed")
    inside = cut.text[start:closing]
    if "{" in inside and cut and _is_unit(inside.strip()):
        cut.append(UNIT + inside.strip())
        return closing + 1
    if "{" in inside or "\\" in inside:
        raise UnreadableError("a text with braces in it")
    bare, command = inside.strip(), opening.rstrip("{ ")[1:]
    if command == "hat" and bare not in {"i", "j", "k"}:
        raise UnreadableError("a letter with a hat")
    if command == "mathbb" and bare in _SETS:
        cut.append(_SETS[bare])
    elif command in {"vec", "hat", "boldsymbol", "bm", "mathcal", "underline", "mathbf"} and len(bare) == 1:
        cut.append(bare)
    elif bare in _LETTER_COMMANDS and command.startswith("math"):
        cut.append(_LETTER_COMMANDS[bare])
    elif vocabulary.is_function(bare):
        cut.append("\\" + bare)
    else:
        for each in _INSIDE.finditer(inside):
            part = each.group()
            if part[0].isalpha():
                cut.append(WORD + (part.rstrip(".") if "." not in part[:-1] else part))
            elif not part.isspace():
                cut.append(part)
    return closing + 1


def _unit_at(cut: Tokens, at: int) -> tuple[str, int] | None:
    """Return the unit that begins here and where it ends: after a number, and where no other letter stands."""
    if cut[-1][0] in (WORD, UNIT):
        return None
    formula = takewhile(lambda symbol: symbol not in _BEFORE_FORMULA, reversed(cut))
    if any(len(symbol) == 1 and symbol.isalpha() and symbol not in "πe∞" for symbol in formula):
        return None
    match = _UNIT.match(cut.text, at)
    if match is None:
        return None
    name = match["unit"].strip()
    if not _is_unit(name) or (_ONE_LETTER.fullmatch(name) and cut.text[at : at + 1] != " "):
        return None
    return name, match.end()


@lru_cache(maxsize=4096)
def _is_unit(name: str) -> bool:
    return units.read(name) is not None and name not in vocabulary.NOT_UNITS
