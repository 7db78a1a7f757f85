"""Measure how long a text is in a model's tokens, and keep what is within bounds.

    use: tokens
    of: answer
    tokenizer: Qwen/Qwen2.5-7B-Instruct     # or a folder with a tokenizer.json
    max: 16384

Every model counts its own tokens, so the recipe names the tokenizer: a folder or a `tokenizer.json` beside the recipe,
or a model whose tokenizer lies in the Hub's cache (`hf download MODEL tokenizer.json`). Nothing is downloaded. Needs
the package `tokenizers` (`pip install 'open-thoughts-gen[decontaminate]'`). Special tokens of a chat are not counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PrivateAttr

from open_thoughts_gen.contamination.tokens import counts_of, load_tokenizer, tokenizer_path
from open_thoughts_gen.filters._measuring import Bounded
from open_thoughts_gen.types import Sample

if TYPE_CHECKING:
    from tokenizers import Tokenizer


class Tokens(Bounded):
    """Counts the tokens of a text, and keeps what is within bounds."""

    of: Literal["question", "reasoning", "response", "answer"] = Field(
        default="question", description="which text is counted; answer: reasoning and response together"
    )
    tokenizer: str = Field(
        min_length=1,
        description="a folder or a tokenizer.json, from the recipe's folder, or a model that lies in the Hub's cache",
    )
    _tokenizer: Tokenizer = PrivateAttr()

    @property
    def usual_name(self) -> str:
        """`question_tokens`, `answer_tokens` and so on."""
        return f"{self.of}_tokens"

    def start(self) -> None:
        """Load the tokenizer.

        Raises:
            UserError: it is not there, or the package is missing.

        """
        self._tokenizer = load_tokenizer(tokenizer_path(self.tokenizer, self._context.folder))

    def number(self, sample: Sample) -> float | None:
        """Return the number of tokens of one sample."""
        return self.measure(sample)[self.measure_names[0]]

    def measure(self, sample: Sample) -> Mapping[str, int | None]:
        """Return the number of tokens of one sample, by its name."""
        return next(self.measures([sample]))

    def measures(self, samples: Sequence[Sample]) -> Iterator[Mapping[str, int | None]]:
        """Yield the number of tokens of each, None before there is an answer."""
        texts = [self._texts(sample) for sample in samples]
        counts = iter(counts_of([each for some in texts for each in some], self._tokenizer))
        for some in texts:
            yield {self.measure_names[0]: sum(next(counts) for _ in some) if some else None}

    def _texts(self, sample: Sample) -> list[str]:
        if self.of == "question":
            return [sample.question.prompt]
        parts = ("reasoning", "response") if self.of == "answer" else (self.of,)
        return [getattr(sample.trace, part) for part in parts] if sample.trace is not None else []
