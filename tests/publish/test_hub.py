"""Pushing to a loopback Hub with the real huggingface_hub: one commit, no surprise, errors of one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish.folder import files_of, write_run
from open_thoughts_gen.publish.front_matter import rebuild_from_hub, rebuild_here
from open_thoughts_gen.publish.hub import Consent, Pushed, private_from, push
from open_thoughts_gen.publish.push_plan import BEGIN, END, MANIFEST, PushPlan, card_to_push
from tests.publish.finished import finished, recipe, samples
from tests.servers.hub_server import TOKEN, Hub, Repo, serving


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("runs") / "cases"
    write_run(recipe(), finished(samples(30)), place, command="python -m open_thoughts_gen run x.yaml", timings={})
    return place


@pytest.fixture
def hub() -> Iterator[Hub]:
    with serving(lfs=False) as hub:
        yield hub


def refusal(run: Path, hub: Hub, repo: str | None = None, **env: str) -> str:
    """Return the one line that a push fails with."""
    with pytest.raises(UserError) as error:
        push(run, repo=repo, env=hub.env() | env)
    said = str(error.value)
    assert "\n" not in said
    assert TOKEN not in said
    return said


def dataset(run: Path, repo: str = "tester/cases") -> dict[str, bytes]:
    """Return what should be on the Hub: the folder's files, the card saying how to load it from there."""
    files = {file.relative_to(run / "dataset").as_posix(): file.read_bytes() for file in files_of(run / "dataset")}
    card = files["README.md"].decode().replace('"runs/cases/dataset"', f'"{repo}"')
    card = card.replace(rebuild_here("runs/cases/dataset"), rebuild_from_hub(repo, questions=False))
    card = card.replace('srcset="assets/', f'srcset="https://huggingface.co/datasets/{repo}/resolve/main/assets/')
    assert f"hf download {repo} recipe.yaml --repo-type dataset --local-dir ." in card
    files["README.md"] = card_to_push(card, "", repo=repo, replace=False).encode()
    return files


def test_a_push_is_one_commit_of_all_files(run: Path, hub: Hub) -> None:
    pushed = push(run, env=hub.env())
    repo = hub.repos["tester/cases"]
    assert pushed.url == f"{hub.url}/datasets/tester/cases"
    assert pushed.commit_url == f"{pushed.url}/commit/{repo.commits[-1]}"
    assert pushed.plan.num_changes == 12
    assert len(repo.commits) == 2  # the Hub's own first one, and this
    assert {path: repo.files[path] for path in dataset(run)} == dataset(run)
    assert set(repo.files) == {".gitattributes", MANIFEST, *dataset(run)}
    assert set(json.loads(repo.files[MANIFEST])["files"]) == set(dataset(run))
    assert b'load_dataset("tester/cases", split="train")' in repo.files["README.md"]
    assert not repo.private


def test_a_replay_pushes_nothing(run: Path, hub: Hub) -> None:
    push(run, env=hub.env())
    assert push(run, env=hub.env()) == Pushed("tester/cases", f"{hub.url}/datasets/tester/cases", None, PushPlan())
    assert len(hub.repos["tester/cases"].commits) == 2


def test_what_a_push_put_there_and_the_new_dataset_lacks_is_deleted(run: Path, hub: Hub, tmp_path: Path) -> None:
    larger = tmp_path / "larger"
    shutil.copytree(run, larger)
    (larger / "dataset" / "data" / "train-00001-of-00002.parquet").write_bytes(b"a second shard")
    push(larger, env=hub.env())
    repo = hub.repos["tester/cases"]
    assert repo.files["data/train-00001-of-00002.parquet"] == b"a second shard"
    assert push(run, env=hub.env()).plan.deleted == ("data/train-00001-of-00002.parquet",)
    assert set(repo.files) == {".gitattributes", MANIFEST, *dataset(run)}
    assert len(repo.commits) == 3


def test_what_no_push_put_there_stays(run: Path, hub: Hub) -> None:
    push(run, env=hub.env())
    repo = hub.repos["tester/cases"]
    theirs = {"raw/notes.txt": b"mine", "LICENSE": b"mine", "eval/results.json": b"{}", "data/extra.csv": b"a,b"}
    repo.files |= theirs
    del repo.files["croissant.json"]
    repo.commit()
    plan = push(run, env=hub.env()).plan
    assert plan == PushPlan(added=("croissant.json",), untouched=tuple(sorted(theirs)))
    assert {path: repo.files[path] for path in theirs} == theirs


def test_a_file_of_ours_that_somebody_changed_is_not_deleted(run: Path, hub: Hub, tmp_path: Path) -> None:
    larger = tmp_path / "larger"
    shutil.copytree(run, larger)
    (larger / "dataset" / "assets" / "old.txt").write_text("as pushed")
    push(larger, env=hub.env())
    repo = hub.repos["tester/cases"]
    repo.files["assets/old.txt"] = b"as somebody changed it"
    repo.commit()
    assert push(run, env=hub.env()).plan.deleted == ()
    assert repo.files["assets/old.txt"] == b"as somebody changed it"


@pytest.fixture
def others(hub: Hub) -> Repo:
    """A repository that a person made."""
    repo = hub.repos["tester/cases"] = Repo()
    repo.files |= {"README.md": b"# By hand\n", "raw/a.txt": b"a", "LICENSE": b"l", "eval/e.json": b"{}"}
    repo.commit()
    return repo


def test_a_repository_that_no_push_made_is_refused(run: Path, hub: Hub, others: Repo) -> None:
    before = dict(others.files)
    said = refusal(run, hub)
    assert said.startswith("tester/cases was not made by a push: it holds 4 files (LICENSE, README.md, eval/e.json")
    assert "--into-existing" in said
    assert others.files == before


def test_with_consent_the_dataset_is_added_beside_the_other_files(run: Path, hub: Hub, others: Repo) -> None:
    before = dict(others.files)
    with pytest.raises(UserError, match="the card of tester/cases may contain text that a person wrote; replace"):
        push(run, env=hub.env(), consent=Consent(into_existing=True))
    assert others.files == before
    plan = push(run, env=hub.env(), consent=Consent(into_existing=True, replace_card=True)).plan
    assert plan.replaced == ("README.md",)
    assert plan.untouched == ("LICENSE", "eval/e.json", "raw/a.txt")
    assert {path: others.files[path] for path in plan.untouched} == {path: before[path] for path in plan.untouched}
    assert push(run, env=hub.env()).plan.num_changes == 0


def test_a_file_in_the_way_is_neither_replaced_nor_deleted_later(run: Path, hub: Hub, others: Repo) -> None:
    consent = Consent(into_existing=True, replace_card=True)
    others.files["croissant.json"] = b"somebody's own"
    others.commit()
    with pytest.raises(UserError, match=r"has croissant\.json already, which no push put there"):
        push(run, env=hub.env(), consent=consent)
    assert others.files["croissant.json"] == b"somebody's own"


def test_a_person_writes_outside_of_the_marked_lines(run: Path, hub: Hub) -> None:
    push(run, env=hub.env())
    repo = hub.repos["tester/cases"]
    generated = repo.files["README.md"].decode()
    edited = generated.replace(BEGIN, f"A word before.\n\n{BEGIN}").replace("tags:\n", "tags:\n- from-the-hub\n")
    edited = edited.replace("\n---\n", "\nviewer: false\n---\n", 1).replace("**Every", "**Changed inside. Every", 1)
    repo.files["README.md"] = f"{edited}\nA word after: {END} is only named here.\n".encode()
    repo.commit()
    plan = push(run, env=hub.env()).plan
    assert plan.replaced == ("README.md", MANIFEST)
    merged = repo.files["README.md"].decode()
    assert f"A word before.\n\n{BEGIN}" in merged
    assert merged.endswith(f"{END}\n\nA word after: {END} is only named here.\n")
    assert "- from-the-hub\n" in merged
    assert "\nviewer: false\n" in merged
    assert "Changed inside" not in merged
    assert push(run, env=hub.env()).plan.num_changes == 0


def test_a_card_without_the_marked_lines_is_replaced_only_with_consent(run: Path, hub: Hub) -> None:
    push(run, env=hub.env())
    repo = hub.repos["tester/cases"]
    repo.files["README.md"] = b"# Rewritten by hand\n"
    repo.commit()
    assert "--replace-card" in refusal(run, hub)
    assert repo.files["README.md"] == b"# Rewritten by hand\n"
    push(run, env=hub.env(), consent=Consent(replace_card=True))
    assert repo.files["README.md"] == dataset(run)["README.md"]


def test_a_repository_of_an_earlier_version_is_known_by_its_card(run: Path, hub: Hub) -> None:
    """Before, a push left no list and no marked lines."""
    repo = hub.repos["tester/cases"] = Repo()
    files = {file.relative_to(run / "dataset").as_posix(): file.read_bytes() for file in files_of(run / "dataset")}
    repo.files |= {**files, "data/train-00001-of-00002.parquet": b"a shard of then", "notes.txt": b"n"}
    repo.files["data/train-00000-of-00001.parquet"] = b"rows of then"
    repo.commit()
    assert "--replace-card" in refusal(run, hub)
    plan = push(run, env=hub.env(), consent=Consent(replace_card=True)).plan
    assert plan.deleted == ("data/train-00001-of-00002.parquet",)
    assert plan.untouched == ("notes.txt",)
    assert {path: repo.files[path] for path in dataset(run)} == dataset(run)


def test_what_changes_is_shown_before_and_a_dry_run_changes_nothing(run: Path, hub: Hub) -> None:
    shown: list[tuple[str, PushPlan, int]] = []

    def show(repo: str, plan: PushPlan) -> None:
        shown.append((repo, plan, sum(len(repo.commits) for repo in hub.repos.values())))

    pushed = push(run, env=hub.env(), consent=Consent(dry_run=True), show=show)
    assert not hub.repos
    assert pushed.commit_url is None
    hub.faults = {"/commit/": [500]}
    push(run, env=hub.env(), show=show)
    plan = shown[0][1]
    assert set(plan.added) == {*dataset(run), MANIFEST}
    assert shown == [("tester/cases", plan, 0), ("tester/cases", plan, 1)]
    assert plan.summary == "13 added, 0 replaced, 0 deleted; 0 other files stay as they are"
    assert plan.lines(2)[-1] == "  + and 11 more"


def test_a_damaged_list_is_reported(run: Path, hub: Hub) -> None:
    push(run, env=hub.env())
    hub.repos["tester/cases"].files[MANIFEST] = b"{"
    assert f"{MANIFEST} in the repository is damaged" in refusal(run, hub)


def test_the_repository_is_named_by_argument_organisation_or_recipe(run: Path, hub: Hub, tmp_path: Path) -> None:
    assert push(run, repo="else/where", env=hub.env()).repo == "else/where"
    assert push(run, repo="other", env=hub.env() | {"HF_ORG": "lab"}).repo == "lab/other"
    assert push(run, env=hub.env() | {"HF_ORG": "lab"}).repo == "lab/cases"
    named = tmp_path / "named"
    of = recipe(repo="lab/statutes")
    write_run(of, finished(samples(5)), named, command="x", timings={})
    assert push(named, env=hub.env()).repo == "lab/statutes"


@pytest.mark.parametrize(
    ("value", "private"),
    [("", None), ("false", False), ("False", False), ("0", False), ("no", False), ("true", True), ("1", True)],
)
def test_hf_private_is_a_boolean(value: str, private: bool | None) -> None:
    assert private_from({"HF_PRIVATE": value}) is private
    assert private_from({}) is None


def test_hf_private_that_is_neither_is_a_fault(run: Path, hub: Hub) -> None:
    assert refusal(run, hub, HF_PRIVATE="maybe").startswith("HF_PRIVATE is 'maybe', neither true nor false")


def test_a_private_dataset_is_created_private_and_never_pushed_to_a_public_one(run: Path, hub: Hub) -> None:
    push(run, env=hub.env() | {"HF_PRIVATE": "true"})
    assert hub.repos["tester/cases"].private
    hub.repos["tester/cases"].private = False
    assert "HF_PRIVATE asks for a private dataset, but tester/cases is public" in refusal(run, hub, HF_PRIVATE="yes")


def test_a_commit_of_somebody_else_is_not_overwritten(run: Path, hub: Hub) -> None:
    push(run, env=hub.env())
    repo = hub.repos["tester/cases"]
    del repo.files["README.md"]
    hub.interloper = True
    assert refusal(run, hub).startswith("somebody else has pushed to the dataset meanwhile (412)")
    assert repo.files["theirs.txt"] == b"work of somebody else"


@pytest.mark.parametrize(
    ("faults", "word"),
    [({"/commit/": [500]}, "/commit/"), ({"/commit/": [429, 503]}, "/commit/"), ({"repos/create": [500]}, "create")],
)
def test_a_passing_fault_is_waited_out(faults: dict[str, list[int]], word: str, run: Path, hub: Hub) -> None:
    num_faults = sum(map(len, faults.values()))
    hub.faults = faults
    assert push(run, env=hub.env()).plan.num_changes == 12
    assert sum(num for path, num in hub.asked.items() if word in path) == num_faults + 1
    assert len(hub.repos["tester/cases"].commits) == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (401, "the Hub does not accept the token (401)"),
        (403, "the token may not write there (403)"),
        (429, "the Hub limits how often you may push (429)"),
        (503, "the Hub answered 503"),
    ],
)
def test_a_refusal_is_told_in_one_line_without_the_token(status: int, said: str, run: Path, hub: Hub) -> None:
    hub.faults = {"/commit/": [status] * 4}
    assert refusal(run, hub).startswith(said)


def test_a_wrong_token_and_a_forbidden_organisation_are_told(run: Path, hub: Hub) -> None:
    assert "(401)" in refusal(run, hub, HF_TOKEN="hf_wrong")
    said = refusal(run, hub, HF_ORG="forbidden")
    assert "(403)" in said
    assert "HF_ORG" in said


def test_a_token_or_an_owner_that_can_be_none_is_told_before_the_hub_is_asked(run: Path, hub: Hub) -> None:
    assert "contains a character that no token has" in refusal(run, hub, HF_TOKEN="hf_t\u00f6ken")
    assert "HF_ORG is 'a/b', which cannot be a name" in refusal(run, hub, HF_ORG="a/b")


def test_a_network_that_is_down_is_told(run: Path, hub: Hub) -> None:
    assert "the Hub cannot be reached" in refusal(run, hub, HF_ENDPOINT="http://127.0.0.1:9", HF_ORG="lab")


def test_a_name_that_the_hub_forbids_is_told(run: Path, hub: Hub) -> None:
    assert "Cannot have -- or .. in repo_id" in refusal(run, hub, repo="a..b/c--d")


def test_a_folder_that_is_no_run_is_told(hub: Hub, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "no" / "such"):
        assert "is not a run folder; run the recipe first" in refusal(folder, hub)


def test_a_bad_card_is_not_sent(run: Path, hub: Hub, tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt"
    shutil.copytree(run, spoilt)
    card = spoilt / "dataset" / "README.md"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace("license: cc0-1.0", "licence: cc0-1.0", 1) + "\nTODO\n", encoding="utf-8")
    with pytest.raises(UserError) as error:
        push(spoilt, env=hub.env())
    assert len(error.value.faults) == 3
    assert not hub.asked


def test_a_branch_is_made_and_pushed_to_and_the_main_one_stays(run: Path, hub: Hub) -> None:
    push(run, env=hub.env(), repo="tester/cases", consent=Consent(revision="draft"))
    repo = hub.repos["tester/cases"]
    assert set(repo.files) == {".gitattributes"}
    assert set(repo.branches["draft"].files) == {".gitattributes", MANIFEST, *dataset(run)}
    assert push(run, env=hub.env(), consent=Consent(revision="draft")).plan.num_changes == 0
    assert len(repo.branches["draft"].commits) == 2


def test_a_branch_that_is_only_shown_is_not_made(run: Path, hub: Hub) -> None:
    hub.repos["tester/cases"] = Repo()
    hub.repos["tester/cases"].commit()
    plan = push(run, env=hub.env(), consent=Consent(revision="draft", dry_run=True)).plan
    assert len(plan.added) == 13
    assert hub.repos["tester/cases"].branches == {}


def test_a_pull_request_leaves_the_main_branch_as_it_is(run: Path, hub: Hub, tmp_path: Path) -> None:
    push(run, env=hub.env())
    repo = hub.repos["tester/cases"]
    before = dict(repo.files)
    changed = tmp_path / "changed"
    shutil.copytree(run, changed)
    (changed / "dataset" / "croissant.json").write_text("{}")
    pushed = push(changed, env=hub.env(), consent=Consent(create_pr=True))
    assert pushed.pr_url == f"{hub.url}/datasets/tester/cases/discussions/1"
    assert pushed.plan.replaced == ("croissant.json", MANIFEST)
    assert repo.files == before
    assert repo.branches["refs/pr/1"].files["croissant.json"] == b"{}"


CLIENT = """
import json, sys
from pathlib import Path
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.publish.hub import push
try:
    first, second = push(Path(sys.argv[1])), push(Path(sys.argv[1]))
except UserError as error:
    print(json.dumps(str(error)))
    raise SystemExit(2)
from datasets import load_dataset
names = ("default", "messages", "reasoning_content")
loaded = [load_dataset(first.repo, name, split="train")[:] for name in names]
local = [load_dataset(sys.argv[1] + "/dataset", name, split="train")[:] for name in names]
print(json.dumps([first.plan.num_changes, second.plan.num_changes, len(loaded[0]["id"]), loaded == local]))
"""


def client(run: Path, home: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Push twice and load, in a process of its own: huggingface_hub reads its environment when it is imported."""
    wanted = {"HF_HUB_DISABLE_XET": "1", "HF_HOME": str(home), "HF_HUB_DISABLE_TELEMETRY": "1"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    command = [sys.executable, "-c", CLIENT, str(run)]
    return subprocess.run(command, env=clean | wanted | env, capture_output=True, text=True, check=False)


def test_large_files_go_by_lfs_and_datasets_loads_what_was_pushed(run: Path, tmp_path: Path) -> None:
    with serving() as hub:
        done = client(run, tmp_path, **hub.env())
        repo = hub.repos["tester/cases"]
        assert repo.lfs == {path for path in dataset(run) if path.endswith(".parquet")}
        assert len(repo.commits) == 2
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [12, 0, 30, True]


def test_an_upload_that_the_storage_refuses_is_one_line_and_tried_again(run: Path, tmp_path: Path) -> None:
    with serving() as hub:  # which has no Xet storage
        failed = client(run, tmp_path, HF_HUB_DISABLE_XET="", **hub.env())
        assert len(hub.repos["tester/cases"].commits) == 1
        assert sum(num for path, num in hub.asked.items() if "xet-write-token" in path) >= 2
    assert failed.returncode == 2, failed.stderr
    said = json.loads(failed.stdout)
    assert said.startswith("a file could not be uploaded: ")
    assert said.endswith("set HF_HUB_DISABLE_XET=1")
    assert "Traceback" not in failed.stderr


def test_offline_mode_and_a_missing_token_are_told(run: Path, tmp_path: Path) -> None:
    offline = client(run, tmp_path, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="1")
    assert (offline.returncode, json.loads(offline.stdout)) == (
        2,
        "the Hub's offline mode is on; unset HF_HUB_OFFLINE to push",
    )
    unknown = client(run, tmp_path)
    assert unknown.returncode == 2
    assert json.loads(unknown.stdout).startswith("there is no Hugging Face token; set HF_TOKEN")
