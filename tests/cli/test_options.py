"""Numbers on the command line: nonsense is told in one line, and nothing is done with it."""

from __future__ import annotations

import argparse

import pytest

from open_thoughts_gen.cli import main
from open_thoughts_gen.cli.options import at_least, positive


@pytest.mark.parametrize("word", ["-1", "0", "1.5", "two", "", "1e3", "9" * 5000])
def test_what_is_no_number_of_things_is_refused(word: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="expected a whole number of 1 or more, not"):
        positive(word)


def test_a_number_is_read() -> None:
    assert (positive("12"), at_least(0)("0")) == (12, 0)


@pytest.mark.parametrize(
    "words",
    [
        ["verify", "place", "--verifier", "exact", "--limit", "-3"],
        ["verify", "place", "--verifier", "exact", "--limit", "0"],
        ["compare", "place", "exact", "math", "--limit", "many"],
        ["compare", "place", "exact", "math", "--examples", "-1"],
        ["compare", "place", "exact", "math", "--workers", "0"],
        ["run", "recipe.yaml", "--target", "0"],
        ["run", "recipe.yaml", "--seed", "-1"],
        ["estimate", "recipe.yaml", "-n", "-5"],
    ],
)
def test_no_command_takes_nonsense(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "number" in capsys.readouterr().err.splitlines()[-1]


def test_a_run_says_which_word_it_has_for_the_number_of_rows(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["run", "recipe.yaml", "--num", "5"])
    assert "the number of accepted samples is --target N" in capsys.readouterr().err
