"""The shortcut audit of a card: how often answers are guessed from the wording of a question, without any reasoning.

Where the same few answers recur (yes or no, one of some options), a set can give them away: a word that only some cases
have, an answer that is the right one more often. So a classifier that knows neither rules nor arithmetic is given the
prompts: naive Bayes over the words and runs of up to three words that tell most, chosen again in each of five folds
from the rows that it learns from. What it gets right of the rows that it did not see is set against the commonest
answer. Rows of one case (minimal pairs, attempts at one question) are in one fold, so that no answer is known from its
twin.

It finds what is said in single words and short runs; it does not prove that nothing else gives an answer away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from heapq import nsmallest

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.contamination.bags import Bags
from open_thoughts_gen.publish.evaluation import ShareWithin, shown
from open_thoughts_gen.publish.markdown import code, table
from open_thoughts_gen.publish.rates import wilson
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import Sample

SEED = 0
_MAX_ROWS = 2_000  # that are drawn of a larger set
_MAX_ANSWERS = 8  # of a closed question
_MIN_GROUP, _MIN_ROWS = 40, 100  # rows with closed answers: of a kind, and in all
_MAX_GROUPS = 12  # of the table, the largest first
_FOLDS = 5
_RUN, _BUCKETS = 3, 1 << 18
_MIN_COUNT, _NUM_TELLING = 3, 50  # in how many rows a run has to be; how many runs are chosen
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Guessed:
    """How the questions of one kind with closed answers are guessed: rows, answers, what is right of each way."""

    kind: str
    num_rows: int
    num_answers: int
    num_majority: int
    num_guessed: int


def guessed(samples: Sequence[Sample]) -> list[Guessed]:
    """Return how the answers of each kind of closed question are guessed, the largest kind first.

    Empty where fewer than 100 rows have closed answers.
    """
    drawn = samples if len(samples) <= _MAX_ROWS else nsmallest(_MAX_ROWS, samples, key=lambda s: s.ticket(SEED))
    kinds: dict[str, list[Sample]] = {}
    for sample in drawn:
        if sample.question.reference:
            kinds.setdefault(_kind(sample), []).append(sample)
    closed = [(kind, some) for kind, some in kinds.items() if _is_closed(some)]
    if sum(len(some) for _, some in closed) < _MIN_ROWS:
        return []
    results = [_cross_validated(kind, some) for kind, some in closed]
    return sorted(results, key=lambda each: (-each.num_rows, each.kind))


def shortcut_section(samples: Sequence[Sample]) -> list[str]:
    """Return the section of a card; nothing where too few rows have closed answers."""
    kinds = guessed(samples)
    if not kinds:
        return []
    whole = Guessed("", *(sum(numbers) for numbers in zip(*map(_numbers, kinds), strict=True)))
    rows = [(code(each.kind), *_cells(each)) for each in kinds[:_MAX_GROUPS]]
    if len(kinds) > 1:
        rows.append((f"all {len(kinds)} kinds", *_cells(whole)))
    above = _within(whole.num_guessed, whole.num_rows).low > whole.num_majority / whole.num_rows
    finding = (
        "**The wording gives some of the answers away.**"
        if above
        else "The wording does no better than always saying the commonest answer of the kind."
    )
    drawn = f", {_MAX_ROWS:,} of them drawn with the seed {SEED}" if len(samples) > _MAX_ROWS else ""
    how = (
        "Questions that have few possible answers could be guessed. Naive Bayes over words and runs of two and three "
        f"words, which knows neither rules nor arithmetic, learns four fifths of the rows{drawn} and guesses the rest, "
        "five times over, minimal pairs on one side; 95 % intervals."
    )
    head = ("Kind of question", "Rows", "Answers", "Commonest answer", "Guessed from the wording")
    return ["### Can answers be guessed?", f"{how} {finding}", table(head, rows, numbers=(1, 2, 3, 4))]


def _numbers(each: Guessed) -> tuple[int, int, int, int]:
    return each.num_rows, each.num_answers, each.num_majority, each.num_guessed


def _cells(each: Guessed) -> tuple[str, str, str, str]:
    answers = f"{each.num_answers}" if each.kind else ""
    majority = f"{100 * each.num_majority / each.num_rows:.1f} %"
    return f"{each.num_rows:,}", answers, majority, shown(_within(each.num_guessed, each.num_rows))


def _within(num: int, whole: int) -> ShareWithin:
    low, high = wilson(num / whole, whole)
    return ShareWithin(value=num / whole, low=low, high=high, num_questions=whole)


def _kind(sample: Sample) -> str:
    """Return what kind of question it is: as its source says, or of which domain."""
    domain, asks = sample.question.domain, sample.trait("asks")
    return str(sample.trait("kind") or (f"{domain}: {asks}" if asks else domain))


def _answer(sample: Sample) -> str:
    return normalise(sample.question.reference or "")


def _is_closed(samples: Sequence[Sample]) -> bool:
    """Return whether a few answers recur: not one alone, and each often enough to be learnt."""
    if len(samples) < _MIN_GROUP:
        return False
    counts = Counter(map(_answer, samples))
    return 1 < len(counts) <= _MAX_ANSWERS and min(counts.values()) >= _FOLDS


def _cross_validated(kind: str, samples: Sequence[Sample]) -> Guessed:
    answers, labels = np.unique([_answer(sample) for sample in samples], return_inverse=True)
    cases = [sample.question.case for sample in samples]
    # Cases are dealt out to the folds in the order of their ids, which are hashes: at random, and the same every time.
    places = {case: i for i, case in enumerate(sorted(set(cases)))}
    folds = np.array([places[case] % _FOLDS for case in cases])
    rows, runs = _runs_of([sample.question.prompt for sample in samples])
    num_guessed = 0
    for fold in range(_FOLDS):
        aside = folds == fold
        guesses = _guesses(rows, runs, labels, aside, answers.size)
        num_guessed += int((guesses == labels[aside]).sum())
    return Guessed(kind, len(samples), answers.size, int(np.bincount(labels).max()), num_guessed)


def _runs_of(texts: Sequence[str]) -> tuple[Counts, Counts]:
    """Return pairs of a text and a run that it has, both numbered, each once; of runs that several texts have."""
    bags = Bags.of(texts, word_ngrams=_RUN, num_buckets=_BUCKETS)
    owners = np.repeat(np.arange(len(bags)), np.diff(bags.starts))
    pairs = np.unique(owners * _BUCKETS + bags.buckets)
    _, runs, counts = np.unique(pairs % _BUCKETS, return_inverse=True, return_counts=True)
    common = counts[runs] >= _MIN_COUNT
    _, numbered = np.unique(runs[common], return_inverse=True)
    return (pairs // _BUCKETS)[common], numbered


def _guesses(rows: Counts, runs: Counts, labels: Counts, aside: NDArray[np.bool_], num_answers: int) -> Counts:
    """Return the likeliest answer of each row that is set aside, as naive Bayes learns it from the others."""
    num_runs = int(runs.max()) + 1 if runs.size else 1
    seen = ~aside[rows]
    has = np.bincount(labels[rows[seen]] * num_runs + runs[seen], minlength=num_answers * num_runs)
    has = has.reshape(num_answers, num_runs)
    sizes = np.bincount(labels[~aside], minlength=num_answers)[:, None]
    chance = (has + 1) / (sizes + 2)
    expected = sizes * has.sum(axis=0) / sizes.sum()
    tells = ((has - expected) ** 2 / np.maximum(expected * (1 - expected / np.maximum(sizes, 1)), 1e-9)).sum(axis=0)
    chosen = np.argsort(-np.round(tells, 6), kind="stable")[:_NUM_TELLING]
    weights = np.zeros((num_answers, num_runs))
    weights[:, chosen] = (np.log(chance) - np.log1p(-chance))[:, chosen]
    base = np.log((sizes[:, 0] + 1) / sizes.sum()) + np.log1p(-chance[:, chosen]).sum(axis=1)
    sums = [np.bincount(rows, each[runs], aside.size) for each in weights]
    likely: Counts = np.argmax((np.stack(sums) + base[:, None])[:, aside], axis=0)
    return likely
