"""The near-duplicate curve is close to what comparing every pair gives, and leaves minimal pairs aside."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from rapidfuzz import fuzz

from open_thoughts_gen.publish import nearness
from open_thoughts_gen.publish.nearness import distinct_share, nearest, nearness_section, num_compared
from open_thoughts_gen.text import normalise
from tests.publish.finished import sample, samples


def test_the_nearest_are_those_that_every_pair_compared_gives() -> None:
    rows = samples(120)
    texts = [normalise(row.question.prompt) for row in rows]
    cases = [str(row.question.trait("twin_of") or row.question.id) for row in rows]
    every = np.array([
        max(fuzz.ratio(one, other) for j, other in enumerate(texts) if cases[j] != cases[i])
        for i, one in enumerate(texts)
    ])  # fmt: skip
    assert num_compared(texts) == 50
    assert nearest(texts, cases, len(texts)) == pytest.approx(np.where(every >= 60, every, 0))
    fewer = nearest(texts, cases, 2)
    assert all(fewer <= every + 1e-9)  # a neighbour may be missed, and none is made up
    assert fewer.max() > 65
    assert num_compared(["a" * 5_000] * 1_000) == 2


def test_twins_are_not_neighbours_and_masked_figures_and_names_are_alike() -> None:
    names = ["".join(Random(i).choices("abcdefghijklmnop", k=15)).capitalize() for i in range(30)]
    rows = [sample(f"On {i} May a cart of Mrs {name} came late.", str(i)) for i, name in enumerate(names)]
    twins = [sample(row.question.prompt + " Why?", twin_of=row.question.id) for row in rows]
    section = "\n".join(nearness_section([*rows, *twins]))
    printed, masked = (line for line in section.splitlines() if line.endswith(" |") and "%" in line and "≥" not in line)
    assert masked.endswith("| 100 % |")
    assert not printed.endswith("| 100 % |")
    alone = [sample(f"{word * 20} " * 8) for word in "abcdefghijklmnopqrstuvw"]
    pairs = [sample(row.question.prompt + "!", twin_of=row.question.id) for row in alone]
    assert "| as printed | 0 % |" in "\n".join(nearness_section([*alone, *pairs]))


def test_runs_of_words_that_occur_once_are_counted() -> None:
    assert distinct_share(["a b c d", "A, b c!"]) == 1 / 3  # of abc, bcd, abc
    assert distinct_share(["a b", ""]) == 0


def test_a_draw_of_a_large_set_is_called_one_and_few_have_no_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearness, "MAX_ROWS", 120)
    rows = [sample(f"Row {i} of {i * i % 977} and {i * 7919 % 104729}.") for i in range(nearness.MAX_ROWS + 20)]
    assert "120 questions, drawn with seed 0, were compared, each with the 50" in nearness_section(rows)[1]
    assert nearness_section(rows) == nearness_section(rows[::-1])
    assert nearness_section(rows[:19]) == []
