"""The same verdict in a run, in `verify`, as a reward, here and in workers; for Ray see `engines/test_ray`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.pipeline.progress import Unwatched
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.plugin.judging import Faults
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.rejudge.rescoring import judge
from open_thoughts_gen.rewards import outcomes, reward_row
from open_thoughts_gen.types import Outcome, Verdict
from tests.same_verdicts import ANSWERS, PARTS, judged_directly, parts, samples

AT_ONCE = Trial(trial_s=0.0, worth_s=0.0, batch_s=0.0)
Verdicts = dict[str, list[Verdict]]


@pytest.fixture(scope="module")
def expected() -> Verdicts:
    verdicts = judged_directly()
    assert {verdict.outcome for each in verdicts.values() for verdict in each} == {"correct", "incorrect", "undecided"}
    return verdicts


@pytest.mark.parametrize("engine", [Local(1), Local(2, AT_ONCE)])
def test_verify_here_and_in_worker_processes(engine: Local, expected: Verdicts) -> None:
    faults = Faults()
    with engine:
        verdicts = judge(samples(), parts(), context=Context(), engine=engine, progress=Unwatched(), faults=faults)
    assert {name: list(each) for name, each in verdicts.items()} == expected
    assert [fault.error for fault in faults.raised] == ["KeyError: 'Answer: bug'"] * 2  # alone, and inside another


def test_run(expected: Verdicts, tmp_path: Path) -> None:
    rows = [
        {"prompt": sample.question.prompt, "reference": reference, "response": said}
        for sample, (reference, said) in zip(samples(), ANSWERS, strict=True)
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    verifiers = "\n".join(f"  - {{use: {_yaml(part)}}}" for part in PARTS)
    recipe = "name: same\nsource: {use: files, path: rows.jsonl, fields: {prompt: prompt, reference: reference}}\n"
    recipe += f"teacher: {{use: recorded, response: response}}\nverifiers:\n{verifiers}\n"
    (tmp_path / "recipe.yaml").write_text(recipe)
    loaded = load_recipe(tmp_path / "recipe.yaml")
    context = Context(folder=tmp_path, cache=tmp_path / "responses.sqlite")
    finished = run_line(loaded, context=context)
    kept = [*finished.samples, *(dropped.sample for dropped in finished.dropped if dropped.sample)]
    by_prompt = {sample.question.prompt: sample.verdicts for sample in kept}
    verdicts = [by_prompt[sample.question.prompt] for sample in samples()]
    assert {each[0].verifier: list(each) for each in zip(*verdicts, strict=True)} == expected
    assert len(finished.faults) == 2


def test_reward(expected: Verdicts) -> None:
    for part in parts():
        rows = [reward_row(sample.question, [part]) for sample in samples()]
        asked = [row for row in rows if row is not None]
        rewarded: list[Outcome] = outcomes([said for _, said in ANSWERS], asked, trusted=("tests",))
        assert rewarded == [verdict.outcome for verdict in expected[part.plugin.label]]


def _yaml(part: str) -> str:
    use, _, settings = part.partition(":{")
    return f'"{use}", {settings.removesuffix("}")}' if settings else f'"{use}"'
