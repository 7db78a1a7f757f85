from __future__ import annotations

import pytest

from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.format import Format, foreign_rate, kind

PROMPT = "You are a careful solver who always thinks in small steps and then answers."


def why(reasoning: str, response: str, settings: dict[str, object], reference: str | None = "42") -> str:
    verdict = Format.model_validate(settings).verdict(
        Question("How many?", reference), Trace("q", 0, "t", reasoning, response)
    )
    assert (verdict.outcome == "correct") == (verdict.explanation == "the form is right")
    return verdict.why


@pytest.mark.parametrize(
    ("reasoning", "response", "settings", "explanation"),
    [
        ("I count.", r"So \boxed{41}.", {}, "the form is right"),  # right or not is for others to say
        ("I count.", "Answer: 41", {}, "the form is right"),
        ("", r"\boxed{41}", {}, "no reasoning"),
        ("", r"\boxed{41}", {"reasoning": False}, "the form is right"),
        ("I count.", "", {}, "no response"),
        ("I <think> so.", r"\boxed{41}", {}, "tags: <think> stands in the text"),
        ("I count.", r"so</think>\boxed{41}", {}, "tags: </think> stands in the text"),
        ("I count.", "It is 41.", {}, "no answer: none is marked"),
        ("I count.", "Answer: 41", {"answer": "boxed"}, "no answer: none is marked as boxed"),
        ("I count.", r"\boxed{41}", {"answer": "line"}, "no answer: none is marked as line"),
        ("I count.", r"\boxed{41", {}, "no answer: none is marked"),
        ("I count.", "```\nx = 1\nAnswer: 41", {}, "code block: the last is not closed"),
        ("让我们数一数。", r"\boxed{41}", {"script": "latin"}, "language: 100.0% of the letters are not latin"),
        ("I count α and β, naïvely.", r"\boxed{41}", {"script": "latin"}, "the form is right"),
        ("Считаю.", r"\boxed{41}", {"script": "cyrillic", "max_foreign_rate": 0.5}, "the form is right"),
        ("The reference answer says 41.", r"\boxed{41}", {}, "leak: 'the reference answer'"),
        (
            "Since I am one who always thinks in small steps and then answers, I count.",
            r"\boxed{41}",
            {"instruction": PROMPT},
            "leak: 'who always thinks in small steps and then'",
        ),
        ("I think in small steps.", r"\boxed{41}", {"instruction": PROMPT}, "the form is right"),
        ("I count.", r"\boxed{forty-one}", {}, "kind: the answer is words, the reference figures"),
        ("I count.", r"\boxed{forty-one}", {"like_reference": False}, "the form is right"),
    ],
)
def test_each_fault_is_told(reasoning: str, response: str, settings: dict[str, object], explanation: str) -> None:
    assert why(reasoning, response, settings) == explanation


def test_without_a_reference_the_kind_is_not_known() -> None:
    assert why("I count.", r"\boxed{41}", {}, None).startswith("no reference")
    assert why("I count.", r"\boxed{41}", {"like_reference": False}, None) == "the form is right"


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ("42", "figures"), ("$-3.5$", "figures"), (r"\frac{1}{2}", "figures"), (r"\sqrt{x}", "figures"),
        ("6 July 2031", "figures"), ("B", "a letter"), ("(B)", "a letter"), ('{"a": 1}', "JSON"), ("yes", "words"),
        ("Ada Lovelace", "words"), ("?", "signs"), ("a\nb", "several lines"),
    ],
)  # fmt: skip
def test_kinds(answer: str, found: str) -> None:
    assert kind(answer) == found


@pytest.mark.parametrize(
    ("prompt", "settings", "response", "reason"),
    [
        ("Put it between <answer> and </answer>.", {}, "<answer>5</answer>", "the form is right"),
        ("How many?", {"instruction": "Use <answer></answer>."}, "<answer>5</answer>", "the form is right"),
        ("How many?", {"answer": "tags"}, "<answer>5</answer>", "the form is right"),
        ("How many?", {"answer": "tags"}, r"\boxed{5}", "no answer: none is marked as tags"),
        ("How many?", {}, "<answer>5</answer>", "tags: <answer> stands in the text"),
        ("Use <answer>.", {}, "<answer>5", "tags: <answer> is not closed as often as it is opened"),
        ("Use <think> and <answer></answer>.", {}, "<think>5<answer>5</answer>", "tags: <think> stands in the text"),
    ],
)
def test_tags_that_were_asked_for_are_part_of_the_form(
    prompt: str, settings: dict[str, object], response: str, reason: str
) -> None:
    verifier = Format.model_validate(settings)
    assert verifier.verdict(Question(prompt, "5"), Trace("q", 0, "t", "I count.", response)).why == reason


def test_alphabets() -> None:
    assert foreign_rate("abc где", "latin") == 0.5
    assert foreign_rate("漢字かな", "cjk") == 0
    assert foreign_rate("123 + 4", "latin") == 0
