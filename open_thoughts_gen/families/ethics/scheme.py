"""What all schemes of ethics share: the genre in which a case reaches the reader, and who writes to whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import Form, NameForm
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import SHARED_WORDS, ProblemScheme
from open_thoughts_gen.families.kit.words import WordFile
from open_thoughts_gen.families.kit.work import Work

FRAME = Path(__file__).parent / "words" / "frame.yaml"
# The parts of a page in the order in which each genre has them; a part that has a bank of its own is led in by it.
GENRES: Mapping[str, Sequence[str]] = {
    "letter": ("open", "story", "ask", "rules", "end"),
    "memo": ("open", "ask", "story", "rules"),
    "minutes": ("open", "rules", "story", "ask"),
    "chat": ("open", "story", "rules", "ask"),
    "file": ("open", "rules", "story", "ask"),
    "notice": ("open", "rules", "ask", "story"),
    "exercise": ("open", "story", "rules", "ask"),
    "diary": ("open", "story", "rules", "ask", "end"),
    "hearing": ("open", "ask", "rules", "story"),
    "handover": ("open", "story", "ask", "rules"),
}
FIRST_NAMES = (
    *("Amara", "Bela", "Carys", "Dmitri", "Elif", "Farid", "Greta", "Hana", "Ines", "Jonas", "Kofi", "Leila", "Mirek"),
    *("Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Sami", "Tove", "Ulla", "Viktor", "Wanda", "Yusuf", "Zora"),
)
LAST_NAMES = (
    *("Adeyemi", "Brandt", "Calder", "Dufour", "Eriksen", "Fontana", "Grieve", "Haddad", "Imai", "Jansen", "Kovac"),
    *("Lindqvist", "Moreau", "Nowak", "Okafor", "Petrov", "Quill", "Rahimi", "Sorel", "Tamm", "Urban", "Varga"),
    *("Whitlock", "Yilmaz", "Zeller"),
)


class EthicsScheme(ProblemScheme):
    """A scheme whose prompt is a story and the framework that is applied to it, in one of several genres."""

    label_styles: ClassVar[Sequence[str]] = ("§ {}", "Clause {}", "Rule {}", "Section {}", "Article {}")

    @property
    def words(self) -> WordFile:
        """The banks of this scheme, with those that all schemes of ethics share."""
        return words.load(self.word_file, FRAME, SHARED_WORDS)

    @property
    def known_forms(self) -> Mapping[str, Form[Any]]:
        """How every field is written, those of the frame included."""
        return {**super().known_forms, "writer": NameForm(), "reader": NameForm()}

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw who writes and who reads."""
        writer, reader = (
            f"{first} {last}" for first, last in zip(rng.sample(FIRST_NAMES, 2), rng.sample(LAST_NAMES, 2), strict=True)
        )
        return {"writer": writer, "reader": reader}

    def framed(self, case: ProblemCase, page: Page, *, rules: str, story: str, ask: str) -> str:
        """Return the whole prompt, its parts in the order of the genre."""
        genre, parts = case.pen("genre").pick("genre", *GENRES), {"rules": rules, "story": story, "ask": ask}
        pieces: list[str] = []
        for part in GENRES[genre]:
            bank = f"prompt/{genre}.{part}"
            if bank in self.words.banks:
                pieces.append(page.say(bank, **case.cast))
            if part in parts:
                pieces.append(parts[part])
        return "\n\n".join(pieces)


def is_more(work: Work, one: int | Fraction, other: int | Fraction) -> bool:
    """Return whether a number is larger than another, and claim it if it is: what does not exceed goes unsaid."""
    return work.exceeds(one, other) if one > other else bool(work.settle(one > other))


def patch_of(case: ProblemCase, letter: str) -> Mapping[str, Any]:
    """Return the change that an option of a case offers."""
    patches: dict[str, Mapping[str, Any]] = {option["letter"]: option["patch"] for option in case.options}
    return patches[letter]
