"""The source `family`: problem i depends on the seed and i alone, and twins come in pairs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from open_thoughts_gen import plugin
from open_thoughts_gen.engines import spread
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.types import Question
from tests.toy.sums import Sums

SUMS = "tests.toy.sums:Sums"


class Stuck(Sums):
    """A family with a bug: its twin has the same answer."""

    def twin(self, problem: plugin.Problem, rng: Random) -> plugin.Problem | None:
        left, right = problem.spec["terms"]
        return plugin.Problem(f"What is {right} plus {left}?", {"terms": [right, left]})


class Tupled(Sums):
    """A family whose case is not plain JSON yet."""

    def _problem(self, terms: list[int]) -> plugin.Problem:
        return plugin.Problem(f"{terms}?", {"terms": tuple(terms)})


def drawn(num: int, *, seed: int = 0, **settings: Any) -> list[Question]:
    source = Family(family=SUMS, **settings).fresh(Context(seed=seed))
    return list(itertools.islice(source.questions(), num))


def test_a_question_carries_what_a_stranger_needs_to_check_it() -> None:
    (question,) = drawn(1, seed=7, settings={"bound": 100})
    left, right = question.meta["spec"]["terms"]
    assert question.prompt == f"What is {left} plus {right}?"
    assert question.reference == str(left + right)
    assert (question.domain, question.source, question.license) == ("math", f"family:{SUMS}", "cc0-1.0")
    assert question.meta == {
        "level": len(str(max(left, right))),
        "family": SUMS,
        "settings": {"bound": 100},
        "seed": 7,
        "index": 0,
        "spec": {"terms": [left, right]},
        "derivation": [{"kind": "compute", "claims": [f"{left} + {right} = {left + right}"]}],
    }
    assert "settings" not in drawn(1)[0].meta


@given(seed=st.integers(0, 99), few=st.integers(0, 12), more=st.integers(0, 12), twins=st.sampled_from([0, 0.4, 1]))
def test_a_longer_draw_begins_with_the_shorter_one(seed: int, few: int, more: int, twins: float) -> None:
    longer = drawn(few + more, seed=seed, twins=twins)
    assert longer[:few] == drawn(few, seed=seed, twins=twins)


def test_another_seed_gives_other_problems() -> None:
    assert not {question.id for question in drawn(20, seed=1)} & {question.id for question in drawn(20, seed=2)}


def test_meta_has_been_through_json() -> None:
    (question,) = itertools.islice(Family(family=f"{__name__}:Tupled").fresh(Context()).questions(), 1)
    assert question.meta == json.loads(json.dumps(dict(question.meta)))
    assert isinstance(question.meta["spec"]["terms"], list)


def test_twins_follow_their_first_and_share_its_pair() -> None:
    questions = drawn(40, twins=1.0)
    for first, twin in zip(questions[::2], questions[1::2], strict=True):
        assert first.meta["pair"] == twin.meta["pair"] == twin.meta["twin_of"] == first.id
        assert "twin_of" not in first.meta
        assert first.meta["index"] == twin.meta["index"]
        assert first.reference != twin.reference
    shares = [question for question in drawn(400, twins=0.25) if "twin_of" in question.meta]
    assert 50 < len(shares) < 110


def test_twins_leave_the_first_problems_as_they_were() -> None:
    plain = [question.id for question in drawn(10)]
    assert [question.id for question in drawn(20, twins=1.0)][::2] == plain


def test_limit_counts_problems() -> None:
    assert len(drawn(99, limit=5)) == 5
    assert len(drawn(99, limit=5, twins=1.0)) == 10
    assert Family(family=SUMS).endless
    assert not Family(family=SUMS, limit=5).endless


def test_a_twin_with_the_same_answer_is_a_bug_of_the_family() -> None:
    source = Family(family=f"{__name__}:Stuck", twins=1.0).fresh(Context())
    with pytest.raises(RuntimeError, match="same prompt or answer"):
        list(itertools.islice(source.questions(), 2))


@pytest.mark.parametrize(
    ("given_", "place", "told"),
    [
        ({"family": "statuets"}, ("family",), "there is no family 'statuets'"),
        ({"family": "tests.toy.sums:Adder"}, ("family",), "no family class 'Adder'"),
        ({"family": SUMS, "settings": {"bound": "many", "size": 3}}, ("settings",), "bound: Input should be"),
        ({"family": SUMS, "settings": {"bound": "many", "size": 3}}, ("settings",), "size: Extra inputs"),
        ({"family": SUMS, "twins": 1.5}, ("twins",), "less than or equal to 1"),
    ],
)
def test_faults_are_told_where_they_stand(given_: Mapping[str, Any], place: tuple[str, ...], told: str) -> None:
    with pytest.raises(ValidationError) as raised:
        Family.model_validate(given_)
    (fault,) = raised.value.errors()
    assert fault["loc"] == place
    assert told in fault["msg"]


def test_problems_that_workers_draw_are_those_drawn_here() -> None:
    with Local(2, Trial(trial_s=0, worth_s=0, batch_s=0.01)) as engine:
        source = Family(family=SUMS, twins=0.3).fresh(Context(spread=spread(engine)))
        questions = list(itertools.islice(source.questions(), 150))
    assert questions == drawn(150, twins=0.3)
    assert [question.meta["index"] for question in drawn(150, limit=40)] == list(range(40))
