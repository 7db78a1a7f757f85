"""`check` finds what can be known about a recipe without a call, and with `--live` what one cheap call shows."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.cli import main
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from tests.servers.chat_server import ChatServer, completion

ROWS = [{"prompt": f"What is {n} + {n}?", "reference": str(2 * n), "level": n % 3, "note": "x"} for n in range(7)]
RECIPE = """\
name: sums
target: 5
source: {use: files, path: rows.jsonl, fields: {prompt: prompt, reference: reference}}
teacher: {use: "tests.toy.sums:Adder"}
verifiers:
  - use: exact
publish:
  title: Sums
  purpose: To add.
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rows = "".join(json.dumps(row) + "\n" for row in ROWS)
    (tmp_path / "rows.jsonl").write_text(rows)
    return tmp_path


def check(folder: Path, text: str, *options: str) -> int:
    (folder / "sums.yaml").write_text(text)
    return main(["check", str(folder / "sums.yaml"), "--cache", str(folder / "c.sqlite"), *options])


def faults(folder: Path, text: str, capsys: pytest.CaptureFixture[str], *options: str) -> list[str]:
    assert check(folder, text, *options) == EXIT_USER_ERROR
    lines = [line.replace(f"{folder}/", "") for line in capsys.readouterr().err.splitlines()]
    if len(lines) == 1:
        return lines
    *lines, verdict = lines
    assert re.match(rf"{len(lines)} errors?, \d+ notes?$", verdict)
    return lines


def test_a_source_without_a_usable_question_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rows.jsonl").write_text("broken\n")
    (line,) = faults(folder, RECIPE, capsys)
    assert re.search(r"no source gives a usable question; 1 row could not be read: .*rows\.jsonl:1", line)


def test_the_first_question_is_shown_as_it_is_understood(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "rows.jsonl").open("a") as file:
        file.write("broken\n")
    assert check(folder, RECIPE) == 0
    out = capsys.readouterr().out
    assert "sources[0], files: 7 questions\n" in out
    assert re.search(r"1 row could not be read: .*rows\.jsonl:8", out)
    assert re.search(r"prompt +What is 0 \+ 0\?\n", out)
    assert re.search(r"reference +0\n", out)
    assert "level: 0" in out
    assert "the rows will not have what the questions' meta holds: level, note; to publish" in " ".join(out.split())


def test_who_chose_columns_is_not_told_of_the_others(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert check(folder, f"{RECIPE}  columns: {{level: int}}\n") == 0
    assert "the rows will not have" not in " ".join(capsys.readouterr().out.split())


def test_what_was_detected_about_a_file_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "rows.csv").write_text("prompt;reference\n1 + 1?;2\n")
    assert check(folder, RECIPE.replace("rows.jsonl", "rows.csv")) == 0
    assert "rows.csv: cells separated by ';'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("template", "note"),
    [
        ("{{ prompt }} Level {{ meta.level }}, {{ domain }}", "the model sees each question's domain, meta, but"),
        ("{{ prompt }} Think first.", "the published chat does not contain the text that this adds to the question"),
        ("{{ prompt }}", ""),
    ],
)
def test_what_the_model_is_told_and_the_published_chat_lacks_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str], template: str, note: str
) -> None:
    teacher = json.dumps({"use": "openai", "model": "http://127.0.0.1:9/v1#toy", "prompt": template})
    assert check(folder, RECIPE.replace('{use: "tests.toy.sums:Adder"}', teacher)) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert note in out
    assert ("sums.yaml:4: teacher.prompt: " in out) == bool(note)


def test_the_file_alone_is_checked_where_nothing_else_is_there(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "rows.jsonl").unlink()
    assert check(folder, RECIPE, "--file-only") == 0
    (line,) = faults(folder, RECIPE, capsys)
    assert line.startswith("sums.yaml:3: ")
    assert "rows.jsonl" in line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "use: exact",
            "use: exact\n    when: {levle: 1}",
            "7: verifiers[0].when.levle: no question has 'levle', so that",
        ),
        ("use: exact", "use: exact\n    when: {level: 9}", "7: verifiers[0].when: no question meets this"),
        (
            "purpose: To add.",
            "columns: {mark: string}\n  purpose: x",
            "9: publish.columns.mark: no question",
        ),
        (
            "purpose: To add.",
            "columns: {answer: string}\n  purpose: x",
            "9: publish.columns.answer: every dataset has",
        ),
        ("  purpose: To add.\n", "", "7: publish: `purpose` is missing: the dataset card (README.md) has to say what"),
        ("target: 5", "target: 5\nbudget: {usd: 1}", "3: budget.usd: `budget: usd` needs the price of tests.toy"),
    ],
)
def test_what_matches_nothing_is_a_fault_at_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    lines = faults(folder, RECIPE.replace(old, new), capsys)
    assert [line for line in lines if line.startswith(f"sums.yaml:{message}")], lines


def test_a_price_that_is_not_known_is_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RECIPE.replace('{use: "tests.toy.sums:Adder"}', '{use: openai, model: "http://127.0.0.1:9/v1#m"}')
    assert check(folder, text) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert (
        "teacher: the price of http://127.0.0.1:9/v1#m is not known; optional: add `prices: {http://127.0.0.1:9/v1#m:"
        in out
    )


def test_a_key_that_is_not_set_is_a_fault(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    text = RECIPE.replace('{use: "tests.toy.sums:Adder"}', "{use: openai, model: deepseek/deepseek-flash}")
    (line,) = faults(folder, text, capsys)
    assert line.startswith("sums.yaml:4: teacher: deepseek/deepseek-flash needs a key, and DEEPSEEK_API_KEY is not set")


def test_a_push_without_a_token_is_found_before_anything_is_paid_for(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN_PATH", str(folder / "none"))
    assert "there is no Hugging Face token" in faults(folder, RECIPE, capsys, "--push")[0]
    log = folder / "asked"
    words = ["run", str(folder / "sums.yaml"), "--out", str(folder / "out"), "--push", "--set", f"teacher.log={log}"]
    assert main(words) == EXIT_USER_ERROR
    assert main([*words[:-2], "--rehearse"]) == EXIT_USER_ERROR
    assert "--push: a rehearsal is not published; leave it out" in capsys.readouterr().err
    assert not log.exists()


def reasoned(_: Any) -> object:
    return completion("42", reasoning_content="17 and 25 are 42.")


def test_live_makes_one_call_to_each_endpoint(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ChatServer(answer=reasoned) as teacher, ChatServer(answer=lambda _: completion("42")) as judge:
        text = RECIPE.replace('{use: "tests.toy.sums:Adder"}', f'{{use: openai, model: "{teacher.spec}"}}')
        text = text.replace("use: exact", f'use: first_decided\n    of: [exact, {{use: judge, model: "{judge.spec}"}}]')
        assert check(folder, text, "--live") == 0
        assert (len(teacher.asked), len(judge.asked)) == (1, 1)
        out = capsys.readouterr().out
        assert re.search(re.escape(teacher.spec) + r": answered in [\d.]+ s, 17 characters of reasoning, ", out)
        assert re.search(re.escape(judge.spec) + r": answered in [\d.]+ s, no reasoning, ", out)
        assert check(folder, text) == 0
        assert len(teacher.asked) == 1


def test_live_reports_a_key_that_is_refused_and_reasoning_that_is_not_read(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(answer=lambda _: completion("42")) as server:
        text = RECIPE.replace(
            '{use: "tests.toy.sums:Adder"}', f'{{use: openai, model: "{server.spec}", reasoning: true}}'
        )
        (line,) = faults(folder, text, capsys, "--live")
        assert line.startswith(f"sums.yaml:4: teacher: {server.spec} gave no reasoning")
    with ChatServer(answer=reasoned, key="sk-other") as server:
        text = RECIPE.replace('{use: "tests.toy.sums:Adder"}', f'{{use: openai, model: "{server.spec}"}}')
        (line,) = faults(folder, text, capsys, "--live")
        assert line.startswith("sums.yaml:4: teacher: ")
        assert "401" in line


@pytest.mark.parametrize("temperature", [0, 0.7])
def test_what_becomes_of_copies_is_said(folder: Path, capsys: pytest.CaptureFixture[str], temperature: float) -> None:
    source = "{use: files, path: rows.jsonl, fields: {prompt: prompt, reference: reference}}"
    text = RECIPE.replace(source, f"{{use: mix, of: [{source}], num: 20, short: repeat}}")
    text = text.replace(
        '{use: "tests.toy.sums:Adder"}', f"{{use: openai, model: ollama/m, temperature: {temperature}}}"
    )
    assert check(folder, text.replace("verifiers:", "question_filters: [near_dedup]\nverifiers:")) == 0
    said = capsys.readouterr().out
    assert "question_filters[0]: this leaves out every copy of a question that a source repeats" in said
    assert ("teacher: this teacher has no further answer to a question" in said) == (temperature == 0)
    assert check(folder, text.replace("short: repeat", "short: leave")) == 0
    said = capsys.readouterr().out
    assert "every copy" not in said
    assert "no further answer" not in said


def test_a_share_on_a_scale_of_a_hundred_is_a_fault(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = RECIPE.replace("verifiers:", "question_filters: [{use: near_dedup, threshold: 0.85}]\nverifiers:")
    (line,) = faults(folder, text, capsys)
    assert line.startswith("sums.yaml:5: question_filters[0].threshold: ")
    assert "did you mean 85?" in line


@pytest.mark.parametrize(
    ("teacher", "verifier", "is_noted"),
    [
        ("system: 'Answer in <answer> tags, as <answer>4</answer>.'", "{use: format}", True),
        ("prompt: '{{ prompt }} Use <answer></answer>.'", "{use: all_of, of: [exact, {use: format}]}", True),
        ("system: 'Use <answer></answer>.'", "{use: format, answer: tags}", False),
        ("system: 'Use <answer></answer>.'", "{use: format, instruction: 'Use <answer></answer>.'}", False),
        ("system: 'Think in <think></think>.'", "{use: format}", False),
    ],
)
def test_a_form_that_the_teacher_is_asked_for_and_a_verifier_refuses_is_noted(
    folder: Path, capsys: pytest.CaptureFixture[str], teacher: str, verifier: str, is_noted: bool
) -> None:
    text = RECIPE.replace('{use: "tests.toy.sums:Adder"}', f"{{use: openai, model: ollama/m, {teacher}}}")
    assert check(folder, text.replace("- use: exact", f"- {verifier}")) == 0
    said = "sums.yaml:6: verifiers[0]: the teacher is asked for <answer>, </answer>, which counts as a fault of form"
    assert (said in capsys.readouterr().out) == is_noted


def test_a_model_that_writes_questions_or_filters_them_is_not_asked_and_its_price_is_said(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(answer=lambda body: completion("4")) as server:
        spec = json.dumps(server.spec)
        text = RECIPE.replace(
            "source: {use: files, path: rows.jsonl, fields: {prompt: prompt, reference: reference}}",
            f"source: {{use: write, how: harder, model: {spec}, seeds: {{use: files, path: rows.jsonl}}}}\n"
            f"question_filters: [{{use: difficulty, model: {spec}, min: 3}}]",
        )
        assert check(folder, text) == 0
        assert server.asked == []
        said = capsys.readouterr()
        assert "sources[0], write from files: 7 seeds" in said.out
        assert "the first seed, as it was read:\n  prompt    What is 0 + 0?" in said.out
        (folder / "rows.jsonl").write_text("broken\n")
        line = "sums.yaml:3: source: there is nothing to write questions from; unreadable line"
        assert line in faults(folder, text, capsys)
    assert "sources[0], write: not read for this check" in said.out
    assert "are written by" in said.out + said.err
    for part in ("source", "question_filters[0]"):
        assert f"{part}: the price of" in said.out + said.err
