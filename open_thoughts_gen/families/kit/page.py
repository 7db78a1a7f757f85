"""A page: a prompt that is being written, sentence after sentence, each drawn from a bank of words.

What a sentence refers to is resolved by what stands on the page above it (`forms.PrintedSoFar`), so sentences are
written in the order in which they are printed. Each choice of an alternative depends on the case's pen and the bank's
name alone, so that changing one fact (a minimal pair) changes no other word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.words import Bank, Field, InnerBank, Label, Literal, Template, WordFile, WordsError


@dataclass(slots=True)
class Page:
    """Writes from the banks of a scheme. `forms` says how each field is written, `labels` how provisions are cited."""

    words: WordFile
    forms: Mapping[str, Form[Any]]
    pen: Pen
    labels: Mapping[str, str] = field(default_factory=dict)
    seen: PrintedSoFar = field(default_factory=PrintedSoFar)
    _said: dict[str, int] = field(default_factory=dict)
    _orders: dict[str, list[int]] = field(default_factory=dict)

    def say(self, bank: str, **values: Any) -> str:  # noqa: ANN401  (each value is of its form's type)
        """Return an alternative of a bank with these values in it; said again, another alternative if there is one.

        Raises:
            WordsError: the bank is not there, or wants a value that is not given.

        """
        return self.draw(self.words.bank(bank), values)

    def draw(self, bank: Bank, values: Mapping[str, Any]) -> str:
        """Return an alternative of a bank, one that stands by itself or within another."""
        turn = self._said.get(bank.name, 0)
        self._said[bank.name] = turn + 1
        if bank.name not in self._orders:
            self._orders[bank.name] = self.pen.order(bank.name, range(len(bank.say)))
        order = self._orders[bank.name]
        return self._write(bank, bank.say[order[turn % len(order)]], values)

    def tell(self, bank: str, **values: Any) -> tuple[str, ...]:  # noqa: ANN401
        """Return every alternative of a bank with these values in it, each read as if it stood here."""
        phrases = self.words.bank(bank)
        return self.render(phrases, phrases.say, values)

    def render(self, bank: Bank, templates: Sequence[Template], values: Mapping[str, Any]) -> tuple[str, ...]:
        """Return templates of a bank (its alternatives, its notes) with these values, each as if it stood here."""
        here, said = self.seen, dict(self._said)
        texts = []
        for template in templates:
            self.seen = here.copy()
            texts.append(self._write(bank, template, values))
        self.seen, self._said = here, said
        return tuple(texts)

    def _write(self, bank: Bank, template: Template, values: Mapping[str, Any]) -> str:
        texts = []
        for part in template:
            if isinstance(part, Literal):
                text = part.words
            elif isinstance(part, Label):
                text = self.labels[part.key]
            elif isinstance(part, InnerBank):
                text = self.draw(self.words.bank(part.bank), values)
            elif part.name not in values:
                raise WordsError(f"{self.words.file}: bank {bank.name!r} wants a value for {part.name!r}")
            else:
                form, value = self.forms[part.name], values[part.name]
                text = form.write(value, part.style, self.seen)
                form.note(value, part.style, self.seen)
            is_capital = isinstance(part, InnerBank | Field) and part.capital
            texts.append(text[:1].upper() + text[1:] if is_capital else text)
        return "".join(texts)
