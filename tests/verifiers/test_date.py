from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.types import Outcome, Question, Trace
from open_thoughts_gen.verifiers.date import AmbiguousError, Date, Order, day


@pytest.mark.parametrize(
    "text",
    [
        "2031-07-06", "2031/7/6", "6 July 2031", "6th July, 2031", "the 6th of July 2031", "July 6, 2031",
        "Jul 6th, 2031",
        "Sunday, 6 July 2031", "Sun 6 Jul 2031", "2031-07-06T10:00:00Z", "by 6 July 2031 (2031-07-06)", "6-July-2031",
        "on the 6th day of July, 2031", "6. Juli 2031", "6 juillet 2031", "6 de julio de 2031", "2031年7月6日",
        "6/Jul/2031", "The deadline is July 6, 2031 at 5 pm.", "6\u00a0July\u00a02031", r"\text{July 6, 2031}",
    ],
)  # fmt: skip
def test_one_day_in_many_forms(text: str) -> None:
    assert day(text) == date(2031, 7, 6)


@pytest.mark.parametrize(
    ("text", "order", "found"),
    [
        ("13/07/2031", None, date(2031, 7, 13)),  # there is no 13th month
        ("07.13.2031", None, date(2031, 7, 13)),
        ("07/07/2031", None, date(2031, 7, 7)),
        ("06/07/2031", "dmy", date(2031, 7, 6)),
        ("06/07/2031", "mdy", date(2031, 6, 7)),
        ("Sunday, 06/07/2031", None, date(2031, 7, 6)),  # 7 June was a Saturday
    ],
)
def test_figures_alone(text: str, order: Order | None, found: date) -> None:
    assert day(text, order) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "06/07/2031",
        "6 July",
        "July 2031",
        "31 June 2031",
        "Monday, 6 July 2031",
        "6 July 2031 or 7 July 2031",
        "the day before July 6, 2031",
        "three weeks after 6 July 2031",
        "the eve of 6 July 2031",
        "not 6 July 2031",
        "6 July 2031 minus 2 days",
        "6 July 2031" + " " * 3000 + "x" * 3000,
    ],
)
def test_what_is_no_single_day(text: str) -> None:
    with pytest.raises(AmbiguousError):
        day(text)


@pytest.mark.parametrize(
    ("reference", "response", "tolerance", "outcome"),
    [
        ("2031-07-06", "Answer: July 6, 2031", 0, "correct"),
        ("2031-07-06", "Answer: July 7, 2031", 0, "incorrect"),
        ("2031-07-06", "Answer: July 7, 2031", 1, "correct"),
        ("2031-07-06", "Answer: soon", 0, "undecided"),
        ("2031-07-06", "first\nsecond", 0, "undecided"),
        ("soon", "Answer: July 7, 2031", 0, "undecided"),
        (None, "Answer: July 7, 2031", 0, "undecided"),
    ],
)
def test_verdicts(reference: str | None, response: str, tolerance: int, outcome: Outcome) -> None:
    verdict = Date(tolerance_days=tolerance).verdict(Question("When?", reference), Trace("q", 0, "t", "", response))
    assert verdict.outcome == outcome
    assert verdict.explanation
    assert bool(verdict.cause) == (outcome != "correct")


@given(
    st.dates(date(1000, 1, 1)),
    st.sampled_from(("{0:%Y-%m-%d}", "{0:%A}, {0.day} {0:%B} {0.year}", "{0:%B} {0.day}, {0.year}")),
)
def test_every_day_is_read(one: date, form: str) -> None:
    assert day(form.format(one)) == one
