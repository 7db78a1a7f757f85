"""The family of short narratives as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

import re
from collections import Counter
from itertools import combinations, pairwise
from random import Random
from typing import Any

import pytest

from open_thoughts_gen.families.kit import gloss
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.kinds import Both, OneOf, OnePart, SomeOf
from open_thoughts_gen.families.kit.prose import CompanyForm, RomanForm, SpelledForm, WeekdayForm
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.literary import Literary, schemes
from open_thoughts_gen.families.literary.pronouncing import pronounced, tail
from open_thoughts_gen.families.literary.scheme import CHARACTERS, ROLE_OF, WORDS
from open_thoughts_gen.families.literary.schemes import liar, verse, why
from open_thoughts_gen.plugin import Context

SCHEMES = schemes_of(schemes)
NOTHING = PrintedSoFar()


def entries(scheme: str, name: str) -> dict[str, dict[str, str]]:
    return {key: dict(forms) for key, forms in SCHEMES[scheme].words.lists[name].items()}


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_has_a_phrase_table_that_knows_all_its_relations(name: str) -> None:
    scheme = SCHEMES[name]
    ways = gloss.load(scheme.word_file.with_suffix(".phrases.yaml")).ways
    own = [bank for bank in scheme.words.under("prompt/") if "idle" not in bank.name]
    relations = {relation for bank in own for relation, _ in gloss.relations_of(bank)} - {"from", "leads-in", "colour"}
    assert relations <= ways.keys()


def test_every_kind_of_page_comes_up() -> None:
    family = Literary(schemes=("order",)).fresh(Context())
    starts = {family.problem(Random(index)).prompt.split("\n")[0][:12] for index in range(80)}
    assert len(starts) > len(SCHEMES["order"].words.lists["genre"])


def test_the_coin_is_fair() -> None:
    family = Literary(schemes=("liar",), asks=("was",)).fresh(Context())
    answers = Counter(family.derive(family.problem(Random(index))).answer for index in range(90))
    assert all(15 <= answers[state] <= 45 for state in ("yes", "no", "open"))


@pytest.mark.parametrize(("scheme", "ask"), [("why", "misled"), ("why", "hush"), ("focus", "out")])
def test_a_quarter_of_the_sets_are_empty(scheme: str, ask: str) -> None:
    family = Literary(schemes=(scheme,), asks=(ask,)).fresh(Context())
    answers = [family.derive(family.problem(Random(index))).answer for index in range(40)]
    assert 3 <= answers.count("none") <= 18


# ---- answers and forms


@pytest.mark.parametrize(
    ("answer", "agrees"),
    [
        ("clock-case; II", True),
        ("in the clock-case; scene II", True),
        ("clock-case, II", True),
        ("clock-case; III", False),
        ("hat box; II", False),
        ("clock-case", None),
        ("clock-case; hat box; II", None),
        ("clock-case or hat box; II", None),
    ],
)
def test_an_answer_of_two_parts_is_read(answer: str, agrees: bool | None) -> None:
    kind = Both(OneOf(("clock-case", "hat box")), OneOf(("I", "II", "III")), "closing/where")
    assert kind.canonical(("clock-case", "II")) == "clock-case; II"
    assert kind.agrees(("clock-case", "II"), answer) is agrees


def test_a_part_may_be_a_set_if_a_semicolon_divides() -> None:
    kind = Both(SomeOf(("Ada", "Bo", "Cy")), OneOf(("1", "2")), "closing/where")
    assert kind.agrees((frozenset(("Ada", "Bo")), "2"), "Bo, Ada; 2") is True


def test_a_name_that_the_case_does_not_print_is_no_part_of_a_set() -> None:
    kind = SomeOf(("Nell", "Mrs Pym"))
    assert kind.read("Nell and Mrs Pym") == {"Nell", "Mrs Pym"}
    assert [kind.read(answer) for answer in ("Nell, Cora", "Dr Voss, Nell", "Nell and Mr. Pell")] == [None, None, None]


def test_an_answer_of_one_part_has_no_second() -> None:
    kind = OnePart(OneOf(("I", "II")))
    assert kind.agrees("II", "scene II") is True
    assert kind.agrees("II", "coal scuttle; II") is None
    assert kind.read("I; II") is None


def test_a_character_is_named_or_meant_by_a_pronoun() -> None:
    seen = PrintedSoFar(person="Cora")
    assert CHARACTERS.write("Cora", "they", seen) == "she"
    assert CHARACTERS.write("Mr Pell", "they", seen) == "Mr Pell"
    assert CHARACTERS.write("Cora", "self", seen) == "herself"
    assert list(CHARACTERS.read("mrs Thorne sat", 0, "")) == [(10, "Mrs Thorne")]
    assert list(CHARACTERS.read("Mr Pell's hat", 0, "their")) == [(9, "Mr Pell")]


def test_people_are_listed_and_read_as_many_as_stand_there() -> None:
    form = CompanyForm(tuple(ROLE_OF))
    assert form.write(("Cora", "Silas", "Mr Pell"), "", NOTHING) == "Cora, Silas and Mr Pell"
    assert [value for _, value in form.read("Cora, Silas and Mr Pell.", 0, "")][-1] == ("Cora", "Silas", "Mr Pell")
    assert [form.write(names, "", NOTHING) for names in ((), ("a",), ("a", "b"))] == ["nobody", "a", "a and b"]


@pytest.mark.parametrize(("number", "text"), [(1, "one year"), (14, "fourteen years"), (41, "forty-one years")])
def test_years_are_written_and_read_in_words(number: int, text: str) -> None:
    form = SpelledForm()
    assert form.write(number, "years", NOTHING) == text
    assert list(form.read(f"{text} ago", 0, "years")) == [(len(text), number)]
    assert list(form.read(text.partition(" ")[0], 0, "")) == [(len(text.partition(" ")[0]), number)]


def test_scenes_are_read() -> None:
    assert list(RomanForm().read("IV\n", 0, "")) == [(2, 4)]


# ---- house


STAIRS: list[dict[str, Any]] = [  # a letter, and a girl on the stairs
    {"act": "scene", "num": 1, "present": ("Mrs Thorne", "Mr Pell", "Cora")},
    {"act": "put", "time": "first", "who": "Mrs Thorne", "where": "clock-case"},
    {"act": "scene", "num": 2, "present": ("Mrs Thorne", "Mr Pell", "Cora")},
    {"act": "hide", "who": "Cora"},
    {"act": "put", "time": "again", "who": "Mrs Thorne", "where": "piano stool"},
    {"act": "scene", "num": 3, "present": ("Mr Pell",)},
    {"act": "put", "time": "again", "who": "Mr Pell", "where": "river map"},
    {"act": "scene", "num": 4, "present": ("Cora", "Mrs Thorne", "Mr Pell")},
    {"act": "tell", "who": "Mr Pell", "whom": "Cora", "where": "clock-case"},
]


@pytest.mark.parametrize(
    ("heads", "ask", "answer"),
    [
        ({"a": "Cora"}, "own", ("piano stool", "II")),
        ({"a": "Mrs Thorne"}, "own", ("piano stool", "II")),
        ({"a": "Mrs Thorne", "b": "Cora"}, "second", ("clock-case", "I")),
        ({"a": "Mrs Thorne", "b": "Cora"}, "part", "II"),
        ({"a": "Cora", "b": "Mrs Thorne"}, "second", ("piano stool", "II")),
        ({"a": "Cora", "b": "Mrs Thorne", "c": "Cora"}, "third", ("clock-case", "I")),
    ],
)
def test_whoever_looks_on_from_hiding_knows_more_than_others_believe(
    heads: dict[str, str], ask: str, answer: object
) -> None:
    facts = {"setting": "ferry", "onlooker": True, "beats": STAIRS, **heads}
    assert SCHEMES["house"].assess(facts)[ask] == answer
    assert SCHEMES["house"].prove(facts)[ask] == answer


def test_without_the_stairs_nobody_is_mistaken_about_the_girl() -> None:
    beats = [{**beat, "act": "leave"} if beat["act"] == "hide" else beat for beat in STAIRS]
    facts = {"setting": "ferry", "beats": beats, "a": "Mrs Thorne", "b": "Cora"}
    assert SCHEMES["house"].assess(facts)["part"] is None
    assert "part" not in SCHEMES["house"].prove(facts)


# ---- order


def test_a_life_is_dated_by_its_tree() -> None:
    facts = {
        "setting": "tree",
        "anchored": True,
        "names": ("flood", "piano sale", "lightning"),
        "asked": "piano sale",
        "one": "flood",
        "two": "lightning",
        "events": [
            {"act": "event", "event": "piano sale"},
            {"act": "before", "other": "lightning", "years": 1},
            {"act": "event", "event": "flood"},
            {"act": "age", "years": 4},
            {"act": "before", "other": "piano sale", "years": 3},
            {"act": "event", "event": "lightning"},
            {"act": "anchored", "years": 13},
        ],
    }
    expected = {"order": ("flood", "piano sale", "lightning"), "age": 7, "gap": 4}
    for results in (SCHEMES["order"].assess(facts), SCHEMES["order"].prove(facts)):
        assert {key: results[key] for key in expected} == expected


def test_no_vignette_speaks_of_another_event_of_its_life() -> None:
    events = entries("order", "event")
    keys = list(events)
    for start in range(0, len(keys), 8):
        for one, other in combinations(keys[start : start + 8], 2):
            for teller, subject in ((one, other), (other, one)):
                assert not any(events[subject]["np"] in events[teller][style] for style in ("one", "two", "three"))


def test_a_second_dating_names_its_event_since_then_would_be_unclear() -> None:
    num = 0
    for index in range(80):
        facts = SCHEMES["order"].draw(Random(index), 4)
        if facts is None:
            continue
        entries_told = facts["events"]
        for before, entry in pairwise(entries_told):
            if entry["act"] in ("after", "before", "age", "anchored"):
                assert ("event" in entry) == (before["act"] != "event")
                num += "event" in entry
    assert num > 0


# ---- liar


def test_a_lie_is_where_supposing_it_clashes_with_nothing() -> None:
    facts = {
        "setting": "theatre",
        "count": "1",
        "statements": [
            {"num": 1, "says": "yes", "thing": "safe"},
            {"num": 2, "says": "no", "thing": "key"},
            {"num": 3, "says": "yes", "thing": "lamp"},
        ],
        "papers": [
            {"letter": "A", "rel": "if", "one": "safe", "value": "yes", "two": "tenor", "then": "no"},
            {"letter": "B", "rel": "if", "one": "tenor", "value": "no", "two": "lamp", "then": "no"},
            {"letter": "C", "rel": "if", "one": "lamp", "value": "yes", "two": "key", "then": "no"},
            {"letter": "D", "rel": "is", "one": "safe", "value": "yes"},
        ],
        "asked": "tenor",
    }
    expected = {"which": {"3"}, "proof": ({"3"}, "D"), "was": "no"}
    assert liar.placings(Reckoning(facts)) == [("3",)]
    for results in (SCHEMES["liar"].assess(facts), SCHEMES["liar"].prove(facts)):
        assert {key: results[key] for key in expected} == expected


def test_where_many_placings_are_possible_single_statements_are_looked_at_first() -> None:
    family = Literary(schemes=("liar",), levels=(4,), asks=("which",)).fresh(Context())
    num_tried = []
    for index in range(20):
        problem = family.problem(Random(index))
        banks = [getattr(step.texts, "bank", "") for step in family.derive(problem).steps]
        num_alone = sum(bank.startswith("steps/alone") for bank in banks)
        num_tried.append(banks.count("steps/suppose"))
        assert num_alone == sum(bank.startswith("steps/must") for bank in banks)
        assert (num_tried[-1] < 10) == (num_alone > 0)
    assert sum(num_tried) < 100  # of 200 placings


def test_why_a_possibility_stands_is_shown_paper_by_paper() -> None:
    family = Literary(schemes=("liar",), asks=("which",)).fresh(Context())
    for index in range(12):
        problem = family.problem(Random(index))
        banks = [getattr(step.texts, "bank", "") for step in family.derive(problem).steps]
        at = banks.index("steps/stands")
        start = max(place for place in range(at) if banks[place] == "steps/suppose")
        shown = [
            name for name in banks[start:at] if name.partition(".")[0] in ("steps/agrees", "steps/idle", "steps/silent")
        ]
        shown += [name for name in banks[start:at] if name.startswith("steps/chain")]
        assert len(shown) >= len(problem.spec["facts"]["papers"])


def test_a_clash_is_told_in_full_once() -> None:
    family = Literary(schemes=("liar",), asks=("which",)).fresh(Context())
    num_again = 0
    for index in range(20):
        steps = family.derive(family.problem(Random(index))).steps
        clashes = [step.texts[0] for step in steps if getattr(step.texts, "bank", "").startswith("steps/clash")]
        num_again += sum(getattr(step.texts, "bank", "").startswith("steps/again") for step in steps)
        assert len(clashes) >= 1
    assert num_again > 0


# ---- focus


def test_no_thought_of_a_passage_says_whose_eyes_it_has() -> None:
    family = Literary(schemes=("focus",), asks=("eyes",)).fresh(Context())
    for index in range(60):
        problem = family.problem(Random(index))
        assert all(line["act"] != "thought" for line in problem.spec["facts"]["lines"])


def test_noises_have_their_mark_and_every_deed_names_its_room() -> None:
    for deed in entries("focus", "deed").values():
        assert (deed[""][-1] == "!") == (deed["noise"] == "yes"), deed[""]
        assert deed[""].count("!") == (deed["noise"] == "yes")
        assert f"in the {deed['room']}" in deed[""].lower(), deed[""]


# ---- why


def week_of(manners: dict[str, str]) -> dict[str, Any]:
    return {
        "news": "boat",
        "truth": "good",
        "candidates": ("Cora", "Silas"),
        "people": [{"who": name, "deed": ROLE_OF[name]} for name in manners],
        "manners": [{"who": name, "manner": manner} for name, manner in manners.items()],
        "visits": [
            {"day": "Tuesday", "who": "Cora", "whom": "Mr Pell"},
            {"day": "Wednesday", "who": "Mr Pell", "whom": "Hester"},
            {"day": "Thursday", "who": "Cora", "whom": "Hester"},
        ],
        "acts": [{"who": "Hester", "deed": "cook", "did": "good"}],
        "asked": "Mr Pell",
    }


def test_a_lie_about_a_lie_is_the_truth() -> None:
    facts = week_of({"Cora": "contrary", "Mr Pell": "contrary", "Hester": "open", "Silas": "open"})
    week = why.run(Reckoning(facts), "Cora")
    assert week.belief == {"Cora": "good", "Mr Pell": "bad", "Hester": "good"}
    expected = {"source": "Cora", "misled": {"Mr Pell"}, "from": ("Cora", "Tuesday")}
    expected |= {"hush": {"Hester"}}  # for then the second tale, Cora's own, would come first
    for results in (SCHEMES["why"].assess(facts), SCHEMES["why"].prove(facts)):
        assert {key: results[key] for key in expected} == expected


def test_close_people_stop_a_word() -> None:
    facts = week_of({"Cora": "open", "Mr Pell": "close", "Hester": "open", "Silas": "open"})
    week = why.run(Reckoning(facts), "Cora")
    assert week.visit["Hester"]["day"] == "Thursday"
    assert SCHEMES["why"].prove(facts)["hush"] == SCHEMES["why"].assess(facts)["hush"] == frozenset()


def test_the_reader_does_not_stand_out() -> None:
    num_calls = {True: 0, False: 0}
    for index in range(400):
        facts = why.SCHEME.draw(Random(index), 3)
        if facts is None:
            continue
        (reader,) = why.fitting(Reckoning(facts))[1]
        acted = {act["who"] for act in facts["acts"] if act["did"] != "none"}
        assert len(facts["acts"]) >= 2
        assert acted
        assert not {act["who"] for act in facts["acts"]} & {*facts["candidates"]}
        assert {*facts["candidates"]} <= {visit["who"] for visit in facts["visits"]}
        for name in facts["candidates"]:
            calls = sum(visit["who"] == name and visit["whom"] in acted for visit in facts["visits"])
            num_calls[name == reader] += calls
    assert num_calls[True] > 0
    assert num_calls[True] < num_calls[False]  # of two rivals: those who called on people who acted are mostly others


def test_whoever_is_ruled_out_is_so_by_what_somebody_knew_and_did() -> None:
    family = Literary(schemes=("why",), asks=("source",)).fresh(Context())
    for index in range(12):
        problem = family.problem(Random(index))
        banks = [getattr(step.texts, "bank", "") for step in family.derive(problem).steps]
        out = [place for place, bank in enumerate(banks) if bank.startswith("steps/misfit")]
        assert len(out) == len(problem.spec["facts"]["candidates"]) - 1
        assert all(banks[place - 1].startswith("steps/expected") for place in out)


def test_a_day_that_was_printed_last_is_the_same_day() -> None:
    form, seen = WeekdayForm(), PrintedSoFar()
    assert form.write("Friday", "on", seen) == "on Friday"
    form.note("Friday", "on", seen)
    assert [form.write(day, "on", seen) for day in ("Friday", "Monday")] == ["the same day", "on Monday"]
    assert form.write("Friday", "later", seen) == "later that day"
    ((end, value),) = form.read("the same day Cora", 0, "on")
    assert (end, value.close(seen)) == (12, "Friday")  # type: ignore[attr-defined]
    assert value.close(PrintedSoFar()) is None  # type: ignore[attr-defined]
    assert list(form.read("Friday saw", 0, "")) == [(6, "Friday")]


# ---- verse


def test_every_line_keeps_the_metre_and_its_marks_break_it() -> None:
    quiet = Reckoning({})
    for image in entries("verse", "image").values():
        for line in (line for key, line in image.items() if key):
            assert verse.fault_of(verse._plain(line, "", is_wrong=False), 1, quiet) == "", line
            assert verse.fault_of(verse._plain(line, "", is_wrong=True), 1, quiet) == "syllables", line
            for noun in verse.SCHEME.pool("nouns"):
                assert verse.fault_of(verse._plain(line, noun, is_wrong=False), 1, quiet) == "", (line, noun)
            for noun in verse.SCHEME.pool("turned"):
                assert verse.fault_of(verse._plain(line, noun, is_wrong=False), 1, quiet) == "stress", (line, noun)
    for letter, initial in entries("verse", "initial").items():
        for line in (line for key, line in initial.items() if key):
            assert line[0] == letter
            assert verse.fault_of(line, 1, quiet) == "", line


def test_lines_of_a_group_rhyme_and_those_of_two_groups_do_not() -> None:
    ends: dict[str, list[str]] = {
        group: [tail(re.sub(r"[*+\[\]]", "", line).lower()) for key, line in image.items() if key]
        for group, image in entries("verse", "image").items()
    }
    assert all(len(set(group)) == 1 for group in ends.values())
    assert len({group[0] for group in ends.values()}) == len(ends)


def test_the_licence_of_the_dictionary_stands_with_its_words() -> None:
    text = (WORDS / "pronouncing.yaml").read_text("utf-8")
    assert "Carnegie Mellon University. All rights reserved." in text
    assert "Redistributions of source code must retain" in text
    assert len(pronounced()) > 400
