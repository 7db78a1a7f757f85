"""What all schemes of arguments share: pages on which somebody argues, and sentences that stand between others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.forms import profile_form, sorts
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form
from open_thoughts_gen.families.kit.genre import GenreScheme
from open_thoughts_gen.families.kit.page import Page

WORDS = Path(__file__).parent / "words"


def shared(*files: str) -> Sequence[Path]:
    """Return files of banks that some schemes of arguments share, and the one that all do."""
    return tuple(WORDS / f"{name}.yaml" for name in (*files, "frame"))


class ArgumentScheme(GenreScheme):
    """A scheme whose prompt is somebody's argument, in one of several genres."""

    more_words: ClassVar[Sequence[Path]] = shared()
    speakers: ClassVar[Sequence[str]] = ("speaker",)

    def mixed(
        self, case: ProblemCase, page: Page, sentences: Sequence[str], *others: str, rate: float = 0.6
    ) -> list[str]:
        """Return sentences in their order, with others put anywhere among them, often one that decides nothing."""
        pen, text = case.pen("grounds"), list(sentences)
        rng = pen.rng("mixed")
        for other in (*others, *([page.say("prompt/colour")] if pen.chance("colour", rate) else [])):
            text.insert(rng.randint(0, len(text)), other)
        return text

    def beside_definitions(self, case: ProblemCase, page: Page, text: str, claim: str = "") -> str:
        """Return a page whose grounds are a text and definitions, either of them first, the terms in any order."""
        pen, banks = case.pen("grounds"), self.words.under("prompt/term.")
        terms = pen.order("terms", [page.say(bank.name) for bank in banks])
        parts = pen.order("order", [" ".join([page.say("prompt/definitions"), *terms]), text])
        return self.framed(case, page, grounds="\n\n".join(parts), claim=claim)

    def drawn_from(self, rng: Random, topics: str, items: str) -> tuple[str, list[str]]:
        """Draw an entry of a list, and shuffle those entries of another whose keys begin with it."""
        topic = rng.choice(list(self.words.lists[topics]))
        keys = [key for key in self.words.lists[items] if key.startswith(f"{topic}.")]
        return topic, rng.sample(keys, len(keys))


class PeopleScheme(ArgumentScheme):
    """A scheme whose arguments are about people of one setting, and what is true of each of them."""

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of sorts of people, and of what is true of one person or of several."""
        traits = self.words.lists["trait"]
        people = EntryForm(sorts(self.words.lists["setting"], traits))
        return {"person": people, "profile": profile_form(traits), "people": profile_form(traits, "are", "arent")}
