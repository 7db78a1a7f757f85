"""A disk that fills up in the middle of a run: a small file system in memory, in a mount name space of its own."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cache import DiskError, Response, ResponseCache, Stored
from open_thoughts_gen.chat import Call, Chat, Patience, Reply, resolve
from open_thoughts_gen.chat.keeping import Keeping
from open_thoughts_gen.errors import Fault, UserError
from tests.servers.chat_server import ChatServer, completion

NUM = 150
ASK = """
import sys
from pathlib import Path
from tests.chat.test_full_disk import ask
ask(sys.argv[1], Path(sys.argv[2]))
"""
# What the first run meets is full, and still full for the second; the third has room again, the fourth may not write.
SCRIPT = """
mount -t tmpfs -o size=40m none "$1" && head -c 36000000 /dev/urandom > "$1/filler" || exit 99
for run in full "still full"; do "$2" -c "$3" "$4" "$1/c.sqlite"; done
rm "$1/filler"
"$2" -c "$3" "$4" "$1/c.sqlite"
mount -o remount,ro "$1"
"$2" -c "$3" "$4" "$1/c.sqlite"
"""


def ask(spec: str, path: Path) -> None:
    """Ask all questions; print the fault, if there is one, and how many answers the cache holds if it opens."""
    calls = ((n, Call([{"role": "user", "content": f"q{n}"}])) for n in range(NUM))
    try:
        with ResponseCache(path) as cache:
            try:
                assert all(
                    reply.error is None
                    for _, reply in Chat(resolve(spec), cache, concurrency=16, patience=Patience()).replies(calls)
                )
            finally:
                num = cache.stats().num_responses
                sys.stdout.write(f"{num} stored\n")
    except UserError as error:
        sys.stdout.write(f"{error}\n")


def incompressible(body: Mapping[str, Any]) -> object:
    prompt = body["messages"][-1]["content"]
    return completion("".join(hashlib.sha256(f"{prompt} {n}".encode()).hexdigest() for n in range(1600)))


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.skipif(not shutil.which("unshare"), reason="needs mount name spaces")
def test_a_full_disk_loses_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_CACHE_JOURNAL", journal)
    place = tmp_path / "disk"
    place.mkdir()

    with ChatServer(answer=incompressible, latency_s=0.05) as server:
        command = ["unshare", "--map-root-user", "--mount", "sh", "-c", SCRIPT, "sh", str(place), sys.executable, ASK]
        ended = subprocess.run([*command, server.spec], capture_output=True, text=True, check=False)
        if ended.returncode == 99 or "unshare" in ended.stderr:
            pytest.skip(f"nothing can be mounted here: {ended.stderr}")
        assert ended.returncode == 0, ended.stderr
        asked = list(Counter(server.prompts).values())
        num_first, first, num_second, second, num_last, read_only = ended.stdout.splitlines()
    full = f"response cache {place}/c.sqlite: database or disk is full; free some space and run the same"
    assert first.startswith(full)
    assert "of its disk cannot be set aside for answers: No space left" in second
    assert 0 < int(num_first.split()[0]) < NUM
    assert num_second == num_first
    assert num_last == f"{NUM} stored"
    # Without a log beside it even a file that may not be written answers what is asked again.
    assert read_only.endswith(f"{NUM} stored" if journal == "delete" else "writable, or name another file with --cache")
    assert asked == [1] * NUM  # what came while the disk was full was kept, too
    assert "Traceback" not in ended.stderr


class _FullAtFirst(ResponseCache):
    """A cache whose disk is full when it is first written to."""

    is_full = True

    def put_many(self, responses: Sequence[Response]) -> list[Stored]:
        if self.is_full:
            self.is_full = False
            raise DiskError(Fault("the disk is full"))
        return super().put_many(responses)


def test_what_came_at_the_last_moment_has_the_room_that_was_set_aside(tmp_path: Path) -> None:
    with _FullAtFirst(tmp_path / "c.sqlite") as cache:
        keeping = Keeping(cache, 1, on_full=lambda _: None)
        keeping.open()
        keeping.add(Response(b"k" * 32, b"{}", "http://h/v1", "m"), Reply())
        keeping.close()
        assert cache.get(b"k" * 32) == b"{}"
