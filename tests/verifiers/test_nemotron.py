from __future__ import annotations

import pytest

from open_thoughts_gen.text.challenge_metric import extracted, same
from open_thoughts_gen.types import FinishReason, Outcome, Question, Trace
from open_thoughts_gen.verifiers.nemotron import Nemotron


@pytest.mark.parametrize(
    ("output", "answer"),
    [
        (r"It is \boxed{42}.", "42"),
        (r"\boxed{1} and then \boxed{2}", "2"),
        (r"\boxed{7} \boxed{}", "7"),  # the last that is not empty
        (r"\boxed{}", ""),
        (r"\boxed{}52}", "}52"),  # an answer with a brace in it
        (r"\boxed{^<}}", "^<}"),  # and one that ends in it
        (r"\boxed{00} or \boxed{0010}", "0010"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{3} since {x} is", "3} since {x"),  # the last brace, wherever it stands
        (r"\boxed{12", "12"),
        (r"\boxed{ab}cd \boxed{ }", "ab"),
        ("The final answer is: 3.14", "3.14"),
        ("final answer: XLVII\nbecause", "XLVII"),
        ("Final answer： 5", "5"),
        ("The final answer is 8, or 9", "9"),  # no colon: the last number
        ("Just a number 100 in text", "100"),
        ("down to -4.50.", "-4.50"),
        ("nothing\n  at all \n", "at all"),
        ("", "NOT_FOUND"),
    ],
)
def test_what_is_extracted(output: str, answer: str) -> None:
    assert extracted(output) == answer


@pytest.mark.parametrize(
    ("reference", "answer", "is_same"),
    [
        ("10011000", "10011000", True),
        ("10011000", "10011001", False),
        ("11011", "00011011", False),  # bits are text
        ("1", "1.0", False),
        ("100", "100.9", False),
        ("24.64", "24.6401", True),
        ("24.64", "24.88", True),  # one percent
        ("24.64", "24.89", False),
        ("0.000001", "0.00001", True),
        ("61", "061", True),
        ("XLVII", "xlvii", True),
        ("queen discovers", "Queen  discovers", False),
        ("}52", "}52", True),
        ("nan", "nan", False),
        ("5", "five", False),
    ],
)
def test_how_it_is_compared(reference: str, answer: str, is_same: bool) -> None:
    assert same(reference, answer) is is_same


@pytest.mark.parametrize(
    ("reasoning", "response", "finish_reason", "outcome"),
    [
        ("", r"\boxed{42}", "stop", "correct"),
        (r"\boxed{42}", "Done.", "stop", "correct"),  # the whole output counts
        (r"\boxed{42}", r"\boxed{41.9}", "stop", "correct"),
        (r"\boxed{42}", r"\boxed{41}", "stop", "incorrect"),
        ("", "", "stop", "incorrect"),
        ("it is 42", "", "length", "undecided"),
        ("", "It is 42, or 43", "length", "incorrect"),
        ("", "", "error", "undecided"),
    ],
)
def test_verdicts(reasoning: str, response: str, finish_reason: FinishReason, outcome: Outcome) -> None:
    verdict = Nemotron().verdict(Question("?", "42"), Trace("q", 0, "t", reasoning, response, finish_reason))
    assert verdict.outcome == outcome
