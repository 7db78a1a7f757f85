"""The pages that the command line prints: nothing in them is obeyed, everything in them is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console, RenderableType

from open_thoughts_gen.cli import terminal
from open_thoughts_gen.types import Counts, Dropped, DropReason, Finished, Question, Sample, Spent, Trace, Verdict
from tests.pipeline.test_line import recipe_of


def shown(page: RenderableType) -> str:
    file = io.StringIO()
    Console(file=file, width=100, color_system=None).print(page)
    return file.getvalue()


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    assert terminal.clean("\x1b[2Jgone\r\u202eabc\x9b1m [red]x[/] é 漢\ttab\n") == (
        "\\x1b[2Jgone\\x0d\\u202eabc\\x9b1m [red]x[/] é 漢\ttab\n"
    )


@given(text=st.text())
def test_clean_text_holds_nothing_that_a_terminal_obeys(text: str) -> None:
    cleaned = terminal.clean(text)
    assert all(char in "\n\t\u00a0" or char.isprintable() for char in cleaned)
    assert terminal.clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "drop", [None, Dropped("sample_filters", "length", DropReason("too long", "9 > 8 [b]words[/]"))]
)
def test_a_row_shows_all_that_is_known_of_it(drop: Dropped | None) -> None:
    question = Question("Is [bold]x[/bold] \x1b[31mred?", "no", "law")
    trace = Trace(question.id, 0, "t", "Let me [see].", "Answer: yes")
    verdict = Verdict("exact", "incorrect", "yes", "it is not [no]")
    page = shown(terminal.row(Sample(question, trace, (verdict,)), drop, 7))
    assert f"7. law {question.id}" in page
    assert "Is [bold]x[/bold] \\x1b[31mred?" in page
    assert "Let me [see]." in page
    assert "Answer: yes" in page
    assert "exact: incorrect (yes): it is not [no]" in page
    fate = "dropped by sample_filters, length: too long, 9 > 8 [b]words[/]" if drop else "kept"
    assert fate in page


def test_the_closing_page_tells_the_funnel_the_verdicts_the_expense_and_what_is_missing() -> None:
    dropped = {("sources", "files", "bad line"): 1, ("sample_filters", "verified", "incorrect"): 1_200}
    counts = Counts(
        drawn=2_001, asked=2_000, traces=2_000, kept=800, outcomes={"correct": 800, "incorrect": 1_200}, dropped=dropped
    )
    page = shown(terminal.closing(recipe_of(), Finished((), (), counts, "800 of 900"), "a cell is cut"))
    lines = [" ".join(line.split()) for line in page.splitlines()]
    funnel = lines[: lines.index("")]
    assert funnel == [
        "questions drawn 2,001",
        "files: bad line -1",
        "questions asked 2,000",
        "traces written 2,000",
        "verified: incorrect -1,200",
        "accepted rows 800",
    ]
    assert "verdicts: 800 correct 1,200 incorrect" in lines
    assert "tokens: 0 in, 0 out; cost: unknown, no price is known" in lines
    assert "fewer samples than the target: 800 of 900" in lines
    assert "note: a cell is cut" in lines


def test_a_cost_that_is_known_is_told() -> None:
    assert "cost: $1,234.50" in terminal.expense(Counts(cost_usd=1234.5)).plain
    assert "cost: $0.00" in terminal.expense(Counts(cost_usd=0.0)).plain
    assert "cost: under $0.01" in terminal.expense(Counts(cost_usd=0.00123)).plain


def test_teacher_and_judge_have_a_line_each_and_what_the_cache_had_is_not_paid_again() -> None:
    teacher, judge = Spent(60, 660, 420, 1.08, paid_usd=0.18, cached=50), Spent(120, 9000, 600, 0.4, paid_usd=0.4)
    counts = Counts(
        prompt_tokens=9660, completion_tokens=1020, cost_usd=1.48, calls_saved=7,
        spent={"teacher": teacher, "judge": judge},
    )  # fmt: skip
    assert terminal.expense(counts).plain.splitlines() == [
        "teacher: 60 answers (50 cached); 660 tokens in, 420 out; $1.08",
        "judge:   120 answers; 9,000 tokens in, 600 out; $0.40",
        "tokens: 9,660 in, 1,020 out; cost: $1.48, of which this run paid $0.58",
        "calls saved by `until`: 7, for questions with enough correct answers",
    ]
    alone = Counts(cost_usd=0.4, spent={"teacher": judge})
    assert terminal.expense(alone).plain == "tokens: 0 in, 0 out; cost: $0.40"


def test_next_steps_stand_one_to_a_line() -> None:
    lines = terminal.next_steps(Path("runs/a b")).plain.splitlines()
    assert lines[0] == "the dataset                runs/a b/dataset"
    assert lines[-1] == "publish it                 python -m open_thoughts_gen push 'runs/a b'"
