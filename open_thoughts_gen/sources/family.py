"""Questions from a family: a world of problems whose answers are proved.

Problem *i* is drawn from the seed and *i* alone, so a longer run begins with the very rows of a shorter one, and the
engine may draw many at once, in runs that grow: a family whose problems take long keeps every core busy, and a small
run starts no worker.

With `twins`, a share of the problems brings its minimal pair: the same case with one fact changed, and another answer.
Both rows carry the same `pair` in their meta, which the line keeps together and the dataset publishes.

The meta of a row holds what anybody needs to check it: the family and its settings, the seed and index it was drawn
from, the machine-readable case (`spec`) and the derivation of its answer. All of it has been through JSON, so what is
judged in the run is what is published. An exception in a family is a bug of the family and shows its traceback.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from pydantic import Field, ValidationError, ValidationInfo, field_validator

from open_thoughts_gen import plugin
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.types import Question

FIRST_RUN, MAX_RUN = 32, 512  # problems


class Family(plugin.Source):
    """Problems drawn from a family, each with its proved answer."""

    family: str = Field(description="name of the family, or package.module:Class")
    settings: Mapping[str, Any] = Field(
        default_factory=dict, validate_default=True, description="settings of the family"
    )
    twins: float = Field(default=0.0, ge=0, le=1, description="share of the problems that come with their minimal pair")
    limit: int | None = Field(default=None, ge=1, description="the most problems to draw, twins not counted")

    @field_validator("family")
    @classmethod
    def _is_there(cls, name: str) -> str:
        try:
            plugin.load("family", name)
        except UserError as error:
            raise ValueError(str(error)) from error
        return name

    @field_validator("settings")
    @classmethod
    def _fit_the_family(cls, settings: Mapping[str, Any], info: ValidationInfo) -> Mapping[str, Any]:
        if "family" in info.data:  # otherwise the family is the fault, and is reported
            try:
                plugin.load("family", info.data["family"]).model_validate_json(json.dumps(dict(settings)), strict=True)
            except ValidationError as error:
                parts = ((".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors())
                raise ValueError("; ".join(": ".join(filter(None, part)) for part in parts)) from error
        return settings

    @property
    def endless(self) -> bool:
        """A family always has one more problem."""
        return self.limit is None

    @property
    def source_name(self) -> str:
        """The family."""
        return f"family:{self.family}"

    @property
    def usual_license(self) -> str:
        """The license of the family's problems."""
        return plugin.load_family(self.family, json.dumps(dict(self.settings), sort_keys=True)).license

    def questions(self) -> Iterator[Question]:
        """Yield problem after problem, a twin right after its first."""
        for indices in _runs(self.limit):
            for drawn in self._context.spread(self._drawn, indices):
                yield from drawn

    def _drawn(self, index: int) -> tuple[Question, ...]:
        """Return the question of a problem, and of its twin where it has one."""
        family = plugin.load_family(self.family, json.dumps(dict(self.settings), sort_keys=True))
        seed = f"{self._context.seed}/{self.family}/{index}"
        problem = family.problem(Random(seed))
        rng = Random(f"{seed}/twin")
        twin = family.twin(problem, rng) if rng.random() < self.twins else None
        question = self._question(family, problem, index, {})
        if twin is None:
            return (question,)
        pair = question.id
        first = self._question(family, problem, index, {"pair": pair})
        second = self._question(family, twin, index, {"pair": pair, "twin_of": pair})
        if second.id == pair or second.reference == first.reference:
            raise RuntimeError(f"family {self.family}: the twin of problem {seed} has the same prompt or answer")
        return first, second

    def _question(
        self, family: plugin.Family, problem: plugin.Problem, index: int, pair: Mapping[str, str]
    ) -> Question:
        derivation = family.derive(problem)
        steps = ({"kind": step.kind, "cites": step.cites, "claims": step.claims} for step in derivation.steps)
        meta = {
            **family.traits(problem),
            "family": self.family,
            **({"settings": dict(self.settings)} if self.settings else {}),
            "seed": self._context.seed,
            "index": index,
            "spec": problem.spec,
            "derivation": [{name: value for name, value in step.items() if value} for step in steps],
            **pair,
        }
        return Question(
            prompt=problem.prompt,
            reference=derivation.answer,
            domain=family.domain,
            source=self.source_name,
            license=family.license,
            meta=json.loads(json.dumps(meta, ensure_ascii=False)),
        )


def _runs(limit: int | None) -> Iterator[range]:
    """Yield the indices of all problems in runs, each as long as all before it, up to MAX_RUN."""
    start, stop = 0, FIRST_RUN
    while limit is None or start < limit:
        yield range(start, stop if limit is None else min(stop, limit))
        start, stop = stop, stop + min(stop, MAX_RUN)
