"""Measure by a classifier that the recipe trains: how much a text resembles good examples rather than bad ones.

    use: classify
    positives: {use: hub, dataset: AI-MO/NuminaMath-CoT, fields: {prompt: problem}}
    negatives: {use: files, path: dull/*.jsonl}
    min: 0.5

OpenThoughts3 trained fastText on positives and negatives to choose questions and answers. This is the same family of
functions (`_linear`), trained in seconds, without a package beside numpy. The score, 0..1, stays on the row as
`class_score`; `top_k` takes the best by it. To classify answers, let the sources' `prompt` field name their answers.

Before training a tenth of the examples is set aside, and how the classifier does on it is reported: `accuracy`, and
`ranking`, the share of pairs of a positive and a negative that it puts in the right order (the area under the ROC
curve). Weights are kept beside the response cache, by the examples and the settings that they come from.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr

from open_thoughts_gen.contamination.bags import Bags
from open_thoughts_gen.filters._examples import ByExamples
from open_thoughts_gen.filters._linear import Linear, Training, store, stored, trained
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.types import FilterReport

FOLDER = "classifiers"
_VERSION = 1
_SET_ASIDE = 10  # one of ten examples is not trained on
_LEAST = 10  # examples of each kind


class Classify(ByExamples):
    """Scores texts by a classifier trained on positives and negatives, and keeps what is within bounds."""

    negatives: NestedSource = Field(description="the source of bad examples")
    word_ngrams: int = Field(default=3, ge=1, le=5, description="the longest runs of words that are looked at")
    min_count: int = Field(default=3, ge=1, description="how often a run must occur in the examples to have a weight")
    buckets: int = Field(default=1 << 18, ge=1 << 8, le=1 << 24, description="how many weights there are")
    epochs: int = Field(default=5, ge=1, le=1000, description="how often each example is learned from")
    rate: float = Field(default=0.5, gt=0, le=10, description="learning rate (AdaGrad)")
    seed: int | None = Field(default=None, ge=0, description="seed of the order of examples; null: the recipe's")
    _linear: Linear = PrivateAttr()
    _facts: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def usual_name(self) -> str:
        """`class_score`."""
        return "class_score"

    def start(self) -> None:
        """Read the examples, and train the classifier or take its weights from where they were kept.

        Raises:
            UserError: there are too few examples, or a source cannot be read.

        """
        positives = self.prompts("positives", self.positives, _LEAST)
        negatives = self.prompts("negatives", self.negatives, _LEAST)
        texts = positives + negatives
        is_positive = np.repeat([True, False], [len(positives), len(negatives)])
        key = json.dumps([_VERSION, vars(self) | {"positives": 0, "negatives": 0}, is_positive.tolist()], default=str)
        digest = hashlib.sha256(key.encode())
        for string in texts:
            digest.update(hashlib.sha256(string.encode("utf-8", "surrogatepass")).digest())
        path = self._context.cache.parent / FOLDER / f"{digest.hexdigest()[:32]}.npz"
        self._linear, self._facts = stored(path) or self._train(texts, is_positive, path)

    def _train(self, texts: Sequence[str], is_positive: NDArray[np.bool_], path: Path) -> tuple[Linear, dict[str, Any]]:
        seed = self._context.seed if self.seed is None else self.seed
        training = Training(self.word_ngrams, self.min_count, self.buckets, self.epochs, self.rate, seed)
        aside = np.arange(len(texts)) % _SET_ASIDE == 0
        linear = trained(self._bags([texts[i] for i in np.flatnonzero(~aside)]), is_positive[~aside], training)
        scores = linear.scores(self._bags([texts[i] for i in np.flatnonzero(aside)]))
        facts = {
            "positives": int(is_positive.sum()),
            "negatives": int((~is_positive).sum()),
            "set_aside": int(aside.sum()),
            "accuracy": round(float(((scores >= 0.5) == is_positive[aside]).mean()), 4),
            "ranking": round(ranking(scores[is_positive[aside]], scores[~is_positive[aside]]), 4),
        }
        store(path, linear, facts)
        return linear, facts

    def _bags(self, texts: Sequence[str]) -> Bags:
        return Bags.of(texts, word_ngrams=self.word_ngrams, num_buckets=self.buckets)

    def scores(self, texts: Sequence[str]) -> list[float | None]:
        """Return the scores, 0..1."""
        return [round(score, 4) for score in self._linear.scores(self._bags(texts)).tolist()]

    def report(self) -> FilterReport | None:
        """Return how many examples it learned from, and how it does on those set aside."""
        return FilterReport("", self.plugin_name(), self._facts)


def ranking(positives: NDArray[np.float32], negatives: NDArray[np.float32]) -> float:
    """Return the share of pairs in which the positive has the higher score; equal ones count half."""
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, "left") + np.searchsorted(ordered, positives, "right")
    return float(below.sum() / 2 / max(1, positives.size * negatives.size))
