"""All of several verifiers: what it is for. Its truth table is held in tests/plugin/test_routing.py."""

from __future__ import annotations

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.all_of import AllOf


@pytest.mark.parametrize(
    ("response", "outcome", "told"),
    [
        (
            "Answer: B",
            "correct",
            "exact: correct, the answer is the reference; choice: correct, the answer is option B",
        ),
        ("Answer: (B)", "incorrect", "another text: exact: incorrect, another text"),
        ("I\nam silent", "undecided", "no answer: exact: undecided, no answer: the response marks none; choice: "),
    ],
)
def test_the_letter_and_its_form(response: str, outcome: str, told: str) -> None:
    one = AllOf.model_validate({"of": ("exact", "choice")}).fresh(Context())
    verdict = one.verdict(Question("Which?", "B"), Trace("", 0, "t", "", response))
    assert verdict.outcome == outcome
    assert verdict.why.startswith(told)
