"""A recipe's YAML as a tree of values that know where they were written.

Every pass over a recipe takes such a tree and returns another, with the faults that it found. A value carries its line
and its title, so a pass that moves or replaces one has nothing else to keep in step, and messages still name what the
user wrote: `source.path` for what is later at `sources[0].path`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.text import shorten

KeyPath: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = Any  # what YAML can say: str, int, float, bool, None, list[Value], dict[str, Value]

MAX_SHOWN = 60


class Filled(NamedTuple):
    """A variable whose value was put into a text: its name, its value, and how the recipe writes it."""

    name: str
    value: str
    written: str


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a recipe, and where it comes from.

    `content` is a scalar, a tuple of nodes, or a mapping of nodes. `where` is `FILE:LINE`, or the command-line option;
    `title` the key path as the user wrote it. `written` is the text of a scalar that YAML has read as something other
    than text. After a fault that leaves nothing more to say about a value it `is_reported`; a secret is never shown.
    """

    content: Any
    where: str
    title: str = ""
    written: str = ""
    filled: tuple[Filled, ...] = ()
    is_reported: bool = False
    is_secret: bool = False

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.content, dict)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.content, tuple)

    @property
    def value(self) -> Value:
        """The plain value: dictionaries, lists and scalars."""
        if isinstance(self.content, dict):
            return {key: child.value for key, child in self.content.items()}
        return [child.value for child in self.content] if isinstance(self.content, tuple) else self.content

    def children(self) -> Iterator[tuple[str | int, Node]]:
        """Yield the values inside a mapping or a list, each with its key or index."""
        if isinstance(self.content, dict):
            yield from self.content.items()
        elif isinstance(self.content, tuple):
            yield from enumerate(self.content)

    def get(self, *path: str | int) -> Node | None:
        """Return the value at a key path, None if there is none."""
        *before, node = self.along(path)
        return node if len(before) == len(path) else None

    def along(self, path: Iterable[str | int]) -> list[Node]:
        """Return this node and those inside it that a key path leads through, as far as it goes."""
        nodes = [self]
        for step in path:
            content = nodes[-1].content
            in_list = isinstance(content, tuple) and isinstance(step, int) and 0 <= step < len(content)
            if not in_list and not (isinstance(content, dict) and step in content):
                break
            nodes.append(content[step])
        return nodes

    def leaves(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Node]]:
        """Yield every scalar inside, with its key path."""
        if not self.is_mapping and not self.is_list:
            yield path, self
        for step, child in self.children():
            yield from child.leaves((*path, step))

    def places(self, path: KeyPath = ()) -> Iterator[tuple[KeyPath, tuple[str, str]]]:
        """Yield the key path of this value and of every one inside, each with where it is written and its title."""
        yield path, (self.where, self.title)
        for step, child in self.children():
            yield from child.places((*path, step))

    def with_leaves(self, change: Callable[[KeyPath, Node], Node], path: KeyPath = ()) -> Node:
        """Return the same tree with every scalar changed."""
        if isinstance(self.content, dict):
            content: Any = {key: child.with_leaves(change, (*path, key)) for key, child in self.content.items()}
        elif isinstance(self.content, tuple):
            content = tuple(child.with_leaves(change, (*path, index)) for index, child in enumerate(self.content))
        else:
            return change(path, self)
        return replace(self, content=content)

    def with_child(self, step: str | int, child: Node) -> Node:
        """Return this mapping or list with a value put at a key or at an index that it has."""
        if isinstance(self.content, dict):
            return replace(self, content={**self.content, str(step): child})
        children = list(self.content)
        children[int(step)] = child
        return replace(self, content=tuple(children))

    def without(self, *keys: str) -> Node:
        """Return this mapping without some of its keys."""
        return replace(self, content={key: child for key, child in self.content.items() if key not in keys})

    def replaced(self, path: KeyPath, node: Node) -> Node:
        """Return the same tree with another value at a key path, which must exist."""
        return self.with_child(path[0], self.content[path[0]].replaced(path[1:], node)) if path else node

    def title_of(self, step: str | int) -> str:
        """Return how a value inside this one is titled: `verifiers[1].threshold`."""
        return (
            f"{self.title}[{step}]"
            if isinstance(step, int)
            else f"{self.title}{'.' * bool(self.title)}{printable(step)}"
        )

    def titled(self, title: str, where: str = "") -> Node:
        """Return the same value as if it had been written under another title, and elsewhere if that is given."""
        node = replace(self, title=title, where=where or self.where)
        if isinstance(self.content, dict):
            return replace(
                node, content={k: child.titled(node.title_of(k), where) for k, child in self.content.items()}
            )
        if isinstance(self.content, tuple):
            items = enumerate(self.content)
            return replace(node, content=tuple(child.titled(node.title_of(i), where) for i, child in items))
        return node

    def reported(self) -> Node:
        """Return the same value, marked as one about which nothing more need be said."""
        return replace(self, is_reported=True)

    def fault(self, message: str, hint: str = "") -> Fault:
        """Return a fault of this value."""
        named_by_option = self.where.endswith(f" {self.title}")  # `--set publish.title`
        return Fault(message if named_by_option or not self.title else f"{self.title}: {message}", self.where, hint)

    def fault_of(self, step: str | int, message: str, hint: str = "") -> Fault:
        """Return a fault of a value that is missing here."""
        return Fault(f"{self.title_of(step)}: {message}", self.where, hint)

    def show(self) -> str:
        """Return the value as a message shows it: short, on one line, and masked if it is secret."""
        if self.is_mapping or self.is_list:
            return "a mapping" if self.is_mapping else "a list"
        if self.is_secret:
            return "this value (hidden, because it may be secret)"
        if isinstance(self.content, str):
            return repr(shorten(self.content, MAX_SHOWN))
        return "nothing" if self.content is None else shorten(self.written or str(self.content), MAX_SHOWN)


def key_path(text: str) -> KeyPath:
    """Return the key path that `verifiers[0].x` or `verifiers.0.x` writes; numbers are list positions."""
    steps = re.findall(r"[^.\[\]]+", text)
    return tuple(int(step) if step.isascii() and step.isdigit() and len(step) < 6 else step for step in steps)


def printable(text: str) -> str:
    """Return text for a message: short, on one line, what cannot be printed escaped."""
    line = shorten(text, MAX_SHOWN)
    return line if line.isprintable() else repr(line)[1:-1]


def mapping_of(children: Mapping[str, Node], like: Node) -> Node:
    """Return a mapping of nodes that stands where another node stands."""
    return Node(dict(children), like.where, like.title)
