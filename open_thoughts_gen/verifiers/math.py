r"""Judge mathematical answers by value: `\frac12`, `0.5` and `1/2` are one answer.

The verdict is about what was read, and an answer is read whole or not at all (`algebra`):

- **correct**: reference and answer were both read whole, and are equal; or they are the same text.
- **incorrect**: both were read whole, are of one kind, and differ; or the answer contradicts itself (`43 = 42`), or is
  of another kind than what is asked for: a residue is not a number.
- **undecided**: all else. The cause says what was not read, or that the two could not be compared.

Words are part of an answer (`n is odd`, `3:05 pm`, `42 thousandths`). A unit or a counted noun after a number may be
missing, but not be another one; quantities are converted. A list may come in any order, a tuple may not. `50\%`, `50`
and `0.5` agree. A reference that is a decimal of six places or more is what it was rounded
from; an answer is so with the fifteen digits of a double, or where the setting `rounded` says so.

Most answers are decided by exact arithmetic in microseconds. Where that decides nothing, worker processes evaluate both
at many digits at several points (`algebra/evaluating`); formulas that the grammar does not know, such as integrals, are
read by math-verify's parser, and count only where it has read all of them (`_math_software`). The workers are bounded
in wall clock and memory and killed when they exceed either; SymPy is kept on Python integers there, whose arithmetic
stays within those bounds.

What counts as the answer is what the response marks (`text.answers`), else the whole of a response of one line, or a
last line that is a value, if it is not a sentence. Nothing is picked out of running prose, nor out of a box that was
never closed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple
from functools import lru_cache
from typing import Any, ClassVar, Literal

from pydantic import Field

from open_thoughts_gen import algebra, text
from open_thoughts_gen.algebra import notation
from open_thoughts_gen.types import Question, Trace, Verdict
from open_thoughts_gen.verifiers._killable import Asked, Finding, Killable

_MAX_LENGTH = 10_000
_MAX_DEPTH = 100
_MAX_WORDS = 2
# Towers of powers, factorials and binomials of millions: nothing comes of waiting for them.
_ENDLESS = re.compile(
    r"\d{7}\s*!|!\s*!\s*!|\\d?binom\s*\{\s*\d{7}|\^[{(\s]*\d+\s*\^[{(\s]*\d+\s*\^[{(\s]*\d|\^[{(\s]*\d{8}"
)
_BOX = "\\boxed"
_OPENS_WRAPPER = frozenset("$\\*`_\"'“‘„«「")
_UNCERTAIN: Finding = ("undecided", "it is not certain whether the two are the same", "not comparable")
Letters = Literal["unknown", "positive", "any"]
Rounded = Literal["undecided", "correct"]


class Math(Killable):
    """Compares the final answer with the reference by value: exactly if possible, else numerically."""

    unit: algebra.UnitRule = Field(
        default="optional",
        description="whether an answer must name its unit if the reference does; ignored: units are not compared",
    )
    percent: Literal["lenient", "strict"] = Field(
        default="lenient",
        description="lenient: if the answer or the reference is 35%, the other may be 35% or 35; strict: 35% is 0.35 "
        "only",
    )
    letters: Letters = Field(
        default="unknown",
        description=(
            "what the letters in a formula may stand for. positive: positive numbers, so that sqrt(x^2) equals x; any: "
            "any real numbers, so that sqrt(x^2) does not equal x; unknown: two formulas that are equal only for "
            "positive numbers are undecided"
        ),
    )

    rounded: Rounded = Field(
        default="undecided",
        description=(
            "the verdict on an answer that is the reference rounded to six decimal places or more, such as 0.333333 "
            "for 1/3; an answer with all fifteen digits of a floating-point number is always correct"
        ),
    )

    function: ClassVar[str] = f"{__name__}:compare"
    environment: ClassVar[Mapping[str, str]] = {"SYMPY_GROUND_TYPES": "python"}

    @property
    def meta_keys(self) -> tuple[str, ...]:
        """No key: this verifier reads no meta."""
        return ()

    @property
    def rules(self) -> algebra.Rules:
        """The settings that comparing values depends on."""
        return algebra.Rules(
            self.unit, strict_percent=self.percent == "strict", accepts_rounded=self.rounded == "correct"
        )

    def ask(self, question: Question, trace: Trace) -> Verdict | Asked:
        """Decide what is plain; ask the workers about the rest."""
        answer = stated_answer(trace.response, self.answer_marks)
        finding = decide(question, trace, answer, self.rules)
        if finding is not None:
            return self.judged(answer, *finding)
        return Asked(answer or "", (question.reference, answer, astuple(self.rules), self.letters))


def decide(question: Question, trace: Trace, answer: str | None, rules: algebra.Rules) -> Finding | None:
    """Return what is plain without asking a worker, or None."""
    reference = question.reference or ""
    if not reference.strip():
        return "undecided", "nothing to compare with", "no reference"
    if answer is None:
        unclosed = _BOX in trace.response and trace.finish_reason == "stop"
        why = (
            "the last box is not closed"
            if unclosed
            else text.why_no_answer(trace.finish_reason).removeprefix("no answer: ")
        )
        return "undecided", why, "no answer"
    if len(answer) > _MAX_LENGTH:
        return "undecided", f"{len(answer):,} characters are too many", "answer not read"
    finding = quickly(reference, answer, rules)
    if finding is not None:
        return finding
    for name, each in (("reference", reference), ("answer", answer)):
        if is_endless(each):
            return "undecided", "it would take too long to work it out", f"{name} not read"
    return None


def quickly(reference: str, answer: str, rules: algebra.Rules | None = None) -> Finding | None:
    """Compare two answers where that is certain without evaluating either; None if it is not."""
    known, answer = unwrapped(reference), unwrapped(answer)
    if known == answer and known:
        return "correct", "the same text"
    try:
        same = algebra.same(algebra.read(known), algebra.read(answer), rules)
    except algebra.UnreadableError:
        same = None
    if same is None:
        return ("correct", "the same text") if is_same_text(known, answer) else None
    return _said(same)


def _said(same: bool) -> Finding:
    return ("correct", "the same value") if same else ("incorrect", "both were read, and differ", "another value")


@lru_cache(maxsize=4096)
def unwrapped(string: str) -> str:
    """Return an answer without what is wrapped around the whole of it."""
    bare = string.strip()
    return text.unwrap(bare) if bare[:1] in _OPENS_WRAPPER else bare


def is_same_text(known: str, answer: str) -> bool:
    """Return whether two texts are the same but for spaces and the spelling of commands."""
    if len(known) > _MAX_LENGTH or 3 * len(known) + 60 < len(answer) or 3 * len(answer) + 60 < len(known):
        return False
    return bool(known.strip()) and _compact(known) == _compact(answer)


@lru_cache(maxsize=4096)
def _compact(string: str) -> str:
    return notation.compact(notation.canonical(string))


def is_endless(string: str) -> bool:
    """Return whether a text was made to keep whoever works it out busy for ever."""
    depth = deepest = 0
    for char in string:
        depth += (char in "({[") - (char in ")}]")
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH or _ENDLESS.search(string) is not None


def stated_answer(response: str, marks: Sequence[str] = ()) -> str | None:
    """Return the answer that a response states; a whole line of prose states none."""
    stated = text.stated_answer(response, marks)
    return None if stated == response.strip() and text.num_words(stated) > _MAX_WORDS else stated


def prepare() -> None:
    """Load what the comparison needs and the tables of the parser."""
    compare((r"\int_0^1 x dx", "1/2", (), "unknown"))
    compare((r"\sin^2 x", r"1-\cos^2 x", (), "unknown"))


def compare(task: tuple[str, str, Sequence[Any], Letters]) -> Finding:
    """Compare a reference with an answer, without any limit: for worker processes only."""
    reference, answer, fields, letters = task
    rules = algebra.Rules(*fields)
    known, answer = unwrapped(reference), unwrapped(answer)
    try:
        values = algebra.read(known), algebra.read(answer)
    except algebra.UnreadableError:
        return _by_software(known, answer)
    evaluation = _Evaluation(letters, accepts_rounded=rules.accepts_rounded)
    same = algebra.Comparison(rules, evaluation.same).same(*values)
    if same is None:
        return _UNCERTAIN
    if same and evaluation.positive_only:
        why = "the same value where all letters are positive"
        return ("correct", why) if letters == "positive" else ("undecided", why, "positive letters only")
    return _said(same)


class _Evaluation:
    """Compares expressions at several points, and remembers whether positive letters were assumed."""

    def __init__(self, letters: Letters, *, accepts_rounded: bool) -> None:
        self._letters = letters
        self._accepts_rounded = accepts_rounded
        self.positive_only = False

    def same(self, known: algebra.Scalar, answer: algebra.Scalar) -> bool | None:
        """Return whether two expressions are equal."""
        from open_thoughts_gen.algebra import evaluating

        finding = evaluating.compared(known, answer, accepts_rounded=self._accepts_rounded)
        if finding.positive_only and self._letters == "any":
            return False
        self.positive_only |= finding.positive_only
        return finding.same


def _by_software(known: str, answer: str) -> Finding:
    from open_thoughts_gen.verifiers import _math_software as software

    expressions = []
    for name, each, other_name, other in (
        ("reference", known, "answer", answer),
        ("answer", answer, "reference", known),
    ):
        try:
            if not software.has_operations(known + answer):
                raise algebra.UnreadableError("no formula that the software is asked about")
            expressions.append(software.read(each))
        except (algebra.UnreadableError, *software.REFUSALS):
            # What the grammar reads and the software does not is not the one to blame.
            why = _reason(each)
            return "undecided", why or _reason(other), f"{name if why else other_name} not read"
    try:
        same = software.same(*expressions)
    except software.REFUSALS as error:
        return "undecided", f"the comparison failed ({type(error).__name__})", "not comparable"
    return _UNCERTAIN if same is None else _said(same)


def _reason(string: str) -> str:
    """Return why the grammar does not read a text; empty if it does."""
    try:
        algebra.read(string)
    except algebra.UnreadableError as error:
        return str(error)
    return ""
