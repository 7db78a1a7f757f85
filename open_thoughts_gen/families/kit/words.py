"""Words: what a scheme says, kept in `NAME.yaml` beside its Python, where a writer can change it.

A word file holds banks. A bank is a set of alternatives that say the same thing of the same fields:

    banks:
      ended:
        gloss: "{tenant} gives the home back to {landlord} on {ended}"
        say:
          - "{tenant} handed the keys of {>home} to {landlord} on {ended:full}."
          - "On {ended:full} {landlord} got the keys back."
      home: ["the flat over the chandler's", "the house by the weir"]

In an alternative, `{field}` and `{field:style}` stand for a value (`forms`), `{>bank}` for an alternative of another
bank, `{@key}` for the label of a provision or a line, `{#key}` for the place where that label is printed. A `^` before
any of them makes its first letter a capital. `{{` and `}}` are braces.

A bank may say more than its text: `sets` are facts that are true because it stands there, `list` names the list to
which its fields make one more entry (except those that `beside` names, which are facts of the case), `note` says in a
few words what it states, for a narration that goes through the text first; `kind`, `cites`, `settles`, `uses`, `point`
and `shown` are for steps of a derivation (`telling`). The `grounds` of a reason are the steps that a response says
before it: `tax` is the last of the bank `steps/tax` or its versions (`steps/tax.low`), `every tax` is all of them, and
`tax of payer=name` is the last whose {payer} is the {name} of the reason. A bank that may begin a response has under
`then` the alternatives that go on from a step before, and under `say` those that can be read by themselves.
Everything is loaded as text (`yes`, `no` and `on` are words), except `sets`, whose `true`, `false` and whole numbers
are values.

Which form each field is written in can stand here as well, `forms: {whole: num early, list goods: item}`: the name of a
form, or of a list of the file, and the fields that have it.

What a bank says is put plainly in its `gloss`, which is checked against a phrase table that stands elsewhere (`gloss`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import yaml

_PART = re.compile(r"\{\{|\}\}|\{(\^?)([>@#]?)([a-z_][a-z0-9_./-]*)(?::([^{}]*))?\}|[{}]")
_NAMES = ("cites", "settles", "uses", "beside")
_KNOWN = {"say", "then", "note", "gloss", "sets", "list", "kind", "point", "shown", "grounds", *_NAMES}
KINDS = (
    *("issue", "survey", "note", "rule", "fact", "compute", "exception", "trap", "turn", "refute", "finding", "check"),
    *("trial", "conclude", "answer"),
)
NARRATIONS = ("brief", "normal", "deliberate")


@dataclass(frozen=True, slots=True)
class Literal:
    """Words that stand as they are."""

    words: str


@dataclass(frozen=True, slots=True)
class Field:
    """A value, in one of the styles of its form."""

    name: str
    style: str
    capital: bool


@dataclass(frozen=True, slots=True)
class InnerBank:
    """An alternative of another bank."""

    bank: str
    capital: bool


@dataclass(frozen=True, slots=True)
class Label:
    """The label of a provision: referred to, or printed where the provision stands (`is_heading`)."""

    key: str
    is_heading: bool


Part: TypeAlias = Literal | Field | InnerBank | Label
Template: TypeAlias = tuple[Part, ...]


class Ground(NamedTuple):
    """A step that a reason rests on: its bank, and which of its fields have the values of which of the reason's."""

    bank: str
    is_every: bool
    same: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Bank:
    """Alternatives that say one thing; the last `num_leaning` of them go on from what stands before."""

    name: str
    say: tuple[Template, ...]
    gloss: str = ""
    sets: Mapping[str, Any] | None = None
    list: str = ""
    beside: tuple[str, ...] = ()
    kind: str = ""
    point: int | None = None
    cites: tuple[str, ...] = ()
    settles: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    shown: str = ""
    note: tuple[Template, ...] = ()
    num_leaning: int = 0
    grounds: tuple[Ground, ...] = ()

    def parts(self) -> Iterator[Part]:
        """Yield the parts of all alternatives."""
        for template in self.say:
            yield from template


class WordsError(ValueError):
    """A word file says something that cannot be meant: with its file, bank and alternative."""


Entries: TypeAlias = Mapping[str, Mapping[str, str]]


class WordFile:
    """The banks of a scheme and the closed lists that its fields choose from.

    The files are read when something of them is first needed: a run draws from few of many schemes.
    """

    def __init__(self, *paths: Path) -> None:
        """Take the file, and those of shared banks; the first one wins."""
        self.file = paths[0].name
        self._paths = paths
        self.lists: Mapping[str, Entries] = _Lists(self)
        self._printed: dict[str, frozenset[str]] = {}  # by bank, once it has been asked for

    @cached_property
    def banks(self) -> Mapping[str, Bank]:
        """The banks by name.

        Raises:
            WordsError: a bank cannot be read, or names another that is not there.

        """
        banks: dict[str, Bank] = {}
        for path in reversed(self._paths):
            banks |= _parsed(path.name, path.read_text("utf-8"))[0]
        for bank in banks.values():
            for part in bank.parts():
                if isinstance(part, InnerBank) and part.bank not in banks:
                    raise WordsError(f"{self.file}: there is no bank {part.bank!r}")
            for ground in bank.grounds:
                if not any(f"{name}.".startswith(f"steps/{ground.bank}.") for name in banks):
                    raise WordsError(f"{self.file}: {bank.name!r} rests on {ground.bank!r}, and there is no such step")
        return banks

    @cached_property
    def all_lists(self) -> Mapping[str, Entries]:
        """The closed lists by name."""
        lists: dict[str, Entries] = {}
        for path in reversed(self._paths):
            lists |= _parsed(path.name, path.read_text("utf-8"))[1]
        return lists

    @cached_property
    def form_of(self) -> Mapping[str, str]:
        """The name of the form of each field, as the files say it."""
        forms: dict[str, str] = {}
        for path in reversed(self._paths):
            forms |= _parsed(path.name, path.read_text("utf-8"))[2]
        return forms

    def bank(self, name: str) -> Bank:
        """Return a bank.

        Raises:
            WordsError: there is none of this name.

        """
        if name not in self.banks:
            raise WordsError(f"{self.file}: there is no bank {name!r}")
        return self.banks[name]

    def printed(self, bank: str) -> frozenset[str]:
        """Return the names of the values that a bank prints, those of banks within it included."""
        if bank not in self._printed:
            self._printed[bank] = frozenset().union(*(self.printed_by(template) for template in self.bank(bank).say))
        return self._printed[bank]

    def printed_by(self, template: Template) -> frozenset[str]:
        """Return the names of the values that one alternative prints, those of banks within it included."""
        names: set[str] = set()
        parts, reached = list(template), set[str]()
        while parts:
            part = parts.pop()
            if isinstance(part, Field):
                names.add(part.name)
            elif isinstance(part, InnerBank) and part.bank not in reached:
                reached.add(part.bank)
                parts += self.bank(part.bank).parts()
        return frozenset(names)

    def under(self, *prefixes: str) -> list[Bank]:
        """Return the banks whose names begin with one of these."""
        return [bank for name, bank in self.banks.items() if name.startswith(prefixes)]


class _Lists(Mapping[str, Entries]):
    """The lists of a word file; each is a mapping that reads the file when one of its entries is needed."""

    def __init__(self, words: WordFile) -> None:
        self._words = words

    def __getitem__(self, name: str) -> Entries:
        return _ListedEntries(self._words, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._words.all_lists)

    def __len__(self) -> int:
        return len(self._words.all_lists)


class _ListedEntries(Entries):
    """The entries of one list, each with its forms by style."""

    def __init__(self, words: WordFile, name: str) -> None:
        self._words, self._name = words, name

    def __getitem__(self, entry: str) -> Mapping[str, str]:
        return self._words.all_lists[self._name][entry]

    def __iter__(self) -> Iterator[str]:
        return iter(self._words.all_lists[self._name])

    def __len__(self) -> int:
        return len(self._words.all_lists[self._name])


@cache
def load(*paths: Path) -> WordFile:
    """Return the words of a file, and of the files of shared banks that are given with it; the first one wins."""
    return WordFile(*paths)


@cache
def _parsed(file: str, text: str) -> tuple[Mapping[str, Bank], Mapping[str, Entries], Mapping[str, str]]:
    """Return the banks and the lists of one file, and the name of each field's form.

    Raises:
        WordsError: one of them cannot be read.

    """
    # Text only, by design. The loader in C takes a tenth of the time, where PyYAML has it.
    raw = yaml.load(text, getattr(yaml, "CBaseLoader", yaml.BaseLoader)) or {}  # noqa: S506
    if not isinstance(raw, dict) or not raw.keys() <= {"banks", "lists", "forms"}:
        raise WordsError(f"{file}: `banks:`, `lists:` and `forms:` are expected, and nothing else")
    banks = {name: _bank(file, name, value) for name, value in (raw.get("banks") or {}).items()}
    lists = {name: _entries(file, name, value) for name, value in (raw.get("lists") or {}).items()}
    forms = {field: form for form, fields in (raw.get("forms") or {}).items() for field in fields.split()}
    return banks, lists, forms


def parse(template: str) -> Template:
    """Return the parts of one alternative.

    Raises:
        ValueError: a brace stands alone, or what stands between braces has no meaning.

    """
    parts: list[Part] = []
    words, position = "", 0
    for match in _PART.finditer(template):
        words += template[position : match.start()]
        position = match.end()
        if match.group() in ("{{", "}}"):
            words += match.group()[0]
            continue
        if match[3] is None:
            raise ValueError(f"a lone {match.group()!r} in {template!r}")
        if words:
            parts.append(Literal(words))
            words = ""
        sign, name, is_capital = match[2], match[3], bool(match[1])
        if sign == ">":
            parts.append(InnerBank(name, is_capital))
        elif sign:
            parts.append(Label(name, is_heading=sign == "#"))
        else:
            parts.append(Field(name, match[4] or "", is_capital))
    words += template[position:]
    return (*parts, Literal(words)) if words else tuple(parts)


def _bank(file: str, name: str, value: object) -> Bank:
    settings = {"say": value} if isinstance(value, (list, str)) else value
    if not isinstance(settings, dict) or not settings.keys() <= _KNOWN or not settings.get("say"):
        raise WordsError(f"{file}: bank {name!r}: `say:` with its alternatives is expected, and {sorted(_KNOWN)}")
    kind, shown = settings.get("kind", ""), settings.get("shown", "")
    if kind not in ("", *KINDS) or shown not in ("", *NARRATIONS):
        raise WordsError(f"{file}: bank {name!r}: kind is one of {KINDS}, shown one of {NARRATIONS}")
    try:
        say, then, note = (_templates(settings.get(key) or []) for key in ("say", "then", "note"))
        point = int(settings["point"]) if "point" in settings else None
        grounds = tuple(map(_ground, settings.get("grounds") or ()))
    except (TypeError, ValueError) as error:
        raise WordsError(f"{file}: bank {name!r}: {error}") from error
    return Bank(
        name,
        (*say, *then),
        gloss=settings.get("gloss", ""),
        sets={key: _value(text) for key, text in (settings.get("sets") or {}).items()} or None,
        list=settings.get("list", ""),
        kind=kind,
        point=point,
        shown=shown,
        note=note,
        num_leaning=len(then),
        grounds=grounds,
        **{key: tuple(settings.get(key) or ()) for key in _NAMES},
    )


def _ground(text: str) -> Ground:
    name, _, same = text.partition(" of ")
    pairs = [pair.partition("=")[::2] for pair in same.split(" and ")] if same else []
    return Ground(name.removeprefix("every "), name.startswith("every "), tuple(pairs))


def _templates(texts: str | Sequence[str]) -> tuple[Template, ...]:
    return tuple(parse(text) for text in ([texts] if isinstance(texts, str) else texts))


def _value(text: str) -> str | bool | int:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if re.fullmatch(r"-?\d{1,15}", text) else text


def _entries(file: str, name: str, value: object) -> Entries:
    """Return a closed list: each entry's forms by style. An entry that is one text has only the plain form."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return {entry: {"": entry} for entry in value}
    if not isinstance(value, Mapping):
        raise WordsError(f"{file}: list {name!r}: entries are expected, each a text or its forms by style")
    return {
        key: {"": forms} if isinstance(forms, str) else {**forms, "": forms.get("plain", key)}
        for key, forms in value.items()
    }
