"""Each fault of a dataset is found by its check, in one line with a fix; what a run writes has none."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.cli import push as push_command
from open_thoughts_gen.cli.main import main
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.publish.doctor import CHECKS, NEVER_ACCEPTED, Dataset, examine
from open_thoughts_gen.publish.folder import write_run
from open_thoughts_gen.publish.leaks import LeakFinder
from tests.publish.finished import finished, recipe, samples
from tests.servers.hub_server import pointed_at, serving

COMMAND = "python -m open_thoughts_gen run recipes/cases.yaml"
DATA, CHATS = "data/train-00000-of-00001.parquet", "messages/train-00000-of-00001.parquet"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "cases"
    write_run(recipe(), finished(samples(120)), folder, command=COMMAND, timings={})
    return folder


@pytest.fixture
def dataset(run: Path, tmp_path: Path) -> Path:
    shutil.copytree(run / "dataset", tmp_path / "dataset")
    return tmp_path / "dataset"


def found(dataset: Path) -> list[str]:
    return [str(complaint) for complaint in examine(dataset)]


def rewritten(dataset: Path, change: Callable[[pa.Table], pa.Table], file: str = DATA, **options: Any) -> None:
    table = change(pq.read_table(dataset / file))
    pq.write_table(table, dataset / file, **{"write_page_index": True, **options})


def with_value(column: str, row: int, value: Any) -> Callable[[pa.Table], pa.Table]:
    def changed(table: pa.Table) -> pa.Table:
        values = table.column(column).to_pylist()
        values[row] = value
        index = table.schema.get_field_index(column)
        return table.set_column(index, table.schema.field(column), pa.array(values, table.schema.field(column).type))

    return changed


def edited(dataset: Path, old: str, new: str) -> None:
    card = dataset / "README.md"
    text = card.read_text("utf-8")
    assert old in text
    card.write_text(text.replace(old, new, 1), "utf-8")


def test_what_a_run_writes_has_no_fault(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert found(run / "dataset") == []
    assert main(["doctor", str(run)]) == main(["doctor", str(run / "dataset")]) == 0
    assert capsys.readouterr().out.startswith(f"{run}: ok (card, size, ")


def test_the_checks_are_those_that_a_push_can_accept() -> None:
    assert tuple(CHECKS) == (*push_command.CHECKS, *NEVER_ACCEPTED)


CARD_FAULTS = [
    ("license: cc0-1.0", "licence: cc0-1.0", "card: README.md:1: the Hub does not know the card's key 'licence'"),
    ("## Limitations and biases", "## Limits", "card: README.md: the card's section"),
    ("- n<1K", "- 1K<n<10K", "size: README.md: the card says size_categories ['1K<n<10K']"),
    ("tags:\n", "task_ids:\n- open-domain\ntags:\n", "tasks: README.md: the Hub does not know the task id"),
    ("num_examples: 120", "num_examples: 121", "files: README.md: dataset_info says that split 'train'"),
    ("path: messages/train-*", "path: message/train-*", "files: README.md: config 'messages' has no files"),
    ("  - name: domain\n", "  - name: domian\n", "files: README.md: dataset_info has other columns for"),
    ("Short cases under", "Ask ann@firm.co.uk. Cases under", "emails: README.md: the text holds what looks like"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line"), CARD_FAULTS, ids=lambda value: value[:12])
def test_a_fault_of_the_card_is_found(dataset: Path, old: str, new: str, line: str) -> None:
    edited(dataset, old, new)
    lines = found(dataset)
    assert any(each.startswith(line) for each in lines), lines
    assert all("\n" not in each for each in lines)


def test_a_dataset_without_a_card_is_examined_all_the_same(dataset: Path) -> None:
    (dataset / "README.md").unlink()
    lines = found(dataset)
    assert lines[0].startswith("card: README.md: there is no card; write README.md")
    assert any(line.startswith("schema: ") for line in lines)  # two configs in one


def test_files_of_one_config_with_different_columns(dataset: Path) -> None:
    table = pq.read_table(dataset / DATA)
    pq.write_table(table.drop_columns("level"), dataset / "data/train-00001-of-00001.parquet", write_page_index=True)
    line = (
        "schema: data/train-00001-of-00001.parquet: its columns differ from those of data/train-00000-of-00001.parquet"
    )
    assert any(each.startswith(line) for each in found(dataset))


def test_a_column_without_a_type_and_lists_of_float32(dataset: Path) -> None:
    def changed(table: pa.Table) -> pa.Table:
        floats = pa.array([[1.0]] * len(table), pa.list_(pa.float32()))
        return table.append_column("empty", pa.nulls(len(table))).append_column("scores", floats)

    rewritten(dataset, changed)
    lines = found(dataset)
    assert (
        f"schema: {DATA}, column empty: the column has no type, being empty; give it a type, or leave it out" in lines
    )
    assert any(each.startswith(f"schema: {DATA}, column scores: the viewer takes lists of float32") for each in lines)


def test_too_many_columns_and_names_too_long(dataset: Path) -> None:
    names = [f"c{i}" for i in range(1_000)] + ["x" * 501]
    wide = pa.table({name: pa.array([1] * 120) for name in names})
    rewritten(dataset, lambda table: wide)
    lines = [line for line in found(dataset) if line.startswith("schema: ")]
    assert (
        "schema: config 'default' has more than 1,000 columns, which the viewer refuses; put them together, as JSON"
        in lines
    )
    assert any(line.endswith("its name is longer than 500 characters; shorten it") for line in lines)


def test_a_file_that_is_none(dataset: Path) -> None:
    (dataset / CHATS).write_bytes(b"not Parquet")
    assert found(dataset) == [f"files: {CHATS}: this is not a Parquet file; write it again"]


def test_no_count_is_advised_of_a_file_that_cannot_be_read(dataset: Path) -> None:
    (dataset / DATA).write_bytes((dataset / DATA).read_bytes()[:-100])
    assert found(dataset) == [f"files: {DATA}: this is not a Parquet file; write it again"]


@pytest.mark.parametrize(
    ("column", "value", "line"),
    [
        ("question", None, "nulls: config 'default': question is null or empty in 1 of 120 rows; leave these rows out"),
        ("question", "  ", "nulls: config 'default': question is null or empty in 1 of 120 rows; leave these rows out"),
    ],
)
def test_a_row_without_a_question(dataset: Path, column: str, value: str | None, line: str) -> None:
    rewritten(dataset, with_value(column, 7, value))
    assert line in found(dataset)


def test_a_chat_without_messages(dataset: Path) -> None:
    rewritten(dataset, with_value("messages", 3, []), CHATS)
    assert "nulls: config 'messages': messages is null or empty in 1 of 120 rows; leave these rows out" in found(
        dataset
    )


def test_a_column_that_holds_nothing(dataset: Path) -> None:
    def changed(table: pa.Table) -> pa.Table:
        index = table.schema.get_field_index("level")
        return table.set_column(index, table.schema.field("level"), pa.nulls(len(table), pa.int64()))

    rewritten(dataset, changed)
    line = "nulls: config 'default': level is null in every row; leave it out: `level` under `publish: columns`"
    assert line in found(dataset)


def test_a_file_without_a_page_index(dataset: Path) -> None:
    rewritten(dataset, lambda table: table, write_page_index=False)
    assert any(each.startswith(f"row-groups: {DATA}: it has no page index") for each in found(dataset))


def test_a_row_group_that_is_too_large(dataset: Path) -> None:
    long = "".join(chr(0x4E00 + i % 20_000) for i in range(36_000_000))
    rewritten(dataset, with_value("response", 0, long), compression="none", use_dictionary=False)
    assert any(each.startswith(f"row-groups: {DATA}: a row group has ") for each in found(dataset))


def test_rows_that_the_viewer_cuts(dataset: Path) -> None:
    rewritten(dataset, with_value("response", 2, "long " * 250_000))
    (line,) = [each for each in found(dataset) if each.startswith("viewer: ")]
    assert line.startswith("viewer: config 'default': the Hub's viewer will show 10 of the first 100 rows and cut ")


def test_too_few_rows(dataset: Path) -> None:
    rewritten(dataset, lambda table: table.slice(0, 99))
    line = "rows: it has 99 rows; competitions ask for at least 100; raise the recipe's target, or add questions"
    assert line in found(dataset)


SECRETS = {
    "a token of Hugging Face": "hf_" + "aB3" * 11,
    "a key of OpenAI or Anthropic": "sk-proj-" + "aB3" * 11,
    "a token of GitHub": "ghp_" + "aB3" * 12,
    "a key of AWS": "AKIA" + "ABCD" * 4,
    "a key of Google": "AIza" + "aB3-_" * 7,
    "a token of Slack": "xoxb-" + "123-" * 4,
    "a key of NVIDIA": "nvapi-" + "aB3" * 11,
    "a private key": "-----BEGIN RSA PRIVATE KEY-----",
    "a signed token": ".".join(["eyJ" + "aB3" * 5, "eyJ" + "aB3" * 5, "aB3" * 5]),
}


@pytest.mark.parametrize(("what", "secret"), SECRETS.items())
def test_a_secret_is_found_in_any_column_and_never_shown(dataset: Path, what: str, secret: str) -> None:
    rewritten(dataset, with_value("reasoning", 5, f"It said {secret}, so it did."))
    turns = [{"role": "user", "content": "Why?"}, {"role": "assistant", "content": f"{secret}"}]
    rewritten(dataset, with_value("messages", 6, turns), CHATS)
    lines = found(dataset)
    assert f"secrets: {DATA}, column reasoning: row 5 holds what looks like {what}; leave these rows out" in lines
    assert f"secrets: {CHATS}, column messages: row 6 holds what looks like {what}; leave these rows out" in lines
    assert not any(secret in line for line in lines)


def test_a_secret_of_this_environment_is_found_whatever_it_looks_like(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_API_KEY", "correct horse battery staple")
    rewritten(dataset, with_value("question", 119, "Use correct horse battery staple, said she."))
    assert any("row 119 holds what looks like the value of $SOME_API_KEY" in line for line in found(dataset))


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("Write to ann.lee+work@mail.firm.co.uk today.", True),
        ("ANN@FIRM.COM", True),
        ("Write to ann@example.com or bob@mail.example.org.", False),
        ("ann@firm.test, root@db.localhost", False),
        ("y = A@B.transpose() and x@y.T", False),
        ("user@host, @name, a@b", False),
        ("sk-learn and hf_hub_download(repo), task-based", False),
    ],
)
def test_an_address_is_one_that_a_person_may_have(text: str, is_one: bool) -> None:
    finder = LeakFinder({})
    assert bool(list(finder.in_text(text))) == is_one
    assert bool(list(finder.in_column(pa.array([None, text])))) == is_one


def test_a_conflict_of_licences_is_found_unless_the_card_says_why(tmp_path: Path) -> None:
    run = finished(tuple(replace(s, question=replace(s.question, license="cc-by-sa-4.0")) for s in samples(120)))
    for name, override, lines in (("one", "", 1), ("two", "Agreed on with all owners.", 0)):
        write_run(recipe(license_override=override), run, tmp_path / name, command=COMMAND, timings={})
        conflicts = [line for line in found(tmp_path / name / "dataset") if line.startswith("license: ")]
        assert len(conflicts) == lines, conflicts
        assert all("write `license: cc-by-sa-4.0`" in line for line in conflicts)


def test_what_is_not_a_dataset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", str(tmp_path)]) == EXIT_USER_ERROR
    assert "is not a dataset; name a run folder" in capsys.readouterr().err


def test_a_push_examines_first_and_takes_what_is_accepted(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tmp_path / "small"
    write_run(recipe(), finished(samples(20)), small, command=COMMAND, timings={})
    edited(small / "dataset", "Short cases under", "Ask ann@firm.com. Cases under")
    assert main(["doctor", str(small)]) == EXIT_USER_ERROR
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["rows", "emails"]
    with serving(lfs=False) as hub, pointed_at(hub):
        for name, value in hub.env().items():
            monkeypatch.setenv(name, value)
        assert main(["push", str(small), "--accept", "rows"]) == EXIT_USER_ERROR
        err = capsys.readouterr().err
        assert [line.partition(":")[0] for line in err.splitlines()] == [
            "accepted",
            "emails",
            "nothing was pushed; to push it as it is",
        ]
        assert err.rstrip().endswith("--accept emails --accept rows")
        assert hub.repos == {}
        assert main(["push", str(small), "--accept", "rows", "--accept", "emails", "--revision", "draft"]) == 0
        assert "tester/cases" in capsys.readouterr().out
        (repo,) = hub.repos.values()
        assert DATA in repo.branches["draft"].files
        assert DATA not in repo.files
        assert main(["push", str(run), "--create-pr"]) == 0
        assert capsys.readouterr().out.rstrip().endswith("/discussions/2")


def test_all_files_of_a_dataset_without_configs_are_one(tmp_path: Path) -> None:
    pq.write_table(pa.table({"question": ["Why?"]}), tmp_path / "a.parquet")
    dataset = Dataset(tmp_path)
    assert {name: list(splits) for name, splits in dataset.configs.items()} == {"default": ["train"]}
    assert dataset.num_rows(dataset.files("default")) == 1


def test_a_dataset_on_the_hub_is_fetched_and_examined(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(lfs=False) as hub, pointed_at(hub):
        for name, value in hub.env().items():
            monkeypatch.setenv(name, value)
        assert main(["push", str(run)]) == 0
        capsys.readouterr()
        assert main(["doctor", "tester/cases"]) == 0
        assert capsys.readouterr().out.startswith("tester/cases: ok (card, ")
        repo = hub.repos["tester/cases"]
        repo.files["README.md"] = repo.files["README.md"].replace(b"- n<1K", b"- n>1T")
        repo.commit()
        assert main(["doctor", "tester/cases"]) == EXIT_USER_ERROR
        assert capsys.readouterr().out.startswith("size: README.md: the card says size_categories ['n>1T']")
        assert main(["doctor", "tester/none"]) == EXIT_USER_ERROR
        assert "tester/none is not there" in capsys.readouterr().err
