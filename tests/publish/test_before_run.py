"""The card before its run: the same card, with a place for all that only a run can tell, and nothing made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from open_thoughts_gen.publish.card import unfilled_card
from open_thoughts_gen.publish.hub_rules import card_faults
from open_thoughts_gen.recipe import Part, Recipe, load_recipe
from open_thoughts_gen.types import DropReason, Question
from tests.publish.finished import Cases, finished, recipe, sample, samples
from tests.publish.test_card import COMMAND, HEADINGS, READER, headings, readme
from tests.publish.test_markdown import HOSTILE

AFTER = "> **After the run:** "
BEFORE = ["Make it", *HEADINGS, "What the Hub reads"]
ORIGINAL = {
    "dataset": "owner/cases",
    "known_from": "its card",
    "counts": [
        {"what": "tenancy", "questions": 40, "rows": 80, "when": {"field": "tenancy"}},
        {"what": "all of it", "rows": 1000, "about": True},
        {"what": "wrong ones", "rows": 7, "outcome": "incorrect"},
    ],
}


class Closed(Cases):
    """Cannot be opened."""

    def start(self) -> None:
        raise AssertionError("it was opened")

    def questions(self) -> Iterator[Question | DropReason]:
        raise AssertionError("it was read")


def headings_of(card: str) -> list[str]:
    return headings(f"\n---\n{card}")


def written(folder: Path, **changes: Any) -> Recipe:
    """Return a recipe that reads two datasets of the Hub, from a file."""
    hub = {"use": "hub", "fields": {"prompt": "problem"}}
    content = {
        "name": "two",
        "target": 30,
        "sources": [
            {"use": "mix", "of": [{**hub, "dataset": "a/one", "license": "mit"}, {**hub, "dataset": "a/two"}]},
            {**hub, "dataset": "b/pinned", "revision": "0123456789abcdef0123"},
        ],
        "teacher": {"use": "openai", "model": "deepseek/deepseek-reasoner"},
        "budget": {"usd": 12},
        **changes,
    }
    (folder / "two.yaml").write_text(yaml.safe_dump(content), "utf-8")
    return load_recipe(folder / "two.yaml")


def test_it_has_the_sections_of_the_card_and_how_to_make_it() -> None:
    card = unfilled_card(recipe(), COMMAND)
    assert headings_of(card) == BEFORE
    assert "**This is the card before the run" in card
    assert "Short cases under statutes of a state that does not exist." in card
    assert "| question filter | `duplicates` |" in card or "`duplicates`" in card
    assert "s3cret" not in card


def test_every_place_is_filled_by_a_run(tmp_path: Path) -> None:
    before, after = unfilled_card(recipe(), COMMAND), readme(finished(samples(120)), tmp_path)
    assert before.count(AFTER) >= 10
    assert "after the run" in before
    assert "after the run" not in after.lower()
    assert "before the run" not in after.lower()
    told = [line for line in before.splitlines() if line.startswith("| `") or line.startswith("- config ")]
    measured = ("| questions of", "| reasoning of")
    assert [line for line in told if line not in after and not line.startswith(measured)] == []


def test_nothing_is_opened_and_no_key_is_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    closed = recipe().model_copy(update={"sources": (Part(use="cases", plugin=Closed()),)})
    assert headings_of(unfilled_card(closed, COMMAND)) == BEFORE
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    assert "needs `DEEPSEEK_API_KEY`" in unfilled_card(written(tmp_path), COMMAND)


def test_sources_inside_others_are_named_with_revision_and_licence(tmp_path: Path) -> None:
    card = unfilled_card(written(tmp_path), COMMAND)
    assert "from `hub:a/one`, `hub:a/two` and `hub:b/pinned@0123456789ab`" in card
    assert "| questions of `hub:a/one` | `mit` | attribution | *after the run* |" in card
    assert "| questions of `hub:a/two` | *after the run* | *after the run* | *after the run* |" in card
    assert "at 30 accepted rows, or when answers have cost $12" in card


def test_a_licence_that_does_not_follow_yet_is_left_open(tmp_path: Path) -> None:
    card = unfilled_card(written(tmp_path), COMMAND)
    assert f"{AFTER}The licence that follows" in card
    assert "unknown" not in card.partition("## Licence")[0]
    assert "license:" not in card.partition("## What the Hub reads")[2]
    stated = unfilled_card(written(tmp_path, publish={"license": "cc-by-4.0"}), COMMAND)
    assert "released under `cc-by-4.0`, as its author states" in stated
    assert "license: cc-by-4.0" in stated.partition("## What the Hub reads")[2]


def test_commands_change_nothing_but_the_command(tmp_path: Path) -> None:
    command = "python -m open_thoughts_gen run two.yaml --set teacher.max_tokens=10"
    card = unfilled_card(written(tmp_path), command)
    for line in (f"{command} --rehearse ", f"{command.replace(' run ', ' check ')} ", "contamination fetch "):
        assert f"\n{line}" in card.replace("python -m open_thoughts_gen contamination", "contamination")
    clean = unfilled_card(written(tmp_path, decontaminate=False), command)
    assert "contamination fetch" not in clean
    assert "The questions were not compared with any benchmark (`decontaminate: off`)." in clean


def test_what_is_known_of_the_published_set_stands_beside_the_run(tmp_path: Path) -> None:
    of = recipe(original=ORIGINAL)
    card = unfilled_card(of, COMMAND)
    assert "[owner/cases](https://huggingface.co/datasets/owner/cases), by its card:" in card
    assert "| tenancy | 40 questions, 80 rows | *after the run* |" in card
    assert "| all of it | about 1,000 rows | *after the run* |" in card
    once = sample("Who pays?", "he", field="tenancy")
    rows = (once, replace(once), sample("Who else?", "she", field="contract"))
    after = readme(finished(rows), tmp_path, of=of)
    assert "| tenancy | 40 questions, 80 rows | 1 question, 2 rows |" in after
    assert "| all of it | about 1,000 rows | 3 rows |" in after
    assert "| wrong ones | 7 rows | 0 rows |" in after


def test_nobody_can_publish_it_for_a_card(tmp_path: Path) -> None:
    card = unfilled_card(recipe(), COMMAND)
    assert "no YAML front matter" in str(card_faults(card)[0])
    head = "---\nlicense: cc0-1.0\ntags: [reasoning-datasets-competition, synthetic, reasoning]\n---\n"
    assert ["placeholder" in str(fault) for fault in card_faults(f"{head}\n{card}")] == [True]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_breaks_out_of_nothing(text: str) -> None:
    original = {**ORIGINAL, "known_from": text, "counts": [{"what": text or "?", "rows": 3, "when": {"field": text}}]}
    of = recipe(title=text, tags=(text,), pitch=text, purpose=text, limitations=text, original=original)
    told = unfilled_card(of, COMMAND)
    assert headings_of(told) == BEFORE
    tokens = READER.parse(told)
    tags = {child.content for token in tokens for child in token.children or () if child.type == "html_inline"}
    assert tags <= {"<br>", "<code>", "</code>"}
    assert not [token for token in tokens if token.type == "html_block"]
