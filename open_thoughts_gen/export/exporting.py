"""Samples become the rows that a trainer reads, with its settings; with a template, each row is proved.

Which rows are written depends on the samples, the trainer and the template alone. A row whose answer is missing or cut
off is left out, for it would teach to stop in the middle.
"""

from __future__ import annotations

import json
import math
import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from open_thoughts_gen.errors import Fault, UserError
from open_thoughts_gen.export.files import write_rows
from open_thoughts_gen.export.layouts import ModelFamily, Trainer, chat_values, family_of, filled, trainers
from open_thoughts_gen.export.proof import Prover
from open_thoughts_gen.export.templates import ChatTemplate
from open_thoughts_gen.rewards import LAYOUTS, reward_rows
from open_thoughts_gen.text.turns import Chat, Style, chat_of
from open_thoughts_gen.types import Sample

_STEP = 256  # lengths are rounded up to it
_FRAME = 512  # bytes that a template may put around the texts of a chat, where it is not known
_PLAIN = re.compile(r"[\w./@:+-]*")


@dataclass(frozen=True)
class ExportOrder:
    """What is to be exported: for which trainer and model, with which template, in which style; `None` is undecided."""

    trainer: str
    folder: Path
    model: str = ""
    template: ChatTemplate | None = None
    style: Style | None = None
    system: str = ""
    max_length: int | None = None
    only_proved: bool = False
    package: str = "dataset"

    @property
    def reads(self) -> Trainer:
        """How the trainer reads rows."""
        return trainers()[self.trainer]

    @property
    def family(self) -> ModelFamily:
        """What the model's name says of it."""
        return family_of(self.model)


@dataclass
class Exported:
    """What was written, and what is proved of it.

    `faults` are the rows that the template spoils, by fault; `doubts` what cannot be proved; `works` are styles of
    messages that the template keeps whole. Lengths are tokens, or bytes where `counts_bytes`.
    """

    style: Style = "inline"
    num_rows: int = 0
    num_proved: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    doubts: list[str] = field(default_factory=list)
    works: list[Style] = field(default_factory=list)
    loss: str = ""
    longest: int = 0
    longest_prompt: int = 0
    longest_completion: int = 0
    length: int = 0
    counts_bytes: bool = True
    files: list[Path] = field(default_factory=list)


class Export:
    """Writes the rows of one order."""

    def __init__(self, order: ExportOrder, samples: Sequence[Sample]) -> None:
        """Take the samples; their texts may lie on disk."""
        self.order = order
        self.trainer = order.reads
        self._samples = samples
        self.exported = Exported(counts_bytes=order.template is None or order.template.tokenizer is None)

    def chats(self) -> Iterator[tuple[Sample, Chat]]:
        """Yield the answered questions that can be learnt from, as chats."""
        for sample in self._samples:
            if not left_out(sample):
                yield sample, chat_of(sample, system=self.order.system)

    @cached_property
    def prover(self) -> Prover | None:
        """What proves the rows; None without a template, and where the trainer renders chats by code of its own."""
        if self.order.template is None or self.trainer.rendering == "own":
            return None
        return Prover(self.order.template, self.exported.style, self.trainer.rendering)

    def write_chats(self, pairs: Mapping[str, Sample]) -> Exported:
        """Write rows of chats, or of pairs where there are any, and prove them.

        Raises:
            UserError: nothing can be written.

        """
        exported = self.exported
        exported.left_out = Counter(filter(None, map(left_out, self._samples)))
        exported.style = self._style()
        faulty = self._prove()
        rows = self._rows(pairs, faulty if self.order.only_proved else set())
        self._write(rows)
        return exported

    def write_rl(self, parts: Sequence[Any]) -> Exported:
        """Write rows for reinforcement learning: each question with the verifiers that judge an answer to it.

        Raises:
            UserError: no verifier is meant for any question.

        """
        for sample, chat in self.chats():
            self._measure(sample, chat)
        rows = [LAYOUTS[self.trainer.row](row, i) for i, row in enumerate(reward_rows(self._samples, parts))]
        if not rows:
            raise UserError(Fault("no verifier applies to any of the questions", hint="check `when:` in the recipe"))
        self._write(rows)
        return self.exported

    def _style(self) -> Style:
        """Return the style to write: the one that is asked for, else the first that the template keeps whole."""
        order, trainer = self.order, self.trainer
        if order.style == "text" and (trainer.text_row is None or order.template is None):
            hint = "give the template with --check" if trainer.text_row else "choose another with --style"
            raise UserError(Fault(f"{order.trainer} cannot be given rendered text", hint=hint))
        if order.style:
            return order.style
        if order.template is not None and trainer.rendering != "own":
            chats = (chat for _, chat in self.chats())
            first = next((chat for chat in chats if chat[-1].reasoning), None)
            strict = replace(
                order.template, aliases=False
            )  # a field that its template names, so that any version has it
            for style in self._styles() if first else ():
                if not Prover(strict, style, trainer.rendering).skeleton(first or ()).faults:
                    return style
        elif order.family.style == "text" and trainer.rendering != "own":
            hint = "give its template: --check FILE; then the rows are written as it keeps them"
            raise UserError(Fault(f"templates of {order.model} keep no reasoning that stands in a message", hint=hint))
        return order.family.style if order.family.style in trainer.styles else trainer.styles[0]

    def _styles(self) -> tuple[Style, ...]:
        """Return the styles that the trainer reads, the first choice first."""
        return (*self.trainer.styles, *(("text",) if self.trainer.text_row else ()))

    def _prove(self) -> set[int]:
        """Prove all rows and measure them; return the numbers of those that are not."""
        exported, template = self.exported, self.order.template
        faulty: set[int] = set()
        for number, (sample, chat) in enumerate(self.chats(), start=1):
            faults = list(self.prover.faults(chat)) if self.prover else []
            length = self._measure(sample, chat)
            if self.order.max_length and length > self.order.max_length and not exported.counts_bytes:
                faults.append(f"it is longer than {self.order.max_length:,} tokens")
            for fault in faults:
                exported.faults[fault].append(f"{number} ({sample.question.id})")
            if faults:
                faulty.add(number)
            exported.num_proved += self.prover is not None and not faults
        if not exported.num_rows:
            raise UserError(
                Fault("no row has an answer that can be learnt from", hint="see the rows that are left out")
            )
        if template and self.prover is None:
            exported.doubts.append(f"{self.order.trainer} renders chats by code of its own, which no template proves")
        if self.prover and faulty:
            _, chat = next(pair for i, pair in enumerate(self.chats(), start=1) if i in faulty)
            provers = (Prover(self.prover.template, style, self.prover.rendering) for style in self._styles())
            exported.works = [each.style for each in provers if not each.faults(chat)]
        if self.prover:
            masks = {mask for skeleton in self.prover.skeletons.values() for mask in skeleton.mask}
            exported.loss = (
                "proved by the template's own marks" if masks else f"by the trainer's rule: {self.trainer.loss}"
            )
        return faulty

    def _measure(self, sample: Sample, chat: Chat) -> int:
        """Return the length of a row; the longest one is remembered, and so are those of its parts."""
        exported, template = self.exported, self.order.template
        count = template.count if template else lambda text: len(text.encode("utf-8", "replace"))
        texts = [turn.content for turn in chat[:-1]]
        prompt, completion = sum(map(count, texts)), count(chat[-1].reasoning) + count(chat[-1].content)
        length = prompt + completion + _FRAME
        if self.prover and self.prover.skeleton(chat).text:
            length = self.prover.num_tokens(chat)
        exported.num_rows += 1
        exported.longest = max(exported.longest, length)
        exported.longest_prompt = max(exported.longest_prompt, prompt)
        exported.longest_completion = max(exported.longest_completion, completion)
        return length

    def _rows(self, rejected: Mapping[str, Sample], skipped: set[int]) -> Iterator[dict[str, Any]]:
        order, trainer, style = self.order, self.trainer, self.exported.style
        family = order.family if trainer.own_words else ModelFamily()
        shape = trainer.text_row if style == "text" else trainer.row
        for number, (sample, chat) in enumerate(self.chats(), start=1):
            if number in skipped:
                continue
            values = chat_values(sample, chat, style, family, order.template)
            if sample.question.id in rejected:
                wrong = chat_of(rejected[sample.question.id], system=order.system)
                values["rejected"] = [wrong[-1].message(style)]
            yield filled(shape, values)

    def _write(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write the rows and the trainer's settings."""
        order, exported = self.order, self.exported
        longest = [exported.longest, exported.longest_prompt + _FRAME, exported.longest_completion + _FRAME]
        lengths = [math.ceil(length / _STEP) * _STEP for length in longest]
        exported.length = order.max_length or lengths[0]
        file = order.folder / filled(self.trainer.file, {"package": order.package})
        exported.files.append(write_rows(rows, file))
        style = exported.style if exported.style in ("reasoning_content", "thinking") else "reasoning_content"
        values = {
            "model": order.model or "MODEL",
            "length": exported.length,
            "prompt_length": lengths[1],
            "completion_length": lengths[2],
            "file": file,
            "folder": order.folder,
            "package": order.package,
            "task": name if (name := order.package.removeprefix("env_")).isidentifier() else order.package,
            "field": style,
            "llamafactory": order.family.llamafactory,
        }
        for name, text in self.trainer.files.items():
            path = order.folder / filled(name, values)
            path.parent.mkdir(parents=True, exist_ok=True)
            words = {key: quoted(str(value), path.suffix) for key, value in values.items()}
            path.write_bytes(filled(text, words).encode("utf-8", "replace"))
            exported.files.append(path)


def left_out(sample: Sample) -> str:
    """Return why a sample is not for learning; empty if it is."""
    if sample.trace is None or not sample.trace.response.strip():
        return "no response"
    return "cut off before its end" if sample.trace.finish_reason == "length" else ""


def preferences(samples: Iterable[Sample]) -> tuple[list[Sample], dict[str, Sample]]:
    """Return the right answers that have a wrong one beside them, and the wrong one of each question by its id.

    Raises:
        UserError: no question has both.

    """
    right: list[Sample] = []
    wrong: dict[str, Sample] = {}
    for sample in samples:
        if left_out(sample):
            continue
        if sample.outcome == "incorrect":
            wrong.setdefault(sample.question.id, sample)
        elif sample.outcome == "correct":
            right.append(sample)
    right = [sample for sample in right if sample.question.id in wrong]
    if not right:
        hint = "ask for more attempts, and keep those that fail: run the recipe without `verified`"
        raise UserError(Fault("no question has both a correct and an incorrect answer", hint=hint))
    return right, wrong


def quoted(value: str, suffix: str) -> str:
    """Return a value as it may stand in a file of settings, where it is not plain."""
    if _PLAIN.fullmatch(value):
        return value
    if suffix == ".sh":
        return shlex.quote(value)
    return json.dumps(value) if suffix == ".yaml" else json.dumps(value)[1:-1]
