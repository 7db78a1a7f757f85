"""What a response says before its decisive reason: the last steps of the argument, so that it can be read by itself.

The last of them is the step that comes to the answer, and before it stand those whose results it computes with, as long
as there is one such step and not several. A step whose figures are all in the reason itself is left out, and so is one
that would refer to something which the response does not say. Where no step says the answer, the response is the reason
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from open_thoughts_gen.narration.plan import ASIDES, shown
from open_thoughts_gen.types import Derivation, Step

MAX_GROUNDS, MAX_WORDS, FEW = 3, 70, 12
_VERDICTS = frozenset(("Yes", "No"))
_OPTION = re.compile(r"[A-H]")
_NUMBER = re.compile(r"\d[\d.,/:]*\d|\d")
_DAY = re.compile(r"(\d+ [A-Z][a-z]+) \d{4}")
_RESULT = re.compile(r"(?:=|opens) (-?\d[\d./-]+)(?: d)?$")
# Beginnings, and words of a first clause, that refer to something said before.
_LEANS = re.compile(
    r"(?:But|Yet|Still|Only|However|And|Nor|So|That|This|These|Those|Then|Hence|Therefore|Thus|He|She|They|It|By that|"
    r"With (?:that|it|this)|From (?:it|there|that|here)|Not|No,|Now|Next|Together|Altogether|In all|All|Else|Otherwise|"
    r"One more|Another|Also|Again|There|Here|Such|On|To the|For (?:it|that)|What|Which|More than|Of|Each time|Both|"
    r"Nothing|None|Either|Neither|Finally|Last|As to|Line|Less|Let|Turn|Look|Recomputed|Counted|Split|Added|Range|"
    r"In fact|The (?:rest|other|others|first|second|last))\b"
    r"|[^.:;]*\b(?:too|also|as well|again|the same|then|thus|therefore|in turn|instead|others)\b"
    r"|[^.:;]*\b(?:this|that|these|those|it|its|them|they)\b"
    r"|[^.:;]*\?"
)

_GOES_ON = re.compile(r"(?:Now|Next|Then|On to|How about|I try|Let me see|What if|As to)\b")  # as the next of several


def opening(texts: Sequence[str]) -> Sequence[str]:
    """Return the tellings of a reason that may open a response; all where none does."""
    return [text for text in texts if not _GOES_ON.match(text)] or texts


def grounds(derivation: Derivation) -> list[tuple[Step, Sequence[str]]]:
    """Return the steps that a response repeats, in order, each with the tellings that can stand there."""
    reasons = [step for step in derivation.steps if step.kind == "answer"]
    if not reasons or any(step.kind == "trial" for step in derivation.steps):  # an option is a reason by itself
        return []
    body = [step for step in shown(derivation.steps, "brief") if step.kind not in (*ASIDES, "issue")]
    last = _decisive(derivation.answer, body, reasons[0])
    if last is None:
        return []
    run = [last, *_before(last, body)]
    if _numbers(body[last]) and _numbers(body[last]) <= _numbers(reasons[0]):  # the reason would only say it again
        run = run[1:]
    said: list[tuple[Step, Sequence[str]]] = []
    num_words = 0
    for position, index in enumerate(run):
        follows = position + 1 < len(run) and run[position + 1] == index - 1
        texts = list(body[index].texts) if follows else [text for text in body[index].texts if not _LEANS.match(text)]
        num_words += len(body[index].texts[0].split())
        if not texts or num_words > MAX_WORDS:
            break
        said.insert(0, (body[index], texts))
    return _standing(said)


def _standing(said: list[tuple[Step, Sequence[str]]]) -> list[tuple[Step, Sequence[str]]]:
    """Return steps from the first one on that refers to nothing before it."""
    for index, (step, texts) in enumerate(said):
        alone = [text for text in texts if not _LEANS.match(text)]
        if alone:
            return [(step, alone), *said[index + 1 :]]
    return []


def _decisive(answer: str, body: Sequence[Step], reason: Step) -> int | None:
    """Return the index of the step that comes to the answer; None where none says it."""
    if not body:
        return None
    last, numbers = body[-1], _NUMBER.findall(answer)
    is_few = len(numbers) == 1 and numbers[0].isdigit() and int(numbers[0]) <= FEW  # it may be said of many things
    if answer in _VERDICTS or _OPTION.fullmatch(answer) or is_few:
        comes_to_it = set(reason.cites) & set(last.cites) or (last.kind == "finding" and not reason.cites)
        return len(body) - 1 if comes_to_it and (not is_few or _mentions(last, numbers)) else None
    parts = re.split(r"[,;] ", answer)
    for index in range(len(body) - 1, -1, -1):
        is_last = index == len(body) - 1 and body[index].kind != "fact"
        if (is_last or (numbers and body[index].claims) or len(parts) > 1) and _mentions(body[index], parts):
            return index
    return None


def _mentions(step: Step, parts: Sequence[str]) -> bool:
    """Return whether each telling of a step has every part of an answer; a date need not have its year."""
    wanted: list[str] = []
    for part in parts:
        day = _DAY.fullmatch(part)
        wanted += [day[1]] if day else _NUMBER.findall(part) or ([] if part in step.cites else [part])
    patterns = [re.compile(rf"(?<![\w.,]){re.escape(each)}(?!\w|[.,]\d)", re.IGNORECASE) for each in wanted]
    return all(pattern.search(text) for text in step.texts for pattern in patterns)


def _before(last: int, body: Sequence[Step]) -> Iterator[int]:
    """Yield the indices of the steps that a step computes with, each the only one of the step after it."""
    for _ in range(MAX_GROUNDS - 1):
        operands = " ".join(claim.partition(" = ")[0] for claim in body[last].claims)
        feeding = [
            index
            for index in range(last)
            if any(
                re.search(rf"(?<![\d.-]){re.escape(result)}(?![\d-]|\.\d)", operands)
                for result in _results(body[index])
            )
        ]
        if len(feeding) != 1:
            return
        last = feeding[0]
        yield last


def _results(step: Step) -> set[str]:
    return {match[1] for match in map(_RESULT.search, step.claims) if match and len(match[1]) > 1}


def _numbers(step: Step) -> frozenset[str]:
    """Return the figures that every telling of a step has."""
    return frozenset.intersection(*(frozenset(_NUMBER.findall(text)) for text in step.texts))
