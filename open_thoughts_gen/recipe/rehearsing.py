"""A recipe as it is rehearsed: the same line, with nothing in it that needs a key, a network or the user's files.

`--rehearse` applies this to the tree of a recipe before it is checked, so that a rehearsal goes through the same passes
and the same code as a real run:

    a source that reads the Hub      the source `stand_in`, with the same settings
    files and documents              the same, where no such file is there
    a model, wherever one is named   `rehearsal/MODEL`, which `chat` answers in this process
    a teacher that asks models       the teacher `rehearsal`
    decontaminate                    also checks a stand-in for a benchmark, since none may have been fetched
    name                             NAME-rehearsal
    scale                            `rehearsal_scale`, where the recipe gives one

An option has the last word on the size as on everything: `--set scale=1` is a rehearsal at full size.

What is written this way says so in every row and on its card, and `doctor` and `push` refuse it.
"""

from __future__ import annotations

from contextlib import suppress
from glob import glob
from pathlib import Path

from open_thoughts_gen.chat.endpoints import names_endpoint
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Kind, load
from open_thoughts_gen.plugin.nested import nested_places
from open_thoughts_gen.recipe.model import PART_KINDS
from open_thoughts_gen.recipe.node import Node

SUFFIX = "-rehearsal"
BENCHMARK = "open_thoughts_gen/sources/stand_in_benchmark.jsonl"
OFFLINE_TEACHERS = ("solver", "recorded", "replay", "rehearsal")
_READS_FILES = ("files", "documents")
_SHARED = (
    *("use", "weight", "fields", "layout", "chats", "meta", "add", "domain", "license", "limit", "shuffle"),
    *("dataset", "config", "split", "revision"),
)


def rehearse(root: Node, folder: Path) -> Node:
    """Return the recipe as it is rehearsed; `folder` is where its file lies."""
    for key, kind in PART_KINDS.items():
        node = root.get(key)
        if node is None:
            continue
        if node.is_list:
            for index, part in enumerate(node.content):
                root = root.replaced((key, index), _part(part, kind, folder))
        elif key == "teacher":
            use = node.get("use") if node.is_mapping else node
            if use is None or use.content not in OFFLINE_TEACHERS:
                rehearsal = Node("rehearsal", node.where, node.title)
                root = root.with_child(key, Node({"use": rehearsal}, node.where, node.title))
    name = root.get("name")
    if name is not None and isinstance(name.content, str):
        root = root.with_child("name", Node(f"{name.content}{SUFFIX}", name.where, name.title))
    sizes = [size for key in ("rehearsal_scale", "scale") if (size := root.get(key)) and size.content is not None]
    root = root.without("scale").with_child("rehearsal_scale", sizes[0]) if sizes else root
    return _decontaminated(root)


def sized(root: Node) -> Node:
    """Return a rehearsal, after the options, at its size: what an option says of `scale`, else `rehearsal_scale`."""
    size = root.get("rehearsal_scale")
    if root.get("scale") is not None or size is None or size.content is None:
        return root
    return root.with_child("scale", size)


def _part(node: Node, kind: Kind, folder: Path) -> Node:
    """Return one plug-in as it is rehearsed, with those that are named inside it."""
    settings = node if node.is_mapping else Node({"use": node}, node.where, node.title)
    use = settings.get("use")
    if use is None or not isinstance(use.content, str):
        return node
    is_missing = use.content in _READS_FILES and not _has_files(settings, folder)
    if kind == "source" and (use.content == "hub" or is_missing):
        return _stand_in(settings)
    with suppress(UserError, ImportError):  # reported when the plug-in is built
        cls = load(kind, use.content)
        for path, nested_kind in nested_places(cls, settings.value):
            inner = settings.get(*path)
            if inner is not None:
                settings = settings.replaced(path, _part(inner, nested_kind, folder))
        for name, declared in cls.model_fields.items():
            model = settings.get(name)
            if model is not None and isinstance(model.content, str) and names_endpoint(declared):
                called = model.content.rpartition("#")[2].removeprefix("rehearsal/")
                settings = settings.with_child(name, Node(f"rehearsal/{called}", model.where, model.title))
    return settings if node.is_mapping or settings.content.keys() != {"use"} else node


def _stand_in(settings: Node) -> Node:
    """Return the stand-in for a source: the same settings, as far as it knows them."""
    path = settings.get("path")
    content = {name: child for name, child in settings.content.items() if name in _SHARED}
    content["use"] = Node("stand_in", settings.where, settings.title_of("use"))
    if path is not None:
        content.setdefault("dataset", path)
    return Node(content, settings.where, settings.title)


def _has_files(settings: Node, folder: Path) -> bool:
    path = settings.get("path")
    pattern = path.content if path is not None and isinstance(path.content, str) else ""
    return bool(pattern) and bool(glob(pattern, root_dir=folder, recursive=True))


def _decontaminated(root: Node) -> Node:
    """Return the recipe with a stand-in for a benchmark beside those that are checked."""
    filters = root.get("question_filters")
    for index, part in enumerate(filters.content if filters is not None and filters.is_list else ()):
        use = part.get("use") if part.is_mapping else part
        if use is not None and use.content == "decontaminate":
            settings = part if part.is_mapping else Node({"use": part}, part.where, part.title)
            return root.replaced(("question_filters", index), _with_benchmark(settings))
    switch = root.get("decontaminate")
    if switch is not None and not switch.is_mapping and switch.content is not True:
        return root
    settings = switch if switch is not None and switch.is_mapping else Node({}, root.where, "decontaminate")
    return root.with_child("decontaminate", _with_benchmark(settings))


def _with_benchmark(settings: Node) -> Node:
    files = settings.get("files") or Node({}, settings.where, settings.title_of("files"))
    files = files.with_child("stand_in", Node(BENCHMARK, settings.where, files.title_of("stand_in")))
    return settings.with_child("files", files)
