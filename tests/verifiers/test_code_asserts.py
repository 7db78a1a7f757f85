"""Tests that are code: every form that public collections have, and no way for a program to forge their verdict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers.code.verifier import Code
from tests.sandboxes import needs_bubblewrap

pytestmark = needs_bubblewrap

CHECK = "def check(candidate):\n    assert candidate([3, 1]) == [1, 3]\n    assert candidate([]) == []"
PYTEST = """\
import pytest
from solution import Account, Poor

@pytest.mark.parametrize("paid, left", [(30, 70), (100, 0)])
def test_pay(paid, left):
    account = Account(100)
    assert account.pay(paid) == pytest.approx(left)
    assert account.left == left and len(account) == 1

def test_too_much():
    with pytest.raises(Poor, match="only 1"):
        Account(1).pay(2)
"""
ACCOUNT = """\
class Poor(ValueError): pass
class Account:
    def __init__(self, left): self.left, self.paid = left, []
    def __len__(self): return len(self.paid)
    def pay(self, usd):
        if usd > self.left: raise Poor(f"there is only {self.left}")
        self.left -= usd
        self.paid.append(usd)
        return self.left
"""
UNITTEST = "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n        self.assertEqual(f(2), 4)"


@pytest.fixture(scope="module")
def code() -> Iterator[Code]:
    verifier = Code(time_s=2, memory_mb=256, num_workers=1).fresh(Context())
    yield verifier
    verifier.close()


def judged(code: Code, program: str, tests: object, **meta: Any) -> Verdict:
    question = Question("Write it.", meta={"tests": tests, **meta})
    return code.verdict(question, Trace("q", 0, "t", "", f"```python\n{program}\n```"))


@pytest.mark.parametrize(
    ("program", "tests", "meta"),
    [
        ("def f(a, b): return a + b", ["assert f(1, 2) == 3", "assert f([1], [2]) == [1, 2]"], {}),
        ("def sum(a, b): return a + b", ["assert sum(1, 2) == 3"], {}),
        ("def f(x): return x * 2", ["assert math.isclose(f(0.1), 0.2)"], {"test_setup_code": "import math"}),
        ("def f(x): return sorted(x)", CHECK, {"entry_point": "f"}),
        ("class Solution:\n    def f(self, x): return sorted(x)", CHECK, {"entry_point": "Solution().f"}),
        ("class Solution:\n    def f(self, x): return sorted(x)", f"{CHECK}\ncheck(Solution().f)", {}),
        (ACCOUNT, PYTEST, {}),
        ("def f(x): return x ** 2", UNITTEST, {}),
        ("def f(m): m.reverse()", "def test_f():\n    m = [1, 2]\n    f(m)\n    assert m == [2, 1]", {}),
        ("def f(n):\n    for i in range(n): yield i", ["assert list(f(3)) == [0, 1, 2]"], {}),
        ("def f(): return {1: (2, {3}), 'a': 10**30, 2.5: [None, True, 1j, b'x']}",
         ["assert f() == {1: (2, {3}), 'a': 10**30, 2.5: [None, True, 1j, b'x']}"], {}),
        ("def f(x):\n    x.sort()\n    return x", ["xs = [2, 1]\nassert f(xs) == sorted(xs)"], {}),
    ],
)  # fmt: skip
def test_every_form_of_asserts_accepts_a_right_program(
    code: Code, program: str, tests: object, meta: dict[str, str]
) -> None:
    verdict = judged(code, program, tests, **meta)
    assert (verdict.outcome, verdict.cause) == ("correct", ""), verdict.explanation


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        ("def f(x): return x", "wrong answer"),
        ("def f(x): return None", "wrong answer"),
        ("def f(x): return (1, 3)", "wrong answer"),
        ("def f(x): raise ValueError('no')", "runtime error"),
        ("def f(x): return 1 / 0", "runtime error"),
        ("def g(x): return sorted(x)", "missing function"),
        ("def f(x) return x", "syntax error"),
        ("def f(x):\n    while True: pass", "time limit"),
        ("def f(x): return [0] * 10**9", "runtime error"),
        ("x = [0] * 10**9\ndef f(x): return x", "memory limit"),
        ("def f(x):\n    print('x' * 10**8)", "output limit"),
    ],
)
def test_a_wrong_program_is_incorrect_by_its_cause(code: Code, program: str, cause: str) -> None:
    verdict = judged(code, program, CHECK, entry_point="f")
    assert (verdict.outcome, verdict.cause) == ("incorrect", cause), verdict.explanation


TOLD = 'b\'\\n{"tests": {"outcome": "correct", "why": ""}}\\n\''
VALUE = 'b\'\\n{"value": [["plain", true]]}\\n\''
FORGERIES = [
    "class Equal:\n    __eq__ = lambda *a: True\n    __ne__ = lambda *a: False\ndef f(x): return Equal()",
    "class Equal(list):\n    __eq__ = lambda self, other: True\ndef f(x): return Equal()",
    "class Equal(int):\n    __eq__ = lambda self, other: True\ndef f(x): return Equal()",
    "class Equal(dict):\n    __eq__ = lambda self, other: True\ndef f(x): return [Equal()]",
    "class Meta(type):\n    __eq__ = lambda self, other: True\n    __hash__ = None\nclass A(metaclass=Meta): pass\n"
    "def f(x): return A",
    "import sys\nsys.exit(0)",
    "import sys\ndef f(x): sys.exit(0)",
    "import os\nos._exit(0)",
    "import os\ndef f(x): os._exit(0)",
    "def f(x): raise SystemExit(0)",
    "def f(x): raise StopIteration",
    "def f(x): raise GeneratorExit",
    "def f(x): raise KeyboardInterrupt",
    f"import os\nos.write(3, {TOLD})\nos._exit(0)",
    f"import os\nos.write(1, {TOLD})\ndef f(x): os.write(3, {TOLD}); os._exit(0)",
    f"import os\nfor i in range(100): os.write(3, {VALUE})\ndef f(x): return 0",
    "import builtins\nbuiltins.AssertionError = builtins.all = lambda *a: True\ndef f(x): return 0",
    "def isinstance(*a): return True\ndef all(*a): return True\ndef sorted(*a): return 0\ndef f(x): return 0",
    "def isclose(*a): return True\ndef f(x): return [0]",
    "def check(*a): return True\ndef candidate(*a): return True\ndef f(x): return 0",
    "import sys\nsys.modules['testing'].run = lambda *a: {'outcome': 'correct', 'why': ''}\ndef f(x): return 0",
    "import sys\nsys.modules['copies'].write = lambda *a: [['plain', True]]\ndef f(x): return 0",
    "import sys\ndef f(x):\n    for frame in sys._current_frames().values(): frame.f_globals['check'] = lambda c: 0\n"
    "    return 0",
    "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\ndef f(x): return 0",
    "def f(x):\n    x.clear()\n    return []",
    "import atexit, os\natexit.register(os._exit, 0)\ndef f(x): return 0",
    "class F:\n    def __call__(self, x): return self\n    def __eq__(self, other): return True\nf = F()",
    "def __eq__(*a): return True\nf = 5",
    "f = None",
]
ASSERTS = {
    "check": CHECK,
    "asserts": ["xs = [3, 1]\nassert f(xs) == sorted([1, 3])", "assert all([f([2, 1]) == [1, 2]])"],
    "loop": "for got, expected in zip(map(f, [[3, 1], [2, 1]]), [[1, 3], [1, 2]]):\n    assert got == expected\n"
    "assert isinstance(f([1]), list)",
    "pytest": "from solution import f\ndef test_f():\n    xs = [3, 1, 2]\n    assert f(xs) == sorted(xs) and xs",
    "unittest": "import unittest\nclass T(unittest.TestCase):\n    def test(self):\n"
    "        self.assertEqual(f([2, 1]), [1, 2])",
    "star": "from math import isclose\nfrom solution import *\ndef test_f():\n"
    "    assert isclose(f([5, 1])[0], 1) and all(map(isclose, f([2]), [2]))",
    "in": "assert 7 in f([7])\nassert f([7]) != [8]\nassert f([7, 5])[0] == 5",
}


@pytest.mark.parametrize("form", ASSERTS)
def test_no_program_forges_what_the_asserts_say(code: Code, form: str) -> None:
    for program in FORGERIES:
        verdict = judged(code, program, ASSERTS[form], entry_point="f" if form == "check" else "")
        assert verdict.outcome != "correct", program
    verdict = judged(code, "def f(x): return sorted(x)", ASSERTS[form], entry_point="f" if form == "check" else "")
    assert verdict.outcome == "correct", verdict.explanation


@pytest.mark.parametrize(
    ("program", "tests", "why"),
    [
        ("def f(x): return x", ["assert True"], "they call nothing of the program"),
        ("def f(x): return x", ["assert f('1') == eval('1')"], "eval"),
        ("def f(x): return x", ["import numpy_of_tomorrow\nassert f(1) == 1"], "ModuleNotFoundError"),
        ("def f(x): return x", ["assert f(1) == "], "SyntaxError"),
        ("def f(x): return x", ["assert f(lambda: 1)"], "cannot be copied"),
        ("class A: pass\ndef f(x): return A()", ["assert f(1) == 1"], "own class"),
        ("def f():\n    while True: yield 1", ["assert len(list(f())) == 5"], "more than"),
        (
            "def f(xs):\n    del xs[1:]\n    return 1",
            ["xs = [1, 2]\nassert f(xs) == 1\nassert xs == [1]"],
            "changes what",
        ),
    ],
)
def test_tests_that_cannot_be_run_here_decide_nothing(code: Code, program: str, tests: list[str], why: str) -> None:
    verdict = judged(code, program, tests)
    assert (verdict.outcome, verdict.cause) == ("undecided", "tests")
    assert why in verdict.explanation


def test_the_usual_keys_of_public_collections_are_found_by_themselves(code: Code) -> None:
    trace = Trace("q", 0, "t", "", "```python\ndef f(x): return sorted(x)\n```")
    for meta in ({"test_list": ["assert f([2, 1]) == [1, 2]"]}, {"test": CHECK, "entry_point": "f"}):
        assert code.verdict(Question("Write it.", meta=meta), trace).outcome == "correct"
        assert set(meta) <= set(code.meta_keys)
