"""What a recipe says: which dataset is made, and how.

Its keys are in the order of the line: sources, question_filters, teacher, verifiers, sample_filters, publish. Every
plug-in is named by `use:` with its settings beside it, and checked by the plug-in's own pydantic fields.

    name: tenancy
    target: 500
    source: {use: family, family: statutes}
    teacher: solver
    verifiers:
      - use: family
        when: {domain: law}
    publish: {title: Tenancy, license: cc0-1.0}

`resolved()` is the recipe with every default written out and no secret in it: it loads back to an equal recipe, and is
what a run keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from open_thoughts_gen.errors import Fault
from open_thoughts_gen.money.budget import Budget
from open_thoughts_gen.money.prices import KnownPrices, Price
from open_thoughts_gen.plugin import Kind
from open_thoughts_gen.plugin.one_or_more import OneOrMore, one_or_more
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.plugin.when import Wanted, read_when
from open_thoughts_gen.recipe.hub_terms import License, Task
from open_thoughts_gen.recipe.node import KeyPath, Node
from open_thoughts_gen.recipe.parts import Part, plain
from open_thoughts_gen.recipe.secrets import Secrets
from open_thoughts_gen.recipe.validation import NAME_PATTERN, REPO_PATTERN
from open_thoughts_gen.types import Outcome

ColumnType = Literal["string", "int", "float", "bool", "json"]
TRAITS = ("domain", "source", "license")
PART_KINDS: dict[str, Kind] = {
    "sources": "source",
    "question_filters": "filter",
    "teacher": "teacher",
    "verifiers": "verifier",
    "sample_filters": "filter",
}


@dataclass(frozen=True, slots=True)
class Switch:
    """Marks a key of the recipe that adds the plug-in of the same name to the end of one of its lists."""

    step: str


Tasks = Annotated[tuple[Task, ...], BeforeValidator(one_or_more, json_schema_input_type=Task | list[Task])]


class KnownCount(BaseModel):
    """How many questions and rows a part of a published set has; `when` says which rows here are the same part."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: str = Field(description="the part, in a few words")
    questions: int | None = Field(default=None, ge=1, description="how many questions it has; null: not known")
    rows: int | None = Field(default=None, ge=1, description="how many rows it has; null: not known")
    about: bool = Field(default=False, description="whether the numbers are rounded")
    outcome: Outcome | None = Field(default=None, description="the outcome that the same part has here; null: any")
    when: Annotated[Mapping[str, Wanted], BeforeValidator(read_when)] = Field(
        default_factory=dict,
        description="conditions on domain, source or meta that the same part meets here; none: all",
    )


class Original(BaseModel):
    """The published set that a recipe makes again, and its counts as far as they are public."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: str = Field(pattern=r"^[\w.-]+/[\w.-]+$", max_length=200, description="its name on the Hub: owner/name")
    known_from: str = Field(default="", description="where the counts are said")
    counts: tuple[KnownCount, ...] = Field(default=(), description="what is known, part by part")


class Publish(BaseModel):
    """The dataset's title, the texts of its card, and the columns that its rows have besides the standard ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    renamed: ClassVar[Mapping[str, str]] = {}

    title: str = Field(default="", description="title of the card; left out: the recipe's name")
    pitch: str = Field(
        default="",
        description="a sentence or two under the title, for whoever reads nothing else (Markdown); empty: none",
    )
    authors: OneOrMore = Field(default=(), description="who made the dataset, for the card and its citation")
    year: int | None = Field(default=None, ge=1990, le=2200, description="year of the citation; null: it has none")
    version: str = Field(
        default="1.0.0",
        pattern=r"^\d+\.\d+\.\d+$",
        description="version of the dataset, MAJOR.MINOR.PATCH; raise it when you push other rows",
    )
    homepage: str = Field(
        default="", pattern=r"^(https?://[^\s<>()\[\]\"'`\\{}|]+)?$", description="address of a page about the dataset"
    )
    # null: the freest that satisfies the licenses of sources and teachers (`licensing`); unknown where none is known
    license: License | None = Field(default=None, description="license, by the Hub's name; null: it is derived")
    license_override: str = Field(
        default="",
        description="why the dataset may have its license although a source or a teacher asks for another; the card "
        "repeats it",
    )
    teacher_name: str = Field(
        default="",
        description="what rows and card call the teacher; empty: the name by which it was asked, or of a model on a "
        "private network its name there",
    )
    teacher_license: str = Field(
        default="", description="license of the teacher's text, where its terms are not known or others were agreed on"
    )
    language: OneOrMore = Field(default=("en",), description="language codes (ISO 639)")
    tags: OneOrMore = Field(default=(), description="tags of the card, besides those that every dataset gets")
    task_categories: Tasks = Field(
        default=("text-generation", "question-answering"),
        description="tasks that the dataset is for, as the Hub names them",
    )
    purpose: str = Field(default="", description="text of the card's section Purpose and scope (Markdown)")
    creation: str = Field(
        default="",
        description="text to add to the card's section Creation method; the rest of it is written from the recipe",
    )
    uses: str = Field(default="", description="text of the card's section Example uses (Markdown)")
    limitations: str = Field(default="", description="text of the card's section Limitations and biases (Markdown)")
    original: Original | None = Field(
        default=None,
        description="the published set that this makes again, with the counts of it that are public, beside which the "
        "card sets those of this dataset: {dataset: OWNER/NAME, known_from: its paper, counts: [{what: mathematics, "
        "questions: 53125, when: {domain: math}}]}",
    )
    columns: Mapping[str, ColumnType] = Field(
        default_factory=dict,
        description="measures, and keys of a question's meta, that become columns, each with its type",
    )
    system: str = Field(
        default="",
        description="system message of the `messages` config, for training; the system prompt for generation is "
        "`teacher.system`",
    )
    rl: bool = Field(
        default=False,
        description="whether to write the config `rl` too: prompt, reference and verifiers with their settings, for "
        "the rewards of reinforcement learning",
    )
    schemas: OneOrMore = Field(
        default=(),
        description="published sets in whose columns the rows are written too, each as a config of that name, such as "
        "openthoughts3",
    )
    figure_by: OneOrMore = Field(
        default=("domain",), description="columns by which the card's figures (counts and shares) are broken down"
    )
    question_files: bool = Field(
        default=True,
        description="whether the files that the source `files` reads are published too: those with a license and of at "
        "most 5 MB; the card says which are not",
    )
    drawings: int = Field(
        default=0,
        ge=0,
        le=12,
        description="how many charts of different kinds (blocks of Mermaid or text in questions) the card shows, as "
        "code that the Hub draws",
    )
    repo: str = Field(
        default="",
        pattern=REPO_PATTERN,
        description="repository that `push` writes to: NAME or OWNER/NAME; empty: the recipe's name, under the owner "
        "that HF_ORG names",
    )

    @field_validator("title")
    @classmethod
    def _says_something(cls, title: str) -> str:
        if not title.strip():
            raise ValueError("the title is empty: write one, or leave the line out, and it is the recipe's name")
        return title


class Until(BaseModel):
    """When a question has been asked often enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    accepted: int = Field(
        default=1, ge=1, description="how many correct traces a question needs before no more are asked for"
    )
    max_attempts: int = Field(ge=1, description="the most traces to ask for, per question")

    @model_validator(mode="after")
    def _can_be_reached(self) -> Self:
        if self.accepted > self.max_attempts:
            raise ValueError(f"accepted {self.accepted} is above max_attempts {self.max_attempts}")
        return self


@dataclass(frozen=True)
class Origin:
    """Where a recipe was read, and what was noticed; two recipes that differ in it alone are equal.

    `places` says where each value is written, and how it is titled there.
    """

    folder: Path = field(default=Path(), compare=False)
    notes: tuple[Fault, ...] = field(default=(), compare=False)
    places: Mapping[KeyPath, tuple[str, str]] = field(default_factory=dict, compare=False, repr=False)


class Recipe(BaseModel):
    """One dataset: where its questions come from, who answers, who judges, what is dropped, how it is published."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    renamed: ClassVar[Mapping[str, str]] = {}

    name: str = Field(
        pattern=NAME_PATTERN, max_length=96, description="name of the run folder, the card and the dataset"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="seed of every random draw")
    scale: float = Field(
        default=1.0,
        gt=0,
        le=1,
        description="share of the published size to make: every number of questions in the recipe is multiplied by it",
    )
    rehearsal_scale: float | None = Field(
        default=None,
        gt=0,
        le=1,
        description="`scale` of a rehearsal (`run --rehearse`) unless `--set scale=...` gives another; null: `scale`",
    )
    target: Annotated[int | None, Scales()] = Field(
        default=None, ge=1, description="how many accepted samples to make; null: as many as the sources give"
    )
    max_questions: Annotated[int | None, Scales()] = Field(
        default=None, ge=1, description="the most questions to draw; null: 10 times the target, and at least 1000"
    )
    attempts: int = Field(default=1, ge=1, description="how many traces to ask the teacher for, per question")
    until: Until | None = Field(
        default=None, description="instead of `attempts`: ask each question until enough of its traces are correct"
    )
    budget: Budget | None = Field(default=None, description="limits on what a run may spend: usd, tokens, hours")
    prices: Mapping[str, Price] = Field(
        default_factory=dict, description="USD per million tokens, by model; takes precedence over the package's table"
    )
    sources: tuple[Part, ...] = Field(min_length=1, description="where questions come from, in order")
    question_filters: tuple[Part, ...] = Field(default=(), description="filters that drop questions before the teacher")
    decontaminate: Annotated[bool, Switch("question_filters")] = Field(
        default=True,
        description="whether to drop questions that also appear in a benchmark, with the filter `decontaminate` at the "
        "end of question_filters; instead of on or off, the settings of that filter may stand here",
    )
    teacher: Part = Field(description="the plug-in that answers the questions")
    verifiers: tuple[Part, ...] = Field(default=(), description="verifiers that judge the answers")
    sample_filters: tuple[Part, ...] = Field(default=(), description="filters that drop samples after the verifiers")
    publish: Publish = Field(default=Publish(), description="how the dataset is published")
    _origin: Origin = PrivateAttr(default_factory=Origin)

    @property
    def folder(self) -> Path:
        """The folder of the recipe's file: relative paths in settings start there."""
        return self._origin.folder

    @property
    def notes(self) -> tuple[Fault, ...]:
        """What is not wrong and should still be changed in the recipe's file, such as a setting's former name."""
        return self._origin.notes

    def in_folder(self, folder: Path) -> Recipe:
        """Return the same recipe, with relative paths in settings starting in another folder."""
        moved = self.model_copy()
        moved._origin = replace(self._origin, folder=folder)
        return moved

    def fault_at(self, path: KeyPath, message: str, hint: str = "") -> Fault:
        """Return a fault of a setting, at the line where it, or what holds it, is written."""
        while path and path not in self._origin.places:
            path = path[:-1]
        where, title = self._origin.places.get(path, ("", ""))
        return Node(None, where, title).fault(message, hint)

    @property
    def question_limit(self) -> int | None:
        """How many questions may be drawn to reach the target; None if there is neither a limit nor a target."""
        if self.max_questions is not None or self.target is None:
            return self.max_questions
        return max(10 * self.target, 1000)

    @property
    def max_attempts(self) -> int:
        """How many traces are asked for one question at most."""
        return self.until.max_attempts if self.until else self.attempts

    @property
    def known_prices(self) -> Mapping[str, Price]:
        """The prices of the package's table and of this recipe, which take precedence."""
        return KnownPrices(self.prices)

    @property
    def paid_models(self) -> Sequence[str]:
        """The models that a run pays for by their tokens, the teacher's first."""
        teacher = self.teacher.plugin
        asked = [] if teacher.cost_usd is not None else [*teacher.models]
        others = (*self.sources, *self.question_filters, *self.verifiers, *self.sample_filters)
        return [*asked, *(model for part in others for model in part.plugin.models)]

    def resolved(self) -> dict[str, Any]:
        """Return the recipe as plain values, with every default written out and no secret."""
        return {name: _resolved(getattr(self, name)) for name in type(self).model_fields}

    def to_yaml(self) -> str:
        """Return the resolved recipe as text: the same recipe always gives the same."""
        return yaml.dump(self.resolved(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


def _resolved(value: object) -> Any:  # noqa: ANN401  (what YAML can say)
    if isinstance(value, Part):
        return value.resolved()
    if isinstance(value, tuple):
        return [_resolved(inner) for inner in value]
    return plain(value.model_dump() if isinstance(value, BaseModel) else value, Secrets())


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines as a block, where YAML can."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", data, style="|" if "\n" in data else None)


_Dumper.add_representer(str, _Dumper.represent_str)
