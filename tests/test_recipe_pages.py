"""The pages of recipes without a card: up to date, one for each, and with nothing on them that no run has told."""

from __future__ import annotations

import re
from itertools import islice
from pathlib import Path

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.publish.leaks import LeakFinder
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.types import Question
from tests.recipe_pages import FOLDER, OVERVIEW, overview, page, recipes_without_a_card

HINT = "python -m tests.recipe_pages"
RECIPES = [pytest.param(file, id=file.stem) for file in recipes_without_a_card()]
MACHINE = re.compile(r"(?<![\w.])/(?:home|root|tmp|work|Users|var|mnt)/")
FIGURE_OF_NOTHING = re.compile(r"\b0 (?:rows|questions|words|%)|\| (?:0|nan|None) \|")


@pytest.mark.parametrize("file", RECIPES)
def test_the_page_is_what_the_recipe_says(file: Path) -> None:
    assert (FOLDER / f"{file.stem}.md").read_text("utf-8") == page(file), HINT


def test_there_is_a_page_for_each_and_no_other() -> None:
    assert OVERVIEW.read_text("utf-8") == overview(), HINT
    assert sorted(each.stem for each in FOLDER.iterdir()) == [file.stem for file in recipes_without_a_card()], HINT


@pytest.mark.parametrize("file", RECIPES)
def test_it_quotes_no_stand_in_machine_secret_or_figure_of_a_run_that_never_was(file: Path, tmp_path: Path) -> None:
    text = (FOLDER / f"{file.stem}.md").read_text("utf-8")
    assert not MACHINE.search(text)
    assert not FIGURE_OF_NOTHING.search(text)
    assert not [*LeakFinder({}).in_text(text)]
    assert "stand_in:" not in text
    rehearsed = load_recipe(file, rehearsed=True)
    context = Context(seed=rehearsed.seed, folder=rehearsed.folder, cache=tmp_path / "cache.sqlite")
    for part in rehearsed.sources:
        if not part.plugin.models:
            questions = (each for each in part.plugin.fresh(context).questions() if isinstance(each, Question))
            middles = [each.prompt[len(each.prompt) // 2 - 20 :][:40] for each in islice(questions, 10)]
            assert middles
            assert not [middle for middle in middles if middle in text]
