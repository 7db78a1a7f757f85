"""Chats in a column: `role`/`content` or ShareGPT's `from`/`value`, as a list or as its JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

Turn: TypeAlias = Mapping[str, Any]

ASKERS = frozenset({"user", "human"})
MODELS = frozenset({"assistant", "gpt", "model", "chatgpt", "bot"})
_REASONINGS = ("reasoning_content", "thinking", "reasoning", "thought")


def chat_of(value: object) -> list[Turn] | None:
    """Return the turns of a chat, or of the first chat in a list of chats; None for anything else."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    is_chat = (
        isinstance(value, list) and bool(value) and all(isinstance(turn, Mapping) and role_of(turn) for turn in value)
    )
    return value if is_chat else None  # type: ignore[return-value]


def role_of(turn: Turn) -> str:
    """Return who speaks, in lower case; empty if the turn does not say."""
    role = turn.get("role", turn.get("from"))
    return role.lower() if isinstance(role, str) else ""


def said_in(turn: Turn) -> str:
    """Return the text of a turn, its parts joined."""
    content = turn.get("content", turn.get("value"))
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part if isinstance(part, str) else part.get("text") for part in parts if isinstance(part, str | Mapping))
    return "".join(text for text in texts if isinstance(text, str))


def reasoning_in(turn: Turn) -> str:
    """Return the reasoning that a turn has beside its text; empty if it has none."""
    return next((text for name in _REASONINGS if isinstance(text := turn.get(name), str) and text.strip()), "")


def last_question(chat: Sequence[Turn]) -> str:
    """Return what the asker said last; empty where nobody asks."""
    return next((said_in(turn) for turn in reversed(chat) if role_of(turn) in ASKERS), "")


def transcript(chat: Sequence[Turn]) -> str:
    """Return a chat as text up to the asker's last turn, each turn after the role of its speaker."""
    last = max((i for i, turn in enumerate(chat) if role_of(turn) in ASKERS), default=-1)
    return "\n\n".join(f"{role_of(turn).title()}: {said_in(turn)}" for turn in chat[: last + 1])
