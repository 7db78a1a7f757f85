"""A model asked the questions of a dataset: run as a recipe is run, then counted.

An evaluation is a run of the line: its source is the dataset's questions, its teacher the model, its verifiers the
dataset's own, and nothing is filtered. So the response cache, the budget, resuming and Ctrl-C are those of `run`, and
an answer that a run has paid for is not asked again.

What a model gives in place of an answer (a refusal, nothing at all) is undecided, as the verdicts on it would be; a
call that failed for another reason is counted as failed. Neither is right or wrong.

A question is disputed if at least two strong models, those with a pass@1 of a half or more, answer it alike and against
the reference, each with most of its decided samples, and most samples of no strong model are correct; of one strong
model, if three samples or more are all alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.money.budget import NOT_ASKED, Budget, Spending
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.publish.evaluation import GroupResult, ModelDifference, ModelResult
from open_thoughts_gen.publish.rows import answer_of
from open_thoughts_gen.recipe import Part, Recipe, recipe_of
from open_thoughts_gen.rejudge.passes import difference, pass_at_k, rate
from open_thoughts_gen.rewards import outcome_of
from open_thoughts_gen.text import normalise, shorten
from open_thoughts_gen.text.folding import FOLDS, Fold
from open_thoughts_gen.types import Finished, Outcome, Question, Sample

TRAITS = ("domain", "level", "scheme")
_SETTABLE = ("teacher.", "budget.", "prices.", "prices=", "budget=")
_SHOWN = ("temperature", "top_p", "max_tokens", "seed")
_STRONG = 0.5  # pass@1
_ALONE = 3  # samples that one strong model needs to dispute a reference by itself
_ALIKE: tuple[Fold, ...] = (*FOLDS, "punctuation")  # what does not make two answers differ
_NAME = "evaluate"


class BudgetSpentError(UserError):
    """Nothing is left of the budget for another model."""


class SavedQuestions(Source):
    """The questions of a dataset, in their order."""

    _questions: tuple[Question, ...] = PrivateAttr(default=())

    @classmethod
    def of(cls, questions: Sequence[Question]) -> Self:
        """Return the source of these questions."""
        source = cls()
        source._questions = tuple(questions)
        return source

    def questions(self) -> Iterator[Question]:
        """Yield them."""
        yield from self._questions


def recipe_for(
    spec: str, questions: Sequence[Question], parts: Sequence[Part], *, samples: int, settings: Sequence[str],
    run: Recipe | None,
) -> Recipe:  # fmt: skip
    """Return the recipe that asks a model; `settings` are changes as after `--set`, `run` the recipe of the dataset.

    Raises:
        UserError: the model or a setting has a fault.

    """
    for setting in settings:
        if not setting.startswith(_SETTABLE):
            hint = "settings of the model are teacher.NAME; others are budget.NAME and prices"
            raise UserError(Fault("this is not a setting of an evaluation", f"--set {setting.partition('=')[0]}", hint))
    values: dict[str, Any] = {
        "name": _NAME,
        "attempts": samples,
        "decontaminate": False,
        "sources": [{"use": f"{__name__}:{SavedQuestions.__name__}"}],
        "prices": {name: price.model_dump() for name, price in run.prices.items()} if run else {},
    }
    recipe = recipe_of(values, Path(), overrides=settings, teacher=spec)
    (source,) = recipe.sources
    drawn = source.model_copy(update={"plugin": SavedQuestions.of(questions)})
    return recipe.model_copy(update={"sources": (drawn,), "verifiers": tuple(parts)})


def share_of(budget: Budget | None, spent: Sequence[Spending], hours: float, num_left: int) -> Budget | None:
    """Return the share of a budget that the next of `num_left` models may spend, None if there is no budget.

    Each gets an equal part of what those before have left, so that all are asked about as much.

    Raises:
        BudgetSpentError: nothing is left.

    """
    if budget is None:
        return None
    tokens = None if budget.tokens is None else budget.tokens - sum(each.tokens for each in spent)
    usd = None if budget.usd is None else budget.usd - sum(each.cost_usd or 0.0 for each in spent)
    left = None if budget.hours is None else budget.hours - hours
    if any(value is not None and value <= 0 for value in (tokens, usd, left)):
        raise BudgetSpentError(Fault("the budget is spent", hint="raise it: what was answered is stored"))
    shares = {
        "usd": usd and usd / num_left,
        "tokens": tokens and max(1, tokens // num_left),
        "hours": left and left / num_left,
    }
    return budget.model_copy(update=shares)


@dataclass
class QuestionAnswers:
    """What a model answered to one question: how often with which outcome, and the answers that were decided."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    written: dict[str, str] = field(default_factory=dict)

    @property
    def num_decided(self) -> int:
        """How many samples are correct or incorrect."""
        return self.outcomes["correct"] + self.outcomes["incorrect"]

    @property
    def num_answers(self) -> int:
        """How many samples have an answer, decided or not."""
        return self.num_decided + self.outcomes["undecided"]

    @property
    def share(self) -> float:
        """The share of correct samples among those decided."""
        return self.outcomes["correct"] / self.num_decided


@dataclass(frozen=True, slots=True)
class ModelAnswers:
    """What a model answered, by question id, and what there is to say of it."""

    result: ModelResult
    answers: Mapping[str, QuestionAnswers]

    @property
    def shares(self) -> dict[str, float]:
        """The share of correct samples of each question that has a decided one."""
        return {key: answers.share for key, answers in self.answers.items() if answers.num_decided}


def answered(
    recipe: Recipe, finished: Finished | None, questions: Sequence[Question], traits: Sequence[str], shortfall: str
) -> ModelAnswers:
    """Count what a run answered; `shortfall` is why it was not asked everything, if it was not."""
    answers: dict[str, QuestionAnswers] = {}
    drops = finished.dropped if finished else ()
    samples = [*(finished.samples if finished else ()), *(drop.sample for drop in drops if drop.sample)]
    for sample in samples:
        outcome = _outcome(sample)
        if outcome is None:
            continue
        of_question = answers.setdefault(sample.question.id, QuestionAnswers())
        of_question.outcomes[outcome] += 1
        if outcome == "incorrect" and (answer := answer_of(sample)):
            of_question.wrong[alike := normalise(answer, _ALIKE)] += 1
            of_question.written.setdefault(alike, answer)
    num_samples, num_asked = len(questions) * recipe.attempts, sum(each.outcomes.total() for each in answers.values())
    teacher = recipe.teacher.plugin
    settings = {name: value for name in _SHOWN if (value := getattr(teacher, name, None)) is not None}
    settings |= {
        name: shorten(text, 80) for name in ("system", "prompt", "prefix") if (text := getattr(teacher, name, ""))
    }
    result = ModelResult(
        model=teacher.label,
        settings=settings,
        num_samples=num_samples,
        num_asked=num_asked,
        shortfall=(shortfall or "not all were asked") if num_asked < num_samples else "",
        overall=_group("all", questions, answers, recipe.attempts),
        groups={trait: _groups(trait, questions, answers, recipe.attempts) for trait in traits},
        prompt_tokens=finished.counts.prompt_tokens if finished else 0,
        completion_tokens=finished.counts.completion_tokens if finished else 0,
        cost_usd=finished.counts.cost_usd if finished else 0.0,
    )
    return ModelAnswers(result, answers)


def _outcome(sample: Sample) -> Outcome | str | None:
    """Return what became of a sample: its outcome, `failed`, or None if it was not asked or not judged."""
    if sample.trace is None or any(verdict.cause == NOT_ASKED for verdict in sample.verdicts):
        return None
    if sample.trace.finish_reason == "error":
        return "failed" if sample.trace.failure in ("teacher error", "prompt rejected") else "undecided"
    return outcome_of(sample)


def _groups(
    trait: str, questions: Sequence[Question], answers: Mapping[str, QuestionAnswers], samples: int
) -> list[GroupResult]:
    by_value: dict[str, list[Question]] = {}
    for question in questions:
        value = question.trait(trait)
        if isinstance(value, str | int | float):
            by_value.setdefault(str(value), []).append(question)
    names = sorted(by_value, key=lambda name: (not name.isdecimal(), int(name) if name.isdecimal() else 0, name))
    return [_group(name, by_value[name], answers, samples) for name in names]


def _group(
    name: str, questions: Sequence[Question], answers: Mapping[str, QuestionAnswers], samples: int
) -> GroupResult:
    of_questions = [answers[question.id] for question in questions if question.id in answers]
    pass_at = {}
    for k in sorted({*(2**i for i in range(samples.bit_length()) if 2**i <= samples), samples}):
        enough = [each for each in of_questions if each.num_decided >= k]
        values = [pass_at_k(each.num_decided, each.outcomes["correct"], k) for each in enough]
        if (passed := rate(values, sum(each.num_decided for each in enough) / k)) is not None:
            pass_at[k] = passed
    totals: Counter[str] = sum((each.outcomes for each in of_questions), Counter())
    return GroupResult(
        name=name,
        num_questions=len(of_questions),
        correct=totals["correct"],
        incorrect=totals["incorrect"],
        undecided=totals["undecided"],
        failed=totals["failed"],
        pass_at=pass_at,
        at_least=rate([each.outcomes["correct"] / each.outcomes.total() for each in of_questions], totals.total()),
    )


def differences(models: Sequence[ModelAnswers]) -> list[ModelDifference]:
    """Return each pair of models compared on the questions that both were judged on."""
    return [
        ModelDifference(first=first.result.model, second=second.result.model, by=by)
        for first, second in combinations(models, 2)
        if (by := difference(first.shares, second.shares)) is not None
    ]


def disputed(questions: Sequence[Question], models: Sequence[ModelAnswers]) -> list[dict[str, Any]]:
    """Return the questions on which strong models agree against the reference: with their answer, and who gave it."""
    strong = [model for model in models if _is_strong(model.result)]
    rows = []
    for question in questions:
        votes: dict[str, list[str]] = {}
        written: dict[str, str] = {}
        of_models = [(model, model.answers[question.id]) for model in strong if question.id in model.answers]
        if any(2 * each.outcomes["correct"] > each.num_decided for _, each in of_models):
            continue
        for model, each in of_models:
            for answer, num in each.wrong.most_common(1):
                is_alone = num == each.num_decided >= _ALONE and len(strong) == 1
                if 2 * num > each.num_decided:
                    votes.setdefault(answer, []).extend([model.result.model] * (2 if is_alone else 1))
                    written.setdefault(answer, each.written[answer])
        for answer, names in votes.items():
            if len(names) > 1:
                row = {"id": question.id, "question": question.prompt, "reference": question.reference}
                rows.append({**row, "answer": written[answer], "models": list(dict.fromkeys(names))})
    return rows


def _is_strong(result: ModelResult) -> bool:
    passed = result.overall.pass_at.get(1)
    return passed is not None and passed.value >= _STRONG


def num_unaccepted(finished: Collection[Finished]) -> int:
    """Return how many references their own verifiers do not accept."""
    return len({each.question_id for one in finished for each in one.unaccepted})
