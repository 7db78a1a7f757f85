"""The lines of a log as they are gone through, and the fault of the first that does not follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from open_thoughts_gen.text import shorten

_MAX_SHOWN = 80


class DoesNotFollowError(ValueError):
    """A line does not follow from the prompt and the lines before it; `number` counts from 1."""

    def __init__(self, number: int, explanation: str) -> None:
        super().__init__(f"line {number}: {explanation}")
        self.number = number


def printed_line(reading: str, digits: str, sign: str) -> str:
    """Return the line on how a result is printed: its digits as they stand, and where its sign goes."""
    if not sign:
        return f"{reading}, so {digits}; not negative, so no sign"
    return f"{reading}, so {digits}; negative, so {sign} {'in front' if reading != 'flipped' else 'behind'}"


@dataclass(slots=True)
class LogLines:
    """Lines, and how many of them have been gone through."""

    lines: Sequence[str]
    num_done: int = 0

    @property
    def next(self) -> str:
        """The line that comes next, empty at the end."""
        return self.lines[self.num_done] if self.num_done < len(self.lines) else ""

    def take(self, *texts: str) -> str:
        """Go on if the next line is one of these texts, and return it.

        Raises:
            DoesNotFollowError: it is not.

        """
        if self.next not in texts or self.num_done == len(self.lines):
            raise self.fault(f"{shorten(texts[0], _MAX_SHOWN)!r} follows")
        self.num_done += 1
        return self.lines[self.num_done - 1]

    def read(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """Go on if the next line has this form, and return its parts.

        Raises:
            DoesNotFollowError: it has not.

        """
        match = pattern.fullmatch(self.next)
        if match is None:
            raise self.fault(f"no line of this form follows: {pattern.pattern}")
        self.num_done += 1
        return match

    def finish(self) -> None:
        """Check that no line is left.

        Raises:
            DoesNotFollowError: one is.

        """
        if self.num_done < len(self.lines):
            raise self.fault("nothing follows")

    def fault(self, explanation: str) -> DoesNotFollowError:
        """Return the fault of the next line."""
        line = f"not {shorten(self.next, _MAX_SHOWN)!r}" if self.next else "and it is missing"
        return DoesNotFollowError(self.num_done + 1, f"{explanation}, {line}")
