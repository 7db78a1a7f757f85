"""A recipe at another size: `scale: 0.01` makes the same dataset with a hundredth of its questions.

Every setting that counts questions of the whole dataset is declared `Scales`, and is multiplied: the target, what a
source reads at most, how many a filter keeps. What is a property of one row, or of each group, stays as it is:
attempts, lengths, thresholds. A number is rounded, and never below 1. So a recipe states the published numbers, and is
tried out at any size.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from pydantic import BaseModel

from open_thoughts_gen.plugin.nested import NestedPlugin
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.recipe.model import Recipe
from open_thoughts_gen.recipe.parts import Part

M = TypeVar("M", bound=BaseModel)


def at_scale(recipe: Recipe) -> Recipe:
    """Return a recipe with its `scale` worked into its numbers; a rehearsal of it is of the same size as before."""
    if recipe.scale == 1:
        return recipe
    rehearsal = recipe.rehearsal_scale and min(1.0, recipe.rehearsal_scale / recipe.scale)
    return scaled(recipe, recipe.scale).model_copy(update={"scale": 1.0, "rehearsal_scale": rehearsal})


def scaled(model: M, scale: float) -> M:
    """Return a recipe, a part or a plug-in with every number in it that scales multiplied."""
    changes: dict[str, Any] = {}
    for name, declared in type(model).model_fields.items():
        value = getattr(model, name)
        mark = next((mark for mark in declared.metadata if isinstance(mark, Scales)), None)
        if mark is None:
            changes[name] = _inside(value, scale)
        elif value is not None and not (mark.unless and getattr(model, mark.unless)):
            changes[name] = value * scale if isinstance(value, float) else max(1, round(value * scale))
    return model.model_copy(update=changes)


def _inside(value: object, scale: float) -> object:
    """Return a setting with the parts and plug-ins in it scaled."""
    if isinstance(value, Part):
        return value.model_copy(update={"plugin": scaled(value.plugin, scale)})
    if isinstance(value, NestedPlugin):
        return replace(value, plugin=scaled(value.plugin, scale))
    return tuple(_inside(each, scale) for each in value) if isinstance(value, tuple) else value
