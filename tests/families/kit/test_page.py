"""Tellings are put into words late, and say what they would have said at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.forms import DayForm, Form, PrintedSoFar, WholeForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.words import WordsError

WORDS = """
banks:
  steps/due: ["Due by {due:short}.", "By {due:short} it is due, {days} days on."]
"""


@pytest.fixture
def page(tmp_path: Path) -> Page:
    path = tmp_path / "due.yaml"
    path.write_text(WORDS, "utf-8")
    forms: dict[str, Form[Any]] = {"due": DayForm(), "days": WholeForm()}
    return Page(words.WordFile(path), forms, Pen("1"), seen=PrintedSoFar(year=2031))


def test_tellings_read_as_if_they_stood_where_they_were_asked_for(page: Page) -> None:
    tellings = page.tell("steps/due", due=date(2031, 6, 6), days=3)
    page.seen = PrintedSoFar(year=2030)
    assert list(tellings) == ["Due by 6 June.", "By 6 June it is due, 3 days on."]
    assert len(tellings) == 2
    later = page.tell("steps/due", due=date(2031, 6, 6), days=3)
    assert all("6 June 2031" in text for text in later)
    assert tellings != later
    page.seen = PrintedSoFar(year=2031)
    again = page.tell("steps/due", due=date(2031, 6, 6), days=3)
    assert {tellings, again} == {again}


def test_a_value_that_is_missing_is_reported_before_anything_is_put_into_words(page: Page) -> None:
    with pytest.raises(WordsError, match="'days'"):
        page.tell("steps/due", due=date(2031, 6, 6))
