"""Reasoning and response of a completion, split at the marks that models put around their reasoning.

One table for all readers: answers of endpoints, recorded traces, rows that are verified or paid for.

| marks | who writes them |
| --- | --- |
| `<think>`, `<thinking>`, `<thought>`, `<thoughts>`, `<reasoning>` ... | most open models |
| `<seed:think>` | Seed-OSS |
| `[THINK]` ... `[/THINK]` | Magistral |
| `◁think▷` ... `◁/think▷` | Kimi |
| `<|begin_of_thought|>` ... `<|begin_of_solution|>` | OpenThoughts, Sky-T1, Bespoke-Stratos |
| `<|channel|>analysis<|message|>` ... `<|channel|>final<|message|>` | gpt-oss (the harmony format) |
| `<|channel>thought` ... `<channel|>` | Gemma |
| `<|START_THINKING|>` ... `<|START_RESPONSE|>` | Cohere |
| `<|inner_prefix|>` ... `<|inner_suffix|>` | Apertus |
| `<mm:think>`, `<antThinking>` | MiniMax, Anthropic's early form |

A chat template may open the reasoning in the prompt, so that a completion begins inside of it: a closing mark without
its opening one ends the reasoning. An answer may speak of such marks: only those count that begin the text, or close
what began before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple


class Marks(NamedTuple):
    """What opens and closes reasoning; `may_be_open` where a template can have opened it in the prompt."""

    opening: str
    closing: str
    may_be_open: bool = False


TABLE = (
    Marks("<think>", "</think>", may_be_open=True),
    Marks("<thinking>", "</thinking>"),
    Marks("<thought>", "</thought>"),
    Marks("<thoughts>", "</thoughts>"),
    Marks("<reasoning>", "</reasoning>"),
    Marks("<antThinking>", "</antThinking>"),
    Marks("<mm:think>", "</mm:think>", may_be_open=True),
    Marks("<seed:think>", "</seed:think>", may_be_open=True),
    Marks("[THINK]", "[/THINK]", may_be_open=True),
    Marks("◁think▷", "◁/think▷", may_be_open=True),
    Marks("<|begin_of_thought|>", "<|end_of_thought|>", may_be_open=True),
    Marks("<|channel>thought", "<channel|>"),
    Marks("<|START_THINKING|>", "<|END_THINKING|>", may_be_open=True),
    Marks("<|inner_prefix|>", "<|inner_suffix|>", may_be_open=True),
)
_SOLUTIONS = (
    ("<|begin_of_solution|>", "<|end_of_solution|>"),
    ("<|START_RESPONSE|>", "<|END_RESPONSE|>"),
    ("<response>", "</response>"),
)
_ENDS = (
    *("<|return|>", "<|end|>", "<|im_end|>", "<|eot_id|>", "<|endoftext|>", "<|end_of_turn|>", "<|end_of_text|>"),
    *("<end_of_turn>", "<turn|>", "</s>"),
)
_CHANNEL = re.compile(r"<\|channel\|>\s?(\w{1,20})[^<>]{0,60}(?:<\|constrain\|>\s?\w{0,20})?<\|message\|>")
_SEGMENT_END = re.compile(r"<\|(?:end|return|call|start)\|>")
_STRIPPED = re.compile(r"analysis(?=\S)(.*?)assistantfinal(.*)\Z", re.DOTALL)  # harmony without its special tokens
_LEFT_OVER = re.compile(
    r"</?(?:\w{1,9}:)?(?:think|thinking|ant_?thinking|thoughts?|reason|reasoning|reflection|scratchpad|inner_monologue"
    r"|chain_of_thought|thought_process|thinking_process)>|\[/?THINK\]|◁/?think▷|<\|/?(?:think|thinking|thought)\|>"
    r"|<\|(?:START|END)_(?:THINKING|RESPONSE)\|>|<\|inner_(?:prefix|suffix)\|>|<details type=\"reasoning\""
    r"|<\|(?:begin|end)_of_(?:thought|solution)\|>|<\|(?:channel|message|start|end|return|im_end|eot_id)\|>"
    r"|<\|channel>|<channel\|>",
    re.IGNORECASE,
)
_MAX_BLOCKS = 16


def split_thinking(text: str, tags: Sequence[str] = ()) -> tuple[str, str]:
    """Split a completion into (reasoning, response), both without the marks and the white space around them.

    `tags` are further names, as `scratchpad` for `<scratchpad>` ... `</scratchpad>`. Without a mark all is response.
    After an opening mark that is never closed everything is reasoning: the answer never came.
    """
    table = (*(Marks(f"<{tag}>", f"</{tag}>") for tag in tags), *TABLE)
    if "<|channel|>" in text[:200]:
        # The harmony format: the channel `final` is the response, all others are reasoning.
        by_channel: dict[bool, list[str]] = {True: [], False: []}
        for channel in _CHANNEL.finditer(text):
            end = _SEGMENT_END.search(text, channel.end())
            piece = text[channel.end() : end.start() if end else len(text)]
            by_channel[channel[1] == "final"].append(piece.strip())
        return "\n\n".join(filter(None, by_channel[False])), "\n\n".join(filter(None, by_channel[True]))
    if stripped := _STRIPPED.match(text):
        return stripped[1].strip(), _ended(stripped[2])
    reasoning, rest = _blocks(text, table)
    if not reasoning and rest is text:
        reasoning, rest = _opened_before(text, table)
    response = _ended(rest)
    for opening, closing in _SOLUTIONS:
        if response.startswith(opening) and (reasoning or opening.startswith("<|")):
            response = response.removeprefix(opening).partition(closing)[0].strip()
    return "\n\n".join(filter(None, reasoning)), response


def begins_with_mark(text: str) -> bool:
    """Return whether a text begins with a mark that opens reasoning."""
    start = text.lstrip()[:40].lower()
    return start.startswith(("<|channel|>", *(marks.opening.lower() for marks in TABLE)))


def left_over(response: str) -> str:
    """Return the first mark of reasoning that a response still has; empty if it has none."""
    match = _LEFT_OVER.search(response)
    return match.group() if match else ""


def _blocks(text: str, table: Sequence[Marks]) -> tuple[list[str], str]:
    """Return the reasoning of the blocks that a text begins with, and what follows; without one, the text itself."""
    reasoning: list[str] = []
    rest, num = text, 0
    while num < _MAX_BLOCKS:
        start = rest.lstrip()
        marks = next((marks for marks in table if start[: len(marks.opening)].lower() == marks.opening.lower()), None)
        if marks is None:
            break
        inside, closed, rest = _cut_at(start[len(marks.opening) :], marks.closing)
        reasoning.append(inside.strip())
        num += 1
        if not closed:
            return reasoning, ""
    return reasoning, rest


def _opened_before(text: str, table: Sequence[Marks]) -> tuple[list[str], str]:
    """Return what stands before a closing mark whose opening one is in the prompt, and what follows it."""
    for marks in table:
        # One character is looked for first, since that is quick.
        if marks.may_be_open and marks.closing[0] in text and marks.closing[:2] in text:
            inside, closed, rest = _cut_at(text, marks.closing)
            if closed and marks.opening.lower() not in inside.lower():
                return [inside.strip()], rest
    return [], text


def _cut_at(text: str, mark: str) -> tuple[str, bool, str]:
    """Return what stands before a mark, in whatever case it is written, whether it is there, and what follows."""
    match = re.search(re.escape(mark), text, re.IGNORECASE)
    return (text[: match.start()], True, text[match.end() :]) if match else (text, False, "")


def _ended(response: str) -> str:
    """Return a response without the tokens that end a turn, which some servers print."""
    response = response.strip()
    for _ in range(_MAX_BLOCKS):
        if not response.endswith(_ENDS):
            break
        response = next(response.removesuffix(end) for end in _ENDS if response.endswith(end)).rstrip()
    return response
