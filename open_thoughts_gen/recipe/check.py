"""Faults between the parts of a recipe: filters that need verifiers, limits that conflict, columns that are missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

from annotated_types import Le

from open_thoughts_gen.errors import Fault, did_you_mean
from open_thoughts_gen.plugin import Filter, RecipeView
from open_thoughts_gen.recipe.model import TRAITS, Publish
from open_thoughts_gen.recipe.node import Node, key_path
from open_thoughts_gen.recipe.parts import NO_PART, Part

FILTER_STEPS: tuple[Literal["question_filters", "sample_filters"], ...] = ("question_filters", "sample_filters")


def check_line(root: Node, parts: Mapping[str, Sequence[Part]], publish: Publish) -> Iterator[Fault]:
    """Yield the faults between the parts of a recipe; `parts` has the parts of each key, `NO_PART` for a faulty one."""
    yield from check_filters(root, parts)
    yield from check_scales(root, parts)
    yield from check_attempts(root, judged=bool(parts.get("verifiers")))
    yield from check_reach(root)
    yield from check_figures(root, publish)


def check_filters(root: Node, parts: Mapping[str, Sequence[Part]]) -> Iterator[Fault]:
    """Yield what filters find wrong with the recipe that names them."""
    verifiers = parts.get("verifiers", ())
    judging = None if NO_PART in verifiers else tuple(part.plugin for part in verifiers)
    for step in FILTER_STEPS:
        view = RecipeView(step, judging)
        for index, part in enumerate(parts.get(step, ())):
            node = root.get(step, index)
            if node is not None and isinstance(part.plugin, Filter):
                for fault in part.plugin.check_recipe(view):
                    yield node.along(key_path(fault.where))[-1].fault(fault.message, fault.hint)


def check_scales(root: Node, parts: Mapping[str, Sequence[Part]]) -> Iterator[Fault]:
    """Yield settings on a scale from 0 to 100 that were given as a share of 1."""
    for key, listed in parts.items():
        for index, part in enumerate(listed):
            node = root.get(key) if key == "teacher" else root.get(key, index)
            fields = part.plugin.model_fields if node is not None and part.plugin is not None else {}
            for name, declared in fields.items():
                setting = node.get(name) if node is not None else None
                is_percent = any(isinstance(mark, Le) and mark.le == 100 for mark in declared.metadata)
                if (
                    setting is not None
                    and is_percent
                    and isinstance(setting.content, float)
                    and 0 < setting.content < 1
                ):
                    message = f"this is on a scale from 0 to 100, and {setting.show()} is below 1"
                    yield setting.fault(message, f"did you mean {100 * setting.content:g}?")


def check_attempts(root: Node, *, judged: bool) -> Iterator[Fault]:
    """Yield that `until` has no verifier to go by, or that `attempts` is set as well."""
    until, attempts = root.get("until"), root.get("attempts")
    if until is None or until.content is None:
        return
    if not judged:
        yield until.fault("this needs a verifier, which says whether a trace is correct", "add `verifiers:`")
    if attempts is not None and attempts.content != 1:  # 1 is the default, which a run folder's recipe spells out
        yield attempts.fault("`attempts` and `until` are both set", "keep one of them")


def check_reach(root: Node) -> Iterator[Fault]:
    """Yield that the target cannot be reached."""
    target, limit = root.get("target"), root.get("max_questions")
    until = root.get("until")
    each = root.get("until", "max_attempts") if until is not None and until.is_mapping else root.get("attempts")
    if target is None or limit is None:
        return
    wanted, most, attempts = target.content, limit.content, each.content if each else 1
    are_numbers = isinstance(wanted, int) and isinstance(most, int) and isinstance(attempts, int)
    if are_numbers and most * attempts < wanted:
        message = (
            f"{most} questions with {attempts} attempt{'s' if attempts != 1 else ''} each cannot give {wanted} samples"
        )
        yield limit.fault(message, "raise it, or leave it out")


def check_figures(root: Node, publish: Publish) -> Iterator[Fault]:
    """Yield the columns that figures are grouped by and that the dataset does not have."""
    columns = (*TRAITS, *publish.columns)
    node = root.get("publish", "figure_by")
    for index, name in enumerate(publish.figure_by):
        if name not in columns and node is not None:
            hint = f"{did_you_mean(name, columns)}; a key of the meta becomes a column under `publish: columns`"
            yield (node.get(index) or node).fault(f"there is no column {name!r} to group by", hint)
