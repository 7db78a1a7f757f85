"""Traces on disk are traces like any others: the same rows, the same bytes, and nothing left behind."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import resource
import signal
import tempfile
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.length import Length
from open_thoughts_gen.filters.near_dedup import NearDedup
from open_thoughts_gen.filters.top_k import TopK
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.pipeline.questions import DrawnQuestions
from open_thoughts_gen.pipeline.spool import MAX_SHELVED, Shelf, Spool
from open_thoughts_gen.plugin import Context
from open_thoughts_gen.publish.folder import write_run
from open_thoughts_gen.recipe import Recipe
from open_thoughts_gen.sources.family import Family as FamilySource
from open_thoughts_gen.types import Finished, Question, Request, Trace, Usage
from open_thoughts_gen.verifiers.exact import Exact
from open_thoughts_gen.verifiers.family import Family as FamilyVerifier
from open_thoughts_gen.verifiers.majority import Majority
from tests.pipeline.test_line import SUMS, part, recipe_of
from tests.toy.sums import Adder, Proved

TRACE = Trace("0" * 16, 3, "teller", "I think.\n" * 50, "Answer: 4", "length", None, Usage(1, 2, None, 4))
texts = st.text(st.characters(), max_size=200)


@given(reasoning=texts, response=texts)
def test_a_trace_on_disk_is_a_plain_one_to_all_who_look(reasoning: str, response: str) -> None:
    plain = replace(TRACE, reasoning=reasoning + "\ud800", response=response)
    kept = Spool(Path(tempfile.gettempdir()), max_held=0).stored(plain)
    assert kept is not plain
    assert isinstance(kept, Trace)
    assert kept == plain
    assert plain == kept
    assert replace(plain, attempt=4) != kept
    assert (hash(kept), repr(kept), asdict(kept)) == (hash(plain), repr(plain), asdict(plain))
    assert kept.num_characters == plain.num_characters == len(reasoning) + len(response) + 1
    assert all(getattr(kept, field.name) == getattr(plain, field.name) for field in fields(Trace))


def test_a_copy_is_a_plain_trace_and_so_is_one_that_was_sent_or_changed(tmp_path: Path) -> None:
    kept = Spool(tmp_path, max_held=0).stored(TRACE)
    copies = [copy.copy(kept), copy.deepcopy(kept), pickle.loads(pickle.dumps(kept)), replace(kept, attempt=3)]
    assert all(type(each) is Trace and each == TRACE for each in copies)
    with pytest.raises(AttributeError):
        kept.reasoning = "other"  # type: ignore[misc]


def test_what_fits_is_held_and_all_that_comes_later_is_not(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_held=3 * TRACE.num_characters - 1)
    kept = [spool.stored(trace) for trace in (TRACE, TRACE, TRACE, replace(TRACE, reasoning="", response="A"))]
    assert [each is TRACE for each in kept[:3]] == [True, True, False]
    assert type(kept[3]) is not Trace


def test_threads_read_at_once(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_held=0)
    plain = [replace(TRACE, attempt=number, reasoning=f"{number} " * 3000) for number in range(50)]
    kept = [spool.stored(trace) for trace in plain]
    found: list[bool] = []
    threads = [threading.Thread(target=lambda: found.append(kept == plain)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def recipe() -> Recipe:
    """Return a recipe of several attempts, verifiers and filters."""
    return recipe_of(
        target=60,
        attempts=3,
        sources=(part(FamilySource(family=SUMS, twins=0.3)),),
        question_filters=(part(NearDedup(threshold=99)),),
        teacher=part(Adder(wrong_every=4, fail_every=7)),
        verifiers=(part(FamilyVerifier()), part(Exact()), part(Majority(by="exact"))),
        sample_filters=(part(Proved()), part(Length(min_reasoning=12)), part(TopK(k=50, by="reasoning_words"))),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("workers", [1, 2])
def test_the_dataset_is_the_same_to_the_byte(workers: int, tmp_path: Path) -> None:
    spooled, made = tmp_path / "spool", {}
    spooled.mkdir()
    sums, at_once = recipe(), Trial(trial_s=0, worth_s=0, batch_s=0.01)  # workers are started for the least work
    for name, max_held in (("held", 1 << 30), ("some", 40_000), ("none", 0)):
        with Local(workers, at_once) as engine:
            finished = run_line(sums, context=Context(seed=1), engine=engine, spool=Spool(spooled, max_held=max_held))
        write_run(sums, finished, tmp_path / name, command="run", timings={})
        made[name] = contents(tmp_path / name / "dataset"), (tmp_path / name / "dropped.parquet").read_bytes()
        kinds = {type(sample.trace) for sample in finished.samples}
        assert (Trace in kinds, len(kinds)) == {"held": (True, 1), "some": (True, 2), "none": (False, 1)}[name]
        assert os.listdir(spooled) == []
    assert len(finished.samples) > 20
    assert made["held"] == made["some"] == made["none"]


class Breaking(Adder):
    """Breaks off amid its traces, if it is to, and looks whether a file can be seen."""

    folder: Path
    how: str = ""

    def traces(self, requests: Iterable[Request]) -> Iterator[Trace]:
        for number, trace in enumerate(super().traces(requests)):
            assert os.listdir(self.folder) == []
            if number == 20 and self.how:
                assert num_nameless(self.folder) == 1
                raise {"interrupt": KeyboardInterrupt, "fault": ZeroDivisionError}[self.how]
            yield trace


def num_nameless(folder: Path) -> int:
    """Return how many open files of this process lie in a folder without a name."""
    links = (f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd"))
    return sum(os.readlink(link).startswith(str(folder)) for link in links if os.path.lexists(link))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="looks at open files as Linux shows them")
@pytest.mark.parametrize("how", ["", "interrupt", "fault"])
def test_nothing_is_left_however_it_ends(how: str, tmp_path: Path) -> None:
    def run() -> Finished | None:
        teacher = part(Breaking(folder=tmp_path, how=how))
        try:
            return run_line(recipe_of(target=40, teacher=teacher), context=Context(), spool=Spool(tmp_path, max_held=0))
        except (KeyboardInterrupt, ZeroDivisionError):
            return None

    finished = run()
    assert (finished is None) == bool(how)
    assert num_nameless(tmp_path) == (0 if how else 1)
    if finished:
        assert all(sample.trace and "Answer" in sample.trace.response for sample in finished.samples)
    del finished
    gc.collect()
    assert num_nameless(tmp_path) == 0
    assert os.listdir(tmp_path) == []


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    spool = Spool(tmp_path, max_held=0)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    handled = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, hard))
    try:
        with pytest.raises(UserError) as told:
            all(spool.stored(replace(TRACE, reasoning=f"{number}" * 100)) for number in range(100))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, handled)
    (fault,) = told.value.faults
    assert str(fault).startswith(
        f"{tmp_path}: the traces of this run, which is larger than memory, cannot be written: "
    )
    assert str(fault).endswith("free some space there, and run the same command again; all answers so far are stored")


def test_where_the_cache_is_not_the_systems_temporary_folder_does(tmp_path: Path) -> None:
    assert Spool(tmp_path / "absent", max_held=0).stored(TRACE) == TRACE


def stored(question: Question, folder: Path) -> Question:
    """Return a question that waits on disk."""
    questions = DrawnQuestions(Spool(folder, max_held=0))
    questions.append(question)
    return questions[0]


def test_a_question_on_disk_is_a_plain_one_to_all_who_look(tmp_path: Path) -> None:
    plain = Question("1?\ud800", "2", "law", "book", "mit", meta={"chat": ["x\ud800" * 6000, {"n": None}], "level": 3})
    other = stored(plain, tmp_path)
    assert type(other) is not Question
    assert (other, plain) == (plain, other)
    assert (other.id, repr(other), asdict(other)) == (plain.id, repr(plain), asdict(plain))
    assert [other.trait(key) for key in ("level", "chat", "domain", "no")] == [3, plain.meta["chat"], "law", None]
    copies = [copy.copy(other), pickle.loads(pickle.dumps(other)), replace(other, domain=plain.domain)]
    assert all(type(each) is Question and each == plain for each in copies)
    assert replace(plain, reference="3") != other


def test_questions_are_held_until_memory_has_no_room_and_keep_their_order(tmp_path: Path) -> None:
    plain = [Question(f"{number}?", None, meta={"text": "x" * 500}) for number in range(20)]
    questions = DrawnQuestions(Spool(tmp_path, max_held=5_500))
    for question in plain:
        questions.append(question)
    assert [type(each) is Question for each in questions] == [True] * 5 + [False] * 15
    assert questions == plain
    assert plain == questions[:]
    assert [questions[index] for index in (-1, 7, 3, 7)] == [plain[index] for index in (-1, 7, 3, 7)]
    with pytest.raises(IndexError, match="no item 20 among 20"):
        _ = questions[20]


def test_a_shelf_gives_back_what_was_put_there(tmp_path: Path) -> None:
    shelf: Shelf[tuple[int, str]] = Shelf(Spool(tmp_path, max_held=0))
    for number in range(MAX_SHELVED + 50):
        shelf.append((number, "\ud800"))
    assert len(shelf) == MAX_SHELVED + 50
    assert [shelf[index] for index in (0, MAX_SHELVED, -1)] == [
        (index, "\ud800") for index in (0, MAX_SHELVED, MAX_SHELVED + 49)
    ]
