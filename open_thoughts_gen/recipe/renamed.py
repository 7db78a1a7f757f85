"""Settings that were renamed: a recipe that still uses the former name works, with a note that gives the new one.

A plug-in declares `renamed = {"former": "present"}`, and so do the models of the recipe itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.recipe.node import Node


def rename(settings: Node, renamed: Mapping[str, str]) -> tuple[Node, list[Fault], list[Fault]]:
    """Return the settings under their present names, with faults where both names are used, and a note for each."""
    faults: list[Fault] = []
    notes: list[Fault] = []
    for former, present in renamed.items():
        setting = settings.get(former)
        if setting is None:
            continue
        if settings.get(present) is not None:
            faults.append(
                setting.fault(f"this is the former name of `{present}`, which is set too", "keep one of them")
            )
        else:
            notes.append(setting.fault(f"this setting is now called `{present}`", f"write `{present}:`"))
        children = {present if key == former else key: child for key, child in settings.content.items()}
        children[present] = settings.content.get(present, setting)
        settings = replace(settings, content=children)
    return settings, faults, notes
