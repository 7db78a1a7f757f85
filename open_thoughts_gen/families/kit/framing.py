"""What a case is written as: a memo, a mail, minutes, a chat, and in which order the parts of a page stand in it.

A scheme hands over its parts (scene, rules, data, question), and two cases that draw other genres or other orders share
little but their rules. Who writes to whom, and about what (`topic`, a list of the scheme), is drawn as well and decides
nothing. How each genre begins and ends stands in `words/frame.yaml`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import SHARED_WORDS, ProblemScheme
from open_thoughts_gen.families.kit.words import WordFile

FRAME = Path(__file__).parent / "words" / "frame.yaml"
FIRST_NAMES = (
    *("Agnes", "Bashir", "Celine", "Dmitri", "Esther", "Farah", "Gustav", "Hanne", "Ivan", "Jolanta", "Kwame", "Leila"),
    *("Marek", "Nadia", "Oskar", "Paloma", "Quentin", "Rosa", "Stellan", "Tamsin", "Ulrike", "Vikram", "Wanda", "Yara"),
)
LAST_NAMES = (
    *("Abara", "Bellini", "Castro", "Dvorak", "Eklund", "Fontaine", "Grieg", "Hollis", "Iversen", "Jaeger", "Kovac"),
    *("Lindqvist", "Moreau", "Nakamura", "Osei", "Pereira", "Radcliffe", "Sandoval", "Tanaka", "Ursin", "Varga"),
)
# The parts of a prompt in the order of each genre: `/` begins a paragraph, `-` prints the rules one to a line, and a
# part behind `w:` or `r:` is a turn of the writer or the reader in a conversation.
LAYOUTS: Mapping[str, Sequence[str]] = {
    "memo": ("open/scene/data/rules colour/asked", "open/scene rules/data/colour asked", "open/asked/scene rules/data"),
    "mail": (
        *("open scene/data/rules/asked/close", "open asked/scene rules colour/data/close"),
        "open scene colour/rules-/data/asked close",
    ),
    "letter": ("open scene rules/colour/data/asked/close", "open scene/rules/data/colour asked/close"),
    "minutes": (
        *("open/-scene/-colour/rules-/data/asked", "open/rules-/-scene/data/asked"),
        "open scene/data/rules-/-colour/asked",
    ),
    "chat": (
        *("open/w:scene/r:colour/w:rules/w/data/r:asked", "open/r:asked/w:scene/w/data/w:rules/r:colour"),
        "open/w:scene rules/r:colour/w/data/w:asked",
    ),
    "notice": ("open/data/scene rules/colour/asked", "open/scene/rules-/data/asked", "open/data/rules-/scene asked"),
    "log": ("open/scene colour/data/rules/asked", "open/rules scene/data/asked", "open/scene/rules-/data/asked"),
    "story": (
        "open scene rules/data/asked",
        "open scene/data/rules colour/asked",
        "open scene/rules colour/data/asked",
    ),
}
CLAUSE_STYLES = ("Clause {}.{}", "Section {}.{}", "Article {}.{}", "Paragraph {}.{}")
RULES_APART: Mapping[str, Sequence[str]] = {  # the same, with the rules in a paragraph that holds nothing else
    genre: [layout.replace(" rules", "/rules").replace("rules ", "rules/") for layout in layouts]
    for genre, layouts in LAYOUTS.items()
}
ONE_PERSON = ("notice", "log", "story")  # genres in which nobody is written to


class FramedScheme(ProblemScheme):
    """A scheme whose prompts are memos, mails, chats and the like; what it is about is printed by its own banks."""

    layouts: ClassVar[Mapping[str, Sequence[str]]] = LAYOUTS
    rule_breaks: ClassVar[Sequence[str]] = (" ",)  # what stands between two rules; a case draws one

    @cached_property
    def words(self) -> WordFile:
        """The banks of this scheme, with those of its frames and those that all schemes share."""
        return words.load(self.word_file, *self.more_words, FRAME, SHARED_WORDS)

    @cached_property
    def forms(self) -> Mapping[str, Form[Any]]:
        """How each field is written and read, those of the frame included."""
        return {**self.frame_forms(), **super().forms}

    def frame_forms(self) -> dict[str, Form[Any]]:
        """Return the forms of what frames every case."""
        topics = self.words.lists["topic"]
        return {**dict.fromkeys(("writer", "reader"), NameForm()), "topic": EntryForm(topics)}

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the genre, who writes to whom, and about what."""
        genre, topic = rng.choice(list(LAYOUTS)), rng.choice(list(self.words.lists["topic"]))
        writer, reader = (f"{first} {rng.choice(LAST_NAMES)}" for first in rng.sample(FIRST_NAMES, 2))
        people = {"writer": writer} if genre in ONE_PERSON else {"writer": writer, "reader": reader}
        return {"genre": genre, "topic": topic, **people}

    def said(self, case: ProblemCase, page: Page) -> Callable[[str], str]:
        """Return what says a bank of the prompt with the facts of the case in it, and with whom it names."""
        known = {**case.cast, **case.facts}
        return lambda bank: page.say(f"prompt/{bank}", **known)

    def framed(self, case: ProblemCase, page: Page, *, scene: str, rules: Sequence[str], data: str, asked: str) -> str:
        """Return the parts of a prompt in a genre, an order and a frame that the case draws."""
        pen, genre = case.pen("genre"), case.cast["genre"]
        layout = pen.pick("layout", *self.layouts[genre])
        colour = page.say("prompt/colour") if pen.chance("colour", 0.8) else ""
        run_on = page.pen.pick("rule break", *self.rule_breaks).join(rules)
        parts = {"scene": scene, "rules": run_on, "rules-": bulleted(rules, page), "data": data}
        parts |= {"asked": asked, "colour": colour, "-scene": bulleted([scene], page)}
        parts |= {"-colour": bulleted([colour], page) if colour else ""}
        for end in ("open", "close"):
            if end in layout:
                parts[end] = page.say(f"prompt/{genre}.{end}", **case.cast)
        turns = {}
        if genre == "chat":
            turns = {"w": page.say("prompt/turn.writer", **case.cast), "r": page.say("prompt/turn.reader", **case.cast)}
        paragraphs = ("".join(paragraph(line, parts, turns)) for line in layout.split("/"))
        return "\n\n".join(text for text in paragraphs if text).replace(":\n\n|", ":\n|")

    def listed(self, page: Page, name: str, entries: Sequence[Mapping[str, Any]]) -> str:
        """Return entries as a table, as lines or as sentences, whichever of the banks `prompt/NAME.STYLE` is drawn.

        A style whose name begins with `prose` makes one paragraph; what stands above the others is `NAME.STYLE.head`.
        """
        styles = [bank.name for bank in self.words.under(f"prompt/{name}.") if not bank.name.endswith(".head")]
        style = page.pen.pick(f"style of {name}", *styles)
        head = [page.say(f"{style}.head")] if f"{style}.head" in self.words.banks else []
        is_prose = style.startswith(f"prompt/{name}.prose")
        return (" " if is_prose else "\n").join([*head, *(page.say(style, **entry) for entry in entries)])


class PartedScheme(FramedScheme):
    """A framed scheme that says by a method of its own each part of a prompt that is more than one bank.

    `always` are the banks of the rules that every case prints.
    """

    always: ClassVar[Sequence[str]] = ()

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the scene, the rules, the data and the question, in the order of a genre."""
        scene, rules, data = self.scene(case, page), self.rules(case, page), self.data(case, page)
        return self.framed(case, page, scene=scene, rules=rules, data=data, asked=self.asked(case, page))

    def fitting(self, case: ProblemCase, name: str) -> list[str]:
        """Return the banks `NAME` and `NAME.VERSION` of the prompt whose fields the case has, and what they set."""
        known = {**case.cast, **case.facts, "asks": case.asks}
        banks = [
            bank
            for bank in self.words.under(f"prompt/{name}")
            if bank.name.removeprefix(f"prompt/{name}")[:1] in (".", "")
        ]
        return [
            bank.name.removeprefix("prompt/")
            for bank in banks
            if self.words.printed(bank.name) <= known.keys() and (bank.sets or {}).items() <= known.items()
        ]

    def scene(self, case: ProblemCase, page: Page) -> str:
        """Return where it is set, in the version that the case has, and what it has to be told beside, in any order."""
        remarks = case.pen("story").order("remarks", self.fitting(case, "remark"))
        return " ".join(map(self.said(case, page), (*self.fitting(case, "scene")[:1], *remarks)))

    def asked(self, case: ProblemCase, page: Page) -> str:
        """Return the question, in the version that the case has."""
        return self.said(case, page)(self.fitting(case, f"ask.{case.asks}")[0])

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Return the rules as they are printed: those of `always`, or in any order each `rule.NAME` that fits."""
        drawn = case.pen("data").order("rules", self.fitting(case, "rule"))
        return [*map(self.said(case, page), self.always or drawn)]

    @abstractmethod
    def data(self, case: ProblemCase, page: Page) -> str:
        """Return what the rules apply to, as it is printed."""


class ClausedScheme(PartedScheme):
    """A scheme whose rules are clauses of one section: banks `prompt/clause.KEY` or `prompt/clause.KEY.VERSION`.

    A clause is printed if the case has all facts that its bank prints or sets. The clauses stand in a paragraph of
    their own, or what follows the last of them would read as a part of it.
    """

    layouts: ClassVar[Mapping[str, Sequence[str]]] = RULES_APART
    rule_breaks: ClassVar[Sequence[str]] = (" ", "\n")
    label_styles: ClassVar[Sequence[str]] = CLAUSE_STYLES

    def clauses(self, case: ProblemCase) -> dict[str, str]:
        """Return the clauses of a case by key, in printed order, each with its bank."""
        order = case.pen("clauses").order("order", list(self.labels))
        return {key: bank for key in order for bank in self.fitting(case, f"clause.{key}")}

    def labels_of(self, case: ProblemCase) -> dict[str, str]:
        """Return the label of each clause that is printed: those of one section, numbered upwards."""
        pen = case.pen("labels")
        style, section = pen.pick("style", *self.label_styles), pen.pick("section", 3, 4, 6, 7, 12, 18, 20, 21)
        return {key: style.format(section, number) for number, key in enumerate(self.clauses(case), start=1)}

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Return the clauses as they are printed."""
        return [*map(self.said(case, page), self.clauses(case).values())]


def paragraph(line: str, parts: Mapping[str, str], turns: Mapping[str, str]) -> str:
    """Return one paragraph of a layout; that of a speaker who says nothing is left out."""
    speaker, _, names = line.rpartition(":")
    if line in turns:
        return turns[line]
    text = " ".join(parts[name] for name in names.split() if parts[name])
    return f"{turns[speaker]} {text}" if speaker and text else text


def bulleted(sentences: Sequence[str], page: Page) -> str:
    """Return sentences as a list, one to a line."""
    mark = page.pen.pick("bullet", "-", "*", "–")
    return "\n".join(f"{mark} {sentence}" for sentence in sentences)
