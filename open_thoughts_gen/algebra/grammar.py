"""The grammar of whole answers: lists of values, labels, the letters of options, residues."""

from __future__ import annotations

from math import isfinite

from open_thoughts_gen.algebra import arithmetic, measures, relations, sets, vocabulary
from open_thoughts_gen.algebra.brackets import MAX_MEMBERS
from open_thoughts_gen.algebra.equations import Equations
from open_thoughts_gen.algebra.tokens import WORD, UnreadableError
from open_thoughts_gen.algebra.values import (
    Absurd,
    Either,
    Interval,
    Many,
    Measured,
    Option,
    Phrase,
    Relation,
    Residue,
    Scalar,
    Union,
    Value,
    Where,
    Word,
)

_MODULO = frozenset({"\\pmod", "\\bmod", "`mod", "`modulo", "`Mod"})
_SAY_NOTHING = vocabulary.FILLERS | vocabulary.APPROXIMATE


class Grammar(Equations):
    """Reads all tokens of an answer as one value."""

    def whole(self) -> Value:
        """Read everything; UnreadableError where something is left over."""
        special = self._option() or self._residue()
        if special is not None:
            return special
        value = self._listed()
        self.end()
        letters = self._integers or self._implied_integers()
        general = self._generalised(self._cut, next(iter(letters))) if len(letters) == 1 else None
        if not self._conditions and general is None:
            return value
        return Where(value, " ".join(sorted(self._conditions)), general)

    def _option(self) -> Option | None:
        """Read the letter of a choice before what it says: (A) 5, B. Paris."""
        first, second, third = (symbol.lstrip(WORD) for symbol in self.tokens[:3])
        if first == "(" and third == ")" and _is_letter(second) and self.tokens[3] not in {"", "(", "^", "="}:
            letter, start = second, 3
        elif _is_letter(first) and second in {")", "."} and third not in {"(", "^", "="}:
            letter, start = first, 2
        else:
            return None
        rest = Grammar(self._cut[start:], self._matrices, is_folded=self._is_folded)
        try:
            return Option(letter.lower(), rest.whole())
        except (UnreadableError, ArithmeticError):
            return Option(letter.lower(), None)

    def _residue(self) -> Value | None:
        """Read n = 1, 2 (mod 4)."""
        if _MODULO.isdisjoint(self._cut):
            return None
        at = next(at for at, symbol in enumerate(self._cut) if symbol in _MODULO)
        before = [symbol for symbol in self._cut[:at] if not (symbol[:1] == WORD and symbol[1:] in {"all", "integers"})]
        if before and before[-1] == "(":
            before.pop()
        modulus = [symbol for symbol in self._cut[at + 1 :] if symbol not in {"(", ")", "{", "}"}]
        names = "≡" in before
        listed = before[before.index("≡") + 1 :] if names else before
        residues, moduli = self._integers_in(listed), self._integers_in(modulus)
        if len(moduli) != 1 or moduli[0] < 1 or not residues:
            raise UnreadableError("a modulus that is not a whole number")
        residue = Residue(frozenset(each % moduli[0] for each in residues), moduli[0])
        if names or len(residues) > 1:
            return residue
        return Either((arithmetic.whole(residues[0] % moduli[0]), residue), "all")

    def _integers_in(self, tokens: list[str]) -> list[int]:
        inside = Grammar(tokens, [], is_folded=True)
        elements, _ = inside._list()
        inside.end()
        numbers = [each.value if isinstance(each, Scalar) else None for each in elements]
        if any(number is None or number.denominator != 1 for number in numbers):
            raise UnreadableError("a residue that is not a whole number")
        return [int(number) for number in numbers if number is not None]

    def _list(self) -> tuple[list[Value], list[str]]:
        elements = self._element()
        links: list[str] = []
        while link := self._link():
            links.append(link)
            elements += self._element()
            if len(elements) > MAX_MEMBERS:
                raise UnreadableError("the list is too long")
        return elements, links

    def _listed(self) -> Value:
        elements, links = self._list()
        if not elements:
            return sets.REALS if self._conditions == {"real"} else Word(" ".join(sorted(self._conditions)))
        if len(elements) == 1:
            return elements[0]
        absurd = next((element for element in elements if isinstance(element, Absurd)), None)
        if absurd is not None:
            return absurd
        if any(isinstance(element, Relation) for element in elements):
            return relations.together(elements, links)
        last = elements[-1]
        if links == ["or"] and isinstance(last, Word) and last.text in vocabulary.BOUNDS:
            return Phrase((elements[0], "or", last.text))
        listed = Many("set", tuple(elements))
        measured = [element for element in elements if isinstance(element, Measured)]
        total = measures.total(measured) if links and len(measured) == len(elements) else None
        return Either((listed, total)) if total is not None else _united(elements, links) or listed

    def _element(self) -> list[Value]:
        """Read one element: several where it says plus or minus; none where it is a condition."""
        if self.next[:1] == WORD or self.next == "\\forall":
            elements = self._words()
            if elements is not None:
                return elements
        start = self.at
        elements = self._named() or self._plain()
        if self.next[:1] == WORD and self.next[1:].casefold() in vocabulary.CONDITIONS:
            self._take_condition()
        elif self.next == "(" and self.tokens[self.at + 1][:1] == WORD:
            raise UnreadableError("words in brackets")
        if self.at == start:
            raise UnreadableError("it ends too early" if not self.next else f"{self.next!r} is not understood")
        return elements

    def _words(self) -> list[Value] | None:
        """Read words before a value: a label, or nothing that counts; or words alone. None where a value begins."""
        start = self.at
        words: list[str] = []
        while self.next[:1] == WORD and not (words and self._at_link()):
            words.append(self.next[1:].casefold().strip("."))
            self.at += 1
        is_label = words and words[-1] in vocabulary.NUMBERED
        if is_label and self.next.isdigit() and self.tokens[self.at + 1] in {":", "="}:  # Case 1: ...
            self.at += 1
            words.pop()
        elif (words and words[0] in vocabulary.CONDITIONS | {"all"}) or self.next == "\\forall":
            self.at = start
            self._take_condition()
            return []
        elif not self.next or self._at_link() or not words or _begins_value(words):
            return self._words_alone(start, words)
        if set(words) & (vocabulary.LIMITS | vocabulary.DENIALS | vocabulary.CONDITIONS):
            raise UnreadableError(f"the words {' '.join(words)!r}")
        self.take(":", "=", "≈")
        label = " ".join(word for word in words if word not in _SAY_NOTHING)
        values = self._element()
        if label and any(isinstance(each, Relation) for each in values):
            raise UnreadableError(f"the words {label!r} before an equation")
        if label and values:
            right = values[0] if len(values) == 1 else Many("set", tuple(values))
            values = [Relation("=", arithmetic.letter(label), right, label)]
        if set(words) & vocabulary.APPROXIMATE:  # a decimal may be said to be rounded, but about 17 is not 17
            number = values[0] if len(values) == 1 else None
            number = number.value if isinstance(number, Measured) else number
            if not isinstance(number, Scalar) or not number.decimal:
                raise UnreadableError(f"what {' '.join(words)!r} leaves open")
        return values

    def _words_alone(self, start: int, words: list[str]) -> list[Value] | None:
        if not words or _begins_value(words):
            self.at = start
            return None
        if frozenset(words) in vocabulary.NOTHING:
            return [Many("set", ())]
        if frozenset(words) in ({"all", "real", "numbers"}, {"all", "reals"}, {"all", "real"}):
            return [sets.REALS]
        return [Word(" ".join(words))]


def _begins_value(words: list[str]) -> bool:
    return words[0] in vocabulary.NUMBERS or (len(words) == 1 and len(words[0]) == 1)


def _united(elements: list[Value], links: list[str]) -> Union | None:
    """Return intervals that are listed as one set; None where points may be meant."""
    is_certain = all(
        isinstance(each, Union)
        or (isinstance(each, Interval) and not (isfinite(each.low.real) and isfinite(each.high.real)))
        or (isinstance(each, Interval) and True in each.closed)
        for each in elements
    )
    if is_certain and "and" not in links:
        parts = [part for each in elements for part in (each.parts if isinstance(each, Union) else (each,))]
        union = Union(tuple(part for part in parts if isinstance(part, (Interval, Many))))
        pieces = sets.pieces(union)
        if pieces is not None and len(pieces) == len(parts):
            return union  # what overlaps is listed, and not taken together
    if any(isinstance(element, Union) for element in elements):
        raise UnreadableError("a list of unions")
    return None


def _is_letter(symbol: str) -> bool:
    return len(symbol) == 1 and "A" <= symbol <= "J"
