"""YAML with lines: a text as a tree of values, each with the line where it was written.

PyYAML's plain loading forgets lines. So the text is composed to YAML nodes, which know them, and turned here into the
nodes of `node`. Two things are stricter than YAML 1.1, because they surprise: a key may occur only once, and what YAML
reads as something other than what was written (dates, octal and base-60 numbers) is a fault whose hint is to quote it.
Aliases and merge keys are written out. The text may be hostile: size, depth and the number of values are limited, no
tag makes anything but a scalar, a list or a mapping, and text holds no control characters.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

import yaml

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.recipe.node import MAX_SHOWN, Node
from open_thoughts_gen.text import shorten

MAX_CHARACTERS = 256 * 1024
MAX_DEPTH = 40
MAX_VALUES = 10_000

_TAG = "tag:yaml.org,2002:"
_TEXT_TAGS = {f"{_TAG}str", f"{_TAG}value", f"{_TAG}merge"}
_TYPED_TAGS = {f"{_TAG}null": "nothing", f"{_TAG}bool": "true or false", f"{_TAG}int": "a number"} | {
    f"{_TAG}float": "a number"
}
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SURPRISING = re.compile(r"[-+]?(0[0-7_]+|[0-9][0-9_]*(:[0-9_.]+)+)")
_HINTS = {
    "'\\t'": "indent with spaces, not with tabs",
    "mapping values are not allowed": "quote a value that holds `: `, and check the indentation",
    "could not find expected ':'": "write `key: value`; text of several lines begins with `|`",
    "cannot start any token": "quote the value",
    "expected <block end>": "check the indentation, and that brackets and quotes are closed",
    "end of stream": "close the bracket or the quote",
    "undefined alias": "an alias `*x` needs an anchor `&x` above it; quote text that begins with `*`",
    "unknown escape character": "use single quotes, or write the backslash twice",
    "another document": "keep one recipe in a file, with no line `---`",
}


_PROBLEMS = {
    "expected the node content, but found '<stream end>'": "the file ends where a value is expected; is a bracket or "
    "quote left open?",
    "found unexpected end of stream": "the file ends inside quotes",
    "expected the node content": "a value is expected here",
    "but found '<stream end>'": "the file ends inside a bracket",
}


class Parsed(NamedTuple):
    """The tree of values in a YAML text, None if it is empty; and the faults that leave the rest readable."""

    root: Node | None
    faults: list[Fault]


def read(text: str, name: str) -> Parsed:
    """Return what a YAML text says.

    Raises:
        UserError: this is not YAML, or it is too big or too deep.

    """
    if len(text) > MAX_CHARACTERS:
        raise UserError(Fault(f"more than {MAX_CHARACTERS // 1024} KiB of YAML", where=name))
    composed = _compose(text, name)
    if composed is None:
        return Parsed(None, [])
    unfolder = _Unfolder(name)
    return Parsed(unfolder.node(composed, Node(None, unfolder.where(composed))), unfolder.faults)


class _Loader(yaml.SafeLoader):
    """Composes nodes to a limited depth, since PyYAML recurses."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.composer.ComposerError(problem="nested too deep", problem_mark=self.get_mark())
        node: yaml.Node | None = super().compose_node(parent, index)
        self.depth -= 1
        return node


def _compose(text: str, name: str) -> yaml.Node | None:
    loader = None
    try:
        loader = _Loader(text)
        return loader.get_single_node()
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        fault = Fault(f"the character U+{ord(text[error.position]):04X} is not allowed in YAML", where=f"{name}:{line}")
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "unreadable"
        hint = next((hint for sign, hint in _HINTS.items() if sign in problem), "")
        problem = next((words for sign, words in _PROBLEMS.items() if sign in problem), problem)
        fault = Fault(f"not YAML: {shorten(problem, 160)}", where=f"{name}:{mark.line + 1 if mark else 1}", hint=hint)
    except (ValueError, OverflowError):  # an escape or a version number beyond all bounds
        line = loader.line + 1 if loader else 1
        fault = Fault("not YAML: a number or escape out of range", where=f"{name}:{line}")
    raise UserError(fault)


class _Unfolder:
    """Turns the nodes of PyYAML into those of this package. Each begins as an empty node that knows its line."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.faults: list[Fault] = []
        self._num_values = 0

    def where(self, source: yaml.Node) -> str:
        return f"{self.name}:{source.start_mark.line + 1}"

    def node(self, source: yaml.Node, empty: Node, above: tuple[int, ...] = ()) -> Node:
        self._num_values += 1
        if self._num_values > MAX_VALUES:
            message = f"the file has more than {MAX_VALUES} values, with aliases written out"
            raise UserError(Fault(message, where=self.where(source)))
        if id(source) in above or len(above) >= MAX_DEPTH:
            raise UserError(Fault("nested too deep: an alias leads back to itself", where=self.where(source)))
        if isinstance(source, yaml.ScalarNode):
            return self._scalar(source, empty)
        if source.tag not in (f"{_TAG}map", f"{_TAG}seq"):
            empty = self._report(empty, f"the tag {shorten(source.tag, MAX_SHOWN)} is not known", "leave it out")
        inside = (*above, id(source))
        if isinstance(source, yaml.MappingNode):
            return replace(empty, content=self._mapping(source, empty, inside))
        children = enumerate(source.value)
        return replace(
            empty,
            content=tuple(
                self.node(child, Node(None, self.where(child), empty.title_of(i)), inside) for i, child in children
            ),
        )

    def _report(self, node: Node, message: str, hint: str) -> Node:
        """Note a fault after which nothing more need be said about a value."""
        self.faults.append(node.fault(message, hint))
        return node.reported()

    def _mapping(self, source: yaml.MappingNode, parent: Node, above: tuple[int, ...]) -> dict[str, Node]:
        children = self._merged(source, parent, above)
        first: dict[str, yaml.Node] = {}
        for key_source, value_source in source.value:
            if key_source.tag == f"{_TAG}merge":
                continue
            if not isinstance(key_source, yaml.ScalarNode) or UNPRINTABLE.search(key_source.value):
                self.faults.append(Fault("a key must be plain text", where=self.where(key_source)))
                continue
            key = str(key_source.value)
            if key in first:
                line = first[key].start_mark.line + 1
                message = f"{parent.title_of(key)}: the key occurs twice, first in line {line}"
                self.faults.append(Fault(message, where=self.where(key_source), hint="keep one of them"))
                continue
            first[key] = key_source
            empty = Node(None, self.where(key_source), parent.title_of(key))
            if key_source.tag not in _TEXT_TAGS:
                empty = self._report(empty, "this key is not text for YAML", "quote it")
            children[key] = self.node(value_source, empty, above)
        return children

    def _merged(self, source: yaml.MappingNode, parent: Node, above: tuple[int, ...]) -> dict[str, Node]:
        children: dict[str, Node] = {}
        for key_source, value_source in source.value:
            if key_source.tag != f"{_TAG}merge":
                continue
            merged = value_source.value if isinstance(value_source, yaml.SequenceNode) else [value_source]
            for mapping in reversed(merged):
                if isinstance(mapping, yaml.MappingNode):
                    children |= self.node(mapping, parent, above).content
                else:
                    self.faults.append(parent.fault_of("<<", "only mappings can be merged"))
        return children

    def _scalar(self, source: yaml.ScalarNode, empty: Node) -> Node:
        text: str = source.value
        node = replace(empty, content=text)
        unprintable = UNPRINTABLE.search(text)
        if unprintable:
            message = f"the character U+{ord(unprintable.group()):04X} is not allowed in a recipe"
            return self._report(replace(empty, content=""), message, "delete it")
        if source.tag in _TEXT_TAGS:
            return node
        if source.tag in _TYPED_TAGS:
            return self._typed(source, node)
        if source.tag == f"{_TAG}timestamp":
            return self._report(node, f"YAML reads {shorten(text, MAX_SHOWN)} as a date", _quote(text))
        return self._report(node, f"the tag {shorten(source.tag, MAX_SHOWN)} is not known", "leave it out")

    def _typed(self, source: yaml.ScalarNode, node: Node) -> Node:
        text: str = source.value
        try:
            value: Any = yaml.constructor.SafeConstructor().construct_object(source)
        except (ValueError, LookupError):
            return self._report(node, f"{shorten(text, MAX_SHOWN)!r} is not {_TYPED_TAGS[source.tag]}", _quote(text))
        node = replace(node, content=value, written=text)
        if isinstance(value, int) and abs(value) >= 2**63:
            hint = "write one of at most 18 digits, or quote it"
            return self._report(replace(node, content=0), "the number is too big", hint)
        if source.style is None and _SURPRISING.fullmatch(text):
            hint = f"write {value}, or {_quote(text)}"
            return self._report(node, f"YAML reads {shorten(text, MAX_SHOWN)} as the number {value}", hint)
        return node


def _quote(text: str) -> str:
    return f'quote it: "{shorten(text, MAX_SHOWN)}"'
