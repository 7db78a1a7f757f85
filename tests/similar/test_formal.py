from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.similar.formal import formal_content


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("12 apples at 3 crowns", "13 apples at 3 crowns"),
        ("12 apples at 3 crowns each", "12 apples at 3 crowns each, 3 pears"),
        ("twelve apples", "thirteen apples"),
        ("a third of it", "a quarter of it"),
        ("due on 4 may 2031", "due on 4 june 2031"),
        ("due on 4 march", "due on 4 may"),
        ("due on monday", "due on friday"),
        ("find x + y", "find x - y"),
        ("find x + 2", "find y + 2"),
        (r"evaluate \sin x", r"evaluate \cos x"),
        ("solve x < 2", "solve x > 2"),
        ("solve x ≤ 2", "solve x ≥ 2"),
        ("compute 5!", "compute 5"),
        ("compute n!", "compute n"),
        ("compute 4 * 5", "compute 4 / 5"),
        ("of -3", "of 3"),
        ("the value x1", "the value x2"),
        ("pay 1.5", "pay 15"),
    ],
)
def test_other_figures_and_formulas_are_other_content(one: str, other: str) -> None:
    assert formal_content(one) != formal_content(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it ran 12 miles.", "it ran 12 miles!"),
        ("pay 1,000 crowns", "pay 1000 crowns"),
        ("pay 1,234,567", "pay 1234567"),
        ("a well-known rule and i agree", "the known rule, we agree"),
        ("**12** apples", "12 apples"),
        ("", "only words here"),
    ],
)
def test_other_words_are_not(one: str, other: str) -> None:
    assert formal_content(one) == formal_content(other)


_PIECES = [
    *"aibcxz7.-!*_ '",
    " a ",
    " b ",
    "-",
    " - ",
    "don't",
    "well-known",
    "seven",
    "May",
    "march",
    "may 3",
    "x1",
    "\n",
]


@given(st.lists(st.sampled_from([*_PIECES, "some", "words", ", ", "é"]), max_size=12).map("".join))
def test_what_is_seen_quickly_to_be_prose_has_no_formal_token(text: str) -> None:
    assert formal_content(text) == formal_content(f"≤ {text}")[1:]
