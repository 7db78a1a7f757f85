"""The funnel of a run, from questions drawn to rows accepted, as the card's table and its figure both tell it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.types import Counts

_BEFORE_TEACHER = ("sources", "question_filters", "budget")
_ORDER = (*_BEFORE_TEACHER, "teacher", "verifiers", "sample_filters", "target")


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: a count that is reached (`lost` is 0, no reason), or a loss on the way there; `left` go on."""

    name: str
    left: int
    lost: int = 0
    reason: str = ""

    @property
    def is_loss(self) -> bool:
        """Return whether rows are left out here."""
        return bool(self.reason)


def stages(recipe: Recipe, counts: Counts) -> list[Stage]:
    """Return the stages of a run's funnel in the order of the line."""
    parts = (*recipe.sources, *recipe.question_filters, recipe.teacher, *recipe.sample_filters)
    rank = {part.plugin.plugin_name(): i for i, part in enumerate(parts)}

    def standing(loss: tuple[tuple[str, str, str], int]) -> tuple[int, int, str, int, str]:
        (step, plugin, reason), num = loss
        known = _ORDER.index(step) if step in _ORDER else len(_ORDER)
        return known, rank.get(plugin, len(rank)), plugin, -num, reason

    losses = sorted(counts.dropped.items(), key=standing)
    before = [loss for loss in losses if loss[0][0] in _BEFORE_TEACHER]
    after = [loss for loss in losses if loss[0][0] not in _BEFORE_TEACHER]
    return [
        Stage("questions drawn", counts.drawn),
        *_losses(before, counts.drawn),
        Stage("questions asked", counts.asked),
        Stage("traces written", counts.traces),
        *_losses(after, counts.traces),
        Stage("accepted rows", counts.kept),
    ]


def is_flat(steps: Sequence[Stage]) -> bool:
    """Return whether nothing was left out and every question became one row, so that a figure would say nothing."""
    return len({stage.left for stage in steps}) <= 1


def step_name(step: str, plugin: str) -> str:
    """Return how a step and its plug-in are named together."""
    return plugin if plugin and plugin != step else step


def _losses(losses: Iterable[tuple[tuple[str, str, str], int]], left: int) -> list[Stage]:
    lost_stages = []
    for (step, plugin, reason), num in losses:
        left -= num
        lost_stages.append(Stage(step_name(step, plugin), left, num, reason or "no reason given"))
    return lost_stages
