"""The server answers whoever knows the token, under its own name, and gives every answer the strict headers."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.tables.labels import read_labels
from tests.publish.view.folders import small_run, viewer


class Viewer(NamedTuple):
    """A viewer that runs: where, with which token, and of which run."""

    address: str
    token: str
    run: Path

    def call(self, path: str, question: object = None, **headers: str) -> tuple[int, Any]:
        """Return the status of an answer and what it holds."""
        body = None if question is None else question if isinstance(question, bytes) else json.dumps(question).encode()
        standard = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.address}{path}", body, standard | headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, headers, text = answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            status, headers, text = error.code, dict(error.headers), error.read()
        assert "require-trusted-types-for 'script'" in headers["content-security-policy"] or status == 400
        return status, json.loads(text) if headers.get("content-type") == "application/json" else text.decode()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewer]:
    run = small_run(tmp_path_factory.mktemp("server") / "run")
    with viewer(run) as url:
        address, _, token = url.partition("/#token=")
        yield Viewer(address, token, run)


def test_it_listens_on_loopback_and_prints_its_token(server: Viewer) -> None:
    assert server.address.startswith("http://127.0.0.1:")
    assert len(server.token) >= 32


@pytest.mark.parametrize(("path", "starts"), [("/", "<!doctype html>"), ("/view.js", "//"), ("/view.css", "/*")])
def test_the_page_consists_of_three_files(server: Viewer, path: str, starts: str) -> None:
    status, text = server.call(path)
    assert (status, text[: len(starts)]) == (200, starts)
    assert "https://" not in text.replace("https?://", "")


def test_it_answers_about_rows(server: Viewer) -> None:
    status, overview = server.call("/api/overview", {})
    assert (status, overview["tables"], overview["account"]["counts"]["drawn"]) == (200, {"rows": 60, "dropped": 1}, 50)
    status, page = server.call("/api/page", {"table": "rows", "filters": {"outcome": {"values": ["incorrect"]}}})
    assert (status, page["total"]) == (200, 15)
    status, facets = server.call("/api/facets", {"table": "rows"})
    assert facets[0] == {"name": "label", "kind": "values", "step": 0.0, "bars": [{"value": None, "num": 60}]}
    by_id = server.call("/api/row", {"table": "rows", "id": f"{7:016x}"})
    assert by_id == server.call("/api/row", {"table": "rows", "n": 7})
    assert by_id[1]["cells"]["answer"] == "14"


@pytest.mark.parametrize(
    ("question", "headers", "status"),
    [
        ({}, {"Authorization": "Bearer wrong"}, 401),
        ({}, {"Authorization": ""}, 401),
        ({}, {"Host": "rows.example"}, 421),
        ({}, {"Host": "127.0.0.1:1"}, 421),
        ({}, {"Origin": "http://rows.example"}, 403),
        ({}, {"Origin": "null"}, 403),
        ({}, {"Content-Type": "text/plain"}, 415),
        (b"{", {}, 400),
        ({"table": "rows", "sql": "SELECT 1"}, {}, 400),
        ({"table": "rows", "limit": 10**9}, {}, 400),
        ({"table": "none"}, {}, 404),
        (b" " * 300_000, {}, 413),
    ],
)
def test_other_calls_are_refused(server: Viewer, question: object, headers: dict[str, str], status: int) -> None:
    answer = server.call("/api/page", question, **headers)
    assert answer[0] == status
    assert list(answer[1]) == ["error"]


def test_only_what_is_declared_is_there(server: Viewer) -> None:
    assert [server.call(path)[0] for path in ("/api/page", "/api/sql", "/../run.json", "/page/view.js")] == [
        405,
        404,
        404,
        404,
    ]


def test_a_label_is_in_the_file_and_in_the_list(server: Viewer) -> None:
    label = {"id": f"{9:016x}", "attempt": 0, "label": "bad", "note": 'the sum\u2028is "wrong"'}
    assert server.call("/api/label", label)[0] == 200
    file = server.run.with_name("run.labels.jsonl")
    assert [each.note for each in read_labels(file).values()] == [label["note"]]
    chosen = {"table": "rows", "filters": {"label": {"values": ["bad"]}}}
    assert [each["n"] for each in server.call("/api/page", chosen)[1]["rows"]] == [9]
    assert server.call("/api/label", label | {"label": "great"})[0] == 400
    assert server.call("/api/label", {**label, "label": None, "note": ""})[0] == 200
    assert server.call("/api/page", chosen)[1]["total"] == 0
    file.unlink()
    file.mkdir()
    assert server.call("/api/label", label) == (500, {"error": f"{file}: Is a directory"})
    file.rmdir()


def test_a_user_sees_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(tmp_path / "absent")]) == EXIT_USER_ERROR
    assert "absent has no rows to look at; name a run folder" in capsys.readouterr().err
    (tmp_path / "empty.jsonl").touch()
    assert main(["view", str(tmp_path / "empty.jsonl")]) == EXIT_USER_ERROR
    assert "empty.jsonl: the file is empty; name a run folder" in capsys.readouterr().err
    run = small_run(tmp_path / "run", 6)
    (tmp_path / "run.labels.jsonl").write_text('{"id": "a", "label": "good"}\n{"id": "b", "label": "fine"}\n')
    assert main(["view", str(run)]) == EXIT_USER_ERROR
    assert (
        "run.labels.jsonl:2: not a label: label: Input should be 'good', 'bad' or 'unsure'" in capsys.readouterr().err
    )


def test_the_extra_is_named_where_it_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("index", "query", "server"):
        monkeypatch.delitem(sys.modules, f"open_thoughts_gen.publish.view.{name}", raising=False)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert main(["view", str(small_run(tmp_path / "run", 6))]) == EXIT_USER_ERROR
    error = capsys.readouterr().err
    assert error == "`view` needs the package 'duckdb', which is not installed; pip install 'open-thoughts-gen[view]'\n"


def test_a_port_that_does_not_exist_is_one_line(server: Viewer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", str(server.run), "--port", "65536"]) == EXIT_USER_ERROR
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("port 65536 cannot be used: the highest is 65535; choose another")
