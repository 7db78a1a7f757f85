"""Expressions with what is said of them after: a unit, a sign of percent, a counted noun, degrees, money."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from open_thoughts_gen.algebra import arithmetic, units, vocabulary
from open_thoughts_gen.algebra.parser import FormulaParser
from open_thoughts_gen.algebra.tokens import UNIT, WORD, UnreadableError
from open_thoughts_gen.algebra.values import Either, Measured, Scalar, Value

ORDER = {"<", "<=", ">", ">="}
_LINKS = frozenset({"and", "or"})
_MONEY = frozenset("$€£¥₹¢")


class Measures(FormulaParser):
    """Reads expressions with their units, each a part of a list."""

    def _at_link(self) -> bool:
        """Return whether this part of a list ends here."""
        return self.next in {",", ";"} or (self.next[:1] == WORD and self.next[1:].casefold() in _LINKS)

    def _link(self) -> str | None:
        """Go past what stands between two elements of a list: a comma, "and", "or", or a comma and one of these."""
        comma = self.take(",", ";")
        word = self.next[1:].casefold() if self.next[:1] == WORD else ""
        if word in _LINKS:
            self.at += 1
            self.take(",")
            return word
        return comma and ","

    def _measured_ones(self) -> list[Value]:
        """Read an expression and its unit, sign of percent or counted noun; several where it says plus or minus."""
        start = self.at
        money = self._money()
        if self.next == "∞" or (self.next in {"+", "-"} and self.tokens[self.at + 1] == "∞"):
            return [self.bound()]
        self.has_degrees = False
        numbers = self.several()
        if self.has_degrees and self.next[:1] not in {UNIT, WORD}:
            return self._angles(start, numbers)
        if money:
            if self.next in _MONEY or (self.next[:1] == WORD and units.read(self.next[1:]) is not None):
                self.at += 1
            return [Measured(each, money) for each in numbers]
        end, values = self.at, []
        for number in numbers:
            self.at = end
            values.append(self._after(number))
        return values

    def _money(self) -> units.Unit | None:
        minus = self.next == "-" and self.tokens[self.at + 1] in _MONEY
        symbol = self.tokens[self.at + minus]
        if symbol not in _MONEY:
            return None
        if minus:
            self.tokens[self.at], self.tokens[self.at + 1] = symbol, "-"
        self.at += 1
        return units.named(symbol)

    def _angles(self, start: int, numbers: list[Scalar]) -> list[Value]:
        """Return angles in degrees, each also as the number of radians that it is."""
        degrees, end = units.named("°"), self.at
        self.at, self.in_radians = start, True
        radians = self.several()
        self.in_radians = False
        if self.at != end:
            raise UnreadableError("an angle")
        return [Either((Measured(one, degrees), other)) for one, other in zip(numbers, radians, strict=True)]

    def _after(self, number: Scalar) -> Value:
        if self.take("%"):
            return replace(number, percent=True)
        if self.next in _MONEY:
            self.at += 1
            return Measured(number, units.named(self.tokens[self.at - 1]))
        if self.next[:1] == UNIT:
            measured = self._with_unit(number)
            if measured is None:
                raise UnreadableError("a number stands right after a unit")
            return measured
        if self.next[:1] == WORD and not self._at_link():
            return self._with_words(number)
        return number

    def _with_unit(self, number: Scalar) -> Measured | None:
        """Read the unit that comes next, and what belongs to it: 2 h 30 min; None where that is not one quantity."""
        measured = Measured(number, units.read(self.next[1:]))
        self.at += 1
        if not self.next[:1].isdigit():
            return measured
        rest = self._after(self.expression())
        return total([measured, rest]) if isinstance(rest, Measured) else None

    def _with_words(self, number: Scalar) -> Value:
        """Read the unit or the noun after a number: up to the end of this part of a list."""
        start = self.at
        words: list[str] = []
        while self.next and not self._at_link() and self.next not in {")", "]", "}", "\\}", "=", ":"} | ORDER:
            word = self.next.lstrip(WORD + UNIT)
            if self.next[:1] == WORD and words and word.casefold() in vocabulary.CONDITIONS - {"as"}:
                break
            words.append(word)
            self.at += 1
        unit = units.read(" ".join(words).replace("^ ", "^").replace("{", "").replace("}", ""))
        if unit is None and len(words) == 2 and words[0].casefold() in {"us", "u.s."}:
            unit = units.read(words[1])
        if unit is not None:
            return Measured(number, unit)
        folded = [word.casefold() for word in words]
        if folded in (["is"], ["equals"]) or not folded:
            self.at = start
            return number
        if vocabulary.is_counted(folded):
            return Measured(number, None, vocabulary.singular(folded))
        self.at = start
        if self.tokens[self.at + 1][:1].isdigit() and units.read(self.next[1:]) is not None:
            measured = self._with_unit(number)
            if measured is not None:
                return measured
        if self.next[:1] == WORD and self.next[1:].casefold() in vocabulary.CONDITIONS | {"is", "equals"}:
            return number
        raise UnreadableError(f"the words {' '.join(words)!r}")


def total(measured: list[Measured]) -> Measured | None:
    """Return what several quantities of one kind, in different units, are together: 2 h 30 min."""
    if any(each.unit is None for each in measured):
        return None
    kinds = [each.unit for each in measured if each.unit is not None]
    factors = [unit.factor for unit in kinds]
    same_kind = (
        all(unit.dimensions == kinds[0].dimensions and not unit.offset for unit in kinds) and kinds[0].dimensions
    )
    if not same_kind or any(left <= right for left, right in pairwise(factors)):
        return None
    amount = measured[0].value
    for each, factor in zip(measured[1:], factors[1:], strict=True):
        amount = arithmetic.plus(amount, arithmetic.times(each.value, arithmetic.rational(factor / factors[0])))
    return Measured(amount, kinds[0])
