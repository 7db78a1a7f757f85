"""Imports run down only: the house plan, held by a few lines of `ast`. Lazy and type-only imports count as well."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from open_thoughts_gen.plugin import FOLDERS, PACKAGE, Kind, names
from open_thoughts_gen.plugin.loading import KIT

ROOT = Path(__file__).parent.parent
# A module that is new to the package is given its floor here. Rooms of one floor may import each other where no circle
# comes of it, but for floor 3: there each room stands alone, and in the rooms of plug-ins each plug-in.
FLOORS = {
    1: {"errors", "types", "version"},
    2: {
        "algebra",
        "cache",
        "chat",
        "contamination",
        "money",
        "narration",
        "plugin",
        "sandbox",
        "similar",
        "tables",
        "text",
    },
    3: {"sources", "teachers", "verifiers", "filters", "families", "recipe", "engines"},
    4: {"challenge", "export", "pipeline", "publish", "rejudge", "rewards"},
    5: {"cli"},
    6: {"__main__", "__init__"},
}
FLOOR_OF = {room: floor for floor, rooms in FLOORS.items() for room in rooms}
KINDS: tuple[Kind, ...] = ("source", "teacher", "verifier", "filter", "family")


def modules() -> dict[str, Path]:
    """Return every module of the package by its dotted name, the package's own without it: `filters.near_dedup`."""
    found = {}
    for path in sorted((ROOT / PACKAGE).rglob("*.py")):
        parts = path.relative_to(ROOT / PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return found


MODULES = modules()


def imported(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the line and the module of each import of the package, `__init__` for a name that is no module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: a relative import"
            targets = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for target in targets:
            if target.partition(".")[0] == PACKAGE:
                yield node.lineno, nearest(target.partition(".")[2])


def nearest(target: str) -> str:
    """Return the module that a dotted name is, or is in."""
    while target and target not in MODULES:
        target = target.rpartition(".")[0]
    return target or "__init__"


def room(module: str) -> str:
    return module.partition(".")[0]


def plugin_of(module: str) -> str:
    """Return the plug-in that a module belongs to; of the other rooms, the room."""
    parts = module.split(".")
    return ".".join(parts[:2]) if parts[0] in FOLDERS.values() else parts[0]


def is_shared(module: str) -> bool:
    """Return whether a module of a plug-in folder is for all plug-ins of it: `_name`, and the kit of families."""
    parts = module.split(".")
    return len(parts) > 1 and parts[0] in FOLDERS.values() and (parts[1].startswith("_") or parts[1] == KIT)


IMPORTS = [(module, line, target) for module, path in MODULES.items() for line, target in imported(path)]


def test_every_module_has_a_floor() -> None:
    assert {room(module) for module in MODULES} - FLOOR_OF.keys() == set()


def test_imports_run_down_only() -> None:
    wrong = []
    for module, line, target in IMPORTS:
        here, there = FLOOR_OF[room(module)], FLOOR_OF[room(target)]
        shared = is_shared(target) and room(module) == room(target)
        peers = here == there == 3 and plugin_of(module) != plugin_of(target) and not shared
        if there > here or peers:
            wrong.append(f"{MODULES[module].relative_to(ROOT)}:{line} imports {target}")
    assert wrong == []


def test_no_room_is_reached_in_a_circle() -> None:
    inside: dict[str, set[str]] = {}
    between: dict[str, set[str]] = {}
    for module, _, target in IMPORTS:
        # A package's own __init__ may gather its parts, and they may not ask it back.
        inside.setdefault(module, set()).add(target)
        if room(module) != room(target):
            between.setdefault(room(module), set()).add(room(target))
    for graph in (inside, between):
        try:
            TopologicalSorter(graph).prepare()
        except CycleError as error:
            pytest.fail(f"a circle of imports: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("kind", KINDS)
def test_every_plugin_has_a_test_of_its_name(kind: Kind) -> None:
    folder = ROOT / "tests" / FOLDERS[kind]
    missing = [
        f"{folder.relative_to(ROOT)}/test_{name}.py"
        for name in names(kind)
        if not (folder / f"test_{name}.py").is_file() and not list((folder / name).glob("test_*.py"))
    ]
    assert missing == []
