"""What a teacher's shards share, without a cluster: its limits, the purse, and the cache by way of its keeper."""

from __future__ import annotations

import pickle
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from open_thoughts_gen.cache import Owner, Response, ResponseCache, response_key
from open_thoughts_gen.engines.shards import CacheActor, RemoteCache, Shard, SpendingLog
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.money.budget import TEACHER
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.teachers.pool import Pool
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Usage

KEY = response_key("http://127.0.0.1:1/v1", {"model": "m"})


def kept(folder: Path, keeper: CacheActor, shard: int = 1) -> RemoteCache:
    return RemoteCache(
        folder / "responses.sqlite", lambda name, *args, **kwargs: keeper.do(shard, name, *args, **kwargs)
    )


@pytest.fixture
def keeper(tmp_path: Path) -> CacheActor:
    return CacheActor(tmp_path / "responses.sqlite")


def test_shares_keep_to_the_limits_of_the_whole() -> None:
    teacher = Openai(model="http://127.0.0.1:1/v1#m", concurrency=10, rpm=60, tpm=900)
    shares = [share for share, _ in teacher.shares(3)]
    assert [share.concurrency for share in shares] == [4, 3, 3]
    assert [share.rpm for share in shares] == [20, 20, 20]
    assert [share.tpm for share in shares] == [300, 300, 300]
    assert {share.label for share in shares} == {teacher.label}


def test_there_are_no_more_shares_than_places() -> None:
    member = {"model": "http://127.0.0.1:1/v1#m"}
    assert len(Openai(model=member["model"], concurrency=2).shares(9)) == 2
    pool = Pool.model_validate({"members": [member, member], "concurrency": 6})
    assert [share.concurrency for share, _ in pool.shares(9)] == [2, 2, 2]
    assert Solver().shares(9) == ()


def test_a_shard_has_more_in_hand_than_its_teacher_reads_before_it_yields() -> None:
    teacher = Openai(model="http://127.0.0.1:1/v1#m", concurrency=5)
    assert [room for _, room in teacher.shares(1)] == [12]  # twice the places, the one it reads, and one more


def test_what_a_shard_stores_is_in_the_file_and_the_first_answer_stays(tmp_path: Path, keeper: CacheActor) -> None:
    shard, other = kept(tmp_path, keeper), kept(tmp_path, keeper, shard=2)
    first, second = (Response(KEY, text, "http://127.0.0.1:1/v1", "m") for text in (b"{1}", b"{2}"))
    assert shard.get(KEY) is None
    assert shard.put_many([first]) == [(b"{1}", True)]
    assert other.put_many([second]) == [(b"{1}", False)]
    assert shard.put_many([first]) == [(b"{1}", True)]  # asked again, because the keeper died before it could say so
    with ResponseCache(tmp_path / "responses.sqlite") as cache:
        assert cache.get(KEY) == b"{1}"


def test_of_two_shards_one_asks_until_it_is_forgotten(tmp_path: Path, keeper: CacheActor) -> None:
    one, other = kept(tmp_path, keeper), kept(tmp_path, keeper, shard=2)
    mine, yours = Owner(), Owner()
    assert one.claim([KEY], mine).ours == {KEY}
    assert other.claim([KEY], yours).ours == set()
    keeper.forget(1)
    assert other.claim([KEY], yours).ours == {KEY}


def test_a_shard_of_another_node_is_not_taken_for_dead(tmp_path: Path, keeper: CacheActor) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()  # no process has this number here, where the keeper is
    mine, yours = (Owner(host="another node", pid=ended.pid) for _ in range(2))
    assert kept(tmp_path, keeper).claim([KEY], mine).ours == {KEY}
    assert kept(tmp_path, keeper, shard=2).claim([KEY], yours).ours == set()


def test_a_fault_of_the_file_is_told_by_the_shard(tmp_path: Path, keeper: CacheActor) -> None:
    shard = kept(tmp_path, keeper)
    shard.put_many([Response(KEY, b"{}", "http://127.0.0.1:1/v1", "m")])
    with closing(sqlite3.connect(tmp_path / "responses.sqlite")) as file, file:
        file.execute("UPDATE responses SET payload = x'00'")
    with pytest.raises(UserError, match="damaged"):
        shard.get(KEY)


def test_what_answers_cost_is_noted_for_the_purse() -> None:
    tally = SpendingLog()
    meter = Context(spending=tally).meter(TEACHER)
    assert meter is not None
    meter.count(KEY, "m", Usage(1, 2), cached=False, took_s=0.5)
    assert tally.noted.get_nowait() == ("m", Usage(1, 2), KEY, False, 0.5)


def test_a_shard_that_is_not_asked_gives_nothing_and_ends(tmp_path: Path) -> None:
    teacher = Openai(model="http://127.0.0.1:1/v1#m", concurrency=1)
    shard = Shard()
    shard.start(pickle.dumps(([], pickle.dumps(Solver()), tmp_path / "r.sqlite", "run", ())), 1, None, {})
    exchanged = shard.exchange([], is_last=True)
    assert (exchanged.traces, exchanged.is_over, exchanged.error) == ([], True, None)
    assert pickle.loads(pickle.dumps(teacher)).shares(1)[0][0] == teacher
