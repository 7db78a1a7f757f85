from __future__ import annotations

import datetime
import re

import yaml

from open_thoughts_gen.chat import resolve
from open_thoughts_gen.money.prices import TABLE, Price, listed, listed_on, note_on
from open_thoughts_gen.types import Usage


def test_every_listed_price_has_its_date_and_a_provider_that_the_package_knows() -> None:
    assert len(listed()) > 50
    for label, price in listed().items():
        assert resolve(label).label == label
        assert 0 < price.input <= price.output
        assert 0 < (price.cached_input or price.input) <= price.input
        assert datetime.date.fromisoformat(listed_on(label)) >= datetime.date(2026, 7, 1)
    assert (listed_on("no/such"), note_on("no/such"), note_on("groq/openai/gpt-oss-120b")) == ("", "", "")
    assert "peak hours" in note_on("deepseek/deepseek-flash")


def test_every_block_of_the_table_names_its_source() -> None:
    for block in yaml.safe_load(TABLE.read_text(encoding="utf-8")):
        assert set(block) <= {"listed", "source", "note", "prices"}
        assert re.fullmatch(r"[a-z.-]+\.(com|ai|dev)/[\w/-]+", block["source"]), block["source"]


def test_a_server_of_ones_own_and_a_broker_have_no_listed_price() -> None:
    assert not [label for label in listed() if label.startswith(("vllm/", "ollama/", "openrouter/", "huggingface/"))]


def test_cached_and_reasoning_tokens_have_their_own_price() -> None:
    price = Price(input=4, cached_input=1, output=10, reasoning=20)
    assert price.cost_usd(Usage(1_000_000, 1_000_000)) == 14
    assert price.cost_usd(Usage(1_000_000, 1_000_000, 500_000, 500_000)) == 2.5 + 15
    assert Price(input=4, output=10).cost_usd(Usage(1_000_000, 0, cached_tokens=500_000)) == 4


def test_unknown_is_never_nothing() -> None:
    price = Price(input=4, output=10)
    assert price.cost_usd(None) is None
    assert price.cost_usd(Usage(1, None)) is None
