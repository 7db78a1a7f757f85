"""Finds figures, dates and citations in prose.

Enumerations (`1.` at the start of a line, `Step 2`) are not figures. Years and days of known dates are.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

from open_thoughts_gen.text import shorten
from open_thoughts_gen.verifiers.steps.equations import number_of

_MONTHS = {name: number for number, name in enumerate(calendar.month_name) if name}
_MONTH, _WEEKDAY = "|".join(_MONTHS), "|".join(calendar.day_name)
_ISO = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")
_CITE = re.compile(
    r"(?:§§?|\b(?:Sections?|Articles?|Art\.|Rules?|Clauses?|Chapters?))[ ~]?\d+[a-z]?(?:[.\-]\d+)*(?:\(\w{1,4}\))*"
)
_ORDINAL = "(?:st|nd|rd|th)?"
_FIGURE = re.compile(
    rf"(?P<iso>{_ISO.pattern})"
    rf"|(?:(?<!\ba )(?P<weekday>{_WEEKDAY}),? (?:the )?)?"
    rf"(?:\b(?P<day>\d{{1,2}}){_ORDINAL}(?: of)? (?P<month>{_MONTH})\b(?:,? (?P<year>\d{{4}}))?"
    rf"|\b(?P<month2>{_MONTH}) (?P<day2>\d{{1,2}})\b{_ORDINAL}(?:,? (?P<year2>\d{{4}}))?)"
    rf"|(?P<cite>{_CITE.pattern})"
    rf"|(?P<number>(?<![\w.])\d+(?:,\d{{3}})*(?:\.\d+)?){_ORDINAL}(?![\w]|\.\d)"
)
_LISTED = re.compile(
    r"^[ \t]*(?:\(?\d{1,2}[.)]|[-*] ?\d{1,2}[.)])(?=\s)|\b(?:Step|Option|Change|Point|Question|Case) \d{1,2}\b",
    re.MULTILINE,
)
_NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
_UNREADABLE = Fraction(-1)  # figures have no sign


@dataclass(frozen=True, slots=True)
class Figure:
    """A number, a date (with its year where one is written), or a citation."""

    written: str
    number: Fraction | None = None
    day: tuple[int | None, int, int] | None = None
    weekday: str | None = None


@dataclass(slots=True)
class Known:
    """The figures, dates and citations that something bears out."""

    numbers: set[Fraction] = field(default_factory=set)
    days: set[date] = field(default_factory=set)
    yearly: set[tuple[int, int]] = field(default_factory=set)  # month and day, where no year is written: of holidays
    cites: set[str] = field(default_factory=set)

    def add_text(self, prose: str) -> None:
        """Add the figures of a text, its enumerations too."""
        self.numbers |= {number_of(number) for number in _NUMBER.findall(_ISO.sub(" ", prose))} - {_UNREADABLE}
        for figure in figures(prose):
            if figure.day and (year := figure.day[0]):
                try:
                    self.days.add(date(year, *figure.day[1:]))
                except ValueError as error:
                    raise ValueError(f"there is no {figure.written}") from error
            elif figure.day:
                self.yearly.add((figure.day[1], figure.day[2]))
        self.cites |= {_bare(cite) for cite in _CITE.findall(prose)}

    def add_case(self, part: object) -> None:
        """Add every scalar of a case."""
        if isinstance(part, Mapping):
            for each in part.values():
                self.add_case(each)
        elif isinstance(part, list | tuple):
            for each in part:
                self.add_case(each)
        elif isinstance(part, str):
            self.add_text(part)
        elif isinstance(part, int | float) and not isinstance(part, bool):
            self.numbers.add(abs(Fraction(str(part))))

    def add_claim(self, claim: str) -> None:
        """Add the figures of a true claim, and the closed days that it passes over."""
        self.add_text(claim)
        named = sorted(date.fromisoformat(each) for each in _ISO.findall(claim))
        if " opens " in claim and len(named) == 2:
            self.days |= {named[0] + timedelta(days=offset) for offset in range((named[1] - named[0]).days)}

    def bears_out(self, numbers: Iterable[Fraction]) -> bool:
        """Return whether all of these are known."""
        parts = {part for day in self.days for part in (day.day, day.year)}
        return all(number in self.numbers or number in parts for number in numbers)

    def fault(self, figure: Figure) -> str:
        """Return what is wrong with a figure, empty if it is borne out."""
        if figure.day is not None:
            year, *month_day = figure.day
            if year is None and figure.weekday is None and tuple(month_day) in self.yearly:
                return ""
            alike = [day for day in self.days if [day.month, day.day] == month_day and year in (None, day.year)]
            if not alike:
                return f"the date {figure.written} comes from nowhere"
            is_borne_out = figure.weekday in (None, "", *(calendar.day_name[day.weekday()] for day in alike))
            return "" if is_borne_out else f"{figure.written} was not a {figure.weekday}"
        if figure.number is not None:
            is_borne_out = self.bears_out([figure.number])
            return "" if is_borne_out else f"the figure {shorten(figure.written, 40)} comes from nowhere"
        return "" if _bare(figure.written) in self.cites else f"{figure.written} is not cited by the question"


def figures(prose: str) -> Iterator[Figure]:
    """Yield the figures of a text."""
    for match in _FIGURE.finditer(_LISTED.sub(" ", prose)):
        whole = " ".join(match.group().split())
        if match["iso"]:
            year, month, number = map(int, match["iso"].split("-"))
            yield Figure(whole, day=(year, month, number))
        elif match["month"] or match["month2"]:
            written_year = match["year"] or match["year2"]
            month, number = _MONTHS[match["month"] or match["month2"]], int(match["day"] or match["day2"])
            yield Figure(
                whole, day=(int(written_year) if written_year else None, month, number), weekday=match["weekday"]
            )
        elif match["cite"]:
            yield Figure(whole)
        else:
            yield Figure(whole, number=number_of(match["number"]))


def _bare(cite: str) -> str:
    """Return a citation's number: Section 4(2) and § 4(2) are one."""
    return re.sub(r"^\D+", "", cite)
