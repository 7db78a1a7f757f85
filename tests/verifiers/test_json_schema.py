from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Outcome, Question, Trace, Verdict
from open_thoughts_gen.verifiers.json_schema import JsonSchema

PERSON = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "age": {"minimum": 0}}}


@pytest.fixture(scope="module")
def verifier() -> Iterator[JsonSchema]:
    made = JsonSchema.model_validate({"schema": PERSON, "num_workers": 1, "timeout_s": 2}).fresh(Context())
    yield made
    made.close()


def judged(verifier: JsonSchema, response: str, reference: str | None = None, **meta: Any) -> Verdict:
    return verifier.verdict(Question("?", reference, meta=meta), Trace("q", 0, "t", "", response))


@pytest.mark.parametrize(
    ("response", "outcome"),
    [
        ('{"name": "Ada", "age": 36}', "correct"),
        ('Here it is.\n```json\n{"name": "Ada"}\n```\nDone.', "correct"),
        ('Answer: {"name": "Ada"}', "correct"),
        (r'\boxed{{"name": "Ada"}}', "correct"),
        ('{"age": 36}', "incorrect"),
        ('{"name": "Ada", "age": -1}', "incorrect"),
        ('{"name": "Ada",}', "incorrect"),
        ('{"name": "Ada", "age": NaN}', "incorrect"),
        ('{"name": "Ada", "name": "Bob"}', "incorrect"),
        ("[" * 100_000, "incorrect"),
        ("no JSON", "incorrect"),
        ('```\n{"name": "Ada"}\n```', "correct"),
        ('Run it:\n```\nls\n```\n\n~~~\n{"name": "Ada"}\n~~~', "correct"),
        ('```json\n{"name": "Eve"}\n```\n```json\n{"name": 1}', "correct"),  # the last was never closed
        ('<answer>{"name": "Ada"}</answer>', "correct"),
        (r'\boxed{\{"name": "Ada"\}}', "correct"),
        ('{"name": "Ada", "age": 1e400}', "undecided"),
        ('{"name": "Ada", "age": %s}' % ("9" * 5000), "undecided"),
        ("```json\n" * 20_000, "incorrect"),
        ("", "undecided"),
    ],
)
def test_the_answer_is_validated(verifier: JsonSchema, response: str, outcome: Outcome) -> None:
    assert judged(verifier, response).outcome == outcome


@pytest.mark.parametrize(
    ("reference", "response", "outcome"),
    [
        ('{"name": "Ada", "age": 1}', '{"age": 1.0, "name": "Ada"}', "correct"),
        ('{"name": "Ada", "x": [1, 2]}', '{"name": "Ada", "x": [2, 1]}', "incorrect"),
        ('{"name": "Ada", "x": 1}', '{"name": "Ada", "x": true}', "incorrect"),
        ('{"name": "Ada", "x": 0.1}', '{"name": "Ada", "x": 0.10000000000000000001}', "incorrect"),
        ('{"name": "Ada", "x": 1e2}', '{"name": "Ada", "x": 100}', "correct"),
        ('{"name": "Ada", "x": 1e400}', '{"name": "Ada", "x": 1}', "undecided"),
        ("{", '{"name": "Ada"}', "undecided"),
    ],
)
def test_and_compared(verifier: JsonSchema, reference: str, response: str, outcome: Outcome) -> None:
    assert judged(verifier, response, reference).outcome == outcome


def test_the_fault_is_told_with_its_place(verifier: JsonSchema) -> None:
    assert judged(verifier, '{"name": 5}').explanation == "at $.name: 5 is not of type 'string'"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "no such type"},
        {"$ref": "http://example.org/schema.json"},  # nothing is fetched
        {"$ref": "#/nowhere"},
        "no JSON",
        {"patternProperties": {"(": {}}},
        {"properties": {"name": {"pattern": "^(a+)+$"}}},  # runs for ever on the answer below
    ],
)
def test_a_rows_schema_may_be_hostile(verifier: JsonSchema, schema: object) -> None:
    verdict = judged(verifier, '{"name": "%s!"}' % ("a" * 60), json_schema=schema)
    assert verdict.outcome == "undecided"
    assert verdict.cause in {"unreadable schema", "timeout"}


def test_a_rows_schema_comes_before_the_recipes(verifier: JsonSchema) -> None:
    assert judged(verifier, "[1]", json_schema='{"type": "array"}').outcome == "correct"
    assert judged(JsonSchema(num_workers=1), "[1]").cause == "no schema"


def test_a_recipes_schema_is_checked() -> None:
    with pytest.raises(ValueError, match="not a JSON Schema"):
        JsonSchema.model_validate({"schema": {"type": "no such type"}})
