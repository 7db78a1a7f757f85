"""Checks of a derivation's figures by another route: a sum is taken back, days are counted through the months.

For a claim that computes something there is a step of the kind `check`, shown in the narration `deliberate`, which
computes it in another way and claims that in turn (`words/checking.yaml`). A number of days is tested by the weekdays,
too, which the count did not use; a comparison of days by how far they are apart, one of numbers where it was close.
What has no other route that is worth telling (an expression of several operators, a whole number of months, a sum with
nothing in it, or of small numbers) gets no check.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.forms import DayForm, ExactForm, Form, PrintedSoFar, WholeForm, decimal
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.text.claimed import value_of
from open_thoughts_gen.types import Step

WORDS = Path(__file__).parent / "words" / "checking.yaml"
MAX_CHECKS, CLOSE, FEW, SMALL, WEEK = 8, 3, 10, 100, 7
_NUMBER = r"(?:\d+(?:\.\d+)?|\([-\d./]+\))"
_COMPUTED = re.compile(rf"({_NUMBER}) ([+*/-]) ({_NUMBER}) = ({_NUMBER})")
_COMPARED = re.compile(rf"({_NUMBER}) (>|<=) ({_NUMBER})")
_COUNTED = re.compile(r"(\d{4}-\d\d-\d\d) \+ (-?\d+) d = (\d{4}-\d\d-\d\d)")
_ORDERED = re.compile(r"(\d{4}-\d\d-\d\d) (>|<=) (\d{4}-\d\d-\d\d)")
_YEAR = re.compile(r"(\d{4})-\d\d-\d\d")
_BACK = {"+": ("{whole} - {other}", "sum"), "-": ("{whole} + {other}", "difference")}
_BACK |= {"*": ("{whole} / {other}", "product"), "/": ("{whole} * {other}", "quotient")}


class FigureForm(ExactForm):
    """A number in a trace: a decimal where it ends, else a fraction, `10/3`; always a fraction as `over`."""

    def write(self, value: Fraction, style: str, seen: PrintedSoFar) -> str:
        """Return the number."""
        try:
            return str(value) if self._is_over else decimal(value)
        except ValueError:
            return str(value)

    def __init__(self, *, is_over: bool = False) -> None:
        """Take whether all numbers are fractions."""
        self._is_over = is_over


FIGURES = ("check_one", "check_other", "check_whole", "check_margin")
CHECK_FORMS: Mapping[str, Form[Any]] = {
    **dict.fromkeys(
        ("check_days", "check_left", "check_length", "check_between", "check_in", "check_weeks", "check_over"),
        WholeForm(),
    ),
    **dict.fromkeys(("check_start", "check_end"), DayForm()),
}


def rechecked(narrative: Narrative) -> list[Step]:
    """Return a check of each claim of a narrative that has another route, at most MAX_CHECKS."""
    forms = {**CHECK_FORMS, **dict.fromkeys(FIGURES, FigureForm(is_over=narrative.has_fractions))}
    page = Page(words.load(WORDS), forms, narrative.page.pen)
    steps = [step for step in narrative.steps if step.kind not in ("turn", "refute", "check")]
    claims = dict.fromkeys(claim for step in steps for claim in step.claims)
    is_one_year = set(_YEAR.findall(" ".join(claims))) <= {str(narrative.year)}  # else each day has its year
    checks = Narrative(page, year=narrative.year if is_one_year else None, point=narrative.point)
    for claim in claims:
        if match := _COMPUTED.fullmatch(claim):
            _taken_back(checks, *match.groups())
        elif match := _COUNTED.fullmatch(claim):
            start, end = _two_days(match)
            _through_the_months(checks, start, (end - start).days, end)
            _by_the_weekdays(checks, start, (end - start).days, end)
        elif match := _COMPARED.fullmatch(claim):
            _by_its_margin(checks, match[1], match[3])
        elif match := _ORDERED.fullmatch(claim):
            _by_the_distance(checks, *_two_days(match))
    return checks.steps[:MAX_CHECKS]


def _two_days(match: re.Match[str]) -> tuple[date, date]:
    """Return the days of a claim in their order."""
    start, end = sorted((date.fromisoformat(match[1]), date.fromisoformat(match[3])))
    return start, end


def _taken_back(narrative: Narrative, one: str, operator: str, other: str, whole: str) -> None:
    figures = [value_of(number) for number in (one, other, whole)]
    is_plain = all(figure.denominator == 1 and abs(figure) < SMALL for figure in figures)
    if is_plain or set(figures) & {0, 1}:  # there is nothing worth taking back
        return
    expression, bank = _BACK[operator]
    narrative.work.claims.append(f"{expression.format(whole=whole, other=other)} = {one}")
    numbers = {"check_one": one, "check_other": other, "check_whole": whole}
    values: dict[str, Any] = {name: value_of(number) for name, number in numbers.items()}
    narrative.step(f"check.{bank}", **values)


def _through_the_months(narrative: Narrative, start: date, days: int, end: date) -> None:
    """Count from `start` to the end of its month, over whole months, and into the last one."""
    length = calendar.monthrange(start.year, start.month)[1]
    left = length - start.day
    months = (end.year - start.year) * 12 + end.month - start.month
    if days < 3 or (months and left < 2):
        return
    if months == 0:
        narrative.work.claims.append(f"{end.day} - {start.day} = {days}")
        narrative.step("check.within", check_start=start, check_end=end, check_days=days)
        return
    years_months = [divmod(start.year * 12 + start.month - 1 + index, 12) for index in range(1, months)]
    between = sum(calendar.monthrange(year, month + 1)[1] for year, month in years_months)
    total = f"{left} + {between} + {end.day}" if months > 1 else f"{left} + {end.day}"
    narrative.work.claims += [f"{length} - {start.day} = {left}", f"{total} = {days}"]
    counted = {"check_length": length, "check_left": left, "check_in": end.day, "check_days": days}
    bank, counted = ("check.months", {**counted, "check_between": between}) if months > 1 else ("check.next", counted)
    narrative.step(bank, check_start=start, check_end=end, **counted)


def _by_the_weekdays(narrative: Narrative, start: date, days: int, end: date) -> None:
    """Move the weekday by what is left of the days beside whole weeks."""
    weeks, over = divmod(days, WEEK)
    if weeks < 2:
        return
    narrative.work.claims.append(f"{weeks} * {WEEK} + {over} = {days}" if over else f"{weeks} * {WEEK} = {days}")
    counted = {"check_days": days, "check_weeks": weeks, **({"check_over": over} if over else {})}
    narrative.step("check.weekday" if over else "check.weeks", check_start=start, check_end=end, **counted)


def _by_the_distance(narrative: Narrative, start: date, end: date) -> None:
    """Look again at the order of two days: how many days lie between them."""
    days = (end - start).days
    narrative.work.claims.append(f"{end} - {start} = {days} d")
    values: dict[str, Any] = {"check_start": start, "check_end": end, **({"check_days": days} if days > 1 else {})}
    narrative.step("check.same" if not days else "check.day_after" if days == 1 else "check.later", **values)


def _by_its_margin(narrative: Narrative, one: str, other: str) -> None:
    """Look again at a comparison that was close."""
    margin = value_of(f"{one} - {other}")
    is_plain = max(value_of(one), value_of(other)) < FEW  # so few are compared at a glance
    if margin.denominator != 1 or abs(margin) > CLOSE or is_plain:
        return
    bank = "over" if margin > 0 else "under" if margin < 0 else "equal"
    larger, smaller = (one, other) if margin > 0 else (other, one)
    narrative.work.claims.append(f"{larger} - {smaller} = {abs(margin)}")
    narrative.step(f"check.{bank}", check_one=value_of(one), check_other=value_of(other), check_margin=abs(margin))
