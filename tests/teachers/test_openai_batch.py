from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import ProviderError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.teachers.openai_batch import OpenaiBatch
from open_thoughts_gen.types import Question, Request, Trace
from tests.servers.batch_server import BatchServer
from tests.servers.chat_server import completion


def traces(folder: Path, server: BatchServer, num: int = 6, **settings: Any) -> list[Trace]:
    teacher = OpenaiBatch(model=server.spec, poll_s=0.01, **settings).fresh(Context(cache=folder / "c.sqlite"))
    requests = (Request(Question(f"{i}?"), attempt) for i in range(num // 2) for attempt in range(2))
    return sorted(teacher.traces(requests), key=lambda trace: (trace.question_id, trace.attempt))


def test_a_batch_is_submitted_awaited_and_harvested_once(tmp_path: Path) -> None:
    with BatchServer() as server:
        found = traces(tmp_path, server)
        assert len(found) == len(server.asked) == 6
        assert all(trace.response.startswith("you said") and trace.finish_reason == "stop" for trace in found)
        assert len({line["custom_id"] for line in server.asked}) == 6
        assert traces(tmp_path, server) == found
        assert len(server.asked) == 6


def test_what_was_asked_in_a_batch_is_found_by_the_live_teacher(tmp_path: Path) -> None:
    with BatchServer() as server:
        found = traces(tmp_path, server)
        live = Openai(model=server.spec).fresh(Context(cache=tmp_path / "c.sqlite"))
        asked = [Request(Question(f"{i}?"), attempt) for i in range(3) for attempt in range(2)]
        again = sorted(live.traces(asked), key=lambda trace: (trace.question_id, trace.attempt))
    assert again == found


def test_of_an_expired_batch_only_what_is_missing_is_submitted_again(tmp_path: Path) -> None:
    with BatchServer(expire_after=2) as server:
        found = traces(tmp_path, server)
        assert [len(server.asked), len(server.batches)] == [10, 2]
    assert all(trace.finish_reason == "stop" for trace in found)


def test_a_run_that_was_stopped_finds_its_batch_again(tmp_path: Path) -> None:
    with BatchServer(num_looks=1_000_000) as server:
        with pytest.raises(KeyboardInterrupt):
            stopped_while_waiting(tmp_path, server)
        assert [len(server.asked), len(server.batches)] == [6, 1]
        server.finish()
        found = traces(tmp_path, server)
        assert [len(server.asked), len(server.batches)] == [6, 1]
    assert all(trace.finish_reason == "stop" for trace in found)


def stopped_while_waiting(folder: Path, server: BatchServer) -> None:
    """Ask, and be stopped as Ctrl-C does it once the batch is under way."""
    teacher = OpenaiBatch(model=server.spec, poll_s=0.01).fresh(Context(cache=folder / "c.sqlite"))
    main = threading.get_ident()

    def stop() -> None:
        while "in_progress" not in teacher.state():
            time.sleep(0.005)
        signal.pthread_kill(main, signal.SIGINT)

    threading.Thread(target=stop, daemon=True).start()
    list(teacher.traces([Request(Question(f"{i}?"), attempt) for i in range(3) for attempt in range(2)]))


def test_a_refused_row_is_a_failed_trace_and_not_asked_again(tmp_path: Path) -> None:
    with BatchServer(refuse="1?") as server:
        found = traces(tmp_path, server)
        assert len(server.asked) == 6
    failed = [trace for trace in found if trace.finish_reason == "error"]
    assert [(trace.question_id, "too long" in str(trace.error)) for trace in failed] == [(Question("1?").id, True)] * 2


def test_a_refused_batch_says_why(tmp_path: Path) -> None:
    with BatchServer(fail="Enqueued token limit reached") as server, pytest.raises(ProviderError, match="Enqueued"):
        traces(tmp_path, server)
    assert len(server.batches) == 1


def test_a_batch_costs_half_where_that_is_known() -> None:
    assert OpenaiBatch(model="openai/gpt-4.1").price_rate == 0.5
    assert OpenaiBatch(model="together/m").price_rate == 1


def test_an_answer_that_is_a_refusal_was_paid_for_and_is_not_asked_again(tmp_path: Path) -> None:
    with BatchServer(answer=lambda body: completion(None, refusal="No.")) as server:
        found = traces(tmp_path, server)
        assert traces(tmp_path, server) == found
        assert len(server.asked) == 6
    assert {trace.finish_reason for trace in found} == {"error"}
