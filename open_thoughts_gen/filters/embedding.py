"""Measure by embeddings: how near a text is to good examples, and how far from bad ones.

    use: embedding
    model_path: models/potion-base-8M
    positives: {use: files, path: olympiads.jsonl}
    negatives: {use: files, path: textbook.jsonl}
    min: 0

The measure `embedding_score` is the mean cosine to the positives less the mean cosine to the negatives, -2..2, as
OpenThoughts3 compared it with other ways to choose questions. Vectors have length one, so one product with the
difference of the two mean vectors gives it, however many examples there are. Models are those of `semantic_dedup`:
folders of model2vec or sentence-transformers, or such a model in the Hub's cache. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import Field, PrivateAttr

from open_thoughts_gen.filters._examples import ByExamples
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.similar.vectors import Encoder, Vectors, encoder_of, model_folder

BATCH = 4096  # texts


class Embedding(ByExamples):
    """Scores texts by their cosine to positives and negatives, and keeps what is within bounds."""

    model_path: str = Field(
        description="folder of the embedding model, from the recipe's folder, or a model that lies in the Hub's cache; "
        "nothing is downloaded"
    )
    negatives: NestedSource | None = Field(default=None, description="the source of bad examples; null: none")
    _encode: Encoder = PrivateAttr()
    _direction: Vectors = PrivateAttr()

    @property
    def usual_name(self) -> str:
        """`embedding_score`."""
        return "embedding_score"

    def start(self) -> None:
        """Load the model, and embed the examples.

        Raises:
            UserError: the model is not there, or a source has no question.

        """
        self._encode = encoder_of(model_folder(self.model_path, self._context.folder))
        self._direction = self._mean(self.prompts("positives", self.positives, 1))
        if self.negatives is not None:
            self._direction = self._direction - self._mean(self.prompts("negatives", self.negatives, 1))

    def scores(self, texts: Sequence[str]) -> list[float | None]:
        """Return the scores; None for a text of which the model knows no word."""
        scores: list[float | None] = []
        for start in range(0, len(texts), BATCH):
            vectors = self._encode(texts[start : start + BATCH])
            cosines = (vectors.astype(np.float64) * self._direction).sum(axis=1).round(4)
            scores += [float(cosines[i]) if vectors[i].any() else None for i in range(len(vectors))]
        return scores

    def _mean(self, texts: Sequence[str]) -> Vectors:
        parts = [self._encode(texts[start : start + BATCH]) for start in range(0, len(texts), BATCH)]
        mean: Vectors = np.concatenate(parts).mean(axis=0, dtype=np.float64)
        return mean
