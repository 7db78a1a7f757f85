"""Hosts: the families whose derivations are gone through here, loaded by name, and one case of theirs.

A host's case is kept as its spec alone. From it the host derives the right working again, the same working with a slip
at one move (`kit.work.Flaw`), and that of a case with one fact changed: so nothing that is said of a working has to be
believed, and no host knows that it is one.

A host has to be written with the kit. Questions that offer options are left out, and so is a case whose prompt or
working is too long or too short to be gone through line by line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from pathlib import Path
from random import Random
from typing import Any

from open_thoughts_gen import plugin
from open_thoughts_gen.families.kit import drawing, words
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.kit.genre import Facts
from open_thoughts_gen.families.kit.kinds import OptionKind
from open_thoughts_gen.families.kit.proof import UnprovedError
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative, stated_values
from open_thoughts_gen.families.kit.work import Flaw, Work
from open_thoughts_gen.narration.plan import shown
from open_thoughts_gen.plugin import Problem
from open_thoughts_gen.text import differing
from open_thoughts_gen.types import Derivation, Step, Verdict

LISTS = words.load(Path(__file__).parent / "words" / "hosts.yaml").lists
# The schemes of hosts by the kinds of error that come up in them: a kind is drawn first, then a host that can bear it.
BEARERS: Mapping[str, Sequence[str]] = {kind: forms[""].split() for kind, forms in LISTS["bearer"].items()}
# Steps of hosts, by their banks, that apply an exception: where one is passed over, the line after it is wrong.
EXCEPTIONS = frozenset(" ".join(forms[""] for forms in LISTS["exception"].values()).split())
MAX_WORDS = 540  # of a host's prompt
NUM_LINES: Mapping[int, tuple[int, int]] = {1: (3, 5), 2: (5, 8), 3: (7, 12), 4: (9, 20)}
LEFT_OUT = frozenset(("issue", "survey", "note", "turn", "refute", "check", "trial"))
MAX_LINE = 330  # characters
NUM_HANDS = 1000
# What a host may raise where a wrong value leads nowhere.
REFUSALS = (ArithmeticError, LookupError, StopIteration, TypeError, ValueError)
_TABLE = re.compile(r"\n|^\|")


@dataclass(frozen=True)
class Host:
    """One case of another family, and the working of it as one hand writes it down."""

    scheme: ProblemScheme
    case: ProblemCase
    hand: int

    @cached_property
    def _recorded(self) -> tuple[Derivation, Sequence[object]]:
        work = Work(has_fractions=self.scheme.has_fractions)
        return self.derived(self.case, work), work.values

    @property
    def right(self) -> Derivation:
        """The right derivation."""
        return self._recorded[0]

    @property
    def moves(self) -> Sequence[object]:
        """The values of the moves of the right derivation, in their order."""
        return self._recorded[1]

    @cached_property
    def prompt(self) -> str:
        """The prompt of the case."""
        return drawing.written(self.scheme, self.case)

    @property
    def file(self) -> str:
        """What is quoted of the prompt: all but the sentence that asks for the answer's form."""
        return self.prompt.rpartition("\n\n")[0]

    @cached_property
    def steps(self) -> list[Step]:
        """The steps of the right working, a line each."""
        return self.lines_of(self.right)

    def derived(self, case: ProblemCase, work: Work) -> Derivation:
        """Return a derivation of this case, or of one with another fact, by a work that may have a flaw."""
        sheet = drawing.page(self.scheme, self.case, "trace")
        stated, is_fraction = stated_values(case.facts, case.cast), self.scheme.has_fractions
        narrative = Narrative(sheet, work, stated, has_fractions=is_fraction)
        self.scheme.tell(case, narrative)
        return Derivation(self.scheme.kind_of(case).canonical(narrative.result), tuple(narrative.steps))

    def flawed(self, call: int, change: Callable[[object], object]) -> tuple[Derivation, object] | None:
        """Return the derivation with an error at one move, and the value that it spoils; None if it leads nowhere."""
        work = Work(Flaw(call, change), self.scheme.has_fractions)
        try:
            return self.derived(self.case, work), work.slip and work.slip[0]
        except REFUSALS:
            return None

    def retold(self, index: int, hand: int, avoid: str = "") -> str:
        """Return the right step at a position as another hand writes it, in other words than these if there are any."""
        return telling(self.steps[index].texts, index, hand, avoid)

    def lines_of(self, derivation: Derivation) -> list[Step]:
        """Return the steps of a derivation that stand in a working."""
        return [step for step in shown(derivation.steps, "normal") if step.kind not in LEFT_OUT]

    def proves(self, answer: str, case: ProblemCase | None = None) -> bool:
        """Return whether the host's second implementation comes to an answer in this case, or in a changed one."""
        try:
            value = drawing.result_of(self.scheme, case or self.case, self.scheme.prove)
        except UnprovedError:
            return False
        return value is not None and bool(self.scheme.kind_of(self.case).agrees(value, answer))

    def first_wrong(self, lines: Sequence[Facts]) -> int | None:
        """Return the number of the first printed line that no right telling says; None if there is none.

        Raises:
            UnprovedError: the second implementation comes to another result than the right working.

        """
        if not self.proves(self.right.answer):
            raise UnprovedError("the second implementation of the quoted case disagrees with its working")
        index = differing.first_wrong([line["says"] for line in lines], [step.texts for step in self.steps])
        return None if index is None else index + 1


@cache
def _kit_family(name: str) -> type[SchemeFamily]:
    known = plugin.load("family", name)
    if not issubclass(known, SchemeFamily):
        raise TypeError(f"{name} is not written with the kit")
    return known


def scheme_of(name: str) -> ProblemScheme:
    """Return a scheme of a host, by family and scheme: `finance/loan`."""
    family, _, scheme = name.partition("/")
    return schemes_of(_kit_family(family).home)[scheme]


@lru_cache(maxsize=128)
def _opened(packed: str) -> Host:
    family, spec, hand = json.loads(packed)
    scheme = scheme_of(f"{family}/{spec['scheme']}")
    return Host(scheme, ProblemCase.of(spec, scheme.known_forms), hand)


def opened(host: Facts) -> Host:
    """Return the host that a fact describes."""
    return _opened(json.dumps([host[name] for name in ("family", "spec", "hand")], sort_keys=True))


def quoted_verdict(host: Facts, text: str) -> Verdict | None:
    """Return whether a prompt states the host's case, by the reader of the host's family."""
    return _kit_family(host["family"])().read_back(Problem(text, host["spec"]))


@cache
def cells_of(level: int, kind: str) -> Mapping[str, Sequence[tuple[str, int]]]:
    """Return the questions of hosts that serve for a kind of error (list `cell`), with their levels, by scheme."""
    cells: dict[str, list[tuple[str, int]]] = {}
    for name, forms in LISTS["cell"].items():
        scheme, ask, host_level = name.split()
        if str(level) in forms.get(kind, "").split() and serves(scheme_of(scheme), ask, int(host_level)):
            cells.setdefault(scheme, []).append((ask, int(host_level)))
    return cells


def serves(scheme: ProblemScheme, ask: str, level: int) -> bool:
    """Return whether a host has this question at this level, without options; hosts change after they are listed."""
    asked = scheme.asks.get(ask)
    return asked is not None and asked.level <= level <= asked.until and not isinstance(asked.kind, OptionKind)


def drawn(rng: Random, level: int, kind: str = "arithmetic") -> dict[str, Any] | None:
    """Draw a host's case that a kind of error may come up in, of the length of a level, or nothing."""
    cells = cells_of(level, kind)
    name = rng.choice(sorted(cells))
    return drawn_of(name, *rng.choice(cells[name]), rng=rng, level=level, kind=kind)


def drawn_of(name: str, ask: str, host_level: int, *, rng: Random, level: int, kind: str) -> dict[str, Any] | None:
    """Draw a case of one question of a host; its text is written only if its working serves."""
    scheme = scheme_of(name)
    case = drawing.drawn(scheme, ask, host_level, rng)
    if case is None:
        return None
    host = {"family": name.partition("/")[0], "spec": json.loads(json.dumps(case.spec(scheme.known_forms)))}
    host |= {"hand": rng.randrange(NUM_HANDS)}
    return host if is_fit(opened(host), level, kind) and len(opened(host).file.split()) <= MAX_WORDS else None


def is_fit(host: Host, level: int, kind: str) -> bool:
    """Return whether a working has as many lines as a level wants, and each can stand by itself.

    An exception can be missed only where one applies.
    """
    least, most = NUM_LINES[level]
    steps = host.steps
    if not least <= len(steps) <= most or len({step.texts for step in steps}) < len(steps):
        return False
    if kind == "missed exception" and not any(bank_of(step) in EXCEPTIONS for step in steps[:-1]):
        return False
    return not any(len(text) > MAX_LINE or _TABLE.search(text) for step in steps for text in step.texts)


def bank_of(step: Step) -> str:
    """Return the name of a host's step; nothing for one whose words have been changed."""
    return getattr(step.texts, "bank", "").removeprefix("steps/")


def telling(texts: Sequence[str], index: int, hand: int, avoid: str = "") -> str:
    """Return what a hand takes of the tellings of the step at a position, another than `avoid` if there is one."""
    others = [text for text in texts if text != avoid] or list(texts)
    return others[Random(f"{hand}/{index}").randrange(NUM_HANDS) % len(others)]
