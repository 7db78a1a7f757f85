from __future__ import annotations

from typing import Literal

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.verified import Verified
from open_thoughts_gen.plugin import RecipeView
from open_thoughts_gen.types import DropReason, FinishReason, Outcome, Question, Sample, Trace, Verdict
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.format import Format


def sample(*told: tuple[Outcome, str], finish_reason: FinishReason = "stop", error: str | None = None) -> Sample:
    verdicts = tuple(Verdict("math", outcome, "42", explanation) for outcome, explanation in told)
    return Sample(Question("What?"), Trace("q", 0, "t", "", "", finish_reason, error), verdicts)


CORRECT: tuple[Outcome, str] = ("correct", "equal")
INCORRECT: tuple[Outcome, str] = ("incorrect", "not equal")
TIMEOUT: tuple[Outcome, str] = ("undecided", "timeout: the comparison took too long")
EITHER: tuple[Literal["drop", "keep"], ...] = ("drop", "keep")


@pytest.mark.parametrize("undecided", EITHER)
@pytest.mark.parametrize("kept", [sample(CORRECT), sample(CORRECT, TIMEOUT), sample(CORRECT, finish_reason="length")])
def test_correct_samples_are_kept(undecided: Literal["drop", "keep"], kept: Sample) -> None:
    assert Verified(undecided=undecided).drop_reason(kept) is None


@pytest.mark.parametrize("undecided", EITHER)
@pytest.mark.parametrize(
    ("dropped", "why"),
    [
        (sample(INCORRECT), DropReason("incorrect", "math: not equal")),
        (sample(CORRECT, INCORRECT), DropReason("incorrect", "math: not equal")),
        (sample(finish_reason="error", error="503"), DropReason("teacher error", "503")),
        (sample(TIMEOUT, finish_reason="length"), DropReason("truncated", "the response was cut off at its limit")),
    ],
)
def test_what_is_wrong_or_never_came_is_left_out(
    undecided: Literal["drop", "keep"], dropped: Sample, why: DropReason
) -> None:
    assert Verified(undecided=undecided).drop_reason(dropped) == why


@pytest.mark.parametrize(
    ("doubtful", "why"),
    [
        (sample(TIMEOUT), DropReason("undecided: timeout", "math: timeout: the comparison took too long")),
        (sample(("undecided", "")), DropReason("undecided", "math: ")),
        (sample(), DropReason("no verdict", "no verifier applies to this question")),
        (Sample(Question("What?")), DropReason("no verdict", "no verifier applies to this question")),
    ],
)
def test_undecided_samples_are_the_recipe_s_to_judge(doubtful: Sample, why: DropReason) -> None:
    assert Verified(undecided="drop").drop_reason(doubtful) == why
    assert Verified(undecided="keep").drop_reason(doubtful) is None


def test_a_long_cause_is_cut_so_that_reasons_stay_few() -> None:
    why = Verified(undecided="drop").drop_reason(sample(("undecided", "word " * 100)))
    assert why is not None
    assert len(why.reason) <= len("undecided: ") + 40


def test_there_is_no_silent_default() -> None:
    with pytest.raises(ValidationError, match="undecided"):
        Verified.model_validate({})


IN_FORM = Verdict("format", "correct", form_only=True)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (Verified(undecided="drop"), DropReason("only the form was judged")),
        (Verified(undecided="keep"), None),
        (Verified(undecided="drop", form_only="keep"), None),
        (Verified(undecided="keep", form_only="drop"), DropReason("only the form was judged")),
    ],
)
def test_a_right_form_alone_is_not_correct(settings: Verified, why: DropReason | None) -> None:
    assert settings.drop_reason(Sample(Question("What?"), verdicts=(IN_FORM,))) == why


def test_where_another_verifier_could_not_decide_its_cause_counts() -> None:
    unread = Verdict("math", "undecided", None, "the answer has a word left over", "not read whole")
    why = Verified(undecided="drop").drop_reason(Sample(Question("What?"), verdicts=(unread, IN_FORM)))
    assert why == DropReason("undecided: not read whole", "math: not read whole: the answer has a word left over")


@pytest.mark.parametrize(
    ("view", "message"),
    [
        (RecipeView("sample_filters", [Exact()]), ""),
        (RecipeView("sample_filters", [Exact(), Format()]), ""),
        (RecipeView("sample_filters", None), ""),
        (RecipeView("question_filters", [Exact()]), "before the teacher nothing has been verified"),
        (RecipeView("sample_filters"), "`verified` needs a verifier"),
        (RecipeView("sample_filters", [Format()]), "`verified` would drop every sample: only their form is judged"),
    ],
)
def test_it_checks_the_recipe_that_names_it(view: RecipeView, message: str) -> None:
    faults = list(Verified(undecided="drop").check_recipe(view))
    assert [str(fault).startswith(message) for fault in faults] == [True] * bool(message)


def test_a_recipe_of_formal_verifiers_may_keep_what_is_right_in_form() -> None:
    view = RecipeView("sample_filters", [Format()])
    assert list(Verified(undecided="drop", form_only="keep").check_recipe(view)) == []
