"""Currencies as answers write them: `$`, `US$`, `USD`, `dollars`, `5 cents`. Nothing here knows rates of exchange.

A name may stand for several currencies: `$` is a dozen dollars, though most often the one of the United States. So a
`Currency` has the codes (ISO 4217) that it may be, and the one that it usually is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_DOLLARS = "USD CAD AUD NZD SGD HKD TWD MXN"
# One line per meaning: the names, =, what one is worth in the currency, the codes; the first is the usual one.
_TABLE = f"""
$ dollar dollars buck bucks = 1 {_DOLLARS}
US$ USD U.S.$ = 1 USD
C$ CA$ CAD = 1 CAD
A$ AU$ AUD = 1 AUD
NZ$ NZD = 1 NZD
S$ SGD = 1 SGD
HK$ HKD = 1 HKD
NT$ TWD = 1 TWD
MX$ MXN = 1 MXN
R$ BRL reais = 1 BRL
cent cents ¢ = 1/100 {_DOLLARS} EUR ZAR
€ EUR euro euros = 1 EUR
£ GBP quid = 1 GBP
pence penny = 1/100 GBP
¥ ￥ = 1 JPY CNY
JPY yen 円 = 1 JPY
CNY RMB yuan 元 = 1 CNY
CHF = 1 CHF
franc francs = 1 CHF XAF XOF
₹ INR = 1 INR
Rs Rs. rupee rupees = 1 INR PKR LKR
paise = 1/100 INR
₩ KRW won = 1 KRW
₽ RUB ruble rubles rouble roubles руб = 1 RUB
₺ TRY lira = 1 TRY
₪ ILS = 1 ILS
₦ NGN naira = 1 NGN
₱ PHP = 1 PHP
฿ THB baht = 1 THB
₫ VND dong = 1 VND
₴ UAH = 1 UAH
zł PLN = 1 PLN
kr krona kronor krone kroner = 1 SEK NOK DKK ISK
SEK = 1 SEK
NOK = 1 NOK
DKK = 1 DKK
CZK Kč = 1 CZK
HUF Ft = 1 HUF
ZAR = 1 ZAR
SAR = 1 SAR
AED = 1 AED
EGP = 1 EGP
IDR Rp = 1 IDR
₿ BTC = 1 BTC
"""
_AMBIGUOUS = {
    "$",
    "dollar",
    "dollars",
    "buck",
    "bucks",
    "¥",
    "￥",
    "Rs",
    "Rs.",
    "rupee",
    "rupees",
    "cent",
    "cents",
    "¢",
}
_AMBIGUOUS |= {"franc", "francs"}


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency, or several that a name may mean; `usual` is the one it most often means, empty if there is none."""

    codes: frozenset[str]
    usual: str

    def is_same(self, other: Currency) -> bool | None:
        """Return whether two are one currency; None where that depends on what a name means."""
        if self.codes == other.codes or (self.usual and self.usual == other.usual):
            return True
        return None if self.codes & other.codes else False


_CURRENCIES = {
    name: (Fraction(worth), Currency(frozenset(codes), codes[0] if len(codes) == 1 or name in _AMBIGUOUS else ""))
    for names, _, meaning in (line.partition(" = ") for line in _TABLE.strip().splitlines())
    for worth, *codes in [meaning.split()]
    for name in names.split()
}
POUND = _CURRENCIES["GBP"][1]
_LONG_NAMES = {name.casefold(): entry for name, entry in _CURRENCIES.items() if len(name) >= len("euro")}
_NAMES = "|".join(re.escape(name) for name in sorted(_CURRENCIES, key=len, reverse=True))
_NAME = re.compile(rf"(?:({_NAMES})(?![A-Za-z])|([A-Za-z]{{4,8}})(?![A-Za-z])) ?")
_NATIONS = {
    "u.s. dollar": "USD", "us dollar": "USD", "american dollar": "USD", "canadian dollar": "CAD",
    "australian dollar": "AUD", "hong kong dollar": "HKD", "singapore dollar": "SGD", "pounds sterling": "GBP",
    "pound sterling": "GBP",
    "british pound": "GBP", "swiss franc": "CHF", "japanese yen": "JPY", "chinese yuan": "CNY", "indian rupee": "INR",
    "swedish krona": "SEK", "norwegian krone": "NOK", "danish krone": "DKK",
    "swedish kronor": "SEK", "norwegian kroner": "NOK", "danish kroner": "DKK",
}  # fmt: skip
_NATION = re.compile(rf"({'|'.join(map(re.escape, _NATIONS))})s?(?![A-Za-z]) ?", re.IGNORECASE)


def leading(text: str) -> tuple[Fraction, Currency, int] | None:
    """Return what one of the currency that a text begins with is worth, the currency, and where its name ends."""
    nation = _NATION.match(text)
    if nation:
        return *_CURRENCIES[_NATIONS[nation[1].casefold()]], nation.end()
    name = _NAME.match(text)
    entry = (_CURRENCIES.get(name[1]) if name[1] else _LONG_NAMES.get(name[2].casefold())) if name else None
    return (*entry, name.end()) if name and entry else None
