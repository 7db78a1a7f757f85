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

from open_thoughts_gen.plugin import Teacher
from open_thoughts_gen.publish.folder import write_dataset
from open_thoughts_gen.publish.front_matter import one_line
from open_thoughts_gen.publish.hub_rules import SECTIONS, card_faults
from open_thoughts_gen.publish.markdown import without_private_hosts
from open_thoughts_gen.publish.rates import percent
from open_thoughts_gen.publish.sections import asked_as
from open_thoughts_gen.recipe import Part, Recipe, load_recipe
from open_thoughts_gen.teachers.recorded import Recorded
from open_thoughts_gen.teachers.rehearsal import Rehearsal
from open_thoughts_gen.types import Counts, Finished, Spent, Verdict
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.format import Format
from tests.publish.finished import Judge, finished, recipe, sample, samples
from tests.publish.test_markdown import HOSTILE

COMMAND = "python -m open_thoughts_gen run recipes/cases.yaml"
READER = MarkdownIt("commonmark", {"html": True}).enable("table")
HEADINGS = [
    *(SECTIONS[0], "Rows, whole", SECTIONS[1], "Quality", "Contamination", "Fields", SECTIONS[2], SECTIONS[3]),
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
    assert [config["config_name"] for config in head["configs"]] == ["default", "messages", "reasoning_content"]
    assert head["configs"][0]["default"] is True
    for info, name in zip(head["dataset_info"], ("data", "messages", "reasoning_content"), strict=True):
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
    names = ("cases-funnel", "cases-lengths", "cases-makeup")
    figures = sorted(path.name for path in (folder / "assets").iterdir())
    assert figures == sorted(f"{name}{dark}.png" for name in names for dark in ("", "-dark"))
    pictures = READER.render(card.partition("\n---\n")[2])
    for name in names:
        dark = f'<source media="(prefers-color-scheme: dark)" srcset="assets/{name}-dark.png">'
        (alt,) = re.findall(rf'<picture>{re.escape(dark)}<img src="assets/{name}.png" alt="([^"]+)"', pictures)
        assert len(alt) > 20


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
    sources = {
        tag for tag in tags if re.fullmatch(r'<source media="[^"<>]+" srcset="assets/cases-\w+-dark\.png">', tag)
    }
    assert tags - sources <= {"<br>", "<code>", "</code>", "<picture>", "</picture>"}
    blocks = [token.content.strip() for token in tokens if token.type == "html_block"]
    assert all(re.fullmatch(r"<details><summary>[^<>\n]+</summary>|</details>", block) for block in blocks)
    assert blocks[1::2] == ["</details>"] * (len(blocks) // 2)
    head = yaml.safe_load(told[4 : told.index("\n---\n")])
    assert (head["license"], len(head["configs"])) == ("cc0-1.0", 3)
    assert head["pretty_name"] == one_line(text)
    assert head["pretty_name"].isprintable()


def test_charts_of_questions_are_drawn_one_of_each_kind_and_none_that_does_more(tmp_path: Path) -> None:
    charts = (
        "flowchart LR\n    a --> b",
        "graph TD\n    c --> d",
        "gantt\n    x :t1, 2031-01-01, 3d",
        "graph LR\n    click a",
    )
    rows = [sample(f"Read this.\n\n```mermaid\n{chart}\n```\n\nAnd now?") for chart in charts]
    assert "```mermaid" not in readme(finished(tuple(rows)), tmp_path / "none")
    card = readme(finished(tuple(rows)), tmp_path / "drawn", of=recipe(drawings=5))
    blocks = [token.content for token in READER.parse(card) if token.type == "fence" and token.info == "mermaid"]
    assert sorted(block.split()[0] for block in blocks) in (["flowchart", "gantt"], ["gantt", "graph"])
    assert not any("click" in block for block in blocks)


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


def test_croissant_is_valid_and_names_the_files(folder: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlcroissant
    described = mlcroissant.Dataset(folder / "croissant.json")
    issues = described.metadata.ctx.issues
    assert not issues.errors
    assert all("datePublished" in line for line in issues.warnings), "a year that the recipe does not state is missing"
    readme(finished(samples(5)), tmp_path, of=recipe(year=2031, authors=("A. Maker", "B. Maker"), version="2.1.0"))
    stated = mlcroissant.Dataset(tmp_path / "croissant.json").metadata
    assert not stated.ctx.issues.errors | stated.ctx.issues.warnings
    assert (stated.version, [each.name for each in stated.creators]) == ("2.1.0", ["A. Maker", "B. Maker"])
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
    assert quoted.endswith(("end?", "now?"))
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


def test_several_domains_have_a_table_and_one_has_none(card: str, tmp_path: Path) -> None:
    assert "| Domain |" not in card
    rows = samples(20)
    moved = [replace(row, question=replace(row.question, domain="tax")) for row in rows[:6]]
    lines = readme(finished((*moved, *rows[6:])), tmp_path).splitlines()
    head = lines.index(next(line for line in lines if line.startswith("| Domain |")))
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[head + 2 : head + 4]]
    assert [row[:4] for row in cells] == [["law", "14", "100 %", "3"], ["tax", "6", "100 %", "1"]]


def test_a_rehearsal_is_called_one(tmp_path: Path) -> None:
    teacher = Part(use="rehearsal", plugin=Rehearsal())
    card = readme(finished(samples(5)), tmp_path, of=recipe().model_copy(update={"teacher": teacher}))
    assert "**This is a rehearsal, not a dataset to train on.**" in card


def test_the_card_loads_the_dataset_from_where_the_run_was_written(tmp_path: Path) -> None:
    publish = recipe().publish.model_copy(update={"repo": ""})
    unnamed = recipe().model_copy(update={"publish": publish})
    for words, folder in (("", f"runs/{unnamed.name}"), (" --out 'my runs/a'", "my runs/a")):
        place = tmp_path / str(len(words))
        write_dataset(unnamed, finished(samples(5)), place, command=COMMAND + words)
        text = (place / "README.md").read_text(encoding="utf-8")
        assert f'load_dataset("{folder}/dataset", split="train")' in text
        assert f"{COMMAND}{words}\n" in text


def licence_section(card: str) -> str:
    return card.partition("\n## Licence\n")[2].partition("\n## ")[0].strip()


def test_the_card_says_what_the_dataset_is_made_of_and_under_which_licence(card: str) -> None:
    section = licence_section(card)
    assert section.startswith("The dataset is released under `cc0-1.0`, as its author states.")
    assert "| questions of `family:cases` | `cc0-1.0` | nothing | 120 |" in section
    assert "| reasoning and responses of `teller` | unknown | unknown | 120 |" in section


def test_a_licence_is_derived_or_not_stated_and_never_a_default(tmp_path: Path) -> None:
    run, unstated = finished(samples(5)), recipe(license=None)
    told = readme(run, tmp_path / "unknown", of=unstated)
    assert DatasetCard(told).data.get("license") == "unknown"
    assert licence_section(told).startswith("**Without a licence:** no license is stated, and none follows: ")
    assert any("license 'unknown'" in str(fault) for fault in card_faults(told))
    told = readme(run, tmp_path / "derived", of=recipe(license=None, teacher_license="cc-by-4.0"))
    assert DatasetCard(told).data.get("license") == "cc-by-4.0"
    assert "under `cc-by-4.0`, which follows from what it is made of." in licence_section(told)
    rows = pq.read_table(tmp_path / "derived" / "data").to_pylist()
    assert {row["teacher_license"] for row in rows} == {"cc-by-4.0"}


def test_the_card_repeats_why_a_conflict_was_overridden(tmp_path: Path) -> None:
    run = finished(tuple(replace(s, question=replace(s.question, license="cc-by-sa-4.0")) for s in samples(5)))
    told = readme(run, tmp_path / "conflict", of=recipe())
    conflict = "- the questions of family:cases (cc\\-by\\-sa\\-4.0) ask for attribution and the same license"
    assert conflict.replace("\\", "") in licence_section(told).replace("\\", "")
    assert "Overridden" not in told
    told = readme(run, tmp_path / "override", of=recipe(license_override="Agreed with *all* owners."))
    assert "Overridden by the author: Agreed with " in licence_section(told)
    assert "<em>" not in READER.render(licence_section(told))


class Agreed(Judge):
    """Compares a question's own attempts."""

    @property
    def label(self) -> str:
        return "agreed"

    @property
    def sees_attempts(self) -> bool:
        return True


def test_a_row_is_not_a_question(tmp_path: Path) -> None:
    first, second = sample("Why is that so?"), sample("What is it that they all do?")
    assert first.trace
    again = replace(first, trace=replace(first.trace, attempt=1, reasoning="Let me see again."))
    told = readme(finished((first, again, second)), tmp_path)
    assert "**3 rows on 2 questions with reasoning and answer.**" in told
    assert "| Rows | Questions | Verified correct |" in told
    assert "| Questions | 2 | distinct prompts; each has one `id` |" in told
    assert "| Rows that repeat a question | 1 | rows with the prompt, and so the `id`, of a row before them:" in told


def test_reasoning_and_answers_are_counted_where_rows_lack_them(tmp_path: Path, card: str) -> None:
    assert "**120 questions with reasoning and answer.**" in card
    assert "Rows that repeat a question" not in card
    whole, silent = sample("Why is that so?"), sample("What is it that they all do?", reasoning="")
    assert silent.trace
    empty = replace(silent, trace=replace(silent.trace, response=""), verdicts=())
    told = readme(finished((whole, empty)), tmp_path)
    assert "**2 questions, 1 row with reasoning, 1 row with an answer.**" in told


@pytest.mark.parametrize(
    ("teacher", "said"),
    [(Rehearsal(), "further attempts"), (Recorded(response="r"), "the answers of the first once more")],
)
def test_rows_on_copies_of_a_question_are_counted(tmp_path: Path, teacher: Teacher, said: str) -> None:
    of = recipe().model_copy(update={"teacher": Part(use=teacher.plugin_name(), plugin=teacher)})
    run = finished((sample("Who?"), sample("Who?", copy=1), sample("Who?", copy=2)))
    text = readme(run, tmp_path, of=of)
    assert f"2 rows are on questions that were repeated for want of others, with {said}." in " ".join(text.split())


def test_the_consensus_of_attempts_is_not_verification(tmp_path: Path) -> None:
    judges = (Part(use="judge", plugin=Judge()), Part(use="majority", plugin=Agreed()))
    of = recipe().model_copy(update={"verifiers": judges})
    proved, agreed = Verdict("judge", "correct"), Verdict("agreed", "correct")
    rows = [sample(f"What is the {i}. of the names on the list of {i * 7} places?") for i in range(4)]
    verdicts = [(proved, agreed), (agreed,), (agreed, Verdict("judge", "undecided")), (Verdict("agreed", "incorrect"),)]
    run = finished(tuple(replace(row, verdicts=each) for row, each in zip(rows, verdicts, strict=True)))
    told = readme(run, tmp_path, of=of)
    assert "25.0 % of them are verified correct by `judge`. 2 rows give the commonest answer" in told
    assert "consensus, not verification" in told
    assert "| Agreed on by attempts | 2 |" in told
    assert "- 75.0 % of the rows are not verified correct." in told


def test_a_column_means_what_its_author_says_and_not_what_families_call_so(tmp_path: Path, card: str) -> None:
    assert "| `level` | `int64` | As the source gives it. |" in card
    family = recipe().model_copy(update={"sources": (Part(use="family", plugin=recipe().sources[0].plugin),)})
    told = readme(finished(samples(5)), tmp_path, of=family)
    assert "| `level` | `int64` | Level of difficulty, 1 the easiest. |" in told


def test_limitations_are_for_readers(tmp_path: Path) -> None:
    advice = "5 of the 500 samples asked for accepted. What to do: raise `max_questions:`; or lower `target:`"
    told = readme(replace(finished(samples(5)), shortfall=advice), tmp_path)
    limits = told.partition("## Limitations and biases")[2].partition("\n## ")[0]
    assert "- The run accepted 5 of the 500 rows asked for; the funnel above says where the others went." in limits
    assert "What to do" not in told
    unjudged = readme(finished(samples(5)), tmp_path / "none", of=recipe().model_copy(update={"verifiers": ()}))
    assert "- No verifier judged these rows: neither reasoning nor answers are known to be right." in unjudged


def test_the_recipe_is_published_and_what_it_lacks_is_said(tmp_path: Path, folder: Path) -> None:
    written = yaml.safe_load((folder / "recipe.yaml").read_text("utf-8"))
    assert written["name"] == "cases"
    assert "s3cret" not in (folder / "recipe.yaml").read_text("utf-8")
    of = recipe(repo="lab/cases").model_copy(
        update={"sources": (Part(use="files", plugin=recipe().sources[0].plugin),)}
    )
    run = finished(samples(5))
    counts = replace(run.counts, prompt_tokens=3, completion_tokens=4)
    told = readme(replace(run, counts=counts), tmp_path, of=of)
    assert "It also needs what is not part of the dataset: the files of its questions: " in told
    assert "; the stored answers of the models" in told
    assert "hf download lab/cases recipe.yaml --repo-type dataset --local-dir .\n" in told


def test_the_first_screen_has_the_pitch_badges_and_a_short_row_folded(tmp_path: Path, card: str) -> None:
    of = recipe(pitch="Read <b>first</b>, then *apply*.", homepage="https://cases.example/set", teacher_name="Prof. T")
    rows = samples(40)
    told = readme(finished(rows), tmp_path, of=of)
    top = told[: told.index("```python")].partition("\n---\n")[2]
    rendered = READER.render(top)
    assert "Read &lt;b&gt;first&lt;/b&gt;, then <em>apply</em>." in rendered
    assert 'alt="rows: 40"' in rendered
    assert '<a href="https://github.com/open-thoughts-gen/open_thoughts_gen"><img' in rendered
    assert '<a href="https://cases.example/set"><img' in rendered
    assert "img.shields.io/badge/licence-cc0--1.0-" in top
    (row,) = re.findall(r"Row `(\w+)`", top)
    assert row == sorted(rows, key=lambda s: (s.num_characters, s.question.id))[4].question.id
    assert READER.render(top).count("<details>") == 1 and told.count("\n<details>") == 3  # noqa: PT018
    assert "written by `Prof. T`" in told
    assert {each["teacher"] for each in pq.read_table(tmp_path / "data").to_pylist()} == {"Prof. T"}
    assert "made with: curator" not in card


def test_what_curator_taught_has_its_tag_and_badge(tmp_path: Path) -> None:
    of = recipe().model_copy(update={"teacher": Part(use="curator", plugin=recipe().teacher.plugin)})
    told = readme(finished(samples(5)), tmp_path, of=of)
    assert "curator" in DatasetCard(told).data.get("tags", [])
    assert "![made with: curator](https://img.shields.io/badge/made_with-curator-E69F00)]" in told


def test_no_private_address_is_in_the_rows(tmp_path: Path) -> None:
    rows = [sample(f"What is the {i}. of the names?") for i in range(3)]
    at = "http://10.0.0.7:8000/v1#lab/r1"
    run = finished(tuple(replace(row, trace=row.trace and replace(row.trace, teacher=at)) for row in rows))
    told = readme(run, tmp_path)
    for name in ("data", "messages", "reasoning_content"):
        assert {each["teacher"] for each in pq.read_table(tmp_path / name).to_pylist()} == {"lab/r1"}
    assert "10.0.0.7" not in told
    assert "All reasoning was written by `lab/r1`" in told


def test_answers_that_break_off_or_refuse_are_counted_on_top(tmp_path: Path) -> None:
    whole, cut, refused = (sample(f"What is the {i}. of the names?") for i in range(3))
    assert cut.trace
    assert refused.trace
    cut = replace(cut, trace=replace(cut.trace, finish_reason="length"))
    refused = replace(refused, trace=replace(refused.trace, response="I'm sorry, but I can't help with that."))
    told = readme(finished((whole, cut, replace(refused, verdicts=()))), tmp_path)
    assert " 1 answer was cut off before the end. 1 answer was refused." in told


def test_a_citation_has_authors_year_and_address(tmp_path: Path) -> None:
    of = recipe(authors=("Ada Byron", "The {Lab}"), year=2026, repo="lab/cases")
    told = readme(finished(samples(5)), tmp_path, of=of)
    entry = told.partition("```bibtex\n")[2].partition("\n```")[0]
    assert "  author = {{Ada Byron} and {The Lab}},\n" in entry
    assert "  year = {2026},\n  howpublished = {https://huggingface.co/datasets/lab/cases},\n" in entry


def test_only_three_versions_are_on_the_card(card: str) -> None:
    table = card.partition("| Package | Version |\n")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([\w-]+)`", table, re.MULTILINE) == ["open-thoughts-gen", "pyarrow"]
    from open_thoughts_gen.publish.provenance import versions_table

    law = versions_table(load_recipe(Path(__file__).parents[2] / "recipes" / "legal.yaml"))
    assert re.findall(r"^\| `([\w-]+)`", law, re.MULTILINE) == ["open-thoughts-gen", "pyarrow", "clingo"]
