"""What can go wrong, and whose move it is.

A user's mistake is a `UserError`: one line per fault, every fault at once, each with its place and its hint, exit code
2, never a traceback. A row that cannot be handled is not an error at all but data with a reason (`DropReason`, or a
`Trace` that says "error"). Anything else is a bug and shows its traceback.

    OpenThoughtsError
    └── UserError            the user can fix: a recipe, a file, a setting, a key
        └── ProviderError    an endpoint refused for good (401, 403, 404, 400): asking again cannot help
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

_MANY = 16  # names: a hint of more is long


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake: where it is (`FILE:LINE`, empty if nowhere in a file), what is wrong, and the hint."""

    message: str
    where: str = ""
    hint: str = ""

    def __str__(self) -> str:
        """Return the fault on one line."""
        prefix = f"{self.where}: " if self.where else ""
        hint = f"; {self.hint}" if self.hint else ""
        return " ".join(f"{prefix}{self.message}{hint}".split())


class OpenThoughtsError(Exception):
    """The root of every error this package raises on purpose."""


class UserError(OpenThoughtsError):
    """One or more mistakes that the user can fix."""

    def __init__(self, *faults: Fault | str) -> None:
        """Take the faults; a plain string is a fault without a place."""
        self.faults = tuple(Fault(fault) if isinstance(fault, str) else fault for fault in faults)
        super().__init__("\n".join(map(str, self.faults)))

    def __reduce__(self) -> tuple[type[UserError], tuple[Fault | str, ...]]:
        """Survive the way back from a worker process."""
        return type(self), self.faults


class ProviderError(UserError):
    """An endpoint refused for good; asking again cannot help."""


def did_you_mean(word: str, known: Iterable[str], *, command: str = "") -> str:
    """Return the hint for a misspelt word: the nearest known one, or all of them.

    If there are many, and a command prints them, the hint has the three nearest ones and that command instead.
    """
    names = sorted(known)
    longer = sorted((name for name in names if len(word) > 2 and name.startswith(word)), key=len)
    near = longer or difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if command and len(names) > _MANY:
        nearest = ", ".join(difflib.get_close_matches(word, names, n=3, cutoff=0))
        return f"the nearest are {nearest}; `{command}` prints all {len(names)}"
    return f"known: {', '.join(names)}" if names else ""
