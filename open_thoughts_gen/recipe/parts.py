"""One plug-in named by a recipe: `use: NAME`, its settings beside it, `when:` it applies, or a source's `weight:`.

The plug-in's own pydantic fields say which settings there are, so a recipe's mapping becomes a plug-in here and nowhere
else, with every fault at its line. A setting that has been renamed since the recipe was written (`Plugin.renamed`) is
read under its new name, with a note.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, SecretStr
from pydantic_core import to_jsonable_python

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Kind, Plugin
from open_thoughts_gen.plugin.nested import nested_places
from open_thoughts_gen.plugin.when import HasTraits, Wanted, meets
from open_thoughts_gen.recipe.node import Node, Value
from open_thoughts_gen.recipe.options import is_class_name
from open_thoughts_gen.recipe.renamed import rename
from open_thoughts_gen.recipe.secrets import MASK, Secrets, change_texts, mark_declared_secrets
from open_thoughts_gen.recipe.validation import validate
from open_thoughts_gen.text import shorten

MAX_NAME = 200
CONDITIONAL: tuple[Kind, ...] = ("verifier", "filter")


class Part(BaseModel):
    """One plug-in named by a recipe: its settings, and the rows that it applies to."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    use: str = Field(description="name of the plug-in: a file of the package, or their_package.module:TheirClass")
    plugin: Any = Field(description="the plug-in with its settings")
    when: Mapping[str, Wanted] = Field(
        default_factory=dict,
        description="the rows that this applies to: domain, source, license, a key of the question's meta (for a "
        "filter, of its measures) with the value or the list of values that it must have; all keys must match",
    )
    weight: float = Field(
        default=1.0,
        description="how many questions are drawn from this source, in proportion to the weights of the others",
    )
    _secrets: Secrets = PrivateAttr(default_factory=Secrets)

    def applies_to(self, row: HasTraits) -> bool:
        """Return whether this part is for a row: every key of `when` equals what the row has under it, or lists it."""
        return meets(row, self.when)

    @property
    def holds_secrets(self) -> bool:
        """Return whether a secret was filled into its settings."""
        return bool(self._secrets.written)

    def resolved(self) -> dict[str, Any]:
        """Return the part as a recipe writes it, with every setting written out and no secret."""
        return self._written(self._secrets)

    def __repr_args__(self) -> list[tuple[str | None, Any]]:
        """Show what a recipe writes, with secrets masked."""
        masked = Secrets(dict.fromkeys(self._secrets.written, MASK))
        return list(self._written(masked).items())

    def _written(self, secrets: Secrets) -> dict[str, Any]:
        common = {"when": plain(self.when, secrets)} if self.when else {}
        common |= {"weight": self.weight} if self.weight != 1 else {}
        settings = self.plugin.model_dump(by_alias=True) if isinstance(self.plugin, BaseModel) else {}
        return {"use": self.use, **common, **plain(settings, secrets)}


NO_PART = Part.model_construct(use="", plugin=None)  # where there are faults


@dataclass(frozen=True, slots=True)
class BuiltPart:
    """What one plug-in of a recipe became: `NO_PART` with its faults; secrets that no message may show; notes.

    `settings` is what it was made of, under the present names.
    """

    settings: Node
    part: Part = NO_PART
    faults: list[Fault] = field(default_factory=list)
    secrets: Secrets = field(default_factory=Secrets)
    notes: list[Fault] = field(default_factory=list)


def build_part(node: Node, kind: Kind, secrets: Secrets) -> BuiltPart:
    """Return the part that a value of a recipe describes; `secrets` are the secrets of the whole recipe."""
    settings = Node({"use": node}, node.where, node.title) if isinstance(node.content, str) else node
    if not settings.is_mapping:
        message = f"one {kind} is expected, not {node.show()}"
        return BuiltPart(node, faults=[node.fault(message, f"write `use: ...`, {known(kind)}")])
    when, faults = _when(settings.get("when"), kind)
    weight, more = _weight(settings, kind)
    faults += more
    cls, more = _plugin_class(settings, kind)
    faults += more
    if cls is None:
        return BuiltPart(node, faults=faults)
    settings, more, notes = rename(settings, cls.renamed)
    faults += more
    common = ("use", "when", "weight") if kind == "source" else ("use", "when")
    for path, nested_kind in nested_places(cls, settings.without(*common).value):
        nested = build_part(settings.along(path)[-1], nested_kind, secrets)
        faults, notes = faults + nested.faults, notes + nested.notes
        settings = settings.replaced(path, nested.settings.reported() if nested.faults else nested.settings)
    rest, part_secrets, more = mark_declared_secrets(settings.without(*common), cls, secrets)
    faults += more
    built, more = validate(cls, rest)
    faults += more
    written = settings if node.is_mapping else node
    if built is None:
        return BuiltPart(written, NO_PART, faults, part_secrets, notes)
    if part_secrets.written:
        texts = {name: getattr(built, name) for name in cls.model_fields}
        concealed = {name: change_texts(value, part_secrets.conceal) for name, value in texts.items()}
        built = built.model_copy(update=concealed)
    part = Part(use=settings.content["use"].content, plugin=built, when=when, weight=weight)
    part._secrets = part_secrets
    return BuiltPart(written, part, faults, part_secrets, notes)


def _plugin_class(settings: Node, kind: Kind) -> tuple[type[Plugin] | None, list[Fault]]:
    name = settings.get("use")
    if name is None or not isinstance(name.content, str):
        return None, [_no_use(settings, kind)]
    if name.is_reported:
        return None, []
    use = name.content
    try:
        if len(use) > MAX_NAME or (":" in use and not is_class_name(use)):
            fault = Fault(
                f"{shorten(use, 60)!r} is not the name of a class", hint="write their_package.module:TheirClass"
            )
            raise UserError(fault)
        cls = plugin.load(kind, use)
    except UserError as error:
        return None, [name.fault(fault.message, fault.hint) for fault in error.faults]
    except ImportError as error:
        if ":" not in use:
            raise
        return None, [name.fault(f"cannot be imported: {error}")]
    if inspect.isabstract(cls):
        return None, [name.fault(f"{use!r} is abstract", "name a class that has all its methods")]
    return cls, []


def _no_use(settings: Node, kind: Kind) -> Fault:
    name = settings.get("use")
    if name is not None and name.content is not None:
        return name.fault(f"the name of a {kind} is expected, not {name.show()}", known(kind))
    keys = [key for key in settings.content if key in plugin.names(kind)]
    hint = f"write `use: {keys[0]}` with its settings beside it" if keys else f"add `use: NAME`; {known(kind)}"
    return settings.fault(f"this does not name a {kind}", hint)


def _when(node: Node | None, kind: Kind) -> tuple[Mapping[str, Wanted], list[Fault]]:
    if node is None:
        return {}, []
    if kind not in CONDITIONAL:
        return {}, [node.fault(f"a {kind} takes no `when`", "only verifiers and filters do: leave it out")]
    if not node.is_mapping:
        return {}, [node.fault(f"a mapping is expected, not {node.show()}", "write {domain: math}")]
    when: dict[str, Wanted] = {}
    faults = []
    for key, child in node.content.items():
        value = child.value
        if isinstance(value, str | int | float):
            when[key] = value
        elif isinstance(value, list) and value and all(isinstance(item, str | int | float) for item in value):
            when[key] = tuple(value)
        else:
            faults.append(child.fault(f"a value or a list of values is expected, not {child.show()}"))
    return when, faults


def _weight(settings: Node, kind: Kind) -> tuple[float, list[Fault]]:
    node = settings.get("weight")
    if node is None or kind != "source":
        return 1.0, []
    value = node.content
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return float(value), []
    return 1.0, [node.fault(f"a positive number is expected, not {node.show()}", "write `weight: 2` for twice as many")]


def known(kind: Kind) -> str:
    """Return the names of the plug-ins of a kind, for a hint."""
    return f"known: {', '.join(plugin.names(kind))}"


def plain(value: object, secrets: Secrets) -> Value:
    """Return settings as YAML can say them: no secret, and every `${` that is only text escaped."""
    if isinstance(value, SecretStr):
        written = secrets.written.get(value.get_secret_value())
        return written if written is not None else MASK
    if isinstance(value, str):
        return secrets.write_back(str.__str__(value))
    if isinstance(value, Mapping):
        # A secret that no variable filled is a plug-in's own default, and left out.
        return {
            str(key): plain(inner, secrets)
            for key, inner in value.items()
            if not isinstance(inner, SecretStr) or inner.get_secret_value() in secrets.written
        }
    if isinstance(value, list | tuple):
        return [plain(inner, secrets) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return plain(sorted(value) if isinstance(value, set | frozenset) else to_jsonable_python(value), secrets)
