"""The shortcut audit: it finds what the wording gives away, and nothing where it gives nothing away."""

from __future__ import annotations

from random import Random

import pytest

from open_thoughts_gen.publish import shortcuts
from open_thoughts_gen.publish.shortcuts import guessed, shortcut_section
from open_thoughts_gen.types import Sample
from tests.publish.finished import prose, sample


def questions(num: int, *, word: str = "", kind: str = "allowed") -> list[Sample]:
    """Return questions answered yes or no by a coin; of those that are answered yes, two of three have the word."""
    rows = []
    for i in range(num):
        rng = Random(f"{kind}/{i}")
        answer = rng.choice(("yes", "no"))
        told = f"{word} " if answer == "yes" and rng.random() < 0.67 else ""
        rows.append(sample(f"{i}. {prose(rng, 6)} {told}Is it allowed?", answer, kind=kind))
    return rows


def test_a_word_that_gives_the_answer_away_is_found() -> None:
    (kind,) = guessed(questions(300, word="Verily"))
    assert (kind.kind, kind.num_rows, kind.num_answers) == ("allowed", 300, 2)
    assert kind.num_guessed > 0.75 * kind.num_rows > kind.num_majority + 30
    section = "\n".join(shortcut_section(questions(300, word="Verily")))
    assert "**The wording gives some of the answers away.**" in section
    assert "| `allowed` | 300 | 2 |" in section


def test_where_nothing_is_given_away_nothing_is_found() -> None:
    kinds = guessed([*questions(200), *questions(150, kind="owed")])
    assert [kind.kind for kind in kinds] == ["allowed", "owed"]
    for kind in kinds:
        assert kind.num_guessed < 0.58 * kind.num_rows
    section = "\n".join(shortcut_section([*questions(200), *questions(150, kind="owed")]))
    assert "does no better than always saying the commonest answer" in section
    assert "| all 2 kinds | 350 |" in section


def test_kinds_are_those_that_the_source_names() -> None:
    asked = [sample(row.question.prompt, str(row.question.reference), asks="owed") for row in questions(60)]
    plain = [sample(f"{row.question.prompt} So?", str(row.question.reference)) for row in questions(50)]
    assert [kind.kind for kind in guessed([*asked, *plain])] == ["law: owed", "law"]


def test_a_twin_is_not_learnt_from() -> None:
    rows = questions(120)
    flipped = {"yes": "no", "no": "yes"}
    twins = [
        sample(f"{row.question.prompt} Really?", flipped[str(row.question.reference)], kind="allowed",
               twin_of=row.question.id)
        for row in rows
    ]  # fmt: skip
    (kind,) = guessed([*rows, *twins])
    assert kind.num_guessed > 0.4 * kind.num_rows  # whoever learns from the twin says the opposite of the truth


def test_few_rows_and_open_answers_have_no_section() -> None:
    assert shortcut_section(questions(99)) == []
    assert shortcut_section([sample(f"What is {i}?", f"{i} crowns") for i in range(300)]) == []


def test_of_many_rows_some_are_drawn_and_the_result_is_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcuts, "_MAX_ROWS", 200)
    rows = questions(260)
    (kind,) = guessed(rows)
    assert kind.num_rows == 200
    assert guessed(rows[::-1]) == [kind]
