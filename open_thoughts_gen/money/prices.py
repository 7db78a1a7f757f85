"""What tokens cost: a small dated table, and what a recipe says instead.

    prices:
      http://10.0.0.7:8000/v1#Qwen/Qwen3-32B: {input: 0.2, cached_input: 0.05, output: 0.6}

In USD per million tokens, under the label by which traces name their teacher. An unknown price is unknown and never
nothing: the cost of a run with one trace of unknown price is None. A call that was never answered costs nothing; one
that was answered and does not say its tokens has no known cost. The table holds few models, each block with the date on
which its prices were listed, because providers change prices and a wrong figure is worse than none. Where a price
depends on something, the table has the dearest of what a run may meet, and a note that stands beside every estimate.

Not covered: surcharges by length, by hour or by tool, and for writing a provider's prompt cache.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from open_thoughts_gen.types import Usage

TABLE = Path(__file__).parent / "prices.yaml"
REHEARSED = "rehearsal/"  # what the labels of models begin with that only a rehearsal knows
_MILLION = 1_000_000


class Price(BaseModel):
    """What one model costs, in USD per million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: float = Field(ge=0, description="USD per million tokens of the prompt")
    output: float = Field(ge=0, description="USD per million tokens of the answer, reasoning included")
    cached_input: float | None = Field(
        None, ge=0, description="USD per million prompt tokens that the provider had cached; null: as `input`"
    )
    reasoning: float | None = Field(None, ge=0, description="USD per million tokens of reasoning; null: as `output`")

    def cost_usd(self, usage: Usage | None) -> float | None:
        """Return what one answer costs; None if its tokens are not known."""
        if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
            return None
        cached = min(usage.cached_tokens or 0, usage.prompt_tokens)
        thought = min(usage.reasoning_tokens or 0, usage.completion_tokens)
        asked = (usage.prompt_tokens - cached) * self.input + cached * _either(self.cached_input, self.input)
        cost = (usage.completion_tokens - thought) * self.output + thought * _either(self.reasoning, self.output)
        return (asked + cost) / _MILLION


class _Listed(NamedTuple):
    price: Price
    date: str
    note: str


class KnownPrices(Mapping[str, Price]):
    """The prices of a recipe, else of the package's table, which is read when it is first needed."""

    def __init__(self, of_recipe: Mapping[str, Price]) -> None:
        """Take the prices that a recipe sets, by the label of the model."""
        self._of_recipe = of_recipe

    def __getitem__(self, label: str) -> Price:
        """Return the price of a model; a rehearsal has none to pay."""
        if label.startswith(REHEARSED):
            return Price(input=0, output=0)
        return self._of_recipe[label] if label in self._of_recipe else listed()[label]

    def __iter__(self) -> Iterator[str]:
        """Yield the label of every model with a price."""
        return iter({**listed(), **self._of_recipe})

    def __len__(self) -> int:
        """Return how many models have a price."""
        return sum(1 for _ in self)


@functools.cache
def listed() -> Mapping[str, Price]:
    """Return the package's table: the label of a model to its price."""
    return {label: line.price for label, line in _table().items()}


def listed_on(label: str) -> str:
    """Return the date on which a price of the table was listed, empty for a model that it does not know."""
    return _table()[label].date if label in _table() else ""


def note_on(label: str) -> str:
    """Return what a price of the table depends on, empty if on nothing that is known."""
    return _table()[label].note if label in _table() else ""


def _either(price: float | None, otherwise: float) -> float:
    return otherwise if price is None else price


@functools.cache
def _table() -> Mapping[str, _Listed]:
    import yaml

    # The loader in C takes a tenth of the time, where PyYAML has it.
    blocks = yaml.load(TABLE.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return {
        label: _Listed(Price.model_validate(price), str(block["listed"]), block.get("note", ""))
        for block in blocks
        for label, price in block["prices"].items()
    }
