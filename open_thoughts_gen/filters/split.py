"""Split the questions into train, validation and test, so that no test question resembles a training question.

Questions that are near-duplicates of each other (`similar.rule`, from `threshold` on), minimal pairs, and questions
that have the same value under the keys of `together` are connected, and go to one side whole (`near: together`). Where
a set is so uniform that all of it is connected, `near: drop` draws first, and leaves out each training question that is
near to a question held out.

With `hold_out: scheme` whole schemes are held out: no question of the test split has a scheme that train or validation
has. At least one value goes to each split that is asked for.

The groups are drawn in the order of a hash of the seed and their first question (held-out values: of the value) until
`test_rate` of the questions are in the test set, then `validation_rate` in the validation set, so that a longer set has
nearly the same test questions as a shorter one. The dataset then has a file for each split. Samples are not changed:
the publisher gets the splits beside them.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, model_validator

from open_thoughts_gen.filters._groups import group_of, groups
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.one_or_more import OneOrMore
from open_thoughts_gen.similar.clusters import components
from open_thoughts_gen.similar.collectors import Connected, Earliest
from open_thoughts_gen.similar.pairs import Twins, by_rank
from open_thoughts_gen.similar.questions import Questions
from open_thoughts_gen.similar.rule import Rule
from open_thoughts_gen.similar.search import Corpus, search
from open_thoughts_gen.similar.spill import Spill, Texts
from open_thoughts_gen.types import DropReason, FilterReport, Sample

Places = NDArray[np.int64]
SPLITS = ("train", "test", "validation")
TEST, VALIDATION = 1, 2


class Split(Filter):
    """Splits questions into train, test and, if wanted, validation, with similar questions in the same split."""

    test_rate: float = Field(default=0.1, gt=0, lt=1, description="share of the questions that go to the test split")
    validation_rate: float = Field(
        default=0.0, ge=0, lt=1, description="share of the questions that go to the validation split; 0 for none"
    )
    threshold: float = Field(
        default=75.0,
        gt=0,
        le=100,
        description="two questions are near if their text similarity (0..100) is at least this",
    )
    near: Literal["together", "drop"] = Field(
        default="together",
        description="what to do with near questions. together: put them into the same split; drop: leave out each "
        "training question that is near to a question of another split",
    )
    together: OneOrMore = Field(
        default=(),
        description="keys of the meta such as scheme, or source; questions with the same values of all these keys go "
        "to the same split",
    )
    hold_out: OneOrMore = Field(
        default=(),
        description="keys as in `together`; the splits are drawn by their values, so that each split has at least one "
        "value that no other split has: schemes, for example, that training never shows",
    )

    @model_validator(mode="after")
    def _leave_something_to_train_on(self) -> Self:
        if self.test_rate + self.validation_rate >= 1:
            raise ValueError("test_rate and validation_rate together must be less than 1")
        return self

    _splits: Mapping[str, str] = PrivateAttr(default_factory=dict)
    _facts: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    def drop_reasons(self, samples: Sequence[Sample]) -> Iterator[DropReason | None]:
        """Yield "near a test question" with the twin and the score, or None, per sample."""
        with Spill() as spill:
            texts = Texts(spill)
            questions = Questions(samples, seen=texts.add)
            order = np.arange(len(questions))
            corpus = Corpus(texts, order, Rule(self.threshold), spill, spread=self._context.spread)
            connected = Connected(len(questions), questions.are_twins)
            if self.near == "together":
                search(corpus, connected)
            labels, (firsts, seconds) = connected.labels, self._bound(samples, questions)
            labels = components(labels.size, labels[firsts], labels[seconds])[labels]
            splits = self._drawn(labels, self._names(samples, questions, labels))
            dropped = _near_held_out(corpus, splits, questions) if self.near == "drop" else {}
        place_of = questions.place_of.tolist()
        names = {questions.id(index): SPLITS[split] for index, split in enumerate(splits.tolist())}
        self._splits = {name: split for index, (name, split) in enumerate(names.items()) if index not in dropped}
        counts = Counter(self._splits.values())
        self._facts = {
            **{f"num_{split}": counts[split] for split in SPLITS if split != "validation" or self.validation_rate},
            "largest_group": int(np.bincount(labels).max()) if labels.size else 0,
            **({"held_out": self._held_out(samples)} if self.hold_out else {}),
        }
        return (dropped.get(index) for index in place_of)

    def _held_out(self, samples: Sequence[Sample]) -> dict[str, list[str]]:
        """Return the values that each split other than train has to itself."""
        values: dict[str, set[str]] = {}
        for sample in samples:
            value, split = group_of(sample, self.hold_out), self._splits.get(sample.question.id, SPLITS[0])
            if value is not None and split != SPLITS[0]:
                values.setdefault(split, set()).add(value)
        return {split: sorted(each) for split, each in sorted(values.items())}

    def report(self) -> FilterReport | None:
        """Return the split of each question."""
        return FilterReport("", self.plugin_name(), self._facts, splits=self._splits)

    def _bound(self, samples: Sequence[Sample], questions: Questions) -> tuple[Places, Places]:
        """Return which questions must not be parted whatever they say: minimal pairs, and those alike in `together`."""
        first: dict[str, int] = {}
        ties: list[tuple[int, int]] = []
        place_of = questions.place_of.tolist()
        for index, sample in zip(place_of, samples, strict=True):
            meta = sample.question.meta
            marks = (("pair", meta.get("pair")), ("id", meta.get("twin_of")), ("id", sample.question.id))
            for kind, mark in marks:
                if isinstance(mark, str) and mark:
                    ties.append((index, first.setdefault(f"{kind} {mark}", index)))
        for keys in filter(None, (self.together, self.hold_out)):
            for indices in groups(samples, keys).values():
                ties += [(place_of[indices[0]], place_of[index]) for index in indices[1:]]
        both = np.array(ties, dtype=np.int64).reshape(-1, 2)
        return both[:, 0], both[:, 1]

    def _names(self, samples: Sequence[Sample], questions: Questions, labels: Places) -> dict[int, str]:
        """Return what each group is drawn by: the least id in it, or the least value that is held out.

        So the draw does not depend on the order of the questions, and held-out values are the same in a longer set.
        """
        ids, values = dict[int, str](), dict[int, str]()
        for index, label in enumerate(labels.tolist()):
            ids[label] = min(ids.get(label, "g"), questions.id(index))
        for index, sample in zip(questions.place_of.tolist(), samples if self.hold_out else (), strict=False):
            value = group_of(sample, self.hold_out)
            if value is not None:
                values[int(labels[index])] = min(values.get(int(labels[index]), value), value)
        return ids | values

    def _drawn(self, labels: Places, names: Mapping[int, str]) -> Places:
        """Return for each question the index of its split in SPLITS; whole groups are drawn for each."""
        sizes, seed = np.bincount(labels, minlength=labels.size), self._context.seed
        draws = {label: hashlib.sha256(f"{seed}/{name}".encode()).digest() for label, name in names.items()}
        left = sorted(names, key=lambda label: (draws[label], names[label]))
        split_of = np.zeros(labels.size, dtype=np.int64)
        for split, rate in ((TEST, self.test_rate), (VALIDATION, self.validation_rate)):
            chosen = self._chosen(left, sizes, round(rate * labels.size)) if rate else []
            split_of[chosen] = split
            left = [label for label in left if label not in set(chosen)]
        return split_of[labels]

    def _chosen(self, left: Sequence[int], sizes: Places, wanted: int) -> list[int]:
        """Return the groups that a split takes until it is full; one that is too large for it stays in train.

        Of values that are held out at least one is taken, however large, and one is left.
        """
        chosen: list[int] = []
        for label in left:
            if self.hold_out:
                fits = len(chosen) < len(left) - 1 and (wanted > 0 or not chosen)
            else:
                fits = bool(sizes[label] <= wanted)
            if fits:
                chosen.append(label)
                wanted -= int(sizes[label])
        return chosen


def _near_held_out(corpus: Corpus, splits: Places, questions: Questions) -> dict[int, DropReason]:
    """Return why questions are left out: in train near to one held out, in validation near to one of test."""
    rank = np.array([2, 0, 1])[splits]  # test first, then validation, then train
    dropped: dict[int, DropReason] = {}
    has_validation = bool((splits == VALIDATION).any())
    for level, held in ((1, "test"), (2, "held-out")) if has_validation else ((2, "test"),):
        order = np.argsort(rank, kind="stable")  # questions held out first, and only they count
        num_sources = int((rank < level).sum())
        earliest = Earliest(order.size, by_rank(questions.are_twins, order), num_sources=num_sources)
        search(replace(corpus, order=order), earliest)
        twins = Twins.of_ranks(order, earliest)
        for index, twin in enumerate(twins.places.tolist()):
            if twin >= 0 and rank[index] == level:
                score = round(float(twins.scores[index]), 2)
                dropped[index] = DropReason(f"near a {held} question", twin=questions.id(twin), score=score)
    return dropped
