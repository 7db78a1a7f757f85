"""The interface between whole-set work and where it runs: a pure function over many shards.

Work on a whole set (finding similar questions) is cut into shards and given to `spread(function, shards)`. Here that is
`in_place`: one after the other, in this process. An engine replaces it by one over processes or over a cluster. The
rules for both sides:

- the function and the shards can be pickled, and the function is pure: a shard that was lost may be done again;
- the function can hold tables of many megabytes, so it is to be sent once, and the shards one by one;
- shards are made as they are asked for, of what would not fit in memory together: few are to be in flight;
- results are yielded in the order of the shards, so that the bytes are the same wherever they were made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeVar

Shard = TypeVar("Shard")
Result = TypeVar("Result")


class Spread(Protocol):
    """Applies a function to shards, in this process or elsewhere."""

    def __call__(self, function: Callable[[Shard], Result], shards: Iterable[Shard], /) -> Iterator[Result]:
        """Yield the result of each shard, in order."""


def in_place(function: Callable[[Shard], Result], shards: Iterable[Shard], /) -> Iterator[Result]:
    """Do one shard after the other, here."""
    return map(function, shards)
