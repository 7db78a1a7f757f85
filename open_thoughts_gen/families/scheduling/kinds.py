"""A time of day, or one of the rules of a case, as an answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.kinds import Kind
from open_thoughts_gen.families.scheduling.forms import HOUR, ClockForm

_TIME = re.compile(r"(?<![\d:.])(\d{1,2})(?:[:.](\d\d))?\s*(?:([ap])\.?m\b\.?)?(?![\d:])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TimeOfDay(Kind):
    """A time of day, `14:30`; its values are minutes after midnight."""

    closing: str = "closing/clock"

    def canonical(self, value: int) -> str:
        """Return "14:30"."""
        return ClockForm().write(value, "", PrintedSoFar())

    def read(self, answer: str) -> object | None:
        """Return the one time in the answer; a bare number is none."""
        times = {_minutes(*match.groups()) for match in _TIME.finditer(answer) if match[2] or match[3]}
        return times.pop() if len(times) == 1 else None


@dataclass(frozen=True, slots=True)
class WhichRule(Kind):
    """One of the rules that a case prints, by its label; its values are the keys of `labels`."""

    labels: Mapping[str, str]
    closing: str = "closing/rule"

    def canonical(self, value: str) -> str:
        """Return "Rule 4"."""
        return self.labels[value]

    def read(self, answer: str) -> object | None:
        """Return the key of the one rule that the answer names, by its label or its bare number; else its number."""
        numbers = set(re.findall(r"\d+", answer))
        bare = {key: re.sub(r"\D", "", label) for key, label in self.labels.items()}
        is_bare = answer.strip().rstrip(".").isdigit()
        keys = [key for key, label in self.labels.items() if {bare[key]} == numbers and (is_bare or label in answer)]
        return (keys or [f"another, {min(numbers)}"])[0] if len(numbers) == 1 else None


def _minutes(hours: str, minutes: str | None, half: str | None) -> int | None:
    hour = int(hours) % 12 + 12 * (half.lower() == "p") if half else int(hours)
    return hour * HOUR + int(minutes or 0) if hour < 24 and int(minutes or 0) < HOUR else None
