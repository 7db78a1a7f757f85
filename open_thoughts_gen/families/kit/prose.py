"""Forms that prose has: characters, names in a row, days of a week, numbers in words and Roman figures, quotations."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.forms import Form, Open, PersonForm, PrintedSoFar, TupleForm
from open_thoughts_gen.families.kit.traces import joined

ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
_UNITS = "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split()
_UNITS += "seventeen eighteen nineteen".split()
_TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy")
WORDS = (*_UNITS, *(f"{_TENS[n // 10]}-{_UNITS[n % 10]}" if n % 10 else _TENS[n // 10] for n in range(20, 80)))
_QUOTED = re.compile(r"(?:^>[^\n]*\n?)+", re.MULTILINE)


class CharacterForm(PersonForm):
    """A character of a closed cast: the name, or a pronoun of whoever was named last; `self` is herself or himself."""

    styles: ClassVar[Sequence[str]] = (*PersonForm.styles, "self")
    PRONOUNS: ClassVar[Mapping[str, tuple[str, str]]] = {**PersonForm.PRONOUNS, "self": ("herself", "himself")}

    def __init__(self, pronouns: Mapping[str, str]) -> None:
        """Take the characters, each with `she` or `he`."""
        super().__init__(pronouns)
        self._names = re.compile("|".join(f"[{name[0]}{name[0].lower()}]{name[1:]}" for name in pronouns))

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the name, also where its first letter has been made small, or what a pronoun stands for."""
        match = self._names.match(text, start)
        tail = "'s" if style == "their" else ""
        if match and text.startswith(tail, match.end()):
            yield match.end() + len(tail), f"{match.group()[0].upper()}{match.group()[1:]}"
        if not style:
            return
        for end, value in super().read(text, start, style):
            if not isinstance(value, str):
                yield end, value


class CompanyForm(TupleForm[str]):
    """Those who are there: `Mrs Thorne, Mr Pell and Cora`, or in a trace any list of words."""

    def __init__(self, names: Sequence[str] | Mapping[Any, str]) -> None:
        """Take the names that can be read, or values each with the words for it."""
        self._names = names if isinstance(names, Mapping) else {name: name for name in names}

    def write(self, value: tuple[str, ...], style: str, seen: PrintedSoFar) -> str:
        """Return the names as a sentence has them."""
        return joined([self._names.get(name, name) for name in value], nothing="nobody")

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the names that stand here, as many as there are."""
        return self._read(text, start, ())

    def _read(self, text: str, start: int, before: tuple[str, ...]) -> Iterator[tuple[int, object]]:
        for name, words in self._names.items():
            if not text.startswith(words, start):
                continue
            end, names = start + len(words), (*before, name)
            yield end, names
            for joint in (", ", " and "):
                if text.startswith(joint, end):
                    yield from self._read(text, end + len(joint), names)

    def note(self, value: tuple[str, ...], style: str, seen: PrintedSoFar) -> None:
        """Take note that no pronoun is clear after a list of names."""
        seen.person = None


class WeekdayForm(Form[str]):
    """A day of the week: `Friday`; as `on` or `later` "on Friday", or "the same day" after that day."""

    styles: ClassVar[Sequence[str]] = ("", "on", "later")
    SAME: ClassVar[Mapping[str, str]] = {"on": "the same day", "later": "later that day"}

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the day."""
        is_same = style and seen.things.get("weekday") == [value]
        return self.SAME[style] if is_same else f"on {value}" if style else value

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the day; the same day is open."""
        if style and text.startswith(same := self.SAME[style], start):
            yield start + len(same), Open("weekday", lambda seen: seen.things.get("weekday", [None])[0])
        before = "on " if style else ""
        for day in calendar.day_name:
            if text.startswith(f"{before}{day}", start):
                yield start + len(before) + len(day), day

    def note(self, value: str, style: str, seen: PrintedSoFar) -> None:
        """Take note of the day."""
        seen.things["weekday"] = [value]


class RomanForm(Form[int]):
    """A small number in Roman figures: `IV`."""

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the number."""
        return ROMAN[value]

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each number that stands here."""
        for number, roman in enumerate(ROMAN[1:], start=1):
            if text.startswith(roman, start) and not text[start + len(roman) : start + len(roman) + 1].isalpha():
                yield start + len(roman), number


class SpelledForm(Form[int]):
    """A number in words, `fourteen`; `years` with its noun: `one year`, `fourteen years`; `figure` 14, in a trace."""

    styles: ClassVar[Sequence[str]] = ("", "years", "figure")

    def write(self, value: int, style: str, seen: PrintedSoFar) -> str:
        """Return the number."""
        if style == "figure":
            return str(value)
        return f"{WORDS[value]} year{'s' * (value != 1)}" if style == "years" else WORDS[value]

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the number that stands here."""
        for number, word in enumerate(WORDS):
            end = start + len(word)
            if text.startswith(word, start) and not (text[end : end + 1].isalpha() or text[end : end + 1] == "-"):
                tail = " years" if number != 1 else " year"
                if style != "years":
                    yield end, number
                elif text.startswith(tail, end):
                    yield end + len(tail), number


class QuotedForm(Form[str]):
    """A text of several paragraphs, quoted: each of its lines begins with `>`."""

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the text, quoted."""
        return "\n".join(f"> {line}" if line else ">" for line in value.split("\n"))

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the quoted text that begins here, all of it."""
        if (match := _QUOTED.match(text, start)) and text[start - 1 : start] in ("", "\n"):
            quoted = match.group().rstrip("\n")
            yield start + len(quoted), "\n".join(line[2:] for line in quoted.split("\n"))
