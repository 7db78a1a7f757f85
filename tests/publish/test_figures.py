"""The figures: the same bytes for the same rows, whatever the labels, whatever the user's matplotlibrc."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from open_thoughts_gen.publish import figures
from open_thoughts_gen.publish.quality import measure
from open_thoughts_gen.publish.sections import Drawn
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Finished
from tests.publish.finished import finished, recipe, sample, samples
from tests.publish.test_markdown import HOSTILE


def draw(recipe: Recipe, finished: Finished, folder: Path) -> tuple[Drawn, ...]:
    return figures.draw(recipe, finished, folder, words=measure(finished).words)


def test_the_same_rows_give_the_same_bytes_whatever_the_users_style(tmp_path: Path) -> None:
    first = draw(recipe(), finished(samples(60)), tmp_path / "a")
    with mpl.rc_context({"font.size": 30, "axes.facecolor": "black", "savefig.dpi": 40}):
        assert draw(recipe(), finished(samples(60)), tmp_path / "b") == first
    for drawn in first:
        assert (tmp_path / "a" / drawn.name).read_bytes() == (tmp_path / "b" / drawn.name).read_bytes()


def test_a_figure_is_on_white_and_says_what_it_shows(tmp_path: Path) -> None:
    drawn = draw(recipe(), finished(samples(60)), tmp_path)
    assert [figure.name for figure in drawn] == ["cases-lengths.png", "cases-makeup.png", "cases-funnel.png"]
    assert "9 left out by duplicates (near-duplicate)" in drawn[-1].caption
    for figure in drawn:
        assert imread(tmp_path / figure.name)[0, 0].tolist() == [1, 1, 1, 1]
        assert b"Software" not in (tmp_path / figure.name).read_bytes()


@pytest.mark.parametrize("text", [*HOSTILE, "$\\frac{", "漢字 🙂", "x" * 300])
def test_any_label_can_be_drawn(text: str, tmp_path: Path) -> None:
    rows = tuple(sample(f"{i}", field=text, kind=f"{i}", level=i % 3 or None) for i in range(20))
    assert len(draw(recipe(figure_by=("field", "kind", "level", text)), finished(rows), tmp_path)) == 3


def test_what_no_row_has_is_not_drawn(tmp_path: Path) -> None:
    drawn = draw(recipe(figure_by=("nothing",)), finished((sample("Why?"),)), tmp_path)
    assert [figure.name for figure in drawn] == ["cases-lengths.png", "cases-funnel.png"]


@pytest.mark.parametrize(("lengths", "ticks"), [([18] * 9, ["18"]), ([17, 18, 18, 19], ["17", "18", "19"])])
def test_lengths_that_are_almost_one_have_no_tick_twice(lengths: list[int], ticks: list[str]) -> None:
    axes = Figure().add_subplot()
    figures.draw_lengths(axes, lengths, figures.BLUE)
    low, high = axes.get_xlim()
    places = [place for place in axes.xaxis.get_majorticklocs() if low <= place <= high]
    assert axes.xaxis.get_major_formatter().format_ticks(places) == ticks
