"""The draw knows which questions equal an earlier one in every field, and mixes sources by their weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from open_thoughts_gen.pipeline.draw import Draw
from open_thoughts_gen.pipeline.progress import Unwatched
from open_thoughts_gen.plugin import Context, Source
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.types import DropReason, Question


class Listed(Source):
    """The questions of a list, as prompts and meta."""

    rows: list[tuple[str, dict[str, Any]]]

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield them."""
        for prompt, meta in self.rows:
            yield Question(prompt, meta=meta)


def drawn(rows: list[tuple[str, dict[str, Any]]]) -> Draw:
    draw = Draw([Part(use="listed", plugin=Listed(rows=rows))], Context())
    draw.until(None, Unwatched())
    return draw


def test_a_question_is_like_the_first_that_equals_it_in_every_field() -> None:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("a", {}),
        ("a", {"n": [1, {"x": None}]}),
        ("b", {}),
        ("a", {"n": [1, {"x": None}]}),
        ("a", {"n": [2]}),
        ("a", {}),
    ]
    assert list(drawn(rows).first_like) == [0, 1, 2, 1, 4, 0]


def test_many_questions_of_one_prompt_that_differ_in_what_is_known_of_them_are_all_their_own() -> None:
    num = 20_000
    rows = [("Write a story.", {"number": number}) for number in range(num)]
    assert list(drawn(rows).first_like) == list(range(num))


def mixed(*weights: float, until: int | None = None, num: int = 100) -> str:
    """Return which sources the questions come from, in the order in which they are drawn."""
    parts = [
        Part(use="listed", plugin=Listed(rows=[(name, {"index": index}) for index in range(num)]), weight=weight)
        for name, weight in zip("abcdefgh", weights, strict=False)
    ]
    draw = Draw(parts, Context())
    draw.until(until, Unwatched())
    return "".join(question.prompt for question in draw.questions)


def test_sources_of_equal_weights_take_turns() -> None:
    assert mixed(1, 1, 1, until=7) == "abcabca"
    assert mixed(2.5, 2.5, num=2) == "abab"


def test_sources_are_drawn_in_proportion_to_their_weights_in_every_stretch() -> None:
    order = mixed(6, 3, 1, until=60)
    assert [order.count(name) for name in "abc"] == [36, 18, 6]
    assert all(order[at : at + 10].count("a") in (5, 6, 7) for at in range(0, 60, 10))
    assert mixed(0.6, 0.3, 0.1, until=60) == order  # decimals are what is written, not the nearest binary fraction
    assert order.startswith(mixed(6, 3, 1, until=23))


def test_what_a_source_lacks_is_drawn_from_the_others() -> None:
    order = mixed(8, 1, num=3)
    assert [order.count(name) for name in "ab"] == [3, 3]
