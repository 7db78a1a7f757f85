"""The figure of an ablation: the variants' figures as bars, in light and in dark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from open_thoughts_gen.publish.figures import legible, save, theme
from open_thoughts_gen.rejudge.summary import Summary, overlap
from open_thoughts_gen.text import shorten

_PANEL_WIDTH, _MIN_WIDTH, _BAR = 2.3, 4.6, 0.3  # inches
THEMES = ("light", "dark")


def draw(summaries: Mapping[str, Summary], folder: Path, *, title: str) -> None:
    """Draw `ablation-light.png` and `ablation-dark.png` into a folder."""
    panels = _panels(summaries)
    names = [legible(shorten(name, 28)) for name in summaries]
    size = (max(_MIN_WIDTH, 1.2 + _PANEL_WIDTH * len(panels)), 0.95 + _BAR * len(names))
    for name_of_theme in THEMES:
        with style.context(["default", theme(dark=name_of_theme == "dark")]):
            figure = Figure(figsize=size, layout="constrained")
            figure.suptitle(f"Variants of {legible(shorten(title, 60))}", x=0.01, ha="left", fontsize=10.5)
            for number, (name, (values, words)) in enumerate(panels.items()):
                axes = figure.add_subplot(1, len(panels), number + 1)
                _bars(axes, values, words, f"C{number}")
                axes.set_title(name, fontsize=9)
                axes.set_yticks(range(len(names)), names if not number else [""] * len(names))
            save(figure, folder / f"ablation-{name_of_theme}.png")


def _panels(summaries: Mapping[str, Summary]) -> dict[str, tuple[list[float | None], Callable[[float], str]]]:
    """Return the panels that have anything to show: by title the values of the variants, and how one is written."""
    first = next(iter(summaries.values()))

    def count(value: float) -> str:
        return f"{value:,.0f}"

    def share(value: float) -> str:
        return f"{100 * value:.0f} %"

    all_panels: dict[str, tuple[list[float | None], Callable[[float], str]]] = {
        "rows": ([summary.num_rows for summary in summaries.values()], count),
        "questions drawn": ([summary.counts.get("drawn") for summary in summaries.values()], count),
        "cost": ([summary.cost_usd for summary in summaries.values()], lambda value: f"${value:,.2f}"),
        "words of reasoning": ([summary.words.get("reasoning") for summary in summaries.values()], count),
        "traces correct": ([summary.correct_rate for summary in summaries.values()], share),
        "shared with the first": ([overlap(summary, first) for summary in summaries.values()], share),
    }
    return {name: panel for name, panel in all_panels.items() if any(panel[0])}


def _bars(axes: Axes, values: list[float | None], words: Callable[[float], str], colour: str) -> None:
    widest = max(value for value in values if value is not None)
    axes.barh(range(len(values)), [value or 0 for value in values], color=colour, height=0.62)
    for row, value in enumerate(values):
        label = "not known" if value is None else words(value)
        axes.text((value or 0) + widest * 0.03, row, label, va="center", fontsize=8.5)
    axes.invert_yaxis()
    axes.set_xlim(0, widest * 1.45)
    axes.set_xticks([])
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", length=0)
