"""A derivation that is being told: each step drawn from a bank of words, with the claims that its values were made by.

    last = narrative.work.after(facts["ended"], facts["longer_days"])
    narrative.step("longer.applies", last=last, sent=facts["sent"])
    narrative.answer("answer.due", last, last=last)

Every alternative of the bank becomes a telling of the same step. The word file says which values a step settles
(`settles: [last]`) and what else it rests on beside what it prints (`uses`). A value may be printed only if the case
states it, or a step has settled it with that very value: so a rule stands in the trace before its result is used. A
step that breaks this is an error in the scheme (`UnsettledError`), found as soon as a case is derived.

A wrong reading that a reader would try is put into steps of the kind `turn`, and then refuted by one of the kind
`refute`, which needs a computed reason: a claim or a citation. What is settled on a wrong turn is forgotten after it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.page import Page, Tellings
from open_thoughts_gen.families.kit.words import Bank, Ground, WordsError
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.narration.plan import concludes
from open_thoughts_gen.types import Step

PREFIX = "steps/"
MAX_GROUNDS = 6  # more would be the reasoning once again


class UnsettledError(WordsError):
    """A step rests on a value that nothing before it settles, or a wrong turn is left without its refutation."""


class NoResultError(ValueError):
    """A derivation comes to no answer: only one with a planted error may."""


@dataclass(slots=True)
class Narrative:
    """The steps of one derivation so far.

    `stated` are the values that the case states for each field, `year` the one that dates of the case are read in,
    `result` what the derivation comes to; `has_fractions` says that its figures are written as fractions. With
    `asks_for_options` the result is a finding, and the options are tried after it.
    """

    page: Page
    work: Work = field(default_factory=Work)
    stated: Mapping[str, Collection[object]] = field(default_factory=dict)
    asks_for_options: bool = False
    has_fractions: bool = False
    year: int | None = None
    steps: list[Step] = field(default_factory=list)
    point: int = 0
    result: object = None
    _settled: dict[str, object] = field(default_factory=dict)
    _on_turn: dict[str, object] | None = None

    def step(self, bank: str, *, point: int | None = None, **values: Any) -> None:  # noqa: ANN401  (as its form has it)
        """Tell one step: every alternative of a bank, with these values and the claims made since the step before.

        Raises:
            UnsettledError: it prints or uses a value that is neither stated by the case nor settled by a step before.

        """
        words = self.page.words.bank(f"{PREFIX}{bank}")
        self._tell(words, words.kind or "fact", values, point=point)

    def answer(self, bank: str, result: object, **values: Any) -> None:  # noqa: ANN401
        """Tell the decisive reason, which closes the response and stands alone, and what the derivation comes to.

        A result may have a bank of its own, which is then taken: `answer.ready.yes`, `answer.part.none`.

        Raises:
            NoResultError: `result` is None.
            UnsettledError: as `step`.

        """
        if result is None:
            raise NoResultError(f"{self.page.words.file}: {bank}: the derivation comes to no answer")
        self.result = result
        special = f"{PREFIX}{bank}.{word_of(result)}"
        words = self.page.words.bank(special if special in self.page.words.banks else f"{PREFIX}{bank}")
        self._tell(words, "finding" if self.asks_for_options else "answer", values)
        if self.asks_for_options and concludes(self.steps[:-1], self.steps[-1]):
            self.steps.pop()  # it has just been said

    def has_turned(self) -> bool:
        """Return whether a wrong turn has been taken: rules that many schemes share try one only once in a trace."""
        return any(step.kind == "turn" for step in self.steps)

    def beside(self, stated: Mapping[str, Collection[object]]) -> Narrative:
        """Return an empty narrative of what is stated, on the same page and by the same work."""
        return Narrative(self.page, self.work, stated, has_fractions=self.has_fractions)

    @contextmanager
    def option(self, stated: Mapping[str, Collection[object]]) -> Iterator[None]:
        """Try an option: the changed case is what is stated, and what is settled in the block is forgotten after it."""
        before = self.stated, self._settled
        self.stated, self._settled = stated, dict(self._settled)
        yield
        self.stated, self._settled = before

    def _tell(self, words: Bank, kind: str, values: Mapping[str, Any], *, point: int | None = None) -> None:
        uses = self._grounds(words, kind, values)
        self.page.seen = PrintedSoFar(year=self.year)
        texts = self.page.tell(words.name, **values)
        self.point = next(number for number in (point, words.point, self.point) if number is not None)
        cites = tuple(self.page.labels[key] for key in words.cites)
        claims = self.work.take()
        if kind in ("refute", "trial") and not claims and not cites:
            raise UnsettledError(f"{words.name} ({kind}) has no reason: let it compute something, or cite")
        self._settle(words, kind, values)
        grounds, known = self._said_first(words.grounds, texts), (words.settles, uses, words.shown, words.num_leaning)
        self.steps.append(Step(kind, texts, self.point, cites, claims, *known, grounds))

    def _said_first(self, grounds: Iterable[Ground], reason: Tellings) -> tuple[Step, ...]:
        """Return the steps that a response says before a reason; where they are too many, not those of an `every`."""
        for named in (tuple(grounds), tuple(ground for ground in grounds if not ground.is_every)):
            chosen = {
                (ground, ground.is_every and index): index
                for index, step in enumerate(self.steps)
                for ground in named
                if isinstance(step.texts, Tellings) and _fits(ground, step.texts, reason)
            }
            if len(places := sorted(set(chosen.values()))) <= MAX_GROUNDS:
                return tuple(self.steps[index] for index in places)
        return ()

    def _grounds(self, words: Bank, kind: str, values: Mapping[str, Any]) -> tuple[str, ...]:
        """Return which settled values a step rests on."""
        if self.work.flaw is not None:  # an error is planted: what follows may rest on nothing
            if not self.page.labels.keys() >= set(words.cites):
                raise NoResultError(f"{words.name} cites a provision that the case does not have")
            return ()
        if self._on_turn is not None and kind not in ("turn", "refute"):
            raise UnsettledError(f"{words.name} stands after a wrong turn that no step of the kind `refute` has closed")
        settled = {**self._settled, **(self._on_turn or {})}
        used = (self.page.words.printed(words.name) | set(words.uses)) - set(words.settles)
        return tuple(sorted(self._checked(words, used, values, settled)))

    def _checked(
        self, words: Bank, used: Iterable[str], values: Mapping[str, Any], settled: Mapping[str, object]
    ) -> Iterator[str]:
        """Yield the settled ones of the values that a step uses."""
        for name in used:
            if name in settled and (name not in values or values[name] == settled[name]):
                yield name
            elif name not in self.stated or (name in values and values[name] not in self.stated[name]):
                value = f" as {values[name]!r}" if name in values else ""
                where = f"{self.page.words.file}: {words.name}"
                raise UnsettledError(
                    f"{where} uses {name!r}{value}, which the case does not state and no step before it settles: "
                    f"put it under `settles:` of the step that works it out"
                )

    def _settle(self, words: Bank, kind: str, values: Mapping[str, Any]) -> None:
        settled = {name: values.get(name) for name in words.settles}
        if kind == "turn":
            self._on_turn = {**(self._on_turn or {}), **settled}
        else:
            self._on_turn = None
            self._settled |= settled


def _fits(ground: Ground, tellings: Tellings, reason: Tellings) -> bool:
    is_of_bank = f"{tellings.bank}.".startswith(f"{PREFIX}{ground.bank}.")
    return is_of_bank and all(tellings.values.get(field) == reason.values[other] for field, other in ground.same)


def teller(narrative: Narrative | None) -> Callable[..., None]:
    """Return what tells a step; without a narrative, what says nothing."""
    return narrative.step if narrative is not None else silent


def silent(bank: str, **values: object) -> None:
    """Say nothing."""


def word_of(result: object) -> str:
    """Return what a result is called in the name of a bank: yes, no, none (of a set), or itself."""
    if isinstance(result, bool):
        return "yes" if result else "no"
    return str(result).replace(" ", "_") if result != frozenset() else "none"


def stated_values(*parts: Mapping[str, Any]) -> dict[str, list[object]]:
    """Return every value that a case states for each field, the entries of its lists included."""
    stated: dict[str, list[object]] = {}
    for name, value in (item for part in parts for item in part.items()):
        stated.setdefault(name, []).append(value)
        for entry in value if isinstance(value, list) else ():
            for key, inner in entry.items() if isinstance(entry, Mapping) else ():
                stated.setdefault(key, []).append(inner)
    return stated
