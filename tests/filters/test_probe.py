"""A smaller model tries each question first, on the loopback server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from open_thoughts_gen.filters.probe import Probe
from open_thoughts_gen.filters.within import Within
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.types import Question, Sample
from tests.pipeline.test_line import listed, part, recipe_of
from tests.servers.chat_server import ChatServer, Fault, completion
from tests.servers.judging import Body
from tests.toy.sums import Says

SOLVED, UNSOLVED, HALF = (Sample(Question(f"{name}: 2 + 2?", "4")) for name in ("solved", "unsolved", "half"))


HALVES = [True, False]  # the attempts at "half", the last one first


def small_model(body: Body) -> object:
    """Answer by what the question says of itself; "half" is right in every second attempt."""
    prompt = body["messages"][-1]["content"]
    is_right = HALVES.pop() if prompt.startswith("half") else prompt.startswith("solved")
    return completion("Well, let me see. Answer: 4" if is_right else "Answer: 5")


def probe(server: ChatServer, folder: Path, **settings: Any) -> Probe:
    written = {"model": server.spec, "verifiers": ["exact"], "max_retries": 0, **settings}
    return Probe.model_validate(written).fresh(Context(cache=folder / "responses.sqlite"))


def test_rate_and_length_are_measured_and_the_band_is_strict(tmp_path: Path) -> None:
    with ChatServer(answer=small_model) as server:
        trying = probe(server, tmp_path, attempts=2, temperature=1, above=0, below=1)
        samples = [SOLVED, UNSOLVED, HALF]
        measures = list(trying.measures(samples))
        reasons = [why.reason if why else None for why in trying.drop_reasons(samples)]
    assert [each["probe_pass_rate"] for each in measures] == [1.0, 0.0, 0.5]
    assert measures[0]["probe_words"] == 6.0
    assert measures[1]["probe_words"] == 2.0
    assert reasons == ["solved too often", "solved too seldom", None]
    assert len(server.asked) == 6  # the second look is answered by the cache


def test_a_failed_call_counts_for_nothing(tmp_path: Path) -> None:
    with ChatServer(answer=small_model, fault=lambda prompt, number: Fault(status=500)) as server:
        trying = probe(server, tmp_path, below=1)
        assert list(trying.measures([SOLVED])) == [{"probe_pass_rate": None, "probe_words": None}]
        why = trying.drop_reason(SOLVED)
        assert why is not None
        assert why.reason == "no pass rate"
        assert probe(server, tmp_path, below=1, unmeasured="keep").drop_reason(SOLVED) is None


def test_verifiers_keep_to_their_rows_and_without_any_only_length_is_measured(tmp_path: Path) -> None:
    with ChatServer(answer=small_model) as server:
        only_law = probe(server, tmp_path, verifiers=[{"use": "exact", "when": {"domain": "law"}}])
        assert next(only_law.measures([SOLVED]))["probe_pass_rate"] is None
        none = probe(server, tmp_path, verifiers=[])
        assert next(none.measures([SOLVED])) == {"probe_pass_rate": None, "probe_words": 6.0}
        assert none.drop_reason(SOLVED) is None


def test_in_a_run_what_it_asked_is_counted_as_the_filters_and_later_filters_use_it(tmp_path: Path) -> None:
    rows = (("solved: 1?", "4", "general"), ("unsolved: 1?", "4", "general"), ("solved: 2?", "4", "general"))
    with ChatServer(answer=small_model) as server:
        settings = {"model": server.spec, "verifiers": ["exact"]}
        recipe = recipe_of(
            sources=listed(*rows),
            verifiers=(part(Says()),),
            question_filters=(part(Probe.model_validate(settings)), part(Within(by="probe_words", max=3))),
            sample_filters=(),
        )
        finished = run_line(recipe, context=Context(cache=tmp_path / "responses.sqlite"))
    (sample,) = finished.samples
    assert sample.question.prompt == "unsolved: 1?"
    assert sample.measures["probe_pass_rate"].by == "probe (m)"
    assert finished.counts.spent["filter"].answers == 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"verifiers": [], "below": 1}, "need `verifiers:`"),
        ({"above": 0.5, "below": 0.5}, "no pass rate"),
        ({"attempts": 2, "temperature": 0}, "are one"),
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Probe.model_validate({"model": "ollama/m", "verifiers": ["exact"], **settings})
