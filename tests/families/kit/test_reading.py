"""A text is read only if every character of it is, and only if it can mean one thing."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.forms import DayForm, Form, NameForm, ThingForm, WholeForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.reading import PromptReader, UnreadError
from open_thoughts_gen.families.kit.words import WordsError

WORDS = """
lists:
  item:
    door: the oven door
    paint: the hallway paint
banks:
  prompt/end:
    gloss: "{tenant} leaves on {ended}"
    say: ["{tenant} left {>home} on {ended:full}.", "On {ended:full}, {tenant} moved out."]
  home: ["the flat", {plain: x}]
  prompt/item:
    list: items
    say: ["{^item} cost {cost} crowns."]
  prompt/contest:
    sets: {contested: true}
    say: ["Only {disputed:nth} is disputed, on {wrote:short}."]
  prompt/rule: ["{#late}. Late is late."]
  prompt/by: ["See {@late} for {days} days."]
"""


def loaded(folder: Path, text: str = WORDS.replace(", {plain: x}", "")) -> words.WordFile:
    path = folder / "deposit.yaml"
    path.write_text(text, "utf-8")
    words.load.cache_clear()
    return words.load(path)


@pytest.fixture
def reader(tmp_path: Path) -> PromptReader:
    found = loaded(tmp_path)
    item = ThingForm("item", found.lists["item"])
    forms: dict[str, Form[Any]] = {"tenant": NameForm(), **dict.fromkeys(("ended", "wrote"), DayForm())}
    forms |= dict.fromkeys(("cost", "days"), WholeForm())
    return PromptReader(found, {**forms, "item": item, "disputed": item}, found.under("prompt/"))


def test_a_prompt_is_read_to_its_facts(reader: PromptReader) -> None:
    page = Page(reader.words, reader.forms, Pen("1"))
    text = " ".join(
        (
            page.say("prompt/end", tenant="Ada Venn", ended=date(2031, 6, 6)),
            page.say("prompt/item", item="paint", cost=150),
            page.say("prompt/item", item="door", cost=1260),
            page.say("prompt/contest", disputed="door", wrote=date(2031, 7, 5)),
        )
    )
    assert text.endswith("The oven door cost 1,260 crowns. Only the second is disputed, on 5 July.")
    assert reader.facts(text) == {
        "tenant": "Ada Venn",
        "ended": date(2031, 6, 6),
        "items": [{"item": "paint", "cost": 150}, {"item": "door", "cost": 1260}],
        "contested": True,
        "disputed": "door",
        "wrote": date(2031, 7, 5),
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ada left the flat on Friday 6 June 2031. It rained.", "cannot be read on from 'It rained.'"),
        ("Ada left the flat on Monday 6 June 2031.", "cannot be read on"),
        ("The oven door cost 3 crowns. Only the second is disputed, on 5 July 2031.", "cannot be read"),
        ("The oven door cost 3 crowns. Only the first is disputed, on 5 July.", "cannot be read"),
        ("§ 2. Late is late. See § 3 for 4 days.", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_what_is_not_read_whole_is_not_read(reader: PromptReader, text: str, why: str) -> None:
    with pytest.raises(UnreadError, match=why):
        reader.facts(text)


def test_a_citation_has_to_be_the_label_that_is_printed(reader: PromptReader) -> None:
    assert reader.facts("§ 2. Late is late. See § 2 for 4 days.") == {"days": 4}
    assert reader.facts("See § 2 for 4 days.\n§ 2. Late is late.") == {"days": 4}


def test_two_sentences_that_contradict_each_other_are_not_read(reader: PromptReader) -> None:
    with pytest.raises(UnreadError):
        reader.facts("§ 2. Late is late. See § 2 for 4 days. See § 2 for 5 days.")


def test_a_text_that_can_mean_two_things_is_not_read(tmp_path: Path) -> None:
    text = 'banks:\n  prompt/a: ["{one:words} day{rest}"]\n  prompt/b: ["{two} days."]\n  prompt/c: ["{one} days."]\n'
    found = loaded(tmp_path, text.replace('  prompt/a: ["{one:words} day{rest}"]\n', ""))
    reader = PromptReader(found, {"one": WholeForm(), "two": WholeForm()}, found.under("prompt/"))
    with pytest.raises(UnreadError, match="2 sets of facts"):
        reader.facts("4 days.")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("banks: {a: ['{x']}", "a lone '{'"),
        ("banks: {a: ['{X}']}", "a lone '{'"),
        ("banks: {a: ['{>b}']}", "no bank 'b'"),
        ("banks: {a: {say: []}}", "alternatives"),
        ("banks: {a: {says: [x]}}", "`say:`"),
        ("bank: {}", "`banks:`, `lists:` and `forms:`"),
    ],
)
def test_a_word_file_with_a_fault_says_where(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(WordsError, match=why):
        loaded(tmp_path, text).bank("a")


def test_words_are_loaded_as_text(tmp_path: Path) -> None:
    found = loaded(tmp_path, "banks:\n  on: [yes]\n  no: ['{{x}}']\n")
    assert Page(found, {}, Pen("1")).say("on") == "yes"
    assert Page(found, {}, Pen("1")).say("no") == "{x}"
