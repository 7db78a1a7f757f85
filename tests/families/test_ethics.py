"""The family of ethics as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations
from random import Random

import pytest

from open_thoughts_gen.families.ethics import Ethics, schemes
from open_thoughts_gen.families.ethics.scheme import is_more
from open_thoughts_gen.families.ethics.schemes import debate, plans, shares
from open_thoughts_gen.families.kit import gloss
from open_thoughts_gen.families.kit.clock import ClockForm, TimeOfDay, passed
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.kit.traces import joined
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.plugin import Context

SCHEMES = schemes_of(schemes)
GENRES = SCHEMES["debate"].words.lists["genre"]


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
    assert len({order for orders in GENRES.values() for order in orders.values()}) >= 6
    family = Ethics(schemes=("debate",)).fresh(Context())
    starts = {family.problem(Random(index)).prompt.split()[0] for index in range(240)}
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
    assert joined(names) == text


def test_points_are_read_as_many_as_stand_there() -> None:
    assert list(debate.PointsForm().read("P1, P4 and P16. P2", 0, "")) == [(14, (1, 4, 16))]


@pytest.mark.parametrize(("text", "minutes"), [("09:40", 580), ("00:05", 5), ("23:59", 1439)])
def test_a_time_of_day_is_read_as_it_is_written(text: str, minutes: int) -> None:
    assert ClockForm().write(minutes, "", PrintedSoFar()) == text
    assert list(ClockForm().read(text, 0, "")) == [(5, minutes)]
    assert TimeOfDay().canonical(minutes) == text


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [("09:40", True), ("at 9:40", True), ("9.40", True), ("09:41", False), ("09:40 or 09:52", None)],
)
def test_an_answer_that_is_a_time_is_read(answer: str, agrees: bool | None) -> None:
    assert TimeOfDay().agrees(580, answer) is agrees


@pytest.mark.parametrize(
    ("at", "now", "claim"),
    [
        (916, 930, "30 - 16 = 14"),
        (885, 910, "60 * 1 + 10 - 45 = 25"),
        (885, 970, "60 * 2 + 10 - 45 = 85"),
    ],
)
def test_minutes_are_reckoned_by_the_clock(at: int, now: int, claim: str) -> None:
    work = Work()
    assert passed(at, now, work) == now - at
    assert work.take() == (claim,)


def test_what_does_not_exceed_goes_unsaid() -> None:
    work = Work()
    assert is_more(work, 5, 3)
    assert not is_more(work, 3, 3)
    assert work.take() == ("5 > 3",)


@pytest.mark.parametrize(
    ("fund", "by_rule"),
    [  # the contested estate of the Talmud: claims of 100, 200 and 300
        (100, {"level": (33, 33, 33), "half": (33, 33, 33)}),
        (200, {"half": (50, 75, 75), "ratio": (33, 66, 100)}),
        (300, {"half": (50, 100, 150), "level": (100, 100, 100), "loss": (0, 100, 200)}),
    ],
)
def test_a_fund_is_divided_as_the_literature_has_it(fund: int, by_rule: dict[str, tuple[int, ...]]) -> None:
    claims = [
        {"name": name, "claim": claim, "urgent": "no"} for name, claim in zip("ABC", (100, 200, 300), strict=True)
    ]
    for rule, expected in by_rule.items():
        divided = shares.divided(Reckoning({"fund": fund, "claims": claims}), rule)
        assert tuple(int(share) for share in divided.values()) == expected
        assert sum(divided.values()) == fund


@pytest.mark.parametrize(
    ("aim", "chosen"), [("worst", "Cistern"), ("total", "North"), ("above", "Cistern"), ("gap", "Cistern")]
)
def test_aims_part_on_one_table(aim: str, chosen: str) -> None:
    rows = {"North": (15, 9, 7, 12), "Weir": (12, 8, 8, 9), "Cistern": (11, 10, 8, 9), "Ditch": (14, 7, 9, 16)}
    facts = {
        "rows": [{"option": name, **{f"v{slot}": row[slot - 1] for slot in plans.SLOTS}} for name, row in rows.items()],
        **{f"t{slot}": today for slot, today in zip(plans.SLOTS, (10, 8, 6, 9), strict=True)},
        **{f"g{slot}": name for slot, name in zip(plans.SLOTS, ("Aldemar", "Bresk", "Corva", "Dunn"), strict=True)},
        "bar": 8,
    }
    assert plans.adopted(Reckoning(facts), aim) == chosen


def test_an_open_inquiry_leaves_no_one_article_to_name() -> None:
    scheme, seen = SCHEMES["conduct"], Counter[bool]()
    for index in range(60):
        facts = scheme.draw(Random(index), 4)
        assert facts is not None
        is_open = facts["start"] <= facts["closed"]
        seen[is_open] += 1
        assert (scheme.assess(facts)["why"] is None) == is_open
        assert ("why" not in scheme.prove(facts)) == is_open
    assert min(seen[True], seen[False]) > 0


def test_nobody_in_a_debate_answers_a_point_of_their_own() -> None:
    for index in range(200):
        facts = SCHEMES["debate"].draw(Random(index), 4)
        assert facts is not None
        speakers = {entry["num"]: entry["who"] for entry in facts["points"]}
        assert not any(
            speakers[other] == entry["who"] for entry in facts["points"] for other in entry.get("against", ())
        )


def test_a_doubt_about_a_consent_ends_in_plans_or_in_a_tie_and_never_in_a_winner_called_none() -> None:
    family, ties = Ethics(schemes=("plans",), asks=("hinge",)).fresh(Context()), 0
    for index in range(80):
        texts = [text for step in family.derive(family.problem(Random(index))).steps for text in step.texts]
        assert not any(re.search(r"(?:at|takes?|result:|to) none\b|\bnone again", text) for text in texts)
        ties += any("leave" not in text and "result is gone" in text for text in texts)
    assert ties > 0


def test_the_full_positions_are_those_that_a_search_through_all_sets_of_points_finds() -> None:
    for index in range(40):
        facts = SCHEMES["debate"].draw(Random(index), 4)
        assert facts is not None
        reckoning = Reckoning(facts)
        attacks = debate.counted(reckoning)
        found = debate.positions(attacks, debate.settled(reckoning, attacks))
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
