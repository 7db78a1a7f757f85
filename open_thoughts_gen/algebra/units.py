r"""Units of measurement: read from text (`m/s^2`, `W/(m^2 K)`, `J mol^{-1} K^{-1}`, `square feet`) and converted.

The table holds what answers use; factors are those of pint (https://pint.readthedocs.io), which a test compares. A unit
is a factor to the base units and a product of powers of these. Money is a base unit per currency, since nothing here
knows rates of exchange. Nothing is evaluated, and length is bounded.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

_MAX_LENGTH = 80
_MAX_POWER = 12

# One line per unit: its symbols and names, =, its factor, its base units. A star: takes the prefixes of the SI.
# `rad` has no rational factor to degrees; its digits are those of 180/pi.
_TABLE = """
m* meter* meters* metre* metres* = 1 m
g* gram* grams* gramme* grammes* = 1/1000 kg
s* sec second* seconds* secs = 1 s
A* amp amps ampere* amperes* = 1 A
K* kelvin* kelvins = 1 K
mol* mole moles = 1 mol
cd* candela* candelas = 1 cd
bit bits = 1 bit
B byte bytes = 8 bit
kB kilobyte kilobytes = 8000 bit
MB megabyte megabytes = 8000000 bit
GB gigabyte gigabytes = 8000000000 bit
TB terabyte terabytes = 8000000000000 bit
° deg degs degree degrees = 1 deg
' arcmin arcminute arcminutes = 1/60 deg
'' arcsec arcsecond arcseconds = 1/3600 deg
rad* radian* radians* = 57295779513082320877/1000000000000000000 deg
rev revolution revolutions turn turns rotation rotations = 360 deg
sr steradian steradians = 1 sr
% percent pct percentage = 1/100
Hz* hertz* = 1 s^-1
rpm = 6 deg s^-1
N* newton* newtons* = 1 m kg s^-2
Pa* pascal* pascals* = 1 m^-1 kg s^-2
J* joule* joules* = 1 m^2 kg s^-2
W* watt* watts* = 1 m^2 kg s^-3
C* coulomb* coulombs* = 1 s A
V* volt* volts* = 1 m^2 kg s^-3 A^-1
Ω* Ω* ohm* ohms* = 1 m^2 kg s^-3 A^-2
S* siemens* = 1 m^-2 kg^-1 s^3 A^2
F* farad* farads* = 1 m^-2 kg^-1 s^4 A^2
H* henry* henries = 1 m^2 kg s^-2 A^-2
Wb* weber* webers* = 1 m^2 kg s^-2 A^-1
T* tesla* teslas = 1 kg s^-2 A^-1
G* gauss* = 1/10000 kg s^-2 A^-1
lm* lumen* lumens = 1 cd sr
lx* lux* = 1 m^-2 cd sr
Bq* becquerel* becquerels = 1 s^-1
Gy* gray* grays = 1 m^2 s^-2
Sv* sievert* sieverts = 1 m^2 s^-2
kat* katal* = 1 s^-1 mol
Ci* curie* curies = 37000000000 s^-1
eV* electronvolt* electronvolts* = 801088317/5000000000000000000000000000 m^2 kg s^-2
cal* calorie* calories* = 4184/1000 m^2 kg s^-2
Cal = 4184 m^2 kg s^-2
Wh* = 3600 m^2 kg s^-2
BTU Btu = 105505585262/100000000 m^2 kg s^-2
erg ergs = 1/10000000 m^2 kg s^-2
dyn dyne dynes = 1/100000 m kg s^-2
lbf = 44482216152605/10000000000000 m kg s^-2
hp horsepower = 37284993579113511/50000000000000 m^2 kg s^-3
bar* bars = 100000 m^-1 kg s^-2
atm atmosphere atmospheres = 101325 m^-1 kg s^-2
mmHg = 133322387415/1000000000 m^-1 kg s^-2
torr Torr = 101325/760 m^-1 kg s^-2
psi = 8896443230521/1290320000 m^-1 kg s^-2
L* l* liter* liters* litre* litres* = 1/1000 m^3
cc ccm = 1/1000000 m^3
M* molar = 1000 m^-3 mol
min mins minute minutes = 60 s
h hr hrs hour hours = 3600 s
d day days = 86400 s
wk wks week weeks = 604800 s
fortnight fortnights = 1209600 s
month months = 2629800 s
yr yrs year years = 31557600 s
decade decades = 315576000 s
century centuries = 3155760000 s
t tonne* tonnes* = 1000 kg
ton tons = 90718474/100000 kg
lb lbs pound pounds = 45359237/100000000 kg
oz ounce ounces = 45359237/1600000000 kg
st stone stones = 635029318/100000000 kg
amu u dalton daltons Da* = 166053906892/100000000000000000000000000000000000000 kg
carat carats = 1/5000 kg
in inch inches = 254/10000 m
ft foot feet = 3048/10000 m
yd yds yard yards = 9144/10000 m
mi mile miles = 1609344/1000 m
mil mils = 254/10000000 m
nmi = 1852 m
fathom fathoms = 18288/10000 m
furlong furlongs = 201168/1000 m
Å angstrom angstroms = 1/10000000000 m
micron microns = 1/1000000 m
au AU = 149597870700 m
ly lightyear lightyears = 9460730472580800 m
pc* parsec* parsecs* = 30856775814913674 m
mph = 44704/100000 m s^-1
kph kmh kmph = 5/18 m s^-1
mps = 1 m s^-1
fps = 3048/10000 m s^-1
kn knot knots kt = 463/900 m s^-1
ha hectare hectares = 10000 m^2
acre acres = 40468726098743/10000000000 m^2
gal gallon gallons = 473176473/125000000000 m^3
qt quart quarts = 473176473/500000000000 m^3
pt pint pints = 473176473/1000000000000 m^3
cup cups = 473176473/2000000000000 m^3
floz = 473176473/16000000000000 m^3
tbsp tablespoon tablespoons = 473176473/32000000000000 m^3
tsp teaspoon teaspoons = 157725491/32000000000000 m^3
bushel bushels = 220244188543/6250000000000 m^3
$ USD dollar dollars buck bucks = 1 dollar
¢ cent cents penny pennies = 1/100 dollar
nickel nickels = 1/20 dollar
dime dimes = 1/10 dollar
€ EUR euro euros = 1 euro
£ GBP = 1 pound
pence = 1/100 pound
yen JPY = 1 yen
yuan CNY RMB = 1 yuan
¥ = 1 ¥
₹ rupee rupees INR Rs = 1 rupee
₽ ruble rubles rouble roubles RUB = 1 ruble
kopek kopeks kopeck kopecks = 1/100 ruble
peso pesos = 1 peso
franc francs = 1 franc
won KRW = 1 won
unit units = 1 unit
"""
_TEMPERATURES = {
    "°C": (Fraction(1), Fraction(27315, 100)),
    "°F": (Fraction(5, 9), Fraction(45967, 180)),
}
_TEMPERATURE_NAMES = {
    "℃": "°C", "degC": "°C", "C°": "°C", "celsius": "°C", "centigrade": "°C",
    "degree celsius": "°C", "degrees celsius": "°C", "degrees centigrade": "°C", "degrees c": "°C", "deg C": "°C",
    "℉": "°F", "degF": "°F", "F°": "°F", "fahrenheit": "°F",
    "degree fahrenheit": "°F", "degrees fahrenheit": "°F", "degrees f": "°F", "deg F": "°F",
}  # fmt: skip
_SHORT = {
    "Y": 24, "Z": 21, "E": 18, "P": 15, "T": 12, "G": 9, "M": 6, "k": 3, "h": 2, "da": 1,
    "d": -1, "c": -2, "m": -3, "µ": -6, "u": -6, "n": -9, "p": -12, "f": -15, "a": -18, "z": -21, "y": -24,
}  # fmt: skip
_LONG = {
    "exa": 18, "peta": 15, "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "hecto": 2, "deca": 1, "deka": 1,
    "deci": -1, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12, "femto": -15, "atto": -18,
}  # fmt: skip
_POWER_WORDS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3, "squared": 2, "cubed": 3}
_TOKEN = re.compile(r"(?P<name>''|'|[A-Za-zµΩΩÅ°$€£¥₹₽¢%℃℉]+)|(?P<power>\^-?\d{1,2})|(?P<sign>[*/()])|(?P<space>\s+)")
_WRAPPED = re.compile(
    r"\\(?:text(?:rm|bf|it|normal|sf)?|math(?:rm|bf|it|sf)|mbox|operatorname|unit|si|rm)\s*\{([^{}]*)\}"
)
_RAISED = re.compile(r"(?:\^|\*\*)\s*(?:\{\s*([+-]?\d{1,2})\s*\}|([+-]?\d{1,2}))")
_SUPERSCRIPT = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_PLAIN = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_SIGNS = (
    ("−", "-"), ("–", "-"), ("\\,", " "), ("\\;", " "), ("\\:", " "), ("\\!", ""), ("\\ ", " "), ("~", " "),
    ("\u00a0", " "), ("\\cdot", "*"), ("\\times", "*"), ("·", "*"), ("⋅", "*"), ("×", "*"), ("∙", "*"), ("\\%", "%"),
    ("\\$", "$"), ("μ", "µ"), ("\\mu", "µ"), ("\\Omega", "Ω"), ("\\degree", "°"), ("^{\\circ}", "°"),
    ("^\\circ", "°"), ("\\circ", "°"), ("″", "''"), ("′", "'"), ("\\left", ""), ("\\right", ""), ("\\rm", ""),
    ("\\slash", "/"), ("\\pounds", "£"), ("\\euro", "€"),
)  # fmt: skip

Dimensions = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: its factor to the base units, these with their powers, and what is added after the factor (°C, °F)."""

    factor: Fraction
    dimensions: Dimensions
    offset: Fraction = Fraction(0)

    def converted(self, value: Fraction, target: Unit) -> Fraction | None:
        """Return a value of this unit in the target's; None if the dimensions differ."""
        if self.dimensions != target.dimensions:
            return None
        return (value * self.factor + self.offset - target.offset) / target.factor


NOTHING = Unit(Fraction(1), ())
_OF_SEVERAL = {"unit": None, "¥": frozenset({"yen", "yuan"})}  # what names other units too, and which; None: any


def may_be_one(first: Unit, second: Unit) -> bool:
    """Return whether one of two units is an ambiguous sign that can mean the other: ¥ is yen or yuan."""
    for unit, other in ((first, second), (second, first)):
        base = unit.dimensions[0][0] if len(unit.dimensions) == 1 else ""
        if base in _OF_SEVERAL:
            names = _OF_SEVERAL[base]
            return names is None or {name for name, _ in other.dimensions} <= names
    return False


def read(text: str) -> Unit | None:
    """Return the unit that the whole of a text names; None where any of it is not known."""
    return _read(text) if len(text) <= _MAX_LENGTH else None


@lru_cache(maxsize=2048)
def _read(text: str) -> Unit | None:
    text = plain(text)
    temperature = _TEMPERATURE_NAMES.get(text) or _TEMPERATURE_NAMES.get(text.casefold(), text.replace(" ", ""))
    if temperature in _TEMPERATURES:
        factor, offset = _TEMPERATURES[temperature]
        return Unit(factor, (("K", 1),), offset)
    tokens = _tokens(text)
    if not tokens:
        return None
    reader = _UnitReader(tokens)
    unit = reader.product()
    return unit if unit is not None and reader.at_end else None


def plain(text: str) -> str:
    r"""Return a unit's text without LaTeX: `\text{m}/\text{s}^{2}` is `m / s ^2`."""
    text = _SUPERSCRIPT.sub(lambda match: f"^{match.group().translate(_PLAIN)}", text)
    for sign, meant in _SIGNS:
        text = text.replace(sign, meant)
    text = _RAISED.sub(lambda match: f"^{int(match[1] or match[2])}", text)
    return " ".join(_WRAPPED.sub(r" \1 ", text).split())


def _tokens(text: str) -> list[str] | None:
    tokens: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        if match.lastgroup != "space":
            tokens.append(match.group())
        at = match.end()
    return tokens


class _UnitReader:
    """The tokens of a unit, read as a product of powers; a stroke divides by what stands next to it only."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._at = 0

    @property
    def at_end(self) -> bool:
        return not self._tokens[self._at]

    def _take(self, *wanted: str) -> bool:
        if self._tokens[self._at].casefold() not in wanted:
            return False
        self._at += 1
        return True

    def product(self) -> Unit | None:
        unit: Unit | None = NOTHING if self._take("/", "per") else self._power()
        divides = self._tokens[max(0, self._at - 1)].casefold() in {"/", "per"}
        while unit is not None and self._tokens[self._at] not in {"", ")"}:
            if not divides and self._take("/", "per"):
                divides = True
                continue
            if not divides:
                self._take("*")
            factor = self._power()
            unit = None if factor is None else _times(unit, factor, -1 if divides else 1)
            divides = False
        return None if divides else unit

    def _power(self) -> Unit | None:
        before = self._power_word() or 1
        if self._take("("):
            unit = self.product()
            unit = unit if unit is not None and self._take(")") else None
        else:
            unit = named(self._tokens[self._at])
            self._at += 1
        if unit is None:
            return None
        raised = int(self._tokens[self._at][1:]) if self._tokens[self._at][:1] == "^" else 0
        self._at += raised != 0
        return _raised(unit, before * (raised or self._power_word() or 1))

    def _power_word(self) -> int | None:
        power = _POWER_WORDS.get(self._tokens[self._at].casefold())
        self._at += power is not None
        return power


def _times(left: Unit, right: Unit, power: int) -> Unit | None:
    raised = _raised(right, power)
    if raised is None:
        return None
    powers = dict(left.dimensions)
    for base, exponent in raised.dimensions:
        powers[base] = powers.get(base, 0) + exponent
    return Unit(left.factor * raised.factor, tuple(sorted((base, each) for base, each in powers.items() if each)))


def _raised(unit: Unit, power: int) -> Unit | None:
    if abs(power) > _MAX_POWER:
        return None
    return Unit(unit.factor**power, tuple((base, exponent * power) for base, exponent in unit.dimensions))


def named(name: str) -> Unit | None:
    """Return the unit of one symbol or name; case counts in symbols, and not in names."""
    table = _units()
    return table.get(name) or (table.get(name.casefold()) if len(name) > 2 else None)


@lru_cache(maxsize=1)
def _units() -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    for line in _TABLE.strip().splitlines():
        names, _, meaning = line.partition(" = ")
        factor, *bases = meaning.split()
        powers = (base.partition("^") for base in bases)
        unit = Unit(Fraction(factor), tuple(sorted((base, int(power or 1)) for base, _, power in powers)))
        for name in names.split():
            bare = name.rstrip("*")
            prefixes = (_LONG if len(bare) > 3 else _SHORT) if name != bare else {}
            for prefix, power in {"": 0, **prefixes}.items():
                units.setdefault(prefix + bare, Unit(unit.factor * Fraction(10) ** power, unit.dimensions))
    return units
