"""The command `cache`, on a cache that two runs have used."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from open_thoughts_gen.cache import Response, ResponseCache
from open_thoughts_gen.cache.file import PLACE_VARIABLE, CacheFile
from open_thoughts_gen.cache.rescue import Rescued, rescue
from open_thoughts_gen.cli import main


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a cache of five responses: `one` used 0, 1, 2, `two` used 2, 3; 4 is a month old and nobody's."""
    path = tmp_path / "c.sqlite"
    with ResponseCache(path) as cache:
        cache.put_many([Response(bytes([n]) * 32, b"{}" * n, "http://h/v1", "m") for n in range(3)])
        cache.put(bytes([3]) * 32, b"\xff\x00", endpoint="http://h/v1", model="other")
        cache.put(bytes([4]) * 32, b'{"old": "\xc2\x85"}', endpoint="http://h/v1", model="m", created=1.0)
        cache.note_use("one", [bytes([n]) * 32 for n in (0, 1, 2)])
        cache.note_use("two", [bytes([n]) * 32 for n in (2, 3)])
    return path


def left(place: Path) -> list[int]:
    with ResponseCache(place) as cache:
        return [response.key[0] for response in cache.responses()]


def test_stats_tell_models_and_runs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "stats", "--cache", str(place)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert "5 responses" in told[0]
    assert told[1:] == [
        "  model m at http://h/v1: 4", "  model other at http://h/v1: 1", "  run one: 3", "  run two: 2",
    ]  # fmt: skip


def test_export_gives_every_response_as_a_line_of_json(place: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert main(["cache", "export", str(out), "--cache", str(place)]) == 0
    lines = [json.loads(line) for line in out.read_bytes().split(b"\n")[:-1]]
    assert [line["key"][:2] for line in lines] == ["00", "01", "02", "03", "04"]
    assert lines[3]["response_base64"] == "/wA="
    assert json.loads(lines[4]["response"]) == {"old": "\u0085"}
    assert main(["cache", "export", str(out), "--cache", str(place)]) == 2


@pytest.mark.parametrize(
    ("chosen", "stay"),
    [
        (["--run", "one"], [2, 3, 4]),
        (["--model", "m"], [3]),
        (["--older-than", "30d"], [0, 1, 2, 3]),
        (["--model", "other", "--run", "two"], [0, 1, 2, 4]),
        (["--run", "nobody"], [0, 1, 2, 3, 4]),
    ],
)
def test_prune_deletes_what_was_chosen_and_nothing_before_yes(
    place: Path, capsys: pytest.CaptureFixture[str], chosen: list[str], stay: list[int]
) -> None:
    command = ["cache", "prune", "--cache", str(place), *chosen]
    assert main(command) == 0
    assert left(place) == [0, 1, 2, 3, 4]
    assert f"would delete {5 - len(stay)} responses" in capsys.readouterr().out
    assert main([*command, "--yes"]) == 0
    assert left(place) == stay


def test_prune_of_everything_is_not_guessed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "prune", "--yes", "--cache", str(place)]) == 2
    assert "choose responses by --model, --older-than, --run or --reason" in capsys.readouterr().err
    assert len(left(place)) == 5


def test_a_cache_that_is_not_there_is_told_and_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cache", "stats", "--cache", str(tmp_path / "none")]) == 2
    assert "there is no response cache at" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_rescue_saves_what_is_whole_to_a_new_cache(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    new = tmp_path / "new.sqlite"
    assert main(["cache", "rescue", str(new), "--cache", str(place)]) == 0
    assert capsys.readouterr().out == f"{new}: 5 responses\n"
    assert left(new) == [0, 1, 2, 3, 4]
    assert main(["cache", "rescue", str(new), "--cache", str(place)]) == 2
    assert "exists; name another file" in capsys.readouterr().err


def test_rescue_tells_what_was_lost_and_the_hint_names_the_damaged_cache(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with sqlite3.connect(place) as damaging:
        damaging.execute("UPDATE responses SET payload = zeroblob(9) WHERE id = 2")
    damaging.close()
    assert rescue(place, tmp_path / "new.sqlite") == Rescued(4, has_losses=True)
    torn = CacheFile(place)
    assert f"cache rescue NEW --cache {place}`" in str(torn.error("torn", sqlite3.SQLITE_CORRUPT))
    monkeypatch.setenv(PLACE_VARIABLE, str(place))
    assert "cache rescue NEW`" in str(torn.error("torn", sqlite3.SQLITE_CORRUPT))
