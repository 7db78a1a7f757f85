"""A run of the whole program, killed by SIGKILL at random moments, again and again, and what the server was asked.

Each life is killed when it has asked a random number of questions and a random while has passed, or, often, before it
has asked any. Then it is known exactly what was paid for in vain: what this life has asked and the cache does not hold.

    in flight    the server had not sent the answer when the process was dead
    in between   it had, and the process had not yet stored it

Whatever was stored is never asked again, so that all requests together are the distinct ones and these.

A life is the command line in a process forked from one that has imported it, so that most of it is spent asking.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.cli import main
from tests.servers.chat_server import ChatServer, completion

_NURSERY = multiprocessing.get_context("forkserver")
_NURSERY.set_forkserver_preload(
    [
        "tests.killing",
        "open_thoughts_gen.chat.wire",
        "open_thoughts_gen.cli.progress",
        "open_thoughts_gen.cli.terminal",
        "open_thoughts_gen.filters.decontaminate",
        "open_thoughts_gen.pipeline",
        "open_thoughts_gen.publish.folder",
        "open_thoughts_gen.sources.files",
        "open_thoughts_gen.teachers.openai",
        "open_thoughts_gen.verifiers.number",
    ]
)

KEY = "sk-planted-0123456789abcdef"
RECIPE = """\
name: killed
source: {use: files, path: questions.jsonl, fields: {prompt: question, reference: answer}}
question_filters: [exact_dedup]
teacher: {use: openai, model: MODEL, concurrency: CONCURRENCY}
verifiers: [number]
sample_filters: [{use: verified, undecided: drop}]
publish: {title: Killed}
"""


WRITING_RECIPE = """\
name: killed
target: TARGET
source:
  use: write
  how: harder
  model: MODEL
  per_call: 1
  concurrency: CONCURRENCY
  seeds: {use: files, path: questions.jsonl, fields: {prompt: question}}
teacher: {use: openai, model: MODEL, concurrency: CONCURRENCY}
publish: {title: Killed}
"""


@dataclass(frozen=True)
class Scene:
    """What is killed: a recipe, what its model answers, and what a request and a stored answer to it have in common."""

    recipe: str
    answer: Callable[[Mapping[str, Any]], object]
    asked: Callable[[Mapping[str, Any]], str]
    stored: Callable[[Mapping[str, Any]], str]


@dataclass(frozen=True)
class Killed:
    """What came of it: requests as the server counted them, and the bytes of both datasets.

    `num_calls` are those of the undisturbed run, `num_asking` the lives that were ended with a question asked and not
    stored; `max_in_between` is of one life.
    """

    num_calls: int
    num_asked: int
    num_in_flight: int
    num_in_between: int
    max_in_between: int
    num_asking: int
    bytes_whole: Mapping[str, str]
    bytes_killed: Mapping[str, str]
    said: str
    wall_s: float
    num_writing: int


def killed(
    folder: Path,
    scene: Scene | None = None,
    *,
    num_questions: int,
    num_kills: int,
    concurrency: int = 8,
    latency_s: float = 0.02,
) -> Killed:
    """Make a dataset undisturbed and then, with another cache, killed so many times; without a scene, of sums."""
    began = time.monotonic()
    scene = scene or SUMS
    questions = [{"question": f"What is {n} plus {n}?", "answer": str(2 * n)} for n in range(num_questions)]
    (folder / "questions.jsonl").write_text("".join(json.dumps(each) + "\n" for each in questions))
    with ChatServer(answer=scene.answer, key=KEY, latency_s=latency_s) as server:

        def asked_since(num: int) -> list[str]:
            return [scene.asked(each.body) for each in server.asked[num:]]

        recipe = scene.recipe.replace("MODEL", f'"{server.spec}"').replace("CONCURRENCY", str(concurrency))
        (folder / "killed.yaml").write_text(recipe.replace("TARGET", str(num_questions)))
        said = [_whole_life(folder, "whole")]
        assert set(Counter(asked_since(0)).values()) == {1}
        num_calls = len(server.asked)
        server.asked.clear()
        rng, kept = random.Random(20), set[str]()
        lost: list[tuple[int, int]] = []
        for _ in range(num_kills):
            before = len(server.asked)
            life = _start(folder, "killed")
            # On average a life asks less than its share, so that there is something left for the last one.
            _let_live(life, server, before + rng.randrange(2 * num_calls // (num_kills + 2)), rng)
            life.kill()
            life.join()
            sent = [asked.answered for asked in server.asked[before:]]
            server.wait_until_idle(quiet_s=0.02)
            asked = asked_since(before)
            sent += [False] * (len(asked) - len(sent))  # what the dead still had in its sockets
            assert not kept & set(asked), "asked again although it was stored"
            kept = _kept(folder / "killed.sqlite", scene)
            in_vain = [was_sent for prompt, was_sent in zip(asked, sent, strict=True) if prompt not in kept]
            lost.append((in_vain.count(False), in_vain.count(True)))
        num_writing = sum(_killed_while_writing(folder, rng) for _ in range(3))
        said.append(_whole_life(folder, "killed"))
        return Killed(
            num_calls=num_calls,
            num_asked=len(server.asked),
            num_in_flight=sum(in_flight for in_flight, _ in lost),
            num_in_between=sum(in_between for _, in_between in lost),
            max_in_between=max(in_between for _, in_between in lost),
            num_asking=sum(map(any, lost)),
            bytes_whole=bytes_of(folder / "whole" / "dataset"),
            bytes_killed=bytes_of(folder / "killed" / "dataset"),
            said="".join(said),
            wall_s=time.monotonic() - began,
            num_writing=num_writing,
        )


def killed_without_a_model(folder: Path, recipe: str, *, num_kills: int, seed: int = 20) -> list[dict[str, str]]:
    """Make a dataset that asks no model, kill the same run at random moments, and let it end once.

    Return what the run folder held after each life, as `bytes_of` shows it; the first life was undisturbed.
    """
    (folder / "killed.yaml").write_text(recipe)
    began = time.monotonic()
    _whole_life(folder, "whole")
    took_s = time.monotonic() - began
    rng, seen = random.Random(seed), [bytes_of(folder / "whole" / "dataset")]
    for _ in range(num_kills):
        life = _start(folder, "killed")
        life.join(rng.uniform(0.0, took_s))
        life.kill()
        life.join()
        seen.append(bytes_of(folder / "killed" / "dataset"))
    _whole_life(folder, "killed")
    return [*seen, bytes_of(folder / "killed" / "dataset")]


def _killed_while_writing(folder: Path, rng: random.Random) -> bool:
    """End one life as it writes its run folder; return whether the folder was begun and not whole."""
    life = _start(folder, "killed")
    partial: list[Path] = []
    while life.is_alive() and not partial:
        partial = list(folder.glob("*partial*/*"))  # the empty one is only to see that there may be a folder
        time.sleep(0.001)
    time.sleep(rng.uniform(0.0, 0.1))
    life.kill()
    life.join()
    return any(path.exists() for path in partial)


def bytes_of(folder: Path) -> dict[str, str]:
    """Return the hash of each file in a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _answer(body: Mapping[str, Any]) -> object:
    """Add rightly, four times in five; of what length and whether it is right depends on the question alone."""
    prompt = body["messages"][-1]["content"]
    number, digest = int(prompt.split()[2]), hashlib.sha256(prompt.encode()).hexdigest()
    right = int(digest, 16) % 5 > 0
    return completion(f"{2 * number + (not right)}", reasoning_content=digest * (1 + int(digest[:2], 16)))


def _start(folder: Path, name: str) -> ForkServerProcess:
    made = _NURSERY.Process(target=_live, args=(folder, name))
    made.start()
    return made


def _live(folder: Path, name: str) -> None:
    os.chdir(folder)
    os.environ["OPEN_THOUGHTS_API_KEY"] = KEY
    said = os.open(f"{name}.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    for stream in (1, 2):
        os.dup2(said, stream)
    # An absolute path: a card names a folder that is given relative to where the run was started.
    words = ["run", "killed.yaml", "--out", str(folder / name), "--cache", f"{name}.sqlite", "--workers", "1"]
    sys.exit(main(words))


def _whole_life(folder: Path, name: str) -> str:
    life = _start(folder, name)
    life.join()
    said = (folder / f"{name}.txt").read_text("utf-8")
    assert life.exitcode == 0, said
    return said


def _let_live(life: ForkServerProcess, server: ChatServer, num_asked: int, rng: random.Random) -> None:
    """Wait until so much was asked in all; one life in ten is ended wherever it is on its way there."""
    until = time.monotonic() + (rng.uniform(0.05, 2.0) if rng.random() < 0.1 else 600.0)
    while len(server.asked) < num_asked and time.monotonic() < until and life.is_alive():
        time.sleep(0.001)
    time.sleep(rng.uniform(0.0, 0.04))


def _kept(cache: Path, scene: Scene) -> set[str]:
    """Return what was asked whose answers are stored, which the answers say."""
    if not cache.exists():
        return set()
    with ResponseCache(cache) as opened:
        return {scene.stored(json.loads(response.payload)) for response in opened.responses()}


def _prompt_of(response: Mapping[str, Any]) -> str:
    message = response["choices"][0]["message"]
    said, digest = int(message["content"]), message["reasoning_content"][:64]
    for doubled in (said, said - 1):
        prompt = f"What is {doubled // 2} plus {doubled // 2}?"
        if hashlib.sha256(prompt.encode()).hexdigest() == digest:
            return prompt
    raise AssertionError("an answer to nothing that was asked")


def _last_of(body: Mapping[str, Any]) -> str:
    prompt: str = body["messages"][-1]["content"]
    return prompt


_CODE = re.compile(r'"code": "([0-9a-f]{12})"')
_SEED = re.compile(r"^What is .*", re.MULTILINE)


def _written_or_answered(body: Mapping[str, Any]) -> object:
    """Write a question for a seed, of words that depend on the seed alone; answer any other prompt with itself."""
    prompt, code = _last_of(body), _CODE.search(body["messages"][0]["content"])
    if code is None:
        return completion(prompt, reasoning_content="I say what was said.")
    seed = _SEED.search(prompt)
    assert seed
    digest = hashlib.sha256(seed[0].encode()).hexdigest()
    question = f"Why {' '.join(digest[i : i + 6] for i in range(0, 60, 6))}?"
    return completion(json.dumps({"questions": [{"question": question}], "code": code[1]}))


def _asked_of(body: Mapping[str, Any]) -> str:
    code = _CODE.search(body["messages"][0]["content"])
    return code[1] if code else _last_of(body)


def _stored_of(response: Mapping[str, Any]) -> str:
    content: str = response["choices"][0]["message"]["content"]
    code = _CODE.search(content)
    return code[1] if code else content


SUMS = Scene(RECIPE, _answer, _last_of, _prompt_of)
WRITING = Scene(WRITING_RECIPE, _written_or_answered, _asked_of, _stored_of)
