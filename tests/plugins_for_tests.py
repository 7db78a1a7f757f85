"""Plug-ins whose settings are of every type that a recipe can write; what they do with them is of no matter here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.plugin import Filter, RecipeView, Source, Teacher, Verifier
from open_thoughts_gen.types import DropReason, Question, Request, Sample, Trace, Verdict

HERE = "tests.plugins_for_tests"


class Rule(BaseModel):
    """A nested model."""

    model_config = ConfigDict(extra="forbid")

    name: str
    weight: float = 1.0


class ToySource(Source):
    """Has settings of every type, none of them required."""

    count: int = Field(default=3, ge=1, le=100)
    ratio: float = 0.5
    shuffled: bool = False
    text: str = ""
    mode: Literal["plain", "nested"] = "plain"
    file: Path | None = None
    since: date | None = None
    labels: tuple[str, ...] = ()
    levels: tuple[Literal[1, 2], ...] = Field((1,), min_length=1)
    rules: tuple[Rule, ...] = ()
    mapping: Mapping[str, int | str] = Field(default_factory=dict)
    either: int | str = 0

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield as many as it was told."""
        return (Question(f"{self.text}{number}") for number in range(self.count))


class ToyTeacher(Teacher):
    """Takes a key as plain text, as a stranger's plug-in may, and one as a declared secret."""

    model: str
    api_key: str = ""
    stop_token: str = "</s>"
    login: SecretStr = SecretStr("nobody")
    headers: Mapping[str, str] = Field(default_factory=dict)

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        """Say the same to all."""
        return (Trace(one.question.id, one.attempt, self.label, "", "4") for one in requests)


class ToyVerifier(Verifier):
    """Has validators that refuse in every way a plug-in may."""

    renamed: ClassVar[Mapping[str, str]] = {"limit": "threshold"}

    threshold: float = Field(default=0.5, ge=0, le=1)
    word: str = "ok"
    nested: Mapping[str, Any] = Field(default_factory=dict)
    api_key: str = ""

    @field_validator("word")
    @classmethod
    def _known(cls, word: str) -> str:
        if word == "value error":
            raise ValueError(f"{word!r} is no word")
        if word == "chained":
            fault = Fault("the word is chained", hint="break the chain")
            raise ValueError(str(fault)) from UserError(fault, Fault("and heavy"))
        if word == "user error":
            raise UserError(Fault("this word will not do", where="word", hint="use another"), "and nothing else will")
        return word

    @field_validator("nested")
    @classmethod
    def _fits(cls, nested: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            Rule.model_validate({"name": "a rule", **nested}, strict=True)
        except ValidationError as error:
            raise ValueError("nested does not fit") from error
        return nested

    @model_validator(mode="after")
    def _together(self) -> ToyVerifier:
        if self.word == "whole":
            raise ValueError(f"the key {self.api_key} and the word do not go together")
        return self

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Judge nothing."""
        return Verdict("toy", "undecided")


class ToyFilter(Filter):
    """Has one setting that is required."""

    least: int

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Keep all."""
        return None


class Choosy(Filter):
    """Wants one verifier, of a threshold, which it names by its place in a list."""

    wanted: tuple[float, ...] = (0.5,)

    def check_recipe(self, recipe: RecipeView) -> Iterator[Fault]:
        """Yield the thresholds that no verifier has."""
        if recipe.judges_nothing:
            yield Fault(f"nothing is judged before {recipe.step}", hint="move it")
        for index, threshold in enumerate(self.wanted if recipe.verifiers else ()):
            if not any(getattr(verifier, "threshold", None) == threshold for verifier in recipe.verifiers or ()):
                yield Fault(f"no verifier has {threshold}", where=f"wanted.{index}", hint="add one")

    def drop_reason(self, sample: Sample) -> DropReason | None:
        """Keep all."""
        return None


class Unfinished(Filter, Source):
    """Cannot be made: `questions` is missing."""
