"""Reads a telling back: which step of a derivation each sentence of a trace tells.

    aligned = alignment(derivation, notes, reasoning, response)
    aligned.passages     # where each step is said, or
    aligned.fault        # the first place where the trace says something else

A trace tells a derivation if it consists of nothing but tellings of its steps, in the order of one of the narrations'
plans (`plan`), with the phrases that may stand before them, and closes with the derivation's answer. So a figure, a
date, a party or a citation is right where it stands and not only present, and a step that is missing, moved, negated or
turned round is seen, whatever it says.

The text is read from left to right, once for each plan: every place that the tellings so far can reach is followed, so
the time is linear in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from open_thoughts_gen.narration.plan import NUM_PHRASES, Narration, Paragraph, briefest, listed, phrases, plans
from open_thoughts_gen.text import shorten
from open_thoughts_gen.types import Derivation, Step, TraceSpan

OTHER_WORDS, OUT_OF_ORDER = "not as derived", "a step is missing or moved"
OTHER_END, OTHER_RESPONSE = "another conclusion", "the response is not as derived"
FAULTS = frozenset((OTHER_WORDS, OUT_OF_ORDER, OTHER_END, OTHER_RESPONSE))
MAX_PHRASES = max(number for numbers in NUM_PHRASES.values() for number in numbers)
_COMMONEST_FIRST: tuple[Narration, ...] = ("normal", "brief", "deliberate")
_MAX_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Mismatch:
    """The first place where a trace says something else than its derivation: the cause, and the details."""

    cause: str
    explanation: str
    position: int = 0


@dataclass(frozen=True, slots=True)
class Alignment:
    """Where a trace says each step, in its order; or where it says something else."""

    passages: tuple[TraceSpan, ...] = ()
    fault: Mismatch | None = None


@dataclass(frozen=True, slots=True)
class _Slot:
    """What comes next in a text: one of the joints, perhaps a phrase, a mark, and one of the tellings."""

    kind: str
    texts: Sequence[str]
    joints: Sequence[str] = ("",)
    step: int | None = None
    phrases: Sequence[str] = ()
    after_phrase: str = " "
    mark: str = ""
    again: bool = False
    may_be_missing: bool = False


_Chain = tuple[TraceSpan, "_Chain"] | None  # passages, the last one first
_Part = Literal["reasoning", "response"]


def alignment(derivation: Derivation, notes: Callable[[], Sequence[Step]], reasoning: str, response: str) -> Alignment:
    """Return where a trace says each step of a derivation, by the narration that fits; `notes` is asked where needed.

    Where none fits, the fault is that of the narration that goes furthest.
    """
    tried: list[Mismatch] = []
    narrations: Sequence[Narration] = ("deliberate", "normal", "brief") if "\n- " in reasoning else _COMMONEST_FIRST
    for slots in _plans_of_slots(derivation, notes, narrations):
        passages = _read("reasoning", slots, reasoning)
        if isinstance(passages, Mismatch):
            tried.append(passages)
            continue
        is_log = not slots or slots[-1].kind != "close"
        boxed = [_Slot("conclude", [f"\\boxed{{{derivation.answer}}}"])]
        answered = _answered(derivation, response) if not is_log else _read("response", boxed, response)
        if isinstance(answered, Mismatch):
            return Alignment(fault=Mismatch(OTHER_RESPONSE, answered.explanation))
        if sum(passage.kind == "phrase" for passage in passages) <= MAX_PHRASES:
            return Alignment((*passages, *answered))
        tried.append(Mismatch(OTHER_WORDS, f"more than {MAX_PHRASES} phrases between the steps"))
    return Alignment(fault=max(tried, key=lambda fault: fault.position))


def _plans_of_slots(
    derivation: Derivation, notes: Callable[[], Sequence[Step]], narrations: Sequence[Narration]
) -> Iterator[list[_Slot]]:
    """Yield what each way to tell a derivation consists of, and at last its log."""
    index_of = {id(step): index for index, step in enumerate(derivation.steps)}
    closing = [phrase.replace("{answer}", derivation.answer) for phrase in phrases()["close"]]
    for narration in narrations:
        for plan in plans(derivation, narration, notes() if narration == "deliberate" else ()):
            slots: list[_Slot] = []
            for paragraph in plan.paragraphs():
                slots += _paragraph(paragraph, index_of, is_first=not slots)
            if narration == "brief":
                slots = list(_shortest(slots))
            yield [*slots, _Slot("close", closing, ("\n\n",) if slots else ("",))]
    lines = [step for step in derivation.steps if step.kind != "answer"]
    yield [
        _Slot(step.kind, step.texts[:1], ("\n",) if position else ("",), index_of[id(step)])
        for position, step in enumerate(lines)
    ]


def _paragraph(paragraph: Paragraph, index_of: dict[int, int], *, is_first: bool) -> Iterator[_Slot]:
    is_list = paragraph.part == "notes"
    within = {"notes": ("\n",), "trials": ("\n", "\n\n"), "changes": ("\n", "\n\n")}.get(paragraph.part, (" ",))
    for position, step in enumerate(paragraph.steps):
        banks = paragraph.phrases_before(position, is_first=is_first)
        yield _Slot(
            "note" if is_list else step.kind,
            step.texts,
            within if position else ("",) if is_first else ("\n\n",),
            index_of.get(id(step)),
            [phrase for bank, _ in banks for phrase in phrases()[bank]],
            after_phrase="\n" if is_list else " ",
            mark="- " if is_list else "",
            again=paragraph.part in ("recap", "again", "reason"),
        )


def _shortest(slots: Sequence[_Slot]) -> Iterator[_Slot]:
    """Yield slots as a brief narration fills them: no phrases, and each step in the few words that it takes.

    Else a longer narration that lost a step could pass for a brief one.
    """
    used: set[str] = set()
    for slot in slots:
        text = briefest(slot.texts, used)
        used.add(text)
        yield replace(slot, texts=(text,), phrases=())


def _answered(derivation: Derivation, response: str) -> list[TraceSpan] | Mismatch:
    """Read a response with the steps that lead to its reason, or without them, as a shorter one has it."""
    answered = _read("response", _response(derivation, has_grounds=True), response)
    is_short = isinstance(answered, Mismatch)
    return _read("response", _response(derivation, has_grounds=False), response) if is_short else answered


def _response(derivation: Derivation, *, has_grounds: bool) -> list[_Slot]:
    """Return what a response consists of: steps, the decisive reason, perhaps what it rests on, and the answer."""
    index_of = {id(step): index for index, step in enumerate(derivation.steps)}
    reasons = [step for step in derivation.steps if step.kind == "answer"][:1]
    said = [(reason, reason.texts) for reason in reasons]
    if has_grounds:
        said = [*((step, step.alone) for reason in reasons for step in reason.grounds), *said]
    slots = [
        _Slot(step.kind, texts, (" ",) if position else ("",), index_of[id(step)])
        for position, (step, texts) in enumerate(said)
    ]
    for cites in (reason.cites for reason in reasons if reason.cites):
        rests = [phrase.replace("{cites}", listed(cites)) for phrase in phrases()["ground"]]
        slots.append(_Slot("phrase", rests, (" ",), may_be_missing=True))
    return [*slots, _Slot("conclude", [f"Answer: {derivation.answer}"], ("\n\n",))]


def _read(part: _Part, slots: Sequence[_Slot], text: str) -> list[TraceSpan] | Mismatch:
    """Return where a text says what its slots hold, or the furthest place where it does not."""
    ways: dict[int, _Chain] = {0: None}
    for number, slot in enumerate(slots):
        reached: dict[int, _Chain] = dict(ways) if slot.may_be_missing else {}
        for position, chain in ways.items():
            for said in _continued(part, slot, text, position):
                longer = chain
                for passage in said:
                    longer = (passage, longer)
                reached.setdefault(said[-1].end, longer)
        if not reached:
            return _mismatch(slots, number, text, max(ways))
        ways = reached
    if len(text) not in ways:
        position = max(ways)
        shown = shorten(text[position:].strip(), _MAX_SHOWN)
        return Mismatch(OTHER_END, f"more follows where it should end: {shown!r}", position)
    chain, passages = ways[len(text)], list[TraceSpan]()
    while chain is not None:
        passage, chain = chain
        passages.append(passage)
    return passages[::-1]


def _continued(part: _Part, slot: _Slot, text: str, position: int) -> Iterator[list[TraceSpan]]:
    """Yield the passages that a slot can be read as from a position."""
    for joint in slot.joints:
        if not text.startswith(joint, position):
            continue
        start = position + len(joint)
        starts: list[tuple[int, list[TraceSpan]]] = [(start, [])]
        for phrase in slot.phrases:
            end = start + len(phrase)
            if text.startswith(phrase, start) and text.startswith(slot.after_phrase, end):
                starts.append((end + len(slot.after_phrase), [TraceSpan(part, start, end, "phrase")]))
        for begin, before in starts:
            first = begin + len(slot.mark)
            for telling in slot.texts if text.startswith(slot.mark, begin) else ():
                if text.startswith(telling, first):
                    said = TraceSpan(part, first, first + len(telling), slot.kind, slot.step, slot.again)
                    yield [*before, said]


def _mismatch(slots: Sequence[_Slot], number: int, text: str, position: int) -> Mismatch:
    """Return what is wrong at the place where a text does not go on with the slot of this number."""
    expected, rest = slots[number], text[position : position + 2000].lstrip()
    said = shorten(rest.partition("\n")[0] or "nothing", _MAX_SHOWN)
    if expected.kind in ("close", "conclude"):
        return Mismatch(OTHER_END, f"it should end on the answer, and says {said!r}", position)
    is_telling = any(rest.removeprefix("- ").startswith(telling) for slot in slots for telling in slot.texts)
    cause = OUT_OF_ORDER if is_telling or not rest else OTHER_WORDS
    wanted = shorten(expected.texts[0], _MAX_SHOWN) if expected.texts else "nothing"
    return Mismatch(
        cause, f"after {position} characters it says {said!r}, and not {wanted!r} ({expected.kind})", position
    )
