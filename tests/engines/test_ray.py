"""The Ray engine on a cluster of two nodes on loopback: the bytes of the local engine, whoever dies meanwhile."""

from __future__ import annotations

import hashlib
import itertools
import math
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen import engines
from open_thoughts_gen.cache import AskAgain, ResponseCache
from open_thoughts_gen.cli import main
from open_thoughts_gen.engines import Engine
from open_thoughts_gen.engines.local import Local
from open_thoughts_gen.engines.ray import Ray
from open_thoughts_gen.engines.trial import Trial
from open_thoughts_gen.errors import UserError
from open_thoughts_gen.filters.near_dedup import NearDedup
from open_thoughts_gen.money.budget import Spending
from open_thoughts_gen.pipeline import run_line
from open_thoughts_gen.pipeline.progress import Unwatched
from open_thoughts_gen.plugin import Context, interrupts
from open_thoughts_gen.plugin.judging import VERIFIER_FAULT, Faults
from open_thoughts_gen.publish.folder import write_run
from open_thoughts_gen.recipe import load_recipe
from open_thoughts_gen.rejudge.rescoring import judge
from open_thoughts_gen.sources.family import Family as FamilySource
from open_thoughts_gen.teachers.openai import Openai
from open_thoughts_gen.types import DropReason, Question, Request, Sample
from tests import same_verdicts
from tests.engines.clusters import Cluster
from tests.engines.test_local import pairs_of, slow_squares
from tests.servers.chat_server import ChatServer, completion
from tests.similar.sizes import NOTHING, outcomes
from tests.similar.styles import styled
from tests.toy.sums import Says

pytestmark = [
    pytest.mark.slow,  # each starts a cluster
    pytest.mark.skipif(sys.platform != "linux", reason="other systems have one loopback address"),
]

ALWAYS = Trial(trial_s=0.0, worth_s=-math.inf, batch_s=0.0)  # spread whatever there is, row by row
KEY, CONCURRENCY = "sk-planted-0123456789abcdef", 8
RECIPE = f"""\
name: taught
seed: 3
target: 20
attempts: 2
source: {{use: family, family: statutes, settings: {{schemes: [deposit]}}}}
question_filters: [exact_dedup, {{use: near_dedup, numbers_guard: false, threshold: 99}}]
teacher: {{use: openai, model: MODEL, concurrency: {CONCURRENCY}}}
verifiers: [family, {{use: format}}]
sample_filters: [{{use: verified, undecided: keep}}, {{use: length, min_response: 2}}, near_dedup]
publish: {{title: Taught, columns: {{kind: string}}}}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with Cluster() as made:
        made.add()
        yield made


@pytest.fixture(scope="module")
def ray(cluster: Cluster) -> Iterator[Ray]:
    with Ray(cluster.address, ALWAYS) as engine:
        yield engine


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    drawn = FamilySource(family="statutes", settings={"schemes": ["deposit"]}).fresh(Context(seed=3)).questions()
    known = {each.prompt: each.reference for each in itertools.islice(drawn, 200) if isinstance(each, Question)}

    def answer(body: Mapping[str, Any]) -> object:
        prompt = body["messages"][-1]["content"]
        right = int(hashlib.sha256(prompt.encode()).hexdigest(), 16) % 5 > 0  # four times in five
        return completion(f"Answer: {known[prompt] if right else 'none'}", reasoning_content=f"About {len(prompt)}.")

    with ChatServer(answer=answer, key=KEY, latency_s=0.1) as started:
        yield started


class Killing(Unwatched):
    """Kills once in each of some steps, when it is on its way."""

    def __init__(self, kills: Mapping[str, Callable[[], bool]], after: int = 5) -> None:
        self.killed: list[str] = []
        self._kills, self._after, self._step, self._num = kills, after, "", 0

    def begin(self, step: str, total: int | None = None, done: int = 0) -> None:
        self._step, self._num = step, 0

    def advance(self, num: int = 1) -> None:
        self._num += num
        kill = self._kills.get(self._step)
        if kill is not None and self._num >= self._after and self._step not in self.killed and kill():
            self.killed.append(self._step)


def made(server: ChatServer, folder: Path, engine: Engine, *, progress: Unwatched | None = None) -> dict[str, str]:
    """Make the dataset with an empty cache, and return its bytes."""
    folder.mkdir()
    (folder / "taught.yaml").write_text(RECIPE.replace("MODEL", f'"{server.spec}"'))
    recipe = load_recipe(folder / "taught.yaml")
    context = Context(seed=recipe.seed, folder=folder, cache=folder / "responses.sqlite", run="taught")
    server.asked.clear()
    finished = run_line(recipe, context=context, progress=progress, engine=engine)
    write_run(recipe, finished, folder / "run", command="", timings={})
    files = (path for path in sorted((folder / "run" / "dataset").rglob("*")) if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def right(server: ChatServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The bytes that the local engine makes."""
    with pytest.MonkeyPatch.context() as patch, Local(1) as engine:
        patch.setenv("OPEN_THOUGHTS_API_KEY", KEY)
        return made(server, tmp_path_factory.mktemp("local") / "made", engine)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", KEY)


def test_what_cannot_be_joined_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    # Before any test joins: a process that has joined a cluster stays with it.
    for words, told in [
        (["--engine", "ray", "--address", "ray://127.0.0.2:10001"], "run on one of its nodes"),
        (["--engine", "ray", "--address", "127.0.0.9:1"], "no Ray cluster answers at 127.0.0.9:1"),
        (["--engine", "ray", "--address", "nowhere"], "write HOST:PORT"),
        (["--engine", "ray", "--workers", "2"], "leave it out"),
        (["--address", "127.0.0.2:6379"], "add --engine ray"),
    ]:
        assert main(["preview", "recipes/legal.yaml", *words]) == 2
        assert told in capsys.readouterr().err


def test_results_come_in_order_and_rows_are_read_as_they_are_needed(ray: Ray) -> None:
    assert list(ray.map(partial(slow_squares, 0.001), range(300))) == [i * i for i in range(300)]
    assert list(ray.map(partial(slow_squares, 0.001), iter(range(50)))) == [i * i for i in range(50)]
    assert list(ray.map(partial(slow_squares, 0.0), [])) == []
    spread = list(engines.verdicts(ray, Says(), pairs_of(*"abcdefgh")))
    assert [verdict.answer for verdict in spread] == list("abcdefgh")
    assert {verdict.explanation for verdict in spread[2:]}.isdisjoint({str(os.getpid())})


def test_the_bytes_are_those_of_the_local_engine(
    ray: Ray, server: ChatServer, right: dict[str, str], tmp_path: Path
) -> None:
    assert made(server, tmp_path / "made", ray) == right
    assert max(Counter(server.prompts).values()) == 2  # both attempts, once each


def test_a_worker_and_a_shard_that_are_killed_change_nothing(
    ray: Ray, cluster: Cluster, server: ChatServer, right: dict[str, str], tmp_path: Path
) -> None:
    kills = {
        "teacher": partial(cluster.kill_worker, "Shard"),
        "verifiers: family": partial(cluster.kill_worker, "MapBatches"),
    }
    progress = Killing(kills)
    assert made(server, tmp_path / "made", ray, progress=progress) == right
    assert progress.killed == ["teacher", "verifiers: family"]
    again = sum(num - 2 for num in Counter(server.prompts).values() if num > 2)
    assert again <= CONCURRENCY  # what was in flight at most


def test_whole_set_work_is_spread_too(ray: Ray) -> None:
    rng = random.Random(1)
    words = [f"w{i}" for i in range(1_000)]
    texts = [" ".join(rng.choices(words, k=1_000)) for _ in range(2_200)]  # several shards, of megabytes each
    texts += [f"{text} indeed" for text in texts[:100]]
    samples = [Sample(Question(text)) for text in texts]

    def reasons(**context: Any) -> list[DropReason | None]:
        return list(NearDedup(threshold=90).fresh(Context(**context)).drop_reasons(samples))

    num_sent: list[int] = []

    class Counting:
        def map(self, function: Callable[[Sequence[Any]], Any], rows: Any) -> Iterator[Any]:
            num_sent.append(0)
            for result in ray.map(function, rows):
                num_sent[-1] += 1
                yield result

        traces = ray.traces

    spread = reasons(spread=engines.spread(Counting()))
    assert spread == reasons()
    assert max(num_sent) > 2  # the first two parts are done in place
    assert sum(reason is not None for reason in spread) == 100


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_near_duplicates_of_twenty_thousand_are_those_found_here_at_every_size(ray: Ray) -> None:
    texts = styled("mixed", 20_000, seed=4)
    expected = outcomes(texts, numbers_guard=False)
    for num, memory_gb in ((100, None), (2_001, NOTHING), (20_000, None), (20_000, NOTHING)):
        found = outcomes(texts[:num], engines.spread(ray), numbers_guard=False, memory_gb=memory_gb)
        assert found == expected[:num]


def test_a_bug_of_a_verifier_on_a_node_costs_its_row_and_is_counted_here(ray: Ray) -> None:
    faults = Faults()
    verdicts = list(engines.verdicts(ray, Says(), pairs_of("a", "b", "c", "bug"), faults=faults))
    assert [verdict.cause for verdict in verdicts] == ["", "", "", VERIFIER_FAULT]
    (fault,) = faults.raised
    assert "tests/toy/sums.py" in fault.traceback  # where it happened there


def test_the_verdicts_are_those_of_every_other_place(ray: Ray) -> None:
    verdicts = judge(
        same_verdicts.samples(), same_verdicts.parts(), context=Context(), engine=ray, progress=Unwatched()
    )
    assert {name: list(each) for name, each in verdicts.items()} == same_verdicts.judged_directly()


def test_a_bug_on_a_node_is_raised_here(ray: Ray) -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        list(ray.map(refused, ["plain", "plain", "bug"]))
    assert "test_ray.py" in caught.value.__notes__[0]  # where it happened there


def refused(rows: Sequence[str]) -> Iterator[str]:
    if "bug" in rows:
        raise ZeroDivisionError("bug")
    if "deep" in rows:
        raise UserError("programs cannot be isolated: bubblewrap is not installed")
    yield from rows


def test_what_a_node_lacks_is_told_in_one_line(ray: Ray) -> None:
    with pytest.raises(UserError, match="bubblewrap is not installed"):
        list(ray.map(refused, ["plain", "plain", "deep"]))


def test_a_row_that_ends_every_worker_is_told(ray: Ray) -> None:
    with pytest.raises(UserError, match="the cluster gave up a batch"):
        list(engines.verdicts(ray, Says(die_on="fatal"), pairs_of("a", "b", "fatal")))


def test_a_fault_of_the_teacher_is_told_in_one_line(
    ray: Ray, server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPEN_THOUGHTS_API_KEY", "sk-wrong")
    with pytest.raises(UserError, match="401"):
        made(server, tmp_path / "made", ray)


def test_the_budget_caps_all_shards_together(ray: Ray, server: ChatServer, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    folder.mkdir()
    recipe = RECIPE.replace("MODEL", f'"{server.spec}"').replace(
        "target: 20", "max_questions: 30\nbudget: {tokens: 600}"
    )
    (folder / "taught.yaml").write_text(recipe)
    loaded = load_recipe(folder / "taught.yaml")
    server.asked.clear()
    spending = Spending(loaded.budget)
    context = Context(seed=3, folder=folder, cache=folder / "responses.sqlite", run="taught", spending=spending)
    finished = run_line(loaded, context=context, engine=ray)
    assert len(server.prompts) < 60
    assert finished.shortfall
    assert 0 < spending.tokens <= 600


def test_a_node_that_is_lost_while_rows_are_done_changes_nothing(ray: Ray, cluster: Cluster) -> None:
    found = []
    for result in ray.map(partial(slow_squares, 0.01), range(600)):
        found.append(result)
        if len(found) == 100:
            cluster.kill_node("127.0.0.3")
    assert found == [i * i for i in range(600)]


def test_a_node_that_is_lost_while_the_teacher_asks_changes_nothing(
    ray: Ray, cluster: Cluster, server: ChatServer, right: dict[str, str], tmp_path: Path
) -> None:
    host = cluster.add()

    def kill() -> bool:
        cluster.kill_node(host)
        return True

    progress = Killing({"teacher": kill})
    assert made(server, tmp_path / "made", ray, progress=progress) == right
    assert progress.killed == ["teacher"]
    assert sum(num - 2 for num in Counter(server.prompts).values() if num > 2) <= CONCURRENCY


def test_ctrl_c_waits_for_what_is_in_flight_on_all_nodes(ray: Ray, tmp_path: Path) -> None:
    with ChatServer(latency_s=1.0) as slow, interrupts.waited_for():
        teacher = Openai(model=slow.spec, concurrency=CONCURRENCY)
        fresh = teacher.fresh(Context(cache=tmp_path / "responses.sqlite"))

        def stop() -> None:
            while slow.in_flight < CONCURRENCY:
                time.sleep(0.01)
            signal.raise_signal(signal.SIGINT)

        threading.Thread(target=stop, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            list(ray.traces(fresh, (Request(Question(f"{number}?")) for number in range(60))))
        num = len(slow.asked)
        assert all(asked.answered for asked in slow.asked)
    assert CONCURRENCY <= num < 60
    with ResponseCache(tmp_path / "responses.sqlite") as cache:
        assert cache.stats().num_responses == num


def test_what_is_not_whole_is_asked_again_and_a_raised_limit_asks_what_was_cut_on_all_nodes(
    ray: Ray, tmp_path: Path
) -> None:
    times: Counter[str] = Counter()

    def answer(body: Mapping[str, Any]) -> object:
        prompt = body["messages"][-1]["content"]
        times[prompt] += 1
        is_cut = prompt in ("1?", "2?") and times[prompt] < 3
        return completion(f"{times[prompt]}", finish_reason="length" if is_cut else "stop")

    with ChatServer(answer=answer) as server:

        def ask(*reasons: str, limit: int = 20) -> dict[str, str]:
            context = Context(cache=tmp_path / "responses.sqlite", run="r", ask_again=AskAgain(reasons))
            teacher = Openai(model=server.spec, concurrency=CONCURRENCY, max_tokens=limit).fresh(context)
            traces = ray.traces(teacher, (Request(Question(f"{number}?")) for number in range(40)))
            return {trace.question_id: trace.response for trace in traces}

        first = ask()
        assert ask("empty answer") == first
        assert len(server.asked) == 40
        again = ask("truncated")
        assert sorted(server.prompts[40:]) == ["1?", "2?"]
        assert ask() == again
        raised = ask(limit=40)
        assert sorted(server.prompts[42:]) == ["1?", "2?"]
        assert {key: text for key, text in raised.items() if text != first[key]} == {
            Question(f"{number}?").id: "3" for number in (1, 2)
        }
        assert len(server.asked) == 44
