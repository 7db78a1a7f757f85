"""The people, firms, places and states of the invented cases, and how a party to a case is written and read.

All invented, or so common that nobody in particular is meant. Pronouns go with the given name as readers expect it, and
names are drawn apart from the outcome, so that no name says who is in the right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import filterfalse
from random import Random
from typing import ClassVar

from open_thoughts_gen.families.kit.forms import Form, Open, PrintedSoFar

SURNAMES = (
    "Abara Adeyemi Alcott Anholt Arkwright Asante Baptiste Barrow Bellweather Benko Bergqvist Birch Bosworth Brandt "
    "Calloway Cardoso Castellane Chaudhry Cho Corrigan Cray Dalgaard Danso Delacroix Demir Dorn Drummond Dubois Egger "
    "Ekholm Elric Esposito Fairweather Falk Farrow Fenwick Ferreira Fiala Finch Fontaine Gadd Galloway Garrick Ghali "
    "Gomez Grieve Haddad Halloran Hargrove Haruna Hale Hoekstra Holm Ibarra Imre Ishida Jansson Jelinek Jovan "
    "Kamara Kask Keller Kerrigan Khoury Kimura Kovac Kruger Laurent Leclerc Lindqvist Lovell Lund Mabry Madaki "
    "Maddox Maliki Mansour Marchetti Mbeki Mercer Moreau Munro Nakano Ndiaye Nemeth Norling Novak Nyberg Obi "
    "Odell Okafor Olander Orsini Osei Paget Palma Pascoe Pereira Petrov Pickering Quaye Quill Radley Rahimi Ravel "
    "Rourke Rusk Sabo Salazar Santoro Sato Selby Serrano Sharma Sorensen Stroud Szabo Talbot Tanaka Teague Thorne "
    "Toivonen Ueda Urban Vance Varga Vasquez Venn Vidal Wadia Walcott Whitlock Winter Wray Yardley Zamora Zeller Zorn"
).split()
SHE = (
    "Ada Agnes Alice Amina Astrid Beatriz Birgit Carmen Chiara Clara Della Dora Edith Elena Esther Fatima Flora Gerda "
    "Greta Hana Helga Ines Ingrid Irene Johanna Judith Karin Leila Lena Lucia Lydia Marta Miriam Nadia Naomi Nora Olga "
    "Paula Petra Priya Renata Rosa Ruth Selma Sofia Stella Teresa Tilda Ursula Vera Wanda Yasmin Zora"
).split()
HE = (
    "Adam Ali Anton Arthur Boris Bruno Carlos Cecil Daniel Dario David Elias Emeka Emil Erik Felix Frank Gideon Hassan "
    "Hector Henrik Hugo Ibrahim Ivan Jakob Jonas Karl Kofi Kwame Leopold Luis Magnus Marcus Martin Milan Nils Omar "
    "Oskar Otto Pavel Peter Rafael Robert Samir Silas Stefan Tariq Theo Tomas Viktor Walter Yusuf"
).split()
FIRMS = (
    "Alder & Pike|Blackwater Joinery|Bright Harbour Foods|Cinder Lane Printing|Copperfield Stores|Dry Dock Nine|"
    "Eastgate Bakeries|Fallow & Daughters|Ferry Road Motors|Fifth Lantern|Glasshouse Seeds|Greyfriars Tiles|"
    "Hollow Oak Timber|Inkwell Press|Kestrel Freight|Kiln Street Ceramics|Lowmarket Cloth|Mill Race Power|"
    "Northbank Cold Storage|Old Quay Chandlers|Orchard Row Dairies|Pennant Tools|Quarry Bank Stone|Red Barn Feeds|"
    "Saltmarsh Glass|Seven Arches Wine|Skylark Instruments|Stonebridge Paper|Tallow & Wick|Three Rivers Haulage|"
    "Upland Wool|Vine Street Kitchens|Weir House Pumps|Whitethorn Optics|Yellow Door Textiles|Zephyr Cycles"
).split("|")
INSURERS = (
    "Harbour Mutual|Northern Lantern Assurance|Granite Provident|Millers' Mutual|Anchor & Vale|Five Towns Assurance|"
    "Old Bridge Insurance|Meridian Surety|Foxglove Insurance|Tidewater Mutual|Redwood General|Seven Hills Provident"
).split("|")
OFFICES = ("Benefits Office", "Household Support Board", "Welfare Office", "Support Agency", "Relief Board")
STATES = (
    "Aldmark Belmarsh Brennholt Calderrow Carrowmere Corvane Dunmaris Eastmarch Eldmere Fennholm Galdria Garrowdale "
    "Halvorn Havrenne Highmoor Istaria Jorvale Kessenmark Kirrendale Lorne-Vaux Marrowick Merrowin Mirefold "
    "Norvane Orlesmark Ostermoor Pellandria Quillon Ravensund Rosmark Saltreach Sundarra Sylvane Tarnmouth "
    "Thornmere Umberland Valdrisk Velmark Vestrova Westerlund Wexmoor Yarrowby Zelmark"
).split()
TOWNS = (
    "Abbotsreach Amberley Ashcombe Barrowgate Blackmere Bridgend Cairnhill Cawdry Copperhill Dunmore Eastwick Elmsford "
    "Farrowdale Fernhill Greyport Hartsbridge Hazelmere Holloway Ironford Kelbrook Kingsmarket Larkfield Longmire "
    "Maplestead Millbrook Netherby Norhaven Oakham Oldcastle Pinegate Quarrytown Redcliff Riverton Rookhope Saltby "
    "Sandwick Silverdale Stonehaven Tarrow Underhill Vexley Wayland Westbourne Winterton Yewdale"
).split()
CURRENCIES = ("crowns", "marks", "florins", "talers", "ducats", "pounds", "guilders", "reals", "shillings")
GIVEN_NAMES = (*SHE, *HE)

_FIRMS = dict.fromkeys((*FIRMS, *INSURERS, *OFFICES))  # looked up often, and in this order
_GIVEN = frozenset(GIVEN_NAMES)
_PRONOUNS = {"she": ("she", "her", "her"), "he": ("he", "him", "his"), "it": ("it", "it", "its")}
_NAME = re.compile(r"([A-Z][a-z]+) ([A-Z][a-z]+)")
_SURNAME = re.compile(r"[A-Z][a-z]+")


def draw_person(rng: Random, taken: Sequence[str] = ()) -> str:
    """Draw a person whose surname and given name nobody in `taken` has: "Lucia Marchetti"."""
    is_used = {part for name in taken for part in name.split()}.__contains__
    return " ".join(rng.choice(list(filterfalse(is_used, names))) for names in (GIVEN_NAMES, SURNAMES))


def draw_firm(rng: Random, taken: Sequence[str] = ()) -> str:
    """Draw a firm that is not in `taken`."""
    return rng.choice([name for name in FIRMS if name not in taken])


def is_firm(party: str) -> bool:
    """Return whether a party is a firm."""
    return party in _FIRMS


def sort_of(party: str) -> str:
    """Return which sort of party this is, "firm" or "person"."""
    return "firm" if is_firm(party) else "person"


def short_name(party: str) -> str:
    """Return what a party is called after the first mention: the surname, or the whole name of a firm or an office."""
    return party.rpartition(" ")[2] if party.partition(" ")[0] in _GIVEN else party


def possessive(name: str) -> str:
    """Return "Venn's", "Ferry Road Motors'", "Inkwell Press's"."""
    return f"{name}'" if name.endswith("s") and not name.endswith("ss") else f"{name}'s"


class PartyForm(Form[str]):
    """A party to the case: a person, by given name and surname, or a firm.

    `full` Lucia Marchetti, as at the first mention; plain, Marchetti, once the full name stands printed; `of`
    Marchetti's; `they`, `them` and `their` the pronoun, where the party was named last and no other party that is
    printed has the same, else the name.
    """

    styles: ClassVar[Sequence[str]] = ("", "full", "of", "they", "them", "their")
    _CASES: ClassVar[Sequence[str]] = ("they", "them", "their")

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the party in this style."""
        if style == "full":
            return value
        if style in self._CASES and seen.person == value and self._is_alone(value, seen):
            return _PRONOUNS[_gender(value)][self._CASES.index(style)]
        return possessive(short_name(value)) if style in ("of", "their") else short_name(value)

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield the party; a surname or a pronoun is open."""
        window = text[start : start + 1].upper() + text[start + 1 : start + 60]
        for firm in _FIRMS:
            if window.startswith(firm):
                yield from self._named(window, start, len(firm), style, firm)
        if style == "full":
            match = _NAME.match(window)
            if match and match[1] in _GIVEN and match[2] in SURNAMES:
                yield start + match.end(), match.group()
            return
        match = _SURNAME.match(window)
        if match is None:
            return
        if match.group() in SURNAMES:
            surname = match.group()
            yield from self._named(
                window, start, match.end(), style, Open("party", lambda seen: _called(surname, seen))
            )
        elif style in self._CASES:
            for forms in _PRONOUNS.values():
                if match.group().lower() == forms[self._CASES.index(style)]:
                    yield start + match.end(), Open("person", lambda seen: seen.person)

    def note(self, value: str, style: str, seen: PrintedSoFar) -> None:
        """Take note of who was named."""
        seen.person = value
        parties = seen.things.setdefault("party", [])
        if value not in parties:
            parties.append(value)

    def _named(self, window: str, start: int, end: int, style: str, party: object) -> Iterator[tuple[int, object]]:
        if style not in ("of", "their"):
            yield start + end, party
        elif window[end : end + 1] == "'":
            yield start + end + (2 if window[end : end + 2] == "'s" else 1), party

    def _is_alone(self, value: str, seen: PrintedSoFar) -> bool:
        others = [party for party in seen.things.get("party", []) if party != value]
        return all(_gender(str(party)) != _gender(value) for party in others)


def _gender(party: str) -> str:
    if is_firm(party):
        return "it"
    return "she" if party.partition(" ")[0] in SHE else "he"


def _called(surname: str, seen: PrintedSoFar) -> str | None:
    """Return the one party printed so far that is called by this surname."""
    fitting = [str(party) for party in seen.things.get("party", []) if short_name(str(party)) == surname]
    return fitting[0] if len(fitting) == 1 else None
