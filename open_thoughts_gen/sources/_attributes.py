"""Attributes that a call of `write` draws: by weight, within conditions, no combination twice before all were used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from pydantic import BaseModel, ConfigDict, Field

from open_thoughts_gen.errors import did_you_mean
from open_thoughts_gen.plugin.one_or_more import OneOrMore

MAX_COUNTED = 100_000  # combinations; of more it is not counted how many the conditions leave
_NUM_TRIES = 100


class Condition(BaseModel):
    """Where attributes have certain values, others have one of these; an empty list leaves the attribute out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    when: Mapping[str, OneOrMore] = Field(min_length=1, description="the values that attributes must have")
    then: Mapping[str, OneOrMore] = Field(min_length=1, description="the values that others may have in that case")

    def holds(self, drawn: Mapping[str, str]) -> bool:
        """Return whether the values drawn so far meet it."""
        return all(drawn.get(name) in wanted for name, wanted in self.when.items())


class Attributes:
    """Values of attributes with their weights, and the conditions between them. Attributes are drawn in their order."""

    def __init__(
        self, values: Mapping[str, Sequence[str] | Mapping[str, float]], conditions: Sequence[Condition] = ()
    ) -> None:
        """Take the values of each attribute, with weights or without."""
        self._conditions = conditions
        self._weights = {
            name: dict(each) if isinstance(each, Mapping) else dict.fromkeys(each, 1.0) for name, each in values.items()
        }

    def check(self) -> None:
        """Check that there are values, and that conditions name them, in their order.

        Raises:
            ValueError: there is something that makes no sense.

        """
        for name, weights in self._weights.items():
            if not weights or min(weights.values()) <= 0:
                raise ValueError(f"attributes.{name}: at least one value is expected, and weights above 0")
        order = list(self._weights)
        for condition in self._conditions:
            for name, wanted in [*condition.when.items(), *condition.then.items()]:
                if name not in self._weights:
                    raise ValueError(f"conditions: there is no attribute {name!r}; {did_you_mean(name, order)}")
                if unknown := [value for value in wanted if value not in self._weights[name]]:
                    hint = did_you_mean(unknown[0], self._weights[name])
                    raise ValueError(f"conditions: {name} has no value {unknown[0]!r}; {hint}")
            last = max(condition.when, key=order.index)
            first = min(condition.then, key=order.index)
            if order.index(first) <= order.index(last):
                raise ValueError(f"conditions: {first} depends on {last}: write {last} before it in `attributes:`")

    def combinations(self, seed: int) -> Iterator[dict[str, str]]:
        """Yield combinations by their weights, none twice before all have been used, without end."""
        rng, num, used = Random(f"{seed}/write/attributes"), self.num(), set[tuple[tuple[str, str], ...]]()
        while True:
            if len(used) >= num:
                used.clear()
            for _ in range(_NUM_TRIES):
                drawn = self.draw(rng)
                if tuple(drawn.items()) not in used:
                    break
            used.add(tuple(drawn.items()))
            yield drawn

    def draw(self, rng: Random) -> dict[str, str]:
        """Return one combination, by weights and within the conditions."""
        drawn: dict[str, str] = {}
        for name in self._weights:
            allowed = self._allowed(name, drawn)
            if allowed:
                drawn[name] = rng.choices([*allowed], [*allowed.values()])[0]
        return drawn

    def _allowed(self, name: str, drawn: Mapping[str, str]) -> dict[str, float]:
        """Return the values that an attribute may have, given those drawn before it, with their weights."""
        choices = [each.then[name] for each in self._conditions if name in each.then and each.holds(drawn)]
        weights = self._weights[name].items()
        return {value: weight for value, weight in weights if all(value in choice for choice in choices)}

    def num(self) -> int:
        """Return how many combinations there are; where there are very many, how many without conditions."""
        num = math.prod(map(len, self._weights.values()))
        return sum(1 for _ in self._every({}, [*self._weights])) if self._conditions and num <= MAX_COUNTED else num

    def _every(self, drawn: Mapping[str, str], left: Sequence[str]) -> Iterator[Mapping[str, str]]:
        if not left:
            yield drawn
            return
        allowed = self._allowed(left[0], drawn)
        for value in allowed:
            yield from self._every({**drawn, left[0]: value}, left[1:])
        if not allowed:
            yield from self._every(drawn, left[1:])
