from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from open_thoughts_gen.sandbox.workers import WorkerReply, Workers

HERE = __name__
PREPARED: list[int] = []


def echo(task: object) -> object:
    print("a library's noise")  # noqa: T201
    return task


def misbehave(task: str) -> str:
    match task:
        case "hang":
            time.sleep(60)
        case "swell":
            bytearray(8 * 2**30)
        case "die":
            os._exit(3)
        case "raise":
            raise KeyError(task)
        case "secret":
            return os.environ.get("A_SECRET_KEY", "unknown")
        case "pid":
            return str(os.getpid())
    return "fine"


def alive(pid: int) -> bool:
    """Tell whether a process still runs; one that nobody has reaped yet does not."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


def prepare() -> None:
    """Called in each worker before its first task."""
    PREPARED.append(os.getpid())


def prepared(task: object) -> object:
    return [os.getpid()] == PREPARED


def test_a_worker_is_prepared_once_before_its_tasks() -> None:
    workers = Workers(f"{HERE}:prepared")
    assert list(workers.map([1, 2])) == [WorkerReply(True), WorkerReply(True)]
    workers.close()


def test_replies_come_in_order() -> None:
    workers = Workers(f"{HERE}:echo", num_workers=2)
    tasks: list[object] = [1, "two\nlines", {"three": [None, 4.5]}, "x" * 300_000]
    assert [reply.value for reply in workers.map(tasks)] == tasks
    workers.close()


def test_each_way_to_fail_is_told_and_the_next_task_is_done() -> None:
    workers = Workers(f"{HERE}:misbehave", timeout_s=4)
    replies = workers.map(["hang", "fine", "swell", "fine", "die", "fine", "raise", "fine"])
    failures = [reply.failure for reply in replies]
    assert failures == ["timeout", None, "memory", None, "crash", None, "crash", None]
    workers.close()


def test_closing_leaves_no_process_and_starts_again_on_use() -> None:
    workers = Workers(f"{HERE}:misbehave")
    pids = []
    for _ in range(2):
        (reply,) = workers.map(["pid"])
        pids.append(int(reply.value))
        workers.close()
    assert pids[0] != pids[1]
    assert not any(alive(pid) for pid in pids)


def test_forgetting_them_leaves_no_process() -> None:
    workers = Workers(f"{HERE}:misbehave")
    (reply,) = workers.map(["pid"])
    del workers
    gc.collect()
    assert not alive(int(reply.value))


def test_a_copy_has_the_settings_and_not_the_processes() -> None:
    workers = Workers(f"{HERE}:misbehave")
    (mine,) = workers.map(["pid"])
    for other in (pickle.loads(pickle.dumps(workers)), copy.deepcopy(workers)):
        assert other == workers
        (theirs,) = other.map(["pid"])
        assert theirs.value != mine.value
        other.close()
    workers.close()


def test_secrets_stay_with_the_parent() -> None:
    os.environ["A_SECRET_KEY"] = "sk-1"
    try:
        workers = Workers(f"{HERE}:misbehave")
        assert list(workers.map(["secret"])) == [WorkerReply("unknown")]
        workers.close()
    finally:
        del os.environ["A_SECRET_KEY"]


def test_a_function_that_is_not_there_is_a_bug_that_shows() -> None:
    workers = Workers(f"{HERE}:no_such_function")
    with pytest.raises(RuntimeError, match="did not start"):
        list(workers.map([1]))
    workers.close()


def test_they_serve_a_script_without_a_main_guard_and_end_with_it(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from open_thoughts_gen.sandbox.workers import Workers\n"
        f"workers = Workers('{HERE}:misbehave', timeout_s=0.5)\n"
        "print(*(reply.value for reply in workers.map(['pid'])), flush=True)\n"
        "import os, threading, time\n"
        "threading.Thread(target=lambda: list(workers.map(['hang'])), daemon=True).start()\n"
        "time.sleep(0.3)\n"
        "os._exit(0)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    told = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True, check=True)
    pid = int(told.stdout)
    # It is busy, so it does not read the end of its input: its own alarm ends it.
    while alive(pid):
        time.sleep(0.05)
    assert not alive(pid)
