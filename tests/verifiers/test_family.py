"""The verifier `family`: the second implementation judges, and says where it disagrees with the first."""

from __future__ import annotations

import itertools
import json
import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen import plugin
from open_thoughts_gen.sources.family import Family as FamilySource
from open_thoughts_gen.types import Derivation, Question, Trace, Verdict
from open_thoughts_gen.verifiers.family import Family
from tests.toy.sums import Sums


class Torn(Sums):
    """A family whose first implementation is wrong by one."""

    def derive(self, problem: plugin.Problem) -> Derivation:
        right = super().derive(problem)
        return replace(right, answer=str(int(right.answer) + 1))


def question_of(family: str = "tests.toy.sums:Sums", **settings: int) -> Question:
    source = FamilySource(family=family, settings=settings).fresh(plugin.Context())
    return next(itertools.islice(source.questions(), 1))


STATUTES = [
    question
    for question in itertools.islice(FamilySource(family="statutes").fresh(plugin.Context()).questions(), 12)
    if isinstance(question, Question)
]


def verdict_on(question: Question, response: str) -> Verdict:
    return Family().verdict(question, Trace(question.id, 0, "t", "because", response))


def test_the_reference_is_correct() -> None:
    question = question_of()
    verdict = verdict_on(question, f"So it is.\n\nAnswer: {question.reference}")
    assert verdict == Verdict("family", "correct", answer=question.reference)


@pytest.mark.parametrize(
    ("response", "outcome", "explanation"),
    [
        ("Answer: 12", "incorrect", ""),
        ("Answer: twelve", "undecided", "not a number"),
        ("It is twelve.", "undecided", "no answer: the response marks none"),
        ("", "undecided", "no answer: the response marks none"),
    ],
)
def test_other_answers(response: str, outcome: str, explanation: str) -> None:
    verdict = verdict_on(question_of(), response)
    assert (verdict.outcome, verdict.why) == (outcome, explanation)


def test_a_disagreement_of_the_two_is_undecided_whatever_the_answer() -> None:
    question = question_of(f"{__name__}:Torn")
    for answer in (question.reference, str(int(question.reference or 0) - 1)):
        verdict = verdict_on(question, f"Answer: {answer}")
        assert verdict.outcome == "undecided"
        assert "the two implementations disagree" in verdict.explanation


def test_a_question_of_no_family_is_undecided() -> None:
    assert verdict_on(Question("2 + 2?", "4"), "Answer: 4").cause == "no family"


def test_a_row_of_a_file_cannot_name_code_to_load() -> None:
    meta = {"family": "antigravity:Fly", "spec": {}}
    assert verdict_on(Question("2 + 2?", "4", source="files", meta=meta), "Answer: 4").outcome == "undecided"


def test_the_settings_of_the_row_are_used() -> None:
    question = question_of(bound=10)
    origin = plugin.problem_of(question)
    assert origin is not None
    family, problem = origin
    assert isinstance(family, Sums)
    assert family.bound == 10
    assert problem == plugin.Problem(question.prompt, question.meta["spec"])


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"spec": None}, "case"),
        ({"spec": []}, "case"),
        ({"spec": {"scheme": "../../../etc/passwd"}}, "case"),
        ({"settings": "all"}, "case"),
        ({"settings": {"no_such_setting": 1}}, "case"),
        ({"family": "no_such_family"}, "case"),
        ({"family": "os.path:join"}, "case"),
        ({"spec": {1, 2}}, "case"),
        ({"spec": float("nan")}, "case"),
    ],
)
def test_a_case_that_is_none_is_undecided(changes: dict[str, Any], cause: str) -> None:
    question = question_of("statutes")
    changed = replace(question, meta={**question.meta, **changes})
    changed = replace(changed, source=f"family:{changed.meta['family']}")
    verdict = verdict_on(changed, f"Answer: {question.reference}")
    assert (verdict.outcome, verdict.cause) == ("undecided", cause)


@pytest.mark.parametrize(
    "addition",
    ["a, 1). result(allowed, yes). p(X+1) :- p(X). p(0). law(b", '#include "/etc/passwd"', "A", "", "a b"],
)
def test_a_case_adds_no_rules(addition: str, verifier: Family) -> None:
    question = question_of("statutes")
    facts = question.meta["spec"]["facts"]
    for changed_facts in (
        {**facts, addition: 1},
        {**facts, "things": [{addition: 1}]},
        {**facts, addition: [{"a": 1}]},
    ):
        spec = {**question.meta["spec"], "facts": changed_facts}
        changed = replace(question, meta={**question.meta, "spec": spec})
        verdict = verifier.verdict(changed, Trace("q", 0, "t", "", f"Answer: {question.reference}"))
        assert (verdict.outcome, "is not a name" in verdict.explanation) == ("undecided", True)


@pytest.fixture(scope="module")
def verifier() -> Iterator[Family]:
    made = Family(timeout_s=2, num_workers=1).fresh(plugin.Context())
    yield made
    made.close()


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the paths to all that a JSON value holds."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inner:
        yield (*path, key)
        yield from places(each, (*path, key))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["9999-12-31", 10**9]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_no_case_makes_it_raise(data: st.DataObject, verifier: Family) -> None:
    question = data.draw(st.sampled_from(STATUTES))
    spec = json.loads(json.dumps(question.meta["spec"]))
    *path, last = data.draw(st.sampled_from(list(places(spec))))
    held = spec
    for key in path:
        held = held[key]
    if data.draw(st.booleans()):
        held[last] = data.draw(JSON)
    else:
        del held[last]
    trace = Trace("q", 0, "t", "", f"Answer: {question.reference}")
    changed, known = (replace(question, meta={**question.meta, "spec": each}) for each in (spec, question.meta["spec"]))
    first, second = verifier.verdicts([(changed, trace), (known, trace)])
    assert first.outcome in {"correct", "incorrect", "undecided"}
    assert first.explanation.isprintable()
    assert second.outcome == "correct"


def test_it_survives_pickling() -> None:
    question = question_of()
    verifier = pickle.loads(pickle.dumps(Family()))
    trace = Trace(question.id, 0, "t", "", f"Answer: {question.reference}")
    assert verifier.verdict(question, trace).outcome == "correct"
