from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen import text

LONG = 100_000


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        (r"so \boxed{1}, or rather \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (r"so $\boxed {73}$", "73"),
        (r"so \boxed{\left\{x=1\right.}", r"\left\{x=1\right."),
        (r"so \boxed{\{1, 2\}}", r"\{1, 2\}"),
        (r"so \fbox{yes}", "yes"),
        (r"The roots are \boxed{1} and \boxed{2}.", "1, 2"),
        (r"We get \boxed{5}. So the answer is \boxed{5}.", "5"),
        (r"so \boxed{\boxed{5}}", "5"),
        (r"\boxed{unclosed", None),
        (r"\boxed{1} and \boxed{unclosed", None),
        (r"so \boxed{}", None),
        ("Answer: 1\nmore\n**Final answer:** 42", "42"),
        ("> *Answer*: yes", "yes"),
        ("Work.\n\n✅ Final Answer: **73**", "73"),
        ("Work.\n\n**Final Answer**\n\n73", "73"),
        ("Work.\n\n**Final Answer:**\n\n$73$", "$73$"),
        ("Work.\n\n**Final Answer:** **73**.", "73"),
        ("Work.\n\n## Answer\n\n**Paris**\n\nI hope this helps!", "Paris"),
        ("Work.\n\n## Answer\n\nWe begin with five.\n\nThen there are ten.", None),
        ("Work.\n\n### Final answer\n---\n$x = 5$\n\n$y = 6$", "$x = 5$\n$y = 6$"),
        ("Work.\nAnswer:\n73", "73"),
        ("The final answer is:\n\n$$\n73\n$$", "$$\n73\n$$"),
        ("Work\n#### 73", "73"),
        ("#### Step 1\nWork", None),
        ("Work\n<answer>73</answer>", "73"),
        ("Work\n<answer>\n73", "73"),
        (r"<answer>So it is \boxed{73}</answer>", "73"),
        (r"\boxed{5} <answer>73</answer>", "73"),
        ("<answer>The final answer is 73.</answer>", "73"),
        ("The final answer is 73.", "73"),
        ("Work.\nTherefore, the answer is $\\frac{1}{2}$. I hope it is correct.", r"$\frac{1}{2}$"),
        ("Final Answer: The final answer is $73$. I hope it is correct.", "$73$"),
        ("98 + 1 = 99. So the answer is 99.", "99"),
        ("The answer is not 5.\nWork", None),
        ("If so, the answer is 5.\nWork", None),
        ("**Final Answer:** 73\n\nThe answer is plausible.", "73"),
        ("The answer (in metres): 5\nWork", "5"),
        (r"\textbf{Final Answer:} 73", "73"),
        ("Ответ: 73", "73"),
        ("所以答案是73。", "73"),
        ("最终答案：73", "73"),
        ("정답: 73", "73"),
        ("Réponse finale : 73", "73"),
        ("Respuesta: 73", "73"),
        ("الإجابة: 73", "73"),
        ("I think it is 42", None),
        ("He gave an answer: it was wrong", None),
        ("", None),
    ],
)
def test_the_final_answer_is_the_last_marked_one(response: str, answer: str | None) -> None:
    assert text.final_answer(response) == answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("42", "42"),
        (" 42\n", "42"),
        ("two\nlines", None),
        ("x" * 500, None),
        (r"\boxed{}", None),
        ("Answer: 7", "7"),
        ("I count them all.\n\n42", "42"),
        ("I count them all.\n\n$$x = 42$$", "$$x = 42$$"),
        ("I count them all, and the option is\n**B**", "**B**"),
        ("I count them.\nThere are 42.", None),
        ("The solutions are\n\n$x=5$\n\nand\n\n$x=6$", None),
        ("I count:\n- 5\n- 6", None),
        ("I count.\n40 + 2 = 42", None),
        (r"so \boxed{42", None),
    ],
)
def test_a_short_response_or_a_last_line_with_a_value_is_its_own_answer(response: str, answer: str | None) -> None:
    assert text.stated_answer(response) == answer


@pytest.mark.parametrize(
    ("marks", "response", "answer"),
    [
        (("Ergebnis:",), "Wir rechnen.\nErgebnis: 7 m\nFertig.", "7 m"),
        (("Ergebnis:",), "Wir rechnen.\n**Ergebnis:**\n\n7 m", "7 m"),
        (("ergebnis",), "Ergebnis 5\nErgebnis 7", "7"),
        (("<result>{answer}</result>",), r"<result>\n 7 </result> \boxed{8}".replace(r"\n", "\n"), "7"),
        (("<result>{answer}</result>",), r"<result>7 \boxed{8}", "8"),
        (("Ergebnis:", "Resultat:"), "Resultat: 7", "7"),
        (("Ergebnis:",), "Answer: 8", "8"),
    ],
)
def test_a_recipe_adds_its_own_marks(marks: tuple[str, ...], response: str, answer: str) -> None:
    assert text.stated_answer(response, marks) == answer


PIECES = [
    r"\boxed{", r"\boxed{5}, ", r"\boxed {", "{", "}", "\\", "\n", " ", "*", "_", ".", "#### ", "####", "Answer:\n",
    "answer: ", "Final Answer", "the answer is ", "The answer is. ", "<answer>", "</answer>", "答案", "答", "So ", "$",
    "5", "x", "(", "- ", "=", "I hope it is correct", "\u200b", "'",
]  # fmt: skip


def read(response: str) -> None:
    for marks in ((), ("Ergebnis:", "<answer>{answer}</answer>", "x")):
        text.stated_answer(response, marks)
    text.boxed(response)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=4), st.sampled_from(PIECES))
def test_hostile_text_of_any_size_is_read(pieces: list[str], last: str) -> None:
    repeated = "".join(pieces)
    read(repeated * (LONG // len(repeated)) + last)


def num_calls(function: Callable[[str], None], argument: str) -> int:
    """Return how many calls a function makes, those of C functions included."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        function(argument)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", PIECES)
def test_twice_the_text_takes_at_most_twice_the_steps(piece: str) -> None:
    once, twice = (num_calls(read, piece * size) for size in (500, 1000))
    assert twice <= 2 * once + 50


def test_a_box_with_many_spaces_is_read_at_once() -> None:
    inside = "5" + " " * LONG + "x"
    assert text.stated_answer(rf"\boxed{{{inside}}}") == inside


@given(st.text())
def test_any_text_in_a_box_or_in_tags_is_found(string: str) -> None:
    inside = string.replace("{", "").replace("}", "").replace("\\", "").replace("<", "").strip()
    assert text.final_answer(rf"work \boxed{{{inside}}}") == (inside or None)
    assert text.boxed(rf"work \boxed{{{inside}}}") == inside
