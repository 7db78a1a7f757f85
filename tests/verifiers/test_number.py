from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.rewards import reward
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers.number import Number
from open_thoughts_gen.verifiers.number.quantities import quantities


def judged(reference: str | None, answer: str, **settings: object) -> Verdict:
    return Number.model_validate(settings).verdict(
        Question("How much?", reference), Trace("q", 0, "t", "", rf"\boxed{{{answer}}}")
    )


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("9.81 m/s^2", 9.81, "m/s^2"),
        (r"9.81\,\text{m/s}^2", 9.81, "m/s^2"),
        ("981 cm/s²", 981, "cm/s^2"),
        (r"3\times 10^{8}\,\mathrm{m\,s^{-1}}", 3e8, "m s^-1"),
        ("2.5 × 10⁵", 250_000, ""),
        ("3 × 10^-4 mol/L", 0.0003, "mol/L"),
        ("1,234.5 kg", 1234.5, "kg"),
        ("25 000 J", 25_000, "J"),
        ("5 million dollars", 5e6, ""),
        (r"\frac{3}{4} m", 0.75, "m"),
        (r"\sqrt{16} m", 4, "m"),
        ("20°C", 20, "°C"),
        ("v = 5 m/s", 5, "m/s"),
        ("$5", 5, ""),
        ("50%", 50, "%"),
        ("−3 J", -3, "J"),
        (".5", 0.5, ""),
    ],
)
def test_quantities_are_read(text: str, value: float, unit: str) -> None:
    (reading,) = quantities(text)
    assert float(reading.value) == pytest.approx(value)
    assert reading.unit == unit


@pytest.mark.parametrize(
    "text", ["", "x", "about five", "5 or 6", "5 ± 1", "5, 6", "9^9^9^9 m", "5 m**9**9", "__import__('os')", "1" * 500]
)
def test_what_is_no_single_number_is_refused(text: str) -> None:
    assert quantities(text) == ()


@pytest.mark.parametrize(
    ("reference", "answer", "outcome"),
    [
        ("9.81 m/s^2", "981 cm/s²", "correct"),
        ("20 °C", "68 °F", "correct"),
        ("20 °C", "293.15 K", "correct"),
        ("100 km/h", "27.78 m/s", "correct"),
        ("5 N", "5 kg·m·s^-2", "correct"),
        ("1 L", "1000 cm^3", "correct"),
        ("3 h", "180 min", "correct"),
        ("50%", "0.5", "correct"),
        ("0.5", "50 percent", "correct"),
        ("5 m", "5", "correct"),
        ("5", "5 people", "correct"),
        ("5 m", "5 kg", "incorrect"),
        ("5 m", "5 km", "incorrect"),
        ("5 m", "5.1 m", "incorrect"),
        ("5 m", "-5 m", "incorrect"),
        ("5 m", "5 blorp", "undecided"),
        ("a lot", "5", "undecided"),
        (None, "5", "undecided"),
        ("5", "plenty", "undecided"),
    ],
)
def test_units_are_converted(reference: str | None, answer: str, outcome: Outcome) -> None:
    assert judged(reference, answer).outcome == outcome


@pytest.mark.parametrize(
    ("settings", "reference", "answer", "outcome"),
    [
        ({"relative": 0.01}, "100", "101", "correct"),
        ({"relative": 0.01}, "100", "101.1", "incorrect"),
        ({"relative": 0, "absolute": 0.1}, "0.3", "0.4", "correct"),  # what binary fractions lose does not decide
        ({"relative": 0, "absolute": 0.1}, "0.3", "0.41", "incorrect"),
        ({"relative": 0}, "0.1", "0.1", "correct"),
        ({"unit": "required"}, "5 m", "5", "incorrect"),
        ({"unit": "required"}, "5", "5", "correct"),
        ({"unit": "ignored"}, "5 m", "5 blorp", "correct"),
    ],
)
def test_settings(settings: dict[str, object], reference: str, answer: str, outcome: Outcome) -> None:
    assert judged(reference, answer, **settings).outcome == outcome


@given(st.text(alphabet="0123456789.,eE+-*/^() mskgNJ°%\\{}times", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    assert judged(text, text).outcome != "incorrect"


@pytest.mark.parametrize("mark", ["", " ", "{answer}", " {answer}</result>", "x" * 200])
def test_a_mark_has_text_before_the_answer_and_is_short(mark: str) -> None:
    with pytest.raises(ValueError, match="a mark"):
        Number(answer_marks=(mark,))


def test_an_answer_is_found_by_the_recipes_own_mark_as_a_reward_too() -> None:
    verifiers = [{"use": "first_decided", "of": [{"use": "number", "answer_marks": ["Ergebnis:"]}]}]
    row = {"prompt": "How much?", "reference": "7 m", "verifiers": json.dumps(verifiers)}
    assert reward("Wir rechnen.\nErgebnis: 700 cm\nFertig.", row) == 1.0
    assert reward("Wir rechnen.\nErgebnis: 70 cm\nFertig.", row) == 0.0
