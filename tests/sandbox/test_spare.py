"""The spare process: a fork that is as good a worker as a fresh interpreter, where a fork is safe."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="there is a spare process on Linux alone")

DEEDS = """\
import os, time

def deed(task):
    if task == "hang":
        time.sleep(60)
    if task == "swell":
        bytearray(8 * 2**30)
    if task == "die":
        os._exit(3)
    if task == "raise":
        raise KeyError(task)
    if task == "secret":
        return os.environ.get("A_SECRET_KEY", "unknown")
    if task == "files":
        return [int(name) for name in os.listdir("/proc/self/fd")]
    if task == "session":
        return os.getsid(0)
    return os.getpid()
"""


START = """\
import os, threading
from open_thoughts_gen.sandbox import spare
from open_thoughts_gen.sandbox.workers import Workers
"""


def started(folder: Path, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a script beside the deeds."""
    (folder / "deeds.py").write_text(DEEDS)
    path = folder / "script.py"
    path.write_text(START + script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **environment}
    return subprocess.run([sys.executable, path], env=environment, capture_output=True, text=True, check=False)


def ran(folder: Path, script: str, **environment: str) -> str:
    """Run a script beside the deeds and return what it prints."""
    finished = started(folder, script, **environment)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def lives(pid: int) -> bool:
    """Return whether a process still runs; one that nobody has waited for yet does not."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_first_worker_is_a_fork_with_nothing_of_its_parent_but_its_memory(tmp_path: Path) -> None:
    script = """\
file = open(__file__)
with spare.allowed():
    spare.fork()
    workers = Workers("deeds:deed", num_workers=1, may_fork=True)
    secret, files, session, pid = (reply.value for reply in workers.map(["secret", "files", "session", ""]))
    command = open(f"/proc/{pid}/cmdline").read()
    workers.close()
print(secret, max(files) < 6, session == pid, "script.py" in command, os.path.exists(f"/proc/{pid}"))
"""
    assert ran(tmp_path, script, A_SECRET_KEY="sk-1") == "unknown True True True False\n"


def test_each_way_to_fail_is_reported_and_a_fresh_worker_does_the_next_task(tmp_path: Path) -> None:
    script = """\
for deed in ("hang", "swell", "die", "raise"):
    with spare.allowed():
        spare.fork()
        workers = Workers("deeds:deed", num_workers=1, timeout_s=4, may_fork=True)
        failed, after = workers.map([deed, ""])
        print(failed.failure, after.value != os.getpid(), after.failure)
        workers.close()
"""
    # What watches the first workers is a second thread while it lasts, so later ones may be fresh: the same is said.
    assert ran(tmp_path, script).split("\n")[:4] == [
        f"{failure} True None" for failure in ("timeout", "memory", "crash", "crash")
    ]


def test_workers_that_did_not_ask_for_it_are_fresh(tmp_path: Path) -> None:
    script = """\
with spare.allowed():
    spare.fork()
    workers = Workers("deeds:deed", num_workers=1)
    pid = next(workers.map([""])).value
    print("script.py" in open(f"/proc/{pid}/cmdline").read(), spare.take() is not None)
"""
    assert ran(tmp_path, script) == "False True\n"


def test_where_there_is_a_second_thread_there_is_no_spare(tmp_path: Path) -> None:
    script = """\
ended = threading.Event()
threading.Thread(target=ended.wait).start()
with spare.allowed():
    spare.fork()
    print(spare.take())
ended.set()
"""
    assert ran(tmp_path, script) == "None\n"


def test_there_is_none_where_no_command_allows_it(tmp_path: Path) -> None:
    assert ran(tmp_path, "spare.fork()\nprint(spare.take())\n") == "None\n"


def test_a_spare_that_was_killed_is_replaced_by_a_fresh_worker(tmp_path: Path) -> None:
    script = """\
with spare.allowed():
    spare.fork()
    spare._spares[0].kill()
    workers = Workers("deeds:deed", num_workers=1, may_fork=True)
    print(next(workers.map([""])).failure)
"""
    assert ran(tmp_path, script) == "None\n"


def test_one_that_nobody_took_ends_with_the_block(tmp_path: Path) -> None:
    script = """\
with spare.allowed():
    spare.fork()
    pid = spare._spares[0]._pid
    print(os.path.exists(f"/proc/{pid}"))
print(os.path.exists(f"/proc/{pid}"))
"""
    assert ran(tmp_path, script) == "True\nFalse\n"


@pytest.mark.parametrize("task", [None, "", "hang"], ids=["unused", "idle", "busy"])
def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path, task: str | None) -> None:
    script = f"""\
with spare.allowed():
    spare.fork()
    pid = spare._spares[0]._pid
    if {task!r} is not None:
        workers = Workers("deeds:deed", num_workers=1, timeout_s=0.5, may_fork=True)
        assert next(workers.map([""])).value == pid
        threading.Thread(target=lambda: list(workers.map([{task!r}])), daemon=True).start()
    print(pid, flush=True)
    os.kill(os.getpid(), {int(signal.SIGKILL)})
"""
    killed = started(tmp_path, script)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    while lives(int(killed.stdout)):
        time.sleep(0.05)
