from __future__ import annotations

import json
import math
import pickle
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from open_thoughts_gen import engines
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import FinishReason, Question, Trace, Verdict
from open_thoughts_gen.verifiers.code import Code
from open_thoughts_gen.verifiers.code.blocks import fenced, program_of
from open_thoughts_gen.verifiers.code.cases import Asserts, read_tests
from open_thoughts_gen.verifiers.code.comparing import same_output, same_value
from tests.sandboxes import needs_bubblewrap

LIMITS: Mapping[str, Any] = {"time_s": 0.5, "memory_mb": 192, "output_mb": 1, "disk_mb": 1}
TOLERANCE = 1e-5
TWICE = {"inputs": ["1\n", "21\n"], "outputs": ["2\n", "42\n"]}
ADD = {"inputs": [[1, 2], [20, 22]], "outputs": [3, 42], "fn_name": "add"}


@pytest.fixture(scope="module", params=[pytest.param("bubblewrap", marks=needs_bubblewrap), "none"])
def code(request: pytest.FixtureRequest) -> Iterator[Code]:
    verifier = Code(**LIMITS, isolation=request.param, num_workers=2).fresh(Context())
    yield verifier
    verifier.close()


def pair(
    program: str, tests: object, *, finish_reason: FinishReason = "stop", fence: str = "```"
) -> tuple[Question, Trace]:
    response = f"Let me think.\n\n{fence}python\n{program}\n{fence}\nThat is it."
    return Question("Write it.", meta={"tests": tests}), Trace("q", 0, "t", "", response, finish_reason)


def judged(code: Code, program: str, tests: object) -> tuple[str, str]:
    """Return the outcome, and its cause."""
    verdict = code.verdict(*pair(program, tests))
    assert verdict.answer == program
    return verdict.outcome, verdict.cause


@pytest.mark.parametrize(
    ("program", "outcome", "cause"),
    [
        ("print(int(input()) * 2)", "correct", ""),
        ("print(int(input()) + 1)", "incorrect", "wrong answer"),
        ("print(int(input()) * 2", "incorrect", "syntax error"),
        ("while True: pass", "incorrect", "time limit"),
        ("x = [0] * 10**9", "incorrect", "memory limit"),
        ("while True: print('x' * 10**5)", "incorrect", "output limit"),
        ("print(int(input()) * 2)\n1/0", "incorrect", "runtime error"),
        ("print(int(input()) * 2)\nraise SystemExit(1)", "incorrect", "runtime error"),
        ("import sys\nprint(int(input()) * 2)\nsys.exit(0)", "correct", ""),
        ("import os\nos._exit(0)\nprint(2)", "incorrect", "wrong answer"),
        ("print('accepted')", "incorrect", "wrong answer"),
    ],
)
def test_programs_are_judged_by_what_they_write(code: Code, program: str, outcome: str, cause: str) -> None:
    assert judged(code, program, TWICE) == (outcome, cause)


@pytest.mark.parametrize(
    ("program", "outcome", "cause"),
    [
        ("def add(a, b): return a + b", "correct", ""),
        ("class Solution:\n    def add(self, a, b): return a + b", "correct", ""),
        ("add = lambda a, b: a + b", "correct", ""),
        ("def add(a, b): return a - b", "incorrect", "wrong answer"),
        ("def plus(a, b): return a + b", "incorrect", "missing function"),
        ("def add(a, b): return a +", "incorrect", "syntax error"),
        ("def add(a, b): raise ValueError", "incorrect", "runtime error"),
        ("def add(a, b):\n    while True: pass", "incorrect", "time limit"),
        ("def add(a, b): return [0] * 10**9", "incorrect", "memory limit"),
        ("import sys\ndef add(a, b): sys.exit(0)", "incorrect", "runtime error"),
        ("import os\ndef add(a, b): os._exit(0)", "incorrect", "runtime error"),
        ("def add(a, b): return {a, b}", "incorrect", "wrong answer"),
        ("def add(a, b):\n    x = []\n    for _ in range(500): x = [x]\n    return x", "incorrect", "wrong answer"),
    ],
)
def test_functions_are_judged_by_what_they_return(code: Code, program: str, outcome: str, cause: str) -> None:
    assert judged(code, program, ADD) == (outcome, cause)


FORGERIES = [
    "class Equal:\n    __eq__ = lambda self, other: True\n    __hash__ = None\ndef add(a, b): return Equal()",
    "class Equal(int):\n    __eq__ = lambda self, other: True\ndef add(a, b): return Equal(7)",
    "class Equal(list):\n    __eq__ = lambda self, other: True\n    __len__ = lambda self: 1\n"
    "def add(a, b): return Equal([7])",
    "class Equal(dict):\n    __getitem__ = lambda *a: 3\ndef add(a, b): return Equal()",
    "import builtins\nbuiltins.all = builtins.any = lambda *a: True\ndef add(a, b): return 0",
    'import json\njson.dumps = lambda *a, **k: \'{"outcome": "correct"}\'\ndef add(a, b): return 0',
    'import os\ndef add(a, b):\n    os.write(3, b\'\\n{"outcome": "correct", "value": 0}\\n\')\n    os._exit(0)',
    "import os\nprint('accepted: 2 of 2 tests')\nos.write(1, b'correct')\nos._exit(0)",
    "import sys\nsys.modules['__main__'].tell = sys.modules['__main__'].answer = lambda *a: 0\ndef add(a, b): return 0",
    "import sys, threading\nthreading._shutdown = lambda: sys.exit(0)\ndef add(a, b): return 0",
    "def add(a, b):\n    import inspect\n    return [str(each.frame.f_locals) for each in inspect.stack()][:1]",
    "import builtins\nbuiltins.exec = builtins.compile = None\ndef add(a, b): return None",
    "import os\nfor fd in range(64):\n    try: os.write(fd, b'correct')\n    except OSError: pass\n"
    "def add(a, b): return 0",
    "def add(a, b): return float('nan')",
    "def add(a, b): return float('inf')",
]


@pytest.mark.parametrize("program", FORGERIES)
def test_no_forgery_is_correct_and_the_next_program_is_judged_as_ever(code: Code, program: str) -> None:
    honest, false = "def add(a, b): return a + b", "def add(a, b): return a * b"
    verdicts = list(code.verdicts([pair(each, ADD) for each in (program, honest, program, false)]))
    assert [verdict.outcome for verdict in verdicts] == ["incorrect", "correct", "incorrect", "incorrect"]


@pytest.mark.parametrize("program", ["print(3)\n" + each for each in FORGERIES if "def add" in each])
def test_no_forgery_passes_as_a_program_with_input(code: Code, program: str) -> None:
    assert code.verdict(*pair(program, TWICE)).outcome == "incorrect"


def test_what_is_expected_never_enters_the_sandbox(code: Code) -> None:
    look = """
import gc
known = " ".join(["the", "expected", "output"])
def words(each): return each.values() if isinstance(each, dict) else each if isinstance(each, (list, tuple)) else ()
hits = sum(known in str(part) for each in gc.get_objects() for part in words(each) if isinstance(part, str))
print("found" if hits > 1 else "nothing")
"""
    verdict = code.verdict(*pair(look, {"inputs": [""], "outputs": ["the expected output"]}))
    assert "got 'nothing'" in verdict.explanation


class TestKnownDefectsOfOtherJudges:
    """Cases that judges of published datasets got wrong."""

    @pytest.mark.parametrize(
        ("program", "tests"),
        [
            ("print(2", TWICE),
            ("while True: pass", TWICE),
            ("raise ValueError", TWICE),
            ("def other(a, b): return a + b", ADD),
            ("def add(a, b): raise ValueError", ADD),
            ("def add(a, b):\n    while True: pass", ADD),
            ("def add(a, b) return a + b", ADD),
            ("def add(a, b): return 0", ADD),
        ],
    )
    def test_a_crash_is_not_correct(self, code: Code, program: str, tests: object) -> None:
        assert code.verdict(*pair(program, tests)).outcome == "incorrect"

    def test_a_call_does_not_spoil_the_programs_after_it(self, code: Code) -> None:
        spoiler = "import os, subprocess\nsubprocess.Popen = os.kill = os.fork = None\ndef add(a, b): return a + b"
        rows = [pair(spoiler, ADD), pair("print(int(input()) * 2)", TWICE)] * 3
        assert {verdict.outcome for verdict in code.verdicts(rows)} == {"correct"}

    @pytest.mark.parametrize("expected_and_got", [("1 2", "12"), ("1 2", "21"), ("1\n3", "3\n1"), ("12", "1 2")])
    @pytest.mark.parametrize("tolerance", [TOLERANCE, None])
    def test_order_and_space_count(self, expected_and_got: tuple[str, str], tolerance: float | None) -> None:
        assert not same_output(*expected_and_got, tolerance)

    @pytest.mark.parametrize("expected_and_got", [("1", "1.0"), ("0.333333333", "0.33333"), ("1 2", "1  2")])
    def test_the_form_of_numbers_and_of_space_counts_in_strict_alone(self, expected_and_got: tuple[str, str]) -> None:
        assert same_output(*expected_and_got, TOLERANCE)
        assert not same_output(*expected_and_got, None, by_lines=True)


@pytest.mark.parametrize(
    ("expected", "got", "tolerant", "strict"),
    [
        ("1\n", "1", True, True),
        ("1 \n2\n\n", "1\n2", True, True),
        ("1\r\n2", "1\n2", True, True),
        ("1\n2", "1 2", True, False),
        ("", "\n", True, True),
        ("", "0", False, False),
        ("YES", "yes", False, False),
        ("1e3", "1000", False, False),
        ("+5", "5", False, False),
        ("007", "7", False, False),
        ("0.00001", "1e-05", True, False),
        ("100001", "100000.99999999", True, False),
        ("100001", "100001.5", False, False),
        ("100000", "100001", False, False),
        ("1000000000000000001", "1e18", False, False),
        ("1000000000000000000", "1e+18", True, False),
        ("1000000.5", "1000001", True, False),
        ("1000000.5", "1000020.5", False, False),
        ("nan", "nan", True, True),
        ("inf", "1e999", False, False),
        ("1", "1e999999999", False, False),
        ("0.1", "0.10000000000000001", True, False),
        ("9" * 5000, "9" * 5000, True, True),
        ("9" * 5000, "9" * 4999 + "8", False, False),
        ("a b c", "a b", False, False),
        ("１", "1", False, False),
    ],
)
def test_outputs_are_compared(expected: str, got: str, tolerant: bool, strict: bool) -> None:
    assert same_output(expected, got, TOLERANCE) is tolerant
    assert same_output(expected, got, None, by_lines=True) is strict


@pytest.mark.parametrize(
    ("expected", "got", "tolerant", "strict"),
    [
        (3, 3, True, True),
        (3, 3.0, True, False),
        (3, "3", False, False),
        ("3", 3, False, False),
        (True, 1, True, False),
        (None, None, True, True),
        (None, 0, False, False),
        ([1, [2.0]], [1, [2.0]], True, True),
        ([1, 2], [2, 1], False, False),
        ([1, 2], [1, 2, 3], False, False),
        ([1], 1, False, False),
        ((1, 2), [1, 2], True, True),
        ({"a": 1}, {"a": 1}, True, True),
        ({"a": 1}, {"a": 1, "b": 2}, False, False),
        ({1: "x"}, {"1": "x"}, True, True),
        (0.1, 0.1000001, True, False),
        (10**30, 10**30 + 1, False, False),
        (10**400, 1.5, False, False),
        (1.5, 10**400, False, False),
        ("a ", "a", False, False),
    ],
)
def test_values_are_compared(expected: object, got: object, tolerant: bool, strict: bool) -> None:
    assert same_value(expected, got, TOLERANCE) is tolerant
    assert same_value(expected, got, None, strict=True) is strict


@given(st.text())
@settings(max_examples=50)
def test_every_output_is_right_where_it_is_expected(output: str) -> None:
    assert same_output(output, output, TOLERANCE)
    assert same_output(output, output, None, by_lines=True)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists))
@settings(max_examples=50)
def test_every_value_is_right_where_it_is_expected(value: object) -> None:
    assert same_value(value, json.loads(json.dumps(value)), TOLERANCE)
    assert same_value(value, json.loads(json.dumps(value)), None, strict=True)


@pytest.mark.parametrize(
    "tests",
    [
        TWICE,
        json.dumps(TWICE),
        [{"input": "1\n", "output": "2"}, {"input": "21\n", "output": "42", "fn_name": None}],
        {"inputs": [["1"], ["21"]], "outputs": [["2"], "42"]},
        {"inputs": [1, 21], "outputs": [2, 42.0], "fn_name": ""},
    ],
)
def test_tests_of_programs_are_read_in_every_form(code: Code, tests: object) -> None:
    assert judged(code, "print(int(input()) * 2)", tests) == ("correct", "")


@pytest.mark.parametrize(
    "tests",
    [
        ADD,
        json.dumps(ADD),
        {**ADD, "outputs": [[3], [42]]},
        {**ADD, "fn_name": "Solution.add"},
        [{"input": "1\n2", "output": "3", "fn_name": "add"}, {"input": "20\n22", "output": "42", "fn_name": "add"}],
        [{"input": [1, 2], "output": 3, "fn_name": "add"}],
    ],
)
def test_tests_of_functions_are_read_in_every_form(code: Code, tests: object) -> None:
    assert judged(code, "def add(a, b): return a + b", tests) == ("correct", "")


def test_a_list_of_one_is_unwrapped_only_where_every_output_is_one(code: Code) -> None:
    assert judged(code, "def add(a, b): return [a + b]", {**ADD, "outputs": [[3], [42]]})[0] == "correct"
    assert judged(code, "def add(a, b): return a + b", {**ADD, "outputs": [[3], [42, 0]]})[0] == "incorrect"


@pytest.mark.parametrize(
    ("tests", "why"),
    [
        (None, "the question's meta holds none"),
        ("", "Expecting value"),
        ("{", "Expecting property name"),
        ("[" * 100_000, "recursion"),
        ({}, "there are no inputs"),
        ({"inputs": [], "outputs": []}, "there are no inputs"),
        ({"inputs": ["1"], "outputs": []}, "1 inputs and 0 outputs"),
        ({"inputs": ["1"], "outputs": ["1"], "fn_name": 5}, "fn_name is not a name"),
        ([{"input": "1"}], "an input and an output"),
        (7, "the question's meta holds none"),
    ],
)
def test_without_tests_nothing_is_decided(code: Code, tests: object, why: str) -> None:
    verdict = code.verdict(*pair("print(1)", tests))
    assert verdict.outcome == "undecided"
    assert verdict.cause == "no tests"
    assert why in verdict.explanation


@pytest.mark.parametrize(("finish_reason", "why"), [("stop", "no block"), ("length", "truncated"), ("error", "failed")])
def test_a_response_without_code_is_undecided(code: Code, finish_reason: FinishReason, why: str) -> None:
    question = Question("Write it.", meta={"tests": TWICE})
    verdict = code.verdict(question, Trace("q", 0, "t", "", "print(2) is what I would say", finish_reason))
    assert (verdict.outcome, verdict.answer) == ("undecided", None)
    assert verdict.cause == "no code"
    assert why in verdict.explanation


# Longer than Python itself writes: 5,736 digits, in two parts.
FACTORIAL = "{}{:03000}".format(*divmod(math.factorial(2000), 10**3000))


@pytest.mark.parametrize(
    ("program", "stdin", "stdout"),
    [
        ("import math\nprint(math.factorial(int(input())))", "2000\n", FACTORIAL),
        ("import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding='utf-8')\nprint(1)", "", "1"),
        ("import codecs, sys\nsys.stdout = codecs.getwriter('utf-8')(sys.stdout.detach())\nprint(5)", "", "5"),
        ("import io, sys\nout = io.TextIOWrapper(sys.stdout.detach())\nout.write('never closed')", "", "never closed"),
        ("import resource\nresource.setrlimit(resource.RLIMIT_STACK, (2**28, 2**28))\nprint(1)", "", "1"),
        ("print(sum(map(int, open('/dev/stdin').read().split())))", "1 2", "3"),
        ("import pathlib\nprint(pathlib.Path('/dev/stdin').read_text())", "7", "7"),
        ("print(*accumulate(map(int, input().split())), sqrt(4), Counter('a')['a'])", "1 2", "1 3 2.0 1"),
        ("class Out:\n def write(s, t): w(t)\n def flush(s): pass\nimport sys\nw = sys.stdout.write\n"
         "sys.stdout = Out()\nprint(6)", "", "6"),
    ],
)  # fmt: skip
def test_what_public_judges_run_runs_here(code: Code, program: str, stdin: str, stdout: str) -> None:
    with_digits = {"inputs": [stdin], "outputs": [stdout]}
    assert judged(code, program, with_digits) == ("correct", "")


@pytest.mark.parametrize(
    ("tests", "meta", "outcome"),
    [
        ({"inputs": ["a"], "outputs": [None]}, {}, "undecided"),
        ({"inputs": ["a", "b"], "outputs": [None, "1"]}, {}, "undecided"),
        ({"inputs": [[1, 2]], "outputs": [3]}, {}, "undecided"),
        ({"inputs": [[1, 2]], "outputs": [3]}, {"entry_point": "add"}, "correct"),
        ({"inputs": [[1, 2]], "outputs": [3]}, {"metadata": '{"func_name": "add"}'}, "correct"),
        ({"inputs": [[1, 2]], "outputs": [3]}, {"starter_code": "class Solution:\n  def add(self, a, b):"}, "correct"),
        ([{"input": "1\n2", "output": "3", "testtype": "functional"}], {"metadata": {"func_name": "add"}}, "correct"),
        ([{"input": "1\n2", "output": "3", "testtype": "functional"}], {"metadata": "{"}, "undecided"),
    ],
)
def test_a_function_that_nothing_names_is_undecided(
    code: Code, tests: object, meta: dict[str, object], outcome: str
) -> None:
    question, trace = pair("def add(a, b): return a + b", tests)
    assert code.verdict(replace(question, meta={**question.meta, **meta}), trace).outcome == outcome


@pytest.mark.parametrize(
    ("tolerance", "said", "got", "outcome"),
    [
        (None, None, "123457.90", "incorrect"),
        (None, None, "123456.780", "correct"),
        (None, 1e-3, "123457.90", "correct"),
        (1e-3, None, "123457.90", "correct"),
        (1e-9, 1e-3, "123457.90", "incorrect"),
    ],
)
def test_a_decimal_differs_only_where_the_test_or_the_recipe_says_so(
    code: Code, tolerance: float | None, said: float | None, got: str, outcome: str
) -> None:
    tests = {"inputs": [""], "outputs": ["123456.78"], **({"tolerance": said} if said else {})}
    tolerant = code.model_copy(update={"tolerance": tolerance})
    assert tolerant.verdict(*pair(f"print('{got}')", tests)).outcome == outcome


def test_a_function_of_the_prelude_is_not_the_programs(code: Code) -> None:
    assert judged(code, "pass", ADD) == ("incorrect", "missing function")
    assert judged(code, "from operator import add", ADD) == ("correct", "")


def test_the_total_time_is_limited(code: Code) -> None:
    slow = "import time\nx = time.process_time()\nwhile time.process_time() - x < 0.1: pass\nprint(1)"
    tests = {"inputs": [""] * 50, "outputs": ["1"] * 50}
    short = Code(**LIMITS, total_s=0.3, isolation=code.isolation, num_workers=1).fresh(Context())
    verdict = short.verdict(*pair(slow, tests))
    short.close()
    assert (verdict.outcome, verdict.cause) == ("incorrect", "time limit")


def test_the_verdicts_do_not_depend_on_order_or_on_the_number_of_workers(code: Code) -> None:
    programs = [
        "print(int(input()) * 2)", "print(1)", "1/0", "while 1: pass", "import random\nprint(random.random())",
        "print(set('some words here'))", "x = [", "import os\nprint(os.listdir('/tmp') if os.getpid() == 1 else [])",
    ]  # fmt: skip
    rows = [pair(program, TWICE) for program in programs]
    together = list(code.verdicts(rows))
    assert list(code.verdicts(rows[::-1])) == together[::-1]
    for num_workers in (1, 4):
        other = Code(**LIMITS, isolation=code.isolation, num_workers=num_workers).fresh(Context())
        assert list(other.verdicts(rows)) == together
        other.close()


def test_it_works_under_the_local_engine_and_survives_pickling(code: Code) -> None:
    rows = [pair("print(int(input()) * 2)", TWICE), pair("print(5)", TWICE)]
    copied = pickle.loads(pickle.dumps(code))
    with Local(2) as engine:
        verdicts = list(engines.verdicts(engine, copied, rows))
    copied.close()
    assert [verdict.outcome for verdict in verdicts] == ["correct", "incorrect"]


def test_several_threads_may_use_it_at_once(code: Code) -> None:
    found: list[list[Verdict]] = []
    rows = [pair("print(int(input()) * 2)", TWICE), pair("print(5)", TWICE)] * 3
    threads = [threading.Thread(target=lambda: found.append(list(code.verdicts(rows)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [[verdict.outcome for verdict in each] for each in found] == [["correct", "incorrect"] * 3] * 3


def test_explanations_are_one_line_whatever_a_program_writes(code: Code) -> None:
    verdict = code.verdict(*pair("print('\\x1b[31m\\n\\r\\0<script>' * 100)", TWICE))
    assert verdict.outcome == "incorrect"
    assert verdict.explanation.isprintable()
    assert len(verdict.explanation) < 300


def test_without_bubblewrap_it_refuses_unless_isolation_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get install bubblewrap"):
        Code().fresh(Context())
    Code(isolation="none").fresh(Context()).close()


FENCED_DOCSTRING = 'def f(x):\n    """Do it.\n\n    ```\n    f(1)\n    ```\n    """\n    return x'
READER = "n=int(input())\nprint(n)"
REWRAPPED = "import io, sys\nsys.stdin = io.StringIO(sys.stdin.read())\nprint(int(input()) * 2)"
SOLVE = "def solve():\n    print(int(input()) * 2)\nsolve()"


@pytest.mark.parametrize(
    ("response", "function", "program"),
    [
        ("```python\nx\n```", None, "x"),
        ("```\nprint(1)\n```", None, "print(1)"),
        ("~~~py\nprint(1)\n~~~", None, "print(1)"),
        ("````python\nprint('```')\n````", None, "print('```')"),
        ("So: ```python\nprint(1)\n```", None, "print(1)"),
        ("```python\nprint(1)```", None, "print(1)"),
        ("1. Thus\n   ```python\n   print(1)\n   ```", None, "print(1)"),
        ("```python\nprint(1)", None, "print(1)"),
        ("```cpp\nint main() {}\n```", None, None),
        ("```output\n42\n```", None, None),
        ("```python\n\n```", None, None),
        ("no `code` here", None, None),
        ("", None, None),
        # Drafts come before, sample outputs and examples after the program.
        (f"```python\nprint(input())\n```\n```python\n{SOLVE}\n```", None, SOLVE),
        (f"```python\n{SOLVE}\n```\nIt prints:\n```\n42\n```", None, SOLVE),
        (f"```python\n{SOLVE}\n```\nTry:\n```python\nprint('example')\n```", None, SOLVE),
        (f"```python\n{SOLVE}\n```\n```bash\necho 5 | python solve.py\n```", None, SOLVE),
        ("```python\ndef f(): pass\n```\n```python\nprint(f())\n```", "f", "def f(): pass"),
        ("```python\ndef f(): 1\n```\n```python\ndef f(): 2\n```", "f", "def f(): 2"),
        ("```python\nclass Solution: pass\n```\n```python\nx = 1\n```", "f", "class Solution: pass"),
        ("```python\ndef fx(): pass\n```\n```python\nlast = 1\n```", "f", "last = 1"),
        # A label goes before what is not labelled; what is asked for is found there all the same.
        ("```\nprint(input())\n```\n```python\nprint(1)\n```", None, "print(1)"),
        ("```\ndef f(): 1\n```\n```python\nprint(1)\n```", "f", "def f(): 1"),
        # A fence in a docstring is text of the program.
        (f"```python\n{FENCED_DOCSTRING}\n```\nDone.", "f", FENCED_DOCSTRING),
        ('```python\ns = \'"""\'\nprint(s)\n```\nDone.', None, 's = \'"""\'\nprint(s)'),
        # Input that a block makes for itself is no reading.
        (
            f"```python\n{READER}\n```\nTest it:\n```python\nimport io,sys\nsys.stdin=io.StringIO('3')\n```",
            None,
            READER,
        ),
        (
            f"```python\n{READER}\n```\n```python\nwith patch('sys.stdin'):\n    run()\n```",
            None,
            READER,
        ),
        (
            f"```python\n{READER}\n```\n```python\nsys.stdin = io.StringIO('3')\nprint(int(input()))\n```",
            None,
            READER,
        ),
        (f"```python\n{REWRAPPED}\n```", None, REWRAPPED),
        # Helpers that other blocks define are joined, whatever only shows something is not.
        (
            "```python\ndef half(n): return n / 2\n```\n```python\ndef f(n): return half(n)\n```",
            "f",
            "def half(n): return n / 2\n\ndef f(n): return half(n)",
        ),
        (
            "```python\ndef f(n): return half(n)\n```\n```python\ndef half(n): return n / 2\n```",
            "f",
            "def half(n): return n / 2\n\ndef f(n): return half(n)",
        ),
        (
            "```python\nimport math\n```\n```python\ndef f(n): return math.pi\n```",
            "f",
            "import math\n\ndef f(n): return math.pi",
        ),
        (
            "```python\nnums = [1]\nprint(f(nums))\n```\n```python\ndef f(nums): return nums\n```",
            "f",
            "def f(nums): return nums",
        ),
    ],
)
def test_the_program_is_the_block_that_defines_what_is_asked(
    response: str, function: str | None, program: str | None
) -> None:
    assert program_of(Trace("q", 0, "t", "", response), "defining", function) == program


def test_the_block_can_be_chosen() -> None:
    response = "```python\na = 1\n```\n```python\nprint(input())\n```\n```\nsample\n```\n```python\nc = 3\n```"
    trace = Trace("q", 0, "t", "", response)
    chosen = [program_of(trace, block, None) for block in ("defining", "first", "last", "all")]
    assert chosen == ["print(input())", "a = 1", "c = 3", "a = 1\n\nprint(input())\n\nc = 3"]


def test_a_block_that_was_cut_off_is_no_program() -> None:
    response = "```python\nprint(input())\n```\nBetter:\n```python\nprint(int(inp"
    assert program_of(Trace("q", 0, "t", "", response, "length"), "defining", None) is None
    assert program_of(Trace("q", 0, "t", "", response[:40], "length"), "defining", None) is not None


@pytest.mark.parametrize(
    "hostile",
    ["`" * 10**6, "```\n" * 10**5, "``` " * 10**5, " " * 10**6 + "```", "```" + " " * 10**6 + "`", "~" * 10**6],
)
def test_blocks_of_hostile_text_are_found_in_linear_time(hostile: str) -> None:
    # Quadratic would be hours: the time limit of a test is the assertion.
    assert sum(len(block.source) for block in fenced(hostile)) <= len(hostile)
    program = program_of(Trace("q", 0, "t", "", f"```python\n{hostile}"), "defining", "f")
    assert program is None or len(program) <= len(hostile)


@given(st.text(alphabet="`~\n ab"), st.sampled_from(["f", None]))
@settings(max_examples=100)
def test_any_text_is_read(response: str, function: str | None) -> None:
    program = program_of(Trace("q", 0, "t", "", response), "defining", function)
    assert program is None or program.strip()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
@settings(max_examples=100)
def test_any_meta_is_read_or_refused(value: object) -> None:
    try:
        tests = read_tests({"tests": value}, "tests")
    except ValueError:
        return
    assert len(tests.sources if isinstance(tests, Asserts) else tests.inputs)
