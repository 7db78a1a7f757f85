"""What all schemes of scheduling share: who writes to whom, in which genre, and in which order the parts stand."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import SHARED_WORDS, ProblemScheme
from open_thoughts_gen.families.kit.words import WordFile
from open_thoughts_gen.families.kit.work import Work

FRAME = Path(__file__).parent / "words" / "frame.yaml"
FIRST_NAMES = (
    *("Agnes", "Bashir", "Celine", "Dmitri", "Esther", "Farah", "Gustav", "Hanne", "Ivan", "Jolanta", "Kwame", "Leila"),
    *("Marek", "Nadia", "Oskar", "Paloma", "Quentin", "Rosa", "Stellan", "Tamsin", "Ulrike", "Vikram", "Wanda", "Yara"),
)
STAFF = (  # who is planned for, so that nobody is taken for the writer
    *("Anke", "Birger", "Corin", "Dagny", "Edda", "Finn", "Greta", "Hauke", "Ines", "Jonas", "Karla", "Lasse", "Mona"),
    *("Nils", "Orla", "Piet", "Runa", "Sven", "Thea", "Uwe", "Vera", "Wim", "Ylva", "Zoe"),
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
ONE_PERSON = ("notice", "log", "story")  # genres in which nobody is written to


NUM_ATTEMPTS = 40


class SchedulingScheme(ProblemScheme):
    """A scheme whose prompts are memos, mails, chats and the like; what it is about is printed by its own banks."""

    @property
    def words(self) -> WordFile:
        """The banks of this scheme, with those that all schemes of scheduling share."""
        return words.load(self.word_file, FRAME, SHARED_WORDS)

    def frame_forms(self) -> dict[str, Form[Any]]:
        """Return the forms of what frames every case."""
        topics = self.words.lists["topic"]
        return {**dict.fromkeys(("writer", "reader"), NameForm()), "topic": EntryForm(topics)}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw until the facts make a case, at most NUM_ATTEMPTS times."""
        return next(filter(None, (self.attempt(rng, level) for _ in range(NUM_ATTEMPTS))), None)

    @abstractmethod
    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw facts once; None where they are too easy, too hard or make no case."""

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the genre, who writes to whom, and about what."""
        genre, topic = rng.choice(list(LAYOUTS)), rng.choice(list(self.words.lists["topic"]))
        writer, reader = (f"{first} {rng.choice(LAST_NAMES)}" for first in rng.sample(FIRST_NAMES, 2))
        people = {"writer": writer} if genre in ONE_PERSON else {"writer": writer, "reader": reader}
        return {"genre": genre, "topic": topic, **people}

    def framed(self, case: ProblemCase, page: Page, *, scene: str, rules: Sequence[str], data: str, asked: str) -> str:
        """Return the parts of a prompt in a genre, an order and a frame that the case draws."""
        pen, genre = case.pen("genre"), case.cast["genre"]
        layout = pen.pick("layout", *LAYOUTS[genre])
        colour = page.say("prompt/colour") if pen.chance("colour", 0.8) else ""
        parts = {"scene": scene, "rules": " ".join(rules), "rules-": bulleted(rules, page), "data": data}
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


def summed(work: Work, parts: Sequence[int], sign: str = "+") -> int:
    """Return a sum, or what is left of the first part, claimed as it is written out."""
    if len(parts) < 2:
        return sum(parts)
    names = "abcdefghijkl"[: len(parts)]
    return int(work(f" {sign} ".join(names), **dict(zip(names, parts, strict=True))))


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
