"""Words of many texts at once, as numbers: what runs of words are made of, fast enough that nobody turns checking off.

A word is a run of letters and digits, its case folded; of scripts that write no spaces, each character is one
(`letters`). Or it is what stands between white space, punctuation and all, which is how most published rules cut
(`space`). Texts in ASCII, nearly all of a corpus as a rule, are cut as bytes by numpy, hundreds of texts at a time; the
others are first brought into the same form one by one. A word's number is a 64-bit hash of its bytes: two words share
one by chance once in about 10^19 pairs. Whoever chose words so as to share one would gain a comparison, and no more.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen import text

Cut = Literal["letters", "space"]
Hashes = NDArray[np.uint64]

CHUNK = 200_000  # characters cut at a time: what they need stays in a core's own cache
_LETTERS = re.compile(r"[\u2e80-\ua4cf\uf900-\ufaff]|[^\W_\u2e80-\ua4cf\uf900-\ufaff]+")
_SPACE = re.compile(r"[^\s\x00-\x1f]+")
_STEP = 8  # bytes of a word that are read at once
_MIX = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xC2B2AE3D27D4EB4F))
_ODD = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)
# How many of eight bytes count, by how many are left of the word.
_MASKS = np.array([(1 << (8 * num)) - 1 for num in range(_STEP)] + [2**64 - 1], dtype=np.uint64)


def _table(cut: Cut) -> bytes:
    """Return what each byte becomes: a small letter, itself, or a space where it is part of no word."""
    characters = [
        char.lower() if (char.isalnum() if cut == "letters" else not char.isspace() and code > 31) else " "
        for code, char in ((code, chr(code)) for code in range(128))
    ]
    return bytes(map(ord, characters)) + bytes(range(128, 256))


_TABLES: dict[Cut, bytes] = {"letters": _table("letters"), "space": _table("space")}


@dataclass(frozen=True, slots=True)
class Words:
    """The words of several texts in one array; `owners` has for each word the index of its text."""

    hashes: Hashes
    owners: NDArray[np.int32]
    num_texts: int


def words_of(string: str, cut: Cut = "letters") -> list[tuple[int, int]]:
    """Return where the words of one text begin and end: the slow and plain form of `cut_words`, for showing spans."""
    return [match.span() for match in (_LETTERS if cut == "letters" else _SPACE).finditer(string)]


def cut_words(texts: Sequence[str], cut: Cut = "letters") -> Iterator[tuple[int, int, Words]]:
    """Yield the words of the texts from one place up to another, some hundred texts at a time."""
    totals = np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)))
    edges = [0, *(np.flatnonzero(np.diff(totals // CHUNK)) + 1).tolist(), len(texts)]
    for start, stop in itertools.pairwise(edges):
        if start < stop:
            yield start, stop, _words(texts[start:stop], cut)


def _words(texts: Sequence[str], cut: Cut) -> Words:
    pattern = _LETTERS if cut == "letters" else _SPACE
    plain = [  # words that are parted by spaces and hold no capital: their bytes above 127 are letters
        string if string.isascii() else " ".join(pattern.findall(text.normalise(string, ("case", "unicode"))))
        for string in texts
    ]
    joined = " ".join(plain)
    if joined.isascii():
        content, lengths = joined.encode("ascii"), np.fromiter(map(len, plain), np.int64, len(plain))
    else:
        encoded = [string.encode("utf-8", "surrogatepass") for string in plain]
        content, lengths = b" ".join(encoded), np.fromiter(map(len, encoded), np.int64, len(plain))
    letters = np.frombuffer((b" " + content + b" " * _STEP).translate(_TABLES[cut]), dtype=np.uint8)
    inside = letters != ord(" ")
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2] + 1, edges[1::2] + 1
    firsts = np.searchsorted(starts, np.cumsum(lengths + 1) + 1)  # of each text, how many words are before its end
    owners = np.repeat(np.arange(len(texts), dtype=np.int32), np.diff(firsts, prepend=0))
    return Words(_hash(letters, starts, ends - starts), owners, len(texts))


def _hash(letters: NDArray[np.uint8], starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> Hashes:
    """Hash each word, eight bytes at a time."""
    num_eights = letters.size - _STEP + 1
    eights = np.ndarray((num_eights,), dtype="<u8", buffer=letters, strides=(1,))
    hashes = eights[starts] & _MASKS[np.minimum(lengths, _STEP)]
    hashes = mixed(hashes * _MIX[0] + lengths.astype(np.uint64))
    longer = np.flatnonzero(lengths > _STEP)
    done = _STEP
    while longer.size:
        left = np.minimum(lengths[longer] - done, _STEP)
        eight = eights[starts[longer] + done] & _MASKS[left]
        hashes[longer] = mixed((hashes[longer] ^ eight) * _MIX[1] + _ODD)
        done += _STEP
        longer = longer[lengths[longer] > done]
    return hashes


def mixed(hashes: Hashes) -> Hashes:
    """Spread numbers over all 64 bits, in place."""
    hashes ^= hashes >> _SHIFT
    hashes *= _ODD
    hashes ^= hashes >> _SHIFT
    return hashes
