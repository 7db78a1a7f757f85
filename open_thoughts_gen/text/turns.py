"""A chat as it is exported, and the styles in which its messages can carry the reasoning.

| style | the assistant's message |
| --- | --- |
| `inline` | `content`: the reasoning in `<think>` tags, an empty line, the response |
| `reasoning_content` | the reasoning in a field of this name beside `content`; Qwen, Nemotron, GLM, Gemma 4 |
| `thinking` | the same in the field `thinking`; gpt-oss and LFM 2.5 before transformers 5.21 |
| `none` | the response alone |
| `text` | no message: the chat as text, rendered up to where the assistant begins (`proof.text_of`) |

A think tag inside a text gets a zero-width space after its `<`, so that exactly one pair of tags parts reasoning and
response. White space around a text is left out: templates leave it out too, and not all alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from open_thoughts_gen.types import Sample

Style = Literal["inline", "reasoning_content", "thinking", "none", "text"]
Role = Literal["system", "user", "assistant"]
STYLES: tuple[Style, ...] = ("inline", "reasoning_content", "thinking")
_THINK = re.compile(r"<(?=\s*/?\s*think\s*>)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a chat; `reasoning` is empty in all but the assistant's."""

    role: Role
    content: str
    reasoning: str = ""

    def message(self, style: Style) -> dict[str, str]:
        """Return the turn as a message of a style; only a turn with reasoning has the field for it."""
        content = inline(self.reasoning, self.content) if style == "inline" and self.reasoning else self.content
        beside: dict[str, str] = (
            {style: self.reasoning} if style in ("reasoning_content", "thinking") and self.reasoning else {}
        )
        return {"role": self.role, "content": content, **beside}


Chat = Sequence[Turn]


def messages(chat: Chat, style: Style) -> list[dict[str, str]]:
    """Return a chat as messages of a style."""
    return [turn.message(style) for turn in chat]


def inline(reasoning: str, response: str) -> str:
    """Return reasoning in `<think>` tags, and the response after an empty line."""
    return f"<think>\n{reasoning}\n</think>\n\n{response}"


def chat_of(sample: Sample, *, system: str = "") -> tuple[Turn, ...]:
    """Return the chat of a sample: the system's turn if there is one, the question, reasoning with response."""
    trace = sample.trace
    reasoning, response = (
        untagged(text.strip()) for text in ((trace.reasoning, trace.response) if trace else ("", ""))
    )
    first: tuple[Turn, ...] = (Turn("system", valid(system)),) if system else ()
    asked = Turn("user", valid(sample.question.prompt.strip()))
    return (*first, asked, Turn("assistant", valid(response), valid(reasoning)))


def untagged(text: str) -> str:
    """Return a text whose think tags are none any more, and look the same."""
    return _THINK.sub("<\u200b", text)


def valid(text: Any) -> str:  # noqa: ANN401
    """Return text that UTF-8 can hold: a lone surrogate becomes `?`."""
    return str(text).encode("utf-8", "replace").decode("utf-8")
