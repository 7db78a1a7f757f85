"""Sequences whose items are made when they are asked for, so that millions of samples need not be held at once."""

from __future__ import annotations

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, chain
from typing import TypeVar, overload

Item = TypeVar("Item")


class Lazy(Sequence[Item]):
    """A sequence that makes each item when it is asked for; equal to any other of equal items."""

    @abstractmethod
    def at(self, index: int) -> Item:
        """Make the item at an index, from 0 to the length, itself excluded."""

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Item]: ...
    def __getitem__(self, index: int | slice) -> Item | Sequence[Item]:
        """Return an item, or a stretch of them, made when they are asked for."""
        if isinstance(index, slice):
            return Picked(self, range(*index.indices(len(self))))
        position = index + len(self) if index < 0 else index
        if not 0 <= position < len(self):
            raise IndexError(f"no item {index} among {len(self):,}")
        return self.at(position)

    def __iter__(self) -> Iterator[Item]:
        """Make the items one after the other."""
        return map(self.at, range(len(self)))

    def __eq__(self, other: object) -> bool:
        """Compare the items."""
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        """Show the items."""
        return repr(list(self))


class Picked(Lazy[Item]):
    """Some of the items of another sequence, by their indices."""

    def __init__(self, items: Sequence[Item], indices: Sequence[int]) -> None:
        """Take the sequence, and the indices in their order."""
        self._items, self._indices = items, indices

    def __len__(self) -> int:
        """Return the number of indices."""
        return len(self._indices)

    def at(self, index: int) -> Item:
        """Return the item at one of the indices."""
        return self._items[self._indices[index]]


class Joined(Lazy[Item]):
    """Several sequences, one after the other."""

    def __init__(self, *parts: Sequence[Item]) -> None:
        """Take the sequences."""
        self._parts = parts
        self._ends = list(accumulate(map(len, parts)))

    def __len__(self) -> int:
        """Return the length of all of them."""
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Item]:
        """Go through them one after the other."""
        return chain(*self._parts)

    def at(self, index: int) -> Item:
        """Return the item of the part that the index falls in."""
        number = bisect_right(self._ends, index)
        return self._parts[number][index - (self._ends[number - 1] if number else 0)]
