"""Days of a code of law: two implementations agree, provisions are read back, and every move is told with its claim."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.reading import PromptReader
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.verifiers.steps.claims import WorkingDays, is_true

WORDS = words.load(Path(days.__file__).parent / "words" / "days.yaml")
LABELS = {"count": "§ 2(1)", "roll": "§ 2(2)", "holidays": "§ 3", "working": "§ 4", "months": "§ 5"}
BRIDGE_DAY = {"month": 7, "day": 7, "feast": "Bridge Day"}
NUM = 60


def drawn(index: int) -> tuple[dict[str, Any], date, int]:
    rng = Random(index)
    start = date(rng.randint(2027, 2044), rng.randint(1, 12), rng.randint(1, 28)) + timedelta(days=rng.randint(0, 3))
    num = rng.randint(3, 40)
    return days.draw_days(rng, [start + timedelta(days=num)], level=1 + index % 4, working=True), start, num


def narrative() -> Narrative:
    return Narrative(Page(WORDS, days.DAY_FORMS, Pen("1"), LABELS), year=2031)


def proved(facts: Mapping[str, Any], start: date, num: int, folder: Path) -> dict[str, Any]:
    program = folder / "asks.lp"
    program.write_text(
        "want_end(S, K) :- fact(start, S), fact(num, K). result(last, M) :- ends(_, _, M)."
        "want_roll(M) :- ends(_, _, M). result(end, M) :- ends(_, _, N), rolls(N, M)."
        "want_working(S, K) :- fact(start, S), fact(num, K). result(working, M) :- working(_, _, M)."
        "want_months(S, K) :- fact(start, S), fact(num, K). result(months, M) :- months_on(_, _, M).",
        "utf-8",
    )
    numbers = answer_set(program, {**facts, "start": start, "num": num}, shared=[days.RULES])
    return {key: date.fromordinal(int(number)) for key, number in numbers.items()}


def test_both_implementations_count_alike(tmp_path: Path) -> None:
    for index in range(NUM):
        facts, start, num = drawn(index)
        work = Work()
        last = days.period_end(facts, start, num, work)
        expected = {
            "last": last,
            "end": days.rolled(facts, last, work),
            "working": days.working_end(facts, start, num, work),
            "months": work.months_after(start, num),
        }
        assert proved(facts, start, num, tmp_path) == expected, (facts, start, num)
        assert all(is_true(claim, WorkingDays(frozenset())) for claim in work.take())


@pytest.mark.parametrize(
    ("facts", "day", "end"),
    [
        ({}, date(2031, 7, 6), date(2031, 7, 6)),
        ({"rolling": "weekends", "toward": "later"}, date(2031, 7, 5), date(2031, 7, 7)),
        ({"rolling": "weekends", "toward": "earlier"}, date(2031, 7, 6), date(2031, 7, 4)),
        ({"rolling": "sundays", "toward": "later", "holidays": [BRIDGE_DAY]}, date(2031, 7, 5), date(2031, 7, 5)),
        ({"rolling": "closed", "toward": "later", "holidays": [BRIDGE_DAY]}, date(2031, 7, 6), date(2031, 7, 8)),
        ({"rolling": "closed", "toward": "earlier", "holidays": [BRIDGE_DAY]}, date(2031, 7, 7), date(2031, 7, 4)),
    ],
)
def test_a_period_moves_off_a_closed_day_as_the_code_says(facts: dict[str, Any], day: date, end: date) -> None:
    assert days.rolled(facts, day, Work()) == end
    assert days.tell_roll(narrative(), facts, day) == end


@pytest.mark.parametrize(
    ("counting", "start", "end"),
    [
        ("without", date(2031, 7, 4), date(2031, 7, 9)),  # Friday; Monday is Bridge Day
        ("with", date(2031, 7, 4), date(2031, 7, 8)),
        ("with", date(2031, 7, 5), date(2031, 7, 9)),  # a Saturday is not the first working day
    ],
)
def test_working_days_are_counted_from_the_day_that_the_code_says(counting: str, start: date, end: date) -> None:
    facts = {"counting": counting, "working": "closed", "holidays": [BRIDGE_DAY]}
    assert days.working_end(facts, start, 2, Work()) == end
    assert days.tell_working(narrative(), facts, start, 2) == end


def test_every_wording_of_the_provisions_is_read_back_to_what_it_says() -> None:
    reader = PromptReader(WORDS, days.DAY_FORMS, WORDS.under("prompt/"))
    for index in range(4 * NUM):
        facts, _, _ = drawn(index)
        page = Page(WORDS, days.DAY_FORMS, Pen(str(index)), LABELS)
        text = "\n".join(page.say(f"prompt/law.{bank}", **facts) for bank in days.day_provisions(facts).values())
        assert reader.facts(text) == facts, text


@pytest.mark.parametrize("style", days.HolidaysForm.styles)
def test_a_row_of_holidays_is_written_and_read(style: str) -> None:
    form = days.HolidaysForm()
    for index in range(NUM):
        holidays = days.draw_holidays(Random(index), [date(2031, 7, 6), date(2032, 2, 29)])
        text = form.write(holidays, style, PrintedSoFar())
        assert (len(text), holidays) in list(form.read(f"{text}.", 0, style)), text
    assert list(form.read("31 Jully (Bridge Day)", 0, "")) == []


def test_what_is_told_is_what_is_computed_and_every_claim_is_true() -> None:
    banks = set()
    for index in range(4 * NUM):
        facts, start, num = drawn(index)
        story = narrative()
        last = days.tell_period(story, facts, start, num)
        assert last == days.period_end(facts, start, num, Work())
        assert days.tell_roll(story, facts, last) == days.rolled(facts, last, Work())
        assert days.tell_working(story, facts, start, num) == days.working_end(facts, start, num, Work())
        assert days.tell_months(story, start, num) == Work().months_after(start, num)
        for step in story.steps:
            assert all(is_true(claim, WorkingDays(frozenset())) for claim in step.claims)
            banks.add(step.texts[0][:30])
    assert len(banks) > 12
