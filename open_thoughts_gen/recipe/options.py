"""What the command line changes in a recipe, before the recipe is checked.

`--set key.path=value` changes any value, `--teacher SPEC` the teacher. A changed value is checked like a written one,
and a fault in it names the option instead of a line. A value is read as YAML where it is a scalar or a bracketed list
or mapping, and as plain text where YAML would read something else in it (`publish.title=Law: a primer`). Options never
add to a list: the recipe's file shows every plug-in of the line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.recipe.node import KeyPath, Node, key_path, printable
from open_thoughts_gen.recipe.yaml_lines import UNPRINTABLE, Parsed, read
from open_thoughts_gen.text import shorten

_CLASS = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*", re.ASCII)


def is_class_name(use: str) -> bool:
    """Return whether a plug-in's name is of the form `their_package.module:TheirClass`."""
    return _CLASS.fullmatch(use) is not None


def apply_options(
    root: Node, overrides: Sequence[str], *, numbers: Mapping[str, int], teacher: str | None, option: str = "--teacher"
) -> tuple[Node, list[Fault]]:
    """Return the recipe after `--teacher`, then `overrides` as after `--set`, then `numbers` as `--target 5`.

    So `--set teacher.model=...` is a setting of the teacher that was chosen beside it. `option` is what faults call the
    one that chose it.
    """
    changes: list[Callable[[Node], tuple[Node, list[Fault]]]] = []
    changes += [partial(_choose_teacher, spec=teacher, option=option)] if teacher is not None else []
    changes += [partial(_set_value, override=override) for override in overrides]
    faults: list[Fault] = []
    for change in changes:
        try:
            root, more = change(root)
            faults += more
        except UserError as error:
            faults += error.faults
    for name, number in numbers.items():
        root = root.with_child(name, Node(number, f"--{name}", name))
    return root, faults


def _set_value(root: Node, *, override: str) -> tuple[Node, list[Fault]]:
    key, equals, text = override.partition("=")
    where = f"--set {printable(key)}"
    path = key_path(key.strip())
    if not equals or not path:
        raise UserError(Fault("this names no setting or no value", where=where, hint="write --set key.path=value"))
    if path[0] == "source":
        path = ("sources", 0, *path[1:])
        sources = root.get("sources")
        if sources is None:
            root = root.with_child("sources", Node((Node(None, where, "source"),), where, "sources"))
        elif not sources.is_list or len(sources.content) != 1:
            hint = "write sources[0], sources[1] ..."
            raise UserError(Fault("the recipe does not have exactly one source", where=where, hint=hint))
    option = _read_option(text.strip(), where)
    value = (option.root or Node(None, where)).titled("", where)
    return put(root, path, value), [Fault(fault.message, where, fault.hint) for fault in option.faults]


def _choose_teacher(root: Node, *, spec: str, option: str) -> tuple[Node, list[Fault]]:
    """Make `spec` the teacher."""
    use, model = read_teacher(spec, option)
    current = root.get("teacher", "use") or root.get("teacher")
    if current is None or current.content != use:
        root = put(root, ("teacher",), Node({"use": Node(use, option)}, option))
    if model:
        root = put(root, ("teacher", "model"), Node(model, option))
    return root, []


def read_teacher(spec: str, where: str) -> tuple[str, str]:
    """Return the plug-in and the model (or nothing) of a teacher as an option names it.

    It is the name of a plug-in, or a model as `provider/model` or `http://host:port/v1#model`. `PLUGIN/MODEL`, such as
    `curator/deepseek/deepseek-flash`, is a plug-in and the model that it asks.

    Raises:
        UserError: it is neither.

    """
    known = plugin.names("teacher")
    if spec in known or is_class_name(spec):
        return spec, ""
    if "/" not in spec:
        near = shorten("".join(char for char in spec if char.isprintable()), 60)
        suggestion = did_you_mean(spec, known)
        others = f"write PROVIDER/MODEL, such as openai/{near or 'gpt-5'}, or a plug-in: {', '.join(known)}"
        hint = suggestion if suggestion.startswith("did you mean") else others
        raise UserError(Fault(f"{shorten(spec, 60)!r} is not a teacher", where=where, hint=hint))
    from open_thoughts_gen.chat.endpoints import PROVIDERS  # heavy, and most recipes do not need it

    first, _, rest = spec.partition("/")
    return (first, rest) if first in known and first not in PROVIDERS else ("openai", spec)


def put(holder: Node, path: KeyPath, value: Node, *, depth: int = 1) -> Node:
    """Return the holder with a value put at a key path, and with the mappings on the way that are not there.

    Raises:
        UserError: the path leads through something that holds no such key.

    """
    step, rest = path[0], path[1:]
    title = holder.title_of(step)
    child = _child(holder, step, value.where)
    if not rest:
        return holder.with_child(step, value.titled(title))
    if child is None or child.content is None:
        child = Node({}, value.where, child.title if child else title)
    elif isinstance(child.content, str) and (step == "teacher" if depth == 1 else depth == 2 and isinstance(step, int)):
        child = Node({"use": child}, child.where, child.title)  # a plug-in that was named without settings
    return holder.with_child(step, put(child, rest, value, depth=depth + 1))


def _child(holder: Node, step: str | int, where: str) -> Node | None:
    """Return what is at one step of a key path, None if there is nothing yet."""
    if holder.is_mapping:
        return holder.get(str(step))
    if holder.is_list and isinstance(step, int):
        if step < len(holder.content):
            return holder.get(step)
        fault = Fault(f"there is no [{step}], the list has {len(holder.content)}", where, "positions begin at 0")
    elif holder.is_list:
        fault = Fault(f"{holder.title} is a list", where, f"name one of its items, such as {holder.title}[0]")
    else:
        fault = Fault(f"{holder.title} holds no settings", where, "name a setting, such as publish.title")
    raise UserError(fault)


def _read_option(text: str, where: str) -> Parsed:
    structured = text[:1] in ("[", "{", '"', "'")
    try:
        option = read(text, where)
    except UserError as error:
        if structured or UNPRINTABLE.search(text):
            raise UserError(*(Fault(fault.message, where, fault.hint) for fault in error.faults)) from None
        return Parsed(Node(text, where), [])
    value = option.root.content if option.root else None
    is_text = isinstance(value, str | dict | tuple) or (value is None and text.lower() not in ("", "~", "null"))
    return Parsed(Node(text, where), []) if is_text and not structured else option
