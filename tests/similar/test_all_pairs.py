"""Pruned search accuses whom comparing all pairs accuses, with the same scores."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rapidfuzz import fuzz

from open_thoughts_gen.similar.all_pairs import similar_pairs

ALPHABETS = ("ab ", "the quick brown fox", "abcdefghijklmnopqrstuvwxyz 0123456789.,", "中国日本語 aé\ud800🦊")


def all_pairs(texts: list[str], items: list[str], threshold: float) -> set[tuple[int, int, float]]:
    scores = ((i, j, fuzz.ratio(text, item)) for i, text in enumerate(texts) for j, item in enumerate(items))
    return {(i, j, score) for i, j, score in scores if score >= threshold}


@pytest.mark.parametrize("alphabet", ALPHABETS)
@given(data=st.data(), threshold=st.sampled_from([60.0, 75.0, 90.0, 95.0, 100.0]))
def test_the_same_as_all_pairs(data: st.DataObject, alphabet: str, threshold: float) -> None:
    some = st.lists(st.text(alphabet, min_size=1, max_size=40), max_size=8)
    items = data.draw(some)
    texts = data.draw(some) + [item[1:] + "a" for item in items[:2]]
    assert set(similar_pairs(texts, items, threshold)) == all_pairs(texts, items, threshold)


@pytest.mark.parametrize("threshold", [70.0, 75.0, 85.0, 90.0, 95.0])
def test_long_texts_with_planted_edits(threshold: float) -> None:
    rng = Random(1)
    words = ["".join(rng.choices("etaoinshrdlucmfwypvbgkq", k=rng.randint(2, 8))) for _ in range(60)]

    def text() -> str:
        return " ".join(rng.choices(words, k=rng.randint(20, 120)))

    items = [text() for _ in range(70)]
    texts = [text() for _ in range(60)]
    for item in items[:40]:
        kept = item.split()
        for place in rng.sample(range(len(kept)), rng.randint(0, len(kept) // 3)):
            kept[place] = rng.choice(words)
        texts.append(" ".join(kept))
    found = set(similar_pairs(texts, items, threshold))
    assert found == all_pairs(texts, items, threshold)
    assert found


def test_a_text_longer_than_any_count_can_hold() -> None:
    long = "abcde fghij " * 6000
    assert set(similar_pairs([long, long[:-4000]], [long], 95.0)) == all_pairs([long, long[:-4000]], [long], 95.0)


def test_nothing_on_either_side_is_nothing() -> None:
    assert list(similar_pairs([], ["a"], 75.0)) == list(similar_pairs(["a"], [], 75.0)) == []
