"""The tests of a programming problem, read from where a source keeps them.

Tests are inputs with the outputs that are right, or code that asserts. Nothing of either is executed here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ASSERTS = re.compile(r"^\s*(?:assert\b|def\s+(?:check|test)|class\s+Test)", re.MULTILINE)
_STARTER = re.compile(r"\bdef\s+([A-Za-z]\w*)\s*\(")
_FUNCTION_KEYS = ("fn_name", "func_name", "function_name", "entry_point")
_SETUP_KEYS = ("test_setup_code", "test_imports", "prompt", "starter_code")
_TEST_KEYS = ("test_list", "test")
META_KEYS = (*_TEST_KEYS, *_FUNCTION_KEYS, *_SETUP_KEYS, "metadata")


@dataclass(frozen=True, slots=True)
class Tests:
    """Inputs and outputs; with a function, each input is the list of its arguments.

    Some collections wrap each returned value in a list of one: where every output is such a list, its only element is
    right as well. `tolerance` is what the tests themselves allow a decimal to differ by.
    """

    inputs: Sequence[object]
    outputs: Sequence[object]
    function: str | None = None
    tolerance: float | None = None

    def cases(self) -> Iterator[tuple[object, list[object]]]:
        """Yield each input with the outputs that are right."""
        is_wrapped = self.function is not None and all(isinstance(o, list) and len(o) == 1 for o in self.outputs)
        for value, expected in zip(self.inputs, self.outputs, strict=True):
            yield value, [expected, *expected] if is_wrapped and isinstance(expected, list) else [expected]


@dataclass(frozen=True, slots=True)
class Asserts:
    """Tests that are code: one source for each part that may take its own time, and what they test."""

    sources: Sequence[str]
    setup: tuple[str, ...] = ()
    entry_point: str = ""

    @property
    def function(self) -> str | None:
        """The name of the function that is tested, as far as it is known."""
        return self.entry_point.rpartition(".")[2] or None


def read_tests(meta: Mapping[str, Any], key: str) -> Tests | Asserts:
    """Return the tests that a question's meta holds under a key, or under those that public collections use.

    Raises:
        ValueError: there are none, or they are in no form that is known.

    """
    value = next((meta[each] for each in (key, *_TEST_KEYS) if meta.get(each) is not None), None)
    asserts = _asserts(value)
    if asserts:
        setup = tuple(_text(meta.get(each)) for each in _SETUP_KEYS if meta.get(each))
        return Asserts(asserts, setup, _text(meta.get("entry_point")))
    content = json.loads(value) if isinstance(value, str) else value
    if isinstance(content, Mapping) and _asserts(content.get("assert_case") or content.get("asserts")):
        return Asserts(_asserts(content.get("assert_case") or content.get("asserts")), (), "")
    if isinstance(content, list | tuple):
        tests = [row for row in content if isinstance(row, Mapping) and {"input", "output"} <= row.keys()]
        if len(tests) < len(content) or not tests:
            raise ValueError("a list of tests needs an input and an output in each")
        names = {test.get("fn_name") for test in tests}
        content = {
            "inputs": [test["input"] for test in tests],
            "outputs": [test["output"] for test in tests],
            "fn_name": names.pop() if len(names) == 1 else None,
            "calls": any(test.get("testtype") == "functional" for test in tests),
        }
    if not isinstance(content, Mapping):
        raise ValueError("the question's meta holds none")
    return _from_mapping(content, meta)


def _asserts(value: object) -> list[str]:
    """Return the sources of tests that are code, none where they are not."""
    sources = [value] if isinstance(value, str) else value
    if not isinstance(sources, list | tuple) or not sources:
        return []
    if not all(isinstance(source, str) and _ASSERTS.search(source) for source in sources):
        return []
    return [*sources]


def _text(value: object) -> str:
    lines = value if isinstance(value, list | tuple) else [value]
    return "\n".join(line for line in lines if isinstance(line, str))


def _from_mapping(content: Mapping[str, Any], meta: Mapping[str, Any]) -> Tests:
    inputs, outputs, name = content.get("inputs"), content.get("outputs"), content.get("fn_name") or None
    if not (isinstance(inputs, list | tuple) and isinstance(outputs, list | tuple) and inputs):
        raise ValueError("there are no inputs, or no outputs")
    if len(inputs) != len(outputs):
        raise ValueError(f"{len(inputs)} inputs and {len(outputs)} outputs")
    if all(output is None for output in outputs):
        raise ValueError("no output is expected")
    # What is not text, nor lines of it, can only be the arguments of a function.
    lines = [line for value in inputs if isinstance(value, list | tuple) for line in value]
    is_text = all(isinstance(line, str) for line in lines) and not any(isinstance(value, Mapping) for value in inputs)
    if name is None and (content.get("calls") or content.get("testtype") == "functional" or not is_text):
        name = _function_name(meta)
    if name is None and any(output is None for output in outputs):
        raise ValueError("no output is expected of some")
    if name is not None and not isinstance(name, str):
        raise ValueError("fn_name is not a name")
    tolerance = content.get("tolerance")
    tolerance = float(tolerance) if isinstance(tolerance, int | float) and 0 < tolerance < 1 else None
    if name is None:
        return Tests(inputs, outputs, None, tolerance)
    arguments, results = list[object](), list[object]()
    for value, expected in zip(inputs, outputs, strict=True):
        if isinstance(value, str):  # each line of it is an argument in JSON
            arguments.append([_json(line) for line in value.splitlines()])
            results.append(_json(expected))
        else:
            arguments.append([*value] if isinstance(value, list | tuple) else [value])
            results.append(expected)
    return Tests(arguments, results, name.rpartition(".")[2], tolerance)


def _function_name(meta: Mapping[str, Any]) -> str:
    """Return the name of the function that the tests call, as the rest of the meta tells it.

    Raises:
        ValueError: it does not.

    """
    inner = meta.get("metadata")
    try:
        inner = json.loads(inner) if isinstance(inner, str) else inner
    except ValueError:
        inner = None
    for source in (meta, inner if isinstance(inner, Mapping) else {}):
        for key in _FUNCTION_KEYS:
            if isinstance(source.get(key), str) and source[key]:
                return str(source[key])
    names = _STARTER.findall(_text(meta.get("starter_code")))
    if len(set(names)) != 1:
        raise ValueError("the tests call a function, and nothing says which")
    return str(names[0])


def _json(value: object) -> object:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value
