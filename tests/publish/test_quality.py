"""The card's quality figures."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from rapidfuzz.distance import Indel

from open_thoughts_gen.publish import quality
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import FilterReport, Verdict
from tests.publish.finished import finished, sample, samples


def prompts(num: int) -> list[str]:
    """Return texts of very different lengths, some of them almost alike."""
    rng = Random(3)
    made = ["".join(rng.choices("abcdefgh ", k=rng.randint(20, 400))) for _ in range(num)]
    for i in range(0, num, 3):
        made[i] = made[i - 1][: -rng.randint(1, 40)] + "x" * rng.randint(0, 9)
    return made


ANY_FIGURES = quality.NearRule(numbers_guard=False)


def test_near_duplicates_are_those_that_every_pair_compared_gives() -> None:
    texts = prompts(150)
    expected = {
        i
        for i, text in enumerate(texts)
        for other in texts[:i]
        if Indel.normalized_similarity(normalise(text), normalise(other)) * 100 >= ANY_FIGURES.threshold
    }
    assert quality.repeating([sample(text) for text in texts], ANY_FIGURES) == expected
    assert expected


def test_twins_are_not_near_duplicates_of_each_other_but_of_others() -> None:
    first = sample("The letter came on 4 May, and nobody read it.")
    twin = sample("The letter came on 5 May, and nobody read it.", twin_of=first.question.id)
    third = sample("The letter came on 6 May, and nobody read it.")
    assert quality.repeating([first, twin], ANY_FIGURES) == set()
    assert quality.repeating([first, twin, third], ANY_FIGURES) == {2}
    assert quality.twins([twin, first, third]) == [(first, twin)]


def test_prompts_of_other_figures_are_not_near_duplicates_unless_the_filter_had_it_so() -> None:
    rows = tuple(sample(f"What is {num} plus two?", str(num + 2)) for num in range(100, 2_100))
    run = finished(rows)
    assert quality.measure(run).near_duplicate_rate == 0
    facts = {"rule": {"threshold": 85.0, "numbers_guard": False, "as_it_stands": False}}
    run = replace(run, reports=(FilterReport("question_filters", "near_dedup", facts),))
    assert quality.measure(run).near_duplicate_rate > 0.9
    assert quality.measure(run).near_rule == quality.NearRule(85.0, numbers_guard=False)


def test_a_verdict_that_calls_the_known_right_answer_wrong_is_a_disagreement() -> None:
    right = sample("one", "300 crowns")
    denied = replace(right, verdicts=(Verdict("judge", "incorrect", "300  Crowns"),))
    wrong = replace(right, verdicts=(Verdict("judge", "incorrect", "150 crowns"),))
    told = quality.measure(finished((right, denied, wrong), left_out=0))
    assert (told.num_verdicts, told.num_disagreements) == (3, 1)
    assert told.correct_rate == 1 / 3


def test_balance_is_told_of_the_kinds_that_are_answered_yes_or_no() -> None:
    rows = [sample(f"{i}", answer, kind="allowed") for i, answer in enumerate(("yes", "Yes", "no"))]
    rows += [sample(f"a{i}", f"{i} crowns", kind="amount") for i in range(3)]
    told = quality.measure(finished(tuple(rows)))
    assert told.balance == {"allowed": quality.Balance("yes", 2 / 3, 3)}


def test_nothing_accepted_is_measured_too() -> None:
    told = quality.measure(finished((), left_out=0))
    assert (told.num_rows, told.correct_rate, told.near_duplicate_rate, told.question_words) == (0, 0, 0, 0)


def test_lengths_are_medians_of_words() -> None:
    told = quality.measure(finished(samples(20)))
    assert 100 < told.question_words < 400 < 2 * told.reasoning_words


def test_a_copy_in_a_large_set_is_found() -> None:
    rows = samples(2_500)
    copied = sample(rows[7].question.prompt.replace("What is owed?", "What is then owed?"))
    assert len(rows) in quality.repeating([*rows, copied], quality.NearRule())


def test_attempts_at_one_question_are_not_duplicates() -> None:
    row = sample("The letter came on 4 May, and nobody read it.")
    assert quality.repeating([row, row], quality.NearRule()) == set()
