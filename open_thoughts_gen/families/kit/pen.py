"""The pen: chooses wording, so that the same case always reads the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

Option = TypeVar("Option")


@dataclass(frozen=True, slots=True)
class Pen:
    """Chooses wording. Each choice depends only on the seed and its own label, never on the choices before it."""

    seed: str

    def rng(self, label: str) -> Random:
        """Return a generator of its own for one label."""
        return Random(f"{self.seed}/{label}")

    def pick(self, label: str, *options: Option) -> Option:
        """Return one of the options."""
        return self.rng(label).choice(options)

    def order(self, label: str, things: Sequence[Option]) -> list[Option]:
        """Return the things in an order that this pen draws."""
        return self.rng(label).sample(list(things), len(things)) if len(things) > 1 else list(things)

    def some(self, label: str, things: Sequence[Option], count: int) -> list[Option]:
        """Return `count` of the things, in their own order."""
        indices = sorted(self.rng(label).sample(range(len(things)), min(count, len(things))))
        return [things[index] for index in indices]

    def chance(self, label: str, rate: float) -> bool:
        """Return True in `rate` (0..1) of the cases."""
        return self.rng(label).random() < rate
