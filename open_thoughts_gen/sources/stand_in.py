"""Rows that stand in for a dataset which is not here, so that a recipe can be rehearsed without a network.

    python -m open_thoughts_gen run recipes/openthoughts_114k.yaml --rehearse

A rehearsal puts this source in the place of each source that would fetch something, with the same settings. `SHAPES`
(`stand_in.yaml`) says of the public sets that the shipped recipes read which columns they have, how many rows of which
kind, how many repeat another or a benchmark, how long they are. Of any other set the recipe's own `fields` say which
columns are read. Nothing of the real rows is in it: the text is words drawn from a list, and only what is asked at its
end (a sum, a program of one line, a letter) has an answer, so that verifiers have something to judge.

Every prompt says that it is a stand-in and for what, every row has the source `stand_in:DATASET`, and `doctor` refuses
to have such rows pushed. Row *i* depends on the seed and *i* alone; with `scale: 0.01` a group of 4,000 rows has 40, of
which a hundredth of the planted faults. Not covered: what real rows say, and so whether a filter is any good.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from open_thoughts_gen.chat.rehearsed import FILLER, MARK
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.sources._rows import RowSource
from open_thoughts_gen.tables import Row, Table
from open_thoughts_gen.tables.template import is_template, names_in
from open_thoughts_gen.types import DropReason, Question

SHAPES = Path(__file__).with_suffix(".yaml")
BENCHMARK = Path(__file__).with_name("stand_in_benchmark.jsonl")
NUM_UNKNOWN = 300  # rows of a dataset whose shape is not known
LICENSE = "cc0-1.0"
_LETTERS = "ABCDE"
THOUGHTS = (
    "<|begin_of_thought|>\n\n{reasoning}\n\n<|end_of_thought|>\n\n"
    "<|begin_of_solution|>\n\n{response}\n\n<|end_of_solution|>"
)


class Group(BaseModel):
    """One kind of rows in a dataset: how many, what they ask, and how many of them have which fault.

    A fault is planted in as many rows as it says; `repeats` are the same as an earlier row, `near` but for a word. The
    questions are those of another dataset's group where `like` names it, with a `prefix` before them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    num: int
    asks: str = "math"
    words: tuple[int, int] = (15, 60)
    repeats: int = 0
    near: int = 0
    contaminated: int = 0
    phrases: Mapping[str, int] = {}
    unanswered: int = 0
    wrong: int = 0
    columns: Mapping[str, Any] = {}
    like: tuple[str, str] | None = None
    prefix: str = ""

    def scaled(self, scale: float) -> Group:
        """Return a group with that share of its rows and of each of its faults, of which a large one has all."""
        num = max(1, round(self.num * scale))
        least = 1 if num >= _LARGE else 0
        faults = {name: max(least, round(each * scale)) for name in _FAULTS if (each := getattr(self, name))}
        phrases = {phrase: max(least, round(each * scale)) for phrase, each in self.phrases.items()}
        return self.model_copy(update={**faults, "num": num, "phrases": phrases})


_LARGE = 20  # rows
_FAULTS = ("repeats", "near", "contaminated", "unanswered", "wrong")


class Shape(BaseModel):
    """The columns of a dataset, each with what it holds, and its groups of rows by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: Mapping[str, Any]
    groups: Mapping[str, Group]


class StandIn(RowSource):
    """Rows made in the shape of a dataset, to rehearse a recipe that reads it."""

    dataset: str = Field(min_length=1, description="name of the dataset, or path of the files, that is stood in for")
    config: str | None = Field(default=None, description="config of the dataset")
    split: str = Field(default="train", description="split of the dataset; all splits are the same here")
    revision: str | None = Field(default=None, description="revision of the dataset; nothing depends on it")
    scale: Annotated[float, Scales()] = Field(
        default=1.0, gt=0, le=1, description="how many rows to make, as a share of those it has"
    )

    def start(self) -> None:
        """Look whether the columns are there that the recipe reads.

        Raises:
            UserError: the dataset has no such column.

        """
        self.check_columns()

    @property
    def title(self) -> str:
        """The name of the dataset."""
        return f"the stand-in for {self.dataset}"

    @property
    def source_name(self) -> str:
        """The dataset for which the rows stand in."""
        return f"stand_in:{self.dataset}"

    @property
    def usual_license(self) -> str:
        """The words are ours, and free."""
        return LICENSE

    def notes(self) -> Sequence[str]:
        """Return that nothing of the dataset was read."""
        return [f"{self.title}: made-up rows of the same columns; nothing of it was read"]

    def tables(self) -> Iterator[Table]:
        """Yield the one table of rows."""
        shape = shapes().get(self.dataset) or self._guessed()
        seed = self._context.seed
        yield StandInTable(Path(self.dataset), name=self.dataset, shape=shape, seed=seed, scale=self.scale)

    def title_of(self, table: Table) -> str:
        """Return what messages call the rows."""
        return self.title

    def source_of(self, table: Table) -> str:
        """Return for which dataset the rows stand in."""
        return self.source_name

    def _question(self, row: Row, table: Table) -> Question | DropReason:
        question = super()._question(row, table)
        if isinstance(question, DropReason):
            return question
        meta = {**question.meta, "stand_in_answer": row.get(ANSWER)}
        meta.pop(ANSWER, None)
        return Question(question.prompt, question.reference, question.domain, question.source, LICENSE, meta)

    def _guessed(self) -> Shape:
        """Return a shape with the columns that the recipe reads."""
        columns: dict[str, Any] = {}
        fields = self.fields
        for written, content in ((fields.domain, "word"), (fields.reference, "answer"), (fields.prompt, "question")):
            names = [] if written is None else sorted(names_in(written)) if is_template(written) else [written]
            columns |= {name: "words" for name in names[1:] if name not in columns}
            columns |= {name: content for name in names[:1]}
        columns |= {name: "words" for name in self.meta if self.meta != "rest" and name not in columns}
        asks = "passage" if fields.reference is None and self.dataset.endswith(_DOCUMENTS) else "math"
        num = math.ceil(NUM_UNKNOWN / self.scale)
        return Shape(columns=columns, groups={"rows": Group(num=num, asks=asks)})


_DOCUMENTS = (".pdf", ".docx", ".epub", ".html", ".htm", ".md", ".txt", "*")
ANSWER = "\x00answer"  # beside the columns of a row: what answers its question


@dataclass(frozen=True)
class StandInTable(Table):
    """The rows of a dataset's stand-in."""

    name: str = ""
    shape: Shape = field(default_factory=lambda: Shape(columns={}, groups={}))
    seed: int = 0
    scale: float = 1.0

    def columns(self) -> Iterator[set[str]]:
        """Yield the names of the columns."""
        yield {*self.shape.columns, *(name for group in self.shape.groups.values() for name in group.columns)}

    def rows(self) -> Iterator[tuple[int, Row | DropReason]]:
        """Yield the rows with their numbers, the groups mixed in proportion."""
        groups = [(name, group.scaled(self.scale)) for name, group in self.shape.groups.items()]
        num = sum(group.num for _, group in groups)
        step = stride(num)
        starts = [sum(group.num for _, group in groups[:index]) for index in range(len(groups))]
        for index in range(num):
            position = index * step % num  # every position once, and each stretch holds all groups
            number = bisect_right(starts, position) - 1
            name, group = groups[number]
            yield index + 1, self._row(name, group, position - starts[number], index)

    def _row(self, name: str, group: Group, position: int, index: int) -> Row:
        dataset, of_group = group.like or (self.name, name)
        text = TextOf.at(f"{self.seed}/{dataset}/{of_group}", dataset, group, position)
        text = replace(text, question=group.prefix + text.question) if group.prefix else text
        contents = {**self.shape.columns, **group.columns}
        cells = {column: text.cell(content, group=name, index=index) for column, content in contents.items()}
        return {**cells, ANSWER: text.known}


@dataclass(frozen=True)
class TextOf:
    """What one row says: its question, its answer, and where they come from, as the cells of any column need them."""

    rng: Random
    question: str
    answer: str
    known: str  # what a teacher of a rehearsal answers: the answer, or a program
    tests: str = ""
    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    is_answered: bool = True
    is_right: bool = True

    @classmethod
    def at(cls, seed: str, dataset: str, group: Group, position: int) -> TextOf:
        """Return the texts of the row at a position of its group: the faults stand last, one kind after the other."""
        left = position - (group.num - group.repeats)
        if left >= 0:
            return cls.at(seed, dataset, group, left % max(1, group.num - group.repeats))
        rng = Random(f"{seed}/{position}")
        left += group.near
        if left >= 0:
            base = cls.at(seed, dataset, group, left % max(1, group.num - group.repeats - group.near))
            return cls(rng, f"Well: {base.question}", base.answer, base.known, base.tests, base.choices)
        left += group.contaminated
        if left >= 0:
            lines = benchmark()
            return cls(rng, lines[left % len(lines)], "0", "0")
        phrase = ""
        for each, num in group.phrases.items():
            left += num
            if left >= 0 and not phrase:
                phrase = each
        left += group.unanswered
        is_answered = bool(phrase) or left < 0
        is_right = bool(phrase) or not is_answered or left + group.wrong < 0
        return asked(rng, dataset, group, phrase, is_answered=is_answered, is_right=is_right)

    def cell(self, content: Any, *, group: str, index: int) -> Any:  # noqa: ANN401  (JSON)
        """Return the cell of a column: a fixed value, one of several by weight, a number, or one of the texts."""
        if isinstance(content, Mapping):
            if "value" in content:
                return content["value"]
            return self.rng.choices([*content], [*content.values()])[0]
        if isinstance(content, list):
            return self.rng.randint(*content)
        if content in ("group", "index"):
            return group if content == "group" else index
        if content in _TEXTS:
            return _TEXTS[content](self)
        turns, _, style = content.partition(" ")
        (who, said), roles = _CHATS[turns]
        return [{who: role, said: text} for role, text in zip(roles, (self.question, _TEXTS[style](self)), strict=True)]

    def solution(self) -> str:
        """Return a worked solution; it ends in the answer, unless that is one of the faults of the row."""
        worked = sentence(self.rng, 10)
        return f"{worked} So the answer is $\\boxed{{{self.answer}}}$." if self.is_answered else worked

    def words(self) -> str:
        """Return a sentence of filler."""
        return sentence(self.rng, 12)

    def word(self) -> str:
        """Return one word."""
        return self.rng.choice(vocabulary())

    def reasoning(self) -> str:
        """Return what stands where a model's reasoning would."""
        return " ".join(self.rng.choices(FILLER, k=6))

    def response(self) -> str:
        """Return a recorded answer, which is wrong where that is one of the faults of the row."""
        shown = self.known if self.is_right else f"{self.answer}{self.answer}"
        return f"It comes to this.\n\n{shown}" if "\n" in shown else f"It comes to this: $\\boxed{{{shown}}}$."


_CHATS: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "messages": (("role", "content"), ("user", "assistant")),
    "user/assistant": (("from", "value"), ("user", "assistant")),
    "human/gpt": (("from", "value"), ("human", "gpt")),
}
_TEXTS: Mapping[str, Callable[[TextOf], Any]] = {
    "question": lambda text: text.question,
    "answer": lambda text: text.answer,
    "program": lambda text: text.known,
    "tests": lambda text: text.tests,
    "cases": lambda text: _cases(text.tests, "input", "output", as_rows=True),
    "columns of cases": lambda text: _cases(text.tests, "input", "output"),
    "choices": lambda text: text.choices,
    "solution": TextOf.solution,
    "reasoning": TextOf.reasoning,
    "response": TextOf.response,
    "thoughts": lambda text: THOUGHTS.format(reasoning=text.reasoning(), response=text.response()),
    "think": lambda text: f"<think>\n{text.reasoning()}\n</think>\n\n{text.response()}",
    "words": TextOf.words,
    "word": TextOf.word,
    "nothing": lambda text: None,
}


def asked(rng: Random, dataset: str, group: Group, phrase: str, *, is_answered: bool, is_right: bool) -> TextOf:
    """Return a question of filler that ends in one with an answer."""
    filler = sentence(rng, rng.randint(*group.words))
    a, b, c = rng.randint(2, 99), rng.randint(2, 99), rng.randint(2, 99)
    text = f"{filler} {phrase}".rstrip()
    if group.asks == "code":
        question = f"{text} Read a whole number n from the standard input, and print n * {a} + {b}."
        program = f"```python\nprint(int(input()) * {a} + {b})\n```"
        tests = json.dumps({"inputs": [f"{n}\n" for n in (1, c)], "outputs": [f"{n * a + b}\n" for n in (1, c)]})
        mark = f" (A stand-in for {dataset}.)"
        return TextOf(rng, question + mark, str(b), program, tests)
    if group.asks == "passage":
        return TextOf(rng, "\n\n".join(sentence(rng, 60) for _ in range(3)), "", "")
    if group.asks == "choice":
        texts = rng.sample(vocabulary(), len(_LETTERS))
        answer = rng.choice(_LETTERS)
        question = f"{text} Which word is {texts[_LETTERS.index(answer)]!r}?"
        choices = {"label": list(_LETTERS), "text": texts}
        return TextOf(rng, f"{question} {MARK.format(of=dataset, answer=answer)}", answer, answer, choices=choices)
    answer = str(a * b + c)
    question = f"{text} What is {a} * {b} + {c}? {MARK.format(of=dataset, answer=answer)}"
    return TextOf(rng, question, answer, answer, is_answered=is_answered, is_right=is_right)


def _cases(tests: str, *names: str, as_rows: bool = False) -> Any:  # noqa: ANN401  (JSON)
    """Return the cases of a program as the collections have them: a list of pairs, or a pair of lists."""
    both = [*json.loads(tests).values()] if tests else [[], []]
    if as_rows:
        return [dict(zip(names, pair, strict=True)) for pair in zip(*both, strict=True)]
    return dict(zip(names, both, strict=True))


def sentence(rng: Random, num: int) -> str:
    """Return that many words, in sentences of a dozen."""
    chosen = rng.choices(vocabulary(), k=max(1, num))
    parts = (" ".join(chosen[start : start + 12]).capitalize() for start in range(0, len(chosen), 12))
    return " ".join(f"{part}." for part in parts)


@cache
def _written() -> dict[str, Any]:
    written: dict[str, Any] = yaml.safe_load(SHAPES.read_text(encoding="utf-8"))
    return written


@cache
def vocabulary() -> list[str]:
    """Return the words that fill questions."""
    return str(_written()["words"]).split()


@cache
def shapes() -> Mapping[str, Shape]:
    """Return the shapes of the datasets that are known, by name."""
    return {name: Shape.model_validate(each) for name, each in _written()["datasets"].items()}


@cache
def benchmark() -> list[str]:
    """Return the questions that stand in for a benchmark's."""
    return [json.loads(line)["question"] for line in BENCHMARK.read_text(encoding="utf-8").splitlines()]


def stride(num: int) -> int:
    """Return a step near the golden section of a number that shares no factor with it."""
    step = max(1, round(num * 0.618))
    while math.gcd(step, num) != 1:
        step += 1
    return step
