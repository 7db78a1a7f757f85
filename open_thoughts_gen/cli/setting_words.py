"""The type and the default of a setting in the words of a recipe: as YAML writes them, not as Python does."""

from __future__ import annotations

import ast
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel

MAX_VALUES = 12  # a setting that takes more is shortened in a table
_SHOWN = 4
_NAMES = {
    "int": "whole number",
    "float": "number",
    "bool": "true or false",
    "str": "text",
    "None": "null",
    "NoneType": "null",
    "Any": "any value",
    "JsonValue": "any value",
    "Part": "plug-in",
    "Nested": "plug-in",
    "NestedSource": "source",
    "SecretStr": "text",
}
_LISTS = ("tuple", "list", "Sequence")
_MAPS = ("dict", "Mapping")
_CHOICES = ("Literal", "Optional", "Union")
_PREFIX = "one of: "


def type_in_words(annotation: object, more: str = "") -> str:
    """Return a type in words, such as `one of: keep, drop` or `list of text`.

    `more` is the command that prints all values, for a type that has many; empty prints them.
    """
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_in_words(arguments[0], more)
    if origin is Literal:
        return _one_of([as_yaml(value) for value in arguments], more)
    if origin in (Union, types.UnionType):
        return _either([type_in_words(part, more) for part in arguments], more)
    words = [type_in_words(part, more) for part in arguments if part is not Ellipsis]
    if isinstance(origin, type):
        return _container(origin.__name__, words)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation.__name__ not in _NAMES:
        return f"settings ({', '.join(annotation.model_fields)})"
    name = getattr(annotation, "__name__", None) or str(annotation).rpartition(".")[2]
    return _NAMES.get(name, name)


def source_in_words(node: ast.expr) -> str:
    """Return a type in words, read from the source of a plug-in that cannot be imported here."""
    if isinstance(node, ast.BinOp):
        return _either([source_in_words(node.left), source_in_words(node.right)], "")
    if not isinstance(node, ast.Subscript):
        name = ast.unparse(node).rpartition(".")[2]
        return _NAMES.get(name, name)
    name = ast.unparse(node.value).rpartition(".")[2]
    parts = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if name == "Literal":
        return _one_of([as_yaml(ast.literal_eval(part)) for part in parts], "")
    if name == "Annotated":
        return source_in_words(parts[0])
    words = [source_in_words(part) for part in parts if ast.unparse(part) != "..."]
    if name in _CHOICES:
        return _either([*words, *(["null"] if name == "Optional" else [])], "")
    return _container(name, words)


def default_in_words(node: ast.expr) -> str:
    """Return a default as YAML writes it, read from source; or as that source, if it is not a plain value."""
    try:
        return as_yaml(ast.literal_eval(node))
    except ValueError:
        return ast.unparse(node)


def as_yaml(value: Any) -> str:  # noqa: ANN401  (any default)
    """Return a value as YAML writes it on one line."""
    plain = value.model_dump(exclude_defaults=True) if isinstance(value, BaseModel) else value
    if isinstance(plain, Mapping):
        plain = dict(plain)
    elif isinstance(plain, Sequence | set | frozenset) and not isinstance(plain, str):
        plain = list(plain)
    text = yaml.safe_dump(plain, default_flow_style=True, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


def _one_of(values: Sequence[str], more: str) -> str:
    if len(values) == 1:
        return values[0]
    if more and len(values) > MAX_VALUES:
        return f"{_PREFIX}{', '.join(values[:_SHOWN])} ... (`{more}` prints all {len(values)})"
    return _PREFIX + ", ".join(values)


def _either(parts: Sequence[str], more: str) -> str:
    """Return a choice of types, as one list of values where each of them has few."""
    values: list[str] = []
    for part in parts:
        if part in ("null", "true or false") or (part.startswith(_PREFIX) and "(`" not in part):
            values += part.removeprefix(_PREFIX).replace(" or ", ", ").split(", ")
        else:
            values = []
            break
    return _one_of(values, more) if values else " or ".join(dict.fromkeys(parts))


def _container(name: str, words: Sequence[str]) -> str:
    if name in _LISTS:
        inner = words[0] if words else "any value"
        return f"list of {inner.removeprefix('one of: ') if inner.startswith(_PREFIX) else inner}"
    if name in _MAPS and len(words) == 2:
        return f"map of {words[0]} to {words[1]}"
    return _NAMES.get(name, name)
