"""`evaluate` from outside: models on a loopback server, asked the questions of a run, a file, a dataset on the Hub."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml

from open_thoughts_gen import cli
from open_thoughts_gen.cache.store import ResponseCache
from open_thoughts_gen.cli.program import EXIT_BELOW_TARGET, EXIT_INTERRUPTED, EXIT_USER_ERROR
from open_thoughts_gen.publish.evaluation import EvaluationRecord, read_evaluation, with_section
from open_thoughts_gen.publish.hub import push
from tests.interruptible import python
from tests.servers.chat_server import Body, ChatServer, Fault, completion
from tests.servers.hub_server import Hub, Repo, pointed_at, serving

NUM = 12
RECIPE = """\
name: sums
source: {use: files, path: questions.jsonl, fields: {prompt: question, reference: answer, domain: field}}
teacher: {use: 'tests.toy.sums:Adder'}
question_filters: []
decontaminate: false
verifiers: [exact]
publish: {title: Sums, license: cc0-1.0, columns: {level: int}, rl: true}
"""


def questions() -> list[dict[str, Any]]:
    return [
        {
            "question": f"What is {i} plus {i}?",
            "answer": str(2 * i),
            "field": "odd" if i % 2 else "even",
            "level": i % 3,
        }
        for i in range(NUM)
    ]


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of twelve sums; nobody writes into it."""
    folder = tmp_path_factory.mktemp("sums")
    (folder / "questions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in questions()))
    (folder / "sums.yaml").write_text(RECIPE)
    with chdir(folder):
        assert main("run", "sums.yaml", "--out", "run", "--cache", "cache.sqlite") == 0
    return folder


@pytest.fixture
def run(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run, with a cache of its own."""
    shutil.copytree(finished_run, tmp_path / "sums")
    monkeypatch.chdir(tmp_path / "sums")
    monkeypatch.setenv("OPEN_THOUGHTS_CACHE", str(tmp_path / "responses.sqlite"))
    return tmp_path / "sums" / "run"


def main(*words: object) -> int:
    return cli.main([str(word) for word in words])


def adds(body: Body) -> object:
    """Add; the model `weak` is wrong about multiples of four, `silly` says nothing that can be read."""
    sides = [int(number) for number in re.findall(r"\d+", body["messages"][-1]["content"])]
    wrong = body["model"] == "weak" and sides[0] % 4 == 0
    return completion("Hm\nand so" if body["model"] == "silly" else f"Answer: {sum(sides) + wrong}")


@pytest.fixture
def server() -> Iterator[ChatServer]:
    with ChatServer(answer=adds) as each:
        yield each


def record(folder: Path) -> EvaluationRecord:
    evaluation = read_evaluation(folder)
    assert evaluation is not None
    return evaluation


def test_models_are_asked_judged_compared_and_written_into_the_card(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    models = [f"{server.url}#{name}" for name in ("m", "weak", "silly")]
    words = [word for model in models for word in ("--model", model)]
    assert main("evaluate", run, *words, "--samples", 2, "--set", "teacher.seed=1") == 0
    evaluation = record(run)
    m, weak, silly = (result.overall for result in evaluation.models)
    assert (m.correct, m.incorrect, m.undecided, m.failed) == (24, 0, 0, 0)
    assert (weak.correct, weak.incorrect, weak.pass_at[1].value, weak.pass_at[2].value) == (18, 6, 0.75, 0.75)
    assert (silly.undecided, silly.pass_at, silly.at_least and silly.at_least.value) == (24, {}, 0.0)
    groups = {group.name: group.pass_at[1].value for group in evaluation.models[1].groups["domain"]}
    assert groups == {"even": 0.5, "odd": 1.0}
    assert [group.name for group in evaluation.models[0].groups["level"]] == ["0", "1", "2"]
    assert [(each.first, each.second, each.by.value) for each in evaluation.differences] == [(*models[:2], 0.25)]
    out = " ".join(capsys.readouterr().out.split())
    assert "weak 75.0 % (47 to 91)" in out
    assert "+25.0 points" in out

    card = (run / "dataset" / "README.md").read_text()
    assert "| `weak` | seed 1 | 24 | 75.0 % (46.8 to 91.1) |" in card
    assert server.url not in card
    best = (
        "The best of 2 models we asked, `m`, is right on **100 % (75.8 to 100.0)** of 12 questions of the split `train`"
    )
    assert card.count(best) == 1
    assert card.index(best) < card.index("| Rows |")
    assert card.index("## Contamination") < card.index("## Evaluation") < card.index("## Fields")
    benchmark = yaml.safe_load((run / "dataset" / "eval.yaml").read_text())
    assert benchmark["evaluation_framework"] == "inspect-ai"
    assert benchmark["tasks"][0]["field_spec"] == {"input": "question", "target": "reference"}
    outputs = json.loads((run / "run.json").read_text())["outputs"]
    assert {"evaluation.json", "dataset/eval.yaml", "dataset/README.md"} <= outputs.keys()

    num_asked = len(server.asked)
    assert main("evaluate", run, *words, "--samples", 2, "--set", "teacher.seed=1") == 0
    assert len(server.asked) == num_asked, "what was answered is not asked again"


def test_a_later_run_keeps_the_evaluation_of_its_questions_and_drops_it_from_the_card_of_others(
    run: Path, server: ChatServer
) -> None:
    assert main("evaluate", run, "--model", server.spec) == 0
    before = {path.name: path.read_bytes() for path in (run / "dataset").glob("*.*")}
    assert main("run", "sums.yaml", "--out", "run") == 0
    assert {path.name: path.read_bytes() for path in (run / "dataset").glob("*.*")} == before
    assert (run / "evaluation.json").is_file()
    assert main("run", "sums.yaml", "--out", "run", "--set", "max_questions=5") == 0
    assert "## Evaluation" not in (run / "dataset" / "README.md").read_text()
    assert not (run / "dataset" / "eval.yaml").exists()
    assert (run / "evaluation.json").is_file(), "it is kept all the same"


def test_what_a_person_wrote_into_the_card_stays(run: Path, server: ChatServer) -> None:
    card = run / "dataset" / "README.md"
    card.write_text(card.read_text().replace("## Fields", "## By hand\n\nOurs.\n\n## Fields", 1) + "\nAt the end.\n")
    for spec in (server.spec, f"{server.url}#weak"):
        assert main("evaluate", run, "--model", spec) == 0
    text = card.read_text()
    assert "## By hand\n\nOurs.\n" in text
    assert text.endswith("\nAt the end.\n")
    assert text.count("## Evaluation") == 1
    assert "`weak`" in text
    assert "`m`" not in text


def test_a_push_takes_the_evaluation_along_and_leaves_what_a_person_wrote_there(run: Path, server: ChatServer) -> None:
    with serving(lfs=False) as hub:
        push(run, repo="tester/sums", env=hub.env())
        files = hub.repos["tester/sums"].files
        files["README.md"] += b"\n## By hand\n\nOurs.\n"
        hub.repos["tester/sums"].commit()
        assert main("evaluate", run, "--model", server.spec) == 0
        pushed = push(run, repo="tester/sums", env=hub.env())
    assert set((*pushed.plan.added, *pushed.plan.replaced)) - {".open_thoughts_gen.json"} == {"README.md", "eval.yaml"}
    text = hub.repos["tester/sums"].files["README.md"].decode()
    assert text.index("## Evaluation") < text.index("## Fields") < text.index("## By hand\n\nOurs.\n")


def test_questions_are_chosen_by_conditions_and_by_number(run: Path, server: ChatServer) -> None:
    assert main("evaluate", run, "--model", server.spec, "--where", "domain=[odd, none]", "--num", 3) == 0
    first = set(server.prompts)
    assert len(first) == 3
    assert all(int(prompt.split()[2]) % 2 for prompt in first)
    assert main("evaluate", run, "--model", server.spec, "--where", "domain=odd", "--num", 5) == 0
    assert first < set(server.prompts)
    assert len(server.asked) == 5
    assert record(run).chosen == "domain=odd, chosen by chance from 6"


def test_a_budget_that_runs_out_leaves_an_honest_part(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    price = ", ".join(f"'{server.url}#{name}': {{input: 1000, output: 1000}}" for name in ("m", "weak"))
    words = ["--model", server.spec, "--model", f"{server.url}#weak", "--set", f"prices={{{price}}}"]
    assert main("evaluate", run, *words, "--set", "budget.usd=0.36") == EXIT_BELOW_TARGET  # an answer costs 0.018
    first, second = record(run).models
    assert 0 < first.num_asked < NUM == first.num_samples
    assert 0 < second.num_asked < NUM
    assert len(server.asked) * 0.018 <= 0.36
    note = f"was asked {first.num_asked} of {NUM} samples: the budget of $0.18 leaves no room for another call"
    assert note in " ".join(capsys.readouterr().out.split())
    assert note.partition(":")[0] in (run / "dataset" / "README.md").read_text().replace("\n", " ")
    assert main("evaluate", run, *words, "--set", "budget.usd=10") == 0
    assert max(Counter((asked.prompt, asked.body["model"]) for asked in server.asked).values()) == 1


def test_calls_that_fail_are_neither_right_nor_wrong(run: Path) -> None:
    fault = Fault(status=500, body=b"{}")
    with ChatServer(answer=adds, fault=lambda prompt, nth: fault if "is 4 " in prompt else None) as server:
        assert main("evaluate", run, "--model", server.spec, "--set", "teacher.max_retries=0") == 0
    overall = record(run).models[0].overall
    assert (overall.correct, overall.failed, overall.pass_at[1].num_questions) == (NUM - 1, 1, NUM - 1)
    assert overall.at_least is not None
    assert overall.at_least.value == (NUM - 1) / NUM


def test_an_endpoint_that_is_gone_costs_the_other_models_nothing(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer() as gone:
        spec = gone.spec
    words = ("--model", spec, "--model", server.spec, "--set", "teacher.contact_s=0.1")
    assert main("evaluate", run, *words) == EXIT_USER_ERROR
    assert [result.model for result in record(run).models] == [server.spec]
    err = capsys.readouterr().err
    assert f"{spec} is not evaluated: " in err
    assert "Traceback" not in err


def test_an_endpoint_that_is_lost_on_the_way_leaves_the_part_that_was_answered(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused, good = Fault(status=401, body=b"{}"), 5
    came: list[str] = []

    def fault(prompt: str, nth: int) -> Fault | None:
        came.append(prompt)
        return refused if len(came) > good else None

    with ChatServer(answer=adds, fault=fault) as server:
        words = ("--model", server.spec, "--set", "teacher.concurrency=1")
        assert main("evaluate", run, *words) == EXIT_USER_ERROR
        (result,) = record(run).models
        assert (result.num_asked, result.num_samples, result.overall.correct) == (good, NUM, good)
        shown = capsys.readouterr()
        assert f"was asked {good} of {NUM} samples: " in " ".join(shown.out.split())
        assert f"{server.spec} is evaluated in part: " in shown.err
        assert "run the same command again for the rest: what was answered is stored" in shown.err
        assert "was asked 5 of 12 samples" in (run / "dataset" / "README.md").read_text()
        answered = {asked.prompt for asked in server.asked if asked.answered}
        good = 1000
        del server.asked[:]
        assert main("evaluate", run, *words) == 0
        assert len(answered) == 5
        assert answered.isdisjoint(server.prompts), "what was answered is not asked again"
    assert record(run).models[0].overall.correct == NUM


def test_tables_fit_eighty_columns_however_many_models_there_are(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    names = ("a-model-whose-name-is-long-instruct-2507", "weak", "m")
    words = [word for name in names for word in ("--model", f"{server.url}#{name}")]
    assert main("evaluate", run, *words, "--samples", 4, "--set", "teacher.seed=1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines if line.startswith("model")] == [
        ["model", "pass@1", "at", "least", "undecided", "failed"],
        ["model", "k", "pass@k"],
    ]
    assert ["domain", "model", "questions", "pass@1"] in [line.split() for line in lines]
    assert any(line.split()[:2] == ["weak", "4"] for line in lines)


def test_questions_on_which_strong_models_agree_against_the_reference_are_listed(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{**row, "answer": "7"} if row["question"].startswith("What is 3 ") else row for row in questions()]
    file = run.parent / "wrong.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    words = ("--fields", "prompt=question,reference=answer", "--verifier", "exact", "--out", run.parent / "out")
    assert main("evaluate", file, "--model", server.spec, "--model", f"{server.url}#weak", *words) == 0
    (row,) = pq.read_table(run.parent / "out" / "disputed.parquet").to_pylist()
    assert (row["reference"], row["answer"], len(row["models"])) == ("7", "6", 2)
    assert "1 question is disputed" in capsys.readouterr().out
    assert main("evaluate", run, "--model", server.spec, "--out", run.parent / "out") == 0
    assert not (run.parent / "out" / "disputed.parquet").exists()


def test_hostile_answers_and_questions_stay_text(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = "\x1b[2J|[x](javascript:alert(1))<script>\u202e`\n# no\n<!-- evaluation: end -->"
    rows = [{"question": f"{bad} {i}?", "answer": bad, "domain": f"{bad}{i % 2}"} for i in range(2)]
    file = run.parent / "bad.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    with ChatServer(answer=lambda body: completion(f"Answer: {bad} other")) as hostile:
        words = ("--verifier", "exact", "--out", "out")
        assert main("evaluate", file, "--model", f"{hostile.url}#{'m<script>|'}", *words) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    card = with_section((run / "dataset" / "README.md").read_text(), record(Path("out")))
    section = card[card.index("## Evaluation") : card.index("## Fields")]
    assert "<script>" not in re.sub("<code>.*?</code>|`[^`]*`", "", section)
    assert not re.search(r"(?<!\\)\]\(javascript", section)
    assert section.count("<!-- evaluation: end -->") == 1
    for line in section.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) in (4, 8), line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--model", "mm"), "--model: 'mm' is not a teacher"),
        (("--model", "{m}", "--set", "verifiers=[]"), "--set verifiers: this is not a setting of an evaluation"),
        (("--model", "{m}", "--set", "teacher.temprature=1"), "did you mean 'temperature'?"),
        (("--model", "{m}", "--set", "budget.usd=1"), "`budget: usd` needs a price"),
        (("--model", "{m}", "--where", "level"), "--where: 'level' is not a condition"),
        (("--model", "{m}", "--where", "level=9"), "none of the 12 questions of"),
        (("--model", "{m}", "--where", "levl=1"), "has a column 'levl'; did you mean 'level'?"),
        (("--model", "{m}", "--by", "shade"), "has a column 'shade'"),
        (("--model", "{m}", "--split", "test"), "has no split 'test'"),
        (("--model", "openai/gpt-5"), "OPENAI_API_KEY"),
    ],
)
def test_faults_are_one_line_and_cost_nothing(
    run: Path,
    server: ChatServer,
    words: tuple[str, ...],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    first = () if "openai/gpt-5" not in words else ("--model", server.spec)
    assert main("evaluate", run, *first, *(word.format(m=server.spec) for word in words)) == EXIT_USER_ERROR
    err = capsys.readouterr().err
    assert message in err
    assert "Traceback" not in err
    assert server.asked == []


def test_a_dataset_that_no_verifier_judges_is_refused(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    file = run.parent / "questions.jsonl"
    assert main("evaluate", file, "--model", server.spec) == EXIT_USER_ERROR
    assert "names no verifier" in capsys.readouterr().err
    nested = "all_of:{of: [exact]}"
    other = run.parent / "law.yaml"
    other.write_text(RECIPE.replace("[exact]", "[{use: exact, when: {domain: law}}]"))
    assert main("evaluate", file, "--model", server.spec, "--with", other) == EXIT_USER_ERROR
    assert "no verifier judges any of the 12 questions" in capsys.readouterr().err
    assert main("evaluate", file, "--model", server.spec, "--verifier", nested, "--out", run.parent / "out") == 0
    assert server.asked


def test_rows_that_name_their_verifiers_need_no_recipe(run: Path, server: ChatServer) -> None:
    assert main("reward", run, "--out", "rl", "--format", "jsonl") == 0
    lines = (run.parent / "rl" / "train.jsonl").read_text().splitlines()
    folder = run.parent / "split" / "data"
    folder.mkdir(parents=True)
    for split, rows in (("train", lines[:3]), ("test", lines[3:8])):
        (folder / f"{split}-00000-of-00001.jsonl").write_text("\n".join(rows))
    assert main("evaluate", "split", "--model", server.spec, "--out", "out") == 0
    evaluation = record(Path("out"))
    assert (evaluation.split, evaluation.num_questions, evaluation.verifiers) == ("test", 5, ["exact"])
    assert evaluation.models[0].overall.correct == 5
    assert main("evaluate", "split", "--model", server.spec, "--split", "train", "--out", "out") == 0
    assert record(Path("out")).num_questions == 3


def hub_files(run: Path) -> dict[str, bytes]:
    dataset = run / "dataset"
    return {file.relative_to(dataset).as_posix(): file.read_bytes() for file in dataset.rglob("*") if file.is_file()}


def test_a_dataset_on_the_hub_is_judged_by_the_verifiers_that_it_names(
    run: Path, server: ChatServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(lfs=False) as hub, pointed_at(hub):
        publish(hub, "tester/sums", hub_files(run))
        assert main("evaluate", "tester/sums", "--model", f"{server.url}#weak") == 0
        evaluation = record(Path("evaluations/tester--sums"))
        assert evaluation.models[0].overall.pass_at[1].value == 0.75
        assert (evaluation.dataset, evaluation.split, evaluation.verifiers) == ("tester/sums", "train", ["exact"])
        level = {group.name for group in evaluation.models[0].groups["level"]}
        assert level == {"0", "1", "2"}
        num_asked = len(server.asked)
        recipe = yaml.safe_load((run / "dataset" / "recipe.yaml").read_text())
        card = (run / "dataset" / "README.md").read_text()
        head = yaml.safe_load(card.split("---\n")[1])
        head["configs"] = [each for each in head["configs"] if each["config_name"] != "rl"]
        del head["dataset_info"]
        files = {path: content for path, content in hub_files(run).items() if not path.startswith("rl/")}
        files["README.md"] = f"---\n{yaml.safe_dump(head)}---\n".encode()
        publish(hub, "tester/plain", files)
        assert main("evaluate", "tester/plain", "--model", f"{server.url}#weak") == 0
        assert len(server.asked) == num_asked, "the same questions are the same calls"
        recipe["verifiers"] = [{"use": "judge", "model": server.spec}]
        publish(hub, "tester/hostile", {**files, "recipe.yaml": yaml.safe_dump(recipe).encode()})
        assert main("evaluate", "tester/hostile", "--model", f"{server.url}#weak") == EXIT_USER_ERROR
    assert "a row names the verifier 'judge'" in capsys.readouterr().err
    assert len(server.asked) == num_asked


def publish(hub: Hub, name: str, files: dict[str, bytes]) -> None:
    repo = hub.repos[name] = Repo(files=files)
    repo.commit()


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_what_ctrl_c_or_a_kill_leaves_is_not_asked_again(run: Path, how: signal.Signals) -> None:
    with ChatServer(answer=adds, latency_s=0.3) as server:
        words = ["-m", "open_thoughts_gen", "evaluate", str(run), "--model", server.spec, "--samples", "2"]
        words += ["--set", "teacher.concurrency=2", "--set", "teacher.seed=0"]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        before = (run / "dataset" / "README.md").read_bytes()
        with subprocess.Popen(python(*words), env=environment, stderr=subprocess.PIPE, text=True) as process:
            while len(server.asked) < 8:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(how)
            process.communicate(timeout=60)
        assert process.returncode == (EXIT_INTERRUPTED if how == signal.SIGINT else -signal.SIGKILL)
        assert not (run / "evaluation.json").exists()
        assert (run / "dataset" / "README.md").read_bytes() == before
        server.wait_until_idle()
        with ResponseCache(Path(os.environ["OPEN_THOUGHTS_CACHE"])) as cache:
            lost = len(server.asked) - cache.stats().num_responses
        # Of two calls at a time: those on the wire, and those that were being stored while the next were sent.
        assert lost == 0 if how == signal.SIGINT else lost <= 2 * 2
        assert main("evaluate", *words[3:]) == 0
        assert len(server.asked) == 2 * NUM + lost
    assert record(run).models[0].overall.correct == 2 * NUM
