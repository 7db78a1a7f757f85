"""The figures: the same bytes for the same rows, whatever the labels, whatever the user's matplotlibrc."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.image import imread

from open_thoughts_gen.publish import figures
from open_thoughts_gen.publish.pictures import Drawn, light_pictures
from open_thoughts_gen.publish.provenance import funnel_table
from open_thoughts_gen.publish.quality import measure
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
    for name in (name for drawn in first for name in (drawn.name, drawn.dark_name)):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_figure_is_in_light_and_in_dark_and_says_what_it_shows(tmp_path: Path) -> None:
    drawn = draw(recipe(), finished(samples(60)), tmp_path / "assets")
    assert [figure.name for figure in drawn] == ["cases-lengths.png", "cases-makeup.png", "cases-funnel.png"]
    assert "9 left out by duplicates (near-duplicate)" in drawn[-1].caption
    assert [file.name for file in light_pictures(tmp_path)] == sorted(figure.name for figure in drawn)
    for figure in drawn:
        light, dark = (imread(tmp_path / "assets" / name) for name in (figure.name, figure.dark_name))
        assert light.shape == dark.shape
        assert light[0, 0].tolist() == [1, 1, 1, 1]
        assert dark[0, 0, :3].max() < 0.1
        assert dark[..., :3].min(axis=2).max() > 0.8  # text in a light colour
        assert b"Software" not in (tmp_path / "assets" / figure.name).read_bytes()


@pytest.mark.parametrize("text", [*HOSTILE, "$\\frac{", "漢字 🙂", "x" * 300])
def test_any_label_can_be_drawn(text: str, tmp_path: Path) -> None:
    rows = tuple(sample(f"{i}", field=text, kind=f"{i}", level=i % 3 or None) for i in range(20))
    assert len(draw(recipe(figure_by=("field", "kind", "level", text)), finished(rows), tmp_path)) == 3


def test_a_funnel_in_which_nothing_is_lost_is_not_drawn(tmp_path: Path) -> None:
    run = finished(samples(60))
    whole = replace(run, counts=replace(run.counts, drawn=60, asked=60, traces=60, kept=60, dropped={}))
    assert [figure.name for figure in draw(recipe(), whole, tmp_path)] == ["cases-lengths.png", "cases-makeup.png"]
    said = funnel_table(recipe(), whole.counts)
    assert said == "Nothing was left out: each of the 60 questions drawn became one of the rows."


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
