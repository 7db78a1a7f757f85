r"""Judge the form of a trace, never its content: what a training set must not hold even where the answer is right.

A trace is incorrect if one of these is the case, and the verdict names it: a response or reasoning that is missing;
thinking tags that were left open, closed twice, or stand inside; an answer that is not marked as it should be, a box or
a code block left open; another alphabet than `script`; the instruction repeated (`instruction`: any `max_repeated`
words of it in a row), or a phrase from the teacher's prompt that no reader of the dataset can make sense of
(`forbidden`); an answer of another kind than the reference: words where a number was asked for. Tags that the question
or the instruction asks for are part of the form, if each is closed.

Correct means no more than that the form is right, so let another verifier judge beside it: `all_of` takes both. The
alphabet is known by the share of letters, since a few foreign ones are names, and Greek ones are mathematics.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from pydantic import Field

from open_thoughts_gen import errors, text
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._answers import ReadsAnswers

Script = Literal["any", "latin", "cyrillic", "greek", "arabic", "hebrew", "devanagari", "cjk", "hangul"]
Marked = Literal["any", "boxed", "line", "tags"]
Fault = tuple[str, str]  # its cause, and the details

_NAMES: dict[str, tuple[str, ...]] = {"cjk": ("CJK", "HIRAGANA", "KATAKANA"), "latin": ("LATIN", "FULLWIDTH LATIN")}
_THINKING = re.compile(r"think|thought|solution|im_")
_TAG = re.compile(
    r"</?(?:think|thinking|reasoning|answer)>|<\|(?:begin|end)_of_(?:thought|solution)\|>|<\|im_(?:start|end)\|>"
)
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)", re.MULTILINE)
_COMMAND = re.compile(r"\\[A-Za-z]+")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"[\s$\\{}()+-]*(?:\d|frac|sqrt|pi|\.\d|infty).*", re.DOTALL)
_FORBIDDEN = (
    "as an ai language model", "the reference answer", "the reference solution", "the ground truth answer",
    "the provided answer is", "the given answer is", "system prompt",
)  # fmt: skip


class Format(ReadsAnswers):
    """Checks a trace's form: closed tags, a marked answer of the right kind, one alphabet, no repeated instruction."""

    answer: Marked = Field(
        default="any", description="how the answer is marked: boxed, on an Answer: line, in <answer> tags, or any"
    )
    reasoning: bool = Field(default=True, description="whether the trace must have reasoning")
    like_reference: bool = Field(
        default=True, description="whether the answer must be of the same kind as the reference, such as a number"
    )
    script: Script = Field(default="any", description="the alphabet that the response must be written in")
    max_foreign_rate: float = Field(
        default=0.02, ge=0, le=1, description="the largest share (0..1) of letters of other alphabets"
    )
    instruction: str = Field(
        default="", description="a text that the response must not repeat, such as the system prompt"
    )
    max_repeated: int = Field(default=8, ge=3, description="how many words in a row of that text count as a repetition")
    forbidden: tuple[str, ...] = Field(
        default=_FORBIDDEN, description="phrases that the response must not contain; upper and lower case are the same"
    )

    def judges_form(self, question: Question) -> bool:
        """Return True: this verifier judges form alone."""
        return True

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: this verifier reads no meta."""
        return ()

    def verdict(self, question: Question, trace: Trace) -> Verdict:
        """Return the first fault, if there is one."""
        if self.like_reference and not (question.reference or "").strip():
            return self.undecided("no reference", "of what kind an answer should be is not known")
        if trace.finish_reason != "stop":
            return self.unanswered(trace)
        if self.answer == "boxed":
            answer = text.boxed(trace.response)
        elif self.answer == "tags":
            answer = text.tagged(trace.response)
        else:
            plain = trace.response if self.answer == "any" else trace.response.replace("\\boxed", "")
            answer = text.final_answer(plain, self.answer_marks)
        fault = next(self._faults(question, trace, answer), None)
        if fault is not None:
            return self.judged(answer, "incorrect", fault[1], fault[0])
        return self.judged(answer, "correct", "the form is right")

    def _faults(self, question: Question, trace: Trace, answer: str | None) -> Iterator[Fault]:
        whole = f"{trace.reasoning}\n{trace.response}"
        if not trace.response.strip():
            yield "no response", ""
        if self.reasoning and not trace.reasoning.strip():
            yield "no reasoning", ""
        yield from (("tags", message) for message in self._tag_faults(question, whole))
        if len(_FENCE.findall(trace.response)) % 2:
            yield "code block", "the last is not closed"
        if not (answer or "").strip():
            yield "no answer", f"none is marked{'' if self.answer == 'any' else f' as {self.answer}'}"
        if self.script != "any" and foreign_rate(whole, self.script) > self.max_foreign_rate:
            yield "language", f"{foreign_rate(whole, self.script):.1%} of the letters are not {self.script}"
        yield from (("leak", repr(text.shorten(phrase, 60))) for phrase in self._leaks(whole))
        known = kind(question.reference or "")
        if self.like_reference and answer and kind(answer) != known:
            yield "kind", f"the answer is {kind(answer)}, the reference {known}"

    def _tag_faults(self, question: Question, whole: str) -> Iterator[str]:
        """Yield what is wrong with the tags of a text: those that were not asked for, and those left open."""
        asked = set(_TAG.findall(f"{question.prompt}\n{self.instruction}"))
        asked |= {"<answer>", "</answer>"} if self.answer == "tags" else set()
        counts = Counter(_TAG.findall(whole))
        for tag, count in counts.items():
            if tag not in asked or _THINKING.search(tag):
                yield f"{tag} stands in the text"
            elif count != counts[tag.replace("<", "</") if "/" not in tag else tag.replace("</", "<")]:
                yield f"{tag} is not closed as often as it is opened"

    def check_teacher(self, sent: str) -> Iterator[errors.Fault]:
        """Find tags that the teacher is asked for, and that count as a fault here."""
        asked = set(_TAG.findall(self.instruction)) | ({"<answer>", "</answer>"} if self.answer == "tags" else set())
        tags = [tag for tag in dict.fromkeys(_TAG.findall(sent)) if tag not in asked and not _THINKING.search(tag)]
        if tags:
            message = f"the teacher is asked for {', '.join(tags)}, which counts as a fault of form here"
            hint = "set `answer: tags`, or repeat in `instruction:` what the teacher is asked for"
            yield errors.Fault(message, hint=hint)

    def _leaks(self, whole: str) -> Iterator[str]:
        folded = text.normalise(whole)
        yield from (phrase for phrase in self.forbidden if text.normalise(phrase) in folded)
        runs = _runs(self.instruction, self.max_repeated)
        words = _WORD.findall(folded) if runs else []
        for start in range(len(words) - self.max_repeated + 1):
            run = " ".join(words[start : start + self.max_repeated])
            if run in runs:
                yield run


@lru_cache(maxsize=16)
def _runs(instruction: str, num: int) -> frozenset[str]:
    words = _WORD.findall(text.normalise(instruction))
    return frozenset(" ".join(words[start : start + num]) for start in range(len(words) - num + 1))


def kind(answer: str) -> str:
    """Return what kind of answer a text is: a number, a letter, JSON, several lines, a word, words."""
    bare = text.unwrap(answer.strip().rstrip(".")).strip("() ")
    if bare[:1] in {"{", "["} and bare[-1:] in {"}", "]"} and '"' in bare:
        return "JSON"
    if len(bare) == 1 and bare.isalpha():
        return "a letter"
    if _NUMBER.match(bare) or any(char.isdigit() for char in bare):
        return "figures"
    if not any(char.isalnum() for char in bare):
        return "signs"
    return "several lines" if "\n" in bare else "words"


def foreign_rate(whole: str, script: str) -> float:
    """Return the share of letters that are of another alphabet; Greek letters are of any."""
    letters = [char for char in _COMMAND.sub("", whole) if char.isalpha()]
    foreign = sum(not _belongs(char, script) for char in letters)
    return foreign / len(letters) if letters else 0.0


@lru_cache(maxsize=8192)
def _belongs(char: str, script: str) -> bool:
    if char.isascii():
        return script == "latin"
    name = unicodedata.name(char, "")
    if name.startswith(("GREEK", "MATHEMATICAL", "DOUBLE-STRUCK", "SCRIPT", "MICRO")):
        return True
    return name.startswith(_NAMES.get(script, (script.upper(),)))
