"""Proof by looking at everything that could be."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import TypeVar

from open_thoughts_gen.families.kit.proof.results import UnprovedError

Candidate = TypeVar("Candidate")
MAX_STATES = 200_000


def only(candidates: Iterable[Candidate], fits: Callable[[Candidate], bool]) -> Candidate:
    """Return the one candidate that fits.

    Raises:
        UnprovedError: none fits, several do, or there are more than MAX_STATES to look at.

    """
    fitting: list[Candidate] = []
    for number, candidate in enumerate(itertools.islice(candidates, MAX_STATES + 1)):
        if number == MAX_STATES:
            raise UnprovedError(f"more than {MAX_STATES:,} candidates")
        if fits(candidate):
            fitting.append(candidate)
    if len(fitting) != 1:
        raise UnprovedError(f"{len(fitting)} candidates fit")
    return fitting[0]
