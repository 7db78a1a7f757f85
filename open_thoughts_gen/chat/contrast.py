"""Whose fault a refused call is, decided by contrast: that of one row, or of what all rows share.

A status such as 400 or 403 may be about one prompt, or about the settings, the model and the key that all calls have in
common. What a refusal says is believed where it is plain (`refusal`). Where it is not, the call is held back until
another one passes with the same settings: then it is asked once more, and a second refusal is that row's outcome.

A refusal comes at once, an answer after minutes. So when the first rows are all refused nothing more is asked, and what
is on its way is waited for; only where that does not pass either does the run end, with the provider's words.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from open_thoughts_gen.errors import ProviderError

Item = TypeVar("Item")
FIRST_ROWS = 8  # that are all refused before the run is


class Contrast(Generic[Item]):
    """The refused calls of one stream that are held back; `others_pass` says whether any call was answered."""

    def __init__(self, others_pass: Callable[[], bool]) -> None:
        self._others_pass = others_pass
        self._held: list[tuple[Item, ProviderError]] = []
        self._asked_again: set[Item] = set()

    @property
    def is_full(self) -> bool:
        """Whether the first rows are all held back, so that no other is to be asked before one has passed."""
        return len(self._held) >= FIRST_ROWS

    def __len__(self) -> int:
        """Return how many are held back."""
        return len(self._held)

    @property
    def fault(self) -> ProviderError:
        """What the run ends with where no call passes."""
        return self._held[0][1]

    def holds_back(self, item: Item, fault: ProviderError, *, of_row: bool = False) -> bool:
        """Hold a refused call back where only another one can say whose fault it is; return False where it is its own.

        `of_row` says that the refusal is about this one.
        """
        if of_row or item in self._asked_again or self._others_pass():
            return False
        self._held.append((item, fault))
        return True

    def release(self) -> list[Item]:
        """Return what was held back, to be asked once more, since another call has passed."""
        items, self._held = [item for item, _ in self._held], []
        self._asked_again.update(items)
        return items
