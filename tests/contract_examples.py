"""One example of each plug-in, by kind and name: what the contract of its kind is tried on.

A new plug-in gets a line here. Settings are as a recipe would write them, and as few as it can do with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from open_thoughts_gen.plugin import Context, Kind
from open_thoughts_gen.sources.family import Family
from open_thoughts_gen.teachers.curator.process import PACKAGE
from open_thoughts_gen.teachers.vllm import engine as vllm_engine
from open_thoughts_gen.types import Outcome, Question, Sample, Trace, Verdict
from tests.servers.batch_server import BatchServer
from tests.servers.chat_server import ChatServer, completion
from tests.servers.hub_server import Repo, pointed_at, serving
from tests.servers.judging import fair, grading, naming, writing

Settings = Mapping[str, Any]
GOLDEN = Path(__file__).parent / "golden"
DOUBLE = "```python\nprint(int(input()) * 2)\n```"
FOX = "The quick brown fox jumps over the lazy dog near the old stone bridge."


def sums() -> list[Question]:
    """Questions of a family, each with its machine-readable case and derivation."""
    questions = Family(family="tests.toy.sums:Sums", limit=4).fresh(Context()).questions()
    return [question for question in islice(questions, 4) if isinstance(question, Question)]


def daybook() -> Question:
    """Return a question of a family that can read its prompts back."""
    settings = {"schemes": ["daybook"], "asks": ["closing"]}
    question = next(iter(Family(family="counterfactual", settings=settings).fresh(Context()).questions()))
    assert isinstance(question, Question)
    return question


def plain() -> list[Question]:
    """Questions of no family."""
    return [Question(f"What is {i} plus {i}?", str(2 * i), "math") for i in range(4)]


def answered() -> list[Question]:
    """Questions whose rows carry the traces of two attempts."""
    return [replace(question, meta={"answer": ["Four.", "Answer: 4"]}) for question in plain()]


def traced(question: Question, *, reasoning: str = "I think.", attempt: int = 0) -> Sample:
    trace = Trace(question.id, attempt, "t", reasoning, f"Answer: {question.reference}")
    return Sample(question, trace, (Verdict("exact", "correct", question.reference),))


def judged(**outcomes: Outcome) -> Sample:
    """Return a sample with a verdict of each verifier."""
    return Sample(Question("?"), verdicts=tuple(Verdict(name, outcome) for name, outcome in outcomes.items()))


@contextmanager
def no_server() -> Iterator[Settings]:
    yield {}


@contextmanager
def chat_server() -> Iterator[Settings]:
    with ChatServer() as server:
        yield {"model": server.spec}


@contextmanager
def judge_server() -> Iterator[Settings]:
    with ChatServer(answer=fair) as server:
        yield {"model": server.spec}


@contextmanager
def grading_server() -> Iterator[Settings]:
    with ChatServer(answer=grading) as server:
        yield {"model": server.spec}


@contextmanager
def four_server() -> Iterator[Settings]:
    with ChatServer(answer=lambda body: completion("Answer: 4")) as server:
        yield {"model": server.spec}


@contextmanager
def writing_server() -> Iterator[Settings]:
    with ChatServer(answer=writing) as server:
        yield {"model": server.spec}


@contextmanager
def naming_server() -> Iterator[Settings]:
    with ChatServer(answer=naming) as server:
        yield {"model": server.spec}


@contextmanager
def batch_server() -> Iterator[Settings]:
    with BatchServer() as server:
        yield {"model": server.spec}


@contextmanager
def chat_server_for_curator() -> Iterator[Settings]:
    try:
        version(PACKAGE)
    except PackageNotFoundError:
        pytest.skip(f"{PACKAGE} is not installed")
    with chat_server() as settings:
        yield settings


@contextmanager
def two_servers() -> Iterator[Settings]:
    with ChatServer() as one, ChatServer() as two:
        yield {"members": [{"model": one.spec}, {"model": two.spec, "weight": 2}]}


@contextmanager
def hub_of_sums() -> Iterator[Settings]:
    with serving(lfs=False) as hub, pointed_at(hub):
        rows = (GOLDEN / "questions.jsonl").read_bytes()
        hub.repos["tester/sums"] = Repo(files={"data/train.jsonl": rows, "README.md": b"# sums\n"})
        hub.repos["tester/sums"].commit()
        yield {}


@contextmanager
def toy_engine() -> Iterator[Settings]:
    token = vllm_engine.PACKAGE.set("tests.toy.vllm")
    try:
        yield {}
    finally:
        vllm_engine.PACKAGE.reset(token)


@dataclass(frozen=True)
class SourceExample:
    """A source, with the folder that its paths start from, and a server where it needs one."""

    settings: Settings
    folder: Path = GOLDEN
    server: Callable[[], AbstractContextManager[Settings]] = no_server


@dataclass(frozen=True)
class TeacherExample:
    """A teacher, with questions it can answer; `server` gives settings that hold while it runs, where it needs one.

    `further` is an attempt that it is asked for where sources repeat questions.
    """

    settings: Settings = field(default_factory=dict)
    questions: Callable[[], Sequence[Question]] = plain
    further: int = 6
    server: Callable[[], AbstractContextManager[Settings]] = no_server


@dataclass(frozen=True)
class VerifierExample:
    """A verifier, with a question, an answer that is right, one that is wrong, and one that nearly looks right.

    `unaided` is the question with what the verdict rests on taken out, if that is not its reference; `server` gives
    settings that hold while it runs, where it needs one.
    """

    question: Question
    right: str
    wrong: str
    settings: Settings = field(default_factory=dict)
    near: str = ""
    unaided: Question | None = None
    server: Callable[[], AbstractContextManager[Settings]] = no_server


@dataclass(frozen=True)
class FilterExample:
    """A filter, with samples and the reason for which each is left out; it leaves some out and keeps some."""

    samples: Sequence[Sample]
    reasons: Sequence[str | None]
    settings: Settings = field(default_factory=dict)
    server: Callable[[], AbstractContextManager[Settings]] = no_server


@dataclass(frozen=True)
class FamilyExample:
    """A family. Its problems are its examples."""

    settings: Settings = field(default_factory=dict)


GOOD = {"use": "family", "family": "tests.toy.sums:Sums", "limit": 40}
QUESTIONS = {"use": "files", "path": "questions.jsonl", "fields": {"prompt": "question"}}
SOURCES: dict[str, SourceExample] = {
    "documents": SourceExample({"path": "handbook.md", "min_words": 5, "max_words": 40}),
    "family": SourceExample({"family": "tests.toy.sums:Sums", "twins": 0.5}),
    "files": SourceExample(
        {"path": "questions.jsonl", "fields": {"prompt": "question", "reference": "answer", "domain": "topic"}}
    ),
    "hub": SourceExample({"dataset": "tester/sums", "fields": {"prompt": "question"}}, server=hub_of_sums),
    "join": SourceExample(
        {"of": QUESTIONS, "references": {**QUESTIONS, "fields": {"prompt": "question", "reference": "answer"}}}
    ),
    "stand_in": SourceExample({"dataset": "tester/sums", "fields": {"prompt": "question", "reference": "answer"}}),
    "mix": SourceExample({"of": [GOOD, QUESTIONS], "num": 20, "pick": "by_lot", "short": "repeat"}),
    "topics": SourceExample({"model": "ollama/m", "roots": ["law", "logic"], "branches": 3}, server=naming_server),
    "write": SourceExample({"model": "ollama/m", "how": "harder", "seeds": QUESTIONS}, server=writing_server),
    "reasoning_gym": SourceExample({"tasks": {"gcd": 2, "lcm": {"weight": 1, "max_value": 50}}}),
}
TEACHERS: dict[str, TeacherExample] = {
    "curator": TeacherExample({"model": "ollama/m"}, server=chat_server_for_curator),
    "openai": TeacherExample({"model": "ollama/m"}, server=chat_server),
    "openai_batch": TeacherExample({"model": "ollama/m", "poll_s": 0.01}, server=batch_server),
    "pool": TeacherExample({"members": [{"model": "ollama/m", "weight": 2.0}]}, server=two_servers),
    "recorded": TeacherExample({"response": "answer"}, questions=answered),
    "rehearsal": TeacherExample(),
    "replay": TeacherExample({"file": str(GOLDEN / "cassette.jsonl")}, further=1),
    "solver": TeacherExample(questions=sums),
    "vllm": TeacherExample({"model": str(GOLDEN / "toy_model"), "seed": 3}, server=toy_engine),
}
DAYBOOK = daybook()
VERIFIERS: dict[str, VerifierExample] = {
    "all_of": VerifierExample(
        Question("Who?", "Ada Lovelace"), "ada lovelace", "Charles", {"of": ["exact", "exact"]}, near="ada love lace"
    ),
    "any_of": VerifierExample(Question("Which?", "B"), "option B", "C", {"of": ["exact", "choice"]}, near="8"),
    "choice": VerifierExample(Question("Which of A to D?", "B"), "(B) Paris", "C", near="(b) or (c)"),
    "code": VerifierExample(
        Question(
            "Write a program that doubles.", f"\n{DOUBLE}\n", meta={"tests": {"inputs": ["21"], "outputs": ["42"]}}
        ),
        f"\n{DOUBLE}\n",
        "\n```python\nprint(21)\n```\n",
        {"isolation": "none", "num_workers": 1, "time_s": 2},
        near="\n```python\nprint(int(input()) * 2 + 1)\n```\n",
        unaided=Question("Write a program that doubles."),
    ),
    "exact": VerifierExample(
        Question("Who wrote the first program?", "Ada Lovelace"), "ada lovelace.", "Charles", near="Ada Lovelace King"
    ),
    "first_decided": VerifierExample(Question("Which?", "B"), "(b)", "C", {"of": ["choice", "exact"]}, near="BB"),
    "judge": VerifierExample(
        Question("Who?", "Ada"), "ada.", "Charles", {"model": "ollama/m"}, server=judge_server, near="Adam"
    ),
    "majority": VerifierExample(Question("Who?", "Ada"), "ada.", "Charles", {"by": "exact"}, near="Ada L"),
    "family": VerifierExample(
        sums()[0],
        str(sums()[0].reference),
        f"{sums()[0].reference}0",
        near=f"{sums()[0].reference}.1",
        unaided=Question(sums()[0].prompt, sums()[0].reference),
    ),
    "math": VerifierExample(
        Question("How far is y from 1?", "|y-1|"),
        "|1-y|",
        "|y|+1",
        {"num_workers": 1, "timeout_s": 2},
        near="|y-1.001|",
    ),
    "date": VerifierExample(Question("When?", "6 July 2031"), "2031-07-06", "2031-07-07", near="Monday, 6 July 2031"),
    "format": VerifierExample(Question("How many?", "42"), "41.5", "forty-two", near="42 <|im_end|>"),
    "json_schema": VerifierExample(
        Question("Which?", '{"a": 1, "b": [true]}', meta={"json_schema": {"required": ["a", "b"]}}),
        '{"b": [true], "a": 1.0}',
        '{"a": 1}',
        {"num_workers": 1},
        near='{"a": 1, "b": [1]}',
        unaided=Question("Which?", '{"a": 1}'),
    ),
    "nemotron": VerifierExample(Question("How far?", "24.64"), "24.7", "twenty-five", near="24.9"),
    "number": VerifierExample(Question("How strong?", "9.81 m/s^2"), "981 cm/s²", "9.81 km/s^2", near="9.83 m/s^2"),
    "reasoning_gym": VerifierExample(
        Question("What is the GCD of 780 and 460?", "20", meta={"source_dataset": "gcd", "numbers": [780, 460]}),
        "20",
        "10",
        {"num_workers": 1},
        near="20.5",
        unaided=Question("What is the GCD of 780 and 460?", "20"),
    ),
    "read_back": VerifierExample(
        DAYBOOK,
        str(DAYBOOK.reference),
        f"9999 {str(DAYBOOK.reference).split()[-1]}",
        near=f"{DAYBOOK.reference} or 9999",
        unaided=Question(DAYBOOK.prompt, DAYBOOK.reference),
    ),
    "regex": VerifierExample(
        Question("How long?", "42"),
        "42 METRES",
        "43",
        {"pattern": "(?i){reference}( metres)?", "num_workers": 1},
        "42 feet",
    ),
    "steps": VerifierExample(
        sums()[0],
        str(sums()[0].reference),
        f"{sums()[0].reference}0",
        near=f"1{sums()[0].reference}",
        unaided=Question(sums()[0].prompt, sums()[0].reference),
    ),
}
CATS = {"use": "files", "path": str(GOLDEN / "cats.jsonl")}
BAD = {"use": "family", "family": "tests.toy.sums:Products", "limit": 40}
LEVELS = [Sample(Question(f"What is {level} plus 1, at level {level}?")) for level in (2, 7)]
FILTERS: dict[str, FilterExample] = {
    "ask_model": FilterExample(
        LEVELS,
        ["grade below the minimum", None],
        {"model": "ollama/m", "rubric": "How hard is it?", "min": 5},
        server=grading_server,
    ),
    "difficulty": FilterExample(
        LEVELS, [None, "difficulty above the maximum"], {"model": "ollama/m", "max": 5}, server=grading_server
    ),
    "classify": FilterExample(
        [Sample(Question("What is 3 plus 4?")), Sample(Question("What is 3 times 4?"))],
        [None, "class score below the minimum"],
        {"positives": GOOD, "negatives": BAD, "min": 0.5},
    ),
    "complete": FilterExample(
        [
            traced(Question("1?", "x")),
            traced(Question("2?", "x"), reasoning=" "),
            Sample(Question("3?"), Trace("3", 0, "t", "I think.", "I'm sorry, but I can't help with that.")),
        ],
        [None, "empty reasoning", "refusal"],
    ),
    "decontaminate": FilterExample(
        [Sample(Question(prompt)) for prompt in ("how many EDGES has  a cube", "How many edges has a pyramid?")],
        ["contaminated: golden", None],
        {"files": {"golden": str(GOLDEN / "questions.jsonl")}},
    ),
    "disagreement": FilterExample(
        [
            judged(math="correct", judge="correct"),
            judged(math="correct", judge="incorrect"),
            judged(math="undecided", judge="incorrect"),
        ],
        [None, "verifiers disagree", None],
        {"between": ["math", "judge"], "disagreeing": "drop"},
    ),
    "embedding": FilterExample(
        [Sample(Question(prompt)) for prompt in ("The blue cat?", "Why does a ship leave?", "?")],
        [None, "embedding score below the minimum", None],
        {"positives": CATS, "model_path": str(GOLDEN / "static_model"), "min": 0.1},
    ),
    "exact_dedup": FilterExample(
        [Sample(Question(prompt)) for prompt in ("One?", "Two?", "one? ", "Two?")],
        [None, None, "exact duplicate", "exact duplicate"],
    ),
    "language": FilterExample(
        [Sample(Question(prompt)) for prompt in (FOX, "Wie viele Kanten hat eigentlich ein Würfel?", "$x^2$")],
        [None, "in another language", None],
        {"keep": ["en"]},
    ),
    "length": FilterExample(
        [traced(Question("?", "x"), reasoning=reasoning) for reasoning in ("one", "one two", "one two three")],
        ["reasoning too short", None, "reasoning too long"],
        {"min_reasoning": 2, "max_reasoning": 2},
    ),
    "minhash": FilterExample(
        [Sample(Question(prompt)) for prompt in (FOX, "Something else?", FOX.upper())],
        [None, None, "near duplicate"],
    ),
    "near_dedup": FilterExample(
        [Sample(Question(prompt)) for prompt in (FOX, "Something else?", FOX.replace("jumps", "jumped"))],
        [None, None, "near duplicate"],
    ),
    "balance": FilterExample(
        [Sample(Question(f"{i}?", domain=domain)) for i, domain in enumerate(("law", "law", "law", "math"))],
        [None, "group is full", "group is full", None],
        {"by": "domain", "pick": "first"},
    ),
    "probe": FilterExample(
        [Sample(Question("What is 2 + 2?", "4")), Sample(Question("What is 1 + 2?", "3"))],
        ["solved too often", None],
        {"model": "ollama/m", "verifiers": ["exact"], "below": 1},
        server=four_server,
    ),
    "labels": FilterExample(
        [Sample(Question(f"{word}?")) for word in ("good", "bad", "none")],
        [None, "labelled bad", None],
        {"file": str(GOLDEN / "labels.jsonl")},
    ),
    "random_subset": FilterExample(
        [Sample(Question(f"{i}?")) for i in range(3)],
        ["not in the random subset", None, "not in the random subset"],
        {"num": 1},
    ),
    "readability": FilterExample(
        [Sample(Question(prompt)) for prompt in (FOX, f"{'Constitutionality notwithstanding, ' * 6}really?", "Why?")],
        [None, "question reading ease below the minimum", None],
        {"min": 0},
    ),
    "repetition": FilterExample(
        [traced(Question("?", "x"), reasoning=reasoning) for reasoning in (FOX, "Wait. " * 30, "")],
        [None, "reasoning repetition above the maximum", None],
        {"max": 0.5},
    ),
    "rules": FilterExample(
        [Sample(Question(prompt)) for prompt in ("Prove that 2 is prime.", "What is 2 + 2?", "My homework: 2 + 2?")],
        ["rule: proof", None, "rule: words"],
        {"rules": ["proof"], "words": ["homework"]},
    ),
    "per_group": FilterExample(
        [Sample(Question(f"{i}?", domain=domain)) for i, domain in enumerate(("law", "law", "math"))],
        [None, "group is full", None],
        {"by": ["domain"], "k": 1},
    ),
    "split": FilterExample(
        [Sample(Question(FOX.replace("lazy", word))) for word in ("lazy", "tired", "sleepy", "old")],
        ["near a test question", "near a test question", None, "near a test question"],
        {"test_rate": 0.25, "near": "drop"},
    ),
    "tokens": FilterExample(
        [Sample(Question(prompt)) for prompt in ("A cat?", "A blue cat and a blue ship?")],
        [None, "question tokens above the maximum"],
        {"tokenizer": str(GOLDEN / "static_model"), "max": 4},
    ),
    "top_k": FilterExample(
        [Sample(Question(f"{level}?", meta={"level": level})) for level in (1, 3, 2)],
        ["not among the 2 highest by level", None, None],
        {"k": 2, "by": "level"},
    ),
    "semantic_dedup": FilterExample(
        [Sample(Question(prompt)) for prompt in ("What does a cat cost?", "Why is the sky blue?", "a kitten cost")],
        [None, None, "semantic duplicate"],
        {"model_path": str(GOLDEN / "static_model")},
    ),
    "within": FilterExample(
        [Sample(Question(f"{level}?", meta={"level": level})) for level in (1, 3, None)],
        ["level below the minimum", None, "no level"],
        {"by": "level", "min": 2},
    ),
    "verified": FilterExample(
        [
            traced(Question("1?", "x")),
            Sample(Question("2?"), verdicts=(Verdict("exact", "incorrect"),)),
            Sample(Question("3?"), verdicts=(Verdict("math", "undecided", None, "timeout: it took too long"),)),
        ],
        [None, "incorrect", "undecided: timeout"],
        {"undecided": "drop"},
    ),
}
FAMILIES: dict[str, FamilyExample] = {
    "arguments": FamilyExample(),
    "counterfactual": FamilyExample(),
    "derivations": FamilyExample(),
    "diagrams": FamilyExample(),
    "ethics": FamilyExample(),
    "evidence": FamilyExample(),
    "finance": FamilyExample(),
    "literary": FamilyExample(),
    "scheduling": FamilyExample(),
    "statutes": FamilyExample(),
    "wonderland": FamilyExample(),
}
EXAMPLES: dict[Kind, Mapping[str, Any]] = {
    "source": SOURCES,
    "teacher": TEACHERS,
    "verifier": VERIFIERS,
    "filter": FILTERS,
    "family": FAMILIES,
}
