from __future__ import annotations

from fractions import Fraction

import pint
import pytest

from open_thoughts_gen.algebra import units

REGISTRY: pint.UnitRegistry[float] = pint.UnitRegistry()


@pytest.mark.parametrize(
    "name",
    "m km cm arcmin radian µm nm ft inch yd mile nautical_mile light_year parsec acre hectare g "
    "kg mg lb ounce tonne s ms min hour day week year Hz kHz rpm N kN Pa kPa bar atm mmHg psi "
    "torr J kJ eV MeV cal kcal kWh BTU W MW hp A mA C V mV ohm F H Wb T lm lx Bq Gy Sv mol mmol "
    "K L mL gallon quart cup tablespoon teaspoon bushel mph kph knot".split(),
)
def test_factors_are_those_of_pint(name: str) -> None:
    written = {"light_year": "ly", "nautical_mile": "nmi"}.get(name, name)
    unit = units.read(written)
    assert unit is not None
    theirs = (1 * REGISTRY.parse_units(name)).to_base_units()
    degrees = dict(unit.dimensions).get("deg", 0)  # pint counts angles in radians
    assert float(unit.factor) * (3.141592653589793 / 180) ** degrees == pytest.approx(theirs.magnitude, rel=1e-6)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("m/s^2", r"\text{m}/\text{s}^{2}"),
        ("m/s^2", "m s^-2"),
        ("J/mol/K", "J/(mol·K)"),
        ("J mol^-1 K^-1", "J/mol/K"),
        ("W/(m^2 K)", r"\mathrm{W\,m^{-2}\,K^{-1}}"),
        ("km/h", "kilometers per hour"),
        ("ft^2", "square feet"),
        ("cm³", r"\text{ cm}^3"),
        ("°C", "degrees Celsius"),
        ("mi/h", "mph"),
    ],
)
def test_a_unit_has_many_spellings(one: str, other: str) -> None:
    assert units.read(one) == units.read(other) is not None


@pytest.mark.parametrize(
    "text", ["", "m per", "m//s", "dB c", "(m", "in(", "m^", "m^99", "apples", "m" * 200, "m)(", "^2"]
)
def test_what_is_not_wholly_a_unit_is_refused(text: str) -> None:
    assert units.read(text) is None


def test_values_are_converted_with_their_zero_points() -> None:
    celsius, fahrenheit, metre = units.read("°C"), units.read("°F"), units.read("m")
    assert celsius is not None
    assert fahrenheit is not None
    assert metre is not None
    assert celsius.converted(Fraction(100), fahrenheit) == 212
    assert celsius.converted(Fraction(100), metre) is None
