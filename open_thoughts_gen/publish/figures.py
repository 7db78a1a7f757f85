"""The figures of the card: lengths, what the rows are about, and where the left-out ones went.

Drawn with matplotlib's objects and the Agg canvas, without pyplot's global state, in colours that colour-blind readers
can tell apart (Okabe and Ito, https://jfly.uni-koeln.de/color/), once on white and once on GitHub's dark ground. The
bytes of a PNG depend on the rows and the version of matplotlib alone: fixed size and resolution, the fonts that
matplotlib brings, the user's matplotlibrc left aside, no metadata.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from matplotlib import font_manager, rcParams, style
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.rcsetup import cycler
from matplotlib.ticker import MaxNLocator

from open_thoughts_gen.publish.funnel import Stage, is_flat, stages
from open_thoughts_gen.publish.pictures import Drawn
from open_thoughts_gen.publish.quality import WordCounts
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Finished, Sample

BLUE, ORANGE, GREEN, RED, GREY, INK = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#B8BEC6", "#24292F"
_SKY, _PAPER, _NIGHT = "#56B4E9", "#E6EDF3", "#0D1117"
FIRST = "C0"  # of the theme's colours
_GLYPHS = frozenset(FT2Font(font_manager.findfont("DejaVu Sans")).get_charmap())
_WIDTH = 9.0
_MAX_BARS = 16
_FEW_WORDS = 10
_TITLE_BARS = 2  # a panel's title and margins are as high as this many bars
STYLE: dict[str, Any] = {
    "figure.dpi": 144,
    "savefig.dpi": 144,
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.w_pad": 0.1,
    "text.parse_math": False,
    "axes.edgecolor": GREY,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
}


def theme(*, dark: bool) -> dict[str, Any]:
    """Return matplotlib's settings for a figure in light or in dark."""
    ground, ink, first = (_NIGHT, _PAPER, _SKY) if dark else ("white", INK, BLUE)
    inked = dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), ink)
    grounds = dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), ground)
    colours = cycler(color=[first, ORANGE, GREEN, RED, "#CC79A7", GREY])
    return {**STYLE, **inked, **grounds, "axes.prop_cycle": colours, "grid.color": "#2A313A" if dark else "#E6E9ED"}


def draw(recipe: Recipe, finished: Finished, folder: Path, *, words: WordCounts) -> tuple[Drawn, ...]:
    """Draw the figures of a dataset with at least one row into the folder, as `RECIPE-FIGURE.png`, in dark `-dark.png`.

    The recipe's name in theirs lets the figures of several datasets lie in one folder, as in a gallery of cards.
    """
    folder.mkdir(parents=True, exist_ok=True)
    counted = {name: _counted(finished.samples, name) for name in dict.fromkeys(recipe.publish.figure_by)}
    drawn: list[Drawn] = []
    for dark in (True, False):
        with style.context(["default", theme(dark=dark)]):
            figures = (
                *_lengths(words),
                *_makeup({name: bars for name, bars in counted.items() if len(bars) > 1}),
                *_funnel(stages(recipe, finished.counts)),
            )
            drawn = [Drawn(f"{recipe.name}-{name}.png", caption) for name, caption, _ in figures]
            for each, (_, _, figure) in zip(drawn, figures, strict=True):
                save(figure, folder / (each.dark_name if dark else each.name))
    return tuple(drawn)


def _lengths(words: WordCounts) -> Iterator[tuple[str, str, Figure]]:
    panels = {"question": (words.question, FIRST), "reasoning": ([num for num in words.reasoning if num], GREEN)}
    shown = {name: panel for name, panel in panels.items() if panel[0]}
    if not shown:
        return
    figure = Figure(figsize=(_WIDTH, 2.9), layout="constrained")
    for i, (name, (lengths, colour)) in enumerate(shown.items()):
        axes = figure.add_subplot(1, len(shown), i + 1)
        draw_lengths(axes, lengths, colour)
        axes.set_title(f"Words of {name} (median {median(lengths):,.0f})")
        axes.set_xlabel("words")
        axes.set_ylabel("rows" if i == 0 else "")
        axes.grid(axis="y")
    parts = " and ".join(f"{name} (median {median(lengths):,.0f})" for name, (lengths, _) in shown.items())
    yield "lengths", f"Histograms of the words of {parts}.", figure


def draw_lengths(axes: Axes, words: Sequence[int], colour: str) -> None:
    """Draw a histogram of numbers of words, with their median."""
    low, high = min(words), max(words)
    num = max(1, min(32, high - low, len(words) // 4 or 1))
    edges = [low + (high - low) * i / num for i in range(num + 1)] if high > low else [low - 0.5, low + 0.5]
    axes.hist(words, bins=edges, color=colour, edgecolor=rcParams["axes.facecolor"], linewidth=0.6)
    axes.axvline(median(words), color=rcParams["text.color"], linewidth=1, linestyle=(0, (4, 3)))
    if high - low < _FEW_WORDS:  # ticks at fractions would print as the same number
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,.0f}")


def _makeup(shown: Mapping[str, Sequence[tuple[str, int]]]) -> Iterator[tuple[str, str, Figure]]:
    if not shown:
        return
    columns: list[list[str]] = [[] for _ in range(min(2, len(shown)))]
    for name in shown:  # each panel goes to the column that is shorter so far
        min(columns, key=lambda column: _height(column, shown)).append(name)
    height = max(_height(column, shown) for column in columns)
    figure = Figure(figsize=(_WIDTH, 0.27 * height), layout="constrained")
    grid = figure.add_gridspec(1, len(columns))
    for i, column in enumerate(columns):
        spare = [height - _height(column, shown)]
        ratios = [len(shown[name]) + _TITLE_BARS for name in column] + [bars for bars in spare if bars]
        cells = grid[i].subgridspec(len(ratios), 1, height_ratios=ratios)
        for j, name in enumerate(column):
            axes = figure.add_subplot(cells[j])
            bars = shown[name]
            widest = max(num for _, num in bars)
            axes.barh(range(len(bars)), [num for _, num in bars], color=FIRST, height=0.7)
            for row, (_, num) in enumerate(bars):
                axes.text(num + widest * 0.015, row, f"{num:,}", va="center", fontsize=8.5)
            axes.set_yticks(range(len(bars)), [legible(shorten(label.replace("_", " "), 30)) for label, _ in bars])
            _quiet(axes, widest * 1.14)
            axes.set_title(f"Rows by “{legible(name.replace('_', ' '))}”")
    names = ", ".join(shown)
    yield "makeup", f"Rows counted by {names}.", figure


def _height(column: Sequence[str], shown: Mapping[str, Sequence[object]]) -> int:
    return sum(len(shown[name]) + _TITLE_BARS for name in column)


def _counted(samples: Sequence[Sample], name: str) -> list[tuple[str, int]]:
    """Count a column's values, the commonest first, or in their own order where they are numbers."""
    values = [sample.outcome if name == "outcome" else sample.trait(name) for sample in samples]
    counter = Counter(str(value) for value in values if value is not None)
    if counter and all(isinstance(value, int | float) for value in values if value is not None):
        bars = sorted(counter.items(), key=lambda bar: float(bar[0]) if bar[0] not in ("True", "False") else 0.0)
    else:
        bars = sorted(counter.items(), key=lambda bar: (-bar[1], bar[0]))
    if len(bars) > _MAX_BARS:
        rest = sum(num for _, num in bars[_MAX_BARS - 1 :])
        bars = [*bars[: _MAX_BARS - 1], (f"{len(bars) - _MAX_BARS + 1} others", rest)]
    return bars


def _funnel(steps: Sequence[Stage]) -> Iterator[tuple[str, str, Figure]]:
    if is_flat(steps):
        return
    figure = Figure(figsize=(_WIDTH, 0.42 * len(steps) + 0.75), layout="constrained")
    axes = figure.add_subplot()
    labels = [legible(shorten(f"{stage.name}: {stage.reason}", 44) if stage.is_loss else stage.name) for stage in steps]
    colours = [GREY if stage.is_loss else GREEN if stage.name == "accepted rows" else FIRST for stage in steps]
    rows = range(len(steps))
    axes.barh(rows, [stage.left for stage in steps], color=colours, height=0.68)
    axes.barh(rows, [stage.lost for stage in steps], left=[stage.left for stage in steps], color=RED, height=0.68)
    widest = max((stage.left + stage.lost for stage in steps), default=1) or 1
    for row, stage in enumerate(steps):
        text = f"{stage.left:,}" if not stage.is_loss else f"−{stage.lost:,}  →  {stage.left:,}"
        axes.text(stage.left + stage.lost + widest * 0.01, row, text, va="center", fontsize=8.5)
    axes.set_yticks(rows, labels)
    _quiet(axes, widest * 1.17)
    axes.set_title("From questions to accepted rows")
    losses = "; ".join(f"{stage.lost:,} left out by {stage.name} ({stage.reason})" for stage in steps if stage.is_loss)
    counts = f"{steps[0].left:,} questions drawn, {steps[-1].left:,} rows accepted"
    caption = f"The funnel: {counts}. {losses or 'None left out'}."
    yield "funnel", caption, figure


def _quiet(axes: Axes, limit: float) -> None:
    axes.invert_yaxis()
    axes.margins(y=0.02)
    axes.set_xlim(0, limit)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(axis="y", length=0)


def legible(label: str) -> str:
    """Return the label with what the font cannot draw as `?`."""
    return "".join(letter if ord(letter) in _GLYPHS else "?" for letter in label)


def save(figure: Figure, file: Path) -> None:
    """Write a figure as PNG, without metadata."""
    FigureCanvasAgg(figure)
    figure.savefig(file, format="png", metadata={"Software": None})
