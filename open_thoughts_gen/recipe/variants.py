"""One recipe with one stage swapped: the recipes of an ablation, which are equal in everything else.

    --vary question_filters --with strict.yaml loose.yaml '[]' recipe

What varies is a key of the recipe, a setting inside one (`teacher.model`, `question_filters[0].min_question`), or a
plug-in by its name (`near_dedup`). A value is a file that holds it, with or without its key, a value on the command
line, or the word `recipe`, for what the recipe itself says. A fault in a value names its file and line.

Each variant has a name of its own, and the budget is split evenly: what one variant may spend depends on no other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.money.budget import Budget
from open_thoughts_gen.recipe.load import read_file, read_yaml
from open_thoughts_gen.recipe.model import PART_KINDS, Recipe
from open_thoughts_gen.recipe.node import KeyPath, Node, key_path
from open_thoughts_gen.recipe.options import read_teacher
from open_thoughts_gen.recipe.shorthands import list_source
from open_thoughts_gen.recipe.yaml_lines import read
from open_thoughts_gen.text import shorten

BASE = "recipe"  # in place of a value: the recipe's own
STAGES = (*PART_KINDS, "decontaminate", "attempts", "until", "seed")
_ALIASES = {"source": "sources", "answer_filters": "sample_filters", "filters": "sample_filters"}

_NOTHING = ("[]", "{}", "~")
_MAX_NAME = 40

Load = Callable[[tuple[KeyPath, Node] | None], Recipe]


@dataclass(frozen=True)
class Variant:
    """A recipe of an ablation: `base` is the name of what it varies, `value` what the user gave."""

    base: str
    name: str
    value: str
    recipe: Recipe


def variants(path: Path, load: Load, *, vary: str, values: Sequence[str]) -> list[Variant]:
    """Return the recipes of an ablation; `load` reads the recipe's file with a value put in, or as it is with None.

    Raises:
        UserError: nothing of this name can be varied, values are missing or have one name, or a variant has a fault.

    """
    if len(values) < 2:
        hint = f"give two values or more after --with; `{BASE}` stands for what the recipe says"
        raise UserError(Fault("there is nothing to compare with", "--with", hint))
    where = _path_of(vary, path)
    names = list(_names(values))
    faults: list[Fault] = []
    loaded: list[Variant] = []
    for name, text in zip(names, values, strict=True):
        try:
            recipe = load(None if text == BASE else (where, _value(text, where)))
            loaded.append(Variant(recipe.name, name, text, _variant(recipe, name, len(values))))
        except UserError as error:
            faults += error.faults
    if faults:
        raise UserError(*dict.fromkeys(faults))
    return loaded


def _path_of(vary: str, path: Path) -> KeyPath:
    """Return the key path that is meant: of a stage, of a setting inside one, or of a plug-in by its name."""
    steps = key_path(vary)
    first = _ALIASES.get(str(steps[0]), steps[0]) if steps else ""
    if first in STAGES:
        return (first, *steps[1:])
    root, _ = list_source(read_file(path)[0])
    parts = dict(_parts(root))
    matches = [where for where, use in parts.items() if use == vary] or [
        where for where, use in parts.items() if len(vary) > 2 and vary in use
    ]
    if len(matches) == 1:
        return matches[0]
    if matches:
        names = ", ".join(f"{where[0]}[{where[1]}]" if len(where) > 1 else str(where[0]) for where in matches)
        raise UserError(Fault(f"{vary!r} stands for several plug-ins of the recipe", "--vary", f"name one of {names}"))
    hint = did_you_mean(vary, [*STAGES, *parts.values()])
    raise UserError(Fault(f"the recipe has no stage and no plug-in {shorten(vary, 40)!r}", "--vary", hint))


def _parts(root: Node) -> Iterator[tuple[KeyPath, str]]:
    """Yield the plug-ins of a recipe's tree with their key paths."""
    for key in PART_KINDS:
        node = root.get(key)
        for index, child in enumerate(node.content if node is not None and node.is_list else ()):
            use = child.get("use") or child
            if isinstance(use.content, str):
                yield (key, index), use.content
    teacher = root.get("teacher", "use") or root.get("teacher")
    if teacher is not None and isinstance(teacher.content, str):
        yield ("teacher",), teacher.content


def _value(text: str, where: KeyPath) -> Node:
    """Return the value that a file holds, or that a text on the command line is."""
    file = Path(text)
    is_file = file.suffix in (".yaml", ".yml") or file.is_file()
    if where == ("teacher",) and not is_file and text[:1] not in ("{", "["):
        use, model = read_teacher(text, "--with")
        settings = {"use": use, "model": model} if model else {"use": use}
        return Node({key: Node(value, "--with") for key, value in settings.items()}, "--with")
    root, faults = read_yaml(file) if is_file else read(text, "--with")
    if faults:
        raise UserError(*faults)
    root = root or Node(None, str(file) if is_file else "--with")
    keys = [key for key in (where[0], *_ALIASES) if _ALIASES.get(str(key), key) == where[0]]
    held = next((child for key in keys if (child := root.get(key)) is not None), None)
    if len(where) > 1 or not root.is_mapping or len(root.content) != 1 or held is None:
        return root
    return Node((held,), held.where, held.title) if where == ("sources",) and not held.is_list else held


def _names(values: Sequence[str]) -> Iterator[str]:
    """Yield the names of the variants: of files their stems, of values on the command line what can be read of them."""
    names = []
    for number, text in enumerate(values, start=1):
        file = Path(text)
        stem = file.stem if file.suffix in (".yaml", ".yml") else text
        name = re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_")
        name = name or ("none" if text.strip() in _NOTHING else "")
        names.append(name if name and len(name) <= _MAX_NAME else f"variant-{number}")
    repeated = [name for name, num in Counter(names).items() if num > 1]
    if repeated:
        raise UserError(Fault(f"two values have the name {repeated[0]!r}", "--with", "give their files other names"))
    yield from names


def _variant(recipe: Recipe, name: str, num: int) -> Recipe:
    """Return the recipe under the variant's name, with its share of the budget."""
    publish = recipe.publish
    repo = f"{publish.repo}-{name}"[:96] if publish.repo else ""
    title = f"{publish.title} ({name})"
    budget = recipe.budget and Budget(
        usd=recipe.budget.usd and recipe.budget.usd / num,
        tokens=recipe.budget.tokens and max(1, recipe.budget.tokens // num),
        hours=recipe.budget.hours and recipe.budget.hours / num,
    )
    changes = {"publish": publish.model_copy(update={"repo": repo, "title": title}), "budget": budget}
    return recipe.model_copy(update={"name": f"{recipe.name}-{name}"[:96], **changes})
