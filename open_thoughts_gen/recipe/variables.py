"""`${NAME}` in a recipe: values from the environment.

A recipe is published with its dataset, so a key must never be written in it: it comes from the environment, and the
resolved recipe shows `${NAME}` again. `${NAME:-default}` falls back as in a shell; `$${` is a literal `${`. Not
covered: keys of mappings.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.recipe.node import Filled, KeyPath, Node
from open_thoughts_gen.recipe.yaml_lines import UNPRINTABLE

_VARIABLE = re.compile(r"\$\$\{|\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?::-(?P<default>[^}]*))?\}|\$\{")


def fill(root: Node, environment: Mapping[str, str]) -> tuple[Node, list[Fault]]:
    """Return the recipe with the variables of all texts filled in; one that is not set is a fault."""
    faults: list[Fault] = []

    def filled(_: KeyPath, node: Node) -> Node:
        if not isinstance(node.content, str) or "${" not in node.content:
            return node
        return _fill_text(node, environment, faults)

    return root.with_leaves(filled), faults


def _fill_text(node: Node, environment: Mapping[str, str], faults: list[Fault]) -> Node:
    filled: list[Filled] = []
    num_before = len(faults)

    def value(match: re.Match[str]) -> str:
        name, default = match["name"], match["default"]
        if match[0] == "$${":
            return "${"
        if name is None:
            faults.append(node.fault("`${` without a variable", "write ${NAME}, ${NAME:-default}, or $${ for the text"))
            return ""
        current = environment.get(name)
        if current is None and default is None:
            hint = f"export {name}=..., or write ${{{name}:-default}}"
            faults.append(node.fault(f"the environment variable {name} is not set", hint))
            return ""
        chosen = default if default is not None and not current else current or ""
        if UNPRINTABLE.search(chosen):
            faults.append(node.fault(f"{name} holds a control character, or is not UTF-8", f"export {name} again"))
            return ""
        filled.append(Filled(name, chosen, match[0]))
        return chosen

    text = _VARIABLE.sub(value, node.content)
    return replace(node, content=text, filled=tuple(filled), is_reported=node.is_reported or len(faults) > num_before)
