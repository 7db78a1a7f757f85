from __future__ import annotations

import functools
import json
from dataclasses import replace
from itertools import islice
from typing import Any

import pytest

from benchmarks.steps import MUTATIONS, mutated, rows
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.publish.spans import with_spans
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Outcome, Question, Request, Sample, Trace
from open_thoughts_gen.verifiers.any_of import AnyOf
from open_thoughts_gen.verifiers.steps import Steps
from open_thoughts_gen.verifiers.steps.claims import WorkingDays, is_true

STEPS = Steps(num_workers=1)  # its worker is started once
CALENDAR = WorkingDays(frozenset({"07-04"}))
ROW = Question(
    "A fee of 1,430 and one of 260 are due under § 4(2) by 6 July 2031.",
    "1690",
    meta={"spec": {"facts": {"rate": 12}}, "derivation": [{"claims": ["1430 + 260 = 1690"]}]},
)


def outcome_of(response: str, question: Question = ROW, reasoning: str = "") -> tuple[Outcome, str]:
    verdict = STEPS.verdict(question, Trace("q", 0, "t", reasoning, response))
    return verdict.outcome, verdict.explanation if verdict.outcome != "undecided" else verdict.why


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("10 * 143 = 1430", True),
        ("(2 + 3) * 4 = 20", True),
        ("7 // 2 = 3", True),
        ("-7 // 2 = -4", True),
        ("7 % 4 - 1 = 2", True),
        ("0.2 + (1 - 0.2) * 0.25 = 0.4", True),
        ("(1/6) * 0.75 = 0.126", False),
        ("3 <= 3", True),
        ("3 < 3", False),
        ("10 * 143 = 1431", False),
        ("2031-06-06 + 30 d = 2031-07-06", True),
        ("2031-01-31 + 1 m = 2031-02-28", True),
        ("2031-11-30 + 3 m = 2032-02-29", True),
        ("2031-07-03 + 1 w = 2031-07-07", True),  # the 4th is a holiday, then the weekend
        ("2031-07-03 + 1 w = 2031-07-04", False),
        ("2031-07-04 opens 2031-07-07", True),
        ("2031-07-03 opens 2031-07-03", True),
        ("2031-07-08 - 2031-06-20 = 18 d", True),
        ("2031-07-08 - 2031-06-20 = 17 d", False),
        ("2031-06-20 <= 2031-06-27", True),
    ],
)
def test_claims_are_recomputed(claim: str, holds: bool) -> None:
    assert is_true(claim, CALENDAR) is holds


@pytest.mark.parametrize(
    "claim", ["", "x = 3", "2 +", "(2 = 2", "1 / 0 = 1", "1 // 0 = 1", "__import__('os') = 1", "2 ** 9 = 512"]
)
def test_a_claim_in_no_known_form_raises(claim: str) -> None:
    with pytest.raises(ValueError, match=r"claim|arithmetic|expression|bracket|division"):
        is_true(claim, CALENDAR)


@pytest.mark.parametrize(
    ("response", "outcome", "why"),
    [
        ("So 1,430 + 260 = 1690.", "correct", "3 figures are borne out"),
        ("1430 * 12 = 17160, and 17160 - 260 = 16900.", "correct", "6 figures are borne out"),
        ("1430 + 260 = 1700", "incorrect", "a false equation: 1430 + 260 = 1700; the figure 1700 comes from nowhere"),
        ("1430 + 270 = 1700", "incorrect", "the figure 270 comes from nowhere; the figure 1700 comes from nowhere"),
        ("It is 3120.", "incorrect", "the figure 3120 comes from nowhere"),
        ("1430 × 12% = 171.6", "correct", "3 figures are borne out"),
        ("Under Section 4(2), by Sunday 6 July 2031: 1690", "correct", "3 figures are borne out"),
        ("Under § 4(3): 1690", "incorrect", "§ 4(3) is not cited by the question"),
        ("By 7 July.", "incorrect", "the date 7 July comes from nowhere"),
        ("By Monday, 6 July 2031.", "incorrect", "Monday, 6 July 2031 was not a Monday"),
        ("1. First, 1690.\n2. That is all. Step 3", "correct", "1 figure is borne out"),
        (r"$1430 \times 12 - 260 = 16900$", "correct", "4 figures are borne out"),
        (r"1430 \times 12 - 260 = 1690", "incorrect", r"a false equation: 1430 * 12 - 260 = 1690"),
        ("Then x + 12 - 260 = 1430.", "correct", "3 figures are borne out"),
        ("260/1430 = 18.18%", "correct", "3 figures are borne out"),
        ("1430 x 12 = 17,160 and 17160 ÷ 12 = 1430", "correct", "6 figures are borne out"),
        ("Yes.", "undecided", "no figures: the trace has none to recompute"),
        ("", "undecided", "no answer: the response marks none"),
    ],
)
def test_every_figure_is_borne_out(response: str, outcome: Outcome, why: str) -> None:
    assert outcome_of(response) == (outcome, why)


def test_figures_that_are_borne_out_make_no_row_correct() -> None:
    silent = Trace("q", 0, "a-model", "", ROW.prompt)
    verdict = STEPS.verdict(ROW, silent)
    assert verdict.outcome == "correct"
    assert Sample(ROW, silent, (verdict,)).outcome == "undecided"
    combined = AnyOf(of=[{"use": "steps"}])
    combined.start()
    assert Sample(ROW, silent, (combined.verdict(ROW, silent),)).outcome == "undecided"


def test_a_false_claim_is_the_rows_fault() -> None:
    row = replace(ROW, meta={"derivation": [{"claims": ["1430 + 260 = 1691"]}]})
    assert outcome_of("1690", row) == ("undecided", "derivation: a claim of the row is false: 1430 + 260 = 1691")


def test_without_a_derivation_nothing_is_decided() -> None:
    assert outcome_of("1690", Question("?", "1690"))[0] == "undecided"


def test_what_a_family_tells_is_borne_out_and_a_changed_date_is_not() -> None:
    questions = list(islice(Family(family="statutes").fresh(Context(seed=11)).questions(), 40))
    traces = list(Solver().fresh(Context()).traces([Request(question) for question in questions]))
    verdicts = [STEPS.verdict(question, trace) for question, trace in zip(questions, traces, strict=True)]
    assert {verdict.outcome for verdict in verdicts} == {"correct"}
    changed = [replace(trace, reasoning=f"{trace.reasoning} By 29 February 1992.") for trace in traces]
    later = [STEPS.verdict(question, trace) for question, trace in zip(questions, changed, strict=True)]
    assert {verdict.outcome for verdict in later} == {"incorrect"}


@functools.cache
def told_rows(narration: str, family: str = "statutes") -> list[tuple[Question, Trace]]:
    return rows(family, narration, 30, seed=12)


@pytest.mark.parametrize("narration", ["brief", "normal", "deliberate", "log"])
@pytest.mark.parametrize("family", ["statutes", "counterfactual"])
def test_an_untouched_telling_is_correct_and_says_where_each_step_stands(family: str, narration: str) -> None:
    pairs = told_rows(narration, family)
    verdicts = list(STEPS.verdicts(pairs))
    assert [verdict.why for verdict in verdicts if verdict.outcome != "correct"] == []
    for _, trace in pairs:
        rest = trace.reasoning
        for passage in reversed([passage for passage in trace.passages if passage.part == "reasoning"]):
            rest = rest[: passage.start] + rest[passage.end :]
        assert set(rest) <= {" ", "\n", "-"}


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("narration", ["normal", "deliberate"])
def test_a_mutation_of_a_telling_is_caught(narration: str, name: str) -> None:
    changed = list(mutated(told_rows(narration), MUTATIONS[name], 20))
    outcomes = [verdict.outcome for verdict in STEPS.verdicts(changed)]
    assert len(outcomes) >= 5
    assert outcomes.count("incorrect") >= 0.95 * len(outcomes)


def test_a_telling_by_another_teacher_is_correct_and_else_its_figures_decide() -> None:
    question, trace = told_rows("normal")[0]
    retold = replace(trace, teacher="a-model")
    assert STEPS.verdict(question, retold).outcome == "correct"
    start, end = next((each.start, each.end) for each in trace.passages if each.step is not None)
    shorter = replace(retold, reasoning=trace.reasoning[:start] + trace.reasoning[end:].lstrip())
    assert STEPS.verdict(question, shorter).outcome == "undecided"
    free = replace(retold, reasoning="I looked at every provision, and it follows.")
    assert STEPS.verdict(question, free).outcome in ("correct", "undecided")
    assert STEPS.verdict(question, replace(free, reasoning="That is 987,654,321.")).outcome == "incorrect"


@pytest.mark.parametrize(
    "meta",
    [
        {"spec": {}},
        {"spec": {"scheme": "no such"}},
        {"spec": 5},
        {"settings": {"levels": [99]}},
        {"derivation": []},
        {"derivation": [{"kind": "compute", "claims": ["1 + 1 = 2"]}]},
        {"derivation": [{"kind": "compute", "claims": ["1 + 1 = 3"]}]},
        {"derivation": [7]},
        {"derivation": [{"span": "no"}]},
    ],
)
def test_a_telling_of_a_row_of_any_shape_is_undecided(meta: dict[str, object]) -> None:
    question, trace = told_rows("normal")[0]
    verdict = STEPS.verdict(replace(question, meta={**question.meta, **meta}), trace)
    assert verdict.outcome == "undecided", verdict.why


@pytest.mark.parametrize("narration", ["brief", "normal", "deliberate", "log"])
def test_a_published_derivation_says_where_each_step_stands_and_is_judged_alike(narration: str) -> None:
    for question, trace in told_rows(narration)[:8]:
        steps, text = question.meta["derivation"], trace.reasoning
        published = json.loads(json.dumps(with_spans(steps, trace)))
        for step, entry in zip(steps, published, strict=False):
            kept = ("kind", "cites", "claims") if "span" in entry else ("kind", "claims")
            assert {key: entry.get(key) for key in kept} == {key: step.get(key) for key in kept}
            if "span" in entry:
                assert (trace.response if "part" in entry else text)[slice(*entry["span"])] == entry["text"]
        said = [entry for entry in published if "span" in entry]
        assert said
        assert all(published[entry["step"]]["kind"] in (entry["kind"], "answer") for entry in said if "step" in entry)
        saved = replace(question, meta={**question.meta, "derivation": published})
        bare = replace(trace, passages=())
        assert STEPS.verdict(saved, bare).outcome == "correct"
        assert STEPS.verdict(saved, replace(bare, reasoning=text.replace(".", ". Not so.", 1))).outcome == "incorrect"


@pytest.mark.parametrize("span", [[0, 3], [3], 5, "no", [0, 10**9], [None, 1], {}])
@pytest.mark.parametrize("part", ["reasoning", "nowhere", 7])
def test_a_published_derivation_with_other_spans_is_undecided(span: object, part: object) -> None:
    question, trace = told_rows("normal")[0]
    steps = [*question.meta["derivation"], {"kind": "phrase", "text": "?", "span": span, "part": part}]
    saved = replace(question, meta={**question.meta, "derivation": steps})
    assert STEPS.verdict(saved, trace).outcome == "undecided"


def test_a_row_that_was_told_in_other_words_is_undecided() -> None:
    question, trace = told_rows("normal")[0]
    span = next(each for each in trace.passages if each.step is not None and each.part == "reasoning")
    more = " As it was put then."
    text = f"{trace.reasoning[: span.end]}{more}{trace.reasoning[span.end :]}"
    published: Any = with_spans(question.meta["derivation"], trace)
    for entry in published:
        if "span" in entry and "part" not in entry and entry["span"][0] > span.start:
            entry["span"] = [end + len(more) for end in entry["span"]]
    published[span.step] |= {
        "span": [span.start, span.end + len(more)],
        "text": f"{published[span.step]['text']}{more}",
    }
    saved = replace(question, meta={**question.meta, "derivation": published})
    verdict = STEPS.verdict(saved, replace(trace, reasoning=text))
    assert (verdict.outcome, verdict.cause) == ("undecided", "other words")


def test_a_telling_of_another_case_is_incorrect() -> None:
    (question, _), (_, other) = told_rows("normal")[:2]
    assert STEPS.verdict(question, other).outcome == "incorrect"
    assert STEPS.verdict(question, replace(other, reasoning=other.reasoning * 300)).outcome == "incorrect"


@pytest.mark.parametrize("told", ["9" * 5000, "1 + 1 = " + "9" * 5000, "1" + ",111" * 2000, "9" * 10**6])
def test_a_figure_too_long_to_be_one_is_borne_out_by_nothing(told: str) -> None:
    outcome, explanation = outcome_of(f"Answer: {told}")
    assert (outcome, len(explanation) < 400) == ("incorrect", True)
    question = replace(ROW, prompt=f"{ROW.prompt} {told}")
    assert outcome_of(f"Answer: {told}", question)[0] == "incorrect"


DEEP: list[object] = []
for _ in range(5000):
    DEEP = [DEEP]


@pytest.mark.parametrize(
    "meta",
    [
        {"spec": "x"},
        {"spec": [1]},
        {"spec": {"x": float("nan")}},
        {"spec": {"x": DEEP}},
        {"spec": {"x": 10**5000}},
        {"derivation": [1]},
        {"derivation": [{"claims": 5}]},
        {"derivation": [{"claims": [None]}]},
        {"derivation": [{"cites": [{}]}]},
        {"derivation": [{"claims": ["2031-06-06 + 999999 m = 2031-07-06"]}]},
        {"derivation": [{"claims": ["9999-12-30 + 5 w = 2031-07-06"]}]},
        {"derivation": [{"claims": ["(" * 190 + "1 = 1"]}]},
        {
            "spec": {"holidays": {f"{month:02}-{day:02}": "x" for month in range(1, 13) for day in range(1, 32)}},
            "derivation": [{"claims": ["2031-07-04 opens 2031-07-07"]}],
        },
    ],
)
def test_a_row_of_any_shape_is_undecided(meta: dict[str, object]) -> None:
    outcome, explanation = outcome_of("Answer: 1690", replace(ROW, meta={**ROW.meta, **meta}))
    assert (outcome, explanation.partition(":")[0]) == ("undecided", "derivation")


def test_a_yearly_day_of_the_question_may_be_named_without_its_year() -> None:
    row = replace(ROW, prompt=f"{ROW.prompt} The public holidays are 7 April and 9 June.")
    assert outcome_of("By 7 April it was 1690.", row)[0] == "correct"
    assert outcome_of("By 8 April it was 1690.", row) == ("incorrect", "the date 8 April comes from nowhere")
