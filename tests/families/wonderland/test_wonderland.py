"""The family as a recipe uses it, and the command `solve`."""

from __future__ import annotations

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from open_thoughts_gen.cli.main import main
from open_thoughts_gen.families.wonderland import Wonderland
from open_thoughts_gen.families.wonderland import family as wonderland
from open_thoughts_gen.families.wonderland.blind.solving import SOLVERS, solve, stripped
from open_thoughts_gen.families.wonderland.retrace.retracing import retrace
from open_thoughts_gen.plugin import Context, Problem, UnreadablePuzzleError
from open_thoughts_gen.text.challenge_metric import same
from open_thoughts_gen.types import Question, Trace
from open_thoughts_gen.verifiers._case import answer_to


def test_every_puzzle_is_forced_and_judged_by_the_solver_that_reads_its_text_alone() -> None:
    family = Wonderland().fresh(Context())
    schemes: Counter[str] = Counter()
    for index in range(60):
        problem = family.problem(Random(index))
        answer = family.derive(problem).answer
        assert family.check(Problem(problem.prompt, {}), answer).outcome == "correct"
        assert family.check(Problem(problem.prompt, {}), f"{answer}x").outcome == "incorrect"
        traits = family.traits(problem)
        assert traits["n_answers"] == 1
        assert traits["n_worlds"] >= 1
        schemes[traits["scheme"]] += 1
    assert set(schemes) == set(SOLVERS)


def test_a_puzzle_that_is_not_forced_is_undecided() -> None:
    family = Wonderland().fresh(Context())
    prompt = "00000001 -> 00000000\nNow, determine the output for: 11111111"
    verdict = family.check(Problem(prompt, {}), "00000000")
    assert (verdict.outcome, verdict.cause) == ("undecided", "not forced")
    assert family.check(Problem("What?", {}), "1").cause == "unreadable puzzle"


def test_the_mix_says_what_is_drawn() -> None:
    family = Wonderland(mix={"numeral": 1, "unit": 1}).fresh(Context())
    assert {family.traits(family.problem(Random(index)))["scheme"] for index in range(20)} == {"numeral", "unit"}


@pytest.mark.parametrize(
    ("mix", "error"),
    [
        ({"bit": 1}, "there is no scheme 'bit'; did you mean 'bits'"),
        ({"bits": -1}, "the weight of 'bits' is negative"),
        ({"bits": 0}, "no scheme has a weight above 0"),
    ],
)
def test_a_mix_that_cannot_be_drawn_is_a_fault(mix: dict[str, float], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Wonderland(mix=mix)


@pytest.mark.parametrize("answer", ["}", "#?^}", "}52", "{}", "^<\\", "!/<", "0010", "061"])
def test_the_verifier_reads_an_answer_with_braces_as_the_metric_does(answer: str) -> None:
    question = Question("?", answer, source="family:wonderland", meta={"family": "wonderland", "spec": {}})
    trace = Trace(question.id, 0, "t", "", f"\\boxed{{{answer}}}")
    assert answer_to(question, trace, ()) == answer
    assert answer_to(question, replace(trace, response=f"Result: {answer}"), ("Result:",)) == answer
    assert answer_to(question, replace(trace, response=" "), ()) is None


def test_rules_that_are_held_out_are_named_alike_for_puzzles_of_one_rule() -> None:
    named = {scheme: wonderland.draw(scheme, Random(5)).structure for scheme in SOLVERS}
    assert [scheme for scheme, name in named.items() if not name] == ["numeral", "cipher"]
    assert len({wonderland.draw("digits", Random(index)).structure for index in range(400)}) < 120


def test_solve_scores_a_file_and_writes_the_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "train.csv", tmp_path / "answers.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "prompt", "answer"])
        for scheme in SOLVERS:
            for index in range(3):
                puzzle = wonderland.draw(scheme, Random(index))
                writer.writerow([f"{scheme}{index}", puzzle.prompt, puzzle.answer])
        writer.writerow(["stray", "What is 2 + 2?", "4"])
    assert main(["solve", str(file), "--family", "wonderland", "--out", str(out)]) == 0
    shown = capsys.readouterr().out
    lines = {line.split()[0]: line.split() for line in shown.splitlines() if line.split()}
    assert lines["numeral"][1:4] == ["3", "3", "100.0%"]
    assert lines["all"][1] == "22"
    assert lines["all"][5] == "0"  # forced and wrong
    with out.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["id"] for row in rows][-1] == "stray"
    assert rows[-1]["scheme"] == "unreadable"
    assert all(len(row["answer"]) == 8 for row in rows if row["scheme"] == "bits")  # leading zeros stay


@pytest.mark.parametrize(
    ("prompt", "scheme"),
    [
        ("\0\0", "unreadable"),
        ("{bits}\0", "unreadable"),
        ("a " * 500_000, "unreadable"),
        ("{bits}" + "\n00000000 -> 11111111" * 50_000, "bits"),  # contradicts the others, or does not
        ("For t = 0s, distance = 0 m\nNow, determine the falling distance for t = 4s given d", "gravity"),
        ("\ud7ff\u202e<script>[bold]\x1b[31m", "unreadable"),
        ("12+34 = 46\nNow, determine the result for: 12+34 \\boxed{46}", "unreadable"),
    ],
)
def test_a_hostile_row_has_no_answer_and_the_others_have_theirs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], prompt: str, scheme: str
) -> None:
    puzzle = wonderland.draw("bits", Random(3))
    file, out, logs = tmp_path / "train.csv", tmp_path / "answers.csv", tmp_path / "logs.jsonl"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "prompt", "answer"])
        writer.writerow(["hostile", prompt.replace("{bits}", puzzle.prompt), "0"])
        writer.writerow(["fine", puzzle.prompt, puzzle.answer])
    assert main(["solve", str(file), "--family", "wonderland", "--out", str(out), "--logs", str(logs)]) == 0
    assert "Traceback" not in capsys.readouterr().err
    with out.open(newline="", encoding="utf-8") as stream:
        hostile, fine = csv.DictReader(stream)
    assert hostile["scheme"] == scheme
    assert hostile["is_right"] in ("", "False")
    assert (fine["answer"], fine["is_right"], fine["is_forced"]) == (puzzle.answer, "True", "True")


def test_solve_writes_logs_that_follow_from_the_text_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, logs = tmp_path / "train.csv", tmp_path / "logs.jsonl"
    puzzles = [wonderland.draw(scheme, Random(f"logs {index}")) for scheme in SOLVERS for index in range(2)]
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "prompt", "answer"])
        for index, puzzle in enumerate(puzzles):
            writer.writerow([f"{index:08x}", puzzle.prompt.replace("\n", "\r\n"), puzzle.answer])
        writer.writerow(["stray", "What is 2 + 2?", "4"])
        eleven = "ab+cd = efg\nhi*jk = lmno\nNow, determine the result for: pq+rs"
        writer.writerow(["eleven", eleven, "x"])
    assert main(["solve", str(file), "--family", "wonderland", "--logs", str(logs)]) == 0
    rows = [json.loads(line) for line in logs.read_text("utf-8").splitlines()]
    assert {row["scheme"] for row in rows} == set(SOLVERS)
    for row in rows:
        assert row["prompt"].replace("\r\n", "\n") == puzzles[int(row["id"], 16)].prompt
        assert retrace(stripped(row["prompt"]), row["reasoning"]) == row["answer"]
        if row["is_forced"]:
            assert same(puzzles[int(row["id"], 16)].answer, row["answer"])
    shown = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["numeral", "2", "2", "2", "2", "0"] in shown
    (total,) = [cells for cells in shown if cells[:1] == ["all"] and len(cells) == 6]
    assert total[1:3] == ["16", str(len(rows))]
    assert total[5] == "0"  # forced and wrong
    assert main(["solve", str(file), "--family", "wonderland", "--logs", str(logs)]) == 2
    assert "give --logs another name" in capsys.readouterr().err


def test_a_log_that_is_too_long_or_comes_to_nothing_is_none() -> None:
    prompt = wonderland.draw("bits", Random("logs 0")).prompt
    derivation = Wonderland().fresh(Context()).explain(prompt)
    assert derivation is not None
    assert solve(prompt).best == derivation.answer
    assert Wonderland(max_log_tokens=100).fresh(Context()).explain(prompt) is None
    nothing = "00000001 -> 10101010\n00000010 -> 11111111\nNow, determine the output for: 00000100"
    assert Wonderland().fresh(Context()).explain(nothing) is None
    with pytest.raises(UnreadablePuzzleError):
        Wonderland().fresh(Context()).explain("What?")


@pytest.mark.parametrize(
    ("file", "shown", "error"),
    [
        (
            'id,prompt,answer\n1,{bits},{answer}\n2,,x\n3,{bits},\n4,{bits},"  "\n',
            "bits 3 1 100.0% 3 0 0 0",
            ":14: no problem",
        ),
        ("id;prompt;answer\r\n1;{bits};{answer}\r\n", "bits 1 1 100.0% 1 0 0 0", ""),
        ("\ufeffprompt\n{bits}\n", "bits 1 1 0 0", ""),  # no answers: nothing is scored
        ("id,prompt,answer\n1,{bits}\n2,{bits},{answer}\n", "bits 1 1 100.0% 1 0 0 0", ":2: 2 cells under 3 columns"),
        ("id,prompt,answer\n[red],[bold]What?,4\n", "unreadable 1 0 0 1", ""),
        ('id,prompt,answer\n1,"never closed\n', "", "a quote opens a cell and is never closed"),
        ("id,prompt,answer\n", "", "holds no problems"),
        ("", "", "holds no problems"),
        ("id,Prompt,answer\n1,{bits},\n", "", "the columns are id, Prompt, answer"),
    ],
)
def test_odd_files_are_read_or_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, shown: str, error: str
) -> None:
    puzzle = wonderland.draw("bits", Random(1))
    path = tmp_path / "odd.csv"
    text = file.format(bits='"' + puzzle.prompt + '"', answer=puzzle.answer)
    path.write_text(text, encoding="utf-8", newline="")
    code = main(["solve", str(path), "--family", "wonderland"])
    printed = capsys.readouterr()
    assert error in printed.err
    assert [line.split() for line in printed.out.splitlines() if line.startswith(shown[:4] or "?")] == [
        shown.split()
    ] * bool(shown)
    assert (code == 0) == (bool(shown) and not shown.startswith("unreadable"))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--family", "statutes"], "families that do: wonderland"),
        (["--family", "wonderlan"], "did you mean 'wonderland'"),
        (["--family", "wonderland", "--fields", "prompt=nothing"], "no column holds the problems"),
        (["--family", "wonderland", "--fields", "promt=text"], "did you mean 'prompt'"),
        (["--family", "wonderland", "--out", "FILE"], "exists already"),
    ],
)
def test_what_solve_cannot_do_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], error: str
) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("text\nsomething\n")
    words = [str(file) if word == "FILE" else word for word in words]
    assert main(["solve", str(file), *words]) == 2
    assert error in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["solve", "no_such.csv", "--family", "wonderland"]) == 2
    assert "there is no file no_such.csv" in capsys.readouterr().err
