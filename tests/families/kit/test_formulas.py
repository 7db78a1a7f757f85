"""Figures by formulas: which formula holds, what is worked out before what, and what is claimed."""

from __future__ import annotations

from fractions import Fraction

import pytest

from open_thoughts_gen.families.kit.formulas import Figures
from open_thoughts_gen.families.kit.work import Work

FORMULAS = {
    "net": {"counter": "gross - counter", "plain": "gross"},
    "kept": {"capped": "room < net", "plain": "net"},
    "double": {"": "net + kept"},
    "sign": {"side=in -counter": "gross", "plain": "counter"},
    "taken": {"gross>room": "room", "plain": "gross"},
}


def figures(**facts: object) -> Figures:
    return Figures(facts, Work(), formulas=FORMULAS)


def test_what_a_figure_rests_on_is_claimed_before_it_and_once() -> None:
    story = figures(gross=100, counter=30, capped=True, room=50)
    assert story.figure("double") == 120
    assert story.figure("kept") == 50
    assert story.work.take() == ("100 - 30 = 70", "70 > 50", "70 + 50 = 120")


@pytest.mark.parametrize(("room", "kept"), [(50, 50), (100, 100), (200, 100)])
def test_the_lesser_of_two_figures(room: int, kept: int) -> None:
    assert figures(gross=100, capped=True, room=room).figure("kept") == kept


@pytest.mark.parametrize(
    ("facts", "value"),
    [
        ({"side": "in"}, 7),
        ({"side": "out", "counter": 3}, 3),
        ({"side": "in", "counter": 3}, 3),
        ({"side": "in", "counter": False}, 7),
    ],
)
def test_a_condition_asks_for_facts_for_values_and_for_what_is_not_there(facts: dict[str, object], value: int) -> None:
    assert figures(gross=7, **facts).figure("sign") == Fraction(value)


def test_a_condition_may_compare_two_facts_and_claims_what_it_finds() -> None:
    story = figures(gross=100, room=50)
    assert story.figure("taken") == 50
    assert story.work.take() == ("100 > 50",)
    assert figures(gross=50, room=50).figure("taken") == 50
