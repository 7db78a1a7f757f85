"""Licenses: derived, stated or refused; what conflicts is a fault, and who overrides it says why."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.cli.program import EXIT_USER_ERROR
from open_thoughts_gen.recipe import Publish
from open_thoughts_gen.recipe.licensing import (
    Material,
    asks_of,
    license_of,
    materials_of,
    proposed,
    source_material,
    teacher_license,
    teacher_material,
    terms_of,
)
from open_thoughts_gen.types import Question, Sample, Trace

GENERATED = source_material("family:statutes", "cc0-1.0", 3)
SOLVER = teacher_material("solver", num_rows=3)


def materials(*licenses: str, teacher: str = "solver") -> list[Material]:
    return [*(source_material(f"files:{i}.jsonl", name) for i, name in enumerate(licenses)), teacher_material(teacher)]


@pytest.mark.parametrize(
    ("licenses", "teacher", "expected"),
    [
        (["cc0-1.0"], "solver", "cc0-1.0"),
        (["cc0-1.0", "pddl"], "deepseek/deepseek-flash", "cc0-1.0"),
        (["apache-2.0"], "solver", "apache-2.0"),
        (["apache-2.0", "cc0-1.0"], "gpt-oss-120b", "apache-2.0"),
        (["apache-2.0", "mit"], "solver", "cc-by-4.0"),
        (["cc-by-sa-4.0", "mit"], "solver", "cc-by-sa-4.0"),
        (["cc-by-sa-3.0"], "solver", "cc-by-sa-4.0"),
        (["cc-by-nc-3.0", "mit"], "solver", "cc-by-nc-4.0"),
        (["cc-by-nc-sa-3.0", "cc-by-nc-4.0"], "solver", "cc-by-nc-sa-4.0"),
        (["cc0-1.0"], "together/meta-llama/Llama-3.3-70B-Instruct-Turbo", "llama3.3"),
        (["cc0-1.0"], "openai/gpt-5", "cc-by-nc-4.0"),
        (["mit"], "openrouter/anthropic/claude-opus-5", "cc-by-nc-4.0"),
        (["cc-by-sa-4.0", "cc-by-nc-4.0"], "solver", ""),
        (["cc-by-sa-4.0", "gpl-3.0"], "solver", ""),
        (["cc-by-sa-4.0"], "openai/gpt-5", ""),
        (["cc-by-nd-4.0"], "solver", ""),
    ],
)
def test_the_proposed_license_satisfies_all_or_there_is_none(licenses: list[str], teacher: str, expected: str) -> None:
    made_of = materials(*licenses, teacher=teacher)
    assert proposed(made_of) == expected
    derived = license_of(Publish(), made_of)
    assert derived.license == (expected or "unknown")
    assert bool(derived.faults) == (not expected)


def test_what_is_proposed_never_conflicts() -> None:
    names = (
        "cc0-1.0",
        "mit",
        "cc-by-4.0",
        "cc-by-sa-4.0",
        "cc-by-nc-4.0",
        "cc-by-nc-sa-4.0",
        "odbl",
        "llama3.1",
        "gemma",
    )
    for chosen in itertools.chain(itertools.combinations(names, 1), itertools.combinations(names, 2)):
        made_of = materials(*chosen)
        if name := proposed(made_of):
            assert license_of(Publish.model_validate({"license": name}), made_of).conflicts == ()


@pytest.mark.parametrize(
    ("publish", "message", "hint"),
    [
        (
            {"license": "cc0-1.0"},
            "(cc-by-sa-4.0) ask for attribution and the same license, which cc0-1.0 does not",
            "write `license: cc-by-sa-4.0`, leave these rows out, or say in `license_override:`",
        ),
        ({"license": "mit"}, "ask for the same license, which mit does not", "write `license: cc-by-sa-4.0`"),
    ],
)
def test_a_conflict_is_a_fault_with_the_license_that_would_do(publish: dict[str, str], message: str, hint: str) -> None:
    licensing = license_of(Publish.model_validate(publish), materials("cc-by-sa-4.0"))
    assert len(licensing.faults) == 1
    assert message in licensing.faults[0]
    assert licensing.hint.startswith(hint)
    assert licensing.license == publish["license"]


def test_an_override_keeps_the_conflict_in_sight() -> None:
    publish = Publish.model_validate({"license": "mit", "license_override": "The owner of the questions agreed."})
    licensing = license_of(publish, materials("cc-by-sa-4.0"))
    assert licensing.faults == ()
    assert len(licensing.conflicts) == 1
    assert licensing.override == "The owner of the questions agreed."


@pytest.mark.parametrize("override", ["", "I may."])
def test_no_license_is_no_license_whatever_the_override_says(override: str) -> None:
    licensing = license_of(Publish(license_override=override), materials("", teacher="some/model"))
    (fault,) = licensing.faults
    assert licensing.license == "unknown"
    assert fault == (
        "no license is stated, and none follows: the questions of files:0.jsonl (no license is known); the text of the "
        "teacher some/model (no license is known)"
    )


def test_what_is_unknown_does_not_stand_against_a_stated_license() -> None:
    licensing = license_of(Publish(license="mit"), materials("", "own-terms", teacher="some/model"))
    assert (licensing.license, licensing.conflicts) == ("mit", ())


def test_a_recipe_says_under_what_an_unknown_teacher_writes() -> None:
    assert teacher_license("some/model") is None
    assert teacher_license("some/model", "cc-by-4.0") == "cc-by-4.0"
    made_of = [GENERATED, teacher_material("some/model", "cc-by-4.0")]
    assert license_of(Publish(), made_of).license == "cc-by-4.0"


@pytest.mark.parametrize(
    ("teacher", "terms"),
    [
        ("solver", "cc0-1.0"),
        ("deepseek/deepseek-flash", "deepseek-terms"),
        ("together/deepseek-ai/DeepSeek-R1", "mit"),
        ("together/deepseek-ai/DeepSeek-R1-Distill-Llama-70B", "llama3.3"),
        ("groq/llama-3.1-8b-instant", "llama3.1"),
        ("openrouter/meta-llama/llama-3-8b-instruct", "llama3"),
        ("openrouter/openai/gpt-oss-120b", "apache-2.0"),
        ("openai/o3", "openai-terms"),
        ("openrouter/openai/gpt-5.1", "openai-terms"),
        ("gemini/gemini-3.1-pro-preview", "gemini-terms"),
        ("openrouter/qwen/qwen3-235b-a22b-thinking", "apache-2.0"),
        ("ollama/qwen3:8b", "apache-2.0"),
        ("dashscope/qwen3-max", ""),
        ("qwen/qwen-max", ""),
        ("http://127.0.0.1:1/v1#teacher", ""),
        ("solver-of-somebody-else", ""),
    ],
)
def test_the_terms_of_a_teacher_are_known_by_its_name_or_not_at_all(teacher: str, terms: str) -> None:
    assert terms_of(teacher).terms == terms


def test_all_that_terms_ask_for_is_known() -> None:
    known = {"attribution", "non-commercial"}
    assert all(name in known or asks_of(name) for name in terms_of("openai/gpt-5").asks | terms_of("llama-4").asks)


def test_materials_are_counted_by_row() -> None:
    def sample(license_id: str, teacher: str) -> Sample:
        question = Question(f"{license_id} {teacher}", None, "law", "files:a.jsonl", license_id, {})
        return Sample(question, Trace(question.id, 0, teacher, "", "x"), (), None)

    rows = [sample("mit", "solver"), sample("mit", "openai/gpt-5"), sample("", "openai/gpt-5")]
    rows.append(replace(rows[0], trace=None))
    assert [(m.what, m.license, m.num_rows) for m in materials_of(rows)] == [
        ("questions", "mit", 3),
        ("questions", "", 1),
        ("text", "openai-terms", 2),
        ("text", "cc0-1.0", 1),
    ]


RECIPE = """
name: sums
source: {{use: files, path: q.jsonl{source}}}
decontaminate: false
teacher: {{use: rehearsal}}
publish:
  purpose: To add.
{publish}
"""


def written(folder: Path, *, source: str = "", publish: str = "") -> str:
    (folder / "q.jsonl").write_text('{"prompt": "1 + 1?"}\n')
    (folder / "r.yaml").write_text(RECIPE.format(source=source, publish=publish))
    return str(folder / "r.yaml")


def test_check_reports_a_conflict_at_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = written(tmp_path, source=", license: cc-by-sa-4.0", publish="  license: cc0-1.0")
    assert main(["check", recipe, "--cache", str(tmp_path / "c")]) == EXIT_USER_ERROR
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{recipe}:8: publish.license: the questions of files:q.jsonl (cc-by-sa-4.0) ask for ")


def test_run_refuses_a_conflict_before_anything_is_answered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = written(tmp_path, source=", license: cc-by-sa-4.0", publish="  license: cc0-1.0")
    words = ["run", recipe, "--out", str(tmp_path / "run"), "--cache", str(tmp_path / "c")]
    assert main(words) == EXIT_USER_ERROR
    assert "write `license: cc-by-sa-4.0`" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert not (tmp_path / "c").exists()


def test_that_no_license_follows_is_a_note_until_it_is_to_be_pushed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    recipe = written(tmp_path)
    assert main(["check", recipe, "--cache", str(tmp_path / "c")]) == 0
    assert "note: " in capsys.readouterr().out
    assert main(["check", recipe, "--push", "--cache", str(tmp_path / "c")]) == EXIT_USER_ERROR
    assert "no license is stated, and none follows" in capsys.readouterr().err
