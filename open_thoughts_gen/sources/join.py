r"""Give questions the reference answers that another source has for them: joined by a hash of the normalised wording.

    use: join
    of: {use: hub, dataset: open-thoughts/OpenThoughts-114k, fields: {prompt: conversations}}
    references: {use: hub, dataset: AI-MO/NuminaMath-CoT, fields: {prompt: problem, reference: solution}}
    prefixes: ['Return your final response within \boxed{}. ']
    meta: [source]

Published traces often come without the right answers, which stand in the dataset that the questions were taken from.
Two wordings are the same if they differ only in what `fold` names, without the `prefixes` that a script put before its
questions. A question that has a reference keeps it. Where several rows of `references` have the same wording and
different answers, none is taken: undecided is better than wrong. What came of it is on each row as `joined` (matched,
ambiguous, unmatched) in the meta.

The questions are read once more before, so that only the references that are wanted have to be held. It does not find
questions that were reworded.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from open_thoughts_gen import text
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.sources._wrapping import Wrapping
from open_thoughts_gen.text import Fold
from open_thoughts_gen.types import DropReason, Question


@dataclass(frozen=True, slots=True)
class Match:
    """What the rows of one wording say: a reference and keys of their meta; None for what they say differently."""

    reference: str | None
    meta: Mapping[str, Any]
    outcome: Literal["matched", "ambiguous", "unmatched"] = "matched"

    def and_also(self, other: Match) -> Match:
        """Return what this row and another of the same wording say together."""
        meta = {name: value if other.meta[name] == value else None for name, value in self.meta.items()}
        references = {each for each in (self.reference, other.reference) if each is not None}
        if len(references) > 1 or self.outcome == "ambiguous":
            return Match(None, meta, "ambiguous")
        return Match(references.pop() if references else None, meta)


_UNMATCHED = Match(None, {}, "unmatched")


class Join(Wrapping):
    """Gives questions the references, and keys of the meta, that another source has for the same wording."""

    of: NestedSource = Field(description="the source of the questions")
    references: NestedSource = Field(description="the source whose references are taken, by its prompts")
    fold: tuple[Fold, ...] = Field(
        default=text.FOLDS, description="the differences to ignore: case, unicode, space, punctuation"
    )
    prefixes: tuple[str, ...] = Field(
        default=(), description="texts to leave out at the beginning of a question when wordings are compared"
    )
    meta: tuple[str, ...] = Field(default=(), description="keys to take from the meta of the other row as well")
    unmatched: Literal["keep", "drop"] = Field(
        default="keep", description="what to do with questions for which no reference is found, or several"
    )
    _matches: dict[bytes, Match] | None = PrivateAttr(default=None)

    @property
    def nested(self) -> tuple[NestedSource, ...]:
        """The questions, and the references."""
        return self.of, self.references

    @property
    def endless(self) -> bool:
        """Whether the questions never end."""
        return self.sources[0].endless

    @property
    def usual_license(self) -> str:
        """The license of the questions."""
        return self.sources[0].usual_license

    def expect(self, num: int | None) -> None:
        """Let the questions' source know."""
        self.sources[0].expect(num)

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield the questions with what was found for them."""
        if self._matches is None:
            self._matches = self._read(*self.sources)
        for drawn in self.sources[0].questions():
            yield drawn if isinstance(drawn, DropReason) else self.joined(drawn, self._matches)

    def _read(self, asked: Source, known: Source) -> dict[bytes, Match]:
        """Return what the other source has, by the hash of the wording; of what is asked alone, where that ends."""
        wanted = None if asked.endless else {self.key(each) for each in _questions_of(asked)}
        matches: dict[bytes, Match] = {}
        for other in _questions_of(known):
            key = self.key(other)
            if wanted is not None and key not in wanted:
                continue
            match = Match(other.reference, {name: other.trait(name) for name in self.meta})
            matches[key] = matches[key].and_also(match) if key in matches else match
        return matches

    def key(self, question: Question) -> bytes:
        """Return the hash of a question's wording."""
        prompt = question.prompt
        prefix = next((each for each in self.prefixes if prompt.startswith(each)), "")
        wording = text.normalise(prompt.removeprefix(prefix), self.fold)
        return hashlib.blake2b(wording.encode("utf-8", "surrogatepass"), digest_size=16).digest()

    def joined(self, question: Question, matches: Mapping[bytes, Match]) -> Question | DropReason:
        """Return a question with what its wording has, or why it is dropped."""
        match = matches.get(self.key(question), _UNMATCHED)
        reference = question.reference if question.reference is not None else match.reference
        if self.unmatched == "drop" and reference is None:
            reason = "several references" if match.outcome == "ambiguous" else "no reference"
            return DropReason(f"{reason} for this wording", text.shorten(question.prompt, 80))
        return replace(question, reference=reference, meta={**question.meta, **match.meta, "joined": match.outcome})


def _questions_of(source: Source) -> Iterator[Question]:
    return (each for each in source.questions() if isinstance(each, Question))
