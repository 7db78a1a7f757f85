"""The sandbox at work: how runs end, what they may use, what one run leaves for the next. Attacks are next door."""

from __future__ import annotations

import contextlib
import copy
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.sandbox import CellLimits, Program, Sandbox, seccomp
from tests.sandboxes import call, descendants, leftovers, needs_bubblewrap, run, sandbox

LIMITS = CellLimits(time_s=0.5, memory_mb=192, output_mb=1, disk_mb=4)
ISOLATED = pytest.param(True, marks=needs_bubblewrap, id="bubblewrap")


@pytest.fixture(scope="module", params=[ISOLATED, pytest.param(False, id="none")])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with sandbox(LIMITS, num_cells=2, isolated=request.param) as made:
        yield made


@pytest.mark.parametrize(
    ("source", "end", "detail"),
    [
        ("pass", "finished", ""),
        ("import sys; sys.exit()", "finished", ""),
        ("exit(0)", "finished", ""),
        ("raise SystemExit(3)", "runtime error", "exit status 3"),
        ("raise SystemExit('no')", "runtime error", "exit status 1"),
        ("1/0", "runtime error", "ZeroDivisionError"),
        ("import nothing_of_that_name", "runtime error", "ModuleNotFoundError"),
        ("raise type('x y', (Exception,), {})", "runtime error", ""),
        ("raise KeyboardInterrupt", "runtime error", "KeyboardInterrupt"),
        ("import os; os._exit(7)", "runtime error", "exit status 7"),
        ("import os; os.abort()", "runtime error", "killed by SIGSEGV"),
        ("import ctypes; ctypes.string_at(0)", "runtime error", "killed by SIGSEGV"),
        ("def f(: pass", "syntax error", "SyntaxError"),
        ("x = '\0'", "syntax error", None),
        ("x = '\ud800'", "syntax error", "UnicodeEncodeError"),
        ("(" * 100_000, "syntax error", None),
        ("while True: pass", "time limit", ""),
        ("import time; time.sleep(60)", "time limit", ""),
        ("x = [0] * 10**9", "memory limit", ""),
        ("x = []\nwhile True: x.append('y' * 2**20)", "memory limit", ""),
        ("print('x' * 2 * 2**20)", "output limit", ""),
        ("def f(n): return f(n + 1)\nf(0)", "runtime error", "RecursionError"),
    ],
)
def test_each_way_to_end_is_told(box: Sandbox, source: str, end: str, detail: str | None) -> None:
    got = run(box, source)
    assert got.end == end
    if detail is not None and not ("abort" in source and got.detail == "killed by SIGABRT"):
        assert got.detail == detail


def test_a_program_reads_and_writes(box: Sandbox) -> None:
    got = run(box, "a, b = map(int, input().split())\nprint(a + b)\nprint('ü')", stdin="20 22\n")
    assert (got.end, got.stdout.decode()) == ("finished", "42\nü\n")


def test_the_idioms_of_contests_work(box: Sandbox) -> None:
    for source in (
        "import sys\nprint(sum(map(int, sys.stdin.buffer.read().split())))",
        "import os\nprint(sum(map(int, os.read(0, 10**6).split())))",
        "print(sum(int(x) for x in open(0)))",
        "import sys, threading\nthreading.stack_size(2**26)\nsys.setrecursionlimit(10**6)\n"
        "def depth(n): return n and 1 + depth(n - 1)\n"
        "def main(): assert depth(50_000) == 50_000; print(int(input()) + int(input()))\n"
        "threading.Thread(target=main).start()",
        "import atexit, io, sys\nsys.stdout = out = io.StringIO()\n"
        "atexit.register(lambda: sys.__stdout__.write(out.getvalue()))\nprint(int(input()) + int(input()))",
        "if __name__ == '__main__':\n    print(int(input()) + int(input()))\n    quit()",
    ):
        got = run(box, source, stdin="20\n22\n")
        assert (got.end, got.stdout) == ("finished", b"42\n"), source


def test_a_function_is_called_and_its_value_comes_back_as_json(box: Sandbox) -> None:
    source = "class Solution:\n    def twice(self, x):\n        print('noise')\n        return (x * 2, {1: None})"
    got = call(box, source, "twice", "ab")
    assert (got.end, got.value) == ("finished", ["abab", {"1": None}])
    assert call(box, "def f(*a): return a", "f", [1], {"b": 2.5}).value == [[1], {"b": 2.5}]


@pytest.mark.parametrize(
    ("source", "end", "detail"),
    [
        ("def g(): pass", "missing function", ""),
        ("f = 3", "missing function", ""),
        ("class Solution: pass", "missing function", ""),
        ("def f(): return {1}", "finished", "it returned what JSON cannot hold: set"),
        ("def f(): raise SystemExit(0)", "runtime error", "SystemExit"),
        ("import os\ndef f(): os._exit(0)", "runtime error", "it ended before the function returned"),
        ("import sys\nsys.exit(0)\ndef f(): return 1", "runtime error", "SystemExit"),
        ("def f(x): return x", "runtime error", "TypeError"),
    ],
)
def test_each_way_a_call_fails_is_told(box: Sandbox, source: str, end: str, detail: str) -> None:
    got = call(box, source, "f")
    assert (got.end, got.detail, got.value) == (end, detail, None)


def test_a_run_starts_from_nothing(box: Sandbox) -> None:
    look = """
import builtins, gc, json, os, random, sys
told = [hasattr(builtins, "mark"), "mark" in vars(sys), json.dumps("x"), random.random(), sorted(os.environ)]
told.append([each for each in gc.get_objects() if isinstance(each, dict) and "PLANTED" in each.values()])
told.append([os.listdir("/tmp")] if os.getpid() == 1 else [])
print(told)
"""
    spoil = """
import builtins, json, os, random, subprocess, sys
builtins.mark = sys.mark = "PLANTED"
json.dumps = os.read = os.write = os.fork = subprocess.Popen = None
os.environ["MARK"] = "PLANTED"
random.seed(7)
try: open("/tmp/left", "w").write("PLANTED")
except OSError: pass
"""
    first = run(box, look)
    assert first.end == "finished"
    for _ in range(4):
        run(box, spoil)
        assert run(box, look).stdout == first.stdout
    assert b"PLANTED" not in first.stdout


def test_runs_of_many_threads_come_back_in_order(box: Sandbox) -> None:
    sources = [f"print({i} ** 2)" for i in range(60)]
    runs = box.map(lambda cell, source: cell.run(Program(source)), sources)
    assert [int(each.stdout) for each in runs] == [i * i for i in range(60)]


def test_time_can_be_shortened_for_one_run(box: Sandbox) -> None:
    got = next(box.map(lambda cell, _: cell.run(Program("while True: pass"), time_s=0.05), [None]))
    assert got.end == "time limit"


def test_a_prelude_is_run_before_the_program(box: Sandbox) -> None:
    program = Program("def f(x: List[int]): return len(x)", "from typing import List", "f")
    assert next(box.map(lambda cell, _: cell.run(program, arguments=[[1, 2]]), [None])).value == 2


def test_equality_and_pickling_concern_the_settings(box: Sandbox) -> None:
    for same in (copy.copy(box), pickle.loads(pickle.dumps(box))):
        assert same == box
        same.close()
    assert run(box, "print(1)").stdout == b"1\n"


def test_a_package_is_there_only_if_asked_for() -> None:
    source = "import yaml\nprint(yaml.safe_load('[1]'))"
    with sandbox(LIMITS, isolated=False) as plain:
        assert run(plain, source).detail == "ModuleNotFoundError"
    with sandbox(LIMITS, isolated=False, packages=("yaml",)) as wider:
        assert run(wider, source).stdout == b"[1]\n"
    with pytest.raises(UserError, match="no_such_package"):
        run(Sandbox(LIMITS, isolated=False, packages=("no_such_package",)), "pass")


@needs_bubblewrap
def test_a_package_is_let_into_the_walls() -> None:
    with sandbox(LIMITS, packages=("yaml",)) as wider:
        assert run(wider, "import yaml\nprint(yaml.safe_load('[1]'))").stdout == b"[1]\n"


def test_without_bubblewrap_it_refuses_and_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="apt-get install bubblewrap"):
        Sandbox().check()
    Sandbox(isolated=False).check()


@needs_bubblewrap
def test_a_dead_cell_is_replaced() -> None:
    others = descendants()
    with sandbox(LIMITS) as made:
        for pid in descendants().keys() - others.keys():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert run(made, "print(1)").stdout == b"1\n"


@pytest.mark.parametrize("isolated", [ISOLATED, pytest.param(False, id="none")])
def test_nothing_is_left_behind(isolated: bool) -> None:
    before = leftovers()
    with sandbox(LIMITS, num_cells=2, isolated=isolated) as made:
        in_use = leftovers()
        sources = ["print(1)", "1/0", "open('/tmp/x', 'w').write('x')", "import os; os._exit(3)", "print('x' * 10**7)"]
        list(made.map(lambda cell, source: cell.run(Program(source)), sources * 10))
        assert leftovers() == in_use
    assert leftovers() == before


@pytest.mark.parametrize("isolated", [ISOLATED, pytest.param(False, id="none")])
def test_it_ends_with_its_parent_even_by_sigkill(isolated: bool) -> None:
    source = f"""
import sys
from open_thoughts_gen.sandbox import CellLimits, Program, Sandbox
box = Sandbox(CellLimits(time_s=60), isolated={isolated})
next(box.map(lambda cell, _: cell.run(Program("pass")), [0]))
print("ready", flush=True)
next(box.map(lambda cell, _: cell.run(Program("import time; time.sleep(600)")), [0]))
"""
    before = set(descendants())
    with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        started = set(descendants()) - before - {parent.pid}
        assert started
        parent.kill()
        parent.wait()
    for _ in range(200):
        if not any(_runs(pid) for pid in started):
            break
        time.sleep(0.05)
    assert [pid for pid in started if _runs(pid)] == []


def _runs(pid: int) -> bool:
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.skipif(not seccomp.supported(), reason="the system calls of this machine are not known")
def test_the_filter_is_one_that_the_kernel_takes() -> None:
    for processes in (False, True):
        assert len(seccomp.compiled(processes=processes)) % 8 == 0
    assert seccomp.compiled(processes=True) != seccomp.compiled(processes=False)
