"""Bit puzzles: eleven gates over three streams of a byte.

The streams of a byte x are L = x << a, R = x >> b (zeros come in) and T = x rotated to the left by c, with a, b, c from
1 to 7. A rule is one gate over them, bit by bit: 1,715 rules in all. A puzzle is forced if every rule that agrees with
its examples gives the same output.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.plugin.blind import Solution, UnreadablePuzzleError, solution

Bytes = NDArray[np.uint8]
Gate = Callable[[Any, Any, Any], Any]

_EXAMPLE = re.compile(r"^([01]{8}) -> ([01]{8})$", re.MULTILINE)
_QUERY = re.compile(r"determine the output for: ([01]{8})$", re.MULTILINE)
SHIFTS = range(1, 8)
# Each gate: the streams that it uses, its share of all puzzles, and the gate.
GATES: dict[str, tuple[str, float, Gate]] = {
    "L^R": ("LR", 1 / 4, lambda left, right, turned: left ^ right),
    "L^T": ("LT", 1 / 24, lambda left, right, turned: left ^ turned),
    "L|T": ("LT", 1 / 24, lambda left, right, turned: left | turned),
    "L&T": ("LT", 1 / 24, lambda left, right, turned: left & turned),
    "R^T": ("RT", 1 / 24, lambda left, right, turned: right ^ turned),
    "R|T": ("RT", 1 / 24, lambda left, right, turned: right | turned),
    "R&T": ("RT", 1 / 24, lambda left, right, turned: right & turned),
    "MAJ": ("LRT", 1 / 8, lambda left, right, turned: (left & right) | (left & turned) | (right & turned)),
    "CH": ("LRT", 1 / 8, lambda left, right, turned: (left & right) | (~left & turned)),
    "OX": ("LRT", 1 / 8, lambda left, right, turned: right | ~(left ^ turned)),
    "NX": ("LRT", 1 / 8, lambda left, right, turned: ~((right & left & turned) | (~right & (left ^ turned)))),
}


@cache
def rules() -> tuple[list[tuple[str, int, int, int]], Bytes, NDArray[np.float64]]:
    """Return the rules (gate and shifts, 0 where a stream is not used), their outputs for each byte, their weights."""
    every = np.arange(256, dtype=np.uint16)
    left = {a: (every << a).astype(np.uint8) for a in SHIFTS} | {0: np.zeros(256, np.uint8)}
    right = {b: (every >> b).astype(np.uint8) for b in SHIFTS} | {0: np.zeros(256, np.uint8)}
    turned = {c: (every << c | every >> (8 - c)).astype(np.uint8) for c in SHIFTS} | {0: np.zeros(256, np.uint8)}
    names, outputs, weights = [], [], []
    for gate, (streams, share, function) in GATES.items():
        shifts = list(product(*(SHIFTS if stream in streams else (0,) for stream in "LRT")))
        for a, b, c in shifts:
            names.append((gate, a, b, c))
            outputs.append(function(left[a], right[b], turned[c]))
            weights.append(share / len(shifts))
    return names, np.array(outputs, dtype=np.uint8), np.array(weights)


def solve(prompt: str) -> Solution:
    """Return the outputs that the rules admit.

    Raises:
        UnreadablePuzzleError: the text is not a bit puzzle.

    """
    shown, wanted, query = _read(prompt)
    names, outputs, weights = rules()
    fits = np.flatnonzero((outputs[:, shown] == wanted).all(axis=1))
    answers = outputs[fits, query]
    weighted = ((f"{answer:08b}", float(weight)) for answer, weight in zip(answers, weights[fits], strict=True))
    details = {"rule": list(names[fits[0]])} if len(fits) == 1 else {}
    return solution("bits", weighted, len(fits), details)


def solve_agnostic(prompt: str) -> Solution:
    """Return the outputs that any function of at most three of 22 streams gives: x, shifted, or rotated, by 0 to 7.

    A function whose value the examples do not show where the query needs it counts with either value.

    Raises:
        UnreadablePuzzleError: the text is not a bit puzzle.

    """
    shown, wanted, query = _read(prompt)
    cells = _streams(np.append(shown, query)).reshape(22, -1)  # a row for each stream, a column for each bit
    sets = np.array(list(combinations(range(22), 3)))  # fewer streams are functions that ignore the others
    keys = cells[sets[:, 0]] * 4 + cells[sets[:, 1]] * 2 + cells[sets[:, 2]]
    outputs = ((wanted[:, None] >> np.arange(7, -1, -1)) & 1).ravel().astype(bool)
    seen = np.array([[((keys[:, :-8] == key) & (outputs == bit)).any(axis=1) for key in range(8)] for bit in (0, 1)])
    weighted: dict[str, float] = {}
    num_functions = 0
    for index in np.flatnonzero(~(seen[0] & seen[1]).any(axis=0)):
        table = seen[1, :, index].astype(int)
        unseen = sorted({int(key) for key in keys[index, -8:] if not seen[:, key, index].any()})
        num_functions += 2 ** len(unseen)
        for bits in product((0, 1), repeat=len(unseen)):
            table[unseen] = bits
            answer = "".join(map(str, table[keys[index, -8:]]))
            weighted[answer] = weighted.get(answer, 0.0) + 0.5 ** len(unseen)
    return solution("bits", weighted.items(), num_functions)


def _streams(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the bits, the highest first, of every stream of some bytes: (22, bytes, 8)."""
    streams = [values, *(values << shift for shift in SHIFTS), *(values >> shift for shift in SHIFTS)]
    streams += [values << shift | values >> (8 - shift) for shift in SHIFTS]
    bits: NDArray[np.int64] = (np.array(streams)[:, :, None] >> np.arange(7, -1, -1)) & 1
    return bits


def _read(prompt: str) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Return the bytes of the examples, their outputs, and the query.

    Raises:
        UnreadablePuzzleError: the text is not a bit puzzle.

    """
    pairs, query = _EXAMPLE.findall(prompt), _QUERY.search(prompt)
    if not pairs or query is None:
        raise UnreadablePuzzleError("not a bit puzzle")
    shown, wanted = (np.array([int(pair[side], 2) for pair in pairs], dtype=np.int64) for side in (0, 1))
    return shown, wanted, int(query[1], 2)
