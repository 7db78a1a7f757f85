"""Turn texts into keys: hashes of runs of words, such that texts which are nearly the same have many in common.

A key is a run of two or three words. Of a long text not every run becomes one: those whose hash is small do, the same
ones in every text (as in FracMinHash), so that a text has some `NUM_KEYS` of them and one more for every four words.
Every text has one key for all its words in any order.

Words are runs of letters, digits and underscores. Scripts that write no spaces, emoji and words too long to be words
have no such runs: there each character begins one, which reaches over the next few (`_REACH`), so that three in a row
are rare and a changed character spoils few. Words are found and hashed in the UTF-8 bytes of many texts at once, since
making a Python string of each takes far longer than all the rest. Nothing here depends on the process, the machine or
the other texts.

Where questions that differ in their figures are different questions, the digits of a text, in their order, become part
of its keys (`figures_of`), so that a thousand questions from one template are not all compared with each other: with
`c` the running sum of `hash(digit) * m ** place` over all texts, the hash of one text's digits is `(c[end] - c[start])
/ m ** start`, modulo 2 ** 64, where an odd `m` has an inverse.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen import text
from open_thoughts_gen.similar.distinct import distinct

Keys = NDArray[np.uint64]
Places = NDArray[np.int64]

NUM_KEYS = 40
LONG_SHARE = 0.25
MANY_WORDS = 256  # of a text in which the different ones are counted
KEY_BITS = 48
MAX_CHARACTERS = 1 << 20  # by which a text is found; it is compared whole
BATCH_BYTES = 1 << 17  # of text, hashed at once: the arrays stay in the processor's cache
SHARD_BYTES = 1 << 22  # of text, given away at once: long against the cost of sending it

_LOWER = bytes(code + 32 if 65 <= code <= 90 else code for code in range(256))
_IN_WORD = bytes(code >= 128 or chr(code).isalnum() or code == 95 for code in range(256))
_MASKS = np.array([(1 << 8 * num) - 1 for num in range(9)], dtype=np.uint64)  # of the first bytes of eight
_BASE = 0x5851F42D4C957F2D
_FIRST, _SECOND, _THIRD = (np.uint64(odd) for odd in (0x9FB21C651E98DF25, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9))
_HALF = np.uint64(32)
# What a byte is part of, and the code points that tell: punctuation and symbols; Han and kana; Thai, Lao, Burmese,
# Khmer and emoji. All else from 0x80 on is letters.
_BETWEEN, _WORD, _SIGNS, _LETTERS = range(4)
_CODES = {
    _BETWEEN: ((0x80, 0xBF), (0x2000, 0x2BFF), (0x3000, 0x303F)),
    _SIGNS: ((0x2E80, 0x2FFF), (0x3040, 0xA4CF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF)),
    _LETTERS: ((0xE00, 0xEFF), (0x1000, 0x107F), (0x1780, 0x17FF), (0x1F000, 0x1FFFF)),
}
_REACH = np.array([1, 1, 2, 5])  # characters of what begins at each one
_LONG_WORD = 64  # bytes, as a SHA-256 in hexadecimal has; a longer one is taken by its characters


def keys_of(texts: Sequence[str]) -> tuple[Keys, Places]:
    """Return the keys of all the texts, below 2 ** `KEY_BITS`, and how many each text has.

    They stand text by text, in ascending order, each once.
    """
    parts, nums = [np.zeros(0, dtype=np.uint64)], [np.zeros(0, dtype=np.int64)]
    for start, stop in batches([len(each) for each in texts]):
        keys, owners = _keys(texts[start:stop])
        packed = np.sort((owners.astype(np.uint64) << np.uint64(KEY_BITS)) | (keys >> np.uint64(64 - KEY_BITS)))
        packed = packed[np.append(True, packed[1:] != packed[:-1])]
        parts.append(packed & np.uint64((1 << KEY_BITS) - 1))
        nums.append(np.bincount((packed >> np.uint64(KEY_BITS)).astype(np.int64), minlength=stop - start))
    return np.concatenate(parts), np.concatenate(nums)


def _keys(texts: Sequence[str]) -> tuple[Keys, Places]:
    """Return the keys of the texts of one batch, in any order, and which text has each."""
    hashes, nums = words_of(texts)
    owners = np.repeat(np.arange(len(texts)), nums)
    bags = np.zeros(len(texts), dtype=np.uint64)
    np.add.at(bags, owners, hashes)
    twos = mixed(hashes[:-1] * _THIRD + hashes[1:])
    threes = mixed(hashes[:-2] * _FIRST + hashes[1:-1] * _SECOND + hashes[2:])
    most = _most(hashes, owners, nums)
    keys, whose = zip(*(_chosen(runs, owners, most) for runs in (twos, threes)), strict=True)
    return np.concatenate([*keys, mixed(bags)]), np.concatenate([*whose, np.arange(len(texts))])


def salted(keys: Keys, salts: Keys) -> Keys:
    """Return keys that two texts have in common if they have the key and the salt, a hash or 0, in common."""
    return (keys ^ salts) * _FIRST


def digest(string: str) -> int:
    """Return a hash of a string, 64 bits, the same in every process."""
    hashed = blake2b(string.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(hashed, "little")


def figures_of(texts: Sequence[str]) -> Keys:
    """Return a hash of the digits that each text has, in their order.

    Texts of the same formal content (`formal`) have the same digits.
    """
    if not texts:
        return np.zeros(0, dtype=np.uint64)
    data, bounds = _joined(texts)
    at = np.flatnonzero((data >= 48) & (data <= 57))
    powers, inverses = _powers(1 << max(16, at.size.bit_length()))
    sums = np.append(np.uint64(0), np.cumsum(_BYTES[data[at]] * powers[: at.size], dtype=np.uint64))
    edges = np.searchsorted(at, bounds)
    return mixed((sums[edges[1:]] - sums[edges[:-1]]) * inverses[edges[:-1]])


def words_of(texts: Sequence[str]) -> tuple[Keys, Places]:
    """Return the hashes of the words of all the texts, in order, and how many of them each text has."""
    data, bounds = _joined(texts)
    starts, ends = _words(data)
    return _hashes(data, starts, ends), np.diff(np.searchsorted(starts, bounds))


def batches(lengths: Sequence[int] | NDArray[np.int64], num_bytes: int = BATCH_BYTES) -> list[tuple[int, int]]:
    """Return ranges of texts, by their lengths, that are together about so long."""
    totals = np.cumsum(np.minimum(np.asarray(lengths, dtype=np.int64) + 1, MAX_CHARACTERS))
    if not totals.size:
        return []
    cuts = np.flatnonzero(np.diff(totals // num_bytes)) + 1
    edges = [0, *cuts.tolist(), totals.size]
    return list(itertools.pairwise(edges))


def _joined(texts: Sequence[str]) -> tuple[NDArray[np.uint8], Places]:
    """Return the bytes of the texts one after the other, in lower case, and where each begins, with the end."""
    plain = [each if each.isascii() else text.normalise(each[:MAX_CHARACTERS]) for each in texts]
    parts = [each[:MAX_CHARACTERS].encode("utf-8", "surrogatepass") for each in plain]
    bounds = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum([len(part) + 1 for part in parts], out=bounds[1:])
    return np.frombuffer(b"\n".join([*parts, b""]).translate(_LOWER), dtype=np.uint8), bounds


def _words(data: NDArray[np.uint8]) -> tuple[Places, Places]:
    """Return where words start and end. The last byte is not part of a word."""
    kinds = np.frombuffer(data.tobytes().translate(_IN_WORD), dtype=np.uint8)
    leads = np.flatnonzero(data >= 0xC0)
    if not leads.size:
        edges = np.flatnonzero(np.append(kinds[:1], kinds[1:] ^ kinds[:-1]))
        starts, ends = edges[::2], edges[1::2]
        if not starts.size or (ends - starts).max() <= _LONG_WORD:
            return starts, ends
    else:
        sizes, kinds = _sizes(data[leads]), kinds.copy()
        its_kinds = _kinds()[data[leads].astype(np.int64) << 8 | data[leads + 1]]
        for step in range(4):
            kinds[(leads + step)[sizes > step]] = its_kinds[sizes > step]
    edges = np.flatnonzero(kinds[1:] != kinds[:-1]) + 1
    edges = edges if not kinds[:1].any() else np.append(0, edges)
    starts, ends = edges, np.append(edges[1:], data.size)
    inside = kinds[starts] != _BETWEEN
    starts, ends = starts[inside], ends[inside]
    kinds = kinds[starts]  # of each run
    kinds[(kinds == _WORD) & (ends - starts > _LONG_WORD)] = _LETTERS
    dense = kinds > _WORD
    if not dense.any():
        return starts, ends
    more, their = _characters(data, (starts[dense], ends[dense]), _REACH[kinds[dense]])
    starts, ends = np.append(starts[~dense], more), np.append(ends[~dense], their)
    order = np.argsort(starts, kind="stable")
    return starts[order], ends[order]


def _characters(data: NDArray[np.uint8], runs: tuple[Places, Places], reach: Places) -> tuple[Places, Places]:
    """Return the start of each character in some runs of them, and the end of the last that it reaches over."""
    starts, ends = runs
    depth = np.zeros(data.size + 1, dtype=np.int8)
    depth[starts] += 1
    depth[ends] -= 1
    places = np.flatnonzero((np.cumsum(depth[:-1], dtype=np.int8) > 0) & (data & 0xC0 != 0x80))
    run = np.searchsorted(starts, places, side="right") - 1
    last = np.searchsorted(places, ends) - 1
    reached = places[np.minimum(np.arange(places.size) + reach[run] - 1, last[run])]
    return places, reached + _sizes(data[reached])


def _sizes(leads: NDArray[np.uint8]) -> Places:
    """Return how many bytes the characters have that begin so."""
    return 1 + (leads >= 0xC0).astype(np.int64) + (leads >= 0xE0) + (leads >= 0xF0)


def _hashes(data: NDArray[np.uint8], starts: Places, ends: Places) -> Keys:
    """Return a hash of the bytes from each start to its end, eight at a time."""
    windows, sizes = _eights(data), ends - starts
    hashes = mixed(windows[starts] & _MASKS[np.minimum(sizes, 8)])
    longer, taken = np.flatnonzero(sizes > 8), 8
    while longer.size:
        more = windows[starts[longer] + taken] & _MASKS[np.minimum(sizes[longer] - taken, 8)]
        hashes[longer] = mixed(hashes[longer] * _SECOND + more)
        taken += 8
        longer = longer[sizes[longer] > taken]
    return hashes


def _eights(data: NDArray[np.uint8]) -> Keys:
    """Return the eight bytes that begin at each, as one number; there are zeros after the last."""
    ones = np.append(data, np.zeros(7, dtype=np.uint8)).astype(np.uint16)
    twos = (ones[:-1] | ones[1:] << np.uint16(8)).astype(np.uint32)
    fours = (twos[:-2] | twos[2:] << np.uint32(16)).astype(np.uint64)
    eights: Keys = fours[:-4] | fours[4:] << np.uint64(32)
    return eights


def _most(hashes: Keys, owners: Places, nums: Places) -> NDArray[np.uint32]:
    """Return for each text the largest hash, of 32 bits, with which a run of its words becomes a key.

    That follows from how many words it has, or, if it is long, how many different ones: where few come again and again
    there are few runs, and each counts.
    """
    variety, long = nums, nums > MANY_WORDS
    if long.any():
        inside = long[owners]
        packed = distinct(owners[inside].astype(np.uint64) << np.uint64(KEY_BITS) | hashes[inside] >> np.uint64(16))
        different = np.bincount((packed >> np.uint64(KEY_BITS)).astype(np.int64), minlength=nums.size)
        variety = np.where(long, different, nums)
    share = (NUM_KEYS / np.maximum(variety, 1) + LONG_SHARE) / 2
    return np.minimum(share * 2**32, 2**32 - 1).astype(np.uint32)


def _chosen(runs: Keys, owners: Places, most: NDArray[np.uint32]) -> tuple[Keys, Places]:
    """Return the runs of words that become keys, and whose they are; each run begins at a word."""
    first, last = owners[: runs.size], owners[owners.size - runs.size :]
    chosen = (first == last) & (runs.astype(np.uint32) <= most[first])
    return runs[chosen], first[chosen]


def mixed(hashes: Keys) -> Keys:
    """Return hashes of which every bit depends on every bit."""
    mixed = (hashes ^ (hashes >> _HALF)) * np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> _HALF
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> _HALF
    return mixed


_BYTES = mixed(np.arange(1, 257, dtype=np.uint64) * _FIRST)


@lru_cache(maxsize=2)
def _powers(size: int) -> tuple[Keys, Keys]:
    """Return the powers of the base, and of its inverse, modulo 2 ** 64."""
    columns = []
    for base in (_BASE, pow(_BASE, -1, 2**64)):
        powers = np.full(size, base, dtype=np.uint64)
        powers[0] = 1
        columns.append(np.multiply.accumulate(powers))
    return columns[0], columns[1]


@lru_cache(maxsize=1)
def _kinds() -> NDArray[np.uint8]:
    """Return what kind a character is of, by its first two bytes."""
    kinds = np.full(1 << 16, _WORD, dtype=np.uint8)
    for kind, ranges in _CODES.items():
        for first, last in ranges:
            for code in range(first, last + 1, 1 if last < 0x800 else 64):
                lead, second = chr(code).encode()[:2]
                kinds[lead << 8 | second] = kind
    return kinds
