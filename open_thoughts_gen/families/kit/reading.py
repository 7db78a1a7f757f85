"""Reads a prompt back: from the printed text alone to the facts that it states.

Every bank of words is also a pattern (B. Ford, Packrat Parsing, 2002, for the memoised search; here every reading is
wanted, not the first). The whole text has to be covered by banks, one unread character means that it is unread; each
covering is resolved from the top to the bottom, as a reader would ("the second" is the second item that stands
printed); and exactly one set of facts may come out of all of them.

It cannot see that a template says something else than its fields: such a template inverts to itself. That is what the
glosses are for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeAlias

from open_thoughts_gen.families.kit.forms import Form, Money, Open, PrintedSoFar
from open_thoughts_gen.families.kit.words import Bank, Field, InnerBank, Label, Literal, Part, Template, WordFile

MAX_READINGS = 256  # a chat of five turns can be read in 32 ways as to who speaks, and all but one fail later
_LABEL = re.compile(r"(?:(?:§|[A-Z][a-z]+\.?) ?)?\d+(?:\.\d+)*(?:\(\d+\))?(?![\d(])")
_GAP = re.compile(r"[ \n]{1,2}")

Printed: TypeAlias = tuple[Field | Label | Bank, object]  # a value, a label, or a nested bank that stands there


class UnreadError(ValueError):
    """A text has no reading, or more than one: where it stops, or what it could mean."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One bank that stands in a text, with what its fields and labels read, in printed order."""

    bank: Bank
    printed: tuple[Printed, ...]


@dataclass(slots=True)
class PromptReader:
    """Reads texts that are made of these banks: `units` are those that can stand by themselves."""

    words: WordFile
    forms: Mapping[str, Form[Any]]
    units: Sequence[Bank]
    _text: str = ""
    _next: dict[int, list[tuple[int, Passage]]] = field(default_factory=dict)
    _dead: set[int] = field(default_factory=set)

    def facts(self, text: str) -> dict[str, Any]:
        """Return the facts that a text states.

        Raises:
            UnreadError: it has no reading, or readings that state different facts.

        """
        self._text, self._next, self._dead = text, {}, set()
        readings: dict[str, dict[str, Any]] = {}
        try:
            for number, units in enumerate(self._coverings(0), start=1):
                facts = merged(units, self.forms)
                if facts is not None:
                    readings[json.dumps(facts, sort_keys=True, default=_written)] = facts
                if number == MAX_READINGS:
                    raise UnreadError(f"more than {MAX_READINGS} ways to read it")
        except RecursionError as error:
            raise UnreadError("it has more sentences than a prompt can have") from error
        if len(readings) == 1:
            return next(iter(readings.values()))
        if readings:
            raise UnreadError(f"{len(readings)} sets of facts fit the text: {' | '.join(sorted(readings))}")
        stop = max(self._dead, default=0)
        raise UnreadError(f"it cannot be read on from {text[stop : stop + 60]!r}")

    def _coverings(self, start: int) -> Iterator[tuple[Passage, ...]]:
        """Yield each way to cover the text from `start` on."""
        if start in self._dead:
            return
        alive = False
        if start not in self._next:
            self._next[start] = [
                (end, Passage(bank, printed))
                for bank in self.units
                for template in bank.say
                for end, printed in self._match(template, start, self._text)
            ]
        for end, unit in self._next[start]:
            if end == len(self._text):
                alive = True
                yield (unit,)
            elif gap := _GAP.match(self._text, end):
                for rest in self._coverings(gap.end()):
                    alive = True
                    yield (unit, *rest)
        if not alive:
            self._dead.add(start)

    def _match(self, template: Template, start: int, text: str) -> Iterator[tuple[int, tuple[Printed, ...]]]:
        """Yield where a template can end that begins here, with what it printed on the way."""
        if not template:
            yield start, ()
            return
        for end, printed in self._part(template[0], start, text):
            for last, rest in self._match(template[1:], end, self._text):
                yield last, (*printed, *rest)

    def _part(self, part: Part, start: int, text: str) -> Iterator[tuple[int, tuple[Printed, ...]]]:
        if isinstance(part, Literal):
            if text.startswith(part.words, start):
                yield start + len(part.words), ()
            return
        if isinstance(part, Label):
            if match := _LABEL.match(text, start):
                yield match.end(), ((part, match.group()),)
            return
        if part.capital:
            text = f"{text[:start]}{text[start : start + 1].lower()}{text[start + 1 :]}"
        if isinstance(part, InnerBank):
            bank = self.words.bank(part.bank)
            for template in bank.say:
                for end, printed in self._match(template, start, text):
                    yield end, ((bank, None), *printed)
        else:
            for end, value in self.forms[part.name].read(text, start, part.style):
                yield end, ((part, value),)


def merged(units: Sequence[Passage], forms: Mapping[str, Form[Any]]) -> dict[str, Any] | None:
    """Return what the units of a covering state together; None where they contradict, or a reference leads nowhere."""
    labels: dict[str, str] = {}
    for part, label in (printed for unit in units for printed in unit.printed):
        if isinstance(part, Label) and part.is_heading:
            if str(label) in labels or part.key in labels.values():  # each provision is printed once
                return None
            labels[str(label)] = part.key
    seen, facts = PrintedSoFar(), dict[str, Any]()
    for unit in units:
        entry: dict[str, Any] = {} if unit.bank.list else facts
        for name, value in _values(unit, forms, seen, labels):
            target = facts if name in unit.bank.beside else entry
            if value is None or target.setdefault(name, value) != value:
                return None
        if unit.bank.list:
            facts.setdefault(unit.bank.list, []).append(entry)
    return facts


def _values(
    unit: Passage, forms: Mapping[str, Form[Any]], seen: PrintedSoFar, labels: Mapping[str, str]
) -> Iterator[tuple[str, object]]:
    """Yield what a unit states, in printed order; None for a value that stays open or a label that is another's."""
    yield from (unit.bank.sets or {}).items()
    for part, read in unit.printed:
        if isinstance(part, Bank):
            yield from (part.sets or {}).items()
        elif isinstance(part, Label):
            if labels.get(str(read)) != part.key:
                yield part.key, None
        else:
            value = read.close(seen) if isinstance(read, Open) else read
            if value is not None:
                forms[part.name].note(value, part.style, seen)
            yield part.name, value


def _written(value: object) -> object:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money):
        return [str(value.number), value.unit]
    return str(value)
