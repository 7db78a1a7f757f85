"""Values and claims come from one move, and an error that is planted in one is carried into all that follow."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.families.kit.forms import Money
from open_thoughts_gen.families.kit.work import Flaw, Work, written
from open_thoughts_gen.text.claimed import value_of


def test_a_value_and_its_claim_are_one_move() -> None:
    work = Work()
    total = work("a + b", a=Money(Fraction(260), "crowns"), b=150)
    limit = work("3.25 * total / 2", total=total)
    assert total == 410
    assert limit == Fraction(5330, 8)
    assert work.exceeds(limit, total)
    assert work.after(date(2031, 6, 6), 30) == date(2031, 7, 6)
    assert not work.is_later(date(2031, 6, 6), date(2031, 6, 6))
    assert work.days_between(date(2031, 6, 6), date(2031, 7, 6)) == 30
    assert work.take() == (
        "260 + 150 = 410",
        "3.25 * 410 / 2 = 666.25",
        "666.25 > 410",
        "2031-06-06 + 30 d = 2031-07-06",
        "2031-06-06 <= 2031-06-06",
        "2031-07-06 - 2031-06-06 = 30 d",
    )
    assert work.take() == ()


@pytest.mark.parametrize("call", range(3))
def test_a_flaw_changes_one_move_and_what_follows_is_computed_from_it(call: int) -> None:
    def run(work: Work) -> list[Fraction]:
        one = work("4 + 5")
        two = work("2 * one", one=one)
        return [one, two, work("two - one", one=one, two=two)]

    right, wrong = run(Work()), run(Work(Flaw(call, lambda value: value + 10)))  # type: ignore[operator]
    assert right[:call] == wrong[:call]
    assert wrong[call] == right[call] + 10
    assert call != 0 or wrong[1] == 2 * wrong[0]


def test_a_work_says_what_its_flaw_has_made_of_what() -> None:
    work = Work(Flaw(1))
    one = work("4 + 5")
    assert work.slip is None
    assert work("2 * one", one=one) == 19
    assert work.settle("Ada", "Boris") == "Ada"
    assert work.slip == (18, 19)


@given(value=st.fractions(max_denominator=5000))
def test_a_number_is_written_so_that_it_is_read_back(value: Fraction) -> None:
    assert value_of(written(value)) == value


@pytest.mark.parametrize(
    ("expression", "value"),
    [("2 + 3 * 4", 14), ("(2 + 3) * 4", 20), ("7 // 2 - 1", 2), ("-3 + 1", -2), ("1/4 * 2/5", Fraction(1, 10))],
)
def test_expressions_have_their_usual_values(expression: str, value: Fraction) -> None:
    assert value_of(expression) == value


@pytest.mark.parametrize("expression", ["", "2 +", "(2", "2)", "1 / 0", "2 ** 3", "x", "1 2", "9" * 3000, "2 + * 3"])
def test_what_is_not_an_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r"expression|zero|bracket"):
        value_of(expression)


def test_quiet_work_computes_the_same_and_claims_nothing() -> None:
    quiet, work = Work(is_quiet=True), Work()
    for each in (quiet, work):
        assert each("(a - b) / 3 + 1", a=Fraction(7, 2), b=Money(Fraction(2), "crowns")) == Fraction(3, 2)
        assert each.exceeds(3, 2)
        assert each.after(date(2031, 6, 6), 30) == date(2031, 7, 6)
    assert quiet.take() == ()
    assert len(work.take()) == 3


def test_work_in_fractions_claims_in_fractions() -> None:
    assert Work(has_fractions=True).exceeds(Fraction(1, 2), Fraction(1, 4))
    work = Work(has_fractions=True)
    work("a * b", a=Fraction(1, 2), b=3)
    assert work.take() == ("(1/2) * 3 = (3/2)",)


def test_an_error_can_be_the_other_party_or_provision() -> None:
    assert Work(Flaw(0)).settle("Ada", "Boris") == "Boris"
    assert Work(Flaw(0)).settle(True) is False
    with pytest.raises(TypeError, match="what else it could be"):
        Work(Flaw(0)).settle("Ada")
