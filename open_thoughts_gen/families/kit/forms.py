"""Forms: how a value is written in a text, and how it is read back from it.

A form is the bridge between a fact and its print. `write` puts a value into words; `read` finds, at a position of a
text, every value that could stand there. What a reader knows only from what stands before (the year of "6 June", which
item "the second" is, who "she" is) is written by looking at `PrintedSoFar` and read as an `Open` value, which is
resolved by the same rules once the whole text is read. A writer that could be misunderstood writes the longer form.

The two directions share as little as they can: months and weekdays are written from the lists below and read through
the standard library's, so that a slip in one of them cannot invert to itself.

It does not cover free text, nor any grammar beyond the styles that each form names.
"""

from __future__ import annotations

import calendar
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, ClassVar, Generic, TypeVar

Value = TypeVar("Value")

MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November"),
    "December",
)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CARDINALS = tuple("no one two three four five six seven eight nine ten eleven twelve".split())
ORDINALS = tuple("zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth".split())
# Apart from the lists above, and in another shape, for reading.
_READ_CARDINALS = dict(
    one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, eleven=11, twelve=12, no=0
)
_READ_ORDINALS = dict(
    first=1, second=2, third=3, fourth=4, fifth=5, sixth=6, seventh=7, eighth=8, ninth=9, tenth=10, eleventh=11,
    twelfth=12,
)  # fmt: skip
_PARTS = {Fraction(1, 2): "one half", Fraction(1, 3): "one third", Fraction(1, 4): "one quarter"}
_PARTS |= {Fraction(1, 5): "one fifth", Fraction(1, 10): "one tenth", Fraction(3, 4): "three quarters"}
_READ_PARTS = {"half": 2, "third": 3, "quarter": 4, "fifth": 5, "tenth": 10, "quarters": 4}

_LINE = re.compile(r"[^\n]+")
_WHOLE = re.compile(r"-?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,20})(?![\d,.]?\d)")
_DECIMAL = re.compile(r"-?(?:\d{1,3}(?:,\d{3}){1,6}|\d{1,20})(?:\.\d{1,20})?(?![\d,.]?\d)")
_WORD = re.compile(r"[a-z]+")
_PART = re.compile(r"(one|two|three) ([a-z]+)")
_DATE = re.compile(r"(?:(?P<weekday>[A-Z][a-z]+day) )?(?P<day>\d{1,2}) (?P<month>[A-Z][a-z]+)(?: (?P<year>\d{4}))?")
_CAPITALS = re.compile(r"[A-Z][\w'’-]{0,40}(?:(?: & | of | )[A-Z][\w'’-]{0,40}){0,9}")


@dataclass(slots=True)
class PrintedSoFar:
    """What stands printed so far, in printed order: what a later form may lean on."""

    year: int | None = None
    unit: str | None = None
    person: str | None = None
    things: dict[str, list[object]] = field(default_factory=dict)

    def copy(self) -> PrintedSoFar:
        """Return what stands printed so far, to go on from it in another way."""
        things = {kind: list(things) for kind, things in self.things.items()}
        return PrintedSoFar(self.year, self.unit, self.person, things)


@dataclass(frozen=True, slots=True)
class Open:
    """A value that the text alone leaves open: `close` gives it, from what stands before; None where that fails."""

    name: str
    close: Callable[[PrintedSoFar], Any]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a unit: crowns, EUR thousand."""

    number: Fraction
    unit: str


def counted(amount: Money) -> str:
    """Return the unit of an amount as it stands after the number: crowns, but 1 crown."""
    return amount.unit.removesuffix("s") if amount.number == 1 else amount.unit


class Form(ABC, Generic[Value]):
    """One way of writing values of one type. `styles` are the words that may follow the colon in a template."""

    styles: ClassVar[Sequence[str]] = ("",)

    @abstractmethod
    def write(self, value: Value, style: str, seen: PrintedSoFar) -> str:
        """Return the value in words."""

    @abstractmethod
    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each value that can stand at `start`, with the position where it ends."""

    def note(self, value: Value, style: str, seen: PrintedSoFar) -> None:
        """Take note of a value that has been printed."""

    def pack(self, value: Value) -> object:
        """Return the value as JSON, as a row's spec has it."""
        return value

    def unpack(self, packed: Any) -> Value:  # noqa: ANN401  (JSON)
        """Return the value that `pack` made JSON of."""
        value: Value = packed
        return value


class TupleForm(Form[tuple[Value, ...]]):
    """Several values of one type, one after another."""

    def pack(self, value: tuple[Value, ...]) -> object:
        """Return a list."""
        return list(value)

    def unpack(self, packed: Any) -> tuple[Value, ...]:  # noqa: ANN401  (JSON)
        """Return the values."""
        return tuple(packed)


class LineForm(Form[str]):
    """Words up to the end of their line, whatever they are."""

    styles: ClassVar[Sequence[str]] = ("", "bare")

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the words, `bare` without the full stop at their end."""
        return value.removesuffix(".") if style == "bare" else value

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the rest of the line."""
        if match := _LINE.match(text, start):
            yield match.end(), match.group()


class NumberedForm(LineForm):
    """Entries that are numbered from 1 and say something; in a spec, what each says, and its worth if it has one."""

    def pack(self, value: Any) -> object:  # noqa: ANN401  (a list of entries)
        """Return the entries without their numbers."""
        return [[entry[name] for name in ("says", "worth") if name in entry] for entry in value]

    def unpack(self, packed: Any) -> Any:  # noqa: ANN401  (JSON)
        """Return the entries with their numbers."""
        return [dict(zip(("num", "says", "worth"), (num, *entry), strict=False)) for num, entry in enumerate(packed, 1)]


class WholeForm(Form[int]):
    """A whole number: `1,840`, `plain` 1840, `words` three, `ordinal` third."""

    styles: ClassVar[Sequence[str]] = ("", "plain", "words", "ordinal")

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the number; one too large for words is written in digits."""
        if style == "ordinal":
            return ORDINALS[int(value)]
        if style == "words" and 0 <= value < len(CARDINALS):
            return CARDINALS[int(value)]
        return str(value) if style == "plain" else decimal(value)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the number in digits or words, as the style has it."""
        if style in ("words", "ordinal") and (word := _WORD.match(text, start)):
            known = _READ_ORDINALS if style == "ordinal" else _READ_CARDINALS
            if word.group() in known:
                yield word.end(), known[word.group()]
        match = _WHOLE.match(text, start) if style != "ordinal" else None
        if match and not ("," in match.group() and style == "plain"):
            yield match.end(), int(match.group().replace(",", ""))


class CountedForm(WholeForm):
    """A whole number with what it counts: as `minutes` 1 minute, 4 minutes. Its units are styles."""

    def __init__(self, *units: str) -> None:
        """Take the units, each in the plural."""
        self.styles = (*self.styles, *units)  # type: ignore[misc]

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the number, with its unit where the style is one."""
        if style in WholeForm.styles:
            return super().write(value, style, seen)
        return f"{decimal(value)} {style.removesuffix('s') if value == 1 else style}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the number, if its unit follows it."""
        is_unit = style not in WholeForm.styles
        for end, value in super().read(text, start, "" if is_unit else style):
            unit = f" {style.removesuffix('s') if value == 1 else style}" if is_unit else ""
            if text.startswith(unit, end):
                yield end + len(unit), value


class YearForm(WholeForm):
    """A year or an age: without marks for thousands."""

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the digits."""
        return str(value)


class ExactForm(Form[Fraction]):
    """A fraction: `3.25`, `percent` 12.5 per cent, `%` 12.5%, `over` 3/20, `part` one quarter."""

    styles: ClassVar[Sequence[str]] = ("", "percent", "%", "over", "part")

    def write(self, value: Fraction, style: str, seen: PrintedSoFar) -> str:
        """Return the fraction; ValueError where a decimal would not end."""
        if style == "over":
            return f"{value.numerator}/{value.denominator}"
        if style == "part" and value in _PARTS:
            return _PARTS[value]
        if style in ("percent", "%", "part"):
            return f"{decimal(100 * value)}{'%' if style == '%' else ' per cent'}"
        return decimal(value)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the fraction."""
        if style == "over":
            if match := re.compile(r"(\d+)/([1-9]\d*)(?!\d)").match(text, start):
                yield match.end(), Fraction(int(match[1]), int(match[2]))
            return
        if style == "part" and (match := _PART.match(text, start)) and match[2] in _READ_PARTS:
            yield match.end(), Fraction(_READ_CARDINALS[match[1]], _READ_PARTS[match[2]])
        if match := _DECIMAL.match(text, start):
            number = Fraction(match.group().replace(",", ""))
            if not style:
                yield match.end(), number
                return
            tail = "%" if style == "%" else " per cent"
            if text.startswith(tail, match.end()):
                yield match.end() + len(tail), number / 100

    def pack(self, value: Fraction) -> object:
        """Return "3/20"."""
        return str(value)

    def unpack(self, packed: Any) -> Fraction:  # noqa: ANN401  (JSON)
        """Return the fraction."""
        return Fraction(packed)


class AmountForm(Form[Money]):
    """Money: `1,840 crowns`, `1 crown`; `figure` 1,840, in the unit of the amount printed last."""

    styles: ClassVar[Sequence[str]] = ("", "figure")

    def __init__(self, *units: str) -> None:
        """Take the units that can occur."""
        self._units = units

    def write(self, value: Money, style: str, seen: PrintedSoFar) -> str:
        """Return the amount, with its unit wherever another was printed last."""
        number = decimal(value.number)
        return number if style == "figure" and seen.unit == value.unit else f"{number} {counted(value)}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the amount; a bare figure is open as to its unit."""
        match = _DECIMAL.match(text, start)
        if match is None:
            return
        number = Fraction(match.group().replace(",", ""))
        amounts = [Money(number, unit) for unit in self._units]
        with_unit = [amount for amount in amounts if text.startswith(f" {counted(amount)}", match.end())]
        for amount in with_unit:
            yield match.end() + 1 + len(counted(amount)), amount
        if style == "figure" and not with_unit:
            yield match.end(), Open("unit", lambda seen: None if seen.unit is None else Money(number, seen.unit))

    def note(self, value: Money, style: str, seen: PrintedSoFar) -> None:
        """Take note of the unit."""
        seen.unit = value.unit

    def pack(self, value: Money) -> object:
        """Return ["1840", "crowns"]."""
        return [str(value.number), value.unit]

    def unpack(self, packed: Any) -> Money:  # noqa: ANN401  (JSON)
        """Return the amount."""
        return Money(Fraction(packed[0]), packed[1])


class DayForm(Form[date]):
    """A date: `full` Friday 6 June 2031, `long` 6 June 2031, `short` 6 June, `on` Friday 6 June.

    The short forms leave out the year where it is that of the date printed last.
    """

    styles = ("full", "long", "short", "on")

    def write(self, value: date, style: str, seen: PrintedSoFar) -> str:
        """Return the date as text in one of the styles."""
        words = f"{value.day} {MONTHS[value.month - 1]}"
        if style in ("full", "on"):
            words = f"{WEEKDAYS[value.weekday()]} {words}"
        return words if style in ("short", "on") and seen.year == value.year else f"{words} {value.year}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the date, whose weekday must be the right one; a date without its year is open."""
        match = _DATE.match(text, start)
        if match is None or match["month"] not in calendar.month_name:
            return
        if (match["weekday"] is not None) != (style in ("full", "on")):
            return
        month, day = list(calendar.month_name).index(match["month"]), int(match["day"])

        def close(seen: PrintedSoFar) -> date | None:
            year = int(match["year"]) if match["year"] else seen.year
            if year is None:
                return None
            try:
                value = date(year, month, day)
            except ValueError:
                return None
            return value if match["weekday"] in (None, calendar.day_name[value.weekday()]) else None

        if match["year"] is None:
            if style in ("short", "on"):
                yield match.end(), Open("year", close)
        elif (value := close(PrintedSoFar())) is not None:
            yield match.end(), value

    def note(self, value: date, style: str, seen: PrintedSoFar) -> None:
        """Take note of the year."""
        seen.year = value.year

    def pack(self, value: date) -> object:
        """Return "2031-06-06"."""
        return value.isoformat()

    def unpack(self, packed: Any) -> date:  # noqa: ANN401  (JSON)
        """Return the date."""
        return date.fromisoformat(packed)


class NameForm(Form[str]):
    """A proper name, of a person, a firm or a place: a run of capitalised words."""

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the name."""
        return value

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each run of capitalised words from here, the longest first."""
        match = _CAPITALS.match(text, start)
        end = match.end() if match else start
        while end > start:
            yield end, text[start:end]
            end = max(text.rfind(" ", start, end), start)
            while end > start and text[start:end].endswith((" &", " of")):
                end = text.rfind(" ", start, end)


class PersonForm(NameForm):
    """A person: the name, or `they`, `them`, `their` as a pronoun of whoever was named last."""

    styles: ClassVar[Sequence[str]] = ("", "they", "them", "their")
    PRONOUNS: ClassVar[Mapping[str, tuple[str, str]]] = {
        "they": ("she", "he"), "them": ("her", "him"), "their": ("her", "his")
    }  # fmt: skip

    def __init__(self, pronouns: Mapping[str, str] | None = None) -> None:
        """Take which pronoun goes with each name, `she` or `he`; names that are not there get none."""
        self._pronouns = pronouns or {}

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the pronoun where the person is the one named last, else the name."""
        pronoun = self._pronouns.get(value)
        if not style or pronoun is None or seen.person != value:
            return f"{value}'s" if style == "their" else value
        return self.PRONOUNS[style][("she", "he").index(pronoun)]

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the name, or what a pronoun stands for."""
        tail = "'s" if style == "their" else ""
        for end, name in super().read(text, start, style):
            bare = str(name).removesuffix("'s") if tail else name
            if not tail or bare != name:
                yield end, bare
        for word in self.PRONOUNS.get(style, ()):
            if text.startswith(word, start) and not text[start + len(word) : start + len(word) + 1].isalpha():
                yield start + len(word), Open("person", lambda seen: seen.person)

    def note(self, value: str, style: str, seen: PrintedSoFar) -> None:
        """Take note of who was named."""
        seen.person = value


class EntryForm(Form[str]):
    """One of a closed list: its value is the entry's key, its styles are the entry's forms."""

    def __init__(self, entries: Mapping[str, Mapping[str, str]]) -> None:
        """Take each entry's forms by style, the plain one under the empty style."""
        self._entries = entries
        self._starts: dict[str, tuple[int, dict[str, list[tuple[str, str]]]]] = {}  # by style, what `_index` makes

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the entry in this style."""
        return self._entries[value][style]

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each entry that stands here."""
        if style not in self._starts:
            self._starts[style] = self._index(style)
        length, starts = self._starts[style]
        for words, key in starts.get(text[start : start + length], ()):
            if text.startswith(words, start):
                yield start + len(words), key

    def _index(self, style: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
        """Return how many first letters all entries have, and the entries by these: a list may be long."""
        known = [(forms[style], key) for key, forms in self._entries.items() if style in forms]
        length, starts = min((len(words) for words, _ in known), default=0), dict[str, list[tuple[str, str]]]()
        for words, key in known:
            starts.setdefault(words[:length], []).append((words, key))
        return length, starts


class ThingForm(EntryForm):
    """An entry that is met once and referred to later: `nth` the second, by the order in which things are printed.

    With two of a kind, `former` writes "the former" and "the latter".
    """

    def __init__(self, kind: str, entries: Mapping[str, Mapping[str, str]]) -> None:
        """Take what kind of thing it is (`item`), by which things are counted, and the entries."""
        super().__init__(entries)
        self._kind = kind

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the entry, or its place among those printed; ValueError for a reference to what is not printed."""
        if style not in ("nth", "former"):
            return super().write(value, style, seen)
        printed = seen.things.get(self._kind, [])
        if value not in printed:
            raise ValueError(f"{value!r} is referred to before it is printed")
        if style == "former" and len(printed) == 2:
            return f"the {('former', 'latter')[printed.index(value)]}"
        return f"the {ORDINALS[printed.index(value) + 1]}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the entry; a reference is open."""
        if style not in ("nth", "former"):
            yield from super().read(text, start, style)
        elif text.startswith("the ", start) and (word := _WORD.match(text, start + 4)):
            of_two = {"former": 1, "latter": 2}.get(word.group()) if style == "former" else None
            index = of_two or _READ_ORDINALS.get(word.group(), 0)
            yield word.end(), Open(self._kind, lambda seen: self._at(seen, index, of_two=of_two is not None))

    def _at(self, seen: PrintedSoFar, index: int, *, of_two: bool) -> object:
        printed = seen.things.get(self._kind, [])
        known = 1 <= index <= len(printed) and not (of_two and len(printed) != 2)
        return printed[index - 1] if known else None

    def note(self, value: str, style: str, seen: PrintedSoFar) -> None:
        """Take note of a thing that is met."""
        printed = seen.things.setdefault(self._kind, [])
        if value not in printed:
            printed.append(value)


def decimal(value: Fraction | int) -> str:
    """Return a fraction as a decimal with thousands separators: `1,840`, `3.25`; ValueError where it does not end."""
    numerator, denominator = value.numerator, value.denominator
    if denominator == 1:
        return f"{numerator:,}"
    scale = next((10**digits for digits in range(1, 10) if 10**digits % denominator == 0), 0)
    if not scale:
        raise ValueError(f"{value} has no short decimal")
    whole, rest = divmod(abs(numerator) * (scale // denominator), scale)
    return f"{'-' if value < 0 else ''}{whole:,}.{str(rest).zfill(len(str(scale)) - 1)}"
