"""What all schemes of this family share: a cast of characters with voices of their own, and the page around a story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import ProblemCase, replaced
from open_thoughts_gen.families.kit.forms import Form
from open_thoughts_gen.families.kit.genre import GenreScheme
from open_thoughts_gen.families.kit.kinds import Both, Kind, OnePart
from open_thoughts_gen.families.kit.prose import CharacterForm, CompanyForm, RomanForm, SpelledForm

WORDS = Path(__file__).parent / "words"
# A role is a voice; whoever has one of its names speaks in it.
ROLES: Mapping[str, Sequence[str]] = {
    "matron": ("Mrs Thorne", "Mrs Aldous", "Mrs Vance", "Mrs Pym", "Mrs Hallam"),
    "girl": ("Cora", "Nell", "Tilda", "Wren", "Ines"),
    "actress": ("Miss Lavalle", "Miss Ormonde", "Miss Duval", "Miss Carrow", "Miss Benedek"),
    "cook": ("Hester", "Dorcas", "Mabel", "Agnes", "Bridie"),
    "master": ("Mr Pell", "Mr Orrin", "Mr Dace", "Mr Tibbs", "Mr Lindqvist"),
    "ferryman": ("Matthias", "Jory", "Abel", "Silas", "Anton"),
    "doctor": ("Dr Quill", "Dr Harrow", "Dr Stannard", "Dr Imai", "Dr Voss"),
    "nephew": ("Julian", "Edmund", "Lucian", "Perrin", "Felix"),
}
WOMEN = ("matron", "girl", "actress", "cook")
ROLE_OF = {name: role for role, names in ROLES.items() for name in names}
CHARACTERS = CharacterForm({name: "she" if role in WOMEN else "he" for name, role in ROLE_OF.items()})
FORMS: Mapping[str, Form[Any]] = {
    **{"who": CHARACTERS, "group": CompanyForm(tuple(ROLE_OF)), "scene": RomanForm(), "spelled": SpelledForm()},
    "listed": CompanyForm(()),
}


class LiteraryScheme(GenreScheme):
    """A scheme whose prompt is a text, a note on how to read it, and a question, on one of several kinds of page."""

    more_words: ClassVar[Sequence[Path]] = (WORDS / "frame.yaml",)
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {}  # results that are two of those of its answer set program

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of the family: characters, several of them, numbers of scenes, years in words."""
        return {**super().own_forms(), **FORMS}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question."""
        kind = self.kind_in(case)
        return kind if isinstance(kind, Both) else OnePart(kind)

    def kind_in(self, case: ProblemCase) -> Kind:
        """Return the kind of the question with the names of the case, where these are needed."""
        return super().kind_of(case)

    def drawn_setting(self, rng: Random, name: str) -> tuple[str, list[str]]:
        """Draw a setting, and return it with the entries of a list that are its own."""
        setting = rng.choice(list(self.words.lists["setting"]))
        return setting, self.entries_of(setting, name)

    def entries_of(self, setting: str, name: str) -> list[str]:
        """Return the entries of a list that belong to a setting; each has as many, in the order of the settings."""
        settings, entries = list(self.words.lists["setting"]), list(self.words.lists[name])
        size = len(entries) // len(settings)
        return entries[settings.index(setting) * size :][:size]

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the answer set program beside the scheme comes to, with the results that are pairs."""
        proved = super().prove(self.stated(facts))
        whole = {name: parts for name, parts in self.pairs.items() if proved.keys() >= {*parts}}
        return {**proved, **{name: tuple(proved[part] for part in parts) for name, parts in whole.items()}}

    def stated(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts as the program takes them: several names as a list of entries."""
        return {
            key: [{"name": name} for name in value] if isinstance(value, tuple) else value
            for key, value in facts.items()
        }

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Change one entry of a list."""
        changed = {name: value for name, value in patch.items() if name not in ("list", "entry")}
        return {**facts, patch["list"]: replaced(facts[patch["list"]], patch["entry"], changed)}


def people(rng: Random, number: int) -> list[str]:
    """Return characters, each of another role."""
    return [rng.choice(ROLES[role]) for role in rng.sample(list(ROLES), number)]
