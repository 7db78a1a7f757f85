"""The family of finance as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from random import Random

import pytest

from open_thoughts_gen.families.finance import Finance
from open_thoughts_gen.families.finance.forms import AccountForm
from open_thoughts_gen.families.finance.kinds import Amount
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.program import program_of
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Derivation, Step


def test_the_coin_is_fair() -> None:
    family = Finance(asks=("complies",)).fresh(Context())
    answers = Counter(family.derive(family.problem(Random(index))).answer for index in range(120))
    assert 40 <= answers["Yes"] <= 80


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        ("EUR 706 thousand", True),
        ("EUR 706,000", True),
        ("0.706 million euros", True),
        ("EUR 706k", True),
        ("EUR 706", False),  # a slip of scale
        ("SEK 706 thousand", False),
        ("EUR 707 thousand", False),
        ("EUR -706 thousand", False),
        ("706", None),  # the scale is left open
        ("EUR 706 thousand or EUR 707 thousand", None),
        ("a little", None),
    ],
)
def test_an_amount_is_read_with_its_scale(answer: str, agrees: bool | None) -> None:
    assert Amount(currency="EUR").agrees(Fraction(706), answer) is agrees


def test_an_amount_without_a_scale_is_in_units() -> None:
    kind = Amount("", "EUR", "closing/units")
    assert kind.canonical(Fraction(184050, 100)) == "EUR 1,840.50"
    assert kind.agrees(Fraction(184050, 100), "1840.50") is True


@pytest.mark.parametrize(("value", "text"), [(1840, "1,840"), (-1840, "(1,840)"), (0, "–"), (-7, "(7)")])
def test_a_cell_is_read_as_it_is_printed(value: int, text: str) -> None:
    form = AccountForm()
    assert form.write(Fraction(value), "cell", PrintedSoFar()) == text
    assert (len(text), Fraction(value)) in list(form.read(f"{text} |", 0, "cell"))


def test_a_derivation_becomes_a_program() -> None:
    claims = ("6140 + 2315 = 8455", "3.25 * 8455 = 27478.75", "30100 > 27478.75")
    steps = (Step("compute", ("",), claims=claims[:2]), Step("answer", ("",), claims=claims[2:]))
    assert program_of(Derivation("No", steps)) == "add(6140, 2315), multiply(3.25, #0), greater(#1, 30100)"
    assert program_of(Derivation("Yes", steps)) == "add(6140, 2315), multiply(3.25, #0), greater(30100, #1)"
    assert program_of(Derivation("EUR 8,455 thousand", steps)) == "add(6140, 2315)"
    assert program_of(Derivation("EUR 1 thousand", steps)) is None
    rounded = (Step("compute", ("",), claims=("7 // 2 = 3",)),)
    assert program_of(Derivation("3", rounded)) is None
