"""What a form writes is read back as the value it was, and as nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.families.kit.forms import (
    AmountForm,
    CountedForm,
    DayForm,
    EntryForm,
    ExactForm,
    Form,
    LineForm,
    Money,
    NameForm,
    Open,
    PersonForm,
    PrintedSoFar,
    ThingForm,
    WholeForm,
    decimal,
)

UNITS = ("crowns", "marks", "EUR thousand")
ITEMS = {"door": {"": "the oven door", "a": "an oven door"}, "paint": {"": "the hallway paint", "a": "hallway paint"}}
DAYS = st.dates(date(1900, 1, 1), date(2199, 12, 31))
NAMES = st.from_regex(r"[A-Z][a-z]{2,8}( (& )?[A-Z][a-z]{2,8}){0,2}", fullmatch=True)
TAILS = st.sampled_from(["", ".", ", and so on", " (so far)", "; then", "\n"])


class Parcels(CountedForm):
    """A number of parcels."""

    styles = (*CountedForm.styles, "parcels")


CASES: dict[str, tuple[Form[Any], st.SearchStrategy[Any]]] = {
    "whole": (WholeForm(), st.integers(0, 10**9)),
    "counted": (Parcels(), st.integers(0, 10**9)),
    "exact": (ExactForm(), st.integers(0, 10**6).map(lambda value: Fraction(value, 400))),
    "amount": (AmountForm(*UNITS), st.builds(Money, st.integers(0, 10**7).map(Fraction), st.sampled_from(UNITS))),
    "day": (DayForm(), DAYS),
    "name": (NameForm(), NAMES),
    "choice": (EntryForm(ITEMS), st.sampled_from(list(ITEMS))),
}


def read(form: Form[Any], text: str, style: str, seen: PrintedSoFar) -> dict[int, object]:
    """Return every reading by where it ends, open ones closed."""
    return {end: value.close(seen) if isinstance(value, Open) else value for end, value in form.read(text, 0, style)}


@pytest.mark.parametrize("name", CASES)
@given(data=st.data(), tail=TAILS)
def test_what_is_written_is_read_back(name: str, data: st.DataObject, tail: str) -> None:
    form, values = CASES[name]
    value = data.draw(values)
    styles = [*ITEMS["door"]] if isinstance(form, EntryForm) else list(form.styles)
    style = data.draw(st.sampled_from(styles))
    if isinstance(form, WholeForm) and style == "ordinal":
        value = 1 + value % 12
    seen = PrintedSoFar(year=data.draw(st.sampled_from([None, 2031])), unit=data.draw(st.sampled_from([None, *UNITS])))
    text = form.write(value, style, seen)
    assert read(form, text + tail, style, seen)[len(text)] == value


@given(value=st.integers(0, 10**6), other=st.integers(0, 10**6), style=st.sampled_from(["", "plain", "words"]))
def test_two_numbers_are_never_written_alike(value: int, other: int, style: str) -> None:
    one, two = (WholeForm().write(number, style, PrintedSoFar()) for number in (value, other))
    assert (one == two) == (value == other)


@given(day=DAYS, style=st.sampled_from(["full", "on"]))
def test_a_wrong_weekday_is_not_read(day: date, style: str) -> None:
    text = DayForm().write(day, style, PrintedSoFar())
    wrong = text.replace(text.split()[0], "Monday" if not text.startswith("Monday") else "Friday", 1)
    readings = read(DayForm(), wrong, style, PrintedSoFar(year=day.year))
    assert set(readings.values()) <= {None}


def test_a_day_leaves_out_its_year_only_where_that_is_the_year_printed_last() -> None:
    form, day = DayForm(), date(2031, 6, 6)
    assert form.write(day, "short", PrintedSoFar()) == "6 June 2031"
    assert form.write(day, "short", PrintedSoFar(year=2030)) == "6 June 2031"
    assert form.write(day, "short", PrintedSoFar(year=2031)) == "6 June"


def test_a_bare_figure_stands_only_for_the_unit_printed_last() -> None:
    form, money = AmountForm(*UNITS), Money(Fraction(1840), "crowns")
    assert form.write(money, "figure", PrintedSoFar(unit="crowns")) == "1,840"
    assert form.write(money, "figure", PrintedSoFar(unit="marks")) == "1,840 crowns"
    assert read(form, "1,840 paid", "figure", PrintedSoFar(unit="marks")) == {5: Money(Fraction(1840), "marks")}
    assert read(form, "1,840 paid", "figure", PrintedSoFar()) == {5: None}


def test_things_are_referred_to_by_the_order_in_which_they_are_printed() -> None:
    form, seen = ThingForm("item", ITEMS), PrintedSoFar()
    with pytest.raises(ValueError, match="before it is printed"):
        form.write("paint", "nth", seen)
    for item in ("paint", "door"):
        form.note(item, "", seen)
    assert form.write("paint", "nth", seen) == "the first"
    assert form.write("door", "former", seen) == "the latter"
    assert read(form, "the second, he said", "nth", seen) == {10: "door"}
    assert read(form, "the third", "nth", seen) == {9: None}
    three = PrintedSoFar(things={"item": ["a", "b", "c"]})
    assert read(form, "the former", "former", three) == {10: None}
    assert read(form, "the third", "nth", three) == read(form, "the third", "former", three) == {9: "c"}


def test_a_pronoun_is_written_only_for_whoever_was_named_last() -> None:
    form = PersonForm({"Marchetti": "she", "Venn": "he"})
    assert form.write("Venn", "their", PrintedSoFar(person="Venn")) == "his"
    assert form.write("Venn", "their", PrintedSoFar(person="Marchetti")) == "Venn's"
    assert form.write("Venn", "they", PrintedSoFar()) == "Venn"
    assert read(form, "his flat", "their", PrintedSoFar(person="Venn")) == {3: "Venn"}
    assert read(form, "Venn's flat", "their", PrintedSoFar(person="Marchetti")) == {6: "Venn"}


@pytest.mark.parametrize(
    ("value", "text"), [(Fraction(13, 4), "3.25"), (Fraction(1840), "1,840"), (Fraction(-1, 20), "-0.05")]
)
def test_decimals_are_exact(value: Fraction, text: str) -> None:
    assert decimal(value) == text


def test_a_decimal_that_does_not_end_is_refused() -> None:
    with pytest.raises(ValueError, match="no short decimal"):
        decimal(Fraction(1, 3))


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_values_survive_json(name: str, data: st.DataObject) -> None:
    form, values = CASES[name]
    value = data.draw(values)
    assert form.unpack(form.pack(value)) == value


def test_the_styles_that_a_form_names_are_all_of_them() -> None:
    named: Mapping[str, tuple[Form[Any], Any]] = {
        "exact": (ExactForm(), Fraction(1, 4)), "day": (DayForm(), date(2031, 6, 6)),
        "amount": (AmountForm(*UNITS), Money(Fraction(3), "marks")),
    }  # fmt: skip
    for form, value in named.values():
        texts = {form.write(value, style, PrintedSoFar(year=2031, unit="marks")) for style in form.styles}
        assert len(texts) == len(form.styles)


def test_a_number_without_its_unit_is_not_read() -> None:
    assert Parcels().write(1, "parcels", PrintedSoFar()) == "1 parcel"
    assert list(Parcels().read("1 parcel", 0, "parcels")) == [(8, 1)]
    assert list(Parcels().read("4 boxes", 0, "parcels")) == []


def test_a_line_is_read_to_its_end_and_no_further() -> None:
    assert list(LineForm().read("1. a line\n2. another", 3, "")) == [(9, "a line")]
    assert list(LineForm().read("a line\n", 6, "")) == []
    assert LineForm().write("a line.", "bare", PrintedSoFar()) == "a line"
