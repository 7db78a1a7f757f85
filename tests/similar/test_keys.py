from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen import text
from open_thoughts_gen.similar.formal import formal_content
from open_thoughts_gen.similar.keys import BATCH_BYTES, MAX_CHARACTERS, batches, figures_of, keys_of, words_of


def keys(text: str) -> set[int]:
    return set(keys_of([text])[0].tolist())


def hashes(text: str) -> list[int]:
    return [int(each) for each in words_of([text])[0]]


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Two red foxes", "two  RED\n\tfoxes!"),
        ("f(x) = x_1+2", "F x x_1 2"),
        ("naïve café", "NAÏVE\u00a0cafe\u0301"),
        ("he said “go” — now…", 'he said "go" -- now...'),
        ("§ 5 of the code", "5 of the code"),
        ("\uff21\uff22\uff23 12", "abc 12"),
        ("a\x00b", "a b"),
    ],
)
def test_words_are_the_same_whatever_stands_between_them(text: str, same: str) -> None:
    assert hashes(text) == hashes(same)


def test_other_words_have_other_hashes_and_the_same_word_one() -> None:
    found = hashes("one two one tow owt t wo twoone")
    assert found[0] == found[2]
    assert len(set(found)) == 7


@pytest.mark.parametrize(
    ("text", "num"),
    [("数字是三", 4), ("値はx2です", 5), ("ราคา", 4), ("안녕 하세요", 2), ("\U00020000\U00020001", 2), ("!?", 0)],
)
def test_in_scripts_without_spaces_a_character_is_a_word(text: str, num: int) -> None:
    assert words_of([text])[1].tolist() == [num]


@pytest.mark.parametrize("text", ["", " ", "\x00", "\ud800", "?!", "x" * (MAX_CHARACTERS + 10), "é" * 1000])
def test_every_text_has_a_key(text: str) -> None:
    assert keys_of(["before", text, "after"])[1].min() >= 1


def test_keys_do_not_depend_on_the_texts_around() -> None:
    texts = [
        "one two three four",
        "",
        "\ud800 x",
        "数字是三",
        "word " * 400,
        "naïve “café”",
        "a b c d e f g h i j k l m n",
    ]
    together, nums = keys_of(texts)
    parts = np.split(together, np.cumsum(nums)[:-1])
    assert [set(part.tolist()) for part in parts] == [keys(each) for each in texts]


def test_keys_are_the_same_in_every_process() -> None:
    code = "from open_thoughts_gen.similar.keys import keys_of; print(keys_of(['one two three é'])[0].tolist())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(keys_of(["one two three é"])[0].tolist())


def test_texts_have_keys_in_common_where_they_have_runs_of_words_or_all_words_in_any_order() -> None:
    assert keys("two red foxes ran off") & keys("two red geese swam off")
    assert keys("two red foxes ran") & keys("ran foxes red two")
    assert not keys("two red foxes ran") & keys("foxes two ran away red")


def test_of_a_long_text_some_runs_are_keys_and_they_are_the_same_in_its_copy() -> None:
    text = " ".join(f"word{i}" for i in range(4000))
    its = keys(text)
    assert 800 < len(its) < 1300
    assert len(its & keys(f"{text} more")) > 0.9 * len(its)


@given(st.lists(st.integers(0, 3 * BATCH_BYTES), max_size=30))
def test_batches_cover_all_in_order(lengths: list[int]) -> None:
    found = batches(lengths)
    assert [place for start, stop in found for place in range(start, stop)] == list(range(len(lengths)))
    assert all(start < stop for start, stop in found)


TOKENS = st.sampled_from(
    ["12", "1,000", "1000", "1.5", "x1", "①", "２", "²", "٣", "\\frac12", "word", "a_1", "-", "twelve"]
)


@given(st.lists(TOKENS, max_size=6), st.booleans())
def test_texts_of_the_same_formal_content_have_the_same_figures(tokens: list[str], reverse: bool) -> None:
    other = [{"1,000": "1000", "1000": "1,000", "①": "1", "２": "2"}.get(token, token) for token in tokens]
    texts = [" ".join(tokens), " ".join([*(other[::-1] if reverse else other), "more words"])]
    figures = figures_of(texts)
    if formal_content(text.normalise(texts[0])) == formal_content(text.normalise(texts[1])):
        assert figures[0] == figures[1]


def test_other_digits_and_another_order_are_other_figures() -> None:
    assert len(set(figures_of(["at 12 and 3", "at 12 and 4", "at 12", "", "by 3, 21", "at 3 and 12"]).tolist())) == 6
    assert len(set(figures_of(["at 12 and 3", "by 12, 3", "1 2 3"]).tolist())) == 1
    assert figures_of([]).size == 0


def test_of_a_text_that_repeats_few_words_each_run_counts() -> None:
    texts = [f"{'word ' * 12_000}{i}" for i in range(50)]
    common = set.intersection(*map(set, ([int(key) for key in keys_of([each])[0]] for each in texts)))
    assert len(common) == 2
