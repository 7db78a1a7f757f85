"""Replies that have a form: what to ask an endpoint for, and how to find the JSON objects in what it says.

Endpoints that know structured outputs are given the schema and keep to it. All others get the form in words, and
their models put the object in a code block, after a sentence, with a comma too many, single quotes, or LaTeX whose
backslashes are not escapes. What can only be meant one way is repaired here. What an object must hold is for whoever
asked to check, and a text may hold several: which one counts is theirs to say too.

The text is hostile: it is never evaluated, a reply is searched up to a limit, and so are the objects in it.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
from collections.abc import Mapping
from typing import Any

import yaml

MAX_CHARACTERS = 20_000
MAX_OBJECTS = 20

_OPENING = re.compile(r"""\{\s{0,99}["'“]?[A-Za-z_]\w{0,99}["'”]?\s{0,9}:""")
_DECODER = json.JSONDecoder(strict=False)  # a line break inside a string is plain enough
_NO_ESCAPE = re.compile(r'\\(?!["\\/bfnrt]|u[0-9a-fA-F]{4})')
_LAST_COMMA = re.compile(r",\s*([}\]])")
_UNSUPPORTED = ("response_format", "json_schema", "structured output", "guided decoding", "grammar")


def response_format(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the setting of a call that makes an endpoint keep to a schema, as OpenAI and its like write it."""
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": dict(schema)}}


def is_about_form(refusal: str) -> bool:
    """Return whether an endpoint refused a call because it knows no structured outputs."""
    said = refusal.lower()
    return any(words in said for words in _UNSUPPORTED)


def objects(text: str) -> list[dict[str, Any]]:
    """Return the JSON objects in a reply, in order; those inside another are part of it."""
    text, end = text[:MAX_CHARACTERS], 0
    outermost: list[dict[str, Any]] = []
    for opening in itertools.islice(_OPENING.finditer(text), MAX_OBJECTS):
        if opening.start() >= end:
            value, end = _decoded(text, opening.start())
            if isinstance(value, dict):
                outermost.append(value)
    return outermost


def _decoded(text: str, start: int) -> tuple[object, int]:
    """Return what the text holds from `start` to the brace that closes it, and the place after; None if nothing."""
    try:
        return _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        end = _end(text, start)
    if end is None:
        return None, start
    written = _LAST_COMMA.sub(r"\1", _NO_ESCAPE.sub(r"\\\\", text[start:end]))
    for parse, source in ((_DECODER.decode, written), (yaml.safe_load, text[start:end])):
        with contextlib.suppress(ValueError, RecursionError, yaml.YAMLError):
            return parse(source), end
    return None, start


def _end(text: str, start: int) -> int | None:
    """Return the place after the brace that closes the one at `start`, or None."""
    depth, quoted, skip = 0, False, False
    for index in range(start, len(text)):
        char = text[index]
        if skip:
            skip = False
        elif char == "\\":
            skip = quoted
        elif char == '"':
            quoted = not quoted
        elif not quoted and char in "{}":
            depth += 1 if char == "{" else -1
            if depth == 0:
                return index + 1
    return None
