"""Levels and schemes are described, and the rows that a card shows whole differ from each other."""

from __future__ import annotations

from pathlib import Path

from open_thoughts_gen.publish.examples import chosen
from open_thoughts_gen.publish.makeup import makeup
from open_thoughts_gen.publish.quality import measure
from open_thoughts_gen.recipe import load_recipe
from tests.publish.finished import finished, recipe, sample, samples

LEGAL = load_recipe(Path(__file__).parents[2] / "recipes" / "legal.yaml")


def test_levels_and_schemes_have_a_table_where_there_are_several() -> None:
    rows = [sample(f"Question {i} of {i} words?", level=i % 3, scheme=("tax", "quorum")[i % 2]) for i in range(12)]
    words = measure(finished(tuple(rows))).words
    domains, levels, schemes = makeup(LEGAL, rows, words)
    assert domains == ""
    assert [line.split(" | ")[:3] for line in levels.splitlines()[2:]] == [[f"| {i}", "4", "100 %"] for i in range(3)]
    assert (
        "| `quorum` | 6 | Company meetings: whether a resolution was passed, by notice, quorum and votes. |" in schemes
    )
    assert "`tax`" in schemes
    assert "`deposit`" not in schemes  # no row is of it
    assert makeup(recipe(), rows, words)[2] == ""  # its source knows no schemes


def test_the_rows_shown_are_a_short_one_a_different_one_and_a_hard_one() -> None:
    rows = samples(120)
    short, other, hard = chosen(rows)
    assert short.num_characters <= other.num_characters
    assert hard.trait("level") == 4
    assert len({(each.trait("kind"), each.trait("field"), each.trait("level")) for each in (short, other, hard)}) == 3
    assert other.trait("kind") not in (short.trait("kind"), hard.trait("kind"))
    assert chosen(rows[:1]) == [rows[0]]
    assert chosen(()) == []
