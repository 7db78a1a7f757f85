"""Public collections of programming problems as rows of one schema, whichever columns they were published with.

    sources:
      - {use: hub, dataset: BAAI/TACO, layout: taco}
      - {use: hub, dataset: deepmind/code_contests, layout: code_contests}

Each layout takes the columns of one collection and gives those of `COLUMNS`: what is asked, the starter code, and tests
in the form that the verifier `code` takes (inputs and outputs, with `fn_name` where a function is called, or asserts).
A problem whose tests are missing, unreadable, or not enough to judge by (a checker of its own, files instead of
standard input) is `gradable: false` and has none, so that no answer to it is judged.

Texts of these collections are hostile like any other. The hidden tests of LiveCodeBench are pickled; the pickle is read
for the one string that it has to hold, and nothing of it is executed.
"""

from __future__ import annotations

import ast
import base64
import hashlib
import json
import pickletools
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from open_thoughts_gen.tables.cells import Row, as_json

LayoutName: TypeAlias = Literal[
    "apps", "taco", "code_contests", "codeforces", "codeforces_submissions", "livecodebench", "kodcode", "mbpp",
    "humaneval",
]  # fmt: skip
COLUMNS: Mapping[str, str] = {
    "problem_id": "MD5 of the question",
    "name": "the problem's name, or its id in the collection",
    "prompt": "the question, and the starter code below it",
    "question": "the question alone",
    "starter_code": "what a program has to begin with",
    "tests": "inputs and outputs, or asserts; null where the problem is not gradable",
    "test_setup_code": "what asserts need before them",
    "entry_point": "the function that a test named check takes",
    "calls": "whether a function is called, rather than a program that reads standard input",
    "gradable": "whether there are tests to judge by",
    "difficulty": "in the collection's words, upper case; UNKNOWN where it says nothing",
    "rating": "the number that Codeforces gives its problems",
    "origin": "the site that the problem is from",
    "url": "its address there",
    "tags": "its topics",
    "solution": "a program that is right, in Python where there is one",
    "language": "the language of the solution",
    "num_solutions": "how many solutions the collection has",
    "verdict": "the judge's verdict on the submission: OK for accepted (codeforces_submissions)",
}
MAX_LITERAL = 1 << 17  # characters
MAX_HIDDEN = 1 << 28  # bytes of the hidden tests of one problem
_STRINGS = ("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8")
_HARMLESS = {"PROTO", "FRAME", "MEMOIZE", "BINPUT", "LONG_BINPUT", "STOP", *_STRINGS}
_ORIGINS = ("UNKNOWN", "codechef", "codeforces", "hackerearth", "codejam", "atcoder", "aizu")
_LANGUAGES = ("unknown", "python2", "cpp", "python", "java")
_PYTHON = _LANGUAGES.index("python")
_LEVELS = ("UNKNOWN", "EASY", "MEDIUM", "HARD", "HARDER", "HARDEST", "EXTERNAL", *map(chr, range(ord("A"), ord("W"))))


@dataclass(frozen=True, slots=True)
class Layout:
    """A collection: the columns by which it is known, and how one of its rows is read."""

    columns: frozenset[str]
    read: Callable[[Row], dict[str, Any]]


def problem_of(row: Row, layout: LayoutName) -> dict[str, Any]:
    """Return a row of a collection in the columns of `COLUMNS`."""
    read = LAYOUTS[layout].read(row)
    question, starter = _text(read.get("question")).strip(), _text(read.get("starter_code"))
    below = [each for each in (starter, _text(read.pop("below", ""))) if each.strip() and each.strip() != question]
    tests = read.get("tests")
    read["tests"] = tests if _can_judge(tests) else None
    problem = {
        **dict.fromkeys(COLUMNS),
        **read,
        "problem_id": hashlib.md5(question.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
        "question": question,
        "prompt": "\n\n".join([question, *below]),
        "starter_code": starter,
        "gradable": read["tests"] is not None,
        "calls": bool(isinstance(tests, Mapping) and (tests.get("fn_name") or tests.get("calls"))),
        "difficulty": (_text(read.get("difficulty")) or "UNKNOWN").upper(),
        "origin": read.get("origin") or _site_of(_text(read.get("url"))),
    }
    return problem


def _can_judge(tests: object) -> bool:
    if isinstance(tests, Mapping):
        inputs, outputs = _list(tests.get("inputs")), _list(tests.get("outputs"))
        return bool(inputs) and len(inputs) == len(outputs)
    return bool(tests) and isinstance(tests, str | list)


def apps(row: Row) -> dict[str, Any]:
    """Read a row of APPS."""
    written = [each for each in _list(_json(row.get("solutions"))) if isinstance(each, str)]
    name = row.get("name") or row.get("problem_id")
    return {
        "name": None if name is None else str(name),
        "question": row.get("question"),
        "starter_code": row.get("starter_code"),
        "tests": _json(row.get("input_output")),
        "difficulty": row.get("difficulty"),
        "url": row.get("url"),
        "solution": next(iter(written), None),
        "language": "python",
        "num_solutions": len(written),
    }


def taco(row: Row) -> dict[str, Any]:
    """Read a row of TACO."""
    tags = _json(row.get("tags"))
    return {**apps(row), "tags": tags if isinstance(tags, list) else None, "origin": _text(row.get("source")) or None}


def code_contests(row: Row) -> dict[str, Any]:
    """Read a row of CodeContests."""
    parts = [row.get(f"{kind}_tests") for kind in ("public", "private", "generated")]
    tests = {
        to: [each for part in parts if isinstance(part, Mapping) for each in _list(part.get(name))]
        for name, to in (("input", "inputs"), ("output", "outputs"))
    }
    uses_files = row.get("input_file") or row.get("output_file")
    solutions = row.get("solutions")
    solutions = solutions if isinstance(solutions, Mapping) else {}
    written = [*zip(_list(solutions.get("language")), _list(solutions.get("solution")), strict=False)]
    language, solution = min(written, key=lambda each: each[0] != _PYTHON, default=(0, None))
    return {
        "name": row.get("name"),
        "question": row.get("description"),
        "tests": None if uses_files else tests,
        "difficulty": _at(_LEVELS, row.get("difficulty")),
        "rating": row.get("cf_rating") or None,
        "origin": _at(_ORIGINS, row.get("source")),
        "tags": row.get("cf_tags"),
        "solution": solution,
        "language": _at(_LANGUAGES, language),
        "num_solutions": len(written),
    }


def codeforces(row: Row) -> dict[str, Any]:
    """Read a row of open-r1/codeforces."""
    parts = [_text(row.get("description"))]
    for title, column in (
        ("Input", "input_format"),
        ("Output", "output_format"),
        ("Interaction", "interaction_format"),
    ):
        parts += [f"{title}\n{row[column]}"] if row.get(column) else []
    examples = [each for each in _list(row.get("examples")) if isinstance(each, Mapping)]
    parts += [f"Sample Input\n{each.get('input')}\nSample Output\n{each.get('output')}" for each in examples]
    parts += [f"Note\n{row['note']}"] if row.get("note") else []
    official = row.get("official_tests") if row.get("official_tests_complete") is not False else None
    has_one_output = not row.get("generated_checker") and not row.get("interaction_format")
    by_files = row.get("input_mode") not in (None, "", "stdio")
    return {
        "name": f"{row.get('id') or ''} {row.get('title') or ''}".strip(),
        "question": "\n\n".join(parts),
        "tests": _pairs(_list(official)) if has_one_output and not by_files else None,
        "rating": row.get("rating"),
        "tags": row.get("tags"),
        "origin": "codeforces",
        "url": f"https://codeforces.com/problemset/problem/{row.get('contest_id')}/{row.get('index')}",
    }


def codeforces_submissions(row: Row) -> dict[str, Any]:
    """Read a row of MatrixStudio/Codeforces-Python-Submissions: a submission with its problem."""
    parts = [
        _text(row.get(column)) for column in ("problem-description", "input-specification", "output-specification")
    ]
    for asked, answered in zip(_list(row.get("demo-input")), _list(row.get("demo-output")), strict=False):
        parts.append(f"Sample Input\n{asked}\nSample Output\n{answered}")
    return {
        "name": row.get("title") or row.get("name"),
        "question": "\n".join(parts),
        "tests": _pairs(_list(row.get("test_cases"))),
        "rating": row.get("rating"),
        "tags": row.get("tags"),
        "origin": "codeforces",
        "solution": row.get("code") if row.get("verdict") == "OK" else None,
        "language": row.get("programmingLanguage"),
        "verdict": row.get("verdict"),
    }


def livecodebench(row: Row) -> dict[str, Any]:
    """Read a row of LiveCodeBench."""
    public, hidden = _json(row.get("public_test_cases")), _hidden(row.get("private_test_cases"))
    tests = _pairs([*public, *hidden]) if isinstance(public, list) and isinstance(hidden, list) else None
    inner = _json(row.get("metadata"))
    function = inner.get("func_name") if isinstance(inner, Mapping) else None
    if tests is not None and function:
        tests["fn_name"] = function
    return {
        "name": row.get("question_title") or row.get("question_id"),
        "question": row.get("question_content"),
        "starter_code": row.get("starter_code"),
        "tests": tests,
        "difficulty": row.get("difficulty"),
        "origin": row.get("platform"),
    }


def kodcode(row: Row) -> dict[str, Any]:
    """Read a row of KodCode."""
    infos = [each for each in _list(row.get("test_info")) if isinstance(each, Mapping)]
    signatures = [_text(each.get("function_declaration")) for each in infos]
    if not signatures and row.get("test_entry_point"):
        signatures = [f"def {row['test_entry_point']}(...)"]
    return {
        "name": row.get("question_id"),
        "question": row.get("question"),
        "below": "\n".join(each for each in signatures if each and each not in _text(row.get("question"))),
        "tests": row.get("test") or row.get("test_code"),
        "difficulty": row.get("gpt_difficulty"),
        "origin": row.get("subset"),
        "solution": row.get("solution"),
        "language": "python",
        "num_solutions": 1,
    }


def mbpp(row: Row) -> dict[str, Any]:
    """Read a row of MBPP."""
    tests = [each for each in _list(row.get("test_list")) if isinstance(each, str)]
    setup = row.get("test_setup_code") or "\n".join(map(_text, _list(row.get("test_imports"))))
    return {
        "name": _text(row.get("task_id")),
        "question": row.get("text") or row.get("prompt"),
        "below": f"Your code should pass this test:\n{tests[0]}" if tests else "",
        "tests": tests,
        "test_setup_code": setup or None,
        "solution": row.get("code"),
        "language": "python",
        "num_solutions": 1,
    }


def humaneval(row: Row) -> dict[str, Any]:
    """Read a row of HumanEval."""
    prompt = _text(row.get("prompt"))
    return {
        "name": row.get("task_id"),
        "question": prompt,
        "starter_code": prompt,
        "tests": row.get("test"),
        "entry_point": row.get("entry_point"),
        "solution": prompt + _text(row.get("canonical_solution")),
        "language": "python",
        "num_solutions": 1,
    }


LAYOUTS: Mapping[LayoutName, Layout] = {
    "apps": Layout(frozenset({"question", "input_output", "starter_code"}), apps),
    "taco": Layout(frozenset({"question", "input_output", "starter_code"}), taco),
    "code_contests": Layout(frozenset({"description", "public_tests", "private_tests"}), code_contests),
    "codeforces": Layout(frozenset({"description", "input_format", "output_format"}), codeforces),
    "codeforces_submissions": Layout(frozenset({"problem-description", "test_cases"}), codeforces_submissions),
    "livecodebench": Layout(frozenset({"question_content", "public_test_cases"}), livecodebench),
    "kodcode": Layout(frozenset({"question", "solution"}), kodcode),
    "mbpp": Layout(frozenset({"task_id", "test_list"}), mbpp),
    "humaneval": Layout(frozenset({"prompt", "test", "entry_point"}), humaneval),
}


def _pairs(tests: Sequence[object]) -> dict[str, Any]:
    """Return inputs and outputs of tests that have one each."""
    whole = [each for each in tests if isinstance(each, Mapping) and {"input", "output"} <= each.keys()]
    pairs: dict[str, Any] = {name: [each[name[:-1]] for each in whole] for name in ("inputs", "outputs")}
    return {**pairs, "calls": True} if any(each.get("testtype") == "functional" for each in whole) else pairs


def _hidden(value: object) -> object:
    """Return the hidden tests of LiveCodeBench: JSON, or JSON as text in a pickle, compressed and in base 64."""
    tests = _json(value)
    if tests is not None or not isinstance(value, str):
        return tests
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(base64.b64decode(value, validate=True), MAX_HIDDEN)
        return None if unpacking.unconsumed_tail else _json(pickled_text(data))
    except (ValueError, zlib.error):
        return None


def pickled_text(data: bytes) -> str | None:
    """Return the text that a pickle holds if it holds one and does nothing else."""
    steps = [(step.name, value) for step, value, _ in pickletools.genops(data)]
    texts = [value for name, value in steps if name in _STRINGS]
    return texts[0] if len(texts) == 1 and all(name in _HARMLESS for name, _ in steps) else None


def _json(value: object) -> Any:  # noqa: ANN401  (JSON)
    """Return what JSON text says, or a literal of Python, as some write lists; None where it is neither.

    A value that is not text is taken as it is.
    """
    if not isinstance(value, str):
        return value
    with suppress(ValueError, RecursionError):
        return json.loads(value)
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return as_json(ast.literal_eval(value)) if len(value) <= MAX_LITERAL else None
    return None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _at(names: Sequence[str], index: object) -> str:
    is_index = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(names)
    return names[index] if isinstance(index, int) and is_index else names[0]


def _site_of(url: str) -> str | None:
    """Return the site of an address; None where it has none."""
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
