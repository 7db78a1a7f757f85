"""What all schemes of this family share: a cast of characters with voices of their own, and the page around a story."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit import words
from open_thoughts_gen.families.kit.authoring import Facts, Form, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.genre import ReckonedScheme
from open_thoughts_gen.families.kit.kinds import Both, InOrder, Kind, OneOf, OnePart, SomeOf
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.prose import CharacterForm, CompanyForm, RomanForm, SpelledForm, WeekdayForm

WORDS = Path(__file__).parent / "words"
# A role is a voice; whoever has one of its names speaks in it.
ROLES = words.load(WORDS / "voices.yaml").lists["role"]
ROLE_OF = {name: role for role in ROLES for name in ROLES[role]["names"].split(", ")}
CHARACTERS = CharacterForm({name: ROLES[role]["pronoun"] for name, role in ROLE_OF.items()})
FORMS: Mapping[str, Form[Any]] = {
    **{"who": CHARACTERS, "group": CompanyForm(tuple(ROLE_OF)), "scene": RomanForm(), "spelled": SpelledForm()},
    **{"listed": CompanyForm(()), "weekday": WeekdayForm()},
}


class LiteraryScheme(ReckonedScheme):
    """A scheme whose prompt is a text, a note on how to read it, and a question, on one of several kinds of page.

    `among` are the paths (`choices`) of the names that a result is chosen from, one for each of its parts: those of a
    question, and those that the sets of its answer set program are numbered by. `pairs` are results that are two of
    those of the program. `turns` are fields of entries with the values that a change may give them.
    """

    more_words: ClassVar[Sequence[Path]] = (WORDS / "frame.yaml",)
    among: ClassVar[Mapping[str, str]] = {}
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {}

    @abstractmethod
    def walk(self, case: Reckoning, asks: str) -> object:
        """Come to the result of a question, and say how if anything is said; None where it has no single one."""

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Return what every question comes to, and whether there is anything in it (`any_QUESTION`), without a word."""
        asked = [name for name, ask in self.asks.items() if facts.keys() >= {*ask.needs}]
        case = Reckoning(facts)
        results = {name: self.walk(case, name) for name in asked}
        filled = {f"any_{name}": None if result is None else bool(result) for name, result in results.items()}
        return {**results, **filled}

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Tell the walk of the question that is asked."""
        reckoning.answer(f"answer.{asks}", self.walk(reckoning, asks))

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of the family: characters, several of them, numbers of scenes, years in words."""
        return {**super().own_forms(), **FORMS}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the names of the case where these are needed."""
        kind, paths = self.asks[case.asks].kind, iter(self.among.get(case.asks, "").split())

        def named(part: Kind) -> Kind:
            is_open = isinstance(part, OneOf | InOrder | SomeOf) and not part.names
            return replace(part, names=self.choices(case.facts, next(paths))) if is_open else part  # type: ignore[type-var]

        return (
            Both(named(kind.one), named(kind.other), kind.closing) if isinstance(kind, Both) else OnePart(named(kind))
        )

    def choices(self, facts: Facts, path: str) -> tuple[str, ...]:
        """Return the names that a path leads to, each once.

        They are several that one fact has (`names`), those of a field of the entries of a list (`beats.present`), or
        the entries of a list of words that belong to the setting (`setting.where`).
        """
        key, _, name = path.partition(".")
        if isinstance(facts[key], str):
            return tuple(self.entries_of(facts[key], name))
        values = [entry[name] for entry in facts[key] if name in entry] if name else facts[key]
        several = (value if isinstance(value, tuple) else (str(value),) for value in values)
        return tuple(dict.fromkeys(name for names in several for name in names))

    def drawn_setting(self, rng: Random, name: str) -> tuple[str, list[str]]:
        """Draw a setting, and return it with the entries of a list that are its own, in any order."""
        setting = rng.choice(list(self.words.lists["setting"]))
        entries = self.entries_of(setting, name)
        return setting, rng.sample(entries, len(entries))

    def entries_of(self, setting: str, name: str) -> list[str]:
        """Return the entries of a list that belong to a setting; each has as many, in the order of the settings."""
        settings, entries = list(self.words.lists["setting"]), list(self.words.lists[name])
        size = len(entries) // len(settings)
        return entries[settings.index(setting) * size :][:size]

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Return what the answer set program beside the scheme comes to, with the results that are pairs."""
        proved: dict[str, Any] = dict(answer_set(self.word_file.with_suffix(".lp"), self.stated(facts)))
        for result in (result for result in self.among if isinstance(proved.get(result), int)):
            names = enumerate(self.choices(facts, self.among[result]))
            proved[result] = frozenset(name for index, name in names if proved[result] >> index & 1)
        whole = {name: parts for name, parts in self.pairs.items() if proved.keys() >= {*parts}}
        return {**proved, **{name: (proved[one], proved[other]) for name, (one, other) in whole.items()}}

    def stated(self, facts: Facts) -> dict[str, Any]:
        """Return the facts as the program takes them: several names as a list, `at` the entry that has them."""
        rows: dict[str, Any] = {}
        for key, value in facts.items():
            rows[key] = [{"name": name} for name in value] if isinstance(value, tuple) else deepcopy(value)
            for index, entry in enumerate(rows[key] if isinstance(value, list) else ()):
                for name in [name for name in entry if isinstance(entry[name], tuple)]:
                    rows.setdefault(name, []).extend({"at": index, "name": each} for each in entry.pop(name))
        return rows


def people(rng: Random, number: int) -> list[str]:
    """Return characters, each of another role."""
    return [rng.choice(ROLES[role]["names"].split(", ")) for role in rng.sample(list(ROLES), number)]
