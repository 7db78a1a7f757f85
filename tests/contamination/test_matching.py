"""Planted leaks are found and explained; boilerplate, templates and other figures are accused of nothing."""

from __future__ import annotations

import pytest

from benchmarks.decontaminate import LEAKS, corpus
from open_thoughts_gen.contamination.findings import Finding, Item, LeakRule
from open_thoughts_gen.contamination.matching import PIECE, Contamination

NOTHING = LeakRule(whole=False, containment=None, fold=())
BUS = (
    "A bus leaves Lisbon at seven in the morning with 43 passengers; at each of its 5 stops 4 people get off and 6 get "
    "on. Ticket prices are 3 euros for adults and 2 euros for children. How much money does the driver collect?"
)
MOULD = "Explain each step of your reasoning and give the final answer as a whole number on the last line."


def findings(questions: list[str], items: list[str], rule: LeakRule | None = None) -> list[Finding | None]:
    return Contamination([Item("bench", i, item) for i, item in enumerate(items)], rule).findings(questions)


def decisions(questions: list[str], items: list[str], rule: LeakRule | None = None) -> list[str | None]:
    return [found.decision if found else None for found in findings(questions, items, rule)]


def test_planted_leaks_are_found_and_clean_questions_are_not_accused() -> None:
    questions, items, planted = corpus(4000, 800)
    found = decisions(questions, items)
    assert set(planted.values()) == set(LEAKS)
    assert [planted[place] for place in planted if found[place] != "leak"] == []
    assert [place for place in range(len(questions)) if place not in planted and found[place] == "leak"] == []


@pytest.mark.parametrize(
    "question",
    [
        BUS,
        BUS.upper(),
        BUS.replace(" ", "  \n"),
        BUS.replace("Lisbon", "Porto").replace("children", "pupils"),
        f"Read this with care. {BUS} {MOULD}",
        BUS.replace("a", "ａ"),
    ],
)
def test_a_leak_in_any_dress(question: str) -> None:
    assert decisions([question, MOULD], [BUS, "Something else altogether."]) == ["leak", None]


def test_a_finding_says_which_item_by_which_check_and_where() -> None:
    question = f"Here is a riddle for you. {BUS} Take your time."
    (found,) = findings([question], ["Nothing of the kind.", BUS])
    assert found is not None
    assert (found.item.id, found.check, found.score) == ("bench/1", "containment", 100.0)
    assert question[found.start : found.end] == BUS[:-1]


def test_what_differs_in_its_figures_is_another_problem() -> None:
    other = BUS.replace("43", "12").replace("5", "9").replace("4 p", "1 p").replace("6", "7").replace("3 e", "8 e")
    (found,) = findings([other.replace("2 euros", "11 euros")], [BUS])
    assert found is not None
    assert (found.decision, found.remark) == ("review", "alike but for the figures")


def test_a_brief_item_must_be_there_in_its_own_words() -> None:
    items = ["What is the greatest common divisor of 180 and 450?", "How many letters has the long word ELLIPSE in it?"]
    questions = [
        "What's the greatest common divisor of 180 and 450?",
        "What is the greatest common divisor of 36 and 90?",
        "How many letters has the long word CIRCLE in it?",
    ]
    assert decisions(questions, items) == ["leak", "review", "review"]


@pytest.mark.parametrize(
    ("question", "decision"),
    [
        ("who INVENTED the  telescope", "leak"),
        ("Consider this. Who invented the telescope? Say why.", "leak"),
        ("Tell me who invented the telescope and sold it to Galileo.", None),
        ("2+3=?", "leak"),
        ("2-3=?", None),
        ("Think.\nWhat is the answer?\nWrite it down.", "review"),
    ],
)
def test_items_shorter_than_any_ngram(question: str, decision: str | None) -> None:
    assert decisions([question], ["Who invented the telescope?", "2 + 3 = ?", "What is the answer?"]) == [decision]


def test_a_short_item_that_needs_its_context_is_for_review_where_it_is_quoted() -> None:
    item = Item("finqa", 0, "what was the revenue in 2008?", needs_context=True)
    quoted, same = "Look at the table.\nWhat was the revenue in 2008?\nExplain.", "What was the revenue in 2008?"
    found = Contamination([item]).findings([quoted, same])
    assert [each and each.decision for each in found] == ["review", "leak"]


def test_an_item_that_leaked_a_thousand_times_is_still_found() -> None:
    questions = [f"Variant {i}. {BUS}" for i in range(1000)] + [f"Question {i}: {MOULD}" for i in range(1000)]
    assert decisions(questions, [BUS, f"{MOULD} How old is the oldest of the seven captains of the Marabella?"]) == (
        ["leak"] * 1000 + [None] * 1000
    )


def test_the_rule_of_openthoughts_sees_texts_as_they_stand() -> None:
    rule = LeakRule(whole=False, containment=None, indel=95.0, fold=())
    near = BUS.replace("seven", "eight")
    assert decisions([near, BUS.upper(), f"{BUS} {MOULD}"], [BUS], rule) == ["leak", None, None]


def test_any_shared_ngram_accuses_boilerplate_as_published() -> None:
    rule = LeakRule(whole=False, containment=None, word_ngram=8, cut="space", fold=())
    question = f"How many moons has Jupiter? {MOULD}"
    assert decisions([question, "How many moons has Saturn?"], [f"{BUS} {MOULD}"], rule) == ["leak", None]
    (found,) = findings([question], [f"{BUS} {MOULD}"], rule)
    assert found is not None
    span = found.located(question)
    assert question[span.start : span.end] == MOULD[:-1]


def test_the_approximate_mode_finds_what_shares_words() -> None:
    rule = LeakRule(whole=False, containment=None, indel=75.0, approximate=True)
    questions, items, planted = corpus(1000, 300)
    found = decisions(questions, items, rule)
    assert all(found[place] == "leak" for place, kind in planted.items() if kind != "embedded")
    assert sum(map(bool, found)) == sum(kind != "embedded" for kind in planted.values())


def test_nothing_to_check_or_nothing_to_check_against() -> None:
    assert findings([], ["a"]) == []
    assert findings(["a", ""], ["", "  "]) == [None, None]
    assert findings(["", " ", "?"], ["What is it?"]) == [None, None, None]


def test_many_items_are_indexed_in_pieces_with_the_same_findings() -> None:
    questions, items, planted = corpus(100, 300)
    padding = [f"Filler number {i} of a benchmark that is large. " * 400 for i in range(500)]
    assert sum(map(len, padding)) > 2 * PIECE
    found = findings(questions, padding + items)
    assert {place for place, one in enumerate(found) if one is not None} == planted.keys()
    assert all(one is None or one.item.number >= len(padding) for one in found)
