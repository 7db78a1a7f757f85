"""What the rows are like in bulk: 1,000 questions as recipes/legal.yaml draws them, told by the solver.

These are the figures the dataset stands on: no disagreement, hardly a near-duplicate, no lopsided answer, no shortcut
by surface, no two tellings alike but for their names and numbers.
"""

import itertools
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from rapidfuzz import fuzz, process
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.statutes import schemes
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.sources.family import Family as FamilySource
from open_thoughts_gen.teachers.solver import Solver
from open_thoughts_gen.types import Question, Request, Trace
from open_thoughts_gen.verifiers.family import Family as FamilyVerifier
from open_thoughts_gen.verifiers.steps import Steps

NUM_ROWS = 1000
RECIPE = Path(__file__).parents[2] / "recipes" / "legal.yaml"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def rows() -> list[tuple[Question, Trace]]:
    recipe = load_recipe(RECIPE)
    source = recipe.sources[0].plugin.fresh(Context(seed=recipe.seed))
    assert isinstance(source, FamilySource)
    questions = [
        question for question in itertools.islice(source.questions(), NUM_ROWS) if isinstance(question, Question)
    ]
    traces = Solver().traces(Request(question) for question in questions)
    return list(zip(questions, traces, strict=True))


def test_the_two_implementations_never_disagree(rows: list[tuple[Question, Trace]]) -> None:
    verifier = FamilyVerifier()
    outcomes = Counter(verifier.verdict(question, trace).outcome for question, trace in rows)
    assert outcomes == {"correct": NUM_ROWS}


def test_near_duplicates_are_under_one_percent(rows: list[tuple[Question, Trace]]) -> None:
    prompts = [question.prompt for question, _ in rows]
    pairs = [question.meta.get("pair", index) for index, (question, _) in enumerate(rows)]
    scores = process.cdist(prompts, prompts, scorer=fuzz.ratio, score_cutoff=90, dtype=np.uint8, workers=2)
    near = {
        j for i, j in zip(*np.nonzero(scores), strict=True) if i < j and pairs[i] != pairs[j]
    }  # each repeats an earlier row, minimal pairs aside
    assert len(near) < 0.01 * NUM_ROWS, len(near)


def test_no_yes_or_no_above_sixty_percent(rows: list[tuple[Question, Trace]]) -> None:
    answers = Counter(question.reference for question, _ in rows if question.meta["kind"] == "allowed")
    assert set(answers) == {"Yes", "No"}
    assert answers.total() >= 150
    assert max(answers.values()) <= 0.6 * answers.total(), answers


def label(question: Question) -> str:
    """Return what a shortcut would have to guess: the outcome, the letter, who prevails, whether anything is owed."""
    kind, reference = question.meta["kind"], question.reference or ""
    if kind == "prevails":
        scheme = schemes_of(schemes)[question.meta["scheme"]]
        case = ProblemCase.of(question.meta["spec"], scheme.known_forms)
        return str(scheme.assess(case.facts)["winner"])
    if kind == "amount":
        return "zero" if reference.startswith("0 ") else "more"
    return reference


@pytest.mark.parametrize("kind", ["allowed", "flip", "prevails", "amount"])
def test_a_bag_of_words_predicts_no_answer(rows: list[tuple[Question, Trace]], kind: str) -> None:
    chosen = [question for question, _ in rows if question.meta["kind"] == kind]
    labels = [
        f"{question.meta['scheme']}/{label(question)}" if kind == "prevails" else label(question) for question in chosen
    ]
    if kind == "prevails":  # roles are named by scheme: the majority is that of each scheme
        majority = sum(
            Counter(name for name in labels if name.startswith(f"{scheme}/")).most_common(1)[0][1]
            for scheme in {name.partition("/")[0] for name in labels}
        ) / len(labels)
    else:
        majority = Counter(labels).most_common(1)[0][1] / len(labels)
    rare = {name for name, count in Counter(labels).items() if count < 5}
    kept = [(question.prompt, name) for question, name in zip(chosen, labels, strict=True) if name not in rare]
    words = CountVectorizer(binary=True, min_df=3).fit_transform([prompt for prompt, _ in kept])
    names = np.array([name for _, name in kept])
    guessed = cross_val_predict(LogisticRegression(max_iter=400, C=0.1), words, names, cv=5)
    accuracy = float(np.mean(guessed == names))
    assert accuracy <= majority + 0.10, (accuracy, majority)


def test_no_two_tellings_differ_by_substitution_alone(rows: list[tuple[Question, Trace]]) -> None:
    def shape(text: str) -> str:
        text = re.sub(r"\b(?:[A-Z][\w'&-]*)(?: (?:of |& )?[A-Z][\w'&-]*)*", "N", text)
        return re.sub(r"\d[\d,.()]*", "0", text)

    shapes = Counter(shape(trace.reasoning) for _, trace in rows)
    assert max(shapes.values()) == 1, shapes.most_common(1)


def test_every_figure_of_the_told_traces_is_borne_out(rows: list[tuple[Question, Trace]]) -> None:
    verdicts = list(Steps(num_workers=1).verdicts(rows))
    assert Counter(verdict.outcome for verdict in verdicts) == {"correct": NUM_ROWS}, [
        verdict for verdict in verdicts if verdict.outcome != "correct"
    ][:3]


def test_rows_are_of_a_size_that_people_read(rows: list[tuple[Question, Trace]]) -> None:
    lengths = sorted(len(trace.reasoning.split()) for _, trace in rows)
    assert lengths[0] >= 40
    assert 150 <= lengths[NUM_ROWS // 2] <= 500
    fields = Counter(str(question.meta["field"]) for question, _ in rows)
    assert len(fields) >= 6
    assert max(fields.values()) <= 0.35 * NUM_ROWS
