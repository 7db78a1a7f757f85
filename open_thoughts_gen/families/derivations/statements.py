"""Statements of a proof, what a rule makes of them, and how they are written.

A statement is a text: its kind, then the keys of the plain statements that it is made of, `-` before one for its
contrary: `is pump`, `if.1 pump -valve`. What stands after the dot says how the kind is worded (list `statement` of
`proof.yaml`). A pattern is statements over letters, the last of which the others give: `if.1 x y`, `is x`, `is y`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar


def kind_of(statement: str) -> str:
    """Return the kind of a statement, as it is worded."""
    return statement.split(maxsplit=1)[0]


def contrary(literal: str) -> str:
    """Return the key of the contrary."""
    return literal.removeprefix("-") if literal.startswith("-") else f"-{literal}"


def conclusion(pattern: Sequence[str], statements: Sequence[str]) -> str | None:
    """Return what a pattern makes of these statements, in this order; None if nothing, or one thing is two letters."""
    *heads, gives = pattern
    if [*map(kind_of, heads)] != [*map(kind_of, statements)]:
        return None
    bound = dict[str, str]()
    for name, literal in zip(" ".join(heads).split(), " ".join(statements).split(), strict=True):
        value = contrary(literal) if name.startswith("-") else literal
        if bound.setdefault(name.lstrip("-"), value) != value:
            return None
    if len({value.lstrip("-") for value in bound.values()}) < len(bound):
        return None
    kind, *names = gives.split()
    return " ".join([kind, *(contrary(bound[name[1:]]) if name.startswith("-") else bound[name] for name in names)])


def entails(named: Sequence[str], statement: str) -> bool:
    """Return whether a statement is true in every case in which those named are."""
    atoms = sorted({literal.lstrip("-") for each in (*named, statement) for literal in each.split()[1:]})
    cases = map(set, itertools.product(*((atom, f"-{atom}") for atom in atoms)))
    return all(is_true(statement, case) for case in cases if all(is_true(each, case) for each in named))


def is_true(statement: str, case: set[str]) -> bool:
    """Return whether a statement is true in a case: the set of what is so, contraries included."""
    kind, *literals = statement.split()
    one, two = literals[0] in case, literals[-1] in case
    values = {"is": one, "if": not one or two, "or": one or two, "and": one and two, "nand": not (one and two)}
    return {**values, "iff": one == two}[kind.partition(".")[0]]


class StatementForm(Form[str]):
    """A statement in words: `the pump runs`, `if X, then the contrary of Y`."""

    def __init__(self, wordings: Mapping[str, Mapping[str, str]], plain: Mapping[str, Mapping[str, str]]) -> None:
        """Take how each kind is worded, and the words for each plain statement and for its contrary (`not`)."""
        self._wordings = {kind: forms[""] for kind, forms in wordings.items()}
        self._words = {sign + key: of[style] for key, of in plain.items() for sign, style in (("", ""), ("-", "not"))}
        self._keys = {words: key for key, words in self._words.items()}
        simple = "|".join(sorted(map(re.escape, self._keys), key=len, reverse=True))
        self._patterns = {
            kind: re.compile(re.sub(r"\\\{([01])\\\}", rf"(?P<n\1>{simple})", re.escape(words)))
            for kind, words in self._wordings.items()
        }

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the statement in words."""
        kind, *literals = value.split()
        return self._wordings[kind].format(*map(self._words.__getitem__, literals))

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each statement that stands here."""
        for kind, pattern in self._patterns.items():
            if match := pattern.match(text, start):
                named = sorted(match.groupdict().items())
                yield match.end(), " ".join((kind, *(self._keys[words] for _, words in named)))
