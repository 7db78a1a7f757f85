"""Whether a template says what its fields mean: what reading a text back cannot see.

A template that swaps two parties, drops a "not" or writes "before" for "after" inverts to itself. Such faults stand in
single alternatives, so there are finitely many, and each is checked once. A bank says in its gloss which relations it
states, of which fields:

    prompt/entry: {gloss: ["asks-for(who, wants)"], say: ["{who} asks for {wants} sacks.", ...]}

and a phrase table in a file of its own (`NAME.phrases.yaml`), written apart from the banks, says how each relation may
be put: `asks-for: ["{1} asks for {2} sacks", "{2} sacks are asked for by {1}"]`. Every alternative has to hold one of
the phrases of each relation; and a critical word (`CRITICAL`: not, before, at least, per cent ...) may stand only
inside such a phrase, or where the table's `exempt` list has the words around it.

A right new paraphrase is flagged until its phrase is entered: that is the price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from open_thoughts_gen.families.kit.words import Bank, Field, InnerBank, Label, Literal, Template, WordFile, WordsError

CRITICAL = frozenset(
    "no not none never nothing nobody without unless except only neither nor before after until by from since within at"
    " least most more less fewer than over under above below first second third former latter last next if instead each"
    " every both either per cent percent half double twice thousand million day days week weeks month months year years"
    " gives gets owes pays buys sells earlier later previous following all any".split()
)
ORDINAL = ("ordinal", "nth", "former")  # styles that say another thing than the plain value
_RELATION = re.compile(r"([a-z][a-z0-9-]*)\(([a-z0-9_, @>/.-]*)\)")
_WORD = re.compile(r"[a-z]+")


@dataclass(frozen=True, slots=True)
class Phrases:
    """How each relation may be put, and words that are harmless where they stand."""

    ways: Mapping[str, Sequence[str]]
    exempt: Sequence[str] = ()


@cache
def load(path: Path) -> Phrases:
    """Return a phrase table.

    Raises:
        WordsError: the file is not a table of phrases.

    """
    raw = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)  # noqa: S506  (text only, by design)
    if not isinstance(raw, dict) or not raw.keys() <= {"phrases", "exempt"} or not isinstance(raw.get("phrases"), dict):
        raise WordsError(f"{path.name}: `phrases:` by relation, and `exempt:`, are expected")
    return Phrases(raw["phrases"], tuple(raw.get("exempt") or ()))


def faults(words: WordFile, banks: Sequence[Bank], phrases: Phrases) -> Iterator[str]:
    """Yield what is wrong with the alternatives of these banks, a line each: bank, alternative, what is missing."""
    for bank in banks:
        relations = relations_of(bank)
        if not relations:
            yield f"{words.file}: {bank.name}: it has no gloss"
        for template in bank.say:
            text = skeleton(template)
            for fault in _faults(text, relations, phrases):
                yield f"{words.file}: {bank.name}: {text!r}: {fault}"


def uncited(banks: Sequence[Bank]) -> Iterator[str]:
    """Yield the steps whose alternatives name a provision that the step does not cite, a line each."""
    for bank in banks:
        named = {part.key for part in bank.parts() if isinstance(part, Label)}
        if not named <= set(bank.cites):
            yield f"{bank.name} names {', '.join(sorted(named - set(bank.cites)))} and does not cite it"


def relations_of(bank: Bank) -> list[tuple[str, list[str]]]:
    """Return the relations of a bank's gloss, each with the fields that it is of."""
    return [
        (name, [field.strip() for field in fields.split(",") if field.strip()])
        for name, fields in _RELATION.findall(bank.gloss)
    ]


def skeleton(template: Template) -> str:
    """Return an alternative with its fields bare, in small letters: `on {on} {who} asks for {wants} sacks.`."""
    parts = []
    for part in template:
        if isinstance(part, Literal):
            parts.append(part.words.lower())
        elif isinstance(part, Label):
            parts.append(f"{{{'#' if part.is_heading else '@'}{part.key}}}")
        else:
            style = f":{part.style}" if isinstance(part, Field) and part.style in ORDINAL else ""
            parts.append(f"{{>{part.bank}}}" if isinstance(part, InnerBank) else f"{{{part.name}{style}}}")
    return "".join(parts)


def _faults(text: str, relations: Sequence[tuple[str, list[str]]], phrases: Phrases) -> Iterator[str]:
    rest = text
    for name, fields in relations:
        ways = [_filled(way, fields) for way in phrases.ways.get(name, ())]
        present = [way for way in ways if way in text]
        if not present:
            yield f"no phrase of {name}({', '.join(fields)})"
        for way in present:
            rest = rest.replace(way, " | ")
    for words in phrases.exempt:
        rest = rest.replace(words.lower(), " | ")
    bare = re.sub(r"\{[^}]*\}", " ", rest)
    critical = sorted(set(_WORD.findall(bare)) & CRITICAL)
    if critical:
        yield f"critical words outside the phrases: {', '.join(critical)}"


def _filled(way: str, fields: Sequence[str]) -> str:
    """Return a phrase with the fields in place of {1}, {2} ..., and of {1:nth} where a style has a meaning."""
    return re.sub(r"\{(\d)(:[a-z]+)?\}", lambda match: f"{{{fields[int(match[1]) - 1]}{match[2] or ''}}}", way).lower()
