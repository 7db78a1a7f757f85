"""Walks through what waits for what: the order in which it is done, and all that can be reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

Node = TypeVar("Node")
Row = tuple[str, ...]


def reached(start: Node, onward: Callable[[Node], Iterable[Node]]) -> dict[Node, list[Node]]:
    """Return what can be reached from a start, the nearest first, each with a shortest way there."""
    ways, queue = {start: [start]}, [start]
    for one in queue:  # it grows while it is gone through
        new = dict.fromkeys(other for other in onward(one) if other not in ways)
        ways |= {other: [*ways[one], other] for other in new}
        queue += new
    return ways


def in_turn(rows: Sequence[Row], needs: Callable[[Row], Iterable[str]] = lambda row: row[2:]) -> list[Row]:
    """Return rows, each after those it needs (`needs` gives their first cells), and one chain after another."""
    left, done = {row[0]: row for row in rows}, list[Row]()

    def add(key: str) -> None:
        row = left.pop(key, None)
        if row is not None:
            for other in needs(row):
                add(other)
            done.append(row)

    needed = {key for row in rows for key in needs(row)}
    for row in sorted(rows, key=lambda row: row[0] in needed):  # from the end, which nobody needs
        add(row[0])
    return done
