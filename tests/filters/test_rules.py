"""Named rules, words and patterns."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.rules import Rules, named_rules
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample


def reasons(*prompts: str, folder: Path = Path(), reference: str | None = "4", **settings: object) -> list[str]:
    rules = Rules.model_validate(settings).fresh(Context(folder=folder))
    drops = rules.drop_reasons([Sample(Question(prompt, reference)) for prompt in prompts])
    return [why.reason if why else "" for why in drops]


MATCHING = {
    "proof": ["Prove that 2 is prime.", "Let n > 1. Show that n! is even."],
    "multi_part": ["Find (a) the sum; (b) the product.", "a) Add. b) Multiply.", "Part 1: add.\nPart 2: multiply."],
    "multiple_choice": ["Pick. A) 1 B) 2", "Which of the following is prime?"],
    "yes_no": ["Is 91 prime?", "Let n = 3. Does n divide 9?", "True or false: 2 is odd."],
    "missing_figure": ["In the figure below, find x.", "As shown, ABC is a triangle.", "[asy] draw(A--B); [/asy]"],
    "image": ["![Image](x)", "See cat.PNG for it", "Here: [image]"],
    "url": ["Read https://example.org first.", "From www.example.org"],
}
NOT_MATCHING = {
    "proof": ["How much is 80-proof rum?", "Find the number that proves to be useful."],
    "multi_part": ["What is f(a) in terms of b?", "Vitamin a) is rare."],
    "multiple_choice": ["What is the area of A?", "A man walks to B."],
    "yes_no": ["How many are there?", "What is 2? It is even."],
    "missing_figure": ["Figure out x.", "How many figures has 2,031?"],
    "image": ["What is the image of f?", "A .png"],
    "url": ["Who wrote http?"],
}


@pytest.mark.parametrize("name", sorted(named_rules()))
def test_each_named_rule_matches_what_it_should_and_no_more(name: str) -> None:
    assert reasons(*MATCHING[name], rules=[name]) == [f"rule: {name.replace('_', ' ')}"] * len(MATCHING[name])
    plain = [prompt for prompt in NOT_MATCHING[name] if prompt != "A .png"]
    assert reasons(*plain, rules=[name]) == [""] * len(plain)


@pytest.mark.parametrize("name", sorted(named_rules()))
def test_named_rules_take_linear_time_on_hostile_text(name: str) -> None:
    texts = [unit * 20_000 for unit in ("\n", " ", "a) ", "A) ", "Is ", "![", "part a\n", "in the ", "<img")]
    assert len(reasons(*texts, rules=[name])) == len(texts)  # a quadratic search takes longer than a test may


def test_a_missing_reference_is_a_rule_too() -> None:
    assert reasons("?", reference=" ", rules=["no_reference"]) == ["rule: no reference"]
    assert reasons("?", rules=["no_reference"]) == [""]


def test_words_are_whole_and_in_either_case_unless_said_otherwise() -> None:
    prompts = ("My HOMEWORK asks.", "Homeworks differ.", "extra\n credit for you")
    assert reasons(*prompts, words=["homework", "extra credit"]) == ["rule: words", "", "rule: words"]
    assert reasons(*prompts, words=["homework"], ignore_case=False) == ["", "", ""]
    assert reasons(*prompts, words=["homework"], whole_words=False)[:2] == ["rule: words"] * 2
    assert reasons("C++ or C#?", words=["C++"]) == ["rule: words"]


def test_files_of_words_beside_the_recipe(tmp_path: Path) -> None:
    (tmp_path / "banned.txt").write_text("# shared by recipes\nhomework  # of pupils\n\n", "utf-8")
    assert reasons("My homework?", "Else?", folder=tmp_path, files=["banned.txt"]) == ["rule: words", ""]
    with pytest.raises(UserError, match=r"none\.txt cannot be read"):
        reasons("?", folder=tmp_path, files=["none.txt"])


def test_patterns_of_the_recipe_and_one_that_never_ends() -> None:
    hostile = "a" * 40 + "!"
    found = reasons("problem 12b", hostile, "x", patterns=[r"problem \d+[a-c]", r"^(a+)+$"], timeout_s=2)
    assert found == [r"rule: pattern problem \d+[a-c]", "rule: patterns", ""]


def test_keep_what_matches_and_look_at_the_reference() -> None:
    assert reasons("Prove that.", "What?", rules=["proof"], matching="keep") == ["", "no rule matches"]
    assert reasons("?", reference=r"\boxed{}", patterns=[r"\\boxed\{\}"], of="reference") != [""]


@pytest.mark.parametrize(
    ("settings", "message"),
    [({}, "at least one"), ({"rules": ["prof"]}, "did you mean 'proof'"), ({"patterns": ["("]}, "is not a pattern")],
)
def test_settings_that_make_no_sense(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Rules.model_validate(settings)
