"""One rule at every size: what is near depends on the two texts alone."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from rapidfuzz import fuzz

from open_thoughts_gen.similar.collectors import Apart, Connected, Earliest
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.search import Corpus, search
from open_thoughts_gen.similar.spill import Spill, Texts
from open_thoughts_gen.text import normalise
from tests.similar.planted import edited, planted, words
from tests.similar.styles import STYLES, styled

NOTHING = 1e-9  # GB


def never(ones: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.bool_]:
    return np.zeros(ones.size, dtype=bool)


def corpus_of(texts: list[str], threshold: float, spill: Spill) -> Corpus:
    held = Texts(spill)
    for text in texts:
        held.add(text)
    return Corpus(held, np.arange(len(texts)), Rule(threshold), spill)


def sources_of(texts: list[str], threshold: float, memory_gb: float | None = None, apart: Apart = never) -> list[int]:
    """Return for each text the earliest before it that is near, or -1."""
    with Spill(memory_gb) as spill:
        earliest = Earliest(len(texts), apart)
        search(corpus_of(texts, threshold, spill), earliest)
        return [int(source) for source in earliest.sources]


def labels_of(texts: list[str], threshold: float) -> list[int]:
    with Spill() as spill:
        connected = Connected(len(texts), never)
        search(corpus_of(texts, threshold, spill), connected)
        return connected.labels.tolist()


def by_all_pairs(texts: list[str], threshold: float) -> list[int]:
    forms = [normalise(text) for text in texts]
    return [
        next((j for j in range(i) if fuzz.ratio(forms[i], forms[j], score_cutoff=threshold) >= threshold), -1)
        for i in range(len(texts))
    ]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("threshold", [90, 95])
def test_in_every_style_what_is_found_is_what_all_pairs_give(style: str, threshold: float) -> None:
    texts = styled(style, 400, seed=2)
    assert sources_of(texts, threshold) == by_all_pairs(texts, threshold)


@pytest.mark.parametrize("style", STYLES)
def test_at_a_broad_threshold_too_whatever_all_pairs_give_is_left_out(style: str) -> None:
    texts = styled(style, 400, seed=2)
    found = [source >= 0 for source in sources_of(texts, 75)]
    assert found == [source >= 0 for source in by_all_pairs(texts, 75)]


@pytest.mark.parametrize("ends", [("", ""), ("Which of these is right? ", ""), ("Say ", " or not"), ("aaaa", "aaaa")])
def test_what_all_texts_begin_and_end_with_changes_nothing(ends: tuple[str, str]) -> None:
    rng = Random(9)
    choices = ["".join(rng.choices("abc ", k=rng.randint(0, 60))).strip() for _ in range(300)]
    texts = [f"{ends[0]}{each}{ends[1]}" for each in choices]
    assert sources_of(texts, 85) == by_all_pairs(texts, 85)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.2])
def test_no_planted_copy_is_lost_and_no_other_found(share: float) -> None:
    texts = planted(2_000, seed=1, share=share)
    near = [fuzz.ratio(texts[i - 1], texts[i]) >= 75 for i in range(len(texts))]
    assert sources_of(texts, 75) == [i - 1 if i and near[i] else -1 for i in range(len(texts))]


def test_a_chain_is_connected_and_nothing_unrelated_with_it() -> None:
    rng = Random(5)
    chain = [" ".join(words(rng, 90))]
    for _ in range(200):
        chain.append(edited(chain[-1], rng, 0.1))
    texts = [*chain, *(" ".join(words(rng, 12)) for _ in range(2_000))]
    labels = labels_of(texts, 75)
    assert set(labels[: len(chain)]) == {0}
    assert 0 not in labels[len(chain) :]
    assert -1 not in sources_of(texts, 75)[1 : len(chain)]


@settings(max_examples=30)
@given(st.lists(st.text(alphabet="ab 1", max_size=12), max_size=12), st.sampled_from([60.0, 75.0, 90.0, 100.0]))
def test_short_texts_are_compared_exactly(texts: list[str], threshold: float) -> None:
    assert sources_of(texts, threshold) == by_all_pairs(texts, threshold)


HOSTILE = [
    "",
    " ",
    "\x00",
    "\x00\x00",
    "\ud800",
    "word",
    "Word!",
    "x" * 1_000_000,
    "x" * 999_999 + "y",
    "word " * 30_000,
]


@pytest.mark.parametrize("num_others", [0, 2_000])
def test_hostile_texts_are_texts_like_any_other(num_others: int) -> None:
    rng = Random(7)
    others = [" ".join(words(rng, 12)) for _ in range(num_others)]
    texts = [*HOSTILE, *others, *(each + "\n" for each in HOSTILE)]
    sources = sources_of(texts, 90)
    assert all(source >= 0 for source in sources[len(texts) - len(HOSTILE) :])
    assert set(sources[len(HOSTILE) : len(HOSTILE) + num_others]) <= {-1}


def test_what_is_held_apart_is_not_a_source() -> None:
    texts = ["the same text here", "the same text  here", "The same text here"]
    assert sources_of(texts, 90, apart=lambda ones, others: (ones == 2) & (others == 0)) == [-1, 0, 1]


def test_thousands_of_the_same_key_beyond_the_length_that_is_compared_by_letters() -> None:
    texts = [f"{'word ' * 12_000}{i}" for i in range(70)]
    assert sources_of(texts, 90) == [-1, *[0] * 69]


@pytest.mark.parametrize("texts", [[], ["one"], ["one", "two"]])
def test_few_texts(texts: list[str]) -> None:
    assert sources_of(texts, 75) == [-1] * len(texts)


ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


@pytest.mark.parametrize(
    ("letters", "share"),
    [
        ([chr(0x4E00 + code) for code in range(2000)], 0.2),
        ([chr(0xE01 + code) for code in range(46)], 0.1),
        ([chr(0x1F300 + code) for code in range(200)], 0.1),
        ([f"{one}{other}" for one in ARABIC for other in ARABIC], 0.2),
        ([f"{code:x}" for code in range(4096)], 0.2),
    ],
    ids=["chinese", "thai", "emoji", "arabic without spaces", "hexadecimal"],
)
def test_texts_without_spaces_are_found_by_their_characters(letters: list[str], share: float) -> None:
    rng = Random(8)
    originals = [rng.choices(letters, k=90) for _ in range(200)]
    copies = [[rng.choice(letters) if rng.random() < share else each for each in one] for one in originals]
    texts = ["".join(each) for each in (*originals, *copies)]
    expected, sources = by_all_pairs(texts, 70), sources_of(texts, 70)
    assert sum(one != other for one, other in zip(sources, expected, strict=True)) <= 2
    assert sum(source >= 0 for source in expected) > 100
