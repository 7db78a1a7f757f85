"""Ctrl-C, pressed on the real program while a model answers."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from open_thoughts_gen.cache import ResponseCache
from tests import interruptible
from tests.servers.chat_server import ChatServer, Fault

NUM, CONCURRENCY = 60, 8
RECIPE = """\
name: stopped
source: {use: files, path: questions.jsonl, fields: {prompt: question, reference: answer}}
teacher: TEACHER
publish: {title: Stopped}
"""
ONE = '{use: openai, model: "SPEC", concurrency: 8}'
CONCURRENT = f"concurrency: {2 * NUM}"
WAVES = """
verifiers: [{use: exact}]
until: {accepted: 1, max_attempts: 3}
"""
POOL = '{use: pool, members: [{model: "SPEC"}, {model: "SPEC2"}], concurrency: 8}'


def start(folder: Path, teacher: str, *, terminal: bool = False) -> tuple[subprocess.Popen[bytes], int]:
    """Return a run, and where its messages can be read."""
    (folder / "questions.jsonl").write_text("".join(f'{{"question": "q{n}", "answer": "none"}}\n' for n in range(NUM)))
    (folder / "recipe.yaml").write_text(RECIPE.replace("TEACHER", teacher))
    words = ["run", "recipe.yaml", "--cache", "c.sqlite", "--out", "out", "--workers", "1"]
    reading, writing = os.openpty() if terminal else os.pipe()
    process = subprocess.Popen(
        interruptible.python("-m", "open_thoughts_gen", *words), cwd=folder,
        stderr=writing,
        stdout=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": os.getcwd(), "COLUMNS": "200", "TERM": "xterm"},
    )  # fmt: skip
    os.close(writing)
    return process, reading


def told(reading: int) -> str:
    """Return all that was said."""
    said = b""
    while True:
        try:
            piece = os.read(reading, 65536)
        except OSError:  # how a terminal ends
            piece = b""
        if not piece:
            os.close(reading)
            return said.decode()
        said += piece


def wait_until(is_so: Callable[[], bool]) -> None:
    while not is_so():
        time.sleep(0.01)


def slow_at_first(prompt: str, nth: int) -> Fault | None:
    """Answer the first questions one after the other, so that answers come while others are waited for."""
    number = int(prompt[1:])
    return Fault(delay_s=1.0 + number / 16) if number < CONCURRENCY else None


@pytest.mark.parametrize("terminal", [False, True], ids=["plain", "live"])
def test_the_first_waits_for_what_is_on_the_wire(tmp_path: Path, *, terminal: bool) -> None:
    with ChatServer(fault=slow_at_first) as server:
        run, reading = start(tmp_path, ONE.replace("SPEC", server.spec), terminal=terminal)
        wait_until(lambda: server.in_flight == CONCURRENCY)
        run.send_signal(signal.SIGINT)
        said = told(reading)
        assert run.wait() == 130
        num = len(server.asked)
        assert all(asked.answered for asked in server.asked)
        with ResponseCache(tmp_path / "c.sqlite") as cache:
            assert cache.stats().num_responses == num  # all that was asked is there
        wanted = "no more is asked; waiting for 8 answers that are already paid for, at most 30 min; Ctrl-C again"
        assert said.count(wanted) == 1
        assert "interrupted; run the same command again to continue" in said
        assert "Traceback" not in said

        again, reading = start(tmp_path, ONE.replace("SPEC", server.spec))
        told(reading)
        assert again.wait() == 0
        assert Counter(server.prompts) == dict.fromkeys((f"q{n}" for n in range(NUM)), 1)


def test_the_second_leaves_them(tmp_path: Path) -> None:
    with ChatServer(fault=lambda prompt, nth: Fault(delay_s=60)) as server:
        run, reading = start(tmp_path, ONE.replace("SPEC", server.spec))
        wait_until(lambda: server.in_flight == CONCURRENCY)
        run.send_signal(signal.SIGINT)
        while b"waiting for 8 answers" not in os.read(reading, 65536):
            pass
        run.send_signal(signal.SIGINT)
        assert "interrupted" in told(reading)
        assert run.wait() == 130
        assert len(server.asked) == CONCURRENCY


def test_it_ends_at_once_where_nothing_is_on_the_wire(tmp_path: Path) -> None:
    run, reading = start(tmp_path, '{use: openai, model: "http://127.0.0.1:9/v1#m", contact_s: 60}')
    while b"cannot be reached" not in os.read(reading, 65536):
        pass
    run.send_signal(signal.SIGINT)
    assert "waiting" not in told(reading)
    assert run.wait() == 130


def test_all_endpoints_of_a_pool_are_waited_for(tmp_path: Path) -> None:
    with ChatServer(latency_s=1.0) as one, ChatServer(latency_s=1.5) as other:
        run, reading = start(tmp_path, POOL.replace("SPEC2", other.spec).replace("SPEC", one.spec))
        wait_until(lambda: one.in_flight == other.in_flight == CONCURRENCY // 2)
        run.send_signal(signal.SIGINT)
        assert "Traceback" not in told(reading)
        assert run.wait() == 130
        with ResponseCache(tmp_path / "c.sqlite") as cache:
            assert cache.stats().num_responses == len(one.asked) + len(other.asked)


@pytest.mark.parametrize("teacher", [ONE, POOL], ids=["one", "pool"])
def test_nothing_more_is_asked_where_the_last_of_a_wave_are_on_the_wire(tmp_path: Path, teacher: str) -> None:
    with ChatServer(latency_s=1.0) as one, ChatServer(latency_s=1.0) as other:
        servers = (one, other)
        spec = teacher.replace("SPEC2", other.spec).replace("SPEC", one.spec).replace("concurrency: 8", CONCURRENT)
        run, reading = start(tmp_path, spec + WAVES)
        wait_until(lambda: sum(server.in_flight for server in servers) == NUM)
        run.send_signal(signal.SIGINT)
        said = told(reading)
        assert run.wait() == 130
        assert "no more is asked; waiting for" in said
        assert "interrupted; run the same command again to continue" in said
        assert "Traceback" not in said
        prompts = [prompt for server in servers for prompt in server.prompts]
        assert Counter(prompts) == dict.fromkeys((f"q{n}" for n in range(NUM)), 1)  # no second wave
        assert all(asked.answered for server in servers for asked in server.asked)
        with ResponseCache(tmp_path / "c.sqlite") as cache:
            assert cache.stats().num_responses == NUM
