"""What pydantic finds wrong with settings, in the words of the person who wrote them: the line, the value, a hint.

Settings are validated as JSON in strict mode: a list may be a tuple and text a path, since YAML has neither, but a
number is not text, 1.0 not a whole number, and `true` not 1. pydantic's own messages speak of types and carry the
input; here they are worded again, so that no secret is ever shown and every fault has its line. The message that a
plug-in's own validator raises is kept: a `ValueError`, a `UserError`, or a `ValueError` raised from a `UserError`, or
from the `ValidationError` of something nested.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.recipe.node import Node, key_path
from open_thoughts_gen.text import shorten

Model = TypeVar("Model", bound=BaseModel)
HintKey = Callable[[str], str]  # for a key that is not known

_EXPECTED = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "string": "text",
    "list": "a list",
    "tuple": "a list",
    "set": "a list",
    "frozen_set": "a list",
    "dict": "a mapping",
    "mapping": "a mapping",
    "model": "a mapping",
    "model_attributes": "a mapping",
    "dataclass": "a mapping",
    "none": "nothing",
    "path": "a path",
    "date": "a date in quotes",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "multiple_of": "a multiple of {multiple_of}",
}
NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
# Not `\w`: the Hub takes ASCII alone, and a count of all letters of Unicode takes 50 ms to compile.
REPO_PATTERN = r"^$|^([A-Za-z0-9][A-Za-z0-9_.-]{0,95}/)?[A-Za-z0-9][A-Za-z0-9_.-]{0,95}$"
_RULES = {
    NAME_PATTERN: "only small letters, digits, ., - and _, beginning with a letter or a digit",
    REPO_PATTERN: "write NAME or OWNER/NAME, of letters, digits, ., - and _, without spaces",
}
_KIND = re.compile(r"_(type|parsing|parsing_size|from_float|required)$")


def validate(model: type[Model], settings: Node) -> tuple[Model | None, list[Fault]]:
    """Return the model that settings make, or None and every fault in them."""
    fields = model.model_fields
    try:
        return model.model_validate_json(json.dumps(settings.value), strict=True), []
    except ValidationError as error:
        known = {declared.alias or name for name, declared in fields.items()}
        choices = {
            name: [str(value) for value in get_args(declared.annotation)]
            for name, declared in fields.items()
            if get_origin(declared.annotation) is Literal
        }
        return None, list(faults_of(error, settings, lambda key: did_you_mean(key, known), choices))
    except UserError as error:  # raised by a validator: its `where` may name the setting, as `family` or `rules[1].id`
        faults = []
        for fault in error.faults:
            setting = settings.get(*key_path(fault.where))
            node = settings if setting is None or setting.content is None else setting
            faults.append(node.fault(fault.message, fault.hint))
        return None, faults


def faults_of(
    error: ValidationError,
    settings: Node,
    hint_key: HintKey = lambda _: "",
    choices: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[Fault]:
    """Yield the faults of a failed validation, each at its value; none of a value that is reported already.

    `choices` has the values of each setting that takes one of a few, for the hint where it is missing.
    """
    by_setting: dict[tuple[str, str], tuple[list[Node], list[ErrorDetails]]] = {}
    errors = error.errors(include_url=False)
    for details in errors:
        location = details["loc"]
        if details["type"] == "too_short" and any(location == other["loc"][:-1] for other in errors):
            continue  # pydantic counts only the members that are right
        nodes = [settings]
        for step in details["loc"]:  # pydantic mixes in names of union branches, at which no node is
            nodes += nodes[-1].along((step,))[1:]
        missing = str(details["loc"][-1]) if details["type"] == "missing" else ""
        key = (nodes[-1].title, missing)
        by_setting.setdefault(key, (nodes, []))[1].append(details)
    for (_, missing), (nodes, all_details) in by_setting.items():
        if any(node.is_reported for node in nodes[1:]):
            continue
        if missing:
            first, *others = choices.get(missing) or ["..."]
            hint = " or ".join([f"add `{missing}: {first}`", *(f"`{value}`" for value in others)])
            yield nodes[-1].fault_of(missing, "this setting is missing", hint)
        else:
            yield from _faults_at(nodes[-1], all_details, hint_key if len(nodes) == 2 else lambda _: "")


def _faults_at(node: Node, all_details: list[ErrorDetails], hint_key: HintKey) -> Iterator[Fault]:
    kinds = [_KIND.sub("", details["type"]) for details in all_details]
    expected = list(dict.fromkeys(_EXPECTED[kind] for kind in kinds if kind in _EXPECTED))
    error = all_details[0].get("ctx", {}).get("error")  # what a validator of the plug-in has raised
    cause = error.__cause__ if isinstance(error, Exception) else None
    if expected:
        message = f"{' or '.join(expected)} is expected, not {node.show()}"
        yield node.fault(message, _hint_type(node, expected))
    elif isinstance(cause, UserError):
        yield from (node.fault(fault.message, fault.hint) for fault in cause.faults)
    elif isinstance(cause, ValidationError):
        yield from faults_of(cause, node)
    elif isinstance(error, Exception):
        yield node.fault(shorten(str(error), 300))
    else:
        yield node.fault(*_message(node, all_details[0], hint_key))


def _message(node: Node, details: ErrorDetails, hint_key: HintKey) -> tuple[str, str]:
    """Return what is wrong with a value, and the hint."""
    kind, context = details["type"], details.get("ctx", {})
    if kind == "extra_forbidden":
        return "this setting is not known", hint_key(str(details["loc"][-1]))
    if kind in ("literal_error", "enum"):
        allowed = ["".join(either) for either in re.findall(r"'([^']*)'|(\d+)", str(context.get("expected", "")))]
        word = node.content if isinstance(node.content, str) else node.show()
        key = re.sub(r"\[\d+\]", "", node.title).replace(".", " ")
        hint = did_you_mean(word, allowed, command=f"list {key}" if key.startswith("publish ") else "")
        return f"{node.show()} is not allowed", hint.replace("known: ", "choose ")
    if kind in _BOUNDS:
        return f"must be {_BOUNDS[kind].format(**context)}, not {node.show()}", ""
    if kind == "too_short" and not context.get("actual_length"):
        return f"must not be empty: at least {context.get('min_length')}", ""
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        near = re.sub(r"[^a-z0-9_-]+", "-", str(node.content).lower()).strip("-_")
        is_name = pattern == NAME_PATTERN and re.fullmatch(pattern, near)
        problem = f"is not allowed: {_RULES[pattern]}" if pattern in _RULES else f"does not match {pattern}"
        return f"{node.show()} {problem}", f"write {near}" if is_name else ""
    return shorten(details["msg"].removeprefix("Input "), 200), ""


def _hint_type(node: Node, expected: list[str]) -> str:
    if "text" in expected and node.written and node.content is not None:
        return f'quote it: "{node.show()}"'
    if "a list" in expected and not (node.is_mapping or node.is_list or node.content is None):
        return f"write [{node.show()}]"
    text = node.content
    if not isinstance(text, str) or not {"a number", "a whole number"} & set(expected):
        return ""
    try:
        number = float(text)
    except ValueError:
        return ""
    if "e" in text.lower() and "." not in text:
        return f"YAML reads this as text, for it has no dot: write {number:.1e}"
    return f"write {text.strip()} without quotes or variables"
