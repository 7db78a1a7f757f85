"""Plug-ins that are named inside the settings of another: verifiers inside a verifier or filter, a source in a source.

`all_of`, `any_of` and `first_decided` hold several verifiers as parts of their own, and `majority` holds the one that
says which answers are the same:

    verifiers:
      - use: first_decided
        of:
          - {use: math, when: {domain: math}}
          - {use: judge, model: deepseek/deepseek-flash}

A source that writes questions holds the source of its seeds:

    sources:
      - use: write
        seeds: {use: files, path: seeds.jsonl}
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, cast, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Kind, Plugin, Source, Verifier
from open_thoughts_gen.plugin.loading import load
from open_thoughts_gen.plugin.when import Wanted, read_when
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Question, Trace

Pairs: TypeAlias = Sequence[tuple[Question, Trace]]
P = TypeVar("P", bound=Plugin)

MARK = "x-plugin"  # in the schema of a setting: which kind of plug-in stands there
_CLASS = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
_MAX_TOLD = 120
_TRUSTED: ContextVar[Collection[str] | None] = ContextVar("trusted", default=None)  # None: whatever a recipe names


@dataclass(frozen=True, slots=True)
class NestedPlugin(Generic[P]):
    """A plug-in inside another one's settings, written as a recipe writes any: its name, or `use:` with settings."""

    plugin: P
    use: str = ""
    when: Mapping[str, Wanted] = field(default_factory=dict)
    kind: ClassVar[Kind]

    def __repr__(self) -> str:
        """Show the name alone: settings may hold secrets."""
        return f"{type(self).__name__}({self.use or self.plugin.plugin_name()})"

    def written(self, mode: str = "python") -> dict[str, Any]:
        """Return it as a recipe writes it, with every setting."""
        when = {key: list(wanted) if isinstance(wanted, tuple) else wanted for key, wanted in self.when.items()}
        settings = self.plugin.model_dump(mode=mode, by_alias=True)
        return {"use": self.use or self.plugin.plugin_name(), **({"when": when} if when else {}), **settings}

    @classmethod
    def read(cls, value: object) -> Self:
        """Return what a recipe writes as the plug-in that it names."""
        if isinstance(value, cls):
            return value
        if isinstance(value, Plugin) and value.kind == cls.kind:
            return cls(cast("P", value))
        settings, plugin = _settings(value, cls.kind)
        return cls(cast("P", plugin), settings["use"], read_when(settings.get("when", {})))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Validate and write it as a recipe does."""
        written = core_schema.plain_serializer_function_ser_schema(
            lambda nested, info: nested.written(info.mode), info_arg=True
        )
        return core_schema.no_info_plain_validator_function(cls.read, serialization=written)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Leave a mark, which the schema of recipes replaces by its definition of such a plug-in."""
        return {MARK: cls.kind}


class Nested(NestedPlugin[Verifier]):
    """A verifier inside another plug-in's settings."""

    kind = "verifier"

    @property
    def verifier(self) -> Verifier:
        """The verifier."""
        return self.plugin


class NestedSource(NestedPlugin[Source]):
    """A source inside another plug-in's settings."""

    kind = "source"

    @property
    def source(self) -> Source:
        """The source."""
        return self.plugin


def nested_places(
    plugin_class: type[BaseModel], settings: Mapping[str, Any]
) -> Iterator[tuple[tuple[str | int, ...], Kind]]:
    """Yield where in a plug-in's settings other plug-ins are named, and their kind."""
    for name, declared in plugin_class.model_fields.items():
        kind = _nested_kind(declared.annotation)
        if name in settings and kind is not None:
            value = settings[name]
            places = [(name, i) for i in range(len(value))] if isinstance(value, list) else [(name,)]
            yield from ((path, kind) for path in places if value is not None)


def _nested_kind(annotation: object) -> Kind | None:
    if isinstance(annotation, type) and issubclass(annotation, NestedPlugin):
        return annotation.kind
    return next(filter(None, map(_nested_kind, get_args(annotation))), None)


def _settings(value: object, kind: Kind) -> tuple[dict[str, Any], Plugin]:
    """Return what a recipe writes, and the plug-in made of it."""
    settings = {"use": value} if isinstance(value, str) else value
    if not isinstance(settings, dict) or not isinstance(settings.get("use"), str):
        raise PydanticCustomError(kind, f"a {kind} is expected: its name, or `use: NAME` with its settings")
    conditions = ("when",) if kind == "verifier" else ()
    rest = {key: inner for key, inner in settings.items() if key not in ("use", *conditions)}
    try:
        built = _class_of(settings["use"], kind).model_validate_json(json.dumps(rest), strict=True)
    except ValidationError:
        raise
    except UserError as error:
        raise ValueError(str(error)) from error
    return settings, built


@contextmanager
def trusting(packages: Collection[str]) -> Iterator[None]:
    """Refuse, while the block lasts, to load code of packages other than these for a verifier that settings name."""
    before = _TRUSTED.set(frozenset(packages))
    try:
        yield
    finally:
        _TRUSTED.reset(before)


def check_trust(kind: str, use: str, trusted: Collection[str]) -> None:
    """Refuse a plug-in of a package that is not trusted, by its own name or by that of the whole package.

    Raises:
        UserError: data names code that nobody vouches for.

    """
    module = use.partition(":")[0]
    package = module.partition(".")[0]
    if ":" in use and module not in trusted and package not in trusted:
        message = f"the data names the {kind} {shorten(use, 60)!r}, which is code of another package"
        raise UserError(Fault(message, hint=f"if you trust it, pass trusted=({package!r},)"))


def _class_of(use: str, kind: Kind) -> type[Plugin]:
    trusted = _TRUSTED.get()
    if trusted is not None:
        check_trust(kind, use, trusted)
    if ":" in use and not _CLASS.fullmatch(use):
        raise UserError(f"{shorten(use, 60)!r} names no class; write their_package.module:TheirClass")
    try:
        plugin_class = load(kind, use)
    except ImportError as error:
        if ":" not in use:
            raise
        raise UserError(f"{use!r} cannot be imported: {error}") from error
    if inspect.isabstract(plugin_class):
        raise UserError(f"{use!r} is abstract; name a class that has all its methods")
    return plugin_class


def keys_read(verifiers: Sequence[Verifier], whens: Sequence[Mapping[str, Wanted]]) -> set[str] | None:
    """Return the keys of meta that verifiers and conditions read; None if one of the verifiers does not say."""
    keys = {key for when in whens for key in when if key not in ("domain", "source", "license")}
    for verifier in verifiers:
        read = verifier.meta_keys
        if read is None:
            return None
        keys.update(read)
    return keys
