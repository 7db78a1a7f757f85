"""What is not a duplicate, however similar: minimal pairs, and problems with other figures.

The numbers guard holds two questions apart if their formal content differs (`formal`). It is one of

- True: whatever the questions;
- False: never, as OpenThoughts has it;
- "families": if a family of problems generated both;
- "answers": if their answers can differ, that is unless both have the same reference; and if a family generated both. A
  reference that only names a choice ("B", "yes") says nothing, since another question can have it.

Whether two questions are apart depends on these two alone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from open_thoughts_gen.similar.distinct import distinct
from open_thoughts_gen.similar.formal import formal_content
from open_thoughts_gen.similar.keys import Keys, Places
from open_thoughts_gen.similar.questions import Questions
from open_thoughts_gen.similar.settings import Numbers
from open_thoughts_gen.similar.spill import Texts

_BITS = (1 << 64) - 1


class Guard:
    """Holds questions apart, and says which are worth comparing at all."""

    def __init__(self, questions: Questions, texts: Texts, numbers: Numbers) -> None:
        """Take the questions and their prompts."""
        self._questions, self._texts = questions, texts
        self._numbers = numbers
        self._generated = questions.from_family
        self._contents: Keys = np.zeros(len(questions), dtype=np.uint64)  # 0 is not known yet
        self._answers: Keys | None = questions.answers if numbers == "answers" else None

    @property
    def by_figures(self) -> bool:
        """Whether only questions of the same figures, or of the same answer, need be compared."""
        return self._numbers in (True, "answers") or (self._numbers == "families" and bool(self._generated.all()))

    @property
    def answers(self) -> Keys | None:
        """A hash of the answer of each question that can be a duplicate of one with other figures; 0 for the others."""
        if self._answers is None or self._generated.all():
            return None
        _, inverse, counts = np.unique(self._answers, return_inverse=True, return_counts=True)
        shared = np.where(counts[inverse] > 1, self._answers, np.uint64(0))
        return shared if shared.any() else None

    def apart(self, ones: Places, others: Places) -> NDArray[np.bool_]:
        """Return for each pair of questions, by their places, whether they are different whatever their text."""
        apart = self._questions.are_twins(ones, others)
        asked = np.flatnonzero(self._can_differ(ones, others) & ~apart)
        apart[asked] = self._content(ones[asked]) != self._content(others[asked])
        return apart

    def _can_differ(self, ones: Places, others: Places) -> NDArray[np.bool_]:
        """Return for each pair whether other figures would make these two different questions."""
        if isinstance(self._numbers, bool):
            return np.full(ones.size, self._numbers)
        differ = self._generated[ones] & self._generated[others]
        if self._answers is not None:
            answers = self._answers[ones]
            differ |= (answers == 0) | (answers != self._answers[others])
        return differ

    def _content(self, places: Places) -> Keys:
        """Return hashes of the formal contents. Only those are asked for that resemble another."""
        for place in distinct(places[self._contents[places] == 0]).tolist():
            self._contents[place] = hash(formal_content(self._texts[place])) & _BITS | 1
        return self._contents[places]
