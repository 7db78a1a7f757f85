"""The card: complete, computed, and safe from the texts it shows."""

from __future__ import annotations

import json
import re
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from huggingface_hub import DatasetCard
from markdown_it import MarkdownIt

from open_thoughts_gen.publish.card import without_private_hosts
from open_thoughts_gen.publish.folder import write_dataset
from open_thoughts_gen.publish.front_matter import one_line
from open_thoughts_gen.publish.hub_rules import SECTIONS, card_faults
from open_thoughts_gen.publish.provenance import percent
from open_thoughts_gen.publish.sections import asked_as
from open_thoughts_gen.recipe import Part, Recipe, load_recipe
from open_thoughts_gen.types import Counts, Finished, Spent, Verdict
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.format import Format
from tests.publish.finished import Judge, finished, recipe, sample, samples
from tests.publish.test_markdown import HOSTILE

COMMAND = "python -m open_thoughts_gen run recipes/cases.yaml"
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
HEADINGS = [
    *(SECTIONS[0], "One row, whole", SECTIONS[1], "Quality", "Contamination", "Fields", SECTIONS[2], SECTIONS[3]),
    *("Reproduce it", "Licence", "Citation"),
]


def readme(run: Finished, folder: Path, *, of: Recipe | None = None) -> str:
    write_dataset(of or recipe(), run, folder, command=COMMAND)
    return (folder / "README.md").read_text(encoding="utf-8")


def headings(card: str) -> list[str]:
    tokens = READER.parse(card.partition("\n---\n")[2])
    return [
        tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dataset")
    readme(finished(samples(120)), folder)
    return folder


@pytest.fixture(scope="module")
def card(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_the_card_has_no_fault_and_all_its_sections(card: str) -> None:
    assert card_faults(card) == []
    assert headings(card) == HEADINGS


def test_the_front_matter_is_computed_from_the_files(card: str, folder: Path) -> None:
    assert DatasetCard(card).data.get("license") == "cc0-1.0"
    head = yaml.safe_load(card[4 : card.index("\n---\n")])
    assert head["size_categories"] == ["n<1K"]
    assert head["tags"] == ["reasoning-datasets-competition", "synthetic", "reasoning", "legal"]
    assert [config["config_name"] for config in head["configs"]] == ["default", "messages"]
    assert head["configs"][0]["default"] is True
    for info, name in zip(head["dataset_info"], ("data", "messages"), strict=True):
        (file,) = (folder / name).iterdir()
        table = pq.read_table(file)
        assert info["splits"] == [{"name": "train", "num_bytes": info["dataset_size"], "num_examples": 120}]
        assert info["download_size"] == file.stat().st_size
        assert [feature["name"] for feature in info["features"]] == table.column_names


def test_the_body_tells_the_funnel_the_quality_and_every_column(card: str) -> None:
    assert "|  | left out by `cases`: not JSON | −1 | 129 |" in card
    assert "|  | left out by `duplicates`: near-duplicate | −9 | 120 |" in card
    assert "| **accepted rows** |  |  | **120** |" in card
    assert "| Minimal pairs | 24 |" in card
    assert "| `judge` | 120 | 0 | 0 |" in card
    assert "### A minimal pair" in card
    assert "**The letter came a day late.**" in card
    assert COMMAND in card
    assert "no language model was called" in card
    for column in ("id", "question", "verdicts", "level", "messages"):
        assert f"| `{column}` |" in card
    assert "s3cret" not in card


def test_every_link_to_a_figure_leads_to_one(card: str, folder: Path) -> None:
    figures = sorted(path.name for path in (folder / "assets").iterdir())
    assert figures == ["cases-funnel.png", "cases-lengths.png", "cases-makeup.png"]
    assert all(f"](assets/{name})" in card for name in figures)


def test_the_example_is_a_row_of_the_hardest_level_and_middle_length_in_full(card: str) -> None:
    by_length = sorted(
        (sample for sample in samples(120) if sample.question.meta["level"] == 4),
        key=lambda s: (
            len(s.question.prompt) + len(s.trace.reasoning + s.trace.response if s.trace else ""),
            s.question.id,
        ),
    )
    middle = by_length[len(by_length) // 2]
    assert f"`{middle.question.id}`" in card
    assert middle.trace
    for paragraph in middle.trace.reasoning.split("\n\n"):
        assert f"> {paragraph}" in card


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_breaks_out_of_nothing(text: str, tmp_path: Path) -> None:
    row = sample(f"Why? {text}", text, reasoning=text, kind=text, field=text, level=1)
    row = replace(row, verdicts=(Verdict(text, "correct", text, text),), question=replace(row.question, domain=text))
    twin = sample(f"Why? {text} really", "no", reasoning=text, twin_of=row.question.id)
    run = finished((row, twin), left_out=2)
    counts = replace(run.counts, dropped={("sample_filters", text, text): 2})
    of = recipe(title=text, tags=(text,))
    told = readme(replace(run, counts=counts, shortfall=text), tmp_path, of=of)
    assert headings(told) == HEADINGS
    tokens = READER.parse(told.partition("\n---\n")[2])
    tags = {child.content for token in tokens for child in token.children or () if child.type == "html_inline"}
    assert tags <= {"<br>", "<code>", "</code>"}
    assert "html_block" not in {token.type for token in tokens}
    head = yaml.safe_load(told[4 : told.index("\n---\n")])
    assert (head["license"], len(head["configs"])) == ("cc0-1.0", 2)
    assert head["pretty_name"] == one_line(text)
    assert head["pretty_name"].isprintable()


def test_what_is_unknown_says_so(tmp_path: Path) -> None:
    run = finished((sample("Why?"),), left_out=0)
    told = readme(replace(run, counts=Counts(drawn=1, asked=1, traces=1, kept=1)), tmp_path)
    assert "Tokens: unknown. Cost: unknown." in told


def test_what_was_paid_is_told(tmp_path: Path) -> None:
    run = finished((sample("Why?"),), left_out=0)
    counts = Counts(drawn=1, asked=1, traces=1, kept=1, prompt_tokens=1200, completion_tokens=34, cost_usd=0.5)
    told = "Tokens: 1,200 of prompts, 34 of completions. Cost: $0.50 for all answers, whichever run paid for them"
    assert f"{told}." in readme(replace(run, counts=counts), tmp_path / "one")
    spent = {"teacher": Spent(1, 1000, 30, 0.4, paid_usd=0.1, cached=1), "judge": Spent(2, 200, 4, None)}
    counts = replace(counts, spent=spent, calls_saved=3)
    by_role = "(teacher 1,000 + 30 tokens, $0.40; judge 200 + 4 tokens, unknown)"
    saved = "Attempts that were allowed and not needed: 3."
    assert f"{told} {by_role}. {saved}" in readme(replace(run, counts=counts), tmp_path / "two")


@pytest.mark.parametrize(
    ("rate", "told"), [(0, "0 %"), (1, "100 %"), (0.99999, "99.9 %"), (0.00001, "0.1 %"), (0.5384, "53.8 %")]
)
def test_rates_that_are_nearly_none_or_all_do_not_print_as_that(rate: float, told: str) -> None:
    assert percent(rate) == told


def test_only_who_found_published_answers_right_is_said_to_have_verified_them(tmp_path: Path) -> None:
    judge, form = Part(use="judge", plugin=Judge()), Part(use="format", plugin=Format())
    of = recipe().model_copy(update={"verifiers": (judge, Part(use="exact", plugin=Exact()), form)})
    right, formal = Verdict("judge", "correct"), Verdict("format", "correct", form_only=True)
    rows = [sample(f"What is the {i}. of the names on the list of {i * 7} places?") for i in range(4)]
    told = [
        (right, formal),
        (formal,),
        (formal, Verdict("exact", "undecided")),
        (formal, Verdict("exact", "incorrect")),
    ]
    run = finished(tuple(replace(row, verdicts=verdicts) for row, verdicts in zip(rows, told, strict=True)))
    card = readme(run, tmp_path / "one", of=of)
    assert "25.0 % of them are verified correct by `judge`. 2 rows were judged in form only." in card
    assert "| Judged in form only | 2 |" in card
    assert "- 75.0 % of the rows are not verified correct." in card
    nobody = finished((replace(rows[0], verdicts=(formal,)),))
    told_so = "None of them is verified correct. 1 row was judged in form only."
    assert told_so in readme(nobody, tmp_path / "two", of=of)


def test_a_run_that_accepted_nothing_still_has_a_card(tmp_path: Path) -> None:
    run = replace(finished((), left_out=3), shortfall="no sample was accepted")
    assert "No row was accepted." in readme(run, tmp_path)


def test_croissant_is_valid_and_names_the_files(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant
    described = mlcroissant.Dataset(folder / "croissant.json")
    issues = described.metadata.ctx.issues
    assert not issues.errors
    assert all("datePublished" in line or "version" in line for line in issues.warnings)
    told = json.loads((folder / "croissant.json").read_text(encoding="utf-8"))
    assert told["distribution"][0]["contentUrl"] == "data/train-00000-of-00001.parquet"
    assert {field["name"]: field["dataType"] for field in told["recordSet"][0]["field"]}["level"] == "cr:Int64"


@pytest.fixture(scope="module")
def long_card(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The card of a run with texts of megabytes, and with settings of which one is as long."""
    text = "A sentence of the reasoning, with `ticks` | and pipes. " * 40_000
    row = sample(f"Start {text} end?", text, reasoning=text)
    twin = sample(f"Start {text} now?", "no", reasoning=text, twin_of=row.question.id)
    of = replace_source(recipe(), {"words": ["word"] * 5_000, **{f"key{i}": i for i in range(900)}})
    return readme(finished((row, twin)), tmp_path_factory.mktemp("long"), of=of)


def replace_source(of: Recipe, settings: dict[str, Any]) -> Recipe:
    (part,) = of.sources
    plugin = part.plugin.model_copy(update={"settings": settings})
    return of.model_copy(update={"sources": (part.model_copy(update={"plugin": plugin}),)})


def test_no_cell_is_over_2_000_characters(long_card: str) -> None:
    cells = [cell for line in long_card.splitlines() if line.startswith("|") for cell in line.split(" | ")]
    assert max(map(len, cells)) <= 2_000
    assert "characters left out …]" in long_card


def test_examples_are_cut_in_the_middle(long_card: str) -> None:
    assert len(long_card) < 60_000
    quoted = max((line for line in long_card.splitlines() if line.startswith("> Start")), key=len)
    assert quoted.endswith("end?")
    assert re.search(r"\[… [\d,]+ characters left out …\\?\]", quoted)
    assert card_faults(long_card) == []


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("run r.yaml --teacher 'http://127.0.0.1:8000/v1#m'", "run r.yaml --teacher 'http://HOST/v1#m'"),
        ("`http://localhost:1/v1#m`", "`http://HOST/v1#m`"),
        ("http\\://10.1.2.3/v1", "http\\://HOST/v1"),
        ("http://gpu-7:8000/v1", "http://HOST/v1"),
        ("http://node.local/v1", "http://HOST/v1"),
        ("http://192.168.0.9:80", "http://HOST"),
        ("https://api.deepseek.com/v1#m", "https://api.deepseek.com/v1#m"),
        ("https://huggingface.co/datasets/a/b", "https://huggingface.co/datasets/a/b"),
        ("> http://127.0.0.1:8000/ is in a row", "> http://127.0.0.1:8000/ is in a row"),
    ],
)
def test_no_address_of_a_private_network_is_in_a_card(written: str, shown: str) -> None:
    assert without_private_hosts(written) == shown


@pytest.mark.parametrize(
    ("teacher", "publish", "said"),
    [
        ("", "", ""),
        ('prompt: "{{ prompt }}"', "", ""),
        ('prompt: "Be brief. {{ prompt }}"', "", "the text of `teacher.prompt` beside the question"),
        ("prefix: Solve.", "", "the text of `teacher.prefix` beside the question"),
        ("system: Think.", "", "the system prompt of `teacher.system` beside the question"),
        ("system: Think.", "system: Think.", ""),
        ("prefix: Solve., system: Think.", "system: Other.", "`teacher.prefix` and the system prompt of"),
    ],
)
def test_the_card_says_what_the_teacher_was_sent_and_the_chats_do_not_hold(
    tmp_path: Path, teacher: str, publish: str, said: str
) -> None:
    (tmp_path / "asked.yaml").write_text(
        "name: asked\nsource: {use: files, path: q.jsonl}\ndecontaminate: false\n"
        f"teacher: {{use: openai, model: ollama/m, {teacher}}}\npublish: {{title: Asked, {publish}}}\n"
    )
    sentence = asked_as(load_recipe(tmp_path / "asked.yaml"))
    assert said in sentence
    assert bool(said) == bool(sentence)


def test_the_card_loads_the_dataset_from_where_the_run_was_written(tmp_path: Path) -> None:
    publish = recipe().publish.model_copy(update={"repo": ""})
    unnamed = recipe().model_copy(update={"publish": publish})
    for words, folder in (("", f"runs/{unnamed.name}"), (" --out 'my runs/a'", "my runs/a")):
        place = tmp_path / str(len(words))
        write_dataset(unnamed, finished(samples(5)), place, command=COMMAND + words)
        text = (place / "README.md").read_text(encoding="utf-8")
        assert f'load_dataset("{folder}/dataset", split="train")' in text
        assert f"{COMMAND}{words}\n" in text
