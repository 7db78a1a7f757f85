"""Collections of programming problems as rows of one schema, down to a program that is judged by their tests."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import pickle
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.errors import UserError
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.sources.files import Files
from open_thoughts_gen.tables.code_problems import COLUMNS, LAYOUTS, LayoutName, problem_of
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers.code import Code
from open_thoughts_gen.verifiers.code.cases import read_tests

ASKED = "Print twice the number."
IO = json.dumps({"inputs": ["1\n", "4\n"], "outputs": ["2\n", "8\n"]})
STDIN = "print(int(input()) * 2)"
DOUBLE = "def double(x):\n    return x * 2\n"
HIDDEN = json.dumps([{"input": "4", "output": "8", "testtype": "functional"}])
PAIRS = [{"input": "1\n", "output": "2\n"}, {"input": "4\n", "output": "8\n"}]


def packed(value: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


ROWS: dict[LayoutName, tuple[dict[str, Any], str]] = {
    "apps": (
        {"problem_id": 7, "question": ASKED, "solutions": json.dumps([STDIN]), "input_output": IO, "starter_code": "",
         "difficulty": "interview", "url": "https://codeforces.com/problemset/problem/1/A"},
        STDIN,
    ),
    "taco": (
        {"question": ASKED, "solutions": "[]", "input_output": json.dumps({"fn_name": "double", "inputs": [[1], [4]],
         "outputs": [[2], [8]]}), "starter_code": "def double(x):", "difficulty": "EASY", "tags": "['Math', 'Strings']",
         "source": "geeksforgeeks", "name": None, "url": None},
        DOUBLE,
    ),
    "code_contests": (
        {"name": "1_A. Twice", "description": ASKED, "public_tests": {"input": ["1\n"], "output": ["2\n"]},
         "private_tests": {"input": [], "output": []}, "generated_tests": {"input": ["4\n"], "output": ["8\n"]},
         "source": 2, "difficulty": 7, "solutions": {"language": [2, 3], "solution": ["int main", STDIN]},
         "input_file": "", "output_file": "", "cf_rating": 800, "cf_tags": ["math"]},
        STDIN,
    ),
    "codeforces": (
        {"id": "1/A", "contest_id": "1", "index": "A", "title": "Twice", "description": ASKED,
         "input_format": "One number.", "output_format": "Its double.",
         "interaction_format": None, "note": None, "examples": PAIRS[:1], "rating": 800,
         "official_tests": PAIRS, "official_tests_complete": True, "input_mode": "stdio", "generated_checker": None},
        STDIN,
    ),
    "codeforces_submissions": (
        {"name": "1A", "problem-description": ASKED, "input-specification": "One number.",
         "output-specification": "Its double.",
         "demo-input": ["1"], "demo-output": ["2"], "test_cases": PAIRS, "rating": 800, "verdict": "OK", "code": STDIN,
         "programmingLanguage": "Python 3"},
        STDIN,
    ),
    "livecodebench": (
        {"question_title": "twice", "question_content": ASKED, "platform": "leetcode", "difficulty": "easy",
         "starter_code": "class Solution:\n    def double(self, x: int) -> int:\n        ",
         "metadata": '{"func_name": "double"}',
         "public_test_cases": '[{"input": "1", "output": "2", "testtype": "functional"}]',
         "private_test_cases": packed(HIDDEN)},
        "class Solution:\n    def double(self, x):\n        return x * 2\n",
    ),
    "kodcode": (
        {"question_id": "Prefill_1_I", "question": "Double a number.", "solution": DOUBLE, "subset": "Prefill",
         "test": "from solution import double\n\ndef test_double():\n    assert double(4) == 8\n",
         "gpt_difficulty": "easy",
         "test_info": [{"function_name": "double", "function_declaration": "def double(x):"}]},
        DOUBLE,
    ),
    "mbpp": (
        {"task_id": 11, "text": "Write a function to double a number.", "code": DOUBLE, "test_setup_code": "",
         "test_list": ["assert double(4) == 8", "assert double(0) == 0"]},
        DOUBLE,
    ),
    "humaneval": (
        {"task_id": "HumanEval/0", "prompt": 'def double(x):\n    """Double."""\n',
         "canonical_solution": "    return x * 2\n",
         "entry_point": "double", "test": "def check(candidate):\n    assert candidate(4) == 8\n"},
        DOUBLE,
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def code() -> Iterator[Code]:
    verifier = Code(isolation="none", num_workers=1, time_s=2).fresh(Context())
    yield verifier
    verifier.close()


def drawn(folder: Path, layout: LayoutName, row: dict[str, Any], **settings: Any) -> Question:
    (folder / "rows.jsonl").write_text(json.dumps(row))
    source = Files.model_validate({"path": "rows.jsonl", "layout": layout, **settings}).fresh(Context(folder=folder))
    (question,) = source.questions()
    assert isinstance(question, Question)
    return question


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_right_program_passes_and_a_wrong_one_does_not(layout: LayoutName, code: Code, tmp_path: Path) -> None:
    row, right = ROWS[layout]
    question = drawn(tmp_path, layout, row, fields={"reference": "solution"})
    assert question.domain == "code"
    assert question.meta.keys() | {"prompt", "solution"} == COLUMNS.keys()
    assert question.meta["gradable"] is True
    assert "ouble" in question.prompt or "wice" in question.prompt
    wrong = right.replace("* 2", "* 3")
    traces = [Trace(question.id, 0, "t", "", f"```python\n{program}\n```") for program in (right, wrong)]
    assert [code.verdict(question, each).outcome for each in traces] == ["correct", "incorrect"]
    assert (
        question.reference is None
        if layout in ("taco", "codeforces", "livecodebench")
        else "2" in str(question.reference)
    )


def test_what_the_collections_say_besides() -> None:
    apps, contests, lcb = (problem_of(ROWS[name][0], name) for name in ("apps", "code_contests", "livecodebench"))
    assert (apps["name"], apps["origin"], apps["difficulty"]) == ("7", "codeforces.com", "INTERVIEW")
    assert apps["problem_id"] == hashlib.md5(ASKED.encode()).hexdigest()
    assert apps["num_solutions"] == 1
    assert (contests["origin"], contests["difficulty"], contests["solution"]) == ("codeforces", "A", STDIN)
    assert (contests["language"], contests["num_solutions"], contests["rating"]) == ("python", 2, 800)
    assert lcb["prompt"].startswith(f"{ASKED}\n\nclass Solution:")
    assert lcb["calls"]
    assert problem_of(ROWS["taco"][0], "taco")["tags"] == ["Math", "Strings"]
    literal = {**ROWS["apps"][0], "input_output": "{'inputs': ['1\\n'], 'outputs': ['2\\n']}"}
    assert problem_of(literal, "apps")["tests"] == {"inputs": ["1\n"], "outputs": ["2\n"]}
    submission = problem_of({**ROWS["codeforces_submissions"][0], "verdict": "WRONG_ANSWER"}, "codeforces_submissions")
    assert (submission["verdict"], submission["solution"]) == ("WRONG_ANSWER", None)
    assert "Sample Input\n1\nSample Output\n2" in submission["question"]


@pytest.mark.parametrize(
    ("layout", "changes"),
    [
        ("apps", {"input_output": ""}),
        ("apps", {"input_output": "[" * 100_000}),
        ("apps", {"input_output": "__import__('os').getcwd()"}),
        ("taco", {"input_output": {"inputs": ["1"], "outputs": []}}),
        ("code_contests", {"input_file": "input.txt"}),
        ("codeforces", {"generated_checker": "import sys"}),
        ("codeforces", {"official_tests_complete": False}),
        ("livecodebench", {"private_test_cases": "%%"}),
        ("livecodebench", {"private_test_cases": packed(["a list"])}),
        ("mbpp", {"test_list": None}),
        ("humaneval", {"test": ""}),
    ],
)
def test_without_tests_to_judge_by_nothing_is_gradable(layout: LayoutName, changes: dict[str, Any]) -> None:
    problem = problem_of({**ROWS[layout][0], **changes}, layout)
    assert (problem["gradable"], problem["tests"]) == (False, None)
    with pytest.raises(ValueError, match="none"):
        read_tests(problem, "tests")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", [None, 5, "x", [], {}, [None], {"a": None}])
def test_columns_of_any_kind_are_a_row_all_the_same(layout: LayoutName, value: object) -> None:
    problem = problem_of(dict.fromkeys(ROWS[layout][0], value), layout)
    assert problem.keys() == COLUMNS.keys()
    assert json.loads(json.dumps(problem)) == problem


def test_a_hidden_test_that_would_run_code_is_not_run(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return os.mkdir, (str(tmp_path / "ran"),)

    row = {**ROWS["livecodebench"][0], "private_test_cases": packed(Evil())}
    assert problem_of(row, "livecodebench")["tests"] is None
    assert not (tmp_path / "ran").exists()


def test_columns_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no row of rows\.jsonl has a column 'input_output'"):
        drawn(tmp_path, "apps", {"question": "?", "starter_code": ""})
    with pytest.raises(UserError, match="the layout apps has no column 'input_output'"):
        drawn(tmp_path, "apps", ROWS["apps"][0], meta=["input_output"])


def test_templates_and_meta_choose_from_the_schema(tmp_path: Path) -> None:
    fields = {"prompt": "{% if calls %}Write a function.{% else %}Write a program.{% endif %} {{ question }}"}
    question = drawn(tmp_path, "apps", ROWS["apps"][0], fields=fields, meta=["tests"], domain="contest")
    assert question.prompt == f"Write a program. {ASKED}"
    assert question.meta.keys() == {"tests"}
    assert question.domain == "contest"
