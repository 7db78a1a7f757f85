"""The JSON schema of recipes, taken from pydantic fields, for editors that complete and check while you type.

Each kind of plug-in becomes one definition: any of those that the package brings, by name alone or with settings, or a
third-party class. A plug-in that needs a package which is not installed is listed by its name only. Definitions are
named `kind`, `kind.name` and `kind.name.Model`, so that two plug-ins may have a nested model of the same name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Kind
from open_thoughts_gen.plugin.nested import MARK
from open_thoughts_gen.recipe.model import PART_KINDS, Recipe
from open_thoughts_gen.recipe.parts import CONDITIONAL, Part
from open_thoughts_gen.recipe.shorthands import switches

Schema = dict[str, Any]


def json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a recipe: every key, and every plug-in with its settings."""
    schema = Recipe.model_json_schema(ref_template="#/$defs/{model}")
    definitions = {name: inner for name, inner in schema.pop("$defs").items() if name != "Part"}
    properties = schema["properties"]
    for key, kind in PART_KINDS.items():
        definitions |= _plugins(
            kind, {"when": _WHEN} if kind in CONDITIONAL else {"weight": _WEIGHT} if kind == "source" else {}
        )
        one, description = {"$ref": f"#/$defs/{kind}"}, properties[key]["description"]
        many: dict[str, Any] = {"type": ["array", "null"], "items": one}
        if key == "sources":
            many = {"type": "array", "items": one, "minItems": 1}
            properties["source"] = {**one, "description": "where questions come from, if from one source"}
        properties[key] = {**(one if key == "teacher" else many), "description": description}
    for key, step in switches():  # on or off, or the settings of the filter that the key switches on
        settings = {**definitions[f"{PART_KINDS[step]}.{key}"]["properties"]}
        del settings["use"]
        mapping = {"type": "object", "properties": settings, "additionalProperties": False}
        declared = {name: properties[key][name] for name in ("description", "default")}
        properties[key] = {"anyOf": [{"type": "boolean"}, mapping], **declared}
    schema["required"] = [key for key in schema["required"] if key != "sources"]
    schema["oneOf"] = [{"required": ["source"]}, {"required": ["sources"]}]
    dialect = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": dialect, **schema, "$defs": dict(sorted(definitions.items()))}


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
_WHEN: Schema = {
    "type": "object",
    "description": Part.model_fields["when"].description,
    "additionalProperties": {"anyOf": [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1}]},
}

_WEIGHT: Schema = {
    "type": "number",
    "description": Part.model_fields["weight"].description,
    "exclusiveMinimum": 0,
    "default": 1,
}


def _plugins(kind: Kind, common: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the definitions for one kind; `common` are properties that every plug-in of the kind takes."""
    definitions: dict[str, Schema] = {}
    for name in plugin.names(kind):
        here, use = f"{kind}.{name}", {"const": name}
        try:
            schema = plugin.load(kind, name).model_json_schema(ref_template=f"#/$defs/{here}.{{model}}")
        except UserError as error:
            schema = {"type": "object", "description": str(error)}
            common_here: Mapping[str, Schema] = {}
        else:
            schema, common_here = _with_references(schema), common
        definitions |= {f"{here}.{model}": inner for model, inner in schema.pop("$defs", {}).items()}
        schema["properties"] = {"use": use, **common_here, **schema.get("properties", {})}
        schema["required"] = ["use", *schema.get("required", [])]
        definitions[here] = schema
    references: list[Schema] = [{"$ref": f"#/$defs/{kind}.{name}"} for name in plugin.names(kind)]
    alone = [name for name in plugin.names(kind) if definitions[f"{kind}.{name}"]["required"] == ["use"]]
    by_name: list[Schema] = [{"enum": alone, "description": f"a {kind} with its default settings"}] if alone else []
    class_name = {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"}
    third_party: Schema = {"type": "object", "properties": {"use": class_name, **common}, "required": ["use"]}
    definitions[kind] = {"anyOf": [*references, *by_name, class_name, third_party]}
    return definitions


def _with_references(value: Any) -> Any:  # noqa: ANN401  (what JSON can say)
    """Return a schema in which every mark of a plug-in named in a setting is a reference to the definition."""
    if isinstance(value, list):
        return [_with_references(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if MARK in value:
        value = {"$ref": f"#/$defs/{value[MARK]}", **{key: value[key] for key in value if key != MARK}}
    return {key: _with_references(inner) for key, inner in value.items()}
