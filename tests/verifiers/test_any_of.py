"""Any of several verifiers: what it is for. Its truth table is held in tests/plugin/test_routing.py."""

from __future__ import annotations

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.any_of import AnyOf


@pytest.mark.parametrize(
    ("response", "outcome", "answer"),
    [
        ("Answer: (B)", "correct", "B"),
        ("Answer: C", "incorrect", "C"),
        ("Answer: perhaps", "undecided", "perhaps"),
        ("I\nam silent", "undecided", None),
    ],
)
def test_one_right_form_is_enough(response: str, outcome: str, answer: str | None) -> None:
    one = AnyOf.model_validate({"of": ("exact", "choice")}).fresh(Context())
    verdict = one.verdict(Question("Which?", "B"), Trace("", 0, "t", "", response))
    assert (verdict.outcome, verdict.answer) == (outcome, answer)
