"""A canonical answer is read back as its value, in the forms that people write it in; what is unclear is not read."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from open_thoughts_gen.families.kit.forms import Money
from open_thoughts_gen.families.kit.kinds import (
    HowMuch,
    InOrder,
    InYear,
    Kind,
    Letter,
    Letters,
    OnDay,
    OneOf,
    Ratio,
    SomeOf,
    YesNo,
)

NAMES = ("Ada", "Ada Venn", "Boris")
RIGHT: list[tuple[Kind, Any, list[str]]] = [
    (YesNo(), True, ["Yes", "yes.", "**Yes**"]),
    (HowMuch("sacks"), 1840, ["1,840 sacks", "1840", "1 840 sacks"]),
    (HowMuch(), Money(Fraction(15, 2), "crowns"), ["7.5 crowns", "7.50"]),
    (InYear(), 1258, ["1258", "in 1258", "1,258"]),
    (Ratio(), Fraction(3, 20), ["3/20", "0.15", "6/40"]),
    (
        OnDay(),
        date(2031, 7, 8),
        ["8 July 2031", "July 8, 2031", "2031-07-08", "8th of Jul 2031"],
    ),
    (Letter(), "C", ["C", "(C)", "C."]),
    (Letters(), ["A", "C"], ["A, C", "C and A"]),
    (Letters(), [], ["none", "None of them"]),
    (OneOf(NAMES), "Ada Venn", ["Ada Venn", "ada venn."]),
    (InOrder(NAMES), ("Boris", "Ada"), ["Boris, Ada", "Boris, then Ada"]),
    (SomeOf(NAMES), {"Ada", "Boris"}, ["Ada, Boris", "Boris and Ada.", "They are Ada and boris"]),
    (SomeOf(NAMES), set(), ["none", "Nobody."]),
]
UNREAD: list[tuple[Kind, str]] = [
    (YesNo(), "Yes and no"),
    (YesNo(), "perhaps"),
    (HowMuch(), "42 or 43"),
    (HowMuch(), "several"),
    (Ratio(), "1/2 or 1/3"),
    (OnDay(), "31 June 2031"),
    (OnDay(), "8 July"),
    (OnDay(), "8 July 2031 or 9 July 2031"),
    (Letter(), "A or B"),
    (Letters(), "A, or none"),
    (OneOf(NAMES), "Ada or Boris"),
    (OneOf(NAMES), "Clara"),
    (OneOf(NAMES), "Ada, Clara"),
    (OneOf(("S1", "S2")), "S2, S4, S5"),
    (InOrder(NAMES), "Boris, Boris"),
    (SomeOf(NAMES), "Ada, Clara"),
    (SomeOf(NAMES), "Ada, or none"),
    (SomeOf(("1", "2", "3")), "3, 5, 6"),
    (SomeOf(("1", "2", "3")), "(3) and (5)"),
]


@pytest.mark.parametrize(("kind", "value", "answers"), RIGHT)
def test_an_answer_is_read_in_the_forms_that_people_write(kind: Kind, value: Any, answers: list[str]) -> None:
    assert all(kind.agrees(value, answer) is True for answer in [kind.canonical(value), *answers])


@pytest.mark.parametrize(("kind", "answer"), UNREAD)
def test_what_states_nothing_or_two_things_is_not_read(kind: Kind, answer: str) -> None:
    assert kind.read(answer) is None


@pytest.mark.parametrize(
    ("kind", "value", "answer"),
    [
        (YesNo(), True, "No"),
        (HowMuch("sacks"), 1840, "184"),
        (Ratio(), Fraction(3, 20), "3/21"),
        (OnDay(), date(2031, 7, 8), "7 August 2031"),
        (Letter(), "C", "D"),
        (Letters(), ["A", "C"], "A"),
        (OneOf(NAMES), "Ada Venn", "Ada"),
        (InOrder(NAMES), ("Boris", "Ada"), "Ada, Boris"),
    ],
)
def test_another_answer_does_not_agree(kind: Kind, value: Any, answer: str) -> None:
    assert kind.agrees(value, answer) is False


def test_a_number_of_something_else_is_undecided() -> None:
    assert HowMuch("sacks").agrees(5, "5 barrows") is None
    assert HowMuch("sacks").agrees(5, "5 Sacks of flour") is True
    assert HowMuch("sacks").agrees(5, "it is 5") is True
    assert HowMuch("sacks").agrees(5, "4 sacks") is False
    assert HowMuch().agrees(Money(Fraction(5), "crowns"), "5 marks") is None
    assert HowMuch().agrees(Money(Fraction(5), "crowns"), "5 crowns") is True
