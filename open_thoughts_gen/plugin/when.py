"""Which rows a part of a recipe applies to: the conditions of `when:`.

A condition names fields of the question or keys of its meta, and for each the value, or the values, that it must have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from pydantic_core import PydanticCustomError

from open_thoughts_gen.types import Question

Scalar: TypeAlias = str | int | float | bool
Wanted: TypeAlias = Scalar | tuple[Scalar, ...]


def meets(question: Question, when: Mapping[str, Wanted]) -> bool:
    """Return whether a question meets `when`: every key equals its field or meta, or lists it."""
    for key, wanted in when.items():
        value = question.trait(key)  # compared as YAML does: `true` is not 1
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
