"""Values on their way between a program and its tests: plain data, written as JSON and built again on the other side.

Only exact built-in types are built again, so that what arrives is what it seems to be: a list whose equality is a
list's, whatever class the program gave to its own. An object of another class stays where it is and goes by a number
(`Reference`). A value is a table of nodes that name each other by index, so depth, sharing and cycles are harmless.
"""

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

MAX_ITEMS = 10_000  # of an iterator, which may never end
MAX_NODES = 2_000_000
_SMALL = 2**53
_SEQUENCES: dict[type, str] = {list: "list", tuple: "tuple", set: "set", frozenset: "frozenset", deque: "deque"}
_MAPPINGS: dict[type, str] = {dict: "dict", OrderedDict: "ordered", Counter: "counter"}
_WRITTEN: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    int: ("int", hex, lambda text: int(text, 16)),
    float: ("float", repr, float),
    complex: ("complex", lambda z: [repr(z.real), repr(z.imag)], lambda z: complex(float(z[0]), float(z[1]))),
    bytes: ("bytes", bytes.hex, bytes.fromhex),
    bytearray: ("bytearray", bytearray.hex, bytearray.fromhex),
    Decimal: ("decimal", str, Decimal),
    Fraction: ("fraction", lambda x: [hex(x.numerator), hex(x.denominator)], lambda x: Fraction(*_integers(x))),
    range: ("range", lambda x: [hex(x.start), hex(x.stop), hex(x.step)], lambda x: range(*_integers(x))),
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("timedelta", lambda x: [x.days, x.seconds, x.microseconds], lambda x: timedelta(*x)),
}
_READERS = {name: read for name, _, read in _WRITTEN.values()}
_BASES = (bool, int, float, str, bytes, list, tuple, set, frozenset, OrderedDict, Counter, dict, deque)
_EXACT = {type(None), *_BASES, *_WRITTEN}
_ITERATORS: tuple[type[Any], ...] = (
    *(map, filter, zip, enumerate, reversed, itertools.chain),
    *(type(iter(())), type(iter([])), type(iter({}))),
)


@dataclass(frozen=True)
class Reference:
    """An object that stays on the other side: its number, what it is, and the names of its classes."""

    number: int
    kind: str  # "object", "class", "exception" or "function"
    names: tuple[str, ...]


class TruncatedError(BaseException):
    """An iterator has more items than were sent."""


def _integers(texts: list[str]) -> list[int]:
    return [int(text, 16) for text in texts]


def write(value: Any, refer: Callable[[Any], list[Any]]) -> list[Any]:  # noqa: ANN401  (any value)
    """Return a value as a list of JSON nodes, the value itself first; `refer` writes nodes that cannot be copied."""
    indices: dict[int, int] = {}
    alive: list[Any] = []

    def index_of(child: Any) -> int:  # noqa: ANN401
        if id(child) not in indices:
            if len(alive) >= MAX_NODES:
                raise MemoryError
            indices[id(child)] = len(alive)
            alive.append(child)
        return indices[id(child)]

    index_of(value)
    return [_node(each, index_of, refer) for each in alive]  # `alive` grows meanwhile


def _node(value: Any, index_of: Callable[[Any], int], refer: Callable[[Any], list[Any]]) -> list[Any]:  # noqa: ANN401
    kind = type(value)
    if kind not in _EXACT and isinstance(value, _BASES):
        kind = next(base for base in _BASES if isinstance(value, base))
        value = kind(value)  # type: ignore[arg-type]
    if value is None or kind in (bool, str) or (kind is int and -_SMALL < value < _SMALL):
        return ["plain", value]
    if kind in _WRITTEN:
        name, written, _ = _WRITTEN[kind]
        return [name, written(value)]
    if kind in _SEQUENCES:
        return [_SEQUENCES[kind], [index_of(item) for item in value]]
    if kind in _MAPPINGS:
        return [_MAPPINGS[kind], [[index_of(key), index_of(item)] for key, item in value.items()]]
    if isinstance(value, Iterator) and (isinstance(value, _ITERATORS) or hasattr(value, "gi_frame")):
        items = list(itertools.islice(value, MAX_ITEMS + 1))
        return ["iterator", [index_of(item) for item in items[:MAX_ITEMS]], len(items) > MAX_ITEMS]
    return ["reference", *refer(value)]


def build(nodes: Any, follow: Callable[[Reference], Any]) -> Any:  # noqa: ANN401  (any value)
    """Return the value that `write` wrote; `follow` says what stands for what was not copied.

    Raises:
        ValueError, TypeError, LookupError: it is not what `write` writes.

    """
    built: dict[int, Any] = {}
    later: list[tuple[Any, Any]] = []
    waiting = [0]
    visiting: set[int] = set()
    while waiting:
        index = waiting[-1]
        if index in built:
            waiting.pop()
            continue
        kind, content, *rest = nodes[index]
        if kind in ("tuple", "frozenset"):
            missing = [child for child in content if child not in built]
            if missing and index in visiting:
                raise ValueError("a tuple inside itself")
            visiting.add(index)
            if missing:
                waiting += missing
                continue
            built[index] = (tuple if kind == "tuple" else frozenset)(built[child] for child in content)
        elif kind in ("list", "set", "deque", "iterator"):
            shell: Any = {"list": list, "set": set, "deque": deque, "iterator": list}[kind]()
            built[index] = _items(shell, truncated=rest[0]) if kind == "iterator" else shell
            later.append((shell, content))
            waiting += content
        elif kind in ("dict", "ordered", "counter"):
            built[index] = {"dict": dict, "ordered": OrderedDict, "counter": Counter}[kind]()
            later.append((built[index], content))
            waiting += [child for pair in content for child in pair]
        elif kind == "reference":
            built[index] = follow(Reference(int(content), str(rest[0]), tuple(map(str, rest[1]))))
        elif kind == "plain" and (content is None or type(content) in (bool, int, str)):
            built[index] = content
        else:
            built[index] = _READERS[kind](content)
    for shell, content in reversed(later):
        _fill(shell, content, built)
    return built[0]


def _fill(shell: Any, content: Any, built: dict[int, Any]) -> None:  # noqa: ANN401
    if isinstance(shell, dict):
        for key, item in content:
            shell[built[key]] = built[item]
    elif isinstance(shell, set):
        shell.update(built[child] for child in content)
    else:
        shell.extend(built[child] for child in content)


def _items(items: list[Any], *, truncated: bool) -> Iterator[Any]:
    yield from items
    if truncated:
        raise TruncatedError(f"more than {MAX_ITEMS} items")
