"""Settings that hold one text or several: `by: domain`, `by: [domain, source]`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator


def one_or_more(value: object) -> object:
    """Return one text as a tuple of one, a list as a tuple, and anything else as it is."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


OneOrMore = Annotated[tuple[str, ...], BeforeValidator(one_or_more, json_schema_input_type=str | list[str])]
