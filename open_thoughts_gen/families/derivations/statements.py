"""Statements of a proof, what a rule makes of them, and how both are written.

A statement is a text: its kind, then the keys of the plain statements that it is made of, `-` before one for its
contrary: `is pump`, `if.1 pump -valve`. What stands after the dot says how the kind is worded (list `statement` of
`proof.yaml`). A pattern is statements over letters, `if.1 x y, is x: is y`; a rule may have several.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from open_thoughts_gen.families.kit.forms import Form, PrintedSoFar

ALSO = "; "  # between the patterns of one rule
_KIND = re.compile(r"\b(?!is\b)[a-z]{2,}\b")
Wordings = Mapping[str, Mapping[str, str]]  # kinds, and in the plain style how each is worded


def kinds_in(statements: str) -> list[str]:
    """Return the kinds of statements that stand one after another, commas between them."""
    return [statement.split()[0] for statement in statements.split(", ")]


def contrary(literal: str) -> str:
    """Return the key of the contrary."""
    return literal.removeprefix("-") if literal.startswith("-") else f"-{literal}"


def made(pattern: str, statements: Sequence[str]) -> str | None:
    """Return what a pattern makes of these statements, in this order; None if nothing, or one thing is two letters."""
    heads, _, conclusion = pattern.partition(": ")
    if kinds_in(heads) != kinds_in(", ".join(statements)):
        return None
    bound = dict[str, str]()
    for name, literal in zip(heads.replace(",", "").split(), " ".join(statements).split(), strict=True):
        value = contrary(literal) if name.startswith("-") else literal
        if bound.setdefault(name.lstrip("-"), value) != value:
            return None
    if len({value.lstrip("-") for value in bound.values()}) < len(bound):
        return None
    kind, *names = conclusion.split()
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
    """A statement in words: `the pump runs`, `if the pump runs, then the tank is full`."""

    def __init__(self, wordings: Wordings, words: Mapping[str, str]) -> None:
        """Take how each kind is worded, and the words for each plain statement and for its contrary."""
        self._wordings, self._words = wordings, words
        self._keys = {text: key for key, text in words.items()}

    def write(self, value: str, style: str, seen: PrintedSoFar) -> str:
        """Return the statement in words."""
        kind, *literals = value.split()
        return self._wordings[kind][""].format(*map(self._words.__getitem__, literals))

    def read(self, text: str, start: int, style: str) -> Iterator[tuple[int, object]]:
        """Yield each statement that stands here."""
        simple = "|".join(sorted(map(re.escape, self._keys), key=len, reverse=True))
        for kind, forms in self._wordings.items():
            pattern = re.sub(r"\\\{([01])\\\}", rf"(?P<n\1>{simple})", re.escape(forms[""]))
            if match := re.compile(pattern).match(text, start):
                named = sorted(match.groupdict().items())
                yield match.end(), " ".join((kind, *(self._keys[words] for _, words in named)))


def ways_of(wordings: Iterable[str]) -> dict[str, list[str]]:
    """Return the ways in which each kind of statement is worded."""
    kinds: dict[str, list[str]] = {}
    for way in wordings:
        kinds.setdefault(way.partition(".")[0], []).append(way)
    return kinds


def pattern_entries(patterns: Sequence[str], wordings: Wordings, around: Mapping[str, str]) -> Wordings:
    """Return every wording of some patterns, in each style what it is in words: `from "if X, then Y" and X comes Y`."""
    signs = {"": "", "-": "the contrary of "}
    letters = {f"{sign}{name}": f"{said}{name.upper()}" for name in "wxyz" for sign, said in signs.items()}
    quoted = {kind: {"": forms[""] if kind == "is" else f'"{forms[""]}"'} for kind, forms in wordings.items()}
    form, entries = StatementForm(quoted, letters), dict[str, Mapping[str, str]]()
    for pattern in patterns:
        kinds = {kind: ways for kind, ways in ways_of(wordings).items() if kind in _KIND.findall(pattern)}
        for chosen in itertools.product(*kinds.values()):
            known = worded(pattern, dict(zip(kinds, chosen, strict=True)))
            entries[known] = {style: in_words(known, form, *words.split("|")) for style, words in around.items()}
    return entries


def in_words(patterns: str, form: StatementForm, before: str, between: str, after: str) -> str:
    """Return patterns in words, with these before, between and after the statements that something is made of."""
    sides = ([side.split(", ") for side in pattern.split(": ")] for pattern in patterns.split(ALSO))
    said = ([[form.write(each, "", PrintedSoFar()) for each in side] for side in pair] for pair in sides)
    return ALSO.join(f"{before}{between.join(heads)}{after}{conclusion}" for heads, (conclusion,) in said)


def worded(pattern: str, kinds: Mapping[str, str]) -> str:
    """Return a pattern, its kinds of statements worded in these ways."""
    return _KIND.sub(lambda kind: kinds[kind.group()], pattern)
