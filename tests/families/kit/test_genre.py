"""Pages in genres, and entries that are found by a field of theirs."""

from __future__ import annotations

import re
from random import Random

import pytest

from open_thoughts_gen.families.evidence.schemes.sources import SCHEME
from open_thoughts_gen.families.kit.drawing import drawn, page
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.genre import patched
from open_thoughts_gen.families.kit.scheme import column

CLAIMS = {"fund": 9, "claims": [{"name": "Aune", "claim": 4}, {"name": "Boll", "claim": 7}]}


def test_an_entry_is_changed_by_its_name_and_the_others_are_not() -> None:
    changed = patched(CLAIMS, "claims", {"name": "Boll", "claim": 1}, "name")
    assert changed == {"fund": 9, "claims": [{"name": "Aune", "claim": 4}, {"name": "Boll", "claim": 1}]}
    assert column(changed, "claims.name") == ["Aune", "Boll"]


def test_the_parts_of_a_page_stand_in_an_order_of_its_genre() -> None:
    parts = {"rules": "=rules=", "data": "=data=", "scene": ""}
    for index in range(12):
        case = drawn(SCHEME, "origins", 2, Random(index))
        assert case is not None
        text = SCHEME.framed(case, page(SCHEME, case, "prompt"), **parts, ask="=ask=")
        orders = [order.split() for order in SCHEME.words.lists["genre"][case.cast["genre"]].values()]
        assert re.findall("=(.*?)=", text) in [
            [part for part in order if part in ("rules", "data", "ask")] for order in orders
        ]


@pytest.mark.parametrize(
    ("text", "keys"), [("north-east wind", ["ne", "n"]), ("north", ["n"]), ("northern", ["n"]), ("nor", []), ("", [])]
)
def test_an_entry_is_found_by_its_first_letters(text: str, keys: list[str]) -> None:
    form = EntryForm({"ne": {"": "north-east"}, "n": {"": "north"}, "w": {"": "westerly", "short": "w"}})
    assert [key for _, key in form.read(text, 0, "")] == keys
    assert list(form.read("w", 0, "short")) == [(1, "w")]
    assert list(form.read("w", 0, "long")) == []
