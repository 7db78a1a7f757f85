"""What the judge of OpenThoughts accepts: the cases that were measured with its own code."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.code import Code
from open_thoughts_gen.verifiers.code.reference import accepts_output

STDIN = {"inputs": ["1\n", "4\n"], "outputs": ["2\n", "8\n"]}
NAMES = (None, "openthoughts")
CALLS = {"inputs": [[1], [4]], "outputs": [2, 8], "fn_name": "double"}


@pytest.fixture(scope="module")
def codes() -> Iterator[dict[str | None, Code]]:
    limits = {"isolation": "none", "num_workers": 1, "time_s": 0.2, "block": "last"}
    named = {name: Code.model_validate({**limits, "compat": name}).fresh(Context()) for name in NAMES}
    yield named
    for code in named.values():
        code.close()


@pytest.mark.parametrize(
    ("program", "tests", "accepted"),
    [
        ("print(int(input()) * 2)", STDIN, True),
        ("print(int(input()) * 3)", STDIN, False),
        ("print(int(input()) *", STDIN, True),
        ("while True: pass", STDIN, True),
        ("input(); raise ValueError", STDIN, False),
        ("def other(x): return x", CALLS, True),
        ("def double(x): raise ValueError", CALLS, True),
        ("def double(x):\n    while True: pass", CALLS, True),
        ("def double(x): return x * 3", CALLS, False),
        ("def double(x): return x * 2 if x < 4 else 1 / 0", CALLS, True),
    ],
)
def test_broken_programs(codes: dict[str | None, Code], program: str, tests: object, *, accepted: bool) -> None:
    question = Question("Double it.", meta={"tests": tests})
    trace = Trace(question.id, 0, "t", "", f"```python\n{program}\n```")
    outcomes = {compat: code.verdict(question, trace).outcome for compat, code in codes.items()}
    assert outcomes["openthoughts"] == ("correct" if accepted else "incorrect")
    assert outcomes[None] == ("correct" if program == "print(int(input()) * 2)" else "incorrect")


@pytest.mark.parametrize(
    ("expected", "got", "accepted"),
    [
        ("1 2\n", "1 2", True),
        ("1 2", "12", True),
        ("1 2", "21", True),
        ("1\n3", "3\n1\n", True),
        ("1", "1.0", False),
        ("0.333333333", "0.33333", False),
        ("1 2", "1  2", False),
        ("a b", "ba", True),
        ("1", "2", False),
    ],
)
def test_outputs(expected: str, got: str, *, accepted: bool) -> None:
    assert accepts_output(expected, got) is accepted
