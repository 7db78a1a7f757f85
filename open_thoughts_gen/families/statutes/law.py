"""What every scheme of law shares: the frame of the prompt, the numbering of the provisions, the state and its code.

A scheme names its provisions by section, says which of them a case has (`provisions`), and tells the story; the rest
is done here. Each provision is a bank `prompt/law.NAME` that begins with its own label, `{#return}. `. The words of
frames and headings stand in `words/frame.yaml`, those of the rules on days in `words/days.yaml`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cached_property
from itertools import groupby
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import DayForm, EntryForm, Form, WholeForm
from open_thoughts_gen.families.kit.kinds import Kind, OnDay, WhoWhy
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import SHARED_WORDS, ProblemScheme
from open_thoughts_gen.families.kit.words import WordFile
from open_thoughts_gen.families.statutes import days
from open_thoughts_gen.families.statutes.forms import SUM
from open_thoughts_gen.families.statutes.people import STATES, PartyForm, short_name

WORDS = Path(__file__).parent / "words"
LEFT_OVERS = ("more", "other", "rest", "conduct")  # sections of what stands nowhere else, which come last
HEADING, LAW = "prompt/heading.", "prompt/law."
PARTY = PartyForm()
WHO_WHY = WhoWhy((), {})  # of the question `prevails`: `kind_of` makes the one that has the names and labels of a case
# How a code numbers its provisions: one that is a section by itself, and one that is a part of a section.
STYLES = (
    ("§ {s}", "§ {s}({n})"),
    ("Section {s}", "Section {s}({n})"),
    ("Article {s}", "Article {s}({n})"),
    ("Art. {s}", "Art. {s}.{n}"),
    ("Rule {s}", "Rule {s}.{n}"),
    ("Clause {s}", "Clause {s}({n})"),
)
FIRST_NUMBERS = (1, 2, 3, 7, 11, 14, 22, 31, 40, 58, 63, 104, 112, 205, 311)
# What stands in a prompt, in order: `law`, `story` and `ask` are blocks, anything else a bank of headings.
FRAMES = (
    ("lead-in", "law", "story", "ask"),
    ("lead-in", "law", "story", "ask"),
    ("story", "lead-in", "law", "ask"),
    ("numbered.law", "lead-in", "law", "numbered.facts", "story", "numbered.ask", "ask"),
    ("lead-in", "law", "plain.facts", "story", "plain.ask", "ask"),
    ("lead-in", "law", "title.facts", "story", "title.ask", "ask"),
    ("bench", "lead-in", "law", "story", "ask"),
    ("bench", "story", "lead-in", "law", "ask"),
)


class LawScheme(ProblemScheme):
    """A small invented statute, or rather a space of them, and the cases that arise under it.

    `field` is the field of law, `parties` the facts that name who may prevail. The word file has the list `code`: what
    such a law may be called. Its banks `prompt/heading.SECTION` head the sections, and say under `cites` which
    provisions stand in each. A provision is printed if the case has all facts that its bank prints or sets, and in the
    version that fits them: `prompt/law.late.part` and `prompt/law.late.daily` are versions of `late`. `entries` names a
    list of the facts and the field that tells its entries apart, which a change of one entry carries (`applied`). A
    field of a scheme may not be called `state` or `code`.
    """

    field: ClassVar[str]
    parties: ClassVar[Sequence[str]]
    entries: ClassVar[tuple[str, str]] = ("", "")

    @cached_property
    def words(self) -> WordFile:
        """The banks of this scheme, with those that all schemes of law share."""
        return words.load(self.word_file, WORDS / "frame.yaml", WORDS / "days.yaml", SHARED_WORDS)

    def law_forms(self, *, dates: str = "", sums: str = "", numbers: str = "") -> dict[str, Form[Any]]:
        """Return how cases of law are written; `dates`, `sums`, `numbers` are names of fields with spaces between."""
        return {
            **days.DAY_FORMS,
            **dict.fromkeys(dates.split(), DayForm()),
            **dict.fromkeys(sums.split(), SUM),
            **dict.fromkeys(numbers.split(), WholeForm()),
            **dict.fromkeys(self.parties, PARTY),
            **self.shared_forms(),
        }

    def shared_forms(self) -> dict[str, Form[Any]]:
        """Return the forms of what frames every case of law: the state and the name of its code."""
        return {
            "state": EntryForm({state: {"": state} for state in STATES}),
            "code": EntryForm(self.words.lists["code"]),
        }

    @cached_property
    def sections(self) -> Mapping[str, Sequence[str]]:
        """The keys of the provisions by section."""
        return {bank.name.removeprefix(HEADING): bank.cites for bank in self.words.under(HEADING)}

    @cached_property
    def _section_of(self) -> Mapping[str, str]:
        return {key: section for section, keys in self.sections.items() for key in keys}

    @cached_property
    def _versions(self) -> Sequence[tuple[str, str, frozenset[str], Mapping[str, Any]]]:
        """Every version of every provision: its key, its bank, the fields that it prints, the facts that it sets."""
        return [
            (key, bank.name, self.words.printed(bank.name), bank.sets or {})
            for bank in self.words.under(LAW)
            if (key := bank.name.removeprefix(LAW).partition(".")[0]) in self._section_of
        ]

    def provisions(self, facts: Mapping[str, Any]) -> Mapping[str, str]:
        """Return the provisions of the statute by key, each with the name of its version."""
        return {
            key: bank.removeprefix(LAW)
            for key, bank, fields, sets in self._versions
            if fields <= facts.keys() and sets.items() <= facts.items()
        }

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with a change made: to the entry that the patch names, if it names one."""
        name, key = self.entries
        if key not in patch:
            return {**facts, **patch}
        return {**facts, name: [{**entry, **patch} if entry[key] == patch[key] else entry for entry in facts[name]]}

    @abstractmethod
    def story(self, case: ProblemCase, page: Page) -> str:
        """Return the facts of the case as they are told, relevant and not, in one or more paragraphs."""

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the state and the name of its code."""
        return {"state": rng.choice(STATES), "code": rng.choice(list(self.words.lists["code"]))}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Return law, facts and question in the frame that the case draws."""
        blocks = []
        for part in case.pen("frame").pick("frame", *FRAMES):
            if part == "law":
                blocks.append(self._statute(case, page))
            elif part == "story":
                blocks.append(self.story(case, page))
            else:
                bank = self.question(case) if part == "ask" else f"prompt/frame.{part}"
                blocks.append(page.say(bank, **case.facts, **case.cast))
        return "\n\n".join(blocks)

    def question(self, case: ProblemCase) -> str:
        """Return the bank that asks the question; the fact `point` says what the parties argue about, if anything."""
        bank = f"prompt/ask.{case.asks}"
        return bank if bank in self.words.banks else f"{bank}.{case.facts['point']}"

    def _statute(self, case: ProblemCase, page: Page) -> str:
        """Return the provisions in the order of their numbers, under the headings of their sections or without."""
        pen, printed = case.pen("statute"), self.provisions(case.facts)
        headed = pen.chance("headings", 0.4)
        joint = "\n" if headed else pen.pick("joint", "\n", "\n", "\n\n")
        blocks = []
        for section, keys in groupby(page.labels, key=self._section_of.__getitem__):
            lines = [page.say(f"{HEADING}{section}")] if headed else []
            lines += [page.say(f"{LAW}{printed[key]}", **case.facts) for key in keys]
            blocks.append(joint.join(lines))
        return ("\n\n" if headed else joint).join(blocks)

    def labels_of(self, case: ProblemCase) -> dict[str, str]:
        """Return the label of each provision in printed order: numbered upwards with gaps, in a style that is drawn."""
        pen, order, labels = case.pen("labels"), case.pen("statute").order, dict[str, str]()
        whole, part = pen.pick("style", *STYLES)
        number, printed = pen.pick("first", *FIRST_NUMBERS), self.provisions(case.facts)
        for section in sorted(order("sections", list(self.sections)), key=lambda section: section in LEFT_OVERS):
            keys = [key for key in order(section, self.sections[section]) if key in printed]
            if not keys:
                continue
            for index, key in enumerate(keys, start=1):
                labels[key] = (part if len(keys) > 1 else whole).format(s=number, n=index)
            number += pen.pick(f"gap {section}", 1, 1, 1, 2, 3, 4)
        return labels

    def ruled(self, facts: Mapping[str, Any], winner: str, rule: str | None) -> dict[str, Any]:
        """Return the results of the question who prevails, and why; it has no answer where no one rule decides."""
        prevails = (short_name(facts[winner]), rule) if rule else None
        return {"winner": winner, "rule": rule, "ruled": f"{winner} {rule}", "prevails": prevails}

    def for_proof(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the facts as the answer set program takes them: a fraction as two whole numbers, `_num` and `_den`."""
        parts = {key: value for key, value in facts.items() if isinstance(value, Fraction)}
        whole = {key: value for key, value in facts.items() if key not in parts}
        whole |= {f"{key}_num": part.numerator for key, part in parts.items()}
        return whole | {f"{key}_den": part.denominator for key, part in parts.items()}

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, which derives the results of the questions, and `winner` (a role) and `rule`."""
        proved = answer_set(self.word_file.with_suffix(".lp"), self.for_proof(facts), shared=(days.RULES,))
        results: dict[str, Any] = {
            key: {"yes": True, "no": False}.get(str(value), value) for key, value in proved.items()
        }
        for asked in self.asks.values():
            if asked.result in proved and isinstance(asked.kind, OnDay):
                results[asked.result] = date.fromordinal(int(proved[asked.result]))
        if {"winner", "rule"} <= proved.keys():
            results["prevails"] = (short_name(facts[str(proved["winner"])]), proved["rule"])
        return results

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question; who prevails, and why, is asked of parties and provisions of the case."""
        if case.asks != "prevails":
            return super().kind_of(case)
        return WhoWhy(tuple(short_name(case.facts[party]) for party in self.parties), self.labels_of(case))
