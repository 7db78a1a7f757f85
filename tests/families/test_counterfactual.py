"""The family of counterfactuals as a recipe uses it; what holds for each of its schemes is in `test_schemes`."""

from __future__ import annotations

from collections import Counter
from random import Random

from open_thoughts_gen.families.counterfactual import Counterfactual, schemes
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.plugin import Context


def test_its_settings_say_what_to_draw_from() -> None:
    family = Counterfactual(levels=(2,), asks=("served",)).fresh(Context())
    specs = [family.problem(Random(index)).spec for index in range(20)]
    assert {(spec["asks"], spec["level"]) for spec in specs} == {("served", 2)}


def test_the_coin_is_fair() -> None:
    family = Counterfactual(asks=("served",)).fresh(Context())
    answers = Counter(family.derive(family.problem(Random(index))).answer for index in range(300))
    assert 110 <= answers["Yes"] <= 190


def test_a_backup_that_was_kept_out_makes_a_cause_that_is_none_but_for_it() -> None:
    family = Counterfactual(schemes=("culprit",), asks=("held",)).fresh(Context())
    for index in range(10):
        problem = family.problem(Random(index))
        facts = problem.spec["facts"]
        results = schemes_of(schemes)["culprit"].prove(facts)
        assert results["second"] is True
        assert results["butfor"] is False
        assert results["held"]


def test_in_three_rungs_the_figures_that_answer_other_questions_are_on_offer() -> None:
    family = Counterfactual(schemes=("three_rungs",), asks=("which",)).fresh(Context())
    letters = Counter(family.derive(family.problem(Random(index))).answer for index in range(60))
    assert set(letters) == {"A", "B", "C"}
