from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from open_thoughts_gen.similar.indel import LONG, MOST, similarities, similarity

LETTERS = st.text(alphabet="ab 1\x00\ud800é数", max_size=12)


@given(st.lists(st.tuples(LETTERS, LETTERS), max_size=12))
def test_pairs_side_by_side(pairs: list[tuple[str, str]]) -> None:
    ones, others = [one for one, _ in pairs], [other for _, other in pairs]
    scores = [fuzz.ratio(one, other) for one, other in pairs]
    assert similarities(ones, others, 70.0).tolist() == [score if score >= 70 else 0 for score in scores]


def test_long_texts_are_compared_by_the_word() -> None:
    one = "letters " * LONG
    other = f"{one} more words"
    whole = "x" * (2 * LONG)
    assert 99.9 < similarity(one, other) < 100
    assert similarity(whole, f"{whole}y") == 0
    assert similarity(whole, whole) == 100
    assert similarities([one, "a", whole], [other, "a", "x"], 90.0).tolist() == [similarity(one, other), 100, 0]


def test_long_texts_without_spaces_are_compared_by_the_character() -> None:
    rng = Random(1)
    one = "".join(chr(0x4E00 + rng.randrange(3000)) for _ in range(LONG + 10))
    other = f"{one[:700]}数{one[701:]}"
    assert 99.9 < similarity(one, other) < 100
    assert similarity(one, one[::-1], 75.0) == 0


def test_of_very_many_words_some_are_taken_together() -> None:
    rng = Random(1)
    one = [str(rng.randrange(10**6)) for _ in range(2 * MOST)]
    other = [*one[: MOST // 2], "more", "words", *one[MOST // 2 : -1]]
    assert 99.9 < similarity(" ".join(one), " ".join(other)) < 100
    assert similarity(" ".join(one), " ".join(one[:MOST]), 75.0) == 0
