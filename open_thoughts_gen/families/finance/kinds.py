"""An amount with its currency and its scale, as finance asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from open_thoughts_gen.families.finance.forms import cents
from open_thoughts_gen.families.kit.kinds import Kind
from open_thoughts_gen.families.kit.traces import figure

CURRENCIES = ("EUR", "SEK", "NOK", "CHF", "GBP", "PLN", "CZK", "DKK")
_SCALES = {"thousand": 10**3, "k": 10**3, "million": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9}
_AMOUNT = re.compile(
    r"(?<![\w.,])(?P<minus>[-−]?)(?P<number>\d{1,3}(?:[, \u00a0\u202f]\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:\s*(?P<scale>thousand|million|billion|bn|[km])\b)?",
    re.IGNORECASE,
)
_CURRENCY = re.compile(rf"\b(?:{'|'.join(CURRENCIES)})\b")


@dataclass(frozen=True, slots=True)
class Amount(Kind):
    """An amount: `EUR 706 thousand`, `EUR 1,840.50`; its values are numbers in units of the scale.

    Whoever writes EUR 706,000 or 0.706 million euros means the same. 706 alone leaves the scale open: undecided.
    """

    scale: str = "thousand"
    currency: str = ""
    closing: str = "closing/amount"

    def canonical(self, value: Fraction | int) -> str:
        """Return "EUR 706 thousand"."""
        return f"{self.currency} {(figure if self.scale else cents)(value)} {self.scale}".strip()

    def read(self, answer: str) -> tuple[Fraction, str] | None:
        """Return the one amount in the answer as (number of whole currency units, currency or "")."""
        amounts = {
            (-1 if match["minus"] else 1)
            * Fraction(re.sub(r"[^\d.]", "", match["number"]))
            * _SCALES.get((match["scale"] or "").lower(), 1)
            for match in _AMOUNT.finditer(answer)
        }
        currencies = set(_CURRENCY.findall(answer))
        is_scaled = any(match["scale"] for match in _AMOUNT.finditer(answer))
        if len(amounts) != 1 or len(currencies) > 1 or not (currencies or is_scaled or not self.scale):
            return None
        return amounts.pop(), (currencies or {""}).pop()

    def agrees(self, value: object, answer: str) -> bool | None:
        """Compare the amounts; a currency that is named must be the right one."""
        stated = self.read(answer)
        if stated is None:
            return None
        assert isinstance(value, Fraction | int)
        return stated[0] == value * _SCALES.get(self.scale, 1) and stated[1] in ("", self.currency)


UNITS = Amount("", closing="closing/units")  # in units of the currency, with cents where there are any
