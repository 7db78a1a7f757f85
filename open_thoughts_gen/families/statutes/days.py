"""How a code counts days: the rules on periods that many schemes of law share.

A code says whether the day of an event is counted (`counting`: `without` or `with` it), and it may say what becomes of
a period that ends on a closed day (`rolling`): nothing (absent), or that it ends on the next open day, where closed are
Saturdays and Sundays (`weekends`), Sundays and public holidays (`sundays`), or all of these (`closed`). With `toward`
`earlier` such a period ends on the last open day before. A code that counts in working days says which they are
(`working`, the same three words).

    last = period_end(facts, facts["ended"], 14, work)      # before it is moved
    end = rolled(facts, last, work)

These are pure, and serve `assess`. `tell_period` and `tell_roll` compute the same way while they tell it. Each move is
a claim from day to day, so that it can be recomputed without a calendar. `days.lp` says the same for the second
implementation and shares nothing with this file. The words stand in `words/days.yaml`.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from open_thoughts_gen.families.kit.forms import MONTHS, DayForm, Form, PrintedSoFar, WholeForm
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

RULES = Path(__file__).with_suffix(".lp")
FEASTS = (
    "Founders' Day|Harvest Rest|Charter Day|the Feast of Lamps|Seafarers' Day|Assembly Day|the Day of Remembrance|"
    "Cooper's Day|Reconciliation Day|Orchard Day|the Sovereign's Birthday|Labour Rest|Bridge Day|"
    "the Opening of the Ports|Accession Day|the Day of the Elders|Flood Memorial|Ferry Day|Guild Day|the Long Vigil"
).split("|")
CLOSED = ("weekends", "sundays", "closed")
SATURDAY, SUNDAY = 5, 6
_HOLIDAY = re.compile(r"(\d{1,2}) ([A-Z][a-z]+)")


class HolidaysForm(Form[list[dict[str, Any]]]):
    """The public holidays of a year, each a mapping of `month`, `day` and `feast`.

    Plain, "7 July (Founders' Day) and 1 August (Bridge Day)"; `named`, "Founders' Day (7 July) and Bridge Day
    (1 August)"; `on`, "Founders' Day on 7 July and Bridge Day on 1 August".
    """

    styles = ("", "named", "on")
    _BETWEEN = (", ", " and ")

    def write(self, value: list[dict[str, Any]], style: str, seen: PrintedSoFar) -> str:
        """Return the holidays as text, joined by commas and "and"."""
        shape = {"": "{day} ({feast})", "named": "{feast} ({day})", "on": "{feast} on {day}"}[style]
        texts = [
            shape.format(day=f"{entry['day']} {MONTHS[entry['month'] - 1]}", feast=entry["feast"]) for entry in value
        ]
        return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the holidays, as many as stand here, and each shorter row."""
        entries, position = list[dict[str, Any]](), start
        while (entry := self._entry(text, position, style)) is not None:
            position = entry[0]
            entries.append(entry[1])
            yield position, list(entries)
            between = next((words for words in self._BETWEEN if text.startswith(words, position)), None)
            if between is None:
                return
            position += len(between)

    def _entry(self, text: str, start: int, style: str) -> tuple[int, dict[str, Any]] | None:
        before, between, after = {"": ("", " (", ")"), "named": ("", " (", ")"), "on": ("", " on ", "")}[style]
        readers = (self._day, self._feast) if not style else (self._feast, self._day)
        position, entry = start + len(before), dict[str, Any]()
        for number, reader in enumerate(readers):
            read = reader(text, position)
            if read is None or not text.startswith((between, after)[number], read[0]):
                return None
            position = read[0] + len((between, after)[number])
            entry |= read[1]
        return position, {key: entry[key] for key in ("month", "day", "feast")}

    def _day(self, text: str, start: int) -> tuple[int, dict[str, Any]] | None:
        match = _HOLIDAY.match(text, start)
        if match is None or match[2] not in calendar.month_name:
            return None
        return match.end(), {"month": list(calendar.month_name).index(match[2]), "day": int(match[1])}

    def _feast(self, text: str, start: int) -> tuple[int, dict[str, Any]] | None:
        feast = next((feast for feast in FEASTS if text.startswith(feast, start)), None)
        return None if feast is None else (start + len(feast), {"feast": feast})


class ClosedDaysForm(Form[Sequence[tuple[date, str]]]):
    """Closed days that a period passes over, each with its feast or "": "Sunday 6 July and Monday 7 July (Bridge Day)".

    It stands in traces alone and is not read.
    """

    def write(self, value: Sequence[tuple[date, str]], style: str, seen: PrintedSoFar) -> str:
        """Return the days in a row."""
        texts = [f"{DayForm().write(day, 'on', seen)}{f' ({feast})' if feast else ''}" for day, feast in value]
        return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield nothing."""
        yield from ()


DAY_FORMS: Mapping[str, Form[Any]] = {
    "holidays": HolidaysForm(),
    "passed": ClosedDaysForm(),
    **dict.fromkeys(("from_day", "last_day", "end_day", "wrong_day"), DayForm()),
    **dict.fromkeys(
        ("num_days", "num_left", "num_counted", "num_closed", "num_length", "num_span", "num_months", "num_years"),
        WholeForm(),
    ),
}


def draw_days(rng: Random, near: Sequence[date] = (), *, level: int, working: bool = False) -> dict[str, Any]:
    """Draw how a code counts days; `near` are days on which periods may end, where a holiday would bear on them."""
    facts: dict[str, Any] = {"counting": rng.choice(("without", "without", "with"))}
    rolling = rng.choice((None, "weekends", "weekends", *(("sundays", "closed", "closed") if level > 1 else ())))
    if rolling:
        facts |= {"rolling": rolling, "toward": "earlier" if level > 2 and rng.random() < 0.2 else "later"}
    if working:
        facts["working"] = rolling or rng.choice(("weekends", "sundays", "closed"))
    if {rolling, facts.get("working")} & {"sundays", "closed"}:
        facts["holidays"] = draw_holidays(rng, near)
    return facts


def draw_holidays(rng: Random, near: Sequence[date]) -> list[dict[str, Any]]:
    """Draw public holidays: half of the days that periods may end on, or the Mondays after them, and some others."""
    days = {(rng.randint(1, 12), rng.randint(1, 28)) for _ in range(rng.randint(2, 3))}
    for day in near:
        if rng.random() < 0.5:
            holiday = day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() >= SATURDAY else 0)
            days |= {(holiday.month, holiday.day)} - {(2, 29)}
    feasts = rng.sample(FEASTS, len(days))
    return [
        {"month": month, "day": day, "feast": feast} for (month, day), feast in zip(sorted(days), feasts, strict=True)
    ]


def day_provisions(facts: Mapping[str, Any]) -> dict[str, str]:
    """Return the provisions on days that a case has, by key, each with the name of its bank: count, roll, holidays."""
    provisions = {"count": f"count.{facts['counting']}"} if "counting" in facts else {}
    if "rolling" in facts:
        provisions["roll"] = f"roll.{facts['rolling']}.{facts['toward']}"
    if "working" in facts:
        provisions["working"] = f"working.{facts['working']}"
    return provisions | ({"holidays": "holidays"} if "holidays" in facts else {})


def feast_on(facts: Mapping[str, Any], day: date) -> str:
    """Return which public holiday a day is, or ""."""
    feasts = (e["feast"] for e in facts.get("holidays", ()) if (e["month"], e["day"]) == (day.month, day.day))
    return next(feasts, "")


def is_closed(facts: Mapping[str, Any], day: date, closed: str) -> bool:
    """Return whether a day is closed in one of the three meanings that the word can have."""
    return _is_free(day, closed) or (closed != "weekends" and feast_on(facts, day) != "")


def begins_closed(facts: Mapping[str, Any], *starts: date) -> bool:
    """Return whether a count of working days has a closed day as its first: nobody could say whether it can be that."""
    return facts["counting"] == "with" and any(is_closed(facts, day, facts["working"]) for day in starts)


def _is_free(day: date, closed: str) -> bool:
    """Return whether a day is closed by its weekday alone."""
    return day.weekday() == SUNDAY or (day.weekday() == SATURDAY and closed != "sundays")


def period_end(facts: Mapping[str, Any], start: date, days: int, work: Work) -> date:
    """Return the last day of a period of days that runs from `start`, before it is moved off a closed day."""
    if facts["counting"] == "without":
        return work.after(start, days)
    return work.after(start, int(work("days - 1", days=days)))


def rolled(facts: Mapping[str, Any], day: date, work: Work) -> date:
    """Return the day on which a period ends that would end on `day`."""
    while "rolling" in facts and is_closed(facts, day, facts["rolling"]):
        day = work.after(day, 1 if facts["toward"] == "later" else -1)
    return day


def working_end(facts: Mapping[str, Any], start: date, days: int, work: Work) -> date:
    """Return the last day of a period of working days that runs from `start`.

    `work` adds up its length, the working days and the closed days between them, of which `start` may be the first.
    """
    counted, closed = _working_span(facts, start, days)
    return _span_end(start, days, counted, len(closed), work)


def _span_end(start: date, days: int, counted: int, closed: int, work: Work) -> date:
    length = int(work("days + closed", days=days, closed=closed))
    return work.after(start, length if counted == days else int(work("length - 1", length=length)))


def _working_span(facts: Mapping[str, Any], start: date, days: int) -> tuple[int, list[date]]:
    """Return how many working days after `start` the period has, and the closed days that stand between them."""
    is_first = facts["counting"] == "with" and not is_closed(facts, start, facts["working"])
    counted = left = days - is_first
    end, closed = start, list[date]()
    while left:
        end += timedelta(days=1)
        if is_closed(facts, end, facts["working"]):
            closed.append(end)
        else:
            left -= 1
    return counted, closed


def tell_working(narrative: Narrative, facts: Mapping[str, Any], start: date, days: int) -> date:
    """Tell how a period of working days is counted, and return its last day."""
    counted, closed = _working_span(facts, start, days)
    last = _span_end(start, days, counted, len(closed), narrative.work)
    span = {"num_counted": counted, "num_closed": len(closed), "num_span": counted + len(closed)}
    span["num_length"] = days + len(closed)
    is_holiday = any(not _is_free(day, facts["working"]) for day in closed)
    shape = "none" if not closed else "holiday" if is_holiday else "weekend"
    narrative.step(f"count.working.{shape}", from_day=start, num_days=days, last_day=last, **span)
    return last


def tell_months(narrative: Narrative, start: date, months: int) -> date:
    """Tell where a period of months ends, and return that day."""
    last = narrative.work.months_after(start, months)
    in_years = months > 12 and months % 12 == 0
    length = {"num_years": months // 12} if in_years else {"num_months": months}
    bank = "count.years" if in_years else "count.months"
    narrative.step(bank if last.day == start.day else f"{bank}.short", from_day=start, last_day=last, **length)
    return last


def tell_period(narrative: Narrative, facts: Mapping[str, Any], start: date, days: int) -> date:
    """Tell how a period of days is counted, and where it ends before it is moved; return that day.

    Once in a trace the other way of counting is tried first, and found to be a day out.
    """
    if not narrative.has_turned():
        other = {"counting": "with" if facts["counting"] == "without" else "without"}
        wrong = period_end(other, start, days, narrative.work)
        narrative.step(f"count.turn.{facts['counting']}", from_day=start, num_days=days, wrong_day=wrong)
        narrative.step(f"count.refute.{facts['counting']}")
    last = period_end(facts, start, days, narrative.work)
    narrative.step(f"count.{facts['counting']}", from_day=start, num_days=days, num_left=days - 1, last_day=last)
    return last


def tell_roll(narrative: Narrative, facts: Mapping[str, Any], day: date) -> date:
    """Tell why a period that would end on `day` ends there or elsewhere; return the day on which it ends."""
    if "rolling" not in facts:
        return day
    end = rolled(facts, day, narrative.work)
    passed = sorted(_between(day, end))
    feasts = [feast_on(facts, closed) if facts["rolling"] != "weekends" else "" for closed in passed]
    if not passed:
        saturday = facts["rolling"] == "sundays" and day.weekday() == SATURDAY
        narrative.step(f"roll.{'saturday' if saturday else 'open'}.{facts['rolling']}", last_day=day)
        return end
    shape = "weekend" if not any(feasts) else "holiday" if len(passed) == 1 else "run"
    narrative.step(
        f"roll.{shape}.{facts['toward']}", last_day=day, end_day=end, passed=list(zip(passed, feasts, strict=True))
    )
    return end


def _between(day: date, end: date) -> Iterator[date]:
    """Yield the closed days that were passed over, `day` among them and `end` not."""
    step = timedelta(days=1 if end > day else -1)
    while day != end:
        yield day
        day += step
