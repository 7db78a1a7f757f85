"""The family of evidence: cases worked out by hand, and the places where a reader would slip.

What holds for each of its schemes as for those of all families is in `test_schemes`.
"""

from __future__ import annotations

from fractions import Fraction
from random import Random
from typing import Any

import pytest

from open_thoughts_gen.families.evidence import Evidence, schemes
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.plugin import Context

SCHEMES = schemes_of(schemes)


def found(scheme: str, facts: dict[str, Any], result: str) -> object:
    """Return a result on which both implementations agree."""
    world = SCHEMES[scheme]
    value = world.assess(facts)[result]
    assert world.prove(facts)[result] == value
    return value


def seals(**changes: Any) -> dict[str, Any]:
    """Return a seal that Aune calls broken and Boll whole, at which a scanner gives an alarm; an agent repeats Aune."""
    numbers = ("hit", "hits_of", "alarm", "alarms_of")
    rates = {"Aune": (8, 10, 2, 10), "Boll": (3, 4, 1, 4), "Scanner": (9, 10, 3, 10), "Agent": (7, 10, 1, 10)}
    said = {"Aune": "yes", "Boll": "no", "Scanner": "yes", "Agent": "yes"}
    return {
        "setting": "seal",
        "few": 1,
        "many": 10,
        "rates": [{"who": who, **dict(zip(numbers, rate, strict=True))} for who, rate in rates.items()],
        "reports": [
            {"who": who, "says": says, **({"origin": "Aune"} if who == "Agent" else {})} for who, says in said.items()
        ],
        **changes,
    }


def test_an_echo_does_not_count() -> None:
    assert found("witness", seals(), "chance") == Fraction(4, 13)
    looked = SCHEMES["witness"].applied(seals(), {"looked": "Agent"})
    assert found("witness", looked, "chance") == Fraction(28, 37)
    assert found("witness", seals(whom="Agent"), "factor") == 1
    assert found("witness", seals(whom="Scanner"), "factor") == 3


def test_what_two_who_err_together_report_counts_once() -> None:
    rates = [{"who": who, "hit": 8, "hits_of": 10, "alarm": 3, "alarms_of": 10} for who in ("Aune", "Scanner")]
    pair = {"one": "Aune", "other": "Scanner", "both": 7, "both_of": 10, "wrong": 2, "wrong_of": 10}
    facts = seals(**pair, rates=rates, reports=[{"who": rate["who"], "says": "yes"} for rate in rates], whom="Aune")
    assert found("witness", facts, "chance") == Fraction(7, 25)
    assert found("witness", facts, "factor") == Fraction(7, 2) / Fraction(8, 3)


@pytest.mark.parametrize(("said", "factor"), [("yes no", Fraction(8 - 7, 3 - 2)), ("no no", Fraction(1, 6))])
def test_how_often_two_who_err_together_disagree_follows_from_how_often_they_agree(said: str, factor: Fraction) -> None:
    names = ("Aune", "Scanner")
    rates = [{"who": who, "hit": 8, "hits_of": 10, "alarm": 3, "alarms_of": 10} for who in names]
    pair = {"one": "Aune", "other": "Scanner", "both": 7, "both_of": 10, "wrong": 2, "wrong_of": 10}
    reports = [{"who": who, "says": says} for who, says in zip(names, said.split(), strict=True)]
    assert found("witness", seals(**pair, rates=rates, reports=reports), "chance") == factor / (9 + factor)


def test_what_one_report_is_worth_is_worked_out_without_the_odds_of_the_whole() -> None:
    family, num = Evidence(schemes=("witness",), levels=(4,)).fresh(Context()), 0
    for index in range(40):
        problem = family.problem(Random(index))
        if problem.spec["asks"] == "factor":
            num += 1
            assert all("odds" not in step.settles for step in family.derive(problem).steps)
    assert num > 3


def cited(*pairs: str, **more: str) -> dict[str, Any]:
    """Return reports as "Who<First<Second"; one that names nobody is an eyewitness."""
    items = []
    for pair in pairs:
        who, *sources = pair.split("<")
        sort = {"sort": "cites"} if sources else {"sort": "origin"}
        items.append({"who": who, **sort, **dict(zip(("first", "second"), sources, strict=False))})
    return {"setting": "bird", "items": items, **more}


def test_reports_in_a_circle_rest_on_nobody() -> None:
    asked = {"one": "Dahl", "other": "Eide", "third": "Frost"}
    circle = cited("Aune", "Boll", "Crane<Dahl", "Dahl<Crane", "Eide<Dahl<Aune", "Frost<Eide", **asked)
    assert found("sources", circle, "origins") == 1
    assert SCHEMES["sources"].assess(circle)["apart"] is None
    assert found("sources", circle, "first") == "Aune"


def test_a_report_with_another_way_does_not_fall() -> None:
    facts = cited("Aune", "Boll", "Crane<Aune", "Dahl<Crane<Boll", "Eide<Crane", lost="Aune")
    assert found("sources", facts, "falls") == {"Crane", "Eide"}
    assert found("sources", facts | {"gone": "Crane"}, "falls") == frozenset()


def evening() -> dict[str, Any]:
    """Return the evening in a museum on which the cameras were fast."""
    ways = {
        ("gallery", "lodge"): 7, ("gallery", "library"): 2, ("gallery", "office"): 7, ("gallery", "archive"): 3,
        ("library", "lodge"): 5, ("library", "office"): 5, ("library", "archive"): 3, ("archive", "lodge"): 4,
        ("archive", "office"): 4, ("office", "lodge"): 2,
    }  # fmt: skip
    seen = [
        *(("readers", "Hal", "archive", 70), ("readers", "Hal", "lodge", 76), ("readers", "Hal", "gallery", 85)),
        *(("cameras", "Voss", "lodge", 66), ("cameras", "Voss", "office", 76), ("cameras", "Hal", "library", 94)),
        *(("porter", "Hal", "office", 64), ("porter", "Voss", "archive", 65), ("porter", "Voss", "office", 89)),
        *(("cleaner", "Hal", "lodge", 60), ("cleaner", "Voss", "library", 77), ("cleaner", "Voss", "gallery", 81)),
    ]
    return {
        "setting": "museum",
        "walks": [{"a": a, "b": b, "minutes": minutes} for (a, b), minutes in ways.items()],
        "seen": [dict(zip(("source", "who", "where", "at"), each, strict=True)) for each in seen],
        "way": "fast",
    }


def test_the_wrong_clock_is_the_one_in_all_contradictions() -> None:
    assert found("logs", evening(), "agree") is False
    assert found("logs", evening(), "wrong") == "cameras"
    assert found("logs", evening(), "shift") == 5
    assert SCHEMES["logs"].assess(evening() | {"way": "slow"})["wrong"] == "cameras"


def test_a_walk_that_takes_exactly_its_time_can_be_made() -> None:
    facts = evening()
    facts["seen"] = [
        {"source": "porter", "who": "Hal", "where": "lodge", "at": 60},
        {"source": "porter", "who": "Hal", "where": "gallery", "at": 67},
    ]
    del facts["way"]
    assert found("logs", facts, "agree") is True
    facts["seen"][1]["at"] = 66
    assert found("logs", facts, "agree") is False


def chain(**changes: Any) -> dict[str, Any]:
    """Return a chain of two entries; the second comes 60 minutes after the first."""
    return {
        "setting": "court",
        "starts": [{"exhibit": "key", "holder": "Aune", "since": 540, "first_seal": 4417}],
        "entries": [
            {"num": 1, "exhibit": "key", "giver": "Aune", "taker": "Boll", "at": 560, "seal": 4417},
            {"num": 2, "exhibit": "key", "giver": "Boll", "taker": "Crane", "at": 620, "seal": 4417},
        ],
        "about": "key",
        **changes,
    }


@pytest.mark.parametrize(("limit", "stays", "stands"), [(60, [], True), (59, [], False), (40, [(570, 590)], True)])
def test_a_stay_in_the_strong_room_is_not_counted(limit: int, stays: list[tuple[int, int]], stands: bool) -> None:
    rooms = [{"exhibit": "key", "into": into, "out": out} for into, out in stays]
    assert found("custody", chain(limit=limit, stays=rooms), "stands") is stands


@pytest.mark.parametrize(
    ("by", "late", "count", "why"),
    [
        ("Boll", 10, 2, None),
        ("Boll", 11, 2, ("Boll", "seal")),
        ("Boll", 10, 1, ("Boll", "seal")),
        ("Aune", 10, 2, ("Boll", "seal")),
    ],
)
def test_a_wrong_seal_is_made_good_by_the_taker_in_time_before_two(
    by: str, late: int, count: int, why: tuple[str, str] | None
) -> None:
    reseal = {"exhibit": "key", "by": by, "resealed": 560 + late, "fresh": 5000, "count": count}
    facts = chain(limit=90, stays=[], within=10, reseals=[reseal])
    facts["entries"] = [{**facts["entries"][0], "seal": 4471}, {**facts["entries"][1], "seal": 5000}]
    assert found("custody", facts, "stands") is (why is None)
    assert SCHEMES["custody"].prove(facts).get("why") == SCHEMES["custody"].assess(facts)["why"] == why


def summary(**sentence: Any) -> dict[str, Any]:
    """Return two exhibits on parts of Ansel, and a sentence that cites the first of them."""
    exhibit = {"first": 2004, "last": 2008, "least": 5, "most": 9, "link": "with", "sure": "likely"}
    said = {
        "start": 2005,
        "end": 2008,
        "low": 5,
        "high": 9,
        "link": "with",
        "sure": "likely",
        "place": "Brue",
        "on": "E1",
    }
    return {
        "setting": "rye",
        "areas": [
            {"whole": "Ansel", "part1": "Brue", "part2": "Corm"},
            {"whole": "Delf", "part1": "Kell", "part2": "Penn"},
        ],
        "exhibits": [{"mark": "E1", "region": "Brue", **exhibit}, {"mark": "E2", "region": "Corm", **exhibit}],
        "sentences": [{"label": "S1", "on": "E1", **said, **sentence}],
        "about": "S1",
    }


@pytest.mark.parametrize(
    ("sentence", "respect"),
    [
        ({}, None),
        ({"low": 4, "high": 10}, None),
        ({"low": 6}, "range"),
        ({"start": 2003}, "years"),
        ({"place": "Ansel"}, "place"),
        ({"link": "cause"}, "link"),
        ({"sure": "possible"}, None),
        ({"sure": "shown"}, "sure"),
    ],
)
def test_a_sentence_may_say_less_and_not_more(sentence: dict[str, Any], respect: str | None) -> None:
    facts = summary(**sentence)
    assert found("overreach", facts, "ok") is (respect is None)
    assert SCHEMES["overreach"].prove(facts).get("respect") == SCHEMES["overreach"].assess(facts)["respect"] == respect


def test_a_shared_supply_rings_the_bell_for_nothing() -> None:
    facts = {"setting": "gas", "num": 3, "votes": 2, "hit": 9, "hits_of": 10, "alarm": 1, "alarms_of": 10}
    facts |= {"few": 1, "many": 2}
    assert found("sensors", facts, "chance") == Fraction(972, 1000)
    supply = {"on": 2, "down": 1, "down_of": 10}
    bad, good = (Fraction(1, 10) + Fraction(9, 10) * Fraction(rings, 1000) for rings in (972, 28))
    assert found("sensors", facts | supply, "chance") == bad / (bad + good)


def test_every_genre_comes_up() -> None:
    family = Evidence(schemes=("sensors",), levels=(1,)).fresh(Context())
    words = SCHEMES["logs"].words
    seen = {family.problem(Random(index)).spec["cast"]["genre"] for index in range(80)}
    assert seen == set(words.lists["genre"])
    assert all(len(words.bank(f"prompt/{genre}.open").say) >= 6 for genre in words.lists["genre"])
