"""Drop questions that mean nearly the same as another one, in whatever words.

Questions are embedded by a model of a local folder (model2vec or sentence-transformers; nothing is downloaded), and two
are duplicates if the cosine of their vectors, times 100, reaches `threshold`. As in SemHash and SemDeDup
(https://arxiv.org/abs/2303.09540); as everywhere here, a question is left out if an earlier one is its duplicate.

What a good threshold is depends on the model and on the questions: too low a one leaves one question of each topic. So
`run.json` counts how similar each question is to the one nearest to it, and `histogram` names a PNG that shows it, with
the threshold. Minimal pairs and, by `numbers_guard`, problems with other figures are
kept.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PrivateAttr, field_validator

from open_thoughts_gen.similar.dedup import Dedup, Distinct
from open_thoughts_gen.similar.pairs import Twins, earliest_pairs
from open_thoughts_gen.similar.spill import Texts
from open_thoughts_gen.similar.vectors import Encoder, encoder_of, model_folder, neighbours
from open_thoughts_gen.types import FilterReport

NUM_NEIGHBOURS = 32  # of each question, at most
BATCH = 4096
BINS = 50


class SemanticDedup(Dedup):
    """Keeps one of the prompts that mean nearly the same, by the cosine of their embeddings."""

    reason = "semantic duplicate"

    model_path: str = Field(
        description="folder of the embedding model, from the recipe's folder, or a model that lies in the Hub's cache; "
        "nothing is downloaded"
    )
    threshold: float = Field(
        default=90.0,
        gt=0,
        le=100,
        description="two questions are duplicates if their similarity (cosine times 100) is at least this",
    )
    histogram: str | None = Field(
        default=None,
        description="PNG to write: how similar each question is to the nearest one; the figures as JSON beside it",
    )

    _encode: Encoder = PrivateAttr()
    _histogram: Mapping[str, Any] = PrivateAttr(default_factory=dict)

    @field_validator("histogram")
    @classmethod
    def _is_png(cls, path: str | None) -> str | None:
        if path is not None and Path(path).suffix != ".png":
            raise ValueError("the histogram is written as .png")
        return path

    def start(self) -> None:
        """Load the model."""
        self._encode = encoder_of(model_folder(self.model_path, self._context.folder))

    def find(self, distinct: Distinct) -> Twins:
        """Return for each question the earliest similar one before it, if either is among the other's nearest ones."""
        texts, hashes = distinct.texts, distinct.questions.hashes
        by_content = np.argsort(hashes, kind="stable")  # an order that does not depend on the one they came in
        cosines, near = self._nearest(texts, by_content)
        order, ranks = distinct.questions.ranked()
        rows, columns = np.nonzero((cosines >= self.threshold) & (near >= 0))
        ones, others = ranks[by_content[rows]], ranks[by_content[near[rows, columns]]]
        return earliest_pairs(order, [(ones, others, cosines[rows, columns])], distinct.guard.apart)

    def report(self) -> FilterReport | None:
        """Return what was left out, and how similar questions are to the one nearest to them."""
        return FilterReport("", self.plugin_name(), {**self._facts, "nearest": self._histogram}, warning=self.warning())

    def _nearest(self, texts: Texts, order: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return the cosines of the nearest neighbours, times 100, and which they are; write the histogram."""
        parts = [
            self._encode([texts[index] for index in order[start : start + BATCH].tolist()])
            for start in range(0, order.size, BATCH)
        ]
        vectors = np.concatenate(parts) if parts else np.zeros((0, 1), dtype=np.float32)
        near, cosines = neighbours(vectors, NUM_NEIGHBOURS)
        scores = 100 * cosines.astype(np.float64)
        nearest = scores[:, 0][near[:, 0] >= 0]
        counts, edges = np.histogram(nearest, bins=BINS, range=(min(0.0, float(nearest.min(initial=0.0))), 100.0))
        self._histogram = {
            "threshold": self.threshold,
            "num_questions": nearest.size,
            "num_above": int((nearest >= self.threshold).sum()),
            "edges": [round(edge, 4) for edge in edges.tolist()],
            "counts": counts.tolist(),
        }
        if self.histogram is not None and order.size:
            _draw(self._histogram, self._context.folder / self.histogram)
        return scores, near


def _draw(counted: Mapping[str, Any], path: Path) -> None:
    """Write the histogram, and its counts beside it."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.stairs(counted["counts"], counted["edges"], fill=True)
    axes.axvline(counted["threshold"], color="black", linestyle="--")
    axes.set_xlabel("cosine to the nearest other question, times 100")
    axes.set_ylabel("questions")
    title = f"{counted['num_above']:,} of {counted['num_questions']:,} reach the threshold of {counted['threshold']:g}"
    axes.set_title(title, fontsize="medium")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    path.with_suffix(".json").write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")
