"""What several families print in their traces: series, times of day, sums, and nothing where nothing is told."""

from __future__ import annotations

import pytest

from open_thoughts_gen.families.kit.clock import ClockForm, passed
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.reckoning import summed
from open_thoughts_gen.families.kit.telling import teller
from open_thoughts_gen.families.kit.traces import SeriesForm, joined
from open_thoughts_gen.families.kit.work import Work

NOTHING = PrintedSoFar()


@pytest.mark.parametrize(
    ("things", "style", "text"),
    [
        (("Aune", "Boll", "Crane"), "", "Aune, Boll and Crane"),
        (("Aune", "Boll", "Crane"), "or", "Aune, Boll or Crane"),
        ((4, 6), "plus", "4 + 6"),
        (("Aune",), "or", "Aune"),
        ((), "", "none"),
    ],
)
def test_things_stand_one_after_another(things: tuple[object, ...], style: str, text: str) -> None:
    assert SeriesForm().write(things, style, NOTHING) == text
    assert list(SeriesForm().read(text, 0, style)) == []


def test_where_there_are_none_another_word_may_stand() -> None:
    assert joined((), nothing="nobody") == "nobody"
    assert joined(("a", "b"), nothing="nobody") == "a and b"


@pytest.mark.parametrize(
    ("minutes", "style", "text"), [(1265, "", "21:05"), (1265, "noon", "9.05 p.m."), (0, "", "00:00")]
)
def test_a_time_of_day_is_read_as_it_is_written(minutes: int, style: str, text: str) -> None:
    assert ClockForm().write(minutes, style, NOTHING) == text
    assert list(ClockForm().read(f"{text}, about", 0, style)) == [(len(text), minutes)]


def test_a_time_that_no_clock_shows_is_not_read() -> None:
    assert list(ClockForm().read("24:10", 0, "")) == []
    assert list(ClockForm().read("21:60", 0, "")) == []


@pytest.mark.parametrize(
    ("parts", "sign", "total", "claims"),
    [
        ((3, 4, 5), "+", 12, ["3 + 4 + 5 = 12"]),
        ((9, 4, 3), "-", 2, ["9 - 4 - 3 = 2"]),
        ((7,), "+", 7, []),
        ((), "+", 0, []),
    ],
)
def test_a_sum_is_claimed_as_it_is_written_out(
    parts: tuple[int, ...], sign: str, total: int, claims: list[str]
) -> None:
    work = Work()
    assert summed(work, parts, sign) == total
    assert work.claims == claims


def test_without_a_narrative_nothing_is_told() -> None:
    assert teller(None)("no-such-bank", who="Aune") is None


@pytest.mark.parametrize(("start", "end", "claim"), [(545, 560, "20 - 5 = 15"), (590, 665, "60 * 2 + 5 - 50 = 75")])
def test_minutes_between_two_times_are_claimed_by_the_clock(start: int, end: int, claim: str) -> None:
    work = Work()
    assert passed(start, end, work) == end - start
    assert work.claims == [claim]
