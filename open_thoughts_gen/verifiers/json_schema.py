"""Judge answers that are JSON: the answer is valid against a schema, and says what the reference says.

The schema stands in the recipe (`schema`), or in the question's meta under `key`, which comes first. Where the question
has a reference, the answer must also be equal to it as JSON: the order of keys does not count, 1 and 1.0 are one number
and true is not a number. With `equal: false` the schema alone decides, and what is correct is the form.

The answer is the last fenced block that is marked as JSON, else the last block that holds an object or a list, else
what the response marks as its answer, else the whole response. It has to be JSON to the letter (RFC 8259): no comments,
no comma at the end, no NaN, no key twice. Numbers that no floating-point number holds (1e400) are undecided.

Schemas of rows come from third parties and answers from a model: nothing is fetched for a `$ref`; a pattern in a schema
may run for ever, and an answer may be nested a million deep, so validation happens in killable workers.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import jsonschema
from jsonschema.protocols import Validator
from pydantic import ConfigDict, Field, field_validator
from referencing import Registry
from referencing.exceptions import Unresolvable

from open_thoughts_gen import text
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._killable import Asked, Finding, Killable

_FENCE = re.compile(r"[ \t]{0,8}(`{3,}|~{3,})[ \t]*([^\n`]*)")
_MAX_LENGTH = 1_000_000
_MAX_DIGITS = 400
_MAX_SHOWN = 160


class OutOfRangeError(ValueError):
    """A number that no floating-point number holds."""


class JsonSchema(Killable):
    """Checks that the answer is JSON that is valid against a schema, and equal to the reference if there is one."""

    model_config = ConfigDict(populate_by_name=True)

    against: Mapping[str, Any] | bool | None = Field(
        default=None, alias="schema", description="the JSON Schema for rows that have none of their own"
    )
    key: str = Field(default="json_schema", description="key of the question's meta that holds the row's own schema")
    equal: bool = Field(default=True, description="whether the answer must also equal the reference, if there is one")

    function: ClassVar[str] = f"{__name__}:validated"

    @field_validator("against")
    @classmethod
    def _is_a_schema(cls, schema: Mapping[str, Any] | bool | None) -> Mapping[str, Any] | bool | None:
        if schema is not None:
            try:
                _validator(schema)
            except jsonschema.SchemaError as error:
                raise ValueError(f"not a JSON Schema: {text.shorten(error.message, _MAX_SHOWN)}") from error
        return schema

    def judges_form(self, question: Question) -> bool:
        """Form alone where there is no reference to be equal to."""
        return not self.equal or question.reference is None

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """The schema's."""
        return (self.key,)

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Have the answer validated; undecided without a schema, or without an answer."""
        schema = question.meta.get(self.key, self.against)
        if schema is None:
            return self.undecided("no schema", "neither the recipe nor the row has one")
        answer = json_of(trace.response, self.answer_marks)
        if answer is None:
            return self.unanswered(trace)
        if len(answer) > _MAX_LENGTH:
            return self.undecided("answer too long", f"{len(answer):,} characters")
        return Asked(answer, (schema, question.reference if self.equal else None, answer))


def json_of(response: str, marks: tuple[str, ...] = ()) -> str | None:
    """Return the part of a response that is meant to be JSON."""
    blocks = list(fenced(response))
    labelled = [content for label, content in blocks if label.startswith("json")]
    plain = [content for label, content in blocks if not label and content.startswith(("{", "["))]
    answer = (labelled or plain or [text.final_answer(response, marks) or response.strip()])[-1]
    bare = text.unwrap(answer) if answer.startswith(("$", "`", "\\")) else answer
    if bare.startswith("\\{"):  # in a box, braces are written as signs
        bare = bare.replace("\\{", "{").replace("\\}", "}")
    return bare or None


def fenced(response: str) -> Iterator[tuple[str, str]]:
    """Yield the label and the content of each fenced block that is closed."""
    fence, label, lines = "", "", [""]
    for line in response.split("\n"):
        match = _FENCE.fullmatch(line.rstrip())
        if not fence and match:
            fence, label, lines = match[1], match[2].strip().casefold(), []
        elif fence and match and match[1].startswith(fence) and not match[2]:
            yield label, "\n".join(lines).strip()
            fence = ""
        elif fence:
            lines.append(line)


def validated(task: tuple[Any, str | None, str]) -> Finding:
    """Validate and compare, without any limit: for worker processes only."""
    schema, reference, answer = task
    try:
        validator = _validator(json.loads(schema) if isinstance(schema, str) else schema)
    except (jsonschema.SchemaError, ValueError) as error:
        return "undecided", _brief(error), "unreadable schema"
    try:
        value = _decoded(answer)
    except OutOfRangeError as error:
        return "undecided", _brief(error), "number out of range"
    except (ValueError, RecursionError) as error:
        return "incorrect", _brief(error), "not JSON"
    try:
        fault = next(validator.iter_errors(value), None)
    except (Unresolvable, re.error, RecursionError) as error:
        return "undecided", _brief(error), "unreadable schema"
    if fault is not None:
        return "incorrect", f"at {fault.json_path}: {text.shorten(fault.message, _MAX_SHOWN)}", "against the schema"
    return ("correct", "it is valid") if reference is None else _compared(reference, answer)


def _brief(error: Exception) -> str:
    return text.shorten(str(getattr(error, "message", error)), _MAX_SHOWN)


def _compared(reference: str, answer: str) -> Finding:
    try:
        known = _decoded(reference, exact=True)
    except (ValueError, RecursionError) as error:
        return "undecided", f"the reference: {_brief(error)}", "unreadable reference"
    if _frozen(known) == _frozen(_decoded(answer, exact=True)):
        return "correct", "it is valid and equal to the reference"
    return "incorrect", "it is valid and differs from the reference", "another value"


def _decoded(written: str, *, exact: bool = False) -> object:
    """Return the value of JSON; `exact` keeps every digit of its numbers."""

    def number(digits: str) -> float | Decimal:
        if not digits.removeprefix("-")[:1].isdigit():  # NaN, Infinity
            raise ValueError(f"{digits} is not JSON")
        value = float(digits)
        if math.isinf(value):
            raise OutOfRangeError(f"{text.shorten(digits, 20)} is beyond the range of numbers")
        return Decimal(digits) if exact else value

    return json.loads(written, object_pairs_hook=_object, parse_constant=number, parse_float=number, parse_int=_integer)


def _integer(digits: str) -> int:
    if len(digits) > _MAX_DIGITS:
        raise OutOfRangeError(f"an integer of {len(digits):,} digits")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        raise ValueError("an object has the same key twice")
    return mapping


def _frozen(value: object) -> object:
    """Return a value in which true is not 1."""
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_frozen(each) for each in value]
    return ("truth", value) if isinstance(value, bool) else value


def _validator(schema: Mapping[str, Any] | bool) -> Validator:
    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    kind.check_schema(schema)
    return kind(schema, registry=Registry())
