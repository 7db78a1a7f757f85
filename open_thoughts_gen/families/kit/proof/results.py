"""What a proof is, whatever finds it: from the facts of a case to each result that has exactly one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

# It gets the facts and returns results by name; it raises UnprovedError where there is not exactly one answer.
Proof: TypeAlias = Callable[[Mapping[str, Any]], Mapping[str, Any]]


class UnprovedError(ValueError):
    """There is not exactly one answer: none, several, or too many states to look at."""
