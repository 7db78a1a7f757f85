"""Short ways to write a recipe, written out: `source:` for a list of one, and keys that switch a filter on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.recipe.model import Recipe, Switch
from open_thoughts_gen.recipe.node import Node


def list_source(root: Node) -> tuple[Node, list[Fault]]:
    """Return the recipe with `source: x` as `sources: [x]`."""
    source = root.get("source")
    if source is None:
        return root, []
    root = root.without("source")
    if root.get("sources") is not None:
        return root, [source.fault("`source` and `sources` are both set", "keep one of them")]
    sources = Node((source,) if source.content is not None else (), source.where, "sources")
    return root.with_child("sources", sources), []


def apply_switches(root: Node) -> tuple[Node, list[Fault]]:
    """Return the recipe with the filters that its switches add, each at the end of its list."""
    faults: list[Fault] = []
    for key, step in switches():
        root, more = _apply_switch(root, key, step)
        faults += more
    return root, faults


def switches() -> Iterator[tuple[str, str]]:
    """Yield the keys that add the plug-in of their own name to a list, and the key of that list."""
    for name, declared in Recipe.model_fields.items():
        yield from ((name, mark.step) for mark in declared.metadata if isinstance(mark, Switch))


def _apply_switch(root: Node, key: str, step: str) -> tuple[Node, list[Fault]]:
    """Put the filter at the end of its list: with its settings if the key holds any, by default if the key is absent.

    Where the filter is named in a list already, it stays there, and the key may not say something else.
    """
    switch = root.get(key) or Node(Recipe.model_fields[key].default, root.where, key)
    filters = root.get(step) or Node((), root.where, step)
    lists = (root.get(each) for each in ("question_filters", "sample_filters"))
    parts = [part for each in lists if each is not None and each.is_list for part in each.content]
    names = [part.get("use") if part.is_mapping else part for part in parts]
    is_named = any(name is not None and name.content == key for name in names)
    if is_named and (switch.content is False or switch.is_mapping):
        says = "it is off" if switch.content is False else "it has settings here"
        return root, [switch.fault(f"{says}, and the filter is listed as well", "remove the filter, or this key")]
    if (
        is_named
        or not (switch.content is True or switch.is_mapping)
        or not (filters.is_list or filters.content is None)
    ):
        return root, []
    name = Node(key, switch.where, switch.title)
    part = replace(switch, content={"use": name, **switch.content}) if switch.is_mapping else name
    root = root.with_child(step, replace(filters, content=(*(filters.content or ()), part)))
    return root.with_child(key, replace(switch, content=True)) if root.get(key) else root, []
