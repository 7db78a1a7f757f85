from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.pool import MAX_WAITING, Pool
from open_thoughts_gen.types import Question, Request, Trace
from tests.servers.chat_server import ChatServer, Fault

GONE = "http://127.0.0.1:9/v1#m"


def traces(folder: Path, members: Sequence[Any], num: int = 40, **settings: Any) -> list[Trace]:
    chosen = [member if isinstance(member, dict) else {"model": member} for member in members]
    pool = Pool(members=chosen, **{"max_retries": 0, "outage_s": 0.5, **settings})
    requests = (Request(Question(f"question {i}")) for i in range(num))
    return list(pool.fresh(Context(cache=folder / "responses.sqlite")).traces(requests))


def test_endpoints_share_the_questions_and_each_trace_names_its_own(tmp_path: Path) -> None:
    with ChatServer(latency_s=0.01) as one, ChatServer(latency_s=0.01) as two:
        found = traces(tmp_path, [one.spec, two.spec], concurrency=8)
        assert len({trace.question_id for trace in found}) == 40
        by_teacher = Counter(trace.teacher for trace in found)
        assert by_teacher == {one.spec: len(one.asked), two.spec: len(two.asked)}
        assert min(by_teacher.values()) > 0


def test_the_screen_tells_how_each_endpoint_does(tmp_path: Path) -> None:
    with ChatServer(latency_s=0.01) as one, ChatServer(latency_s=0.01) as two:
        pool = Pool.model_validate({"members": [{"model": one.spec}, {"model": two.spec}], "concurrency": 4})
        fresh = pool.fresh(Context(cache=tmp_path / "responses.sqlite"))
        asked = [Request(Question(f"question {i}")) for i in range(20)]
        assert len(list(fresh.traces(asked))) == 20
        parts = fresh.state().split("; ")
        nums = (len(one.asked), len(two.asked))
        for server, num, part in zip((one, two), nums, parts, strict=True):
            assert part.startswith(f"{server.spec}: {num} answered")
        again = pool.fresh(Context(cache=tmp_path / "responses.sqlite"))
        assert len(list(again.traces(asked))) == 20
        assert sum(progress.cached for progress in again._counters) == 20


def test_what_the_cache_holds_is_read_as_it_is_asked_for(tmp_path: Path) -> None:
    read: list[Request] = []

    def requests(num: int) -> Iterator[Request]:
        for i in range(num):
            read.append(Request(Question(f"question {i}")))
            yield read[-1]

    with ChatServer() as server:
        pool = Pool.model_validate({"members": [{"model": server.spec}], "concurrency": 16})
        fresh = pool.fresh(Context(cache=tmp_path / "responses.sqlite"))
        assert len(list(fresh.traces(requests(2 * MAX_WAITING)))) == 2 * MAX_WAITING
        read.clear()
        again = fresh.traces(requests(2 * MAX_WAITING))
        for _ in range(10):
            next(again)
            time.sleep(0.02)
        assert len(read) <= MAX_WAITING + 12
        assert len(list(again)) == 2 * MAX_WAITING - 10


def test_weights_share_the_places(tmp_path: Path) -> None:
    with ChatServer(latency_s=0.02) as one, ChatServer(latency_s=0.02) as two:
        traces(tmp_path, [{"model": one.spec, "weight": 3}, {"model": two.spec}], 80, concurrency=8)
        assert one.max_in_flight <= 6
        assert two.max_in_flight <= 2
        assert len(one.asked) > len(two.asked)


@pytest.mark.parametrize("fault", [Fault(status=401), Fault(status=500), Fault(reset="before")])
def test_the_questions_of_a_failed_endpoint_go_to_the_others(tmp_path: Path, fault: Fault) -> None:
    with ChatServer(fault=lambda prompt, nth: fault) as bad, ChatServer() as good:
        found = traces(tmp_path, [bad.spec, good.spec], 12)
    assert {trace.teacher for trace in found if trace.finish_reason == "stop"} == {good.spec}
    assert len({trace.question_id for trace in found}) == len(found) == 12
    assert all(trace.finish_reason == "stop" for trace in found)


def test_one_that_is_gone_does_not_stop_the_others(tmp_path: Path) -> None:
    with ChatServer() as good:
        found = traces(tmp_path, [GONE, good.spec], 12)
    assert {(trace.teacher, trace.finish_reason) for trace in found} == {(good.spec, "stop")}


def test_when_none_is_left_the_run_stops(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be reached"):
        traces(tmp_path, [GONE], 2)


def test_what_any_endpoint_answered_is_asked_of_none(tmp_path: Path) -> None:
    with ChatServer() as one, ChatServer() as two:
        first = traces(tmp_path, [one.spec, two.spec])
        num = len(one.asked) + len(two.asked)
        again = traces(tmp_path, [two.spec, one.spec])
        assert num == len(one.asked) + len(two.asked) == 40
    assert sorted(map(str, first)) == sorted(map(str, again))
