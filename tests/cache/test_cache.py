from __future__ import annotations

import json
import random
import socket
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.cache import (
    APPLICATION,
    SCHEMA,
    Claimed,
    DiskError,
    Owner,
    Response,
    ResponseCache,
    response_key,
)
from open_thoughts_gen.cache.claims import LEASE_S
from open_thoughts_gen.cache.file import JOURNAL_VARIABLE, file_system
from open_thoughts_gen.cache.rescue import rescue
from open_thoughts_gen.cache.upkeep import Selection
from open_thoughts_gen.chat.completion import reason_of
from open_thoughts_gen.errors import UserError

NUM_KEYS = 60

Jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def key_of(number: int) -> bytes:
    return response_key("http://h/v1", {"model": "m", "messages": [{"content": str(number)}]})


def put(cache: ResponseCache, number: int, payload: bytes) -> bytes:
    return cache.put(key_of(number), payload, endpoint="http://h/v1", model="m")


def test_what_was_put_is_there_in_the_next_run(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "responses.sqlite"
    with ResponseCache(path) as cache:
        assert cache.get(key_of(1)) is None
        put(cache, 1, b'{"a": "\\ud800\x00"}' * 1000)
    with ResponseCache(path) as cache:
        assert cache.get(key_of(1)) == b'{"a": "\\ud800\x00"}' * 1000
    assert path.stat().st_size < 100_000


def test_the_first_response_stands(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert put(cache, 1, b"first") == b"first"
        assert put(cache, 1, b"second") == b"first"
        assert cache.get(key_of(1)) == b"first"


def test_stats_count_by_model(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        for number in range(3):
            put(cache, number, b"x" * 100)
        cache.put(b"k", b"y", endpoint="http://h/v1", model="other", created=1.0)
        stats = cache.stats()
    assert stats.num_responses == 4
    assert stats.by_model == {("http://h/v1", "m"): 3, ("http://h/v1", "other"): 1}
    assert 0 < stats.size_bytes < 400


@given(st.dictionaries(st.text(), Jsons, max_size=4))
def test_the_order_of_keys_is_no_difference(body: dict[str, object]) -> None:
    assert response_key("e", body) == response_key("e", dict(reversed(body.items())))


@given(Jsons, Jsons)
def test_different_bodies_have_different_keys(one: object, other: object) -> None:
    # 1 and 1.0 are the same to Python and not the same bytes on the wire: compare what is written.
    same = repr(one) == repr(other)
    if same or one != other:
        assert (response_key("e", {"a": one}) == response_key("e", {"a": other})) is same


def test_endpoint_and_attempt_are_part_of_the_key() -> None:
    keys = {response_key("e", {}), response_key("f", {}), response_key("e", {}, 1), response_key("e", {"a": 1})}
    assert len(keys) == 4


def test_threads_share_a_cache(tmp_path: Path) -> None:
    seen: list[bytes] = []
    with ResponseCache(tmp_path / "c.sqlite") as cache:

        def work(name: bytes) -> None:
            for number in range(NUM_KEYS):
                stands = put(cache, number, name)
                assert cache.get(key_of(number)) == stands
                seen.append(stands)

        threads = [threading.Thread(target=work, args=(name,)) for name in (b"one", b"two", b"three")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert cache.stats().num_responses == NUM_KEYS
    assert len(seen) == 3 * NUM_KEYS


WRITER = """
import sys
from pathlib import Path
from open_thoughts_gen.cache import ResponseCache
from tests.cache.test_cache import NUM_KEYS, key_of, put
for number in range(NUM_KEYS):
    with ResponseCache(Path(sys.argv[1])) as cache:
        stands = put(cache, number, sys.argv[2].encode())
        assert cache.get(key_of(number)) == stands
        sys.stdout.write(stands.decode() + "\\n")
"""


def test_processes_open_write_and_close_one_file_at_once(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path / "c.sqlite")]
    writers = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in ("one", "two", "three")
    ]
    told = [writer.communicate()[0].split() for writer in writers]
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    # Whoever was first with a key, all three were given the same response.
    assert told[0] == told[1] == told[2]
    assert len(told[0]) == NUM_KEYS


def foreign_text(path: Path) -> None:
    path.write_text("dear diary\n" * 1000)


def foreign_database(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE diary (day)")
    other.close()


def newer_schema(path: Path) -> None:
    ResponseCache(path).close()
    with sqlite3.connect(path) as other:
        other.execute(f"PRAGMA user_version={SCHEMA + 1}")
    other.close()


def folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (foreign_text, "file is not a database"),
        (foreign_database, "a database of another program"),
        (newer_schema, "written by a newer open_thoughts_gen"),
        (folder, "unable to open database file; it is a folder"),
    ],
)
def test_a_file_that_is_not_ours_is_told_and_left_alone(
    tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    path = tmp_path / "c.sqlite"
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(UserError, match=message) as told:
        ResponseCache(path)
    fault = told.value.faults[0]
    assert fault.hint
    assert str(path) in str(fault)
    assert "\n" not in str(fault)
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_place_without_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="its folder cannot be made: File exists"):
        ResponseCache(tmp_path / "file" / "c.sqlite")


def test_a_read_only_file_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    ResponseCache(path).close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        with path.open("ab"):
            pytest.skip("this user may write everywhere")
    except PermissionError:
        with pytest.raises(UserError, match="make it"):
            ResponseCache(path)
    finally:
        tmp_path.chmod(0o755)


def test_a_damaged_response_is_told_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    payload = bytes(range(256)) * 64
    with ResponseCache(path) as cache:
        put(cache, 1, payload)
    stored = sqlite3.connect(path)
    frame = bytearray(stored.execute("SELECT payload FROM responses").fetchone()[0])
    frame[len(frame) // 2] ^= 0xFF
    stored.execute("UPDATE responses SET payload = ?", (bytes(frame),))
    stored.commit()
    stored.close()
    with (
        ResponseCache(path) as cache,
        pytest.raises(UserError, match="a response in it is damaged; save what can be read"),
    ):
        cache.get(key_of(1))


def test_a_torn_file_is_told(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with ResponseCache(path) as cache:
        for number in range(200):
            put(cache, number, number.to_bytes(2, "big") * 500)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))

    def read_all() -> None:
        with ResponseCache(path) as cache:
            for number in range(200):
                cache.get(key_of(number))

    with pytest.raises(UserError, match=r"malformed; save what can be read"):
        read_all()


NUM_WHOLE = 80


def payload_of(number: int) -> bytes:
    return f"answer {number} {'lorem ipsum ' * (number % 50)}".encode() + random.Random(number).randbytes(number * 17)


def torn(whole: bytes, seed: int) -> bytes:
    """Return a file as a failing disk, an unlucky copy or a bad cable leaves it."""
    rng, made = random.Random(seed), bytearray(whole)
    page, other = (rng.randrange(len(made) // 4096) * 4096 for _ in range(2))
    if seed % 5 == 0:
        made[page : page + 4096] = rng.randbytes(4096)
    elif seed % 5 == 1:
        for _ in range(rng.choice([1, 10, 100])):
            made[rng.randrange(100, len(made))] = rng.randrange(256)
    elif seed % 5 == 2:
        for _ in range(rng.choice([1, 5, 50])):
            made[page + rng.randrange(4096)] = rng.randrange(256)
    elif seed % 5 == 3:
        del made[rng.randrange(len(made)) :]
    else:
        made[page : page + 4096] = made[other : other + 4096]
    return bytes(made)


def test_a_damaged_file_is_told_in_one_line_never_trusted_and_what_is_whole_is_saved(tmp_path: Path) -> None:
    known = {key_of(number): payload_of(number) for number in range(NUM_WHOLE)}
    path, place = tmp_path / "whole.sqlite", tmp_path / "c.sqlite"
    with ResponseCache(path) as cache:
        cache.put_many([Response(key, payload, "http://h/v1", "m") for key, payload in known.items()])
    whole, lines, num_saved = path.read_bytes(), set[str](), 0

    def tell(step: Callable[[], object]) -> object:
        try:
            return step()
        except UserError as error:
            lines.add(str(error))
            return None

    def work() -> None:
        with ResponseCache(place) as cache:
            for key, payload in known.items():
                found = tell(partial(cache.get, key))
                assert found is None or found == payload
            claimed = tell(lambda: cache.claim(list(known), owner))
            assert not isinstance(claimed, Claimed) or claimed.answered.items() <= known.items()
            tell(cache.stats)
            tell(lambda: all(known.get(response.key) == response.payload for response in cache.responses()))
            tell(lambda: put(cache, NUM_WHOLE, b"new"))
            tell(lambda: cache.leave(owner))

    for seed in range(30):
        owner = Owner()
        place.write_bytes(torn(whole, seed))
        new = tmp_path / f"{seed}.sqlite"
        if tell(partial(rescue, place, new)) is not None:
            with ResponseCache(new) as saved:
                found = {response.key: response.payload for response in saved.responses()}
            assert found.items() <= known.items()
            num_saved += len(found)
        tell(work)
        for beside in tmp_path.glob("c.sqlite-*"):
            beside.unlink()
    assert all(str(place) in line and "\n" not in line and "; " in line for line in lines)
    assert num_saved > 0.7 * 30 * NUM_WHOLE


def test_a_cache_without_its_log_holds_what_had_been_moved_out_of_it(tmp_path: Path) -> None:
    path, copy = tmp_path / "c.sqlite", tmp_path / "copy.sqlite"
    with ResponseCache(path) as cache:
        put(cache, 1, b"one")
        cache._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        put(cache, 2, b"two")
        copy.write_bytes(path.read_bytes())  # as a copy of one file does
        (tmp_path / "copy.sqlite-wal").write_bytes(b"\x37\x7f\x06\x82" + bytes(4092))
    with ResponseCache(copy) as found:
        assert (found.get(key_of(1)), found.get(key_of(2))) == (b"one", None)


def test_a_file_of_nothing_is_a_new_cache(tmp_path: Path) -> None:
    (tmp_path / "c.sqlite").touch()
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert put(cache, 1, b"one") == b"one"


def test_a_response_under_the_key_of_another_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with ResponseCache(path) as cache:
        put(cache, 1, b"one")
        put(cache, 2, b"two")
        cache._writer.execute(
            "UPDATE responses SET payload = (SELECT payload FROM responses WHERE key = ?) WHERE key = ?",
            (key_of(2), key_of(1)),
        )
        with pytest.raises(UserError, match="a response in it is damaged"):
            cache.get(key_of(1))
        assert cache.get(key_of(2)) == b"two"


def test_a_response_of_before_there_were_seals_is_read(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        put(cache, 1, b"one")
        cache._writer.execute(
            "UPDATE responses SET payload = ?", (zstandard.ZstdCompressor(write_checksum=True).compress(b"old"),)
        )
        assert cache.get(key_of(1)) == b"old"


def test_room_is_set_aside_and_given_back_once(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        reserve = cache.reserve(3_000_000)
        assert list(tmp_path.glob("reserve*")) == []
        assert (reserve.release(), reserve.release()) == (True, False)
        too_much = pytest.raises(DiskError, match=r"MB of its disk cannot be set aside .*; free some space")
        with too_much:
            cache.reserve(2**62)  # more than a file can have


FILLER = """
import resource, sys
from pathlib import Path
from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.errors import UserError
from tests.cache.test_cache import put
with ResponseCache(Path(sys.argv[1])) as cache:
    put(cache, 0, b"kept")
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
    try:
        for number in range(1, 1000):
            put(cache, number, bytes((number * i) % 251 for i in range(3000)))
    except UserError as error:
        sys.stdout.write(str(error))
"""


def test_a_full_disk_is_told_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    ended = subprocess.run([sys.executable, "-c", FILLER, str(path)], capture_output=True, text=True, check=False)
    assert "run the same command again; all answers so far are stored" in ended.stdout, ended.stderr
    assert ended.stdout.count("\n") == 0
    with ResponseCache(path) as cache:
        assert cache.get(key_of(0)) == b"kept"


def test_a_cache_of_the_first_schema_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    with ResponseCache(path) as cache:
        put(cache, 1, b"paid for")
    with sqlite3.connect(path) as old:
        for table in ("owners", "claims", "runs", "uses"):
            old.execute(f"DROP TABLE {table}")
        old.execute("PRAGMA user_version=1")
    old.close()
    with ResponseCache(path) as cache:
        assert cache.get(key_of(1)) == b"paid for"
        assert cache.claim([key_of(2)], Owner()).ours == {key_of(2)}


def test_claims_are_one_owners_until_answered_released_or_left(tmp_path: Path) -> None:
    keys = [key_of(number) for number in range(4)]
    one, other = Owner(), Owner()
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        assert cache.claim(keys, one).ours == set(keys)
        assert cache.claim(keys, other) == Claimed(set(), {})
        put(cache, 0, b"answered")
        cache.claim([], one, release=[keys[1]])
        claimed = cache.claim(keys, other)
        assert (claimed.ours, claimed.answered) == ({keys[1]}, {keys[0]: b"answered"})
        cache.leave(one)
        assert cache.claim(keys, other).ours == set(keys[1:])


def test_claims_of_the_dead_are_taken_over_at_once(tmp_path: Path) -> None:
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.claim([key_of(0)], Owner(pid=2**22 + 1))
        assert cache.claim([key_of(0)], Owner()).ours == {key_of(0)}


@pytest.mark.parametrize("skew_s", [0.0, -86_400.0, 86_400.0])
def test_claims_of_the_silent_are_taken_over_after_a_lease_whatever_their_clock_says(
    tmp_path: Path, skew_s: float
) -> None:
    seconds = [1000.0]
    other, mine = Owner(host="elsewhere"), Owner(clock=lambda: seconds[0])
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.claim([key_of(0)], other)
        cache._writer.execute("UPDATE owners SET beat = beat + ?", (skew_s,))
        assert cache.claim([key_of(0)], mine).ours == set()
        seconds[0] += LEASE_S - 1
        assert cache.claim([key_of(0)], mine).ours == set()
        cache.beat(other)
        cache._writer.execute("UPDATE owners SET beat = beat + ? WHERE id = ?", (skew_s, other.id))
        seconds[0] += 2
        assert cache.claim([key_of(0)], mine).ours == set()  # it gave a sign of life
        seconds[0] += LEASE_S + 1
        assert cache.claim([key_of(0)], mine).ours == {key_of(0)}


def test_a_process_id_of_another_container_is_no_sign_of_death(tmp_path: Path) -> None:
    assert Owner().host == Owner().host
    with ResponseCache(tmp_path / "c.sqlite") as cache:
        cache.claim([key_of(0)], Owner(host=f"{socket.gethostname()} other pid:[1]", pid=2**22 + 1))
        assert cache.claim([key_of(0)], Owner()).ours == set()


def journal_of(path: Path) -> str:
    with ResponseCache(path) as cache:
        return str(cache._writer.execute("PRAGMA journal_mode").fetchone()[0])


def test_the_journal_suits_the_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "c.sqlite"
    assert journal_of(path) == "wal"
    monkeypatch.setenv(JOURNAL_VARIABLE, "delete")
    assert journal_of(path) == "delete"
    monkeypatch.setenv(JOURNAL_VARIABLE, "paper")
    with pytest.raises(UserError, match="OPEN_THOUGHTS_CACHE_JOURNAL is 'paper'; known: wal, delete"):
        ResponseCache(path)
    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path}/far\\040away nfs4 rw 0 0\n")
    assert file_system(path, mounts) == "ext4"
    assert file_system(tmp_path / "far away" / "c.sqlite", mounts) == "nfs4"
    assert file_system(path, tmp_path / "none") == ""


def test_the_file_says_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "c.sqlite"
    ResponseCache(path).close()
    assert path.read_bytes()[68:72] == APPLICATION.to_bytes(4, "big") == b"OTgC"


def test_responses_are_pruned_by_the_reason_why_they_hold_no_whole_answer(tmp_path: Path) -> None:
    endings = {"cut": "length", "whole": "stop", "filtered": "content_filter", "broken": "network_error"}
    with ResponseCache(tmp_path / "c") as cache:
        for name, reason in endings.items():
            payload = json.dumps({"choices": [{"finish_reason": reason, "message": {"content": name}}]}).encode()
            cache.put(name.encode(), payload, endpoint="http://h/v1", model="m")
        cut = Selection(reason="truncated", reason_of=reason_of)
        assert (cut.count(cache)[0], cut.prune(cache), cut.count(cache)[0]) == (1, 1, 0)
        assert Selection(reason="broken off", reason_of=reason_of).prune(cache) == 1
        assert [response.key for response in cache.responses()] == [b"whole", b"filtered"]
