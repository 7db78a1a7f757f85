"""Saved traces judged anew: the same verdicts as in a run, each verifier's own rows, and how two of them compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.pipeline.progress import Unwatched
from open_thoughts_gen.plugin import Context, Verifier
from open_thoughts_gen.recipe import Part
from open_thoughts_gen.recipe.inline import read_part
from open_thoughts_gen.rejudge.rescoring import Verdicts, carried_by, compare, counts, gather, judge, write_verdicts
from open_thoughts_gen.types import DropReason, Outcome, Question, Sample, Trace, Verdict
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.majority import Majority
from tests.pipeline.test_line import recipe_of
from tests.toy.sums import Says


def sample(prompt: str, response: str, attempt: int = 0, domain: str = "general") -> Sample:
    question = Question(prompt, "4", domain)
    return Sample(question, Trace(question.id, attempt, "t", "", response))


def judged(samples: Sequence[Sample], *parts: Part) -> dict[str, Verdicts]:
    with Local(1) as engine:
        return judge(samples, parts, context=Context(), engine=engine, progress=Unwatched())


def part(verifier: Verifier, **when: str) -> Part:
    return Part(use=verifier.plugin_name(), plugin=verifier, when=when)


def letters(verdicts: Verdicts) -> str:
    return "".join("-" if verdict is None else verdict.outcome[0] for verdict in verdicts)


def test_verdicts_are_those_of_the_run() -> None:
    recipe = recipe_of(target=10)
    finished = run_line(recipe, context=Context(seed=recipe.seed))
    told = judged(finished.samples, *recipe.verifiers)
    assert [(verdict,) for verdict in told["family"]] == [one.verdicts for one in finished.samples]
    assert carried_by(finished.samples, "family") == told["family"]


def test_each_verifier_sees_its_own_rows() -> None:
    rows = [sample("a", "4", domain="math"), sample("b", "5"), sample("c", "5", domain="math")]
    told = judged(rows, part(Exact(), domain="math"), part(Says(outcome="undecided")), part(Exact()))
    assert {name: letters(verdicts) for name, verdicts in told.items()} == {
        "exact": "c-i",
        "tests.toy.sums:Says": "uuu",
        "exact#2": "cii",
    }
    assert counts(told["exact"]) == {"correct": 1, "not asked": 1, "incorrect": 1}


def test_attempts_of_a_question_are_seen_together() -> None:
    rows = [sample("a", "4", 0), sample("b", "1"), sample("a", "4", 1), sample("a", "5", 2)]
    told = judged(rows, part(Majority.model_validate({"by": "exact"})))
    assert letters(told["majority"]) == "cuci"


def test_a_comparison_counts_what_both_were_meant_for() -> None:
    def verdicts(marks: str) -> list[Verdict | None]:
        outcomes: dict[str, Outcome] = {"c": "correct", "i": "incorrect", "u": "undecided"}
        return [Verdict("v", outcomes[mark]) if mark in outcomes else None for mark in marks]

    found = compare(verdicts("cccciiuu-c"), verdicts("ccciicuiu-"))
    table = [[found.num(one, other) for other in ("correct", "incorrect", "undecided")]
             for one in ("correct", "incorrect", "undecided")]  # fmt: skip
    assert table == [[3, 1, 0], [1, 1, 0], [0, 1, 1]]
    assert (found.num_agreeing, found.num_decided) == (4, 6)
    assert found.places["correct", "incorrect"] == [3]


def test_verdicts_are_written_one_row_each(tmp_path: Path) -> None:
    rows = [sample("a", "4"), sample("b", "\ud800", 3)]
    file = write_verdicts(rows, judged(rows, part(Exact(), domain="none"), part(Exact())), tmp_path / "out")
    written = pq.read_table(file).to_pylist()
    assert [(row["row"], row["attempt"], row["verifier"], row["outcome"]) for row in written] == [
        (0, 0, "exact#2", "correct"),
        (1, 3, "exact#2", "incorrect"),
    ]
    assert written[1]["answer"] == "?"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["verdicts.parquet"]


def test_what_is_left_out_is_counted_and_nothing_left_is_told() -> None:
    saved = gather([sample("a", "4"), DropReason("no trace", "f:2: x"), DropReason("no trace", "f:3: y")], "f")
    assert (len(saved.samples), saved.left_out, saved.examples) == (1, {"no trace": 2}, {"no trace": "f:2: x"})
    with pytest.raises(UserError, match="f holds no trace that can be judged: 1 x no trace, as f:2: x"):
        gather([DropReason("no trace", "f:2: x")], "f")
    with pytest.raises(UserError, match="no row carries a verdict of 'math'"):
        carried_by([sample("a", "4")], "math")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exat", "there is no verifier 'exat'; did you mean 'exact'?"),
        ("exact:{fold: [x]}", r"fold\[0\]: 'x' is not allowed"),
        ("math:{timeout: 3}", "timeout: this setting is not known; did you mean 'timeout_s'?"),
        ("exact:{fold: [", "YAML|bracket|flow"),
    ],
)
def test_a_part_on_one_line_has_its_faults_told(text: str, told: str) -> None:
    with pytest.raises(UserError, match=told) as caught:
        read_part(text, "verifier", where="--verifier")
    assert all(fault.where.startswith("--verifier") for fault in caught.value.faults)


def test_a_part_on_one_line() -> None:
    assert read_part("exact", "verifier", where="x").plugin == Exact()
    assert read_part("exact:{fold: [case]}", "verifier", where="x").plugin == Exact(fold=("case",))
    assert read_part("exact:{}", "verifier", where="x").plugin == Exact()
    named = read_part("tests.toy.sums:Says:{outcome: incorrect}", "verifier", where="x")
    assert named.plugin == Says(outcome="incorrect")
    nested = read_part("majority:{by: {use: exact, fold: [case]}}", "verifier", where="x").plugin
    assert nested.by.verifier == Exact(fold=("case",))
