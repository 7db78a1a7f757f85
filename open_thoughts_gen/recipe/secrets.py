"""Which values of a recipe are secret: they are used, and never shown, written or published.

A value is secret if its variable or its setting is named like a secret, or if the plug-in declares the setting as
pydantic's `SecretStr`. Secrets are replaced by value, so one that is part of a longer text (`Bearer ${TOKEN}`) is seen
too. Not covered: what a plug-in itself does with its settings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import get_args

from pydantic import BaseModel, SecretStr

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.recipe.node import KeyPath, Node, Value

MASK = "**********"

_SECRET_VARIABLE = re.compile(
    r"(^|_)(api_?key|keys?|token|secret|password|passwd|pass$|pwd|credentials?|auth)(_|$)", re.IGNORECASE
)
_SECRET_SETTING = re.compile(
    r"(^|[_.-])(\w*key|token|secret|password|passwd|passphrase|pwd|credentials?|authorization)$", re.IGNORECASE
)
_SURELY_SECRET = re.compile(
    r"(^|[_.-])(api[_-]?key|(access|secret|private|auth|account|subscription)[_-]?key"
    r"|^token|(api|auth|access|bearer|hf|hub|refresh|session)[_-]?token"
    r"|secret|password|passwd|passphrase|pwd|credentials?|authorization)$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Secrets:
    """Secret values, each with how the recipe writes it. Not part of what makes two recipes equal."""

    written: dict[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __or__(self, other: Secrets) -> Secrets:
        """Return the secrets of both."""
        return Secrets({**self.written, **other.written})

    def write_back(self, text: str) -> str:
        """Return text as a recipe writes it: `${NAME}` for every secret, and every other `${` escaped."""
        for value in sorted(filter(None, self.written), key=len, reverse=True):
            if value in text:
                return self.written[value].join(map(self.write_back, text.split(value)))
        return text.replace("${", "$${")

    def hide(self, text: str) -> str:
        """Return a message with every secret masked, except secrets shorter than 4 characters, which stay."""
        for value in sorted(self.written, key=len, reverse=True):
            if len(value) > 3:
                text = text.replace(value, MASK).replace(repr(value)[1:-1], MASK)
        return text

    def hidden(self, fault: Fault) -> Fault:
        """Return a fault with every secret masked."""
        return Fault(self.hide(fault.message), fault.where, self.hide(fault.hint))

    def conceal(self, text: str) -> str:
        """Return the same text, of a type whose `repr` shows nothing if it holds a secret."""
        return Concealed(text) if any(value and value in text for value in self.written) else text


class Concealed(str):
    """Text that differs from its plain self in its `repr` only, which logs and error messages show: it is masked."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the mask."""
        return repr(MASK)


def mark_secrets(root: Node, *, may_hold: Collection[str | int]) -> tuple[Node, Secrets, list[Fault]]:
    """Return the recipe with values marked that are secret by a name, those secrets, and those that are misplaced.

    `may_hold` are the top-level keys of plug-ins; any other value of a recipe is published.
    """
    written: dict[str, str] = {}
    faults: list[Fault] = []

    def marked(path: KeyPath, node: Node) -> Node:
        for variable in node.filled:
            named_so = is_secret_variable(variable.name)
            if named_so or _matches(_SECRET_SETTING, path):
                written[variable.value] = variable.written
                node = replace(node, is_secret=True)
            if named_so and path and path[0] not in may_hold:
                faults.append(node.fault(f"the secret ${{{variable.name}}} would be published", "leave it out"))
                node = node.reported()
        return node

    root = root.with_leaves(marked)
    return root, Secrets({value: text for value, text in written.items() if value}), faults


def is_secret_variable(name: str) -> bool:
    """Return whether a variable is named like a secret."""
    return bool(_SECRET_VARIABLE.search(name))


def mark_declared_secrets(settings: Node, plugin: type[BaseModel], known: Secrets) -> tuple[Node, Secrets, list[Fault]]:
    """Return a plug-in's settings with its secrets marked, those secrets, and a fault for each one that is written out.

    `known` are the secrets of the whole recipe: a variable whose value is one of them is one here too.
    """
    declared = {name for name, one in plugin.model_fields.items() if _is_secret_type(one.annotation)}
    written: dict[str, str] = {}
    faults: list[Fault] = []

    def marked(path: KeyPath, node: Node) -> Node:
        is_declared = path[0] in declared
        for variable in node.filled:
            if variable.value and (is_declared or variable.value in known.written):
                written[variable.value] = variable.written
                node = replace(node, is_secret=node.is_secret or is_declared)
        if is_declared or _matches(_SECRET_SETTING, path):
            node = replace(node, is_secret=True)
        if not node.filled and node.content not in (None, "") and (is_declared or _matches(_SURELY_SECRET, path)):
            written[str(node.content)] = MASK
            variable_name = re.sub(r"\W", "_", str(path[-1])).upper()
            hint = f"write ${{{variable_name}}}, and export {variable_name}=..."
            faults.append(node.fault("a secret must not be written in a recipe, which is published", hint))
            node = node.reported()
        return node

    return settings.with_leaves(marked), Secrets(written), faults


def change_texts(value: Value, change: Callable[[str], str]) -> Value:
    """Return a value with every text in it changed; mappings, lists and tuples are walked, all else is kept."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: change_texts(inner, change) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        changed = [change_texts(inner, change) for inner in value]
        return tuple(changed) if isinstance(value, tuple) else changed
    return value


def _matches(pattern: re.Pattern[str], path: KeyPath) -> bool:
    return any(isinstance(step, str) and bool(pattern.search(step)) for step in path)


def _is_secret_type(annotation: object) -> bool:
    """Return whether a field's type holds a `SecretStr` anywhere."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_is_secret_type(inner.annotation) for inner in annotation.model_fields.values())
    return annotation is SecretStr or any(map(_is_secret_type, get_args(annotation)))
