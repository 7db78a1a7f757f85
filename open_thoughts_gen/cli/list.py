"""The command `list`: which plug-ins there are, what each is for, and its settings.

The line on a plug-in is read from its file, not by importing it, since some import heavy packages. Settings are read
from the class, where they are declared.
"""

from __future__ import annotations

import argparse
import ast
from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

from open_thoughts_gen.cli.line import console
from open_thoughts_gen.cli.program import PROGRAM, Command

if TYPE_CHECKING:
    from pydantic import BaseModel

    from open_thoughts_gen.plugin import Kind


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "kind",
        nargs="?",
        metavar="KIND",
        help="source, teacher, verifier, filter or family; `recipe`, for the keys of a recipe; one of those keys that "
        "has settings, such as publish, until or budget; or the name of a plug-in",
    )
    parser.add_argument(
        "name",
        nargs="?",
        metavar="NAME",
        help="after a kind: the plug-in to show, by its name or package.module:Class; after a key: the setting to show",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the command and return its exit code."""
    from open_thoughts_gen import plugin
    from open_thoughts_gen.cli import terminal
    from open_thoughts_gen.errors import UserError

    output = console()
    if arguments.kind and not arguments.name and (kind := kind_of_plugin(arguments.kind)):
        arguments.kind, arguments.name = kind, arguments.kind
    if arguments.kind and (model := model_of_key(arguments.kind)):
        output.print(terminal.settings(settings_of(model, arguments.kind, only=arguments.name)))
        return 0
    if arguments.name:
        try:
            listed = plugin.load(kind_of(arguments.kind), arguments.name)
        except UserError as error:
            settings = settings_in_file(kind_of(arguments.kind), arguments.name)
            if not settings:
                raise
            output.print(terminal.plain(str(error), "yellow"), end="\n\n", soft_wrap=True)
            output.print(terminal.settings(settings))
            return 0
        output.print(terminal.plain((listed.__doc__ or "").strip()), end="\n\n")
        output.print(terminal.settings(settings_of(listed, f"{arguments.kind} {arguments.name}")))
        return 0
    kinds: Sequence[Kind] = [kind_of(arguments.kind)] if arguments.kind else get_args(plugin.Kind)
    for kind in kinds:
        output.print(terminal.plain(plugin.FOLDERS[kind], "bold"))
        output.print(terminal.names(first_lines(kind)))
    output.print(
        terminal.plain(
            f"to see the settings of a plug-in: {PROGRAM} list KIND NAME, such as list teacher openai", "dim"
        )
    )
    return 0


COMMAND = Command(
    "list",
    "List the plug-ins, or show the settings of one (`list teacher openai`) or of a key of the recipe (`list "
    "publish`).",
    add_arguments,
    run,
)


def kind_of(word: str) -> Kind:
    """Return the kind that a word names, in the singular or the plural: `filter`, `filters`."""
    from open_thoughts_gen.errors import Fault, UserError, did_you_mean
    from open_thoughts_gen.plugin import BASES, FOLDERS, Kind, names

    kinds: tuple[Kind, ...] = get_args(Kind)
    for kind in kinds:
        if word in (kind, FOLDERS[kind]):
            return kind
    named = [f"`list {kind} {word}`" for kind in kinds if word in names(kind)]
    if named:
        raise UserError(Fault(f"{word!r} is a plug-in, not a kind of plug-in", hint=f"write {' or '.join(named)}"))
    hint = did_you_mean(word, [*BASES, *(name for kind in kinds for name in names(kind))])
    if not hint.startswith("did you mean"):
        hint = f"write one of {', '.join(BASES)}; recipe; or a key of a recipe, such as publish"
    raise UserError(Fault(f"{word!r} is not a kind of plug-in, a plug-in or a key of a recipe", hint=hint))


def kind_of_plugin(word: str) -> Kind | None:
    """Return the kind of the plug-in of this name; None if a kind or a key has the name, or no plug-in or several."""
    from open_thoughts_gen.plugin import FOLDERS, Kind, names

    kinds: tuple[Kind, ...] = get_args(Kind)
    if word in (*kinds, *FOLDERS.values()) or model_of_key(word):
        return None
    named = [kind for kind in kinds if word in names(kind)]
    return named[0] if len(named) == 1 else None


def first_lines(kind: Kind) -> dict[str, str]:
    """Return the plug-ins of one kind, each with the first line of its file."""
    from open_thoughts_gen.plugin import FOLDERS, names
    from open_thoughts_gen.plugin.loading import PACKAGE_FOLDER

    lines = {}
    for name in names(kind):
        path = PACKAGE_FOLDER / FOLDERS[kind] / name
        file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        lines[name] = (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    return lines


def settings_of(plugin: type[BaseModel], listed: str, *, only: str | None = None) -> list[tuple[str, str, str, str]]:
    """Return each setting of a plug-in or a key: its name, type, default and meaning.

    `listed` is what stands after `list` for it; `only` is the one setting to return, with all the values it takes.

    Raises:
        UserError: there is no such setting.

    """
    from open_thoughts_gen.cli.setting_words import as_yaml, type_in_words
    from open_thoughts_gen.errors import Fault, UserError, did_you_mean

    if only is not None and only not in plugin.model_fields:
        raise UserError(Fault(f"{listed} has no setting {only!r}", hint=did_you_mean(only, plugin.model_fields)))
    rows = []
    for name, field in plugin.model_fields.items():
        if only in (None, name):
            more = "" if only else f"list {listed} {name}"
            default = "required" if field.is_required() else as_yaml(field.get_default(call_default_factory=True))
            rows.append((name, type_in_words(field.annotation, more), default, field.description or ""))
    return rows


def model_of_key(key: str) -> type[BaseModel] | None:
    """Return the settings of a key of the recipe that has some: `publish`, `until`, `budget`, `prices`."""
    from pydantic import BaseModel

    from open_thoughts_gen.recipe import Recipe

    if key == "recipe":
        return Recipe
    annotation = Recipe.model_fields[key].annotation if key in Recipe.model_fields else None
    models = [
        one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)
    ]
    return models[0] if models and key not in ("sources", "teacher") else None


def settings_in_file(kind: Kind, name: str) -> list[tuple[str, str, str, str]]:
    """Return the settings that a plug-in's file declares, for a plug-in that cannot be imported on this machine."""
    from open_thoughts_gen.cli.setting_words import default_in_words, source_in_words
    from open_thoughts_gen.plugin import FOLDERS, names
    from open_thoughts_gen.plugin.loading import PACKAGE_FOLDER

    if name not in names(kind):
        return []
    rows = []
    folder = PACKAGE_FOLDER / FOLDERS[kind] / name
    inside = (folder / f"{each}.py" for each in (kind, "__init__"))
    file = next(path for path in inside if path.exists()) if folder.is_dir() else folder.with_suffix(".py")
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        declared = node.value if isinstance(node, ast.AnnAssign) else None
        if (
            not isinstance(node, ast.AnnAssign)
            or not isinstance(node.target, ast.Name)
            or not isinstance(declared, ast.Call)
        ):
            continue
        options = {keyword.arg: keyword.value for keyword in declared.keywords}
        meaning = options.get("description")
        if meaning is not None:
            default = declared.args[0] if declared.args else options.get("default")
            shown = default_in_words(default) if default is not None else "required"
            rows.append((node.target.id, source_in_words(node.annotation), shown, str(ast.literal_eval(meaning))))
    return rows
