"""The two configs of chats, held to real templates; and by what their rows are chosen."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from open_thoughts_gen.export.proof import Prover
from open_thoughts_gen.export.templates import ChatTemplate, load_template
from open_thoughts_gen.publish.columns import CHAT_CONFIGS
from open_thoughts_gen.publish.folder import write_dataset
from open_thoughts_gen.publish.rows import chat_of_row
from open_thoughts_gen.text.turns import Style, chat_of
from tests.publish.finished import finished, recipe, sample, samples

SHIPPED = Path(__file__).parents[1] / "export" / "templates"
ROW = sample("What is two and two?", "4", reasoning="Two and two.")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chats")
    write_dataset(recipe(system="Be brief."), finished(samples(20)), folder, command="run recipes/cases.yaml")
    return folder


def keeps(template: ChatTemplate, style: Style) -> bool:
    return not Prover(template, style).faults(chat_of(ROW))


@pytest.mark.parametrize(
    ("name", "configs"),
    [
        ("qwen2_5", {"messages"}),
        ("qwen3", {"messages", "reasoning_content"}),
        ("qwen3_5_think", {"messages", "reasoning_content"}),
        ("qwen3_6", {"messages", "reasoning_content"}),
        ("qwen3_instruct_2507", {"messages"}),
        ("gptoss", {"reasoning_content"}),
        ("qwen3_5_nothink", set()),  # the prompt that it writes begins no chat
    ],
)
def test_a_template_keeps_the_reasoning_of_these_configs(name: str, configs: set[str]) -> None:
    template = load_template(str(SHIPPED / f"{name}.jinja"))
    assert {CHAT_CONFIGS[style] for style in CHAT_CONFIGS if keeps(template, style)} == configs


@pytest.mark.skipif("OPEN_THOUGHTS_TEMPLATES" not in os.environ, reason="the templates of TRL are not at hand")
def test_the_figures_of_the_docs() -> None:
    files = sorted((Path(os.environ["OPEN_THOUGHTS_TEMPLATES"]) / "trl").glob("*.jinja"))
    templates = [load_template(str(file)) for file in files if not file.stem.endswith("_training")]
    kept = {style: {one.where for one in templates if keeps(one, style)} for style in CHAT_CONFIGS}
    inline, beside = kept["inline"], kept["reasoning_content"]
    assert (len(templates), len(inline), len(beside), len(inline | beside)) == (41, 30, 16, 35)
    docs = " ".join((Path(__file__).parents[2] / "docs" / "exports.md").read_text("utf-8").split())
    assert "30 of the 41" in docs
    assert "16 of them" in docs
    assert "35 keep one or the other" in docs


def test_the_chats_of_both_configs_are_those_that_are_proved(dataset: Path) -> None:
    for style, name in CHAT_CONFIGS.items():
        stored = pq.read_table(dataset / name).column("messages").to_pylist()
        plain = [chat_of_row(each, system="Be brief.", style=style) for each in samples(20)]
        assert [[{k: v for k, v in turn.items() if v is not None} for turn in chat] for chat in stored] == plain
        assert [turn["role"] for turn in stored[0]] == ["system", "user", "assistant"]


@pytest.mark.parametrize("name", sorted(file.stem for file in SHIPPED.glob("*.jinja")))
def test_a_field_that_is_null_in_other_turns_changes_nothing(name: str, dataset: Path) -> None:
    template = load_template(str(SHIPPED / f"{name}.jinja"))
    chat = pq.read_table(dataset / "reasoning_content").column("messages").to_pylist()[0]
    assert chat[0]["reasoning_content"] is chat[1]["reasoning_content"] is None
    plain = [{key: value for key, value in turn.items() if value is not None} for turn in chat]
    assert template.render(chat) == template.render(plain)


def test_rows_of_chats_are_chosen_by_the_columns_of_the_default_config(dataset: Path) -> None:
    rows = pq.read_table(dataset / "data").to_pylist()
    for name in CHAT_CONFIGS.values():
        table = pq.read_table(dataset / name)
        chosen = [column for column in table.column_names if column != "messages"]
        assert {"id", "domain", "outcome", "teacher", "finish_reason", "license", "field", "kind", "level"} <= set(
            chosen
        )
        assert "spec" not in chosen  # JSON
        assert table.select(chosen).to_pylist() == [{column: row[column] for column in chosen} for row in rows]


def test_a_dataset_without_reasoning_has_one_config_of_chats_and_no_empty_blocks(tmp_path: Path) -> None:
    write_dataset(recipe(), finished((sample("Why?", reasoning=" \n"),)), tmp_path, command="run r.yaml")
    (chat,) = pq.read_table(tmp_path / "messages").column("messages").to_pylist()
    assert chat[-1] == {"role": "assistant", "content": "So it is.\n\nAnswer: yes"}
    write_dataset(recipe(), finished((sample("Why?", reasoning=""),)), tmp_path / "none", command="run r.yaml")
    assert not (tmp_path / "none" / "reasoning_content").exists()
