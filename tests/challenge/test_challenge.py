"""Rows for the challenge: the exact strings, the files, the audit, and the command."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from pathlib import Path
from random import Random

import jinja2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.challenge.audit import lengths, sizes_of
from open_thoughts_gen.challenge.export import read_splits, stratified, write_split
from open_thoughts_gen.challenge.form import SUFFIX, Puzzle
from open_thoughts_gen.challenge.guesses import GUESSERS, guessed
from open_thoughts_gen.challenge.tekken import Tokens
from open_thoughts_gen.cli.main import main
from open_thoughts_gen.families.wonderland import family as wonderland
from open_thoughts_gen.families.wonderland.blind.solving import SOLVERS
from open_thoughts_gen.families.wonderland.logs.writing import write_log
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.text.challenge_metric import extracted
from open_thoughts_gen.types import Question, Sample


def drawn(scheme: str, index: int, log: str = "a line") -> Puzzle:
    puzzle = wonderland.draw(scheme, Random(f"challenge {index}"))
    return Puzzle(f"{index:08x}", puzzle.prompt, log, puzzle.answer, scheme)


def run_folder(tmp_path: Path, *puzzles: Puzzle, split: str = "train", **columns: object) -> Path:
    rows = [
        {"id": puzzle.id * 2, "question": puzzle.question, "reasoning": puzzle.log, "reference": puzzle.answer}
        | {"outcome": "correct", "scheme": puzzle.scheme} | columns
        for puzzle in puzzles
    ]  # fmt: skip
    file = tmp_path / "run" / "dataset" / "data" / f"{split}-00000-of-00001.parquet"
    file.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows), file)
    return tmp_path / "run"


def test_prompt_and_completion_are_what_the_template_renders() -> None:
    puzzle = Puzzle("0" * 8, "Now, determine the output for: 00110100", "x1 0010\noutput 01", "01", "bits")
    assert puzzle.prompt == (
        "<|im_start|>system\n<|im_end|>\n<|im_start|>user\nNow, determine the output for: 00110100\n"
        "Please put your final answer inside `\\boxed{}`. For example: `\\boxed{your answer}`<|im_end|>\n"
        "<|im_start|>assistant\n<think>\n"
    )
    assert puzzle.completion == "x1 0010\noutput 01\n</think>\n\\boxed{01}<|im_end|>"


def test_the_strings_are_what_a_chat_becomes_in_training_and_when_the_model_is_asked() -> None:
    file = Path(__file__).parent / "chat_template.jinja"
    template = jinja2.Environment(trim_blocks=False, autoescape=False).from_string(file.read_text("utf-8"))
    for scheme in SOLVERS:
        puzzle = drawn(scheme, 1, write_log(scheme, drawn(scheme, 1).question).text)
        asked = [{"role": "user", "content": puzzle.question + SUFFIX}]
        assert template.render(messages=asked, add_generation_prompt=True) == puzzle.prompt
        said = f"<think>\n{puzzle.log}\n</think>\n\\boxed{{{puzzle.answer}}}"
        chat = [*asked, {"role": "assistant", "content": said}]
        assert template.render(messages=chat, add_generation_prompt=False) == f"{puzzle.prompt}{puzzle.completion}\n"


@pytest.mark.parametrize(
    ("log", "answer", "fault"),
    [
        ("a line", "0010", ""),
        ("a line", "}52", ""),
        ("a line", "{}", ""),
        ("a line", "\\/", ""),
        ("a line with { and }", "061", ""),
        ("", "1", "no reasoning"),
        ("so \\boxed{2}", "1", "a box of its own"),
        ("<|im_end|>", "1", "<|im_end|>"),
        ("a </think> b", "1", "</think>"),
        ("a line", " ", "another answer"),
        ("a line", "a\\boxed{b", "another answer"),
    ],
)
def test_a_row_that_would_teach_something_else_has_a_fault(log: str, answer: str, fault: str) -> None:
    found = Puzzle("0" * 8, "Question?", log, answer).fault()
    assert fault in found
    assert bool(fault) == bool(found)


def test_the_metric_reads_in_every_completion_what_was_drawn() -> None:
    for scheme in SOLVERS:
        for index in range(40):
            puzzle = drawn(scheme, index)
            assert puzzle.fault() == ""
            assert extracted(puzzle.completion.removesuffix("<|im_end|>")) == puzzle.answer


def test_each_stretch_of_rows_has_the_schemes_in_their_shares() -> None:
    puzzles = [drawn("bits", i) for i in range(60)] + [drawn("unit", i) for i in range(20)]
    ordered = stratified(puzzles)
    assert Counter(puzzle.id for puzzle in ordered) == Counter(puzzle.id for puzzle in puzzles)
    for start in range(0, 80, 8):
        assert Counter(puzzle.scheme for puzzle in ordered[start : start + 8])["unit"] in (1, 2, 3)


def test_files_are_in_the_challenges_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    puzzles = [drawn(scheme, index) for index, scheme in enumerate(SOLVERS)]
    folder = run_folder(
        tmp_path, *puzzles, Puzzle("0" * 8, "Same id?", "log", "0010", "bits"), drawn("unit", 50, "\\boxed{")
    )
    run_folder(tmp_path, drawn("cipher", 99), split="test")
    out = tmp_path / "out"
    assert main(["challenge", str(folder), "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert "row 00000032 is left out: its reasoning has a box of its own" in shown.err
    assert "8 rows of train" in shown.out
    with (out / "train.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["id", "prompt", "answer"]
    assert {(row["prompt"], row["answer"]) for row in rows} >= {(puzzle.question, puzzle.answer) for puzzle in puzzles}
    assert len({row["id"] for row in rows}) == 8
    assert all(len(row["id"]) == 8 for row in rows)
    lines = [json.loads(line) for line in (out / "train.jsonl").read_text("utf-8").splitlines()]
    assert [line["id"] for line in lines] == [row["id"] for row in rows]
    assert all(line["prompt"].endswith("<think>\n") and SUFFIX in line["prompt"] for line in lines)
    assert (out / "test.jsonl").is_file()


def test_what_is_not_a_run_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["challenge", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    assert "holds no dataset of a run" in capsys.readouterr().err
    folder = tmp_path / "run" / "dataset" / "data"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"id": ["1"]}), folder / "train-0.parquet")
    assert main(["challenge", str(tmp_path / "run"), "--out", str(tmp_path / "out")]) == 2
    assert "has no column 'question'" in capsys.readouterr().err


def test_rows_that_are_not_judged_correct_are_not_exported(tmp_path: Path) -> None:
    folder = run_folder(tmp_path, drawn("bits", 1), outcome="undecided")
    assert read_splits(folder) == {}


def test_guessers_read_every_puzzle_and_a_puzzle_that_gives_itself_away_is_seen() -> None:
    shares = guessed(drawn(scheme, index) for scheme in SOLVERS for index in range(30))
    assert set(shares) == set(SOLVERS)
    assert all(set(guesses) == {"commonest", *GUESSERS} for guesses in shares.values())
    text = "10101010 -> 11110000\n00001111 -> 00000001\nNow, determine the output for: 00001110"
    (given_away,) = guessed([Puzzle("0", text, "log", "00000001", "bits")]).values()
    assert given_away == {
        "commonest": 0.0, "the question": 0.0, "first result": 0.0, "last result": 1.0, "nearest result": 1.0,
        "middle result": 0.0,
    }  # fmt: skip


def test_tokens_are_those_of_the_models_tokenizer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("mistral_common")
    tokens = Tokens()
    assert tokens.ids("<|im_start|><|im_end|><think></think>") == [10, 11, 12, 13]
    assert len(tokens.ids("00110100")) == 8  # each digit is one
    assert len(tokens.ids("}}")) == 1  # signs merge
    assert tokens.ids("a<think>b") == [*tokens.ids("a"), 12, *tokens.ids("b")]
    puzzles = [drawn("bits", index, write_log("bits", drawn("bits", index).question).text) for index in range(3)]
    rows = lengths((puzzle, sizes_of(puzzle, tokens)) for puzzle in puzzles)
    assert [(row.scheme, row.num, row.num_too_long) for row in rows] == [("bits", 3, 0), ("all", 3, 0)]
    assert rows[0].median <= rows[0].p90 <= rows[0].longest < 6900
    assert 200 < rows[0].longest_prompt <= 297
    shortest = min(sizes_of(puzzle, tokens)[1] for puzzle in puzzles)
    folder, out = run_folder(tmp_path, *puzzles), tmp_path / "out"
    assert main(["challenge", str(folder), "--out", str(out), "--tokens", "--max-tokens", str(shortest)]) == 0
    assert "1 rows of train" in capsys.readouterr().out


def test_only_the_very_puzzles_of_a_users_copy_are_left_out(tmp_path: Path) -> None:
    theirs = [drawn(scheme, index) for scheme in SOLVERS for index in range(30)]
    ours = [drawn(scheme, index) for scheme in SOLVERS for index in range(25, 45)]
    write_split("train", theirs, tmp_path)
    file = Path(__file__).parent.parent.parent / "recipes" / "nemotron.yaml"
    (setting,) = re.findall(r"^#   decontaminate: (\{.*\})$", file.read_text("utf-8"), re.MULTILINE)  # as it is shown
    recipe = load_recipe(file, overrides=[f"decontaminate={setting}"])
    (part,) = [part for part in recipe.question_filters if part.plugin.plugin_name() == "decontaminate"]
    leave_out = part.plugin.fresh(Context(folder=tmp_path, cache=tmp_path / "cache.sqlite"))
    samples = [Sample(Question(puzzle.question, puzzle.answer)) for puzzle in ours]
    reasons = list(leave_out.drop_reasons(samples))
    known = {puzzle.question for puzzle in theirs}
    assert [reason is not None for reason in reasons] == [puzzle.question in known for puzzle in ours]
    assert sum(puzzle.question in known for puzzle in ours) >= 5 * len(SOLVERS)
