"""A page: a prompt that is being written, sentence after sentence, each drawn from a bank of words.

What a sentence refers to is resolved by what stands on the page above it (`forms.PrintedSoFar`), so sentences are
written in the order in which they are printed. Each choice of an alternative depends on the case's pen and the bank's
name alone, so that changing one fact (a minimal pair) changes no other word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.words import Bank, InnerBank, Label, Literal, Template, WordFile, WordsError


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

    def tell(self, bank: str, **values: Any) -> Tellings:  # noqa: ANN401
        """Return every alternative of a bank with these values in it, each read as if it stood here.

        Raises:
            WordsError: the bank is not there, or wants a value that is not given.

        """
        phrases, missing = self.words.bank(bank), self.words.printed(bank) - values.keys()
        if missing:
            raise self._lacks(phrases, min(missing))
        return Tellings(self, phrases, values, self.seen)

    def render(
        self, bank: Bank, templates: Sequence[Template], values: Mapping[str, Any], seen: PrintedSoFar | None = None
    ) -> tuple[str, ...]:
        """Return templates of a bank (its alternatives, its notes) with these values, each as if it stood here.

        `seen` is what stands before them, if that is not what stands on the page so far.
        """
        here, said = self.seen, dict(self._said)
        texts = []
        for template in templates:
            self.seen = (seen or here).copy()
            texts.append(self._write(bank, template, values))
        self.seen, self._said = here, said
        return tuple(texts)

    def _write(self, bank: Bank, template: Template, values: Mapping[str, Any]) -> str:
        texts = []
        for part in template:
            if isinstance(part, Literal):
                texts.append(part.words)
                continue
            if isinstance(part, Label):
                texts.append(self.labels[part.key])
                continue
            if isinstance(part, InnerBank):
                text = self.draw(self.words.bank(part.bank), values)
            elif part.name not in values:
                raise self._lacks(bank, part.name)
            else:
                form, value = self.forms[part.name], values[part.name]
                text = form.write(value, part.style, self.seen)
                form.note(value, part.style, self.seen)
            texts.append(text[:1].upper() + text[1:] if part.capital else text)
        return "".join(texts)

    def _lacks(self, bank: Bank, name: str) -> WordsError:
        return WordsError(f"{self.words.file}: bank {bank.name!r} wants a value for {name!r}")


class Tellings(Sequence[str]):
    """Every alternative of a bank with the same values, put into words when somebody reads them.

    Most derivations are computed for their answer and their claims, and nobody reads what their steps say.
    """

    def __init__(self, page: Page, bank: Bank, values: Mapping[str, Any], seen: PrintedSoFar) -> None:
        """Take the page, and what stands on it before them."""
        self._page, self._bank, self.values, self._seen = page, bank, values, seen

    @property
    def bank(self) -> str:
        """The name of the bank: which step this is, whatever its words."""
        return self._bank.name

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        return self._page.render(self._bank, self._bank.say, self.values, self._seen)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._bank.say)

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401  (one, or a slice of them)
        """Return one of them, or several."""
        return self._texts[index]

    def __iter__(self) -> Iterator[str]:
        """Yield each of them."""
        return iter(self._texts)

    @cached_property
    def _grounds(self) -> tuple[object, ...]:
        """All that the words depend on, beside the bank."""
        printed = {name: self.values[name] for name in self._page.words.printed(self._bank.name)}
        return printed, self._seen, self._page.labels, self._page.pen

    def __eq__(self, other: object) -> bool:
        """Return whether both are of one bank and say the same; words are compared only where values differ."""
        if not isinstance(other, Tellings) or self._bank.name != other._bank.name:
            return False
        return self._grounds == other._grounds or self._texts == other._texts

    def __hash__(self) -> int:
        """Return a hash of the bank."""
        return hash(self._bank.name)

    def __repr__(self) -> str:
        """Return the words."""
        return repr(self._texts)
