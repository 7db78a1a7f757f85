"""The package is written in plain words, by the lists of CONTRIBUTING.md; `python -m tests.words` prints the places."""

import ast
from pathlib import Path

import pytest

from tests.words import NAMES, PHRASES, classes_of_one_name, names_in, phrases_in, places

MAX_LEFT = 6  # places still to be rewritten
MAX_SHARED_CLASSES = 5


def test_the_package_is_written_in_plain_words() -> None:
    left = [str(place) for place in places()]
    assert len(left) <= MAX_LEFT, "\n".join(left)


def test_no_two_classes_have_one_name() -> None:
    shared = classes_of_one_name()
    assert len(shared) <= MAX_SHARED_CLASSES, shared


def test_the_tables_are_read() -> None:
    assert NAMES["told"].startswith("what it is")
    assert PHRASES["so many"] == "a number, N, the nth"
    assert "is told" in PHRASES


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("told = 1", ["told"]),
        ("def f(found): ...", ["found"]),
        ("num_found = 1", []),
        ("x.kept = 1", []),
        ("def _mend(): ...", ["_mend"]),
        ("class Purse: ...", ["Purse"]),
        ("class PurseHolder: ...", ["PurseHolder"]),
        ("def parse_slot(): ...", []),
    ],
)
def test_names_are_seen(tmp_path: Path, code: str, words: list[str]) -> None:
    ast.parse(code)
    (tmp_path / "m.py").write_text(code)
    assert [place.word for place in names_in(tmp_path / "m.py")] == words


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ('"""Tell whether it is."""', ["Tell whether"]),
        ('raise E("this is no Parquet file")', ["is no Parquet"]),
        ('raise E("there is no such file, and it is no longer here")', []),
        ("x = 1  # read anew", ["anew"]),
        ('f"{x} is told so\\n {y} so many"', ["is told", "so many"]),
        ('"by_lot"', []),
        ('"""One.\n\nStrangers\' work."""', ["Strangers"]),
    ],
)
def test_phrases_are_seen(tmp_path: Path, code: str, words: list[str]) -> None:
    (tmp_path / "m.py").write_text(code)
    assert [place.word for place in phrases_in(tmp_path / "m.py")] == words
