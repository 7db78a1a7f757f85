"""Which rows a part of a recipe applies to: the conditions of `when:`.

A condition names fields of the question or keys of its meta, and for each the value, or the values, that it must have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias

from pydantic_core import PydanticCustomError

Scalar: TypeAlias = str | int | float | bool
Wanted: TypeAlias = Scalar | tuple[Scalar, ...]


class HasTraits(Protocol):
    """A question or a sample: what rows are chosen by."""

    def trait(self, key: str) -> Any:  # noqa: ANN401  (JSON)
        """Return the value under a key, None if there is none."""


def meets(thing: HasTraits, when: Mapping[str, Wanted]) -> bool:
    """Return whether a question or sample meets `when`: every key equals its field, measure or meta, or lists it."""
    for key, wanted in when.items():
        value = thing.trait(key)  # compared as YAML does: `true` is not 1
        if not any(value == each and isinstance(value, bool) == isinstance(each, bool) for each in _choices(wanted)):
            return False
    return True


def read_when(when: object) -> dict[str, Wanted]:
    """Return the conditions of `when:` as a recipe writes them; a pydantic error where they cannot be read."""
    if isinstance(when, dict):
        conditions = {key: tuple(wanted) if isinstance(wanted, list) else wanted for key, wanted in when.items()}
        if all(isinstance(one, Scalar) for wanted in conditions.values() for one in _choices(wanted)):
            return conditions
    raise PydanticCustomError("when", "`when` is a mapping from keys to a value or a list of values")


def _choices(wanted: object) -> tuple[object, ...]:
    return wanted if isinstance(wanted, tuple) else (wanted,)
