"""What all schemes of finance share: who writes for which firm, in which currency, under clauses in a drawn order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.finance.forms import AccountForm, TermsForm
from open_thoughts_gen.families.finance.kinds import CURRENCIES, Amount
from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Kind
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import SHARED_WORDS, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.words import WordFile
from open_thoughts_gen.families.kit.work import Work

WORDS = Path(__file__).parent / "words"
FRAME = WORDS / "frame.yaml"
CLAUSE = "prompt/clause."
CLAUSE_STYLES = ("Clause {}.{}", "Section {}.{}", "Article {}.{}", "Paragraph {}.{}")
FIRM_NAMES = (
    *(
        "Halvorsen",
        "Brandal",
        "Okonkwo",
        "Lindqvist",
        "Moravec",
        "Castellane",
        "Tregarth",
        "Ostrava",
        "Fenwick",
        "Duarte",
    ),
    *("Kessler", "Ravndal", "Petrosyan", "Whitmore", "Szabo", "Aldana", "Thornbury", "Vukovic", "Maddox", "Duarte"),
)
FIRM_TRADES = ("Timber", "Seafoods", "Ceramics", "Freight", "Mills", "Optics", "Glass", "Brewing", "Paper", "Textiles")
FIRM_ENDINGS = ("AS", "Group", "Holding", "Ltd", "Partners", "SA")
FIRST_NAMES = (
    *("Ingrid", "Tomas", "Amara", "Luis", "Petra", "Hamid", "Signe", "Joao", "Mirela", "Kofi", "Anneke", "Radek"),
    *("Yusuf", "Clara", "Dmitri", "Elif", "Owen", "Noor", "Matteo", "Freya"),
)
LAST_NAMES = (
    *("Solberg", "Novotny", "Okafor", "Ferreira", "Haas", "Rahimi", "Bergman", "Pinto", "Ionescu", "Mensah", "Visser"),
    *("Kolar", "Demir", "Laurent", "Sokolov", "Aydin", "Pritchard", "Farouk", "Conti", "Larsen"),
)


class FinanceScheme(ProblemScheme):
    """A scheme whose clauses are banks `prompt/clause.KEY` or `prompt/clause.KEY.VERSION`.

    A clause is printed if the case has all facts that its bank prints or sets. `amounts` are the names of fields that
    hold figures, in one string.
    """

    amounts: ClassVar[str] = ""
    more_words: ClassVar[Sequence[Path]] = ()  # files of words that it shares with some schemes
    has_clauses_in_order: ClassVar[bool] = False  # whether clauses are printed in the order of `labels`

    @cached_property
    def words(self) -> WordFile:
        """The banks of this scheme, with those that all schemes of finance share."""
        return words.load(self.word_file, *self.more_words, FRAME, SHARED_WORDS)

    def shared_forms(self) -> dict[str, Form[Any]]:
        """Return the forms of what frames every case, and of the figures."""
        return {
            **dict.fromkeys(self.amounts.split(), AccountForm()),
            "currency": EntryForm({currency: {"": currency} for currency in CURRENCIES}),
            "firm": NameForm(),
            "writer": NameForm(),
            "year": WholeForm(),
            "sum": TermsForm(),
            "other_sum": TermsForm(),
        }

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the firm, and who writes."""
        firm = f"{rng.choice(FIRM_NAMES)} {rng.choice(FIRM_TRADES)} {rng.choice(FIRM_ENDINGS)}"
        return {"firm": firm, "writer": f"{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}"}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; an amount is in the currency of the case."""
        kind = super().kind_of(case)
        return replace(kind, currency=case.facts["currency"]) if isinstance(kind, Amount) else kind

    def clauses(self, case: ProblemCase) -> dict[str, str]:
        """Return the clauses of a case by key, in printed order, each with its bank."""
        keys = self.labels if self.has_clauses_in_order else case.pen("clauses").order("order", list(self.labels))
        banks = self.words.under(CLAUSE)
        printed: dict[str, str] = {}
        for key in keys:
            for bank in banks:
                if bank.name.removeprefix(CLAUSE).split(".")[0] != key:
                    continue
                sets = bank.sets or {}
                if self.words.printed(bank.name) <= case.facts.keys() and sets.items() <= case.facts.items():
                    printed[key] = bank.name
        return printed

    def labels_of(self, case: ProblemCase) -> dict[str, str]:
        """Return the label of each clause that is printed: those of one section, numbered upwards."""
        pen = case.pen("labels")
        style, section = pen.pick("style", *CLAUSE_STYLES), pen.pick("section", 3, 4, 6, 7, 12, 18, 20, 21)
        return {key: style.format(section, number) for number, key in enumerate(self.clauses(case), start=1)}

    def clause_lines(self, case: ProblemCase, page: Page) -> str:
        """Return the clauses as they are printed, a line each."""
        return "\n".join(page.say(bank, **case.facts) for bank in self.clauses(case).values())


@dataclass(slots=True)
class Reckoning:
    """The first implementation of a scheme: it computes with `work`, and says each step if there is a narrative."""

    facts: Mapping[str, Any]
    work: Work
    narrative: Narrative | None = None

    def has(self, *names: str) -> bool:
        """Return whether the case has all of these facts."""
        return all(name in self.facts for name in names)

    def say(self, bank: str, **values: object) -> None:
        """Say a step, if anything is said at all."""
        if self.narrative is not None:
            self.narrative.step(bank, **{**self.facts, **values})

    def total(self, terms: Sequence[int | Fraction]) -> Fraction:
        """Return the sum of signed terms, claimed as it is written out."""
        if len(terms) == 1:
            return Fraction(terms[0])
        text, values = "", dict[str, int | Fraction]()
        for name, term in zip("abcdefghijkl", terms, strict=False):
            sign = (" - " if term < 0 else " + ") if text else ""
            text += f"{sign}{name}"
            values[name] = -term if sign and term < 0 else term
        return self.work(text, **values)


def quiet(facts: Mapping[str, Any]) -> tuple[Mapping[str, Any], Work]:
    """Return facts and a work that claims nothing, for deciding a case without a word."""
    return facts, Work(is_quiet=True)
