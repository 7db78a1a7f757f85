"""What a scheme is: a small world, the questions that can be asked of it, and the first of two ways to answer them."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm
from open_thoughts_gen.families.kit.kinds import LETTERS, Kind
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.reading import PromptReader
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.trying import tried
from open_thoughts_gen.families.kit.words import WordFile

SHARED_WORDS = Path(__file__).parent / "words" / "asking.yaml"
SHARED_FORMS: Mapping[str, Form[Any]] = {
    "letter": EntryForm({letter: {"": letter} for letter in LETTERS}),
    **dict.fromkeys(("letters", "change", "full", "answer", "former"), NameForm()),
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One question that a scheme can be asked: its kind, the result that answers it, and from which level on.

    `needs` are facts that only this question prints (whom it asks about); a case that asks another does not have them.
    `coin` names a result which one of `outcomes`, all equally likely, settles before the facts are drawn: so yes and no
    come up alike, and what the story mentions never gives the answer away. `outcomes_at` has those of single levels.
    """

    kind: Kind
    result: str
    level: int = 1
    needs: Sequence[str] = ()
    coin: str = ""
    outcomes: Sequence[object] = (True, False)
    outcomes_at: Mapping[int, Sequence[object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One fact made otherwise: for minimal pairs, and as an option of a question (which of these would turn it round?).

    `option` is the bank `prompt/option.OPTION` that prints it, with the field `letter` and those of the patch; empty
    for a change that is not offered as an option. What it would do is worked out, never said here.
    """

    patch: Mapping[str, Any]
    option: str = ""


LABEL_STYLES = ("§ {}", "Clause {}", "Rule {}", "Section {}", "{}", "Article {}")


class ProblemScheme(ABC):
    """One world of cases. Its words stand beside it, in the YAML file of the same name.

    `forms` says how each fact and each computed value is written and read; `asks` which questions there are; `labels`
    the keys of the provisions or lines that are cited, in the order in which they are printed; `units` what the names
    of the banks that can stand in a prompt begin with.
    """

    name: ClassVar[str]
    forms: Mapping[str, Form[Any]]
    asks: ClassVar[Mapping[str, Ask]]
    units: ClassVar[Sequence[str]] = ("prompt/", "closing/")
    labels: ClassVar[Sequence[str]] = ()
    label_styles: ClassVar[Sequence[str]] = LABEL_STYLES  # how provisions are numbered; a case draws one of them
    has_fractions: ClassVar[bool] = False  # whether the figures of its derivations are written as fractions

    @cached_property
    def known_forms(self) -> Mapping[str, Form[Any]]:
        """How every field is written: those of the scheme, and those that the kit prints."""
        return {**SHARED_FORMS, **self.forms}

    @cached_property
    def words(self) -> WordFile:
        """The banks of this scheme, with those that all schemes share."""
        return words.load(self.word_file, SHARED_WORDS)

    @cached_property
    def word_file(self) -> Path:
        """The YAML file beside the scheme, of the same name."""
        return Path(inspect.getfile(type(self))).with_suffix(".yaml")

    @abstractmethod
    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw the facts of a case; None where the draw came to nothing. Called again until the coin fits."""

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw what is printed and decides nothing (JSON)."""
        return {}

    @abstractmethod
    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return every result that a question can ask for: the first implementation, without a word."""

    @abstractmethod
    def write(self, case: ProblemCase, page: Page) -> str:
        """Return the prompt, up to the sentence that asks for the answer's form."""

    @abstractmethod
    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell how the answer is reached, and close with `narrative.answer(bank, result)`.

        It computes with `narrative.work` and comes to what `assess` says: an error planted in that work is so carried
        through to the answer.
        """

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Tell what becomes of the case with an option's change made, in a step of kind `trial`; return the result.

        `case` is the case with the change. It is derived as the case was, and what comes out otherwise is said
        (`tried`); override it where the same is said better in words of its own.
        """
        option = next(option for option in case.options if option["letter"] == letter)
        other = narrative.beside(narrative.stated)
        self.tell(case, other)
        narrative.steps.append(tried(narrative, other, option, "trial"))
        return other.result

    @abstractmethod
    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the results by the second implementation, those that have exactly one value.

        Raises:
            UnprovedError: there is not exactly one answer.

        """

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield changes, each of one fact: the one declaration that minimal pairs and options are drawn from."""
        yield from ()

    def candidates(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield answers that a reader could come to, right and wrong, each as the patch of one field (`Choice`)."""
        yield from ()

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with a change made. Override it where a patch changes one entry of a list."""
        return {**facts, **patch}

    def labels_of(self, case: ProblemCase) -> dict[str, str]:
        """Return the label of each provision of a case, numbered upwards in a style that the case draws."""
        pen, labels = case.pen("labels"), dict[str, str]()
        style, number = pen.pick("style", *self.label_styles), pen.pick("first", *(1, 1, 2, 4, 7, 11))
        for key in self.labels:
            labels[key] = style.format(number)
            number += pen.pick(f"gap {key}", *(1, 1, 1, 2))
        return labels

    def traits(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what rows and figures are grouped by, besides scheme, question and level."""
        return {}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; one whose values are the case's own (names) is made here.

        Whether a question offers options, and of which sort, is what `asks` says of it.
        """
        return self.asks[case.asks].kind

    def reader(self) -> PromptReader:
        """Return the reader of this scheme's prompts."""
        return PromptReader(self.words, self.known_forms, self.words.under(*self.units))
