"""Judge dates: `6 July 2031`, `July 6th, 2031` and `2031-07-06` are one day.

Read are ISO 8601 days and days with a month in one of six languages, with or without weekday and ordinal. Figures alone
(`06/07/2031`) are read only where there is one way to read them, or where the recipe says the `order`; `07.13.2031` has
one way, in which 13 is the day. A weekday that the day did not have contradicts it, and two different days answer
nothing: undecided, unless the reference is the same text. So are words beside the day that may shift it: `the day
before July 6, 2031`.

The Gregorian calendar, years 1 to 9999. Not covered: times and time zones (a time after the day is dropped), months
and years alone, other calendars.
"""

from __future__ import annotations

import calendar
import contextlib
import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

from pydantic import Field

from open_thoughts_gen import text
from open_thoughts_gen.types import Outcome, Verdict
from open_thoughts_gen.verifiers._answers import ComparesAnswers

Order = Literal["dmy", "mdy"]

# The months of the other languages (German, French, Spanish, Italian, Dutch), January first.
_OTHER_MONTHS = (
    "januar janvier enero gennaio januari jänner", "februar février febrero febbraio februari", "märz mars marzo maart",
    "avril abril aprile", "mai mayo maggio mei", "juni juin junio giugno", "juli juillet julio luglio",
    "août agosto augustus", "septembre septiembre settembre", "oktober octobre octubre ottobre",
    "novembre noviembre", "dezember décembre diciembre dicembre december",
)  # fmt: skip
_MONTHS = {name.lower(): number for number, name in enumerate(calendar.month_name) if name}
_MONTHS |= {name.lower(): number for number, name in enumerate(calendar.month_abbr) if name} | {"sept": 9}
_MONTHS |= {name: number for number, names in enumerate(_OTHER_MONTHS, 1) for name in names.split()}
_WEEKDAYS = {name.lower(): number for number, name in enumerate(calendar.day_name)}
_WEEKDAYS |= {name.lower(): number for number, name in enumerate(calendar.day_abbr)}
_MONTH, _WEEKDAY = "|".join(sorted(_MONTHS, key=len, reverse=True)), "|".join(_WEEKDAYS)
_DATE = re.compile(
    rf"(?:\b(?P<weekday>{_WEEKDAY})\.?,?\s+(?:the\s+)?)?"
    r"(?:(?<![\d-])(?P<iso>\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{4}年\d{1,2}月\d{1,2}日?)(?!\d)"
    rf"|\b(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|º)?(?:\s+day)?(?:\s+(?:of|de))?[\s/-]+(?P<month>{_MONTH})(?![a-z])"
    r"\.?,?(?:\s+(?:of|de))?[\s/-]+(?P<year>\d{4})\b"
    rf"|\b(?P<month2>{_MONTH})\b\.?\s+(?:the\s+)?(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\s?,?\s+(?P<year2>\d{{4}})\b"
    r"|(?<![\d./-])(?P<figures>\d{1,2}(?P<sign>[./-])\d{1,2}(?P=sign)\d{4})(?![\d/-]))",
    re.IGNORECASE | re.ASCII,
)
_TIME = re.compile(
    r"(?:T|\bat)?\s?\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?(?:Z|[+-]\d{2}:?\d{2}|[ap]\.?m\.?|UTC|GMT|CET|E[SD]T)?"
    r"|\bat\s\d{1,2}\s?[ap]\.?m\b\.?",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
# Words beside a day that leave it what it is. Others may not: before, after, eve, unless.
_FILLERS = frozenset(
    "the a an on by of at in is was are be will must should it its this that date day dates deadline due time limit"
    " final last latest exact answer correct so thus therefore hence and to have has had been falls fall fell ends"
    " end ended expires expire expired expiry begins began starts start started begin runs ran took takes place due"
    " notice period term lease contract payment claim hearing filing filed file served serve paid pay made given"
    " received signed delivered effective as closing born died year ad ce no later than text mathrm textbf boxed den"
    " der am le el la il op du del".split()
)
_MAX_LENGTH = 2000


class AmbiguousError(ValueError):
    """A text that does not state one day."""


class Date(ComparesAnswers):
    """Checks that the answer is the same day as the reference."""

    order: Order | None = Field(
        default=None,
        description="how to read dates written in digits: dmy or mdy; null: only dates that can be read in one way",
    )
    tolerance_days: int = Field(default=0, ge=0, description="by how many days the answer may differ")

    def compared(self, reference: str, answer: str) -> Verdict:
        """Compare; undecided unless both are one day."""
        try:
            known = day(reference, self.order)
        except AmbiguousError as error:
            return self.unread("unreadable reference", str(error), reference=reference, answer=answer)
        try:
            stated = day(answer, self.order)
        except AmbiguousError as error:
            return self.unread("unreadable answer", str(error), reference=reference, answer=answer)
        gap = abs((stated - known).days)
        outcome: Outcome = "correct" if gap <= self.tolerance_days else "incorrect"
        distance = f"{gap} days from {known.isoformat()}" if gap else "the day"
        cause = "" if outcome == "correct" else "another day"
        return self.judged(answer, outcome, f"{stated.isoformat()} is {distance}", cause)


def day(written: str, order: Order | None = None) -> date:
    """Return the one day that a text states; AmbiguousError where it states none, several, or one that is shifted."""
    plain = text.normalise(written, ("unicode", "space"))
    if len(plain) > _MAX_LENGTH:
        raise AmbiguousError(f"{len(plain):,} characters are not a day")
    days = {each for match in _DATE.finditer(plain) for each in _days(match, order)}
    if len(days) != 1:
        raise AmbiguousError("it states no day" if not days else f"it may be {' or '.join(sorted(map(str, days)))}")
    beside = _WORD.findall(_TIME.sub(" ", _DATE.sub(" ", plain)).casefold())
    unknown = [word for word in beside if word not in _FILLERS and word not in _WEEKDAYS]
    if unknown:
        raise AmbiguousError(f"it says more than a day: {text.shorten(' '.join(unknown), 60)}")
    return days.pop()


def _days(match: re.Match[str], order: Order | None) -> Iterator[date]:
    """Yield the days that one date may mean."""
    if match["iso"]:
        year, month, number = map(int, re.findall(r"\d+", match["iso"]))
        readings = [(year, month, number)]
    elif match["figures"]:
        first, second, year = map(int, match["figures"].split(match["sign"]))
        both = {"dmy": (year, second, first), "mdy": (year, first, second)}
        readings = [both[order]] if order else list(both.values())
    else:
        name = (match["month"] or match["month2"]).lower()
        readings = [(int(match["year"] or match["year2"]), _MONTHS[name], int(match["day"] or match["day2"]))]
    weekday, days = match["weekday"], []
    for year, month, number in readings:
        with contextlib.suppress(ValueError):  # there is no 31 June
            days.append(date(year, month, number))
    fitting = [each for each in days if not weekday or each.weekday() == _WEEKDAYS[weekday.lower()]]
    if days and not fitting:
        raise AmbiguousError(f"{days[0].isoformat()} was not a {weekday}")
    yield from fitting
