"""Kinds of question: how the answer to each is written, how it is asked for, and how an answer is read.

A kind is independent of the case: "how much" of any scheme is an `Amount`. Its canonical answer is written from the
first implementation's result, and whoever's answer is read here, with some tolerance of form, into a value that the
second implementation's result is compared with. What cannot be read is None: undecided.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import MONTHS, Money, counted, decimal

_NUMBER = re.compile(r"(?<![\w.,])-?\d{1,3}(?:[, \u00a0\u202f]\d{3})+(?:\.\d+)?(?![\d,]\d)|(?<![\w.,])-?\d+(?:\.\d+)?")
_COUNTED = re.compile(r"\d\W? ?[^\W\d_]")  # a word right after a figure: what it counts
_CITATION = re.compile(r"\d+(?:\s*\(\s*\d+\s*\)|\.\d+)?")
_FRACTION = re.compile(r"(?<![\w./])(-?\d+)\s*/\s*([1-9]\d*)(?![\w/])")
_BETWEEN = re.compile(r",|\band\b")
# A name, one with its title (Dr Voss) or its year (Cash 2031), or a number that stands for a line: (7).
_SINGLE_NAME = re.compile(r"(?:(?:Mr|Mrs|Miss|Ms|Dr)\.? )?[A-Z][\w'’-]*(?:(?: [\w'’-]+){0,6} \d{4})?|\(?\d{1,3}\)?")
_KEY = re.compile(r"(?<![\w-])[a-zA-Z]\d{1,2}(?![\w-])")
NONE = "none"
_SAYS_NONE = re.compile(r"\b(?:none|no line|nothing|nobody)\b", re.IGNORECASE)
_NOBODY = ("none", "nobody", "nothing")
LETTERS = "ABCDEFGH"
_LETTER = re.compile(r"\b([A-H])\b")
_DAY_FIRST = re.compile(r"\b(\d{1,2})(?:st|nd|rd|th)?\s+(?:of\s+)?([A-Z][a-z]{2,8})\.?,?\s+(\d{4})\b")
_MONTH_FIRST = re.compile(r"\b([A-Z][a-z]{2,8})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})\b")
_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")


class Kind(ABC):
    """One kind of answer. `closing` names the bank of sentences that ask for its form."""

    closing: str

    @abstractmethod
    def canonical(self, value: Any) -> str:  # noqa: ANN401  (each kind has a type of its own)
        """Return the answer as a row's reference has it."""

    @abstractmethod
    def read(self, answer: str) -> object | None:
        """Return the value that an answer states; None where it states none, or more than one."""

    def agrees(self, value: object, answer: str) -> bool | None:
        """Return whether an answer is this value; None where it cannot be read."""
        stated = self.read(answer)
        return None if stated is None else stated == value


class Around(Kind):
    """An answer of another kind, whose form is asked for in other words; a subclass says what else it may be."""

    def __init__(self, inner: Kind, closing: str = "") -> None:
        """Take the kind, and the bank of sentences that ask for the answer's form, if it is another."""
        self.inner, self.closing = inner, closing or inner.closing

    def canonical(self, value: Any) -> str:  # noqa: ANN401  (as the inner kind has it)
        """Return the answer as the inner kind has it."""
        return self.inner.canonical(value)

    def read(self, answer: str) -> object | None:
        """Return the value that the inner kind reads."""
        return self.inner.read(answer)

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare as the inner kind does."""
        return self.inner.agrees(value, answer)


class OrNone(Around):
    """An answer of another kind, or `none`; its values are those of that kind, or NONE."""

    def canonical(self, value: Any) -> str:  # noqa: ANN401  (as the inner kind has it)
        """Return the answer as the inner kind has it, or "none"."""
        return NONE if value == NONE else super().canonical(value)

    def read(self, answer: str) -> object | None:
        """Return the value; None where the answer says both, or neither."""
        says_none, value = _SAYS_NONE.search(answer) is not None, super().read(answer)
        return value if not says_none else NONE if value is None else None

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare the value that is read."""
        return Kind.agrees(self, value, answer)


class YesNo(Kind):
    """Yes or no; its values are True and False."""

    closing = "closing/yes_no"

    def canonical(self, value: bool) -> str:
        """Return "Yes" or "No"."""
        return "Yes" if value else "No"

    def read(self, answer: str) -> object | None:
        """Return what the answer begins with."""
        words = {word.casefold() for word in re.findall(r"\b(?:yes|no)\b", answer, re.IGNORECASE)}
        return words == {"yes"} if len(words) == 1 else None


class HowMuch(Kind):
    """A number in a unit (`crowns`, `litres`), or a bare one; its values are whole numbers or fractions."""

    closing = "closing/number"

    def __init__(self, unit: str = "", closing: str = "") -> None:
        """Take the unit that the answer is printed with, and another bank that asks for its form."""
        self.unit, self.closing = unit, closing or self.closing

    def canonical(self, value: Money | Fraction | int) -> str:
        """Return "1,840 crowns", and "1 sack" of `sacks`."""
        if isinstance(value, Money):
            return f"{decimal(value.number)} {counted(value)}"
        return f"{decimal(value)} {self.unit.removesuffix('s') if value == 1 else self.unit}".strip()

    def read(self, answer: str) -> object | None:
        """Return the one number in the answer."""
        numbers = {Fraction(re.sub(r"[, \u00a0\u202f]", "", number)) for number in _NUMBER.findall(answer)}
        return numbers.pop() if len(numbers) == 1 else None

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare the numbers; None where another unit than the question's is named. It may be left out."""
        stated = self.read(answer)
        unit = (value.unit if isinstance(value, Money) else self.unit).rpartition(" ")[2].removesuffix("s").lower()
        if stated is None or (_COUNTED.search(answer) and unit not in answer.lower()):
            return None
        return stated == (value.number if isinstance(value, Money) else value)


class InYear(HowMuch):
    """A year, `1258`; its values are whole numbers."""

    closing = "closing/year"

    def canonical(self, value: Money | Fraction | int) -> str:
        """Return "1258", without a mark for the thousand."""
        return super().canonical(value).replace(",", "")


class Ratio(Kind):
    """A fraction in lowest terms, `3/20`; a decimal that is equal to it is read as well."""

    closing = "closing/fraction"

    def canonical(self, value: Fraction) -> str:
        """Return "3/20"."""
        return str(value)

    def read(self, answer: str) -> object | None:
        """Return the one fraction, or the one number, in the answer."""
        fractions = {Fraction(int(top), int(bottom)) for top, bottom in _FRACTION.findall(answer)}
        rest = _FRACTION.sub(" ", answer)
        fractions |= {Fraction(re.sub(r"[, \u00a0\u202f]", "", number)) for number in _NUMBER.findall(rest)}
        return fractions.pop() if len(fractions) == 1 else None


class OnDay(Kind):
    """A date with its year."""

    closing = "closing/day"

    def canonical(self, value: date) -> str:
        """Return "6 June 2031"."""
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}"

    def read(self, answer: str) -> object | None:
        """Return the one date in the answer, in any of the usual forms."""
        days = {f"{day} {month[:3]} {year}" for day, month, year in _DAY_FIRST.findall(answer)}
        days |= {f"{day} {month[:3]} {year}" for month, day, year in _MONTH_FIRST.findall(answer)}
        stated = {parsed for day in days if (parsed := _parsed(day, "%d %b %Y"))}
        stated |= {parsed for iso in _ISO.findall(answer) if (parsed := _parsed("-".join(iso), "%Y-%m-%d"))}
        return stated.pop() if len(stated) == 1 else None


def _parsed(text: str, pattern: str) -> date | None:
    try:
        return datetime.strptime(text, pattern).date()
    except ValueError:  # 31 June
        return None


class Letter(Kind):
    """The letter of an option."""

    closing = "closing/letter"

    def canonical(self, value: str | Sequence[str]) -> str:
        """Return "C". A derivation with a planted error may come to several letters, or to none."""
        return ", ".join(sorted(value)) or "none"

    def read(self, answer: str) -> object | None:
        """Return the one capital letter that stands by itself."""
        letters = set(_LETTER.findall(answer))
        return letters.pop() if len(letters) == 1 else None


class Letters(Letter):
    """Any number of options: all that apply, in the order of the alphabet; `none` where none does."""

    closing = "closing/letters"

    def canonical(self, value: str | Sequence[str]) -> str:
        """Return "A, C"."""
        return ", ".join(sorted(value)) or "none"

    def read(self, answer: str) -> object | None:
        """Return the letters, sorted."""
        letters = tuple(sorted(set(_LETTER.findall(answer))))
        says_none = re.search(r"\bnone\b", answer, re.IGNORECASE) is not None
        return None if bool(letters) == says_none else letters

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare as sets."""
        stated = self.read(answer)
        return None if stated is None else list(stated) == sorted(value)  # type: ignore[call-overload]


class OptionKind(Letter):
    """A question with options (`case.options`), which `is_right` picks from by what each of them comes to.

    `num_options` are drawn, one of them right, unless `any_number` may be. `trial` names the banks, `steps/try.TRIAL`,
    that say what becomes of the case with an option's change made.
    """

    trial: ClassVar[str] = "trial"
    any_number: ClassVar[bool] = False
    changes_facts: ClassVar[bool] = True  # options are changes of the case; else they are answers to it

    def __init__(self, num_options: int = 4) -> None:
        """Take how many options are offered, at most eight."""
        self.num_options = num_options

    @abstractmethod
    def is_right(self, result: object, option: object) -> bool:
        """Return whether an option is right, of the case's result and what the option comes to."""


class Flip(OptionKind):
    """Which one of these changes would turn the result round."""

    def is_right(self, result: object, option: object) -> bool:
        """Return whether the option changes the result."""
        return result != option


class FlipAll(Letters, Flip):
    """Which of these changes would turn the result round: any number of them, or none."""

    closing = Letters.closing
    any_number: ClassVar[bool] = True


class Choice(OptionKind):
    """Which one of these answers is right: each option is a value of one field, as a reader could come to it."""

    changes_facts: ClassVar[bool] = False

    def is_right(self, result: object, option: object) -> bool:
        """Return whether the option is the result."""
        return result == option


@dataclass(frozen=True, slots=True)
class OneOf(Kind):
    """One of the names that the case prints: who, which town, which entry."""

    names: tuple[str, ...]
    closing: str = "closing/name"

    def canonical(self, value: str) -> str:
        """Return the name."""
        return value

    def read(self, answer: str) -> object | None:
        """Return the one name that the answer has, None if it lists others; a name inside a longer one is not meant."""
        stated, rest = _taken_out(answer, self.names)
        return stated[0] if len(stated) == 1 and not _names_another(rest) else None


@dataclass(frozen=True, slots=True)
class InOrder(Kind):
    """Names in an order, first to last."""

    names: tuple[str, ...]
    closing: str = "closing/order"

    def canonical(self, value: Sequence[str]) -> str:
        """Return "Ada, Boris, Clara"."""
        return ", ".join(value)

    def read(self, answer: str) -> object | None:
        """Return the names in the order in which the answer has them, each once."""
        pattern = "|".join(re.escape(name) for name in sorted(self.names, key=len, reverse=True))
        stated = re.findall(rf"(?<!\w)(?:{pattern})(?!\w)", answer)
        return tuple(stated) if stated and len(set(stated)) == len(stated) else None

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare as sequences."""
        stated = self.read(answer)
        return None if stated is None else list(stated) == list(value)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class SomeOf(Kind):
    """A set of the names that the case prints, in any order; `none` for the empty set."""

    names: tuple[str, ...]
    closing: str = "closing/set"

    def canonical(self, value: Collection[str]) -> str:
        """Return the names in the order in which the case prints them."""
        return ", ".join(name for name in self.names if name in value) or "none"

    def read(self, answer: str) -> object | None:
        """Return the set of names in the answer; None where it has none and does not say so, or lists another name."""
        named, rest = _taken_out(answer, self.names)
        if _names_another(rest):
            return None
        stated = frozenset(named)
        says_none = re.search(r"\b(?:none|nobody|no one|nothing)\b", answer, re.IGNORECASE) is not None
        return None if bool(stated) == says_none else stated

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare as sets."""
        stated = self.read(answer)
        return None if stated is None else stated == frozenset(value)  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class KeyedNames(SomeOf):
    """A set of names that the case prints with short keys, `b12`: an answer may have the one or the other."""

    keys: Mapping[str, str] = field(default_factory=dict)

    def read(self, answer: str) -> object | None:
        """Return the set of names; None also where a key is not one of the case."""
        return SomeOf.read(self, _KEY.sub(lambda key: self.keys.get(key[0].lower(), key[0].upper()), answer))


class Numbers(Kind):
    """A sequence of numbers, first to last: `3, 5, 8`."""

    closing = "closing/numbers"

    def canonical(self, value: Sequence[Fraction | int]) -> str:
        """Return "3, 5, 8". Thousands are not marked, so that a comma parts two numbers."""
        return ", ".join(decimal(number).replace(",", "") for number in value)

    def read(self, answer: str) -> object | None:
        """Return the numbers of the answer, which has nothing else but what parts them."""
        rest = re.sub(r"[()\[\]{}]|\band\b|\bthen\b", " ", answer.strip().rstrip("."))
        parts = [part for part in re.split(r"[,;\s]+", rest) if part]
        if not parts or not all(re.fullmatch(r"-?\d{1,15}(?:\.\d{1,15})?", part) for part in parts):
            return None
        return tuple(Fraction(part) for part in parts)

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare number by number."""
        stated = self.read(answer)
        return None if stated is None else stated == tuple(map(Fraction, value))  # type: ignore[call-overload]


@dataclass(frozen=True, slots=True)
class WhoWhy(Kind):
    """Who prevails, and under which provision: `Marchetti, § 4(2)`; its values are pairs (name, key of the provision).

    `labels` are those that the case prints, by key.
    """

    names: tuple[str, ...]
    labels: Mapping[str, str]
    closing: str = "closing/who_why"

    def canonical(self, value: tuple[str, str]) -> str:
        """Return "Marchetti, § 4(2)"."""
        name, key = value
        return f"{name}, {self.labels[key]}"

    def read(self, answer: str) -> object | None:
        """Return the one name and the number of the one provision that the answer has; None where it has others."""
        named = _named(answer, self.names)
        rest = answer
        for name in sorted(self.names, key=len, reverse=True):
            rest = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " ", rest, flags=re.IGNORECASE)
        cited = {re.sub(r"\s", "", number) for number in _CITATION.findall(rest)}
        if len(named) != 1 or len(cited) != 1:
            return None
        keys = [key for key, label in self.labels.items() if cited == set(_CITATION.findall(label))]
        return (named[0], keys[0] if keys else cited.pop())

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare name and provision; a provision that the case does not print is another one."""
        stated = self.read(answer)
        return None if stated is None else stated == tuple(value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Both(Kind):
    """Two answers in one, `clock-case; II`; its values are pairs."""

    one: Kind
    other: Kind
    closing: str

    def canonical(self, value: tuple[Any, Any]) -> str:
        """Return "clock-case; II"."""
        return f"{self.one.canonical(value[0])}; {self.other.canonical(value[1])}"

    def read(self, answer: str) -> object | None:
        """Return both parts, which a semicolon divides, or a single comma; None where one of them cannot be read."""
        parts = re.split(";" if ";" in answer else ",", answer)
        if len(parts) != 2:
            return None
        values = self.one.read(parts[0]), self.other.read(parts[1])
        return None if None in values else values


class OnePart(Around):
    """An answer of another kind, and nothing beside it: with a semicolon it would be an answer of two parts."""

    def read(self, answer: str) -> object | None:
        """Return the value; None where there is a second part."""
        return None if ";" in answer else super().read(answer)

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare as the kind does; None where there is a second part."""
        return None if ";" in answer else super().agrees(value, answer)


def _named(answer: str, names: Iterable[str]) -> list[str]:
    """Return which names an answer has; a name inside a longer one is not meant."""
    return _taken_out(answer, names)[0]


def _names_another(rest: str) -> bool:
    """Return whether an answer, its known names taken out, lists a name that the case does not print."""
    others = (item.strip(" .") for item in _BETWEEN.split(rest))
    return any(_SINGLE_NAME.fullmatch(item) is not None and item.lower() not in _NOBODY for item in others)


def _taken_out(answer: str, names: Iterable[str]) -> tuple[list[str], str]:
    """Return which names an answer has, and the answer without them."""
    rest, named = answer, []
    for name in sorted(names, key=len, reverse=True):
        pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        if pattern.search(rest):
            named.append(name)
            rest = pattern.sub(" ", rest)
    return named, rest
