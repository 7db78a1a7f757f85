from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen import text

LONG = 200_000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("What  is\n2 + 2?", "what is 2 + 2?"),
        ("ＡＢＣ１２", "abc12"),
        ("ﬁnal", "final"),
        ("Straße", "STRASSE"),
        ("cafe\u0301", "café"),
        ("a\u2028b\u00a0c", "a b c"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("soft\u00adhyphen", "softhyphen"),
    ],
)
def test_the_same_text_has_one_normal_form(one: str, other: str) -> None:
    assert text.normalise(one) == text.normalise(other)


@pytest.mark.parametrize(("one", "other"), [("2²", "22"), ("1½", "11⁄2"), ("x₁", "x1"), ("a b", "ab"), ("-5", "5")])
def test_different_texts_stay_different(one: str, other: str) -> None:
    assert text.normalise(one) != text.normalise(other)


@given(st.text())
def test_a_normal_form_is_its_own_normal_form(string: str) -> None:
    once = text.normalise(string)
    assert text.normalise(once) == once


@given(st.text())
def test_canonically_equal_texts_are_the_same(string: str) -> None:
    assert text.normalise(unicodedata.normalize("NFD", string)) == text.normalise(string)


@given(st.text())
def test_nothing_is_folded_unasked(string: str) -> None:
    assert text.normalise(string, ()) == string


@pytest.mark.parametrize("wrapped", ["Yes.", '"yes"', "**yes**", "$yes$", r"\text{Yes}", r"$\mathrm{ yes }$", "`yes`,"])
def test_punctuation_is_what_wraps_an_answer(wrapped: str) -> None:
    assert text.normalise(wrapped, ("case", "space", "punctuation")) == "yes"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O’Brien", "O'Brien"),
        ("“yes”", '"yes"'),
        ("1990–1995", "1990-1995"),
        ("−5", "-5"),
        ("New York City!", "New York City"),
        ("**Yes!**", "yes"),
        ("well‑known", "well-known"),
        ("«oui»", "oui"),
        ("'B'", "B"),
    ],
)
def test_quotes_hyphens_and_exclamations_are_punctuation(one: str, other: str) -> None:
    fold: tuple[text.Fold, ...] = (*text.FOLDS, "punctuation")
    assert text.normalise(one, fold) == text.normalise(other, fold)


@pytest.mark.parametrize(
    ("string", "num"),
    [
        ("", 0),
        ("x = 5", 0),
        ("two words", 2),
        ("Ответ очень простой", 3),
        ("答案是七十三个球", 4),
        (r"\frac{a}{b} cm", 0),
    ],
)
def test_words_are_counted_in_any_script(string: str, num: int) -> None:
    assert text.num_words(string) == num


@pytest.mark.parametrize("kept", ["5!", "n!", "-5", ".5", "$5", "$1$ and $2$", r"\text{a} \text{b}", "(a)", "**"])
def test_punctuation_with_a_meaning_stays(kept: str) -> None:
    assert text.normalise(kept, ["punctuation"]) == kept


def test_numbers_are_counted() -> None:
    assert text.numbers("12 of 12, 3.5 and 1,000; ７") == {"12": 2, "3.5": 1, "1,000": 1, "7": 1}


@pytest.mark.parametrize(
    "hostile",
    ["{" * LONG, r"\boxed{" * LONG, "\n" * LONG, "Answer:\n" * LONG, r"\text{" * LONG + "}" * LONG, "*_" * LONG],
)
def test_hostile_text_is_read_in_one_pass(hostile: str) -> None:
    # Quadratic would be hours: the time limit of a test is the assertion.
    for answer in (text.final_answer(hostile), text.stated_answer(hostile)):
        assert answer is None or len(answer) <= len(hostile)
    assert len(text.unwrap(hostile)) <= len(hostile)
    assert len(text.normalise(hostile, (*text.FOLDS, "punctuation"))) <= len(hostile)


@pytest.mark.parametrize(("limit", "short"), [(5, "a b c"), (4, "a b…"), (3, "a…")])
def test_shorten_keeps_one_line(limit: int, short: str) -> None:
    assert text.shorten("a\nb  c", limit) == short
