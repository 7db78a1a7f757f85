"""Which stored answers a run asks again: those that hold no whole answer, for reasons that its user named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class AskAgain:
    """The reasons, in the words of `cache prune --reason`. Each answer is asked again once, whatever comes of it."""

    reasons: Collection[str] = ()
    _asked: set[bytes] = field(default_factory=set)

    def is_due(self, key: bytes, reason: str) -> bool:
        """Return whether the answer under a key, which is not whole for this reason, is still to be asked again."""
        return reason in self.reasons and key not in self._asked

    def note_asked(self, key: bytes) -> None:
        """Note that a call is made, so that its answer counts for the rest of the run."""
        if self.reasons:
            self._asked.add(key)
