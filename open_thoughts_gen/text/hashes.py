"""A table from hashes to small numbers for millions of entries: 18 to 36 bytes an entry, where a `dict` takes 130.

Open addressing with linear probing in two arrays, doubled when two thirds full. Keys are hashes: whole numbers of 64
bits that are spread evenly, since their last bits say where an entry is looked for.
"""

from __future__ import annotations

from array import array

_FIRST_SLOTS = 1024
_BITS = (1 << 64) - 1


class HashTable:
    """From whole numbers (their last 64 bits) to whole numbers below 2**32 - 1."""

    def __init__(self) -> None:
        """Begin an empty one."""
        self._num = 0
        self._keys, self._values = _slots(_FIRST_SLOTS)  # a value is one more than it says; 0: nothing here

    def __len__(self) -> int:
        """Return the number of entries."""
        return self._num

    def setdefault(self, key: int, value: int) -> int:
        """Return what is known under a key; where nothing is, the value, which is kept there from now on."""
        key &= _BITS
        index = self._slot(key)
        if self._values[index]:
            return self._values[index] - 1
        self._keys[index], self._values[index] = key, value + 1
        self._num += 1
        if 3 * self._num > 2 * len(self._keys):
            self._double()
        return value

    def add(self, key: int) -> bool:
        """Add a key, and return whether it is new."""
        num = self._num
        self.setdefault(key, 0)
        return self._num > num

    def _slot(self, key: int) -> int:
        keys, values, mask = self._keys, self._values, len(self._keys) - 1
        index = key & mask
        while values[index] and keys[index] != key:
            index = (index + 1) & mask
        return index

    def _double(self) -> None:
        entries = zip(self._keys, self._values, strict=True)
        self._keys, self._values = _slots(2 * len(self._keys))
        for key, value in entries:
            if value:
                index = self._slot(key)
                self._keys[index], self._values[index] = key, value


def _slots(num: int) -> tuple[array[int], array[int]]:
    return array("Q", bytes(8 * num)), array("I", bytes(4 * num))
