"""What filters share that score texts by examples: where the examples come from, and which text is scored."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from pydantic import Field

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.filters._measuring import Bounded, TextOf, text_of
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.types import Question, Sample


class ByExamples(Bounded):
    """Scores texts by examples, many at a time, and keeps what is within bounds."""

    positives: NestedSource = Field(description="the source of good examples; its prompts are what is learned from")
    of: TextOf = Field(default="question", description="which text is scored")
    examples: int = Field(default=20_000, ge=1, description="the most examples of each kind, the first ones")

    @abstractmethod
    def scores(self, texts: Sequence[str]) -> Sequence[float | None]:
        """Return the score of each text, None for one that says nothing."""

    def prompts(self, name: str, source: NestedSource, least: int) -> list[str]:
        """Return the prompts of a source of examples.

        Raises:
            UserError: there are fewer than `least`.

        """
        questions = source.source.fresh(self._context).questions()
        prompts = [each.prompt for each in islice((q for q in questions if isinstance(q, Question)), self.examples)]
        if len(prompts) < least:
            message = f"{len(prompts)} {name} are too few to learn from"
            raise UserError(Fault(message, name, f"at least {least} are needed, some thousands are better"))
        return prompts

    def number(self, sample: Sample) -> float | None:
        """Return the score of one sample."""
        return self.measure(sample)[self.measure_names[0]]

    def measure(self, sample: Sample) -> Mapping[str, float | None]:
        """Return the score of one sample, by its name."""
        return next(self.measures([sample]))

    def measures(self, samples: Sequence[Sample]) -> Iterator[Mapping[str, float | None]]:
        """Yield the score of each, None where there is no text."""
        texts = [text_of(sample, self.of) or "" for sample in samples]
        for string, score in zip(texts, self.scores(texts), strict=True):
            yield {self.measure_names[0]: score if string.strip() else None}
