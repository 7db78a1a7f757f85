"""Kinds of question that only arguments ask."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from open_thoughts_gen.families.kit.kinds import Flip, InOrder


class Keeps(Flip):
    """Which one of these changes leaves the result as it is."""

    trial: ClassVar[str] = "cut"

    def is_right(self, result: object, option: object) -> bool:
        """Return whether the option comes to the same."""
        return result == option


@dataclass(frozen=True, slots=True)
class InTurn(InOrder):
    """Names one after another, of which any may come up again: `deduction, causal, deduction`."""

    closing: str = "closing/in_turn"

    def read(self, answer: str) -> object | None:
        """Return the names in the order in which the answer has them; None where it has anything else but numbers."""
        pattern = rf"(?<!\w)(?:{'|'.join(self.names)})(?!\w)"
        rest = re.sub(rf"{pattern}|[\d\s,.;:()]|\band\b", "", answer, flags=re.IGNORECASE)
        stated = re.findall(pattern, answer, re.IGNORECASE)
        return tuple(name.lower() for name in stated) if stated and not rest else None
