"""A linear classifier of texts over hashed runs of words, for the filter `classify`.

What fastText's classifier computes of a text is linear in its words and runs of words (Joulin et al. 2016, arXiv
1607.01759); with two classes its inner dimension adds nothing, so this is the same family of functions as a plain
logistic regression. Runs of words are put in buckets (`contamination.bags`). Weights are trained by AdaGrad in
batches, in an order that the seed gives; both classes weigh the same, however many texts each has. All sums are made by
numpy in one order, so the same texts give the same weights.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.contamination.bags import Bags, Floats

BATCH = 64  # texts
_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Training:
    """How a classifier is trained; the words are those of fastText's options."""

    word_ngrams: int
    min_count: int
    buckets: int
    epochs: int
    rate: float
    seed: int

    def batches(self, num: int) -> Iterator[NDArray[np.int64]]:
        """Yield which of `num` texts are in each batch, all of them once an epoch."""
        chance = np.random.default_rng(self.seed)
        for _ in range(self.epochs):
            order = chance.permutation(num)
            yield from (order[start : start + BATCH] for start in range(0, num, BATCH))


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights by bucket, and what is added to every sum."""

    weights: Floats
    bias: float

    def scores(self, bags: Bags) -> Floats:
        """Return how likely each text is of the first class, 0..1; both classes count as equally frequent."""
        buckets, owners, weights = bags.picked(np.arange(len(bags)))
        sums = np.bincount(owners, self.weights[buckets] * weights, len(bags))
        return _likelihood(sums + self.bias)


def trained(bags: Bags, is_first: NDArray[np.bool_], training: Training) -> Linear:
    """Return a classifier of texts of two classes."""
    counts = np.bincount(bags.buckets, minlength=training.buckets)
    is_used = counts >= training.min_count
    class_sizes = np.maximum(1, np.array([(~is_first).sum(), is_first.sum()]))
    worth = (len(bags) / 2 / class_sizes)[is_first.astype(np.int64)]
    weights, squares = np.zeros(training.buckets, np.float32), np.full(training.buckets, _EPSILON, np.float32)
    bias = bias_squares = np.float32(0)
    for texts in training.batches(len(bags)):
        buckets, owners, values = bags.picked(texts)
        sums = np.bincount(owners, weights[buckets] * values, texts.size) + bias
        errors = ((_likelihood(sums) - is_first[texts]) * worth[texts]).astype(np.float32)
        distinct, index = np.unique(buckets, return_inverse=True)
        slopes = np.bincount(index, errors[owners] * values, distinct.size).astype(np.float32) * is_used[distinct]
        squares[distinct] += slopes**2
        weights[distinct] -= np.float32(training.rate) * slopes / np.sqrt(squares[distinct])
        slope = errors.sum()
        bias_squares = bias_squares + slope**2
        bias = bias - np.float32(training.rate) * slope / np.sqrt(bias_squares + np.float32(_EPSILON))
    return Linear(weights, float(bias))


def _likelihood(sums: NDArray[np.floating]) -> Floats:
    bounded: Floats = (1 / (1 + np.exp(-np.clip(sums, -30, 30)))).astype(np.float32)
    return bounded


def stored(path: Path) -> tuple[Linear, dict[str, Any]] | None:
    """Return a classifier from its file, with what is known of it; None where there is none."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            return Linear(stored["weights"], float(stored["bias"])), json.loads(str(stored["facts"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None  # a damaged file is made again


def store(path: Path, linear: Linear, facts: Mapping[str, Any]) -> None:
    """Write a classifier to a file, with what is known of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.stem}.{os.getpid()}.npz")
    np.savez_compressed(beside, weights=linear.weights, bias=np.float64(linear.bias), facts=json.dumps(facts))
    beside.replace(path)
