"""Questions drawn by reasoning-gym (https://github.com/open-thought/reasoning-gym), a hundred generators by many hands.

Question *i* depends on the seed and *i* alone: they decide its task, by the weights, its level, and the draw of that
task's own generator. A level is the package's own: at level 0 every attribute of a task's curriculum has its first
value, and so on; an attribute with fewer values keeps its last. Without `levels` the tasks have the package's defaults.

The generators are third-party code: a draw that fails drops its row with the error. Where a hundred fail one after
another, the run ends with what the last one said. What the scoring needs is kept in the row's meta as the package
writes it, for the verifier `reasoning_gym`. Some tasks have many right answers and state none: their rows have no
reference.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from random import Random
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator

from open_thoughts_gen.errors import Fault, UserError, did_you_mean
from open_thoughts_gen.plugin import Source
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import DropReason, Question

PACKAGE = "reasoning_gym"
LICENSE = "apache-2.0"  # of the package and of the questions that it makes up
MIXTURE = "composite"  # a mixture of the other tasks, as this source is
_BLOCK = 100  # draws from one generator: a few prepare all their questions when they are made
_MAX_FAILURES = 100  # one after another; without it a task that always fails would be drawn without end
_MAX_WHY = 200


class Task(BaseModel):
    """How a task is drawn: its weight among the others, and settings of its own."""

    model_config = ConfigDict(frozen=True, extra="allow")

    weight: float = Field(default=1.0, gt=0, description="how often the task is drawn, in proportion to the others")


class ReasoningGym(Source):
    """Questions of reasoning-gym's tasks, each judged by its task's own scoring."""

    tasks: Mapping[str, Task] = Field(
        default_factory=dict,
        validate_default=True,
        description="tasks to draw from: a list of names, or a mapping of each to its weight or to `{weight: 2, ...}` "
        "with settings of its own; empty: all tasks alike",
    )
    levels: tuple[int, ...] = Field(
        default=(),
        description="levels of difficulty to draw from in turn, 0 for the easiest; empty: the package's defaults",
    )
    limit: int | None = Field(default=None, ge=1, description="the most questions to draw; null: no limit")
    _names: Sequence[str] = PrivateAttr()
    _bounds: Sequence[float] = PrivateAttr()

    @field_validator("tasks", mode="before")
    @classmethod
    def _in_full(cls, tasks: object) -> object:
        if isinstance(tasks, list | tuple):
            return {str(name): Task() for name in tasks}
        if isinstance(tasks, Mapping):
            return {
                name: {"weight": value} if isinstance(value, int | float) else value or {}
                for name, value in tasks.items()
            }
        return tasks

    @field_validator("levels")
    @classmethod
    def _are_levels(cls, levels: tuple[int, ...]) -> tuple[int, ...]:
        if any(level < 0 for level in levels):
            raise ValueError("levels start at 0")
        return levels

    @property
    def usual_license(self) -> str:
        """The license of the package."""
        return LICENSE

    def start(self) -> None:
        """Make the generator of every task once.

        Raises:
            UserError: the package is not installed, there is no such task, or a task does not take a setting.

        """
        if importlib.util.find_spec(PACKAGE) is None:
            fault = Fault(
                f"source 'reasoning_gym' needs the package {PACKAGE!r}, which is not installed",
                hint="pip install 'open-thoughts-gen[reasoning_gym]'",
            )
            raise UserError(fault)
        from reasoning_gym.factory import DATASETS

        known = sorted(DATASETS.keys() - {MIXTURE})
        faults = [
            Fault(f"reasoning-gym has no task {name!r}", hint=did_you_mean(name, known))
            for name in self.tasks
            if name not in known
        ]
        for name, task in self.tasks.items():
            if name in known and task.model_extra:
                try:
                    _generator(name, self._level(0), _written(task), 0)
                except (TypeError, ValueError, AssertionError) as error:
                    faults.append(Fault(f"the task {name!r} does not take these settings: {error}"))
        if faults:
            raise UserError(*faults)
        self._names = tuple(self.tasks) or tuple(known)
        self._bounds = tuple(itertools.accumulate(self._task(name).weight for name in self._names))

    @property
    def endless(self) -> bool:
        """The tasks always have one more question."""
        return self.limit is None

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield question after question; a draw that its generator fails at is yielded as its reason.

        Raises:
            UserError: a hundred draws failed one after another.

        """
        num_failures = 0
        for index in itertools.count() if self.limit is None else range(self.limit):
            name = self._names[
                bisect(self._bounds, Random(f"{self._context.seed}/task/{index}").random() * self._bounds[-1])
            ]
            level = self._level(index)
            block, number = divmod(index, _BLOCK)
            try:
                generator = _generator(name, level, _written(self._task(name)), self._seed(name, block))
                entry = generator[number]
                metadata = json.loads(json.dumps(entry["metadata"], ensure_ascii=False, default=str))
            except Exception as error:  # third-party code: whatever it raises is this row's outcome
                why = shorten(f"{name}, draw {index}: {type(error).__name__}: {error}", _MAX_WHY)
                num_failures += 1
                if num_failures == _MAX_FAILURES:
                    message = f"{num_failures} draws of reasoning-gym failed one after another, the last: {why}"
                    hint = "leave the task out, or change its settings"
                    raise UserError(Fault(message, hint=hint)) from error
                yield DropReason("cannot be drawn", why)
                continue
            num_failures = 0
            yield Question(
                prompt=entry["question"],
                reference=None if entry["answer"] is None else str(entry["answer"]),
                domain=type(generator).__module__.split(".")[1],
                source=f"{PACKAGE}:{name}",
                license=LICENSE,
                meta={
                    "task": name,
                    **({} if level is None else {"level": level}),
                    "seed": self._context.seed,
                    "index": index,
                    "metadata": metadata,
                },
            )

    def _task(self, name: str) -> Task:
        return self.tasks.get(name, Task())

    def _level(self, index: int) -> int | None:
        return self.levels[index % len(self.levels)] if self.levels else None

    def _seed(self, name: str, block: int) -> int:
        return Random(f"{self._context.seed}/{name}/{block}").randrange(2**31)


def _written(task: Task) -> str:
    return json.dumps(task.model_extra or {}, sort_keys=True)


@lru_cache(maxsize=256)
def _generator(name: str, level: int | None, settings: str, seed: int) -> Any:  # noqa: ANN401 - the package is not typed
    """Return the generator of a task's questions, `_BLOCK` of them, at a level or with the package's defaults."""
    import reasoning_gym
    from reasoning_gym.factory import create_curriculum, has_curriculum

    chosen: dict[str, Any] = {}
    if level is not None and has_curriculum(name):
        curriculum = create_curriculum(name)
        curriculum.set_global_level(level)
        chosen = vars(curriculum.generate_configuration()).copy()
    return reasoning_gym.create_dataset(name, **{**chosen, **json.loads(settings), "size": _BLOCK, "seed": seed})
