"""Asks a model what each printed alternative states, and lists those that it takes for another statement.

    python -m tests.backtranslate FAMILY --model openai/gpt-5
    python -m tests.backtranslate FAMILY --schemes tax fault --model http://localhost:8000/v1#MODEL

A template that says something else than its fields reads back to itself (`read_back`), and its phrase table may repeat
the mistake. So every alternative of every bank that can stand in a prompt is rendered once, as on the gallery's page,
and a model chooses what it states among the gloss of its bank with the values that stand there, the same with two of
these exchanged, and the glosses of the banks that are most like it. What it chooses wrongly, or leaves open, is for a
person to look at: a model may be wrong as well. Answers are kept in `backtranslated.sqlite`, so a second run asks only
what is new.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from open_thoughts_gen.cache import ResponseCache
from open_thoughts_gen.chat import Call, Chat, resolve
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.gloss import relations_of, skeleton
from open_thoughts_gen.families.kit.kinds import LETTERS, Letter
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.words import Bank
from tests.gallery import kit_families, listing

NUM_NEAR = 3
NO_FACT = {"colour", "heading"}  # relations of banks that state nothing
STORED = Path("backtranslated.sqlite")


@dataclass(frozen=True, slots=True)
class Choice:
    """One alternative as it stands in a prompt, and the statements to choose from; `right` is the letter of its own."""

    bank: str
    text: str
    statements: Sequence[str]
    right: str

    @property
    def prompt(self) -> str:
        """What the model is asked."""
        options = "\n".join(f"{letter}. {said}" for letter, said in zip(LETTERS, self.statements, strict=False))
        return (
            "A sentence from the law or the story of a problem, and statements in short form: a relation, and what it "
            f"holds of.\n\nSentence: {self.text}\n\n{options}\n\nWhich one of the statements does the sentence make? "
            "Answer with its letter alone, or with '?' if none of them fits, or more than one."
        )


def statement(bank: Bank, values: Mapping[str, str]) -> str:
    """Return a gloss with values in the place of its fields: "share of (who: Obi; share: 36)"."""
    parts = []
    for relation, fields in relations_of(bank):
        held = "; ".join(f"{name}: {values.get(name, 'another')}" for name in fields)
        parts.append(f"{relation.replace('-', ' ')} ({held})" if held else relation.replace("-", " "))
    return " and ".join(parts)


def exchanged(bank: Bank, values: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Yield the values with two neighbours of a relation in each other's place, where that makes a difference."""
    for _, fields in relations_of(bank):
        for one, other in itertools.pairwise(fields):
            if values.get(one, "") != values.get(other, ""):
                yield {**values, one: values.get(other, "another"), other: values.get(one, "another")}


def nearest(bank: Bank, others: Sequence[Bank]) -> list[Bank]:
    """Return the banks whose words are most like those of a bank."""

    def words_of(one: Bank) -> set[str]:
        return set(" ".join(map(skeleton, one.say)).split())

    own = words_of(bank)
    likeness = {other.name: len(own & words_of(other)) / len(own | words_of(other)) for other in others}
    return sorted(others, key=lambda other: (-likeness[other.name], other.name))[:NUM_NEAR]


def choices(scheme: ProblemScheme) -> Iterator[Choice]:
    """Yield what there is to choose for each alternative of each printed bank that a case came to."""
    found = listing(scheme)
    printed = [bank for bank in scheme.words.under(*scheme.units) if found.texts.get(bank.name)]
    banks = [bank for bank in printed if {name for name, _ in relations_of(bank)} - NO_FACT]
    for bank in banks:
        values = found.values[bank.name]
        own = statement(bank, values)
        wrong = [statement(bank, other) for other in exchanged(bank, values)][:1]
        wrong += [statement(other, values) for other in nearest(bank, [other for other in banks if other != bank])]
        said = list(dict.fromkeys(other for other in wrong if other != own))
        for text in found.texts[bank.name] if said else ():
            statements = Random(f"{bank.name}/{text}").sample([own, *said], len(said) + 1)
            yield Choice(bank.name, " ".join(text.split()), statements, LETTERS[statements.index(own)])


def differences(asked: Sequence[Choice], chat: Chat) -> Iterator[str]:
    """Yield a line for each alternative of which the model chose another statement, or none."""
    calls = ((number, Call([{"role": "user", "content": each.prompt}])) for number, each in enumerate(asked))
    for number, reply in sorted(chat.replies(calls), key=lambda pair: pair[0]):
        choice, chosen = asked[number], Letter().read(reply.content)
        known = dict(zip(LETTERS, choice.statements, strict=False))
        if chosen != choice.right:
            said = reply.error or known.get(str(chosen), "none of them")
            yield f"{choice.bank}: {choice.text!r}: {said!r}, not {known[choice.right]!r}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print what a person should look at."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    families = kit_families()
    parser.add_argument("family", choices=families)
    parser.add_argument("--schemes", nargs="+", default=[])
    parser.add_argument("--model", required=True, help="PROVIDER/MODEL, or http://HOST:PORT/v1#MODEL")
    parser.add_argument("--stored", type=Path, default=STORED, help="where the answers are kept")
    chosen = parser.parse_args(arguments)
    with ResponseCache(chosen.stored) as cache:
        chat = Chat(resolve(chosen.model), cache, concurrency=8)
        for name, scheme in schemes_of(families[chosen.family].home).items():
            if not chosen.schemes or name in chosen.schemes:
                asked = list(choices(scheme))
                lines = list(differences(asked, chat))
                head = f"{name}: {len(asked):,} alternatives, {len(lines):,} to look at"
                sys.stdout.write("\n  ".join((head, *lines)) + "\n")


if __name__ == "__main__":
    main()
