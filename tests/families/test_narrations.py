"""The three narrations of one derivation: each longer than the one before, and all checked alike."""

from __future__ import annotations

import functools
import itertools
import re
from collections import Counter
from statistics import median

import pytest

from open_thoughts_gen import plugin
from open_thoughts_gen.narration.plan import Narration, phrases
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Question, Request, Trace
from open_thoughts_gen.verifiers.steps import Steps

STEPS = Steps(num_workers=1)  # its worker is started once
NUM = 24
PHRASE = re.compile("|".join(f"{re.escape(phrase)} " for phrase in phrases()["lead/refute"]))
NARRATIONS: tuple[Narration, ...] = ("brief", "normal", "deliberate")
FAMILIES = {"statutes": ("deposit", "notice", "tax"), "counterfactual": ()}


@functools.cache
def traces(family: str, narration: Narration) -> list[tuple[Question, Trace]]:
    settings = {"schemes": list(FAMILIES[family])} if FAMILIES[family] else {}
    drawn = itertools.islice(Family(family=family, settings=settings).fresh(Context(seed=5)).questions(), NUM)
    questions = [question for question in drawn if isinstance(question, Question)]
    told = Solver(narration=narration).traces(Request(question) for question in questions)
    return list(zip(questions, told, strict=True))


@pytest.mark.parametrize("narration", NARRATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_narration_passes_the_same_check_of_its_figures(family: str, narration: Narration) -> None:
    verdicts = [STEPS.verdict(*pair) for pair in traces(family, narration)]
    wrong = [verdict.why for verdict in verdicts if verdict.outcome == "incorrect"]
    assert wrong == []
    assert Counter(verdict.outcome for verdict in verdicts)["correct"] > 0.8 * NUM


@pytest.mark.parametrize("family", FAMILIES)
def test_each_narration_is_longer_than_the_one_before(family: str) -> None:
    lengths = [[num_tokens(trace.reasoning) for _, trace in traces(family, narration)] for narration in NARRATIONS]
    brief, normal, deliberate = (median(each) for each in lengths)
    assert brief < normal < deliberate
    assert all(one <= other for one, other in zip(lengths[1], lengths[2], strict=True))


def test_a_deliberate_trace_of_law_is_long_enough_to_learn_from() -> None:
    lengths = [num_tokens(trace.reasoning) for _, trace in traces("statutes", "deliberate")]
    assert median(lengths) >= 900
    assert max(lengths) <= 3000


def test_a_deliberate_trace_reads_before_it_decides() -> None:
    assert all("\n- " in trace.reasoning for _, trace in traces("statutes", "deliberate"))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_wrong_turn_is_taken_back_at_once_and_only_in_a_deliberate_trace(family: str) -> None:
    num_turns = 0
    for (question, deliberate), (_, normal) in zip(traces(family, "deliberate"), traces(family, "normal"), strict=True):
        origin = plugin.problem_of(question)
        assert origin is not None
        steps = origin[0].derive(origin[1]).steps
        for step, following in itertools.pairwise(steps):
            if step.kind == "turn" and following.kind == "refute":
                num_turns += 1
                pairs = itertools.product(step.texts, following.texts)
                assert any(" ".join(pair) in PHRASE.sub("", deliberate.reasoning) for pair in pairs)
                assert not any(text in normal.reasoning for text in step.texts)
    assert num_turns >= NUM // 4


def num_tokens(text: str) -> int:
    """Return how many words, numbers and marks a text has: hardly more than a model's tokens."""
    return len(re.findall(r"\w+|[^\w\s]", text))
