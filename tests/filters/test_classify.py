"""A classifier trained on two sources: what it learns, that it is the same each time, where its weights are kept."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import numpy as np
import pytest

from open_thoughts_gen.contamination.bags import Bags
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.classify import FOLDER, Classify, ranking
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample

GEOMETRY = "triangle circle angle radius tangent sphere polygon area".split()
COOKING = "soup flour oven butter recipe onion sauce kettle".split()
SHARED = "find the of a and with which how many given what is when".split()


def texts(topic: list[str], num: int, seed: int) -> list[str]:
    rng = Random(seed)
    return [" ".join(rng.choices(SHARED, k=9) + rng.choices(topic, k=3)) for _ in range(num)]


def written(folder: Path, num: int = 120) -> Context:
    for name, topic, seed in (("good", GEOMETRY, 1), ("bad", COOKING, 2)):
        rows = [json.dumps({"prompt": prompt}) for prompt in texts(topic, num, seed)]
        (folder / f"{name}.jsonl").write_text("\n".join(rows))
    return Context(folder=folder, cache=folder / "cache" / "responses.sqlite")


def classifier(context: Context, **settings: object) -> Classify:
    sources = {"positives": {"use": "files", "path": "good.jsonl"}, "negatives": {"use": "files", "path": "bad.jsonl"}}
    return Classify.model_validate({**sources, **settings}).fresh(context)


def test_it_tells_the_two_kinds_apart_in_texts_that_it_has_not_seen(tmp_path: Path) -> None:
    one = classifier(written(tmp_path), min=0.5)
    good, bad = ([Sample(Question(each)) for each in texts(topic, 50, 9)] for topic in (GEOMETRY, COOKING))
    reasons = [why and why.reason for why in one.drop_reasons(good + bad)]
    assert set(reasons) == {None, "class score below the minimum"}
    assert reasons[:50].count(None) >= 48
    assert reasons[50:].count(None) <= 2
    report = one.report()
    assert report is not None
    assert report.facts["positives"] == report.facts["negatives"] == 120
    assert report.facts["accuracy"] > 0.95
    assert report.facts["ranking"] > 0.95


def test_the_weights_are_kept_and_the_same_each_time(tmp_path: Path) -> None:
    context = written(tmp_path)
    sample = Sample(Question("what is the area of a soup"))
    first = classifier(context)
    (kept,) = (tmp_path / "cache" / FOLDER).iterdir()
    assert classifier(context).measure(sample) == first.measure(sample)
    kept.write_bytes(b"damaged")
    again = classifier(context)
    assert np.array_equal(again._linear.weights, first._linear.weights)
    assert again.report() == first.report()
    assert classifier(context, epochs=1).measure(sample) != first.measure(sample)
    assert len(list((tmp_path / "cache" / FOLDER).iterdir())) == 2


def test_a_class_with_more_examples_has_no_more_weight(tmp_path: Path) -> None:
    context = written(tmp_path, 400)
    (tmp_path / "good.jsonl").write_text("\n".join(json.dumps({"prompt": each}) for each in texts(GEOMETRY, 20, 1)))
    (score,) = classifier(context, epochs=20).measure(Sample(Question("the triangle and the circle"))).values()
    assert score is not None
    assert score > 0.5


def test_no_text_has_no_score_and_few_examples_are_refused(tmp_path: Path) -> None:
    context = written(tmp_path)
    assert classifier(context, of="response").measure(Sample(Question("?"))) == {"class_score": None}
    written(tmp_path, 3)
    with pytest.raises(UserError, match="3 positives are too few"):
        classifier(context)


def test_bags_hold_the_runs_of_each_text_alone() -> None:
    bags = Bags.of(["a b c", "", "c a"], word_ngrams=2, num_buckets=1 << 20)
    assert np.diff(bags.starts).tolist() == [5, 0, 3]
    assert set(bags.buckets[:3]) >= set(bags.buckets[5:7])
    assert bags.buckets[7] not in bags.buckets[:5]


def test_ranking_is_the_area_under_the_curve() -> None:
    def area(positives: list[float], negatives: list[float]) -> float:
        return ranking(np.array(positives, np.float32), np.array(negatives, np.float32))

    assert area([0.9, 0.8], [0.1, 0.2]) == 1
    assert area([0.5, 0.1], [0.5, 0.3]) == 0.375
