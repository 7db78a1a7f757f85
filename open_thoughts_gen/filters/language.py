"""Measure in which languages a text is written, by paragraph, and keep the samples in the languages wanted.

    use: language
    of: reasoning
    keep: [en]

The measure is a share of the letters for each language, `{"en": 0.97, "zh": 0.03}`, on the prose alone: code, formulas
and links are in no language. A paragraph counts for the language that py3langid (naive Bayes over byte n-grams; M. Lui
and T. Baldwin, 2012) finds most probable, unless it is too short or the probability is below `MIN_PROBABILITY`. Where
the script changes within a paragraph, as in reasoning that slips into Chinese for a clause, the parts count apiece.

Not covered: languages that share nearly all words (Danish and Norwegian, say), which are often confused.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped]
from pydantic import Field, field_validator

from open_thoughts_gen.filters._measuring import TextOf, text_of
from open_thoughts_gen.plugin import Filter
from open_thoughts_gen.plugin.one_or_more import OneOrMore
from open_thoughts_gen.text import prose
from open_thoughts_gen.types import DropReason, Sample

MIN_PROBABILITY = 0.8
MIN_LETTERS = 20  # of a paragraph; a dense script says as much in a third of them
_PARAGRAPH = re.compile(r"\n[ \t]*\n")
_LETTERS = re.compile(r"[^\W\d_]+")
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")  # kana, han, hangul


class Language(Filter):
    """Measures the languages of the question, reasoning or response, and keeps samples in those wanted."""

    of: TextOf = Field(default="question", description="the text to measure: question, reasoning or response")
    keep: OneOrMore = Field(default=(), description="language codes (ISO 639-1) to keep; empty: all are kept")
    min_share: float = Field(
        default=0.9, gt=0, le=1, description="the least share of the letters, 0..1, that must be in these languages"
    )

    @field_validator("keep")
    @classmethod
    def _are_known(cls, keep: tuple[str, ...]) -> tuple[str, ...]:
        known = {str(label) for label in _identifier().labels}
        if unknown := sorted(set(keep) - known):
            raise ValueError(f"{', '.join(unknown)}: not a language that is recognised; use codes such as en, de, zh")
        return keep

    @property
    def label(self) -> str:
        """The recogniser."""
        return "language (py3langid)"

    @property
    def measure_names(self) -> tuple[str, str]:
        """The name of the language of most letters, and that of the shares of all."""
        return ("language", "languages") if self.of == "question" else (f"{self.of}_language", f"{self.of}_languages")

    def measure(self, sample: Sample) -> Mapping[str, object]:
        """Return the language of most letters, and the share of each; None for a text that is too short to tell."""
        string = text_of(sample, self.of)
        shares = language_shares(string) if string else {}
        main, each = self.measure_names
        return {main: next(iter(shares), None), each: shares or None}

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Return "in another language" or "mixed languages", with the shares; None where nothing was recognised."""
        shares = self.measured(sample, self.measure_names[1])
        if not self.keep or not shares:
            return None
        share = sum(shares.get(code, 0) for code in self.keep)
        if share >= self.min_share:
            return None
        detail = ", ".join(f"{code} {part:.0%}" for code, part in shares.items())
        return DropReason("in another language" if share == 0 else "mixed languages", f"{self.of}: {detail}")


def language_shares(string: str) -> dict[str, float]:
    """Return the share of the recognised letters in each language, the greatest first; empty if none is recognised."""
    letters: Counter[str] = Counter()
    for passage, weight in _passages(prose(string)):
        num = weight * sum(map(len, _LETTERS.findall(passage)))
        if num < MIN_LETTERS:
            continue
        label, probability = _identifier().classify(passage)
        if probability >= MIN_PROBABILITY:
            letters[str(label)] += num
    total = letters.total()
    return {
        label: round(num / total, 4) for label, num in sorted(letters.items(), key=lambda item: (-item[1], item[0]))
    }


def _passages(string: str) -> Iterator[tuple[str, int]]:
    """Yield what each paragraph has in dense scripts, a letter of which counts as three, and the rest of it."""
    for paragraph in _PARAGRAPH.split(string):
        yield " ".join(_DENSE.findall(paragraph)), 3
        yield _DENSE.sub(" ", paragraph), 1


@cache
def _identifier() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
