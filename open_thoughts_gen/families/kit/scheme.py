"""What a scheme is: a small world, the questions that can be asked of it, and the first of two ways to answer them."""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.clock import ClockForm
from open_thoughts_gen.families.kit.forms import (
    DayForm,
    EntryForm,
    ExactForm,
    Form,
    NameForm,
    WholeForm,
    YearForm,
)
from open_thoughts_gen.families.kit.kinds import LETTERS, InOrder, Kind, OneOf, OptionKind, SomeOf
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.reading import PromptReader
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.traces import SeriesForm, TraceForm
from open_thoughts_gen.families.kit.trying import tried
from open_thoughts_gen.families.kit.words import WordFile

SHARED_WORDS = Path(__file__).parent / "words" / "asking.yaml"
SHARED_FORMS: Mapping[str, Form[Any]] = {
    "letter": EntryForm({letter: {"": letter} for letter in LETTERS}),
    **dict.fromkeys(("letters", "change", "full", "answer", "former"), NameForm()),
}
FORMS: Mapping[str, Form[Any]] = {  # those that a word file may name
    **{"whole": WholeForm(), "exact": ExactForm(), "name": NameForm(), "year": YearForm(), "day": DayForm()},
    **{"clock": ClockForm(), "text": TraceForm(), "series": SeriesForm()},
}
NUM_ATTEMPTS = 40  # at the facts of a case in one draw of a `PatientScheme`


@dataclass(frozen=True, slots=True)
class Ask:
    """One question that a scheme can be asked: its kind, the result that answers it, and between which levels.

    `needs` are facts that only this question prints (whom it asks about); a case that asks another does not have them.
    `coin` names a result which one of `outcomes`, all equally likely, settles before the facts are drawn: so yes and no
    come up alike, and what the story mentions never gives the answer away. `outcomes_at` has those of single levels.
    It may name a fact and a result (`vans fits`), whose outcomes are pairs: so the figure says nothing of the answer.
    """

    kind: Kind
    result: str
    level: int = 1
    needs: Sequence[str] = ()
    coin: str = ""
    outcomes: Sequence[object] = (True, False)
    outcomes_at: Mapping[int, Sequence[object]] = field(default_factory=dict)
    until: int = 4  # the last level at which it is asked

    def fits(self, results: Mapping[str, Any]) -> bool:
        """Return whether facts with these results are as the question takes for granted: it has one outcome only."""
        return not self.coin or len(self.outcomes) > 1 or results.get(self.coin) in self.outcomes


@dataclass(frozen=True, slots=True)
class Change:
    """One fact made otherwise: for minimal pairs, and as an option of a question (which of these would turn it round?).

    `option` is the bank `prompt/option.OPTION` that prints it, with the field `letter` and those of the patch; empty
    for a change that is not offered as an option. What it would do is worked out, never said here.
    """

    patch: Mapping[str, Any]
    option: str = ""


def replaced(entries: Sequence[Mapping[str, Any]], index: int, patch: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return entries with one of them changed."""
    return [*entries[:index], {**entries[index], **patch}, *entries[index + 1 :]]


def nudged(facts: Mapping[str, Any], steps: Mapping[str, Sequence[int]], *, least: int = 1) -> Iterator[Change]:
    """Yield one whole number larger or smaller by each of its steps, never below `least`.

    `steps` names a fact (`by`), or a field of each entry of a list (`rows.days`); a case may lack it.
    """
    for path, amounts in steps.items():
        key, _, name = path.partition(".")
        for by in amounts:
            if not name and key in facts and facts[key] + by >= least:
                yield Change({key: facts[key] + by})
            for index, entry in enumerate(facts.get(key, ()) if name else ()):
                if name in entry and entry[name] + by >= least:
                    yield Change({key: replaced(facts[key], index, {name: entry[name] + by})})


def turned(facts: Mapping[str, Any], turns: Sequence[tuple[str, Sequence[str]]]) -> Iterator[Change]:
    """Yield each field of an entry (`papers.value`) that is turned from one of its values to another of them."""
    for path, values in turns:
        key, _, name = path.partition(".")
        for index, entry in enumerate(facts[key]):
            for value in values if entry.get(name) in values else ():
                if value != entry[name]:
                    yield Change({key: replaced(facts[key], index, {name: value})})


def column(facts: Mapping[str, Any], path: str) -> list[str]:
    """Return one field of each entry of a list of facts: `claims.name`."""
    key, _, name = path.partition(".")
    return [entry[name] for entry in facts[key]]


def entry_of(facts: Mapping[str, Any], path: str, value: object) -> Mapping[str, Any]:
    """Return the first entry of a list of facts that has this value in a field: `claims.name`."""
    key, _, name = path.partition(".")
    entry: Mapping[str, Any] = next(entry for entry in facts[key] if entry[name] == value)
    return entry


LABEL_STYLES = ("§ {}", "Clause {}", "Rule {}", "Section {}", "{}", "Article {}")


class ProblemScheme(ABC):
    """One world of cases. Its words stand beside it, in the YAML file of the same name.

    `forms` says how each fact and each computed value is written and read, as the word file has it, which names those
    of the kit and those of `own_forms`; `asks` which questions there are; `labels`
    the keys of the provisions or lines that are cited, in the order in which they are printed; `units` what the names
    of the banks that can stand in a prompt begin with; `unprinted` facts that say how a case was made and that nobody
    who reads the prompt can know, so that reading it back does not ask for them.
    """

    name: ClassVar[str]
    asks: ClassVar[Mapping[str, Ask]]
    units: ClassVar[Sequence[str]] = ("prompt/", "closing/")
    labels: ClassVar[Sequence[str]] = ()
    label_styles: ClassVar[Sequence[str]] = LABEL_STYLES  # how provisions are numbered; a case draws one of them
    unprinted: ClassVar[Sequence[str]] = ()
    more_words: ClassVar[Sequence[Path]] = ()  # files of words that it shares with other schemes
    nudges: ClassVar[Mapping[str, Sequence[int]]] = {}  # by how much whole facts are moved in minimal pairs (`nudged`)
    turns: ClassVar[Sequence[tuple[str, Sequence[str]]]] = ()  # which values fields of entries exchange (`turned`)
    has_fractions: ClassVar[bool] = False  # whether the figures of its derivations are written as fractions
    named: ClassVar[str] = (
        ""  # among which names an answer is: a list of facts and a field of its entries, `people.who`
    )

    @cached_property
    def forms(self) -> Mapping[str, Form[Any]]:
        """How each field is written and read, by the form or the list that the word file names for it."""
        named, lists = {**FORMS, **self.own_forms()}, self.words.lists
        return {
            field: EntryForm(lists[form.removeprefix("list ")]) if form.startswith("list ") else named[form]
            for field, form in self.words.form_of.items()
        }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return forms that only this scheme or its family has, by the name that the word file has for them."""
        return {}

    @cached_property
    def known_forms(self) -> Mapping[str, Form[Any]]:
        """How every field is written: those of the scheme, and those that the kit prints."""
        return {**SHARED_FORMS, **self.forms}

    @cached_property
    def words(self) -> WordFile:
        """The banks of this scheme, with those that all schemes share."""
        return words.load(self.word_file, *self.more_words, SHARED_WORDS)

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
        option, kind = next(option for option in case.options if option["letter"] == letter), self.kind_of(case)
        assert isinstance(kind, OptionKind)
        other = narrative.beside(narrative.stated)
        self.tell(case, other)
        narrative.steps.append(tried(narrative, other, option, kind.trial))
        return other.result

    @abstractmethod
    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the results by the second implementation, those that have exactly one value.

        Raises:
            UnprovedError: there is not exactly one answer.

        """

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield changes, each of one fact: the one declaration that minimal pairs and options are drawn from."""
        yield from nudged(case.facts, self.nudges)
        yield from turned(case.facts, self.turns)

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
        """Return the kind of the question; one whose values are the case's own is made here, names by `names_of`.

        Whether a question offers options, and of which sort, is what `asks` says of it.
        """
        kind = self.asks[case.asks].kind
        if isinstance(kind, OneOf | InOrder | SomeOf) and not kind.names:
            return replace(kind, names=tuple(self.names_of(case)))
        return kind

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return the names among which the answer is, where `asks` leaves them open: `OneOf(())`."""
        return column(case.facts, self.named) if self.named else ()

    def pool(self, name: str, *, within: str = "pool") -> list[str]:
        """Return the words of an entry of a list, `pool` or another: names to draw from."""
        return self.words.lists[within][name][""].split()

    def one_of(self, name: str, rng: Random) -> str:
        """Draw the key of an entry of a list: `setting`."""
        return rng.choice(list(self.words.lists[name]))

    def printed_facts(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a prompt states, by the names under which it is read back."""
        return {name: value for name, value in facts.items() if name not in self.unprinted}

    def reader(self) -> PromptReader:
        """Return the reader of this scheme's prompts."""
        return PromptReader(self.words, self.known_forms, self.words.under(*self.units))


class PatientScheme(ProblemScheme):
    """A scheme whose attempts at a case often come to nothing, so that each draw makes several of them."""

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw until the facts make a case, at most NUM_ATTEMPTS times."""
        return next(filter(None, (self.attempt(rng, level) for _ in range(NUM_ATTEMPTS))), None)

    @abstractmethod
    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw facts once; None where they are too easy, too hard or make no case."""
