"""What every plug-in keeps to, held for each one that the package brings. Its example is in `contract_examples.py`."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from open_thoughts_gen import engines, plugin
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.plugin import Context, Family, Filter, Kind, Plugin, Problem, Source, Teacher, Verifier
from open_thoughts_gen.text import normalise
from open_thoughts_gen.types import DropReason, Question, Request, Trace, Verdict
from tests.contract_examples import EXAMPLES, Settings

KINDS: tuple[Kind, ...] = ("source", "teacher", "verifier", "filter", "family")
ALL = [(kind, name) for kind in KINDS for name in plugin.names(kind)]
GARBAGE = ("", " ", "\n\n", "lorem ipsum\ndolor sit amet", "{}[]()<>&;'\"\\", "\x00\ufffd", "?" * 5000, "{" * 5000)
HOSTILE = (
    "9" * 5000, "1e999999999", "1 m^999999999", "1/0", "nan", "٣" * 50, "2031-02-30", '{"a": ', "\ud800", "\u202e2",
    "0x" + "f" * 50, "```python\n" * 500,
)  # fmt: skip
ANY_SHAPE: tuple[object, ...] = (None, 5, "x", [], {}, [None], {"a": None}, "[" * 3000, 10**400)
NUM_SEEDS = 20


def example(kind: Kind, name: str) -> Any:
    found = EXAMPLES[kind].get(name)
    if found is None:
        pytest.fail(f"the {kind} {name!r} has no example: add it to {kind!r} in tests/contract_examples.py")
    return found


def made(kind: Kind, name: str, settings: Settings) -> Plugin:
    """Return the plug-in as a recipe would make it."""
    return plugin.load(kind, name).model_validate_json(json.dumps(settings), strict=True)


def of_kind(kind: Kind) -> list[str]:
    return plugin.names(kind)


def test_there_are_plugins_of_every_kind() -> None:
    assert {kind for kind, _ in ALL} == set(KINDS)


@pytest.mark.parametrize(("kind", "name"), ALL)
class TestPlugin:
    """What plug-ins of all kinds have in common."""

    def test_its_class_is_named_after_its_file_and_says_what_it_does(self, kind: Kind, name: str) -> None:
        found = plugin.load(kind, name)
        assert found.__name__ == "".join(part.title() for part in name.split("_"))
        assert found.plugin_name() == name
        assert (found.__doc__ or "").strip()

    def test_its_settings_survive_yaml(self, kind: Kind, name: str) -> None:
        one = made(kind, name, example(kind, name).settings)
        written = yaml.safe_dump(one.model_dump(mode="json", by_alias=True))
        again = made(kind, name, yaml.safe_load(written))
        assert again == one
        assert yaml.safe_dump(again.model_dump(mode="json", by_alias=True)) == written

    def test_an_unknown_setting_is_refused(self, kind: Kind, name: str) -> None:
        with pytest.raises(ValueError, match="no_such_setting"):
            made(kind, name, {**example(kind, name).settings, "no_such_setting": 1})

    def test_it_is_picklable_before_and_in_a_run(self, kind: Kind, name: str, tmp_path: Path) -> None:
        one = made(kind, name, example(kind, name).settings)
        context = Context(folder=getattr(example(kind, name), "folder", tmp_path), cache=tmp_path / "responses.sqlite")
        with example(kind, name).server() if kind == "source" else nullcontext():
            for each in (one, one.fresh(context)):
                assert pickle.loads(pickle.dumps(each)).model_dump() == one.model_dump()


@pytest.mark.parametrize("name", of_kind("source"))
class TestSource:
    """A fixed sequence of questions."""

    @pytest.fixture(autouse=True)
    def served(self, name: str, tmp_path: Path) -> Iterator[None]:
        self.cache = tmp_path / "responses.sqlite"
        with example("source", name).server() as self.more:
            yield

    def source(self, name: str) -> Source:
        given = example("source", name)
        context = Context(seed=7, folder=given.folder, cache=self.cache)
        found = made("source", name, {**given.settings, **self.more}).fresh(context)
        assert isinstance(found, Source)
        return found

    def test_it_is_the_same_twice_and_a_longer_draw_begins_with_a_shorter_one(self, name: str) -> None:
        long = list(islice(self.source(name).questions(), 12))
        assert any(isinstance(each, Question) for each in long)
        assert list(islice(self.source(name).questions(), 12)) == long
        assert list(islice(self.source(name).questions(), 3)) == long[:3]

    def test_it_can_be_drawn_from_again(self, name: str) -> None:
        source = self.source(name)
        assert list(islice(source.questions(), 5)) == list(islice(source.questions(), 5))

    def test_what_it_yields_can_be_published(self, name: str) -> None:
        for each in islice(self.source(name).questions(), 12):
            if isinstance(each, DropReason):
                assert each.reason
                continue
            assert each.prompt.strip()
            assert each.source
            assert json.loads(json.dumps(each.meta, allow_nan=False)) == each.meta
            each.prompt.encode("utf-8")

    def test_it_ends_unless_it_says_so(self, name: str) -> None:
        source = self.source(name)
        assert source.endless or len(list(islice(source.questions(), 10_000))) < 10_000
        assert all(path.is_file() for path in source.inputs)


@pytest.mark.parametrize("name", of_kind("teacher"))
class TestTeacher:
    """One trace for each request."""

    def traces(self, name: str, requests: Sequence[Request], folder: Path) -> list[Trace]:
        given = example("teacher", name)
        with given.server() as settings:
            found = made("teacher", name, {**given.settings, **settings})
            teacher = found.fresh(Context(cache=folder / "responses.sqlite"))
            assert isinstance(teacher, Teacher)
            assert teacher.label
            return sorted(teacher.traces(iter(requests)), key=lambda trace: (trace.question_id, trace.attempt))

    def test_there_is_one_trace_for_each_request_the_same_in_each_run(self, name: str, tmp_path: Path) -> None:
        requests = [Request(question, i) for question in example("teacher", name).questions() for i in range(2)]
        traces = self.traces(name, requests, tmp_path)
        asked = sorted((request.question.id, request.attempt) for request in requests)
        assert [(trace.question_id, trace.attempt) for trace in traces] == asked
        assert all(trace.finish_reason == "stop" and trace.response for trace in traces)
        told = [(trace.reasoning, trace.response) for trace in traces]
        again = self.traces(name, requests[::-1], tmp_path / "another")
        assert [(trace.reasoning, trace.response) for trace in again] == told

    def test_it_says_whether_copies_of_a_question_are_further_attempts(self, name: str, tmp_path: Path) -> None:
        given = example("teacher", name)
        requests = [Request(question, given.further) for question in given.questions()]
        with given.server() as settings:
            teacher = made("teacher", name, {**given.settings, **settings})
            assert isinstance(teacher, Teacher)
            answers_copies = teacher.answers_copies
        further = self.traces(name, requests, tmp_path)
        assert [trace.attempt for trace in further] == [given.further] * len(requests)
        assert {trace.finish_reason for trace in further} == {"stop" if answers_copies else "error"}

    def test_nothing_asked_is_nothing_answered(self, name: str, tmp_path: Path) -> None:
        assert self.traces(name, [], tmp_path) == []


@pytest.fixture(scope="module")
def two_processes() -> Iterator[Local]:
    """Spread all that can be spread, however little it is."""
    with Local(2, Trial(trial_s=0, worth_s=-60, batch_s=0.001)) as engine:
        yield engine


@pytest.mark.parametrize("name", of_kind("verifier"))
class TestVerifier:
    """Three outcomes, and never correct for the wrong reason."""

    @contextmanager
    def verifier(self, name: str) -> Iterator[Verifier]:
        given = example("verifier", name)
        with given.server() as settings, TemporaryDirectory() as folder:
            context = Context(cache=Path(folder) / "responses.sqlite")
            found = made("verifier", name, {**given.settings, **settings}).fresh(context)
            assert isinstance(found, Verifier)
            yield found

    def verdicts(self, name: str, pairs: Sequence[tuple[Question, Trace]]) -> list[Verdict]:
        with self.verifier(name) as found:
            verdicts = list(found.verdicts(pairs))
        assert {verdict.verifier for verdict in verdicts} <= {name}
        assert all("\n" not in verdict.explanation for verdict in verdicts)
        return verdicts

    def trace(self, name: str, response: str, **changes: Any) -> Trace:
        given = example("verifier", name)
        return Trace(given.question.id, 0, "t", "I think.", response, **changes)

    def outcomes(self, name: str, question: Question, *responses: str) -> list[str]:
        return [each.outcome for each in self.verdicts(name, [(question, self.trace(name, r)) for r in responses])]

    @pytest.mark.parametrize("form", ["Because of this and that.\n\nAnswer: {}", "So it is \\boxed{{{}}}."])
    def test_right_is_correct_and_wrong_is_not(self, name: str, form: str) -> None:
        given = example("verifier", name)
        right, wrong, known = (form.format(each) for each in (given.right, given.wrong, given.question.reference))
        assert self.outcomes(name, given.question, right, wrong, known) == ["correct", "incorrect", "correct"]

    @pytest.mark.parametrize("form", ["Answer: {}", "So it is \\boxed{{{}}}."])
    def test_a_near_miss_is_refused(self, name: str, form: str) -> None:
        given = example("verifier", name)
        assert given.near, f"the example of {name!r} has no near miss"
        assert "correct" not in self.outcomes(name, given.question, form.format(given.near))

    def test_garbage_is_never_correct(self, name: str) -> None:
        given = example("verifier", name)
        garbage = [*GARBAGE, *(f"Answer: {each}" for each in GARBAGE), *(rf"\boxed{{{each}}}" for each in GARBAGE)]
        assert "correct" not in self.outcomes(name, given.question, *garbage)

    def test_strangers_rows_are_judged_whatever_they_hold(self, name: str) -> None:
        given = example("verifier", name)
        question: Question = given.question
        answered = [(question, self.trace(name, f"Answer: {each}")) for each in HOSTILE]
        asked = [replace(question, reference=each) for each in HOSTILE]
        asked += [replace(question, meta={**question.meta, key: each}) for key in question.meta for each in ANY_SHAPE]
        right = self.trace(name, f"Answer: {given.right}")
        pairs = answered + [(each, replace(right, question_id=each.id)) for each in asked]
        assert len(self.verdicts(name, pairs)) == len(pairs)

    def test_without_what_it_rests_on_nothing_is_decided(self, name: str) -> None:
        given = example("verifier", name)
        unaided = given.unaided or replace(given.question, reference=None)
        (verdict,) = self.verdicts(name, [(unaided, self.trace(name, f"Answer: {given.right}"))])
        assert verdict.outcome == "undecided"
        assert verdict.explanation

    @pytest.mark.parametrize("finish_reason", ["length", "error"])
    def test_a_response_that_never_came_is_undecided(self, name: str, finish_reason: str) -> None:
        given = example("verifier", name)
        (verdict,) = self.verdicts(name, [(given.question, self.trace(name, "", finish_reason=finish_reason))])
        assert (verdict.outcome, verdict.answer) == ("undecided", None)
        assert verdict.explanation

    def test_a_verdict_depends_on_nothing_but_its_row(self, name: str) -> None:
        given = example("verifier", name)
        responses = [f"Answer: {given.right}", f"Answer: {given.wrong}", "Answer: ?", "nothing\nof that kind"]
        pairs = [(given.question, self.trace(name, response)) for response in responses]
        together = self.verdicts(name, pairs)
        assert self.verdicts(name, pairs[::-1]) == together[::-1]
        with self.verifier(name) as one:
            again = pickle.loads(pickle.dumps(one))
            if one.sees_attempts:
                assert list(again.verdicts(pairs)) == together
                assert {one.verdict(*pair).outcome for pair in pairs} == {"undecided"}
            else:
                assert [one.verdict(*pair) for pair in pairs] == together
                assert [again.verdict(*pairs[0])] == together[:1]

    def test_a_verdict_depends_neither_on_the_number_of_workers_nor_on_what_ran_before(self, name: str) -> None:
        given = example("verifier", name)
        answers = [given.right, given.wrong, given.near, "?" * 5000, "{" * 5000, given.right]
        pairs = [(given.question, self.trace(name, f"Answer: {answer}")) for answer in answers]
        with self.verifier(name) as one:
            if one.sees_attempts:
                return
            first = list(one.verdicts(pairs))
            assert first[0] == first[-1]
            assert list(one.verdicts(pairs)) == first
            if "num_workers" in type(one).model_fields:
                more = one.model_copy(update={"num_workers": 2}).fresh(Context())
                assert list(more.verdicts(pairs)) == first

    def test_a_verdict_does_not_depend_on_the_engine(self, name: str, two_processes: Local) -> None:
        given = example("verifier", name)
        answers = [given.right, given.wrong, given.near, "?", given.right]
        pairs = [(given.question, self.trace(name, f"Answer: {answer}")) for answer in answers]
        with self.verifier(name) as one, Local(1) as alone:
            found = list(engines.verdicts(alone, one, pairs))
            assert list(engines.verdicts(two_processes, one, pairs)) == found
            assert one.sees_attempts or [verdict.outcome for verdict in found[:2]] == ["correct", "incorrect"]

    def test_no_rows_no_verdicts(self, name: str) -> None:
        assert self.verdicts(name, []) == []


@pytest.mark.parametrize("name", of_kind("filter"))
class TestFilter:
    """One reason or None for each sample, in order."""

    @pytest.fixture(autouse=True)
    def served(self, name: str, tmp_path: Path) -> Iterator[None]:
        self.cache = tmp_path / "responses.sqlite"
        with example("filter", name).server() as self.more:
            yield

    def filter(self, name: str) -> Filter:
        settings = {**example("filter", name).settings, **self.more}
        found = made("filter", name, settings).fresh(Context(cache=self.cache))
        assert isinstance(found, Filter)
        return found

    def test_each_sample_has_its_reason(self, name: str) -> None:
        given = example("filter", name)
        before = copy.deepcopy(list(given.samples))
        one = self.filter(name)
        found = list(one.drop_reasons(given.samples))
        assert [why and why.reason for why in found] == list(given.reasons)
        assert list(one.drop_reasons(given.samples)) == found
        assert list(self.filter(name).drop_reasons(given.samples)) == found
        assert list(given.samples) == before

    def test_its_example_shows_both_fates(self, name: str) -> None:
        reasons = example("filter", name).reasons
        assert None in reasons
        assert any(reasons)

    def test_what_it_measures_has_the_names_that_it_says_and_is_json(self, name: str) -> None:
        given, one = example("filter", name), self.filter(name)
        measures = list(one.measures(given.samples))
        assert len(measures) == len(given.samples)
        assert all(sorted(each) == sorted(one.measure_names) for each in measures)
        assert json.loads(json.dumps(measures, allow_nan=False)) == measures
        assert list(one.measures(given.samples[::-1])) == measures[::-1]

    def test_no_samples_no_reasons(self, name: str) -> None:
        assert list(self.filter(name).drop_reasons([])) == []

    def test_one_that_judges_by_the_sample_does_not_depend_on_the_others(self, name: str) -> None:
        given, one = example("filter", name), self.filter(name)
        if one.sees_whole_set():
            with pytest.raises(TypeError, match="drop_reasons"):
                one.drop_reason(given.samples[0])
        else:
            backwards = list(one.drop_reasons(given.samples[::-1]))
            assert [why and why.reason for why in backwards] == list(given.reasons)[::-1]


@pytest.mark.parametrize("name", of_kind("family"))
class TestFamily:
    """Two implementations that agree, and answers that are unique."""

    def family(self, name: str) -> Family:
        found = made("family", name, example("family", name).settings).fresh(Context())
        assert isinstance(found, Family)
        return found

    def test_both_implementations_agree_from_the_published_case_alone(self, name: str) -> None:
        family = self.family(name)
        for seed in range(NUM_SEEDS):
            problem = family.problem(Random(seed))
            assert family.problem(Random(seed)) == problem
            derivation = family.derive(problem)
            published = Problem(problem.prompt, json.loads(json.dumps(problem.spec, allow_nan=False)))
            assert family.derive(published) == derivation
            verdict = family.check(published, derivation.answer)
            assert verdict.outcome == "correct", (seed, derivation.answer, verdict.explanation)

    def test_problems_differ_and_their_traits_are_json(self, name: str) -> None:
        family = self.family(name)
        problems = [family.problem(Random(seed)) for seed in range(NUM_SEEDS)]
        assert len({problem.prompt for problem in problems}) == NUM_SEEDS
        for problem in problems:
            traits = dict(family.traits(problem))
            assert json.loads(json.dumps(traits, allow_nan=False)) == traits

    def test_wrong_answers_are_refused(self, name: str) -> None:
        family = self.family(name)
        problems = [family.problem(Random(seed)) for seed in range(NUM_SEEDS)]
        answers = [family.derive(problem).answer for problem in problems]
        for number, (problem, answer) in enumerate(zip(problems, answers, strict=True)):
            others = {other for other in answers if normalise(other) != normalise(answer)}
            wrong = [
                other for other in sorted(others)[number % 3 :: 3] if family.check(problem, other).outcome == "correct"
            ]
            assert wrong == [], (problem.prompt, answer)
            assert "correct" not in {family.check(problem, garbage).outcome for garbage in GARBAGE}

    def test_a_twin_has_another_answer_that_is_proved_too(self, name: str) -> None:
        family, num = self.family(name), 0
        for seed in range(NUM_SEEDS):
            problem = family.problem(Random(seed))
            twin = family.twin(problem, Random(seed))
            if twin is None:
                continue
            num += 1
            assert family.twin(problem, Random(seed)) == twin
            answer, other = family.derive(problem).answer, family.derive(twin).answer
            assert normalise(other) != normalise(answer)
            assert family.check(twin, other).outcome == "correct"
            assert family.check(twin, answer).outcome == "incorrect"
        assert num or type(family).twin is Family.twin
