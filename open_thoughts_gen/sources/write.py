"""Questions written by a model: from passages, examples, other questions, topics or attributes.

    use: write
    how: passage                                   # one of `write.yaml`; `prompt:` replaces its text
    model: deepseek/deepseek-flash
    seeds: {use: files, path: chapters.jsonl}      # any source; its prompts are the seeds
    attributes:
      reader: [a pupil of 14, a nurse, a judge]
      form: {a short case: 3, a dialogue: 1}       # with weights

Call *i* takes its seeds and attributes from the seed of the run and *i* alone; with the response cache that makes a run
repeatable, and what was written is never paid for twice. When the seeds are used up, they are taken again, with other
attributes, so a short list of seeds can still fill a target. Combinations of attributes come without repetition until
all have been used; `conditions` say which of them go together.

Seeds are hostile text: they are quoted (`chat.polling`). What comes back is checked before it is a question: its form,
and for `passage` that the evidence stands in the passage, word for word. A question that nearly repeats an earlier one
is left out while writing, so that a model which runs in circles does not fill the set. An answer that the model gives
with its question is a reference that nobody has verified: `reference_by` on the row says so.

`how: magpie` takes neither seeds nor attributes: the model plays the user of an assistant. Magpie itself sends a model
no more than the beginning of a user's turn and lets it go on, which takes raw completions.

Not covered: base models and raw completions, images, several turns.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, field_validator, model_validator

from open_thoughts_gen.chat import Reply, resolve
from open_thoughts_gen.chat.polling import MATERIAL, AsksModel, FormCall, NoValue, Poll, coded_objects
from open_thoughts_gen.chat.quoting import code_of, quote
from open_thoughts_gen.errors import UserError, did_you_mean
from open_thoughts_gen.money.budget import WRITER
from open_thoughts_gen.plugin import Source, load
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.plugin.scales import Scales
from open_thoughts_gen.similar.dedup import Dedup
from open_thoughts_gen.sources._attributes import Attributes, Condition
from open_thoughts_gen.sources._wrapping import questions_of
from open_thoughts_gen.tables.template import names_in, render
from open_thoughts_gen.types import DropReason, Question, Sample

MAX_SEEDS = 100_000
MAX_ROUND = 16_384  # calls that are asked before what they gave is looked at
FIRST_ROUND = 8
LEAST_RATE = 0.25  # of the questions asked for, when calls are made for those that are missing
BARREN_ROUNDS = 3  # without one new question: the model has nothing more to say
REPEATS = "repeats a written question"
_PROMPTS = Path(__file__).with_suffix(".yaml")
_NAMES = ("num", "domain", "attributes", "about")
_REPLY = """\

{material}

Reply with one JSON object and nothing else:
{{"questions": [{item}], "code": "{code}"}}"""


class WritingPrompt(BaseModel):
    """How questions are written: the template, how many seeds it takes, what comes with each question.

    `alone` is one that needs neither seeds nor attributes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    about: str
    prompt: str
    seeds: int = 1
    alone: bool = False
    gives: tuple[Literal["answer", "evidence"], ...] = ()


@dataclass(frozen=True, slots=True)
class WritingCall:
    """What one call is about: its number, its seeds and its attributes.

    `unread` says why rows that were read for it cannot be seeds.
    """

    index: int
    seeds: tuple[Question, ...]
    attributes: Mapping[str, str]
    unread: tuple[DropReason, ...] = ()


class Write(AsksModel, Source):
    """Has a model write questions, from seeds, attributes or both."""

    how: str = Field(default="examples", description="how questions are written: a name in `write.yaml`, see the docs")
    prompt: str = Field(default="", description="a Jinja2 template in place of the one that `how` names")
    seeds: NestedSource | None = Field(default=None, description="the source whose prompts are the seeds")
    attributes: Mapping[str, tuple[str, ...] | Mapping[str, float]] = Field(
        default_factory=dict,
        description="what to draw for each call: for each name a list of values, or values with weights",
    )
    conditions: tuple[Condition, ...] = Field(
        default=(),
        description="which attributes go together: where those of `when` have these values, those of `then` have one "
        "of these; an empty list leaves one out",
    )
    per_call: int = Field(default=3, ge=1, le=50, description="how many questions to ask for in one call")
    answers: Literal["keep", "ask", "none"] = Field(
        default="keep",
        description="references. keep: those that the prompt asks for anyway; ask: the model answers each question, "
        "unverified; none: none",
    )
    near: float = Field(
        default=90.0, ge=50, le=100, description="leave out a question this similar (Indel, 0..100) to an earlier one"
    )
    domain: str = Field(default="", description="the domain of the questions; empty: that of their first seed")
    license: str = Field(default="", description="the license of the questions; empty: that of their first seed")
    limit: Annotated[int | None, Scales()] = Field(default=None, ge=1, description="the most questions to write")
    _wanted: int | None = PrivateAttr(default=None)  # questions that are still to come, as far as that is known

    @field_validator("how")
    @classmethod
    def _is_known(cls, how: str) -> str:
        if how not in prompts():
            raise ValueError(f"there is no way of writing {how!r}; {did_you_mean(how, prompts())}")
        return how

    @field_validator("prompt")
    @classmethod
    def _is_a_template(cls, prompt: str) -> str:
        try:
            unknown = sorted(names_in(prompt) - set(_NAMES)) if prompt else []
        except UserError as error:
            raise ValueError(str(error)) from error
        if unknown:
            raise ValueError(f"the template asks for {unknown[0]!r}; it may use {', '.join(_NAMES)}")
        return prompt

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.writing.seeds and self.seeds is None:
            raise ValueError(f"`how: {self.how}` needs `seeds:`, a source such as {{use: files, path: seeds.jsonl}}")
        if not self.writing.seeds and not self.attributes and not self.writing.alone:
            raise ValueError(f"`how: {self.how}` needs `attributes:`, or every call would be the same")
        if self.conditions and not self.attributes:
            raise ValueError("`conditions:` are between `attributes:`, and there are none")
        Attributes(self.attributes, self.conditions).check()
        return self

    @property
    def writing(self) -> WritingPrompt:
        """How questions are written."""
        return prompts()[self.how]

    @property
    def endless(self) -> bool:
        """A model can always be asked once more."""
        return self.limit is None

    @property
    def writer(self) -> str:
        """The model's name, as rows and the card give it."""
        return resolve(self.model).public_name

    @property
    def source_name(self) -> str:
        """How the questions are written."""
        return f"write:{self.how}"

    @property
    def usual_license(self) -> str:
        """The license that the recipe gives the questions, or that of the seeds."""
        return self.license or (self.seeds.source.usual_license if self.seeds is not None else "")

    @property
    def sources(self) -> Sequence[Source]:
        """The source of the seeds."""
        return () if self.seeds is None else (self.seeds.source.fresh(self._context),)

    @property
    def inputs(self) -> Sequence[Path]:
        """The files that the seeds are read from."""
        return [path for source in self.sources for path in source.inputs]

    def start(self) -> None:
        """Check that there is an API key.

        Raises:
            UserError: the provider needs a key, and none is set.

        """
        self.begin()

    def advice(self, reason: str) -> str:
        """Return what to give a model that repeats itself."""
        more = "more `seeds:`" if self.seeds is not None else "more values under `attributes:`"
        return f"give the model {more} or a higher `temperature:`, or raise `near:`" if reason == REPEATS else ""

    def expect(self, num: int | None) -> None:
        """Ask for about as many as are wanted, and not for more."""
        self._wanted = num

    def questions(self) -> Iterator[Question | DropReason]:
        """Yield question after question, in the order of the calls; a reply that cannot be used is a DropReason."""
        unread: list[DropReason] = []
        calls, written, num, num_asked, barren = self._calls(unread), _Written(self), 0, 0, 0
        while self.limit is None or num < self.limit:
            size = self._round_size(num, num_asked)
            round_ = list(itertools.islice(calls, size))
            values = self._ask(round_) if round_ else {}
            drawn = list(written.of(round_, values))
            num_asked += len(round_)
            num_new = sum(isinstance(each, Question) for each in drawn)
            barren = 0 if num_new else barren + 1
            for each in drawn:
                if isinstance(each, Question):
                    if num == self.limit:
                        return
                    num += 1
                    self._wanted = self._wanted and self._wanted - 1
                yield each
            if len(round_) < size or barren >= BARREN_ROUNDS or any(map(_is_unpaid, values.values())):
                yield from unread
                return

    def _round_size(self, num: int, num_asked: int) -> int:
        """Return how many calls to make before what they gave is looked at: what is missing, at the rate so far."""
        left = self.limit and self.limit - num
        wanted = min((each for each in (self._wanted, left) if each), default=FIRST_ROUND * self.per_call)
        per_call = max(num / num_asked, LEAST_RATE * self.per_call) if num_asked else self.per_call
        return max(1, min(MAX_ROUND, math.ceil(wanted / per_call)))

    def _calls(self, unread: list[DropReason]) -> Iterator[WritingCall]:
        """Yield what each call is about, without end, unless there are no seeds.

        Why rows cannot be seeds goes with the next call; after the last one it is left in `unread`.
        """
        seed, num_each = self._context.seed, self.writing.seeds
        combinations = Attributes(self.attributes, self.conditions).combinations(seed)
        if not num_each:
            yield from (WritingCall(i, (), next(combinations)) for i in itertools.count())
            return
        (source,) = self.sources
        drawn = questions_of(source, unread)
        seeds: list[Question] = []
        for index in itertools.count():
            if len(seeds) < MAX_SEEDS:
                seeds += itertools.islice(drawn, num_each)
            if len(seeds) < num_each:
                return
            yield WritingCall(index, _chosen(seeds, index, num_each, seed), next(combinations), tuple(unread))
            unread.clear()

    def _ask(self, round_: Sequence[WritingCall]) -> dict[int, list[dict[str, str]] | NoValue]:
        """Return what each call of a round gave, by its index."""
        by_index = {call.index: call for call in round_}
        poll: Poll[int, list[dict[str, str]]] = Poll(
            self,
            form=lambda index, secret: self.call(by_index[index], secret=secret),
            read=self._read,
            known_by=lambda index: hash((self.how, self.model, self.prompt, index)),
        )
        context = self._context
        arriving = poll.values([*by_index], cache=context.cache, run=context.run, meter=context.meter(WRITER))
        with closing(arriving):
            return dict(arriving)

    @property
    def _gives(self) -> tuple[str, ...]:
        more = () if self.answers != "ask" or "answer" in self.writing.gives else ("answer",)
        return ("question", *self.writing.gives, *more)

    def call(self, call: WritingCall, *, secret: bytes = b"") -> FormCall:
        """Return what is asked in one call; `secret` keeps its code from whoever wrote the seeds."""
        code = code_of(*(seed.prompt for seed in call.seeds), str(call.index), secret=secret)
        writing, num = self.writing, self.per_call
        values = {"num": num, "domain": self.domain, "attributes": call.attributes, "about": writing.about}
        parts = [render(self.prompt or writing.prompt, values).strip()]
        if call.attributes and "attributes" not in names_in(self.prompt or writing.prompt):
            drawn = "; ".join(f"{name}: {value}" for name, value in call.attributes.items())
            parts.append(f"Write them for this case. {drawn}.")
        item = "{" + ", ".join(f'"{name}": "..."' for name in self._gives) + "}"
        reply = _REPLY.format(material=MATERIAL.format(code=code), item=item, code=code)
        if not call.seeds:
            reply = _REPLY.format(material="", item=item, code=code).lstrip("\n")
        members = {name: {"type": "string"} for name in self._gives}
        one = {"type": "object", "properties": members, "required": [*members], "additionalProperties": False}
        quoted = [quote(f"SEED {i}", seed.prompt, code) for i, seed in enumerate(call.seeds, 1)]
        messages = [
            {"role": "system", "content": "\n\n".join([*parts, reply.strip("\n")])},
            {"role": "user", "content": "\n\n".join(quoted) or f"Write the {num} questions."},
        ]
        form = {"questions": {"type": "array", "items": one}, "code": {"type": "string"}}
        return self.form(messages, form, name="questions", code=code)

    def _read(self, reply: Reply, code: str) -> list[dict[str, str]] | str:
        """Return the written questions in a reply, or why it cannot be read."""
        written = [one.get("questions") for one in coded_objects(reply, code)]
        lists = [each for each in written if isinstance(each, list)]
        if len(lists) != 1:
            return "it holds no JSON object with `questions` and that code" if not lists else "it holds several lists"
        whole = [item for item in lists[0] if isinstance(item, dict) and all(_says(item, name) for name in self._gives)]
        if not whole:
            return f"no question has {' and '.join(f'`{name}`' for name in self._gives)} as text"
        return [{name: item[name].strip() for name in self._gives} for item in whole[: self.per_call]]

    def question(self, call: WritingCall, item: Mapping[str, str]) -> Question | DropReason:
        """Return a written question, or why it cannot be used."""
        seed = call.seeds[0] if call.seeds else None
        evidence = item.get("evidence")
        if evidence is not None and seed is not None and _folded(evidence) not in _folded(seed.prompt):
            return DropReason("the evidence does not stand in the passage", evidence)
        answer = item.get("answer") if self.answers != "none" else None
        if self.how == "backtranslate" and seed is not None and self.answers != "none":
            answer = seed.prompt
        meta: dict[str, Any] = {
            "how": self.how,
            "writer": self.writer,
            "parents": [each.id for each in call.seeds],
            **({"attributes": dict(call.attributes)} if call.attributes else {}),
            **({"reference_by": "seed" if self.how == "backtranslate" else self.writer} if answer else {}),
            **({"evidence": evidence, "passage": seed.prompt} if evidence is not None and seed is not None else {}),
        }
        domain = self.domain or (seed.domain if seed else "general")
        license_ = self.license or (seed.license if seed else "")
        return Question(item["question"], answer, domain, self.source_name, license_, meta)


class _Written:
    """What has been written so far, and what of it nearly repeats what came before."""

    def __init__(self, source: Write) -> None:
        self._source = source
        self._samples: list[Sample] = []

    def of(
        self, round_: Sequence[WritingCall], values: Mapping[int, list[dict[str, str]] | NoValue]
    ) -> Iterator[Question | DropReason]:
        """Yield the questions of a round of calls, and why others are none."""
        drawn: list[Question | DropReason] = []
        for call in round_:
            value = values[call.index]
            drawn += call.unread
            if isinstance(value, NoValue):
                if value.kind != "not asked":
                    drawn.append(DropReason(f"nothing written: {value.kind}", value.why))
                continue
            drawn += [self._source.question(call, item) for item in value]
        new = [Sample(each) for each in drawn if isinstance(each, Question)]
        repeats = iter(self._repeats(new))
        for each in drawn:
            why = next(repeats) if isinstance(each, Question) else None
            yield each if why is None else DropReason(REPEATS, why.detail, why.twin, why.score)

    def _repeats(self, new: Sequence[Sample]) -> list[DropReason | None]:
        """Return for each new question what it repeats, None if it is new indeed; then it is remembered."""
        plugin = load("filter", "near_dedup").model_validate({"threshold": self._source.near})
        near = plugin.fresh(self._source._context)
        assert isinstance(near, Dedup)
        reasons = near.repeats(self._samples, new)
        self._samples += [sample for sample, why in zip(new, reasons, strict=True) if why is None]
        return reasons


@cache
def prompts() -> Mapping[str, WritingPrompt]:
    """Return the ways of writing of `write.yaml`, by name."""
    written = yaml.safe_load(_PROMPTS.read_text(encoding="utf-8"))
    return {name: WritingPrompt.model_validate(each) for name, each in written.items()}


def _chosen(seeds: Sequence[Question], index: int, num: int, seed: int) -> tuple[Question, ...]:
    """Return the seeds of a call: one in turn, several at random."""
    if num == 1:
        return (seeds[index % len(seeds)],)
    return tuple(Random(f"{seed}/write/{index}").sample(seeds, num))


def _is_unpaid(value: object) -> bool:
    return isinstance(value, NoValue) and value.kind == "not asked"


def _says(item: Mapping[str, Any], name: str) -> bool:
    return isinstance(item.get(name), str) and bool(item[name].strip())


def _folded(text: str) -> str:
    """Return a text without what a copy may change: spaces, quotation marks, case."""
    return " ".join(text.casefold().translate(str.maketrans("“”‘’", "\"\"''")).split())
