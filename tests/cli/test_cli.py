"""The command line from outside: what it prints and how it ends. Killed runs are in tests/test_killed.py."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from argparse import Namespace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen import cli
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, EXIT_BROKEN_PIPE, EXIT_INTERRUPTED, EXIT_USER_ERROR
from open_thoughts_gen.cli.run import rebuild_command
from tests import interruptible

ROOT = Path(__file__).parents[2]
SUMS = """\
name: sums
target: 40
seed: 5
source: {use: family, family: "tests.toy.sums:Sums", twins: 0.3}
teacher: {use: "tests.toy.sums:Adder", wrong_every: 4}
verifiers: [family]
sample_filters: ["tests.toy.sums:Proved"]
publish:
  title: Sums
  purpose: To add.
  columns: {family: string, level: int, pair: string}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "sums.yaml"
    path.write_text(SUMS)
    return path


def main(*words: object) -> int:
    return cli.main([str(word) for word in words])


def command(*words: object, cwd: Path = ROOT, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        interruptible.python("-m", "open_thoughts_gen", *map(str, words)),
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def bytes_of(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_run_writes_the_folder_and_says_what_to_do_next(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main("run", recipe, "--out", tmp_path / "out", "--cache", tmp_path / "responses.sqlite") == 0
    out, err = capsys.readouterr()
    said = " ".join(out.split())
    assert "accepted rows 40" in said
    assert "judged incorrect" in said
    assert " correct" in said
    assert "cost: unknown" in said
    assert "datasets.load_dataset" in said
    assert "open_thoughts_gen push" in said
    assert "teacher: 40 of 40" in err
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"recipe.yaml", "run.json", "dropped.parquet", "report.html", "dataset"}
    card = (tmp_path / "out" / "dataset" / "README.md").read_text()
    assert "python -m open_thoughts_gen run sums.yaml" in card
    assert str(tmp_path) not in card


def test_a_run_whose_answers_are_invented_is_not_offered_for_a_push(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    teacher = "teacher={use: rehearsal, correct_rate: 1}"
    words = ["--set", teacher, "--target", 4, "--out", tmp_path / "out", "--cache", tmp_path / "responses.sqlite"]
    assert main("run", recipe, *words, "--set", "sample_filters=[complete]") == 0
    assert capsys.readouterr().out.endswith("publish it                 not at all: it is a rehearsal\n")


def test_two_runs_are_byte_identical_with_any_number_of_workers(recipe: Path, tmp_path: Path) -> None:
    for workers in (1, 2):
        assert main("run", recipe, "--out", tmp_path / f"out{workers}", "--workers", workers) == 0
    assert bytes_of(tmp_path / "out1" / "dataset") == bytes_of(tmp_path / "out2" / "dataset")


def test_options_change_the_recipe(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    options = ("--target", 6, "--seed", 9, "--set", "teacher.wrong_every=0")
    assert main("run", recipe, "--out", out, *options) == 0
    account = json.loads((out / "run.json").read_text())
    assert (account["target"], account["seed"], account["counts"]["drawn"]) == (6, 9, 6)


def test_a_shortfall_is_told_and_not_pushed(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    code = main("run", recipe, "--out", tmp_path / "out", "--set", "max_questions=40", "--push")
    out, err = capsys.readouterr()
    assert code == EXIT_BELOW_TARGET
    assert "of the 40 samples asked for accepted" in " ".join(out.split())
    assert "not pushed: the target was not reached" in err


def test_nothing_accepted_is_a_fault_that_names_the_first_cause(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main("run", recipe, "--out", tmp_path / "out", "--set", "teacher.wrong_every=1")
    out, err = capsys.readouterr()
    assert code == EXIT_USER_ERROR
    assert "judged incorrect" in out
    assert "0 of the 40 samples asked for accepted" in err
    losses = tmp_path / "out.dropped.parquet"
    assert f"all are in {losses}" in " ".join(err.split())
    assert set(pq.read_table(losses).column("reason").to_pylist()) == {"judged incorrect"}
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()


def test_an_empty_file_of_questions_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = tmp_path / "empty.yaml"
    source = "source: {use: files, path: questions.jsonl}"
    recipe.write_text(f"name: empty\n{source}\nteacher: rehearsal\npublish: {{title: E, purpose: None.}}\n")
    (tmp_path / "questions.jsonl").touch()
    assert main("run", recipe, "--out", tmp_path / "out") == EXIT_USER_ERROR
    assert "0 questions drawn: questions.jsonl is empty" in capsys.readouterr().err
    assert main("check", recipe) == EXIT_USER_ERROR
    assert "no source gives a usable question; questions.jsonl is empty" in capsys.readouterr().err


def test_a_folder_of_somebody_else_is_refused_before_the_teacher_is_asked(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").touch()
    log = tmp_path / "asked"
    assert main("run", recipe, "--out", tmp_path / "thesis", "--set", f"teacher.log={log}") == EXIT_USER_ERROR
    assert "exists and is not a run folder; choose another folder with --out" in capsys.readouterr().err
    assert not log.exists()


def test_check_says_ok(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("check", recipe) == 0
    assert capsys.readouterr().out.endswith(f"\n{recipe}: ok, the recipe 'sums' has no faults\n")


def test_check_tells_every_fault_on_a_line_of_its_own(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe.write_text(SUMS.replace("target: 40", "target: many").replace("verifiers: [family]", "verifiers: [famly]"))
    assert main("check", recipe) == EXIT_USER_ERROR
    out, err = capsys.readouterr()
    assert out == ""
    first, second, verdict = err.splitlines()
    assert verdict == "2 errors, 0 notes"
    assert first.startswith(f"{recipe}:2: ")
    assert second.startswith(f"{recipe}:6: ")
    assert "did you mean 'family'?" in second


@pytest.mark.parametrize(
    "words",
    [
        ("check", "nowhere.yaml"),
        ("run", "nowhere.yaml"),
        ("preview", "nowhere.yaml"),
        ("push", "nowhere"),
        ("list", "flavour"),
        ("list", "filter", "nonesuch"),
        ("check", ROOT),
    ],
)
def test_a_users_mistake_is_told_without_a_traceback(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(*words) == EXIT_USER_ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("words", [("run",), ("preview", "r.yaml", "-n", "0"), ("fly",), ()])
def test_a_wrong_command_line_exits_with_2(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(*words)
    assert ended.value.code == 2
    assert "usage:" in capsys.readouterr().err


def test_preview_asks_the_teacher_for_no_more_than_it_shows(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "asked"
    options = ("--set", f"teacher.log={log}", "--set", "source.twins=0")
    assert main("preview", recipe, "-n", 4, *options) == 0
    out = capsys.readouterr().out
    assert len(log.read_text().splitlines()) == 4
    assert out.count("Reasoning") == 4
    assert "family: correct" in out
    assert "dropped by sample_filters, tests.toy.sums:Proved: judged incorrect" in out
    assert not (tmp_path / "runs").exists()


def test_preview_prints_the_card_as_far_as_the_recipe_decides_it(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "asked"
    assert main("preview", recipe, "--card", "--set", f"teacher.log={log}", "--target", 30) == 0
    out = capsys.readouterr().out
    assert out.startswith("# Sums\n\n**This is the card before the run")
    assert "at 30 accepted rows" in out
    assert f"run {recipe.name} --target 30 --set teacher.log={log}\n" in out
    assert not log.exists()
    assert not (tmp_path / "runs").exists()


def test_list_names_every_kind_without_importing_a_plugin() -> None:
    listing = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "open_thoughts_gen", "list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for folder in ("sources", "teachers", "verifiers", "filters", "families"):
        assert f"{folder}\n" in listing.stdout
    assert "Questions from a family" in listing.stdout
    assert "pyarrow" not in listing.stderr


def test_list_tells_the_settings_of_a_plugin(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("list", "sources", "family") == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "family text required name of the family" in out
    assert "twins number 0.0 share of the problems" in out
    assert main("list", "teacher", "tests.toy.sums:Adder") == 0
    assert "pause_s" in capsys.readouterr().out


def test_schema_is_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("schema") == 0
    assert "sources" in json.loads(capsys.readouterr().out)["properties"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "run recipes/legal.yaml"),
        ({"out": "a b/", "cache": "c.sqlite", "workers": 7, "push": True}, "run recipes/legal.yaml --out 'a b'"),
        ({"out": "/home/ada/runs"}, "run recipes/legal.yaml"),
        ({"out": "../runs"}, "run recipes/legal.yaml"),
        ({"recipe": str(Path.cwd() / "recipes" / "legal.yaml")}, "run recipes/legal.yaml"),
        ({"recipe": "/home/ada/legal.yaml"}, "run legal.yaml"),
        ({"target": 9, "seed": 0}, "run recipes/legal.yaml --target 9 --seed 0"),
        ({"teacher": "http://me:pw@host:1/v1#m"}, "run recipes/legal.yaml --teacher 'http://host:1/v1#m'"),
        (
            {"set": ["teacher.api_key=sk-1", "publish.title=A b", "a.base_url=http://u:p@h/v1"]},
            "run recipes/legal.yaml --set 'publish.title=A b' --set a.base_url=http://h/v1",
        ),
    ],
)
def test_the_command_that_rebuilds_holds_what_matters_and_no_secret(changes: dict[str, object], expected: str) -> None:
    arguments: dict[str, object] = {
        "recipe": "recipes/legal.yaml",
        "teacher": None,
        "target": None,
        "seed": None,
        "set": [],
    }
    rebuilt = rebuild_command(Namespace(**{**arguments, **changes}))
    assert rebuilt == f"python -m open_thoughts_gen {expected}"
    assert shlex.split(rebuilt)


def test_faults_are_shown_and_not_obeyed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "r.yaml").write_text('name: "x\\e[2J"\n')
    assert main("check", tmp_path / "r.yaml") == EXIT_USER_ERROR
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize("words", [("-m", "open_thoughts_gen", "--help"), ("-c", "import open_thoughts_gen")])
def test_help_and_import_are_light(words: tuple[str, ...]) -> None:
    ran = subprocess.run(
        [sys.executable, "-X", "importtime", *words], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = {line.rpartition("|")[2].strip().partition(".")[0] for line in ran.stderr.splitlines()}
    heavy = {"pydantic", "rich", "yaml", "pyarrow", "datasets", "matplotlib", "openai", "huggingface_hub", "asyncio"}
    assert not loaded & heavy


def test_every_public_name_is_there() -> None:
    code = (
        "import open_thoughts_gen as package\n"
        "names = [name for name in dir(package) if not name.startswith('_')]\n"
        "assert all(getattr(package, name) is not None for name in names), names\n"
        "assert package.run_line.__name__ == 'run_line' and package.Family.kind == 'family'\n"
        "assert not hasattr(package, 'nonesuch')\n"
        "print(len(names))\n"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) > 10


def test_a_reader_that_goes_away_is_no_error() -> None:
    schema = command("schema")
    assert schema.stdout is not None
    assert schema.stderr is not None
    schema.stdout.close()
    assert schema.stderr.read() == ""
    schema.stderr.close()
    assert schema.wait(timeout=30) == EXIT_BROKEN_PIPE


def test_ctrl_c_says_one_line_and_exits_with_130(recipe: Path, tmp_path: Path) -> None:
    log = tmp_path / "asked"
    slow = ("--set", "teacher.pause_s=0.05", "--set", f"teacher.log={log}", "--set", "target=1000")
    running = command("run", recipe, "--out", tmp_path / "out", *slow)
    while not log.exists():
        assert running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    assert running.returncode == EXIT_INTERRUPTED
    assert err.splitlines()[-1] == "interrupted; run the same command again to continue: all answers so far are stored"
    assert "Traceback" not in out + err
    assert not (tmp_path / "out").exists()


def test_once_it_is_interrupted_one_more_ctrl_c_ends_the_process_quietly(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys.modules[cli.main.__module__], "_run_command", interrupted)
    monkeypatch.setattr(sys, "warnoptions", [])
    before = signal.getsignal(signal.SIGINT)
    try:
        assert main() == EXIT_INTERRUPTED
        assert signal.getsignal(signal.SIGINT) is before
        assert cli.main() == EXIT_INTERRUPTED
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGINT, before)


KILLED = """\
import multiprocessing, signal, sys
from open_thoughts_gen import cli

def interrupted(_):
    locks.append(multiprocessing.get_context("spawn").Lock())
    raise KeyboardInterrupt

locks = []
sys.modules[cli.main.__module__]._run_command = interrupted
cli.main()
signal.raise_signal(signal.SIGINT)
"""


def test_of_what_the_last_ctrl_c_leaves_to_be_cleared_up_nothing_is_said() -> None:
    done = subprocess.run([sys.executable, "-c", KILLED], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGINT
    assert done.stderr == "interrupted; run the same command again to continue: all answers so far are stored\n"


def test_a_bug_shows_its_traceback(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(
        "from open_thoughts_gen import Filter\n"
        "class Broken(Filter):\n"
        "    def drop_reason(self, sample):\n"
        "        raise ZeroDivisionError('a bug')\n"
    )
    recipe.write_text(SUMS.replace('["tests.toy.sums:Proved"]', '["broken:Broken"]'))
    running = command("run", recipe, "--out", tmp_path / "out", PYTHONPATH=os.pathsep.join([str(ROOT), str(tmp_path)]))
    _, err = running.communicate(timeout=60)
    assert running.returncode == 1
    assert "ZeroDivisionError: a bug" in err


def run_with_faulty_verifier(recipe: Path, condition: str) -> tuple[int, str, str]:
    """Run a recipe whose second verifier raises where the condition on `question` holds."""
    (recipe.parent / "broken.py").write_text(
        "import os\n"
        "from open_thoughts_gen import Verdict, Verifier\n"
        "class Broken(Verifier):\n"
        "    def verdict(self, question, trace):\n"
        f"        if {condition}:\n"
        "            raise ZeroDivisionError('a bug with ' + os.environ['MY_API_KEY'])\n"
        "        return Verdict('broken', 'correct')\n"
    )
    recipe.write_text(SUMS.replace("verifiers: [family]", 'verifiers: [family, "broken:Broken"]'))
    path = os.pathsep.join([str(ROOT), str(recipe.parent)])
    running = command("run", recipe, "--out", recipe.parent / "out", PYTHONPATH=path, MY_API_KEY="rose-garden-91")
    out, err = running.communicate(timeout=120)
    return running.returncode, out, err


def test_a_verifier_that_fails_on_some_rows_leaves_them_undecided_and_is_reported(recipe: Path, tmp_path: Path) -> None:
    code, out, err = run_with_faulty_verifier(recipe, "question.prompt.endswith('7?')")
    assert (code, err.count("Traceback")) == (0, 0)
    shown = " ".join(out.split())
    assert "the first: broken:Broken on question" in shown
    assert "ZeroDivisionError: a bug with **********" in shown
    faults = [json.loads(line) for line in (tmp_path / "out" / "verifier_faults.jsonl").read_text().splitlines()]
    account = json.loads((tmp_path / "out" / "run.json").read_text())
    assert account["verifier_faults"]["num"] == len(faults) > 0
    assert "broken.py" in faults[0]["traceback"]
    assert not any("rose-garden" in path.read_text("utf-8", "replace") for path in tmp_path.rglob("*.json*"))


def test_a_verifier_that_fails_on_every_row_ends_the_run_and_is_named(recipe: Path, tmp_path: Path) -> None:
    code, _, err = run_with_faulty_verifier(recipe, "True")
    assert code == 2
    (line,) = err.strip().splitlines()[-1:]
    assert "'broken:Broken' failed on 11 of 11 rows" in line
    assert "rose-garden" not in line
    faults = tmp_path / "out.verifier_faults.jsonl"
    assert str(faults) in line
    assert "Traceback" in faults.read_text()
    assert not (tmp_path / "out").exists()


def test_help_without_docstrings() -> None:
    with command("--help", PYTHONOPTIMIZE="2") as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "check" in out


@pytest.mark.parametrize(
    ("words", "where", "code", "message"),
    [
        ("list source", ">&-", 0, ""),
        ("--help", ">&-", 0, ""),
        ("--help", "> /dev/full", 0, ""),  # which argparse keeps to itself
        ("list source", "> /dev/full", EXIT_USER_ERROR, "the output cannot be written: No space left on device"),
    ],
)
def test_output_that_cannot_be_written(words: str, where: str, code: int, message: str) -> None:
    line = f"{shlex.quote(sys.executable)} -m open_thoughts_gen {words} {where}"
    done = subprocess.run(line, shell=True, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert done.stderr.partition(";")[0].strip() == message


@pytest.mark.parametrize(
    ("option", "word", "message"),
    [
        ("--target", "x", "expected a whole number of 1 or more, not 'x'"),
        ("--target", "0", "expected a whole number of 1 or more, not '0'"),
        ("--seed", "1.5", "expected a whole number of 0 or more, not '1.5'"),
    ],
)
def test_what_is_not_a_number_is_refused_in_plain_words(
    option: str, word: str, message: str, recipe: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main("check", recipe, option, word)
    assert f"argument {option}: {message}" in capsys.readouterr().err


def test_an_output_folder_that_cannot_be_written_is_reported_before_the_teacher_is_asked(
    recipe: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    assert main("run", recipe, "--out", tmp_path / "file" / "out") == EXIT_USER_ERROR
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "cannot be written" in err
