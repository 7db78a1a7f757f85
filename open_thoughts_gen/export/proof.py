"""The proof that a template keeps the reasoning: once, whole, before the answer, in the right channel, in the loss.

A template is a program, and what it does to a row depends on what stands in it. So a chat is rendered twice. First with
a word in place of each text, which no template knows: the skeleton shows what the template does to chats of this shape.
Then with its texts: the outcome has to be the skeleton with the words replaced, to the character. Where it is not, the
texts of the row have changed what the template does. A row that contains a mark of the template itself, such as
`<|im_end|>`, is rendered right and read wrong, so such marks are looked for as well.

The right channel is the template's own: where it renders a field of a message as reasoning without `<think>`, literal
tags in the content are learnt as plain text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from open_thoughts_gen.export.templates import ChatTemplate, Rendered, RenderError
from open_thoughts_gen.text.thinking import TABLE
from open_thoughts_gen.text.turns import Chat, Style, Turn, messages

Rendering = Literal["whole", "slice", "lone"]
_WORD = re.compile(r"zq[cr]\d+x")
_MARK = re.compile(r"<\|[^<>|\s]{1,40}\|>|<｜[^<>\s]{1,40}｜>|</?\|?[A-Za-z_]{1,40}\|?>|\[/?[A-Z_]{3,20}\]")
_TAGS = frozenset(tag for marks in TABLE for tag in (marks.opening, marks.closing))
_EMPTY = re.compile("|".join(rf"{re.escape(marks.opening)}\s*{re.escape(marks.closing)}" for marks in TABLE))


@dataclass(frozen=True, slots=True)
class Skeleton:
    """What a template does to all chats of a shape, in a style.

    `text` has a word in place of each text, and so has `prompt`, which is the chat up to where the last turn begins.
    `reasoning` and `responses` count how often those of each turn come out. `mask` says which of both the template puts
    in the loss, for each turn of the assistant; it is empty where the template does not say. `marks` are its marks.
    """

    text: str = ""
    prompt: str = ""
    reasoning: tuple[int, ...] = ()
    responses: tuple[int, ...] = ()
    faults: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    marks: frozenset[str] = frozenset()

    def filled(self, chat: Chat) -> str:
        """Return the skeleton with the texts of a chat in place of its words."""
        texts = dict(_texts(chat))
        return _WORD.sub(lambda word: texts.get(word.group(), word.group()), self.text)


@dataclass
class Prover:
    """Proves chats rendered by one template, in one style, as one trainer renders them."""

    template: ChatTemplate
    style: Style
    rendering: Rendering = "whole"
    skeletons: dict[tuple[object, ...], Skeleton] = field(default_factory=dict)

    def skeleton(self, chat: Chat) -> Skeleton:
        """Return what the template does to chats of this one's shape."""
        shape = tuple((turn.role, bool(turn.content), bool(turn.reasoning)) for turn in chat)
        if shape not in self.skeletons:
            self.skeletons[shape] = skeleton_of(self.template, chat, self.style, self.rendering)
        return self.skeletons[shape]

    def faults(self, chat: Chat) -> tuple[str, ...]:
        """Return what is wrong with a chat as it is rendered; empty if it is proved."""
        skeleton = self.skeleton(chat)
        if skeleton.faults:
            return skeleton.faults
        try:
            text = rendered(self.template, chat, self.style)[0].text
        except RenderError as error:
            return (f"the template refuses it: {error}",)
        if text != skeleton.filled(chat):
            return ("its texts change what the template does",)
        marks = skeleton.marks | self.template.special
        # A question may speak of the tags around reasoning: the model reads it, and is not taught to write it.
        holding = {
            mark
            for turn in chat
            for mark in (marks if turn.role == "assistant" else marks - _TAGS)
            if mark in turn.content or mark in turn.reasoning
        }
        return tuple(f"its text contains {mark}, a mark of the template" for mark in sorted(holding))

    def num_tokens(self, chat: Chat) -> int:
        """Return how long a chat is for the trainer: tokens, or bytes without a tokenizer."""
        return self.template.count(self.skeleton(chat).filled(chat))


def skeleton_of(template: ChatTemplate, chat: Chat, style: Style, rendering: Rendering = "whole") -> Skeleton:
    """Return what a template does to chats of a shape; what it refuses is a fault."""
    worded = [
        replace(turn, content=f"zqc{i}x" if turn.content else "", reasoning=f"zqr{i}x" if turn.reasoning else "")
        for i, turn in enumerate(chat)
    ]
    try:
        whole, prompt = rendered(template, worded, style)
        read = whole.text
        if rendering == "slice":
            read = whole.text[len(prompt) :]
        elif rendering == "lone":
            read = one_by_one(template, worded, style, before=before_chats(template))
    except RenderError as error:
        return Skeleton(faults=(f"the template refuses it: {error}",))
    assistants = [turn for turn in worded if turn.role == "assistant"]
    inside = "\n".join(whole.text[start:end] for start, end in whole.generated)
    mask = tuple(
        "".join(letter if word in inside else "-" for letter, word in (("R", turn.reasoning), ("A", turn.content)))
        for turn in (assistants if whole.generated else ())
    )
    faults = _faults_of_turns(read, assistants[-1:] if rendering == "slice" else assistants)
    if any(turn.reasoning for turn in assistants) and _EMPTY.search(read):
        faults.append("an empty block of reasoning comes first")
    if style in ("inline", "text") and has_own_channel(template, worded):
        faults.append("the reasoning is in the wrong channel")
    if not whole.text.startswith(prompt):
        faults.append("the prompt is not a prefix")
    if rendering == "lone" and read != whole.text:
        faults.append("its messages, rendered one by one, are another chat")
    faults += [
        f"{what} is outside the loss"
        for i, what in enumerate(("the reasoning", "the response"))
        if any(m[i] == "-" for m in mask)
    ]
    return Skeleton(
        whole.text,
        prompt,
        tuple(read.count(turn.reasoning) for turn in assistants if turn.reasoning),
        tuple(read.count(turn.content) for turn in assistants if turn.content),
        tuple(dict.fromkeys(faults)),
        mask,
        frozenset(_MARK.findall(_WORD.sub("\n", whole.text))),
    )


def rendered(template: ChatTemplate, chat: Chat, style: Style) -> tuple[Rendered, str]:
    """Return a chat as it is rendered in a style, and its text up to where its last turn begins.

    Raises:
        RenderError: the template refuses it.

    """
    if style == "text":
        prompt, completion = text_of(template, chat)
        return Rendered(prompt + completion), prompt
    prompt = template.render(messages(chat[:-1], style), open_turn=True).text
    return template.render(messages(chat, style)), prompt


def text_of(template: ChatTemplate, chat: Chat) -> tuple[str, str]:
    """Return a chat as text: the prompt, rendered, and what is to follow it, the end of the turn included.

    For templates that keep no reasoning in any message. Where the prompt opens the reasoning, the completion does not.

    Raises:
        RenderError: the template refuses it, or it has no turn to complete.

    """
    *asked, last = chat
    prompt = template.render(messages(asked, "inline"), open_turn=True).text
    word = "zqendx"
    _, word, end = template.render(
        messages([*asked, replace(last, content=word, reasoning="")], "none")
    ).text.rpartition(word)
    if not word:
        raise RenderError("it loses responses")
    completion = last.message("inline")["content"]
    if prompt.rstrip().endswith("<think>"):
        completion = completion.removeprefix("<think>\n") if last.reasoning else f"\n</think>\n\n{last.content}"
    return prompt, completion + end


def one_by_one(template: ChatTemplate, chat: Chat, style: Style, *, before: str) -> str:
    """Return a chat whose messages are rendered alone and put together; what stands `before` a chat stands there once.

    Raises:
        RenderError: the template refuses a message.

    """
    first, *others = [template.render([message]).text for message in messages(chat, style)]
    return first + "".join(text.removeprefix(before) for text in others)


def before_chats(template: ChatTemplate) -> str:
    """Return what a template puts before any chat, as verl finds it: a system prompt, the token that begins a text."""
    empty = Turn("user", "").message("none")
    try:
        one, two = (template.render([empty] * num).text for num in (1, 2))
    except RenderError:  # it wants turns that alternate
        return template.tokens["bos_token"]
    return one[: max(0, 2 * len(one) - len(two))]


def _faults_of_turns(text: str, assistants: Chat) -> list[str]:
    """Return what is wrong with the turns of the assistant in a rendered chat of words."""
    faults = []
    for turn in assistants:
        for what, word in (("the reasoning", turn.reasoning), ("the response", turn.content)):
            count = text.count(word) if word else 1
            if count != 1:
                faults.append(f"{what} is lost" if count == 0 else f"{what} comes out {count} times")
        if turn.reasoning and turn.content and text.find(turn.reasoning) > text.find(turn.content) >= 0:
            faults.append("the reasoning comes after the response")
    return faults


def has_own_channel(template: ChatTemplate, chat: Chat) -> bool:
    """Return whether a template renders a field of a message as reasoning, and not in `<think>` tags."""
    last = [turn.reasoning for turn in chat if turn.reasoning][-1:]
    for style in ("reasoning_content", "thinking"):
        try:
            text = template.render(messages(chat, style)).text
        except RenderError:
            continue
        before, word, _ = text.partition(last[0]) if last else ("", "", "")
        if word and not before.rstrip().endswith("<think>"):
            return True
    return False


def _texts(chat: Chat) -> list[tuple[str, str]]:
    """Return the texts of a chat, each with the word that stands for it in a skeleton."""
    return [
        (f"zq{letter}{i}x", text)
        for i, turn in enumerate(chat)
        for letter, text in (("c", turn.content), ("r", turn.reasoning))
        if text
    ]
