"""What the OpenThoughts pipelines are made of, a test for each feature, on the real parts and on rehearsals.

The numbers are those of a list of 48 features that the scripts of OpenThoughts 1 to 3 and their neighbours have; each
test asserts the essence of one. The parts have tests of their own with all that can go wrong.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest

from open_thoughts_gen import text
from open_thoughts_gen.chat import Call, resolve
from open_thoughts_gen.cli import main
from open_thoughts_gen.contamination.registry import benchmarks
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.difficulty import rubrics
from open_thoughts_gen.plugin import Context, Filter, Kind, Source, load
from open_thoughts_gen.plugin.judging import judge
from open_thoughts_gen.publish.hub import private_from
from open_thoughts_gen.publish.schemas import SchemaRows, schemas
from open_thoughts_gen.recipe import Recipe, load_recipe
from open_thoughts_gen.sources.stand_in import BENCHMARK, Shape, StandInTable, shapes
from open_thoughts_gen.sources.stand_in import benchmark as benchmark_lines
from open_thoughts_gen.tables.chats import chat_of, last_question
from open_thoughts_gen.types import Question, Sample, Trace, Verdict
from tests.filters.test_classify import COOKING, GEOMETRY, texts
from tests.sandboxes import needs_bubblewrap
from tests.servers.hub_server import Repo, pointed_at, serving
from tests.static_model import GOLDEN

RECIPES = Path(__file__).parents[2] / "recipes"
MODEL = "rehearsal/small"
FOX = "The quick brown fox jumps over the lazy dog near the old stone bridge at dawn, number"


def part(kind: Kind, use: str, folder: Path, **settings: Any) -> Any:
    """Return a plug-in for one run, its settings checked as those of a recipe are."""
    plugin = load(kind, use).model_validate_json(json.dumps(settings), strict=True)
    return plugin.fresh(Context(seed=42, folder=folder, cache=folder / "responses.sqlite"))


def kept(samples: Sequence[Sample], filter_: Filter) -> list[Sample]:
    return [each for each, why in zip(samples, filter_.drop_reasons(samples), strict=True) if why is None]


def dropped(samples: Sequence[Sample], filter_: Filter) -> list[str | None]:
    return [None if why is None else why.reason for why in filter_.drop_reasons(samples)]


def asked(source: Source) -> list[Question]:
    return [each for each in source.questions() if isinstance(each, Question)]


def prompts(*written: str, **meta: Any) -> list[Sample]:
    return [Sample(Question(each, meta=meta)) for each in written]


def numbered(num: int, **meta: Callable[[int], Any]) -> list[Sample]:
    return [Sample(Question(f"Question {i}?", meta={name: of(i) for name, of in meta.items()})) for i in range(num)]


def stand_in(dataset: str = "owner/unknown", **settings: Any) -> dict[str, Any]:
    return {"use": "stand_in", "dataset": dataset, "fields": {"prompt": "q", "reference": "a"}, **settings}


def rehearse(name: str, folder: Path, *words: str) -> Path:
    command = ["run", str(RECIPES / f"{name}.yaml"), "--rehearse", "--workers", "1", "--out", str(folder / "run")]
    assert main([*command, "--cache", str(folder / "responses.sqlite"), *words]) == 0
    return folder / "run"


def rows_of(run: Path, config: str = "data") -> list[dict[str, Any]]:
    return list(pq.read_table(run / "dataset" / config).to_pylist())


def loaded(name: str, **options: Any) -> Recipe:
    return load_recipe(RECIPES / f"{name}.yaml", **options)


@pytest.fixture(scope="module")
def third(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OpenThoughts3, rehearsed."""
    return rehearse("openthoughts3_1.2m", tmp_path_factory.mktemp("third"), "--set", "scale=0.0001")


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """OpenThoughts-114k, rehearsed."""
    return rehearse("openthoughts_114k", tmp_path_factory.mktemp("first"), "--set", "scale=0.00025")


# Ingest and schema


def test_feature_01_a_dataset_of_the_hub_at_one_commit_with_every_split(tmp_path: Path) -> None:
    card = b"---\nlicense: mit\nconfigs:\n- config_name: main\n  data_files:\n"
    card += b"  - {split: train, path: a.jsonl}\n  - {split: test, path: b.jsonl}\n---\n"
    with serving(lfs=False) as server, pointed_at(server):
        repo = server.repos["tester/sums"] = Repo(
            files={"README.md": card, "a.jsonl": b'{"q": "1+1?"}\n', "b.jsonl": b'{"q": "2+2?"}\n'}
        )
        repo.commit()
        hub = part("source", "hub", tmp_path, dataset="tester/sums", config="main", split="all", fields={"prompt": "q"})
        questions = asked(hub)
    assert [each.prompt for each in questions] == ["1+1?", "2+2?"]
    assert {each.source for each in questions} == {f"hub:tester/sums@{hub._snapshot.commit[:12]}"}
    assert {each.license for each in questions} == {"mit"}


def test_feature_02_columns_are_renamed_made_and_chosen_and_code_has_one_schema(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"q": "Why?", "kind": "x", "n": 3, "left": 1}\n', "utf-8")
    settings = {"path": "rows.jsonl", "fields": {"prompt": "{{ q }} ({{ n }})"}, "meta": ["n"]}
    (question,) = asked(part("source", "files", tmp_path, add={"origin": "{{ kind }}", "set": "mine"}, **settings))
    assert (question.prompt, question.meta) == ("Why? (3)", {"n": 3, "origin": "x", "set": "mine"})
    code = stand_in("BAAI/TACO", layout="taco", fields={"prompt": "question"}, scale=0.0005)
    (one, *_) = asked(part("source", code.pop("use"), tmp_path, **code))
    assert one.meta["problem_id"] == hashlib.md5(one.prompt.encode(), usedforsecurity=False).hexdigest()
    assert set(one.meta["tests"]) == {"inputs", "outputs"}


def test_feature_03_chats_of_three_kinds_are_read() -> None:
    kinds = [("from", "value", "user", "assistant"), ("from", "value", "human", "gpt")]
    kinds += [("role", "content", "user", "assistant")]
    for who, said, user, model in kinds:
        chat = chat_of([{who: user, said: "Why?"}, {who: model, said: "So."}])
        assert chat is not None
        assert last_question(chat) == "Why?"


def test_feature_04_two_system_prompts_and_tags_that_are_read_back() -> None:
    recipe = loaded("openthoughts_114k")
    assert recipe.teacher.plugin.system != recipe.publish.system
    assert "<|begin_of_thought|>" in recipe.publish.system
    sample = Sample(Question("Why?"), Trace("q", 0, "t", "First.\n\nThen.", "So."))
    for name in ("bespoke_stratos", "openthoughts3"):
        said = SchemaRows(name, system="").row(sample)["conversations"][1]["value"]
        assert text.split_thinking(said) == ("First.\n\nThen.", "So.")


def test_feature_05_a_row_says_where_it_comes_from_and_finds_its_reference_again(tmp_path: Path) -> None:
    numina = {"use": "stand_in", "dataset": "AI-MO/NuminaMath-CoT", "scale": 0.0003}
    published = {**numina, "dataset": "open-thoughts/OpenThoughts-114k", "fields": {"prompt": "conversations"}}
    known = {**numina, "fields": {"prompt": "problem", "reference": "solution"}, "add": {"origin": "{{ source }}"}}
    prefixes = ["Return your final response within \\boxed{}. "]
    join = part("source", "join", tmp_path, of=published, references=known, prefixes=prefixes, meta=["origin"])
    matched = [each for each in asked(join) if each.meta["joined"] == "matched"]
    assert len(matched) == round(89120 * 0.0003)
    assert all(each.reference and each.meta["origin"] == "olympiads" for each in matched)
    writing = {"how": "harder", "model": MODEL, "limit": 3, "seeds": stand_in(limit=2)}
    assert all(each.meta["parents"] for each in asked(part("source", "write", tmp_path, **writing)))


# Sampling


def test_feature_06_shuffled_shares_and_groups_as_the_libraries_take_them(tmp_path: Path) -> None:
    mix = {"of": [stand_in(limit=20), stand_in(limit=10)], "seed": 42}
    assert len(asked(part("source", "mix", tmp_path, pick="by_lot", shares=[0.55, 0.5], **mix))) == 11 + 5
    rows = [each.prompt for each in asked(part("source", "stand_in", tmp_path, **without_use(stand_in(limit=20))))]
    taken = part("source", "mix", tmp_path, of=[stand_in(limit=20)], num=4, pick="by_lot", seed=42, compat="datasets")
    theirs = datasets.Dataset.from_dict({"q": rows}).shuffle(seed=42).select(range(4))["q"]
    assert [each.prompt for each in asked(taken)] == list(theirs)
    samples = numbered(30, topic=lambda i: i % 3)
    groups = part("filter", "per_group", tmp_path, by="topic", k=2, pick="by_lot", seed=42, compat="pandas")
    assert Counter(each.question.meta["topic"] for each in kept(samples, groups)) == {0: 2, 1: 2, 2: 2}


def without_use(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name != "use"}


def test_feature_07_the_highest_or_the_lowest(tmp_path: Path) -> None:
    samples = numbered(9, score=lambda i: i * 5 % 9)
    for order, scores in (("highest", {7, 8}), ("lowest", {0, 1})):
        top = part("filter", "top_k", tmp_path, k=2, by="score", order=order)
        assert {each.question.meta["score"] for each in kept(samples, top)} == scores


def test_feature_08_a_short_source_is_repeated_up_to_the_target(tmp_path: Path) -> None:
    questions = asked(part("source", "mix", tmp_path, of=[stand_in(limit=3)], num=8, short="repeat"))
    assert (len(questions), len({each.id for each in questions})) == (8, 3)


def test_feature_09_what_is_wanted_is_divided_equally_among_the_best_sources(tmp_path: Path) -> None:
    of = [stand_in(f"owner/{name}") for name in ("best", "second", "third")]
    questions = asked(part("source", "mix", tmp_path, of=of, best=2, num=11))
    assert Counter(each.source for each in questions) == {"stand_in:owner/best": 6, "stand_in:owner/second": 5}


# Question filters


def test_feature_10_the_rules_leave_what_the_published_ones_left(tmp_path: Path) -> None:
    shape = shapes()["AI-MO/NuminaMath-CoT"]
    only = Shape(columns=shape.columns, groups={"amc_aime": shape.groups["amc_aime"]})
    table = StandInTable(Path("x"), name="AI-MO/NuminaMath-CoT", shape=only, seed=1)
    rows = [row for _, row in table.rows() if isinstance(row, dict)]
    samples = [Sample(Question(row["problem"], row["solution"], "math")) for row in rows]
    assert len(samples) == 4070
    of_recipe = loaded("openthoughts_114k").question_filters
    rules = [each.plugin for each in of_recipe if each.use == "rules" and each.when == {"domain": "math"}]
    assert len(rules) == 3
    for rule in rules:
        samples = kept(samples, rule.fresh(Context(folder=tmp_path)))
    assert len(samples) == 3736
    whole = part("filter", "rules", tmp_path, words=["figure"])
    assert dropped(prompts("Configure it.", "See the figure."), whole) == [None, "rule: words"]


def test_feature_11_several_parts_and_answers_that_are_not_there(tmp_path: Path) -> None:
    rules = part("filter", "rules", tmp_path, rules=["multi_part", "no_reference"])
    samples = [Sample(Question(prompt, "1")) for prompt in ("a) Find x. b) Find y.", "Find x.")]
    assert dropped([*samples, *prompts("Find z.")], rules) == ["rule: multi part", None, "rule: no reference"]


def test_feature_12_lengths_links_and_pictures(tmp_path: Path) -> None:
    length = part("filter", "length", tmp_path, unit="characters", min_question=10, max_question=20)
    assert [why is None for why in dropped(prompts("short", "just long enough", "x" * 21), length)] == [
        False,
        True,
        False,
    ]
    rules = part("filter", "rules", tmp_path, rules=["url", "image"])
    assert dropped(prompts("See http://x.org", "[image] What?", "What?"), rules) == ["rule: url", "rule: image", None]


def test_feature_13_difficulty_from_1_to_10_by_the_rubric_of_the_domain(tmp_path: Path) -> None:
    samples = [
        Sample(Question(f"How many, {i}?", domain=domain)) for i, domain in enumerate(("math", "code", "science"))
    ]
    graded = list(part("filter", "difficulty", tmp_path, model=MODEL).measures(samples))
    assert all(1 <= each["difficulty"] <= 10 for each in graded)
    assert len({rubrics()[domain] for domain in ("math", "code", "science")}) == 3


def test_feature_14_the_questions_that_a_small_model_answers_at_greatest_length(third: Path) -> None:
    words = [row["probe_words"] for row in rows_of(third) if row["domain"] == "math"]
    lost = pq.read_table(third / "dropped.parquet").to_pylist()
    shorter = [row for row in lost if row["plugin"] == "top_k" and row["domain"] == "math"]
    measured = [json.loads(m["value"]) for row in shorter for m in row["measures"] if m["name"] == "probe_words"]
    assert min(words) >= max(measured)


def test_feature_15_a_model_is_asked_for_a_score(tmp_path: Path) -> None:
    ask = part("filter", "ask_model", tmp_path, model=MODEL, rubric="Is it clear?", scale=[1, 100], min=30)
    scores = [each["grade"] for each in ask.measures(prompts("Why?", "How?", "When?", "Who?"))]
    assert all(1 <= score <= 100 for score in scores)


def test_feature_16_a_classifier_trained_on_good_and_bad_examples(tmp_path: Path) -> None:
    for name, topic in (("good", GEOMETRY), ("bad", COOKING)):
        lines = [json.dumps({"prompt": each}) for each in texts(topic, 60, 1)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines), "utf-8")
    of = {
        kind: {"use": "files", "path": f"{name}.jsonl"} for kind, name in (("positives", "good"), ("negatives", "bad"))
    }
    classify = part("filter", "classify", tmp_path, min=0.5, **of)
    geometry, cooking = (prompts(*texts(topic, 20, 9)) for topic in (GEOMETRY, COOKING))
    assert len(kept(geometry, classify)) > 15
    assert len(kept(cooking, classify)) < 5


def test_feature_17_embeddings_near_to_examples(tmp_path: Path) -> None:
    for name, prompt in (("cats", "cat"), ("skies", "sky")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"prompt": prompt}), "utf-8")
    of = {
        kind: {"use": "files", "path": f"{name}.jsonl"}
        for kind, name in (("positives", "cats"), ("negatives", "skies"))
    }
    embedding = part("filter", "embedding", tmp_path, model_path=str(GOLDEN), min=0, **of)
    assert [why is None for why in dropped(prompts("cat", "sky"), embedding)] == [True, False]


def test_feature_18_a_band_of_pass_rates_without_its_ends(tmp_path: Path) -> None:
    samples = [replace(each, pass_rate=i / 4) for i, each in enumerate(numbered(5))]
    band = part("filter", "within", tmp_path, by="pass_rate", above=0, below=1)
    assert [each.pass_rate for each in kept(samples, band)] == [0.25, 0.5, 0.75]


def test_feature_19_what_a_weak_model_solves_is_left_out(tmp_path: Path) -> None:
    probe = part("filter", "probe", tmp_path, model=MODEL, verifiers=["math"], below=1)
    source = part("source", "stand_in", tmp_path, **without_use(stand_in(limit=24)))
    reasons = Counter(dropped([Sample(each) for each in asked(source)], probe))
    assert set(reasons) == {None, "solved too often"}


# Question generation


def test_feature_20_seeds_become_questions_by_a_template(tmp_path: Path) -> None:
    passages = stand_in("notes/*.md", fields={"prompt": "prompt"}, limit=2)
    settings = {"how": "passage", "model": MODEL, "limit": 6, "prompt": "Write {{ num }} questions."}
    questions = asked(part("source", "write", tmp_path, seeds=passages, **settings))
    assert len(questions) == 6
    assert all(each.reference and each.meta["evidence"] in each.meta["passage"] for each in questions)


def test_feature_21_writing_goes_on_until_the_target(tmp_path: Path) -> None:
    settings = {"how": "harder", "model": MODEL, "limit": 20, "seeds": stand_in(limit=1)}
    assert len({each.id for each in asked(part("source", "write", tmp_path, **settings))}) == 20


# Duplicates and benchmarks


def test_feature_22_exact_duplicates_as_they_stand_or_folded(tmp_path: Path) -> None:
    samples = prompts("What is 2?", "what  is 2?", "What is 2?")
    assert kept(samples, part("filter", "exact_dedup", tmp_path, fold=[])) == samples[:2]
    assert kept(samples, part("filter", "exact_dedup", tmp_path)) == samples[:1]


def test_feature_23_near_duplicates_do_not_depend_on_the_order(tmp_path: Path) -> None:
    samples = prompts(*(f"{FOX} {i}" for i in range(20)))
    near = part("filter", "near_dedup", tmp_path, rule="openthoughts")
    assert len(kept(samples, near)) == len(kept(samples[::-1], near)) == 1
    defect = {"compat": "limit_5", "compat_order": "reversed"}
    theirs = part("filter", "near_dedup", tmp_path, rule="openthoughts", **defect)
    assert len(kept(samples, theirs)) > 1


@pytest.mark.parametrize("num", [8, 13])
def test_feature_24_shared_runs_of_words(tmp_path: Path, num: int) -> None:
    leak = " ".join(benchmark_lines()[0].split()[6 : 6 + num])
    for shared, why in ((leak, "contaminated: held"), (leak.rpartition(" ")[0], None)):
        checked = prompts(f"Before it {shared} zebra after.")
        settings: dict[str, Any] = {"whole": False, "containment": None, "word_ngram": num, "cut": "space", "fold": []}
        assert dropped(checked, part("filter", "decontaminate", tmp_path, files=HELD, **settings)) == [why]


HELD = {"held": str(BENCHMARK)}


def test_feature_25_similar_or_with_a_run_in_common(tmp_path: Path) -> None:
    whole = benchmark_lines()[0]
    run = " ".join(whole.split()[6:19])
    settings = {"rule": "openthoughts3", "token_ngram": None, "word_ngram": 13, "files": HELD}
    both = part("filter", "decontaminate", tmp_path, **settings)
    leaks = prompts(whole.replace("tickets", "cards"), f"Something else, {run}, and more of it.", FOX)
    assert dropped(leaks, both) == ["contaminated: held", "contaminated: held", None]


def test_feature_26_a_registry_of_benchmarks_and_what_was_found(tmp_path: Path) -> None:
    assert {"math500", "aime24", "amc23", "gpqa_diamond"} <= set(benchmarks())
    planted = prompts(*(line.replace("weekday", "working day") for line in benchmark_lines()))
    clean = [Sample(each) for each in asked(part("source", "stand_in", tmp_path, **without_use(stand_in(limit=200))))]
    check = part("filter", "decontaminate", tmp_path, files=HELD, indel=75)
    found = [why for why in check.drop_reasons([*planted, *clean]) if why]
    assert len(found) == len(planted)
    assert all(why.detail for why in found)
    assert check.report().facts["checked"][-1]["num_dropped"] == len(planted)


# The teacher


def test_feature_27_any_endpoint_and_no_setting_that_is_not_known(tmp_path: Path) -> None:
    assert resolve("http://localhost:8000/v1#m").label == "http://localhost:8000/v1#m"
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "name: x\ntarget: 1\nsource: {use: files, path: x}\nteacher: {use: openai, model: openai/m, temp: 0}\n"
    )
    with pytest.raises(UserError, match="did you mean 'temperature'"):
        load_recipe(recipe)


def test_feature_28_sixteen_answers_to_each_question(third: Path) -> None:
    attempts: dict[str, list[int]] = {}
    for row in rows_of(third):
        attempts.setdefault(row["id"], []).append(row["attempt"])
    assert {tuple(sorted(each)) for each in attempts.values()} == {tuple(range(16))}


def test_feature_29_reasoning_in_tags_closed_or_not(tmp_path: Path) -> None:
    assert text.split_thinking("<think>\nHm.\n</think>\n\nSo.") == ("Hm.", "So.")
    assert text.split_thinking("Hm.\n</think>\n\nSo.") == ("Hm.", "So.")
    unclosed = Sample(Question("?"), Trace("q", 0, "t", "Hm.", "<think> and so on"))
    assert dropped([unclosed], part("filter", "complete", tmp_path)) != [None]


def test_feature_30_cut_answers_are_dropped_or_kept_with_their_reason(tmp_path: Path) -> None:
    cut = Sample(Question("?"), Trace("q", 0, "t", "Hm", "", "length"))
    assert dropped([cut], part("filter", "complete", tmp_path)) == ["cut off"]
    assert not [each for each in loaded("openthoughts3_1.2m").sample_filters if each.use == "complete"]


def test_feature_31_limits_retries_and_what_was_spent(third: Path) -> None:
    settings = load("teacher", "openai").model_fields
    assert {"rpm", "tpm", "concurrency", "timeout_s", "max_retries"} <= set(settings)
    spent = json.loads((third / "run.json").read_text("utf-8"))["counts"]["spent"]
    assert spent["filter"]["completion_tokens"] > 0
    assert spent["teacher"]["cost_usd"] == 0


def test_feature_32_an_answer_is_known_by_prompt_parameters_and_model() -> None:
    call = Call([{"role": "user", "content": "?"}], {"temperature": 1.0})
    calls = [call, replace(call, attempt=1), replace(call, settings={"temperature": 0.5})]
    keys = {resolve(spec).served.key(each) for spec in ("openai/a", "openai/b") for each in calls}
    assert len(keys) == 6


def test_feature_33_a_rehearsal_needs_no_model_and_stops_where_it_is_told() -> None:
    recipe = loaded("my_files", rehearsed=True, target=20)
    assert (recipe.target, recipe.teacher.plugin.invents) == (20, True)
    assert all(source.use == "stand_in" for source in recipe.sources)


def test_feature_34_the_teacher_is_shown_the_answer() -> None:
    source = loaded("small_thoughts", rehearsed=True).sources[-1].plugin.fresh(Context())
    for question in asked(source)[:5]:
        assert question.reference is None or question.reference in question.prompt


# Verifying


def test_feature_35_algebra_and_a_judge_side_by_side(tmp_path: Path) -> None:
    pairs = [(Question("?", "1/2"), Trace("q", 0, "t", "", "Answer: 0.5"))]
    (by_algebra,) = judge(part("verifier", "math", tmp_path), pairs)
    (by_model,) = judge(part("verifier", "judge", tmp_path, model=MODEL), pairs)
    assert (by_algebra.outcome, by_algebra.verifier) == ("correct", "math")
    assert by_model.outcome in ("correct", "incorrect", "undecided")
    (unread,) = judge(part("verifier", "math", tmp_path), [(Question("?", "see above (sic"), pairs[0][1])])
    assert (unread.outcome, bool(unread.cause)) == ("undecided", True)


@needs_bubblewrap
def test_feature_36_no_program_passes_that_does_not_run(tmp_path: Path) -> None:
    tests = {"inputs": ["1\n"], "outputs": ["2\n"]}
    programs = {
        "correct": "print(int(input()) * 2)",
        "wrong": "print(3)",
        "broken": "print((",
        "loops": "while True: pass",
        "raises": "raise ValueError",
    }
    pairs = [
        (Question("?", meta={"tests": tests}), Trace("q", 0, "t", "", f"```python\n{each}\n```"))
        for each in programs.values()
    ]
    code = part("verifier", "code", tmp_path, time_s=0.5, num_workers=2)
    outcomes = [verdict.outcome for verdict in code.verdicts(pairs)]
    code.close()
    assert outcomes == ["correct", "incorrect", "incorrect", "incorrect", "incorrect"]


@needs_bubblewrap
def test_feature_37_output_and_calls_are_compared_by_value(tmp_path: Path) -> None:
    reads = {"inputs": ["\n"], "outputs": ["1 2\n"]}
    calls = {"inputs": [[1]], "outputs": [2], "fn_name": "double"}
    cases = [
        (reads, "print('1  2')", "correct"),
        (reads, "print('1.0 2')", "correct"),
        (reads, "print('12')", "incorrect"),
        (reads, "print('2 1')", "incorrect"),
        (calls, "def double(n):\n    return 2 * n", "correct"),
    ]
    pairs = [
        (Question("?", meta={"tests": tests}), Trace("q", 0, "t", "", f"```python\n{program}\n```"))
        for tests, program, _ in cases
    ]
    code = part("verifier", "code", tmp_path, time_s=1, num_workers=2)
    outcomes = [verdict.outcome for verdict in code.verdicts(pairs)]
    code.close()
    assert outcomes == [outcome for *_, outcome in cases]


def test_feature_38_each_row_is_judged_by_its_own_domain(first: Path) -> None:
    judges = {(row["domain"], each["verifier"]) for row in rows_of(first) for each in row["verdicts"]}
    assert {("math", "judge"), ("code", "code")} <= judges
    assert {domain for domain, _ in judges} <= {"math", "code", "puzzle"}
    science = [row for row in rows_of(first) if row["domain"] in ("biology", "chemistry", "physics")]
    assert {row["outcome"] for row in science} == {"undecided"}


def test_feature_39_ways_to_choose_among_answers(tmp_path: Path) -> None:
    question = Question("?")
    answers = [Trace(question.id, i, "t", "long " * i, f"Answer: {4 if i else 5}") for i in range(4)]
    verdicts = list(part("verifier", "majority", tmp_path, by="exact").verdicts([(question, each) for each in answers]))
    assert [each.outcome for each in verdicts] == ["incorrect", "correct", "correct", "correct"]
    samples = [Sample(question, each) for each in answers]
    longest = part("filter", "top_k", tmp_path, k=2, by="reasoning_words", per="question")
    assert [each.trace.attempt for each in kept(samples, longest) if each.trace] == [2, 3]
    assert len(kept(samples, part("filter", "random_subset", tmp_path, num=2))) == 2
    paragraphs = part("filter", "length", tmp_path, max_paragraph=2)
    assert len(kept(samples, paragraphs)) == 3


def test_feature_40_what_cannot_be_graded_is_said_and_kept_beside_the_rest(tmp_path: Path) -> None:
    row = {"question": "Print it.", "input_output": "{}", "starter_code": ""}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row) + "\n", "utf-8")
    (question,) = asked(
        part("source", "files", tmp_path, path="rows.jsonl", layout="apps", fields={"prompt": "prompt"})
    )
    assert (question.meta["gradable"], question.meta["tests"]) == (False, None)
    undecided = Sample(question, Trace(question.id, 0, "t", "Hm.", "So."), (Verdict("code", "undecided"),))
    for choice, num in (("keep", 1), ("drop", 0)):
        assert len(kept([undecided], part("filter", "verified", tmp_path, undecided=choice))) == num


# Reinforcement learning, and what is published


def test_feature_41_each_question_that_cannot_be_rewarded_has_a_label(tmp_path: Path) -> None:
    (rules,) = [each.plugin for each in loaded("curated_thoughts").question_filters if each.use == "rules"]
    written = {
        "proof": "Prove that it is so.",
        "multi part": "a) Find x. b) Find y.",
        "missing figure": "What is shown in the figure below?",
        "url": "See https://x.example. What is it?",
        "multiple choice": "Which of the following is it?",
        "yes no": "Is 91 a prime number?",
        "no reference": "What is it?",
    }
    samples = [Sample(Question(each, None if label == "no reference" else "4")) for label, each in written.items()]
    labels = dropped(samples, rules.fresh(Context(folder=tmp_path)))
    assert labels == [f"rule: {label}" for label in written]


def test_feature_42_the_columns_of_published_sets(third: Path, first: Path) -> None:
    sizes = {name: len(columns) for name, columns in schemas().items()}
    assert sizes == {
        "bespoke_stratos": 2,
        "openthoughts_114k": 2,
        "openthoughts_114k_metadata": 8,
        "openthoughts2": 4,
        "openthoughts3": 4,
        "openthoughts_114k_math": 8,
        "small_thoughts": 4,
    }
    columns = pq.read_table(third / "dataset" / "openthoughts3").schema
    assert columns.names == ["difficulty", "source", "domain", "conversations"]
    assert (str(columns.field("difficulty").type), columns.field("difficulty").nullable) == ("int64", True)
    metadata = rows_of(first, "openthoughts_114k_metadata")
    assert set(metadata[0]) == set(schemas()["openthoughts_114k_metadata"])
    assert all(json.loads(row["test_cases"])["inputs"] for row in metadata if row["domain"] == "code")


def test_feature_43_two_turns_of_the_right_roles_and_none_empty(third: Path, first: Path) -> None:
    for run, config, roles in (
        (third, "openthoughts3", ["human", "gpt"]),
        (first, "openthoughts_114k", ["user", "assistant"]),
    ):
        for row in rows_of(run, config):
            assert [turn["from"] for turn in row["conversations"]] == roles
            assert all(turn["value"].strip() for turn in row["conversations"])
    with pytest.raises(UserError, match="has an empty turn; drop such rows"):
        SchemaRows("openthoughts3", system="").row(Sample(Question("?"), Trace("q", 0, "t", "", "")))


def test_feature_44_private_is_read_as_a_yes_or_a_no_and_a_rehearsal_is_not_pushed(
    third: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [private_from({"HF_PRIVATE": said}) for said in ("false", "0", "true", "")] == [False, False, True, None]
    with pytest.raises(UserError):
        private_from({"HF_PRIVATE": "perhaps"})
    assert main(["push", str(third)]) == 2
    assert "a rehearsal is not published" in capsys.readouterr().err


def test_feature_45_every_question_is_accounted_for_stage_by_stage(third: Path) -> None:
    counts = json.loads((third / "run.json").read_text("utf-8"))["counts"]
    lost = Counter({(each["plugin"], each["reason"]): each["num"] for each in counts["dropped"]})
    assert counts["drawn"] == counts["asked"] + sum(lost.values())
    assert counts["traces"] == counts["kept"] == 16 * counts["asked"] == len(rows_of(third))
    plugins = {plugin for plugin, _ in lost}
    assert {"top_k", "random_subset"} <= plugins <= {"top_k", "exact_dedup", "decontaminate", "random_subset"}


def test_feature_46_one_stage_is_swapped_and_the_rest_is_shared(tmp_path: Path) -> None:
    command = ["ablate", str(RECIPES / "my_files.yaml"), "--rehearse", "--vary", "question_filters", "--num", "12"]
    values = ["--with", "[]", "[{use: length, min_question: 3}]", "--workers", "1"]
    out = ["--out", str(tmp_path / "out"), "--cache", str(tmp_path / "responses.sqlite")]
    assert main([*command, *values, *out]) == 0
    sizes = [len(rows_of(folder.parent)) for folder in sorted((tmp_path / "out").rglob("dataset"))]
    assert sizes == [12, 12]


def test_feature_47_the_published_numbers_of_questions_and_answers(tmp_path: Path) -> None:
    recipe = loaded("openthoughts3_1.2m")
    subsets = [each for each in recipe.question_filters if each.use == "random_subset"]
    chosen: dict[str, int] = {}
    for each in subsets:
        origin = str(each.when["origin"])
        samples = numbered(each.plugin.num + 500, origin=lambda i, name=origin: name)  # type: ignore[misc]
        chosen[origin] = len(kept(samples, each.plugin.fresh(Context(folder=tmp_path))))
    assert list(chosen.values()) == [53_125, 7_865, 7_760, 3_744, 2_506]
    assert (sum(chosen.values()), recipe.attempts) == (75_000, 16)
    assert sum(chosen.values()) * recipe.attempts == 1_200_000
    hundredth = loaded("openthoughts3_1.2m", overrides=["scale=0.01"])
    assert [each.plugin.num for each in hundredth.question_filters if each.use == "random_subset"] == [
        531,
        79,
        78,
        37,
        25,
    ]


def test_feature_48_the_same_seed_gives_the_same_bytes(third: Path, tmp_path: Path) -> None:
    again = rehearse("openthoughts3_1.2m", tmp_path, "--set", "scale=0.0001")
    digests = [
        {
            str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in (run / "dataset").rglob("*.parquet")
        }
        for run in (third, again)
    ]
    assert digests[0] == digests[1]
    assert len(digests[0]) >= 4


@pytest.mark.slow
def test_a_hundredth_of_openthoughts3_is_750_questions(tmp_path: Path) -> None:
    run = rehearse("openthoughts3_1.2m", tmp_path, "--set", "scale=0.01")
    rows = rows_of(run)
    questions = {row["id"]: row["origin"] for row in rows}
    assert sorted(Counter(questions.values()).values()) == [25, 37, 78, 79, 531]
    assert set(Counter(row["id"] for row in rows).values()) == {16}
    assert len(rows) == 12_000
