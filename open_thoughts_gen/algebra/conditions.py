"""What is said of the letters of an answer: for all x, where k is a whole number."""

from __future__ import annotations

from open_thoughts_gen.algebra.brackets import NUMBER_SETS, Brackets
from open_thoughts_gen.algebra.families import DUMMY
from open_thoughts_gen.algebra.tokens import WORD, UnreadableError
from open_thoughts_gen.algebra.values import Many, Value

_INTEGER_LETTERS = frozenset("knmlj")
_SET_WORDS = {
    "integer": "integer", "integers": "integer", "whole": "integer", "real": "real", "reals": "real",
    "natural": "natural", "rational": "rational", "complex": "complex", "positive": "positive",
    "negative": "negative", "nonnegative": "nonnegative", "odd": "odd", "even": "even", "prime": "prime",
}  # fmt: skip
_FILLERS = frozenset("for all any every each some where with number numbers is are a an arbitrary of the set".split())


class Conditions(Brackets):
    """Reads conditions, and remembers which letters they say are whole numbers."""

    def __init__(self, tokens: list[str], matrices: list[Many], *, is_folded: bool) -> None:
        super().__init__(tokens, matrices, is_folded=is_folded)
        self._cut = list(tokens)
        self._conditions: set[str] = set()
        self._integers: set[str] = set()

    def _take_condition(self) -> None:
        """Read `for all x`, `where k in Z`, `for integers n`, up to the end or to the next part of a list."""
        names: set[str] = set()
        letters: set[str] = set()
        while self.next and not self._at_link():
            symbol = self.next
            word = symbol[1:].casefold() if symbol[:1] == WORD else ""
            self.at += 1
            if symbol in NUMBER_SETS or word in _SET_WORDS:
                names.add(NUMBER_SETS.get(symbol) or _SET_WORDS[word])
            elif len(symbol.lstrip(WORD)) == 1 and symbol.lstrip(WORD).isalpha():
                letters.add(symbol.lstrip(WORD))
            elif not (word in _FILLERS or symbol in {"in", "\\forall", "(", ")"}):
                raise UnreadableError(f"the condition {symbol.lstrip(WORD)!r}")
        self._state(names, letters)

    def _state(self, names: set[str], letters: set[str]) -> None:
        """Remember what is said of some letters."""
        self._conditions |= names
        if names & {"integer", "natural"}:
            self._integers |= letters

    def _generalised(self, tokens: list[str], letter: str) -> Value | None:
        """Read the same tokens with a letter's name taken out."""
        if DUMMY in tokens:
            return None
        renamed = [DUMMY if symbol == letter else symbol for symbol in tokens]
        return type(self)(renamed, self._matrices, is_folded=self._is_folded)._listed()

    def _implied_integers(self) -> set[str]:
        """Return k in x = k pi: with pi a letter that is used for whole numbers is one."""
        if "π" not in self._cut:
            return set()
        sign = max((at for at, symbol in enumerate(self._cut) if symbol == "="), default=-1)
        letters = {
            symbol for symbol in self._cut[sign + 1 :] if len(symbol) == 1 and symbol.isalpha() and symbol not in "πei∞"
        }
        return letters if letters <= _INTEGER_LETTERS else set()
