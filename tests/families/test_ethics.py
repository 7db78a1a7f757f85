"""The family of ethics as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from random import Random

import pytest

from open_thoughts_gen.families.ethics import Ethics, schemes
from open_thoughts_gen.families.ethics.forms import PointsForm, listed
from open_thoughts_gen.families.ethics.scheme import GENRES
from open_thoughts_gen.families.ethics.schemes import debate
from open_thoughts_gen.families.kit import gloss
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.plugin import Context

SCHEMES = schemes_of(schemes)


@pytest.mark.parametrize("name", SCHEMES)
def test_every_sentence_says_what_the_phrase_table_has_for_it(name: str) -> None:
    scheme = SCHEMES[name]
    own = [bank for bank in scheme.words.under("prompt/") if bank.name.split("/")[1].split(".")[0] not in GENRES]
    phrases = gloss.load(scheme.word_file.with_suffix(".phrases.yaml"))
    assert list(gloss.faults(scheme.words, own, phrases)) == []


def test_every_genre_comes_up_and_orders_differ() -> None:
    scheme = SCHEMES["debate"]
    banks = {genre: scheme.words.bank(f"prompt/{genre}.open") for genre in GENRES}
    assert all(len(bank.say) >= 8 for bank in banks.values())
    assert len(set(GENRES.values())) >= 6
    family = Ethics(schemes=("debate",)).fresh(Context())
    starts = {family.problem(Random(index)).prompt.split()[0] for index in range(120)}
    assert {"Dear", "MEMO", "MINUTES", "CASE", "Log,"} <= starts


def test_the_coin_is_fair() -> None:
    family = Ethics(schemes=("plans",), asks=("alike",)).fresh(Context())
    answers = Counter(family.derive(family.problem(Random(index))).answer for index in range(120))
    assert 40 <= answers["Yes"] <= 80


@pytest.mark.parametrize(
    ("names", "text"),
    [((), "none"), (("P1",), "P1"), (("P1", "P4"), "P1 and P4"), (("P1", "P4", "P6"), "P1, P4 and P6")],
)
def test_names_are_listed_as_a_sentence_has_them(names: tuple[str, ...], text: str) -> None:
    assert listed(names) == text


def test_points_are_read_as_many_as_stand_there() -> None:
    assert list(PointsForm().read("P1, P4 and P16. P2", 0, "")) == [(2, (1,)), (6, (1, 4)), (14, (1, 4, 16))]


def test_the_full_positions_are_those_that_a_search_through_all_sets_of_points_finds() -> None:
    for index in range(40):
        facts = SCHEMES["debate"].draw(Random(index), 4)
        assert facts is not None
        attacks = debate.counted(facts, Work(is_quiet=True))
        found = debate.positions(attacks, debate.settled(attacks, Work(is_quiet=True)))
        assert set(found) == set(full_positions(attacks))


def full_positions(attacks: debate.Attacks) -> list[tuple[int, ...]]:
    """Return every set of points that is free of conflict, answers all its opponents, and lies in no larger one."""
    held = [
        set(chosen)
        for size in range(len(attacks) + 1)
        for chosen in combinations(sorted(attacks), size)
        if all(
            not set(attacks[number]) & set(chosen)
            and all(set(attacks[other]) & set(chosen) for other in attacks[number])
            for number in chosen
        )
    ]
    return [tuple(sorted(each)) for each in held if not any(each < other for other in held)]
