"""A change is tried by deciding the changed case: the options of a question, and the single facts of a slow reading."""

from __future__ import annotations

import functools
from random import Random

import pytest

from open_thoughts_gen import plugin
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.trying import in_a_sentence
from open_thoughts_gen.families.statutes import schemes
from open_thoughts_gen.narration.plan import NarrationPlan
from open_thoughts_gen.plugin import Context, Problem

NUM = 8
SCHEMES = schemes_of(schemes)


@functools.cache
def family(scheme: str, ask: str) -> SchemeFamily:
    loaded = plugin.load("family", "statutes")
    assert issubclass(loaded, SchemeFamily)
    return loaded(schemes=(scheme,), kinds=(ask,)).fresh(Context())  # type: ignore[call-arg]


def problems(scheme: str, ask: str) -> list[tuple[Problem, ProblemCase]]:
    drawn = (family(scheme, ask).problem(Random(f"trial {scheme} {number}")) for number in range(NUM))
    return [(problem, ProblemCase.of(problem.spec, SCHEMES[scheme].known_forms)) for problem in drawn]


def closings(scheme: ProblemScheme, kind: str, **values: str) -> dict[str, tuple[str, ...]]:
    """Return how a trial can end, by what it comes to."""
    sheet = Page(scheme.words, scheme.known_forms, Pen(""))
    return {how: tuple(sheet.tell(f"steps/try.{kind}.{how}", **values)) for how in ("turned", "same", "idle")}


@pytest.mark.parametrize("name", SCHEMES)
def test_each_option_is_worked_out_and_says_whether_the_answer_turns(name: str) -> None:
    num_reasoned = 0
    for problem, case in problems(name, "flip"):
        derivation = family(name, "flip").derive(problem)
        trials = [step for step in derivation.steps if step.kind == "trial"]
        for option, trial in zip(case.options, trials, strict=True):
            ends = closings(SCHEMES[name], "trial", letter=option["letter"])
            hows = {how for how in ends for text in trial.texts if text.endswith(ends[how])}
            assert len(hows) == 1, trial.texts
            assert (hows == {"turned"}) == (option["letter"] == derivation.answer), trial.texts
            num_reasoned += hows != {"idle"} and bool(trial.claims or trial.cites)
    assert num_reasoned >= NUM  # the right one of each at least; an option may touch no step


@pytest.mark.parametrize("name", SCHEMES)
def test_a_change_that_is_tried_says_whether_the_answer_is_another_one(name: str) -> None:
    scheme, one, num_turned = SCHEMES[name], family(name, "allowed"), 0
    for problem, _ in problems(name, "allowed"):
        former = one.derive(problem).answer
        other = "No" if former == "Yes" else "Yes"
        turned = closings(scheme, "change", answer=other, former=former)["turned"]
        ends = closings(scheme, "change", answer=former, former=former)
        trials = [step for step in one.notes(problem) if step.kind == "trial"]
        assert all(text.endswith((*turned, *ends["same"], *ends["idle"])) for step in trials for text in step.texts)
        num_turned += any(text.endswith(turned) for step in trials for text in step.texts)
    assert num_turned


def test_a_case_whose_changes_are_tried_is_not_told_twice() -> None:
    (problem, _), *_ = problems("tax", "allowed")
    one = family("tax", "allowed")
    parts = {part.part for part in NarrationPlan(one.derive(problem), "deliberate", one.notes(problem)).paragraphs()}
    assert "changes" in parts
    assert "again" not in parts


def test_the_sentence_of_an_option_begins_small_unless_with_a_name() -> None:
    assert in_a_sentence("The claim is brought on 4 May") == "the claim is brought on 4 May"
    assert in_a_sentence("Theodora votes against") == "Theodora votes against"
