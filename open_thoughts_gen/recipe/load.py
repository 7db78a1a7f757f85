"""How a file becomes a recipe: a few passes, each of which takes what the one before returned.

    text -> YAML with lines -> options of the command line -> shorthands written out -> variables filled in
         -> secrets marked -> plug-ins built -> the recipe validated -> its parts checked against each other

Every pass returns its faults as values. All of them are reported at once, each with its line and a hint, because a
recipe is fixed by hand and nobody wants to run it once per fault.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.plugin import Kind, look_in
from open_thoughts_gen.recipe.check import check_line
from open_thoughts_gen.recipe.model import PART_KINDS, Origin, Publish, Recipe
from open_thoughts_gen.recipe.node import KeyPath, Node
from open_thoughts_gen.recipe.options import apply_options, put
from open_thoughts_gen.recipe.parts import NO_PART, BuiltPart, Part, build_part
from open_thoughts_gen.recipe.rehearsing import rehearse, sized
from open_thoughts_gen.recipe.renamed import rename
from open_thoughts_gen.recipe.scaling import at_scale
from open_thoughts_gen.recipe.secrets import Secrets, mark_secrets
from open_thoughts_gen.recipe.shorthands import apply_switches, list_source
from open_thoughts_gen.recipe.validation import faults_of, validate
from open_thoughts_gen.recipe.variables import fill
from open_thoughts_gen.recipe.yaml_lines import MAX_CHARACTERS, Parsed, read


def load_recipe(
    path: Path,
    *,
    overrides: Sequence[str] = (),
    teacher: str | None = None,
    target: int | None = None,
    seed: int | None = None,
    value: tuple[KeyPath, Node] | None = None,
    rehearsed: bool = False,
) -> Recipe:
    """Read a recipe, apply what the command line changes, and check all of it.

    Args:
        path: the YAML file.
        overrides: changes as `key.path=value`, in order, each as after `--set`.
        teacher: name of a teacher plug-in, or a model: `provider/model`, `http://host:port/v1#model`.
        target: accepted samples wanted, instead of the recipe's, whatever its scale.
        seed: the seed, instead of the recipe's.
        value: what stands at a key path instead of the recipe's own value, written elsewhere.
        rehearsed: whether to put stand-ins in the place of all that needs a key or a network (`rehearsing`).

    Raises:
        UserError: every fault of the recipe, each as `FILE:LINE: what is wrong; a hint`, and no secret in any.

    """
    path = Path(path)
    root, faults = read_file(path)
    root, more = list_source(root)
    faults += more
    if value is not None:
        root = put(root, *value)
    root = rehearse(root, path.parent) if rehearsed else root
    numbers = {name: number for name, number in (("target", target), ("seed", seed)) if number is not None}
    root, more = apply_options(root, overrides, numbers=numbers, teacher=teacher)
    recipe = _loaded(sized(root) if rehearsed else root, faults + more, path.parent)
    return recipe if target is None else recipe.model_copy(update={"target": target})  # whatever the scale


def recipe_of(values: Mapping[str, Any], folder: Path, *, overrides: Sequence[str] = (), teacher: str = "") -> Recipe:
    """Return the recipe of plain values that a command puts together, with the options of the command line.

    Raises:
        UserError: every fault, as `load_recipe`.

    """
    root, faults = read(json.dumps(values), "the recipe")
    root, more = apply_options(
        root or Node(None, "the recipe"), overrides, numbers={}, teacher=teacher or None, option="--model"
    )
    return _loaded(root, faults + more, folder)


def _loaded(root: Node, faults: list[Fault], folder: Path) -> Recipe:
    """Return the recipe that a tree of values writes after the options, if it and the options had no fault."""
    root, more, notes = rename(root, Recipe.renamed)
    faults += more
    root, more = apply_switches(root)
    faults += more
    root, more = fill(root, os.environ)
    faults += more
    if any(isinstance(leaf.content, str) and ":" in leaf.content for _, leaf in root.leaves()):
        look_in(folder)  # a third-party plug-in may be named
    recipe, built = _build(root)
    faults += built.faults
    if recipe is None or faults:
        hidden = map(built.secrets.hidden, faults)
        raise UserError(*sorted(dict.fromkeys(hidden), key=_line_of))
    recipe = at_scale(recipe)
    recipe._origin = Origin(folder, (*notes, *built.notes), dict(root.places()))
    return recipe


def _build(root: Node) -> tuple[Recipe | None, BuiltPart]:
    """Return the recipe that a tree of values writes, None if it cannot be made; and all faults, secrets, notes."""
    root, secrets, faults = mark_secrets(root, may_hold=PART_KINDS)
    parts: dict[str, tuple[Part, ...]] = {}
    notes: list[Fault] = []
    # Filters come last: some import what starts threads, and a verifier may fork a worker before (`sandbox.spare`).
    for key, kind in sorted(PART_KINDS.items(), key=lambda part: part[1] == "filter"):
        node = root.get(key)
        if node is not None:
            parts[key] = ()
            for built in _build_parts(node, kind, secrets):
                parts[key] += (built.part,)
                faults, notes, secrets = faults + built.faults, notes + built.notes, secrets | built.secrets
    publish, more, publish_notes = _publish(root.get("publish"))
    faults += more
    faults += check_line(root, parts, publish)
    values: dict[str, Any] = root.without(*PART_KINDS, "publish").value
    publish = publish.model_copy(update={"title": publish.title or values.get("name")})
    values |= {key: built_parts[0] if key == "teacher" else built_parts for key, built_parts in parts.items()}
    recipe = None
    try:
        recipe = Recipe.model_validate({**values, "publish": publish}, strict=True)
    except ValidationError as error:
        faults += faults_of(error, root, _hint_top_level)
    return recipe, BuiltPart(root, NO_PART, faults, secrets, notes + publish_notes)


def _build_parts(node: Node, kind: Kind, secrets: Secrets) -> list[BuiltPart]:
    if kind == "teacher":
        return [build_part(node, kind, secrets)]
    if node.content is None:
        return []
    if not node.is_list:
        hint = f"begin each {kind} with `- `" + (", or write `source:`" if kind == "source" else "")
        return [BuiltPart(node, faults=[node.fault(f"a list of plug-ins is expected, not {node.show()}", hint)])]
    return [build_part(child, kind, secrets) for child in node.content]


def _publish(node: Node | None) -> tuple[Publish, list[Fault], list[Fault]]:
    if node is None or node.content is None:
        return Publish(), [], []
    if not node.is_mapping:
        return Publish(), [node.fault(f"a mapping is expected, not {node.show()}")], []
    node, faults, notes = rename(node, Publish.renamed)
    publish, more = validate(Publish, node)
    return publish or Publish(), faults + more, notes


def _hint_top_level(key: str) -> str:
    """Return the hint for an unknown key of the recipe: most belong under `publish`."""
    near = get_close_matches(key, list(Publish.model_fields), n=1, cutoff=0.8)
    if near:
        return f"write `{near[0]}:` under `publish:`"
    return did_you_mean(key, [*Recipe.model_fields, "source"])


def _line_of(fault: Fault) -> int:
    """Return the line of a fault; one of an option has none and comes first."""
    line = fault.where.rpartition(":")[2]
    return int(line) if line.isdigit() else 0


def read_file(path: Path) -> tuple[Node, list[Fault]]:
    """Return the tree of values in a recipe's file, a mapping, and its faults."""
    root, faults = read_yaml(path)
    hint = "begin with `name: ...`"
    if root is None or root.content is None:
        raise UserError(Fault("the recipe is empty", root.where if root else str(path), hint))
    if not root.is_mapping:
        raise UserError(Fault(f"a recipe is a mapping, not {root.show()}", root.where, hint))
    return root, faults


def read_yaml(path: Path) -> Parsed:
    """Return what a YAML file says.

    Raises:
        UserError: it cannot be read.

    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CHARACTERS * 4 + 1)
        return read(content.decode("utf-8-sig"), str(path))
    except FileNotFoundError:
        siblings = {file.name for file in path.parent.glob("*.y*ml")} if path.parent.is_dir() else set()
        near = get_close_matches(path.name, sorted(siblings), n=1)
        fault = Fault("there is no such file", str(path), f"did you mean {path.parent / near[0]}?" if near else "")
    except IsADirectoryError:
        fault = Fault("this is a folder", str(path), "name a YAML file in it")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        fault = Fault(f"byte 0x{content[error.start]:02x} is not UTF-8", f"{path}:{line}", "save the file as UTF-8")
    except (OSError, ValueError) as error:
        fault = Fault(f"cannot be read: {getattr(error, 'strerror', None) or error}", str(path))
    raise UserError(fault)
