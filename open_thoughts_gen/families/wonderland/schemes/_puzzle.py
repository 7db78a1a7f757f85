"""A puzzle as it is drawn: its text, its answer, and the secret rule behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Puzzle:
    """A puzzle.

    `rule` is what the examples hide (JSON): no solver sees it; it is published for people to look at. `structure` names
    the rule for splits that hold out whole rules; empty where every puzzle has the same, or one of its own.
    """

    scheme: str
    prompt: str
    answer: str
    rule: Mapping[str, Any]
    structure: str = ""


def prompt(opening: str, examples: Sequence[str], question: str, gap: str = "") -> str:
    """Return the text of a puzzle: `gap` stands between its parts, besides the ends of lines."""
    return f"In Alice's Wonderland, {opening}\n" + "\n".join(examples) + f"\n{gap}{question}"
