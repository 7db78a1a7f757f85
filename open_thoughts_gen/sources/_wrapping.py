"""What sources share that stand around other sources: to choose from them, to mix them, to add to their questions.

They say of themselves what the sources inside say: files, license, models, whether there is an end.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path

from pydantic import PrivateAttr

from open_thoughts_gen.plugin import Source
from open_thoughts_gen.plugin.nested import NestedSource
from open_thoughts_gen.types import DropReason, Question


class Wrapping(Source):
    """A source of questions that other sources give."""

    _inner: tuple[Source, ...] = PrivateAttr(default=())

    @property
    @abstractmethod
    def nested(self) -> Sequence[NestedSource]:
        """The sources inside, as the recipe writes them."""

    @property
    def sources(self) -> Sequence[Source]:
        """The sources inside: those of the run, once it has begun."""
        return self._inner or tuple(each.source for each in self.nested)

    @property
    def passes_on(self) -> Sequence[Source]:
        """The sources inside, as they are."""
        return self.sources

    def start(self) -> None:
        """Make the sources inside for the run."""
        self._inner = tuple(each.source.fresh(self._context) for each in self.nested)

    @property
    def endless(self) -> bool:
        """Whether one of them never ends."""
        return any(source.endless for source in self.sources)

    @property
    def inputs(self) -> Sequence[Path]:
        """The files of all of them."""
        return [path for source in self.sources for path in source.inputs]

    @property
    def usual_license(self) -> str:
        """Their license, where all have the same."""
        licenses = {source.usual_license for source in self.sources}
        return licenses.pop() if len(licenses) == 1 else ""

    @property
    def models(self) -> Sequence[str]:
        """The models that they call."""
        return [*dict.fromkeys(model for source in self.sources for model in source.models)]

    def state(self) -> str:
        """Return how their calls are going."""
        return " · ".join(filter(None, (source.state() for source in self.sources)))

    def notes(self) -> Sequence[str]:
        """Return what they detected."""
        return [note for source in self.sources for note in source.notes()]


def questions_of(source: Source, bad: list[DropReason]) -> Iterator[Question]:
    """Yield the questions of a source; why rows cannot be used goes to `bad`."""
    for drawn in source.questions():
        if isinstance(drawn, Question):
            yield drawn
        else:
            bad.append(drawn)
