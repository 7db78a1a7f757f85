from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rapidfuzz import fuzz

from open_thoughts_gen.filters.near_dedup import NearDedup
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.publish.quality import NearRule
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import DropReason, Outcome, Question, Sample, Trace, Verdict
from tests.similar.styles import styled

FOX = "The quick brown fox jumps over the lazy dog near the old stone bridge at dawn."
FOX_2 = "The quick brown fox jumped over the lazy dog near the old stone bridge at dawn!"
SHIP = "A ship leaves the harbour at noon and sails north for seven hours."


def reasons(questions: Sequence[Question], plugin: NearDedup | None = None) -> list[DropReason | None]:
    return list((plugin or NearDedup()).drop_reasons([Sample(question) for question in questions]))


def test_the_first_is_kept_and_named_with_the_score() -> None:
    why = reasons([Question(FOX), Question(SHIP), Question(FOX_2)])
    score = round(fuzz.ratio(normalise(FOX), normalise(FOX_2)), 2)
    assert why == [None, None, DropReason("near duplicate", twin=Question(FOX).id, score=score)]


def test_the_twin_is_the_earliest_that_reaches_the_threshold() -> None:
    first, second, third = (Question("x" * 80 + "y" * num) for num in (0, 20, 16))
    assert [why and why.twin for why in reasons([first, second, third])] == [None, None, first.id]


def test_the_threshold_is_included() -> None:
    one, other = Question("a" * 18 + "bb"), Question("a" * 18 + "cc")
    assert reasons([one, other], NearDedup(threshold=90))[1] == DropReason("near duplicate", twin=one.id, score=90.0)
    assert reasons([one, other], NearDedup(threshold=90.1)) == [None, None]


def test_case_and_space_make_no_difference() -> None:
    why = reasons([Question(FOX), Question("  " + FOX.upper().replace(" ", "\n"))])
    assert why[1] == DropReason("near duplicate", twin=Question(FOX).id, score=100.0)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"pair": "7"}, {"pair": "7"}),
        ({}, {"twin_of": Question(FOX).id}),
        ({"twin_of": Question(FOX_2).id}, {}),
        ({"twin_of": "another"}, {"twin_of": "another"}),
    ],
)
def test_minimal_pairs_are_kept(one: dict[str, object], other: dict[str, object]) -> None:
    assert reasons([Question(FOX, meta=one), Question(FOX_2, meta=other)]) == [None, None]


@pytest.mark.parametrize(
    ("one", "other"), [({"pair": "7"}, {"pair": "8"}), ({"pair": ""}, {"pair": ""}), ({"pair": 7}, {"pair": 7})]
)
def test_other_marks_are_no_pair(one: dict[str, object], other: dict[str, object]) -> None:
    why = reasons([Question(FOX, meta=one), Question(FOX_2, meta=other)])[1]
    assert why is not None
    assert why.reason == "near duplicate"


def test_a_pair_is_compared_with_the_others_all_the_same() -> None:
    third = Question(FOX.replace("dawn", "dusk"))
    why = reasons([Question(FOX, meta={"pair": "7"}), Question(FOX_2, meta={"pair": "7"}), third])
    assert [each and each.twin for each in why] == [None, None, Question(FOX).id]


def test_problems_that_differ_in_their_figures_are_kept() -> None:
    one, other, same = (
        Question(f"{FOX} It ran {num} miles{end}") for num, end in (("12", "."), ("13", "."), ("12", "!"))
    )
    for guard in ("answers", True):
        why = reasons([one, other, same], NearDedup(numbers_guard=guard))
        assert [each and each.twin for each in why] == [None, None, one.id]
    for guard in ("families", False):
        why = reasons([one, other, same], NearDedup(numbers_guard=guard))
        assert [each and each.twin for each in why] == [None, one.id, one.id]


def test_figures_count_in_their_order() -> None:
    one, other = Question(f"{FOX} Ann has 7 and gives 3."), Question(f"{FOX} Ann has 3 and gives 7.")
    assert reasons([one, other]) == [None, None]


@pytest.mark.parametrize(
    ("references", "is_kept"),
    [(("25", "25"), False), (("25", "26"), True), (("25", None), True), ((None, None), True), (("B", "B"), True)],
)
def test_other_figures_make_another_problem_unless_the_answer_is_known_to_be_the_same(
    references: tuple[str | None, str | None], is_kept: bool
) -> None:
    prompts = [f"{FOX} It ran {num} miles." for num in ("12", "13")]
    questions = [Question(prompt, reference=each) for prompt, each in zip(prompts, references, strict=True)]
    assert (reasons(questions)[1] is None) == is_kept


def test_the_rule_of_openthoughts_takes_prompts_as_they_stand_whatever_their_figures() -> None:
    plugin = NearDedup.model_validate({"rule": "openthoughts"})
    assert (plugin.threshold, plugin.numbers_guard) == (95, False)
    assert NearDedup.model_validate({"rule": "openthoughts", "threshold": 90}).threshold == 90
    other = Question(FOX.upper())
    assert reasons([Question(FOX), other]) == [None, reasons([Question(FOX), other])[1]] != [None, None]
    assert reasons([Question(FOX), other], plugin) == [None, None]
    assert reasons([Question(FOX + " 12"), Question(FOX + " 13")], plugin)[1] is not None


def test_where_a_third_is_left_out_the_report_shows_pairs_and_says_how_to_keep_them() -> None:
    plugin = NearDedup(numbers_guard=False)
    questions = [Question(f"{FOX} It ran {num} miles.") for num in range(10, 20)]
    assert sum(why is not None for why in reasons(questions, plugin)) == 9
    report = plugin.report()
    assert report is not None
    assert report.facts["rule"] == {"threshold": 90.0, "numbers_guard": False, "as_it_stands": False}
    assert [each["repeats"] for each in report.facts["examples"]] == [questions[0].prompt] * 3
    assert report.warning.startswith("9 of 10 questions left out; set `numbers_guard: true`")
    assert len(report.warning.splitlines()) == 4
    reasons([Question(FOX), Question(SHIP), Question("Another one.")], plugin)
    report = plugin.report()
    assert report is not None
    assert "examples" not in report.facts
    assert not report.warning


def test_attempts_at_one_question_share_its_fate() -> None:
    samples = [
        Sample(Question(prompt), Trace(Question(prompt).id, attempt, "t", "", ""))
        for prompt, attempt in [(FOX, 0), (FOX, 1), (FOX_2, 0), (FOX_2, 1), (FOX, 1)]
    ]
    why = list(NearDedup().drop_reasons(samples))
    assert [each and each.twin for each in why] == [None, None, *[Question(FOX).id] * 3]


def test_a_prompt_that_comes_twice_is_a_duplicate() -> None:
    assert reasons([Question(FOX), Question(FOX)])[1] == DropReason(
        "near duplicate", twin=Question(FOX).id, score=100.0
    )


def planted(num: int, seed: int) -> list[Question]:
    """Return strangers, and after each fifth one a copy with one word in twenty changed."""
    rng = random.Random(seed)
    words = ["".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(3000)]
    questions: list[Question] = []
    for i in range(num):
        told = rng.choices(words, k=rng.randint(60, 120))
        questions.append(Question(" ".join(told), meta={"pair": f"p{i}" if i % 10 == 0 else ""}))
        if i % 5 == 0:
            told[:: len(told) // 4] = rng.choices(words, k=len(told[:: len(told) // 4]))
            questions.append(Question(" ".join(told), meta={"pair": f"p{i}" if i % 10 == 0 else ""}))
    return questions


def test_a_large_set_comes_out_as_all_pairs_would_have_it() -> None:
    questions = planted(2_000, seed=1)
    found = [why and why.twin for why in reasons(questions)]
    expected: list[str | None] = []
    for i, question in enumerate(questions):
        copy = i > 0 and fuzz.ratio(question.prompt, questions[i - 1].prompt) >= 90
        expected.append(questions[i - 1].id if copy and not question.meta["pair"] else None)
    assert found == expected
    assert sum(twin is not None for twin in found) >= 100


def test_long_texts_are_compared_too() -> None:
    texts = [" ".join(f"word{i}x{j}" for j in range(600)) for i in range(200)]
    why = reasons([*map(Question, texts), Question(f"{texts[7]} more")])
    assert [place for place, each in enumerate(why) if each] == [len(texts)]
    assert why[-1] == DropReason("near duplicate", twin=Question(texts[7]).id, score=99.96)


@given(st.lists(st.text(alphabet="ab 1", max_size=12), max_size=12), st.sampled_from([60.0, 75.0, 90.0]))
def test_whatever_an_earlier_one_reaches_is_left_out_and_names_the_earliest(
    prompts: list[str], threshold: float
) -> None:
    prompts = list(dict.fromkeys(prompts))
    forms = [normalise(prompt) for prompt in prompts]
    why = reasons([Question(prompt) for prompt in prompts], NearDedup(threshold=threshold, numbers_guard=False))
    for i, each in enumerate(why):
        near = [j for j in range(i) if fuzz.ratio(forms[i], forms[j]) >= threshold]
        assert (each and each.twin) == (Question(prompts[near[0]]).id if near else None)


def chained() -> list[Question]:
    """Questions of which each is near the next, and the ends are not near each other."""
    words = [f"word{i}" for i in range(40)]
    told = []
    for step in range(4):
        words[step * 4 : step * 4 + 4] = [f"other{step}{i}" for i in range(4)]
        told.append(Question(" ".join(words)))
    return told


def test_of_a_chain_each_names_the_one_that_it_is_near_to() -> None:
    questions = chained()
    why = reasons(questions, NearDedup(threshold=85, numbers_guard=False))
    near = [[j for j in range(i) if fuzz.ratio(questions[i].prompt, questions[j].prompt) >= 85] for i in range(4)]
    assert [each and each.twin for each in why] == [questions[its[0]].id if its else None for its in near]
    assert near[3][0] > near[2][0] == 0


def test_questions_added_after_others_never_change_what_becomes_of_these() -> None:
    questions = [Question(prompt) for prompt in styled("mixed", 1_000, seed=4)]
    outcome = reasons(questions)
    assert [reasons(questions[:num]) == outcome[:num] for num in (1, 50, 70, 300, 999)] == [True] * 5


def test_the_longest_is_kept() -> None:
    longer = Question(FOX + " And back.")
    why = reasons([Question(FOX), longer, Question(FOX_2)], NearDedup(keep="longest", threshold=80))
    assert [each and each.twin for each in why] == [longer.id, None, longer.id]


def test_the_best_verified_is_kept() -> None:
    def attempted(prompt: str, outcome: Outcome, pass_rate: float | None) -> Sample:
        question = Question(prompt)
        return Sample(question, Trace(question.id, 0, "t", "", ""), (Verdict("v", outcome),), pass_rate)

    third = FOX_2.replace("dawn", "dusk")
    samples = [attempted(FOX, "incorrect", 0.0), attempted(FOX_2, "correct", 0.5), attempted(third, "correct", 0.9)]
    why = list(NearDedup(keep="best_verified", threshold=80).drop_reasons(samples))
    assert [each and each.twin for each in why] == [Question(third).id, Question(third).id, None]
    why = list(NearDedup(keep="best_verified", threshold=80).drop_reasons(samples[:2]))
    assert [each and each.twin for each in why] == [Question(FOX_2).id, None]


def generated(prompt: str) -> Question:
    return Question(prompt, source="family:sums", meta={"family": "sums"})


def test_generated_problems_that_differ_in_their_figures_are_kept_whatever_their_answers() -> None:
    one, other = f"{FOX} It ran 12 miles.", f"{FOX} It ran 13 miles."
    alike = [replace(generated(prompt), reference="300 crowns") for prompt in (one, other)]
    assert reasons(alike) == [None, None]
    claimed = [replace(alike[0], source="file"), alike[1]]
    assert reasons(claimed)[1] is not None


def test_memory_makes_no_difference() -> None:
    questions = planted(2_000, seed=3)
    assert reasons(questions, NearDedup(memory_gb=1e-6)) == reasons(questions)


MOULD = (
    "A merchant of the old harbour town sells {} apples at {} crowns each and {} pears at {} crowns each to a customer "
    "who pays with {} coins of silver. How much change does the customer get back from the merchant?"
)


def moulded(num: int, seed: int) -> list[str]:
    rng = random.Random(seed)
    return [MOULD.format(*(rng.randint(1, 99) for _ in range(5))) for _ in range(num)]


def test_of_many_problems_from_one_template_those_of_the_same_figures_are_found() -> None:
    prompts = list(dict.fromkeys(moulded(2_500, seed=5)))
    copies = [prompt.replace("the old harbour town", "an ancient port") for prompt in prompts[:100]]
    why = reasons([Question(prompt) for prompt in (*prompts, *copies)], NearDedup(threshold=75))
    assert [each and each.twin for each in why] == [
        *[None] * len(prompts),
        *[Question(prompt).id for prompt in prompts[:100]],
    ]


def test_without_the_guard_a_template_is_one_question_and_generated_ones_are_kept_for_their_figures() -> None:
    prompts = list(dict.fromkeys(moulded(2_500, seed=6)))
    why = reasons([Question(prompt) for prompt in prompts], NearDedup(threshold=75, numbers_guard=False))
    assert {each and each.twin for each in why[1:]} == {Question(prompts[0]).id}
    assert set(reasons([generated(prompt) for prompt in prompts], NearDedup(threshold=75))) == {None}
    half = len(prompts) // 2
    mixed = [*map(generated, prompts[:half]), *map(Question, prompts[half:])]
    why = reasons(mixed, NearDedup(threshold=75, numbers_guard="families"))
    assert [place for place, each in enumerate(why) if each is None] == list(range(half))


@pytest.mark.parametrize("ending", [" ", "!", " more"])
def test_of_thousands_of_the_same_one_is_kept(ending: str) -> None:
    questions = [Question(FOX + ending * num) for num in range(60)] * 50 + [
        Question(f"{SHIP}{' ' * num}") for num in range(2_000)
    ]
    why = reasons(questions, NearDedup(threshold=75))
    assert [place for place, each in enumerate(why) if each is None] == [0, 60 * 50]


@pytest.mark.parametrize("prompt", ["", "\x00", "\ud800", "word", "x" * 1_000_000])
def test_hostile_text_is_text_like_any_other(prompt: str) -> None:
    why = reasons([Question(prompt), Question(SHIP), Question(f"\n{prompt} ")])
    assert [each and each.reason for each in why] == [None, None, "near duplicate"]


@pytest.mark.parametrize(("order", "num_kept"), [("rows", 1), ("reversed", 16)])
def test_the_defect_of_the_reference_depends_on_the_order(order: str, num_kept: int) -> None:
    questions = [Question(f"{FOX} The same, number {letter}.") for letter in "abcdefghijklmnopqrst"]
    chosen = {"rule": "openthoughts", "compat": "limit_5", "compat_order": order}
    plugin = NearDedup.model_validate(chosen)
    why = reasons(questions, plugin)
    assert why.count(None) == num_kept
    report = plugin.report()
    assert report is not None
    assert report.facts["compat_order"] == order
    assert NearRule(**report.facts["rule"]).threshold == 95  # what the card counts its near-duplicates by
    assert reasons(questions, NearDedup.model_validate({"rule": "openthoughts"})).count(None) == 1
    assert {each.twin for each in why if each is not None} <= {question.id for question in questions}


def test_the_defect_is_asked_for_with_its_rule() -> None:
    with pytest.raises(ValueError, match="goes with"):
        NearDedup.model_validate({"compat": "limit_5"})


@given(st.lists(st.integers(0, 4), min_size=1, max_size=12), st.integers(0, 12))
@settings(max_examples=20, deadline=None)
def test_what_is_known_to_repeat_nothing_changes_nothing_for_what_is_new(kinds: list[int], num: int) -> None:
    samples = [Sample(Question(f"{FOX[kind * 7 :]} {FOX} {'no ' * i}{kind}")) for i, kind in enumerate(kinds)]
    plugin = NearDedup().fresh(Context())
    known = [each for each, why in zip(samples[:num], plugin.drop_reasons(samples[:num]), strict=True) if why is None]
    expected = list(plugin.drop_reasons([*known, *samples[num:]]))[len(known) :]
    assert plugin.repeats(known, samples[num:]) == expected
