"""Writes a page for each family and each of its schemes, from the code: docs/families/FAMILY.md, FAMILY/SCHEME.md.

    python -m tests.gallery              write all pages
    python -m tests.gallery FAMILY       those of one family

A page of a scheme shows its questions, each as a row asks it, what each level adds, a whole row, and the reading list:
every alternative of every bank of words, rendered once. People read it, since a template that says something else than
its fields reads back to itself. Banks that no case came to are named.
"""

from __future__ import annotations

import inspect
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from textwrap import fill
from typing import Any

import yaml

from open_thoughts_gen import plugin
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.deriving import derived
from open_thoughts_gen.families.kit.drawing import drawn, page, write_on
from open_thoughts_gen.families.kit.family import SchemeFamily, schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.kinds import Around, Both, Kind
from open_thoughts_gen.families.kit.page import Page, Tellings
from open_thoughts_gen.families.kit.scheme import ProblemScheme
from open_thoughts_gen.families.kit.words import Bank, Field
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.publish.markdown import code, fence, inline, table
from open_thoughts_gen.teachers.solver import Telling

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "families"
MAX_CASES, PATIENCE = 200, 50  # cases to draw for a reading list; how many without a new bank are enough
LEVELS = (1, 2, 3, 4)
WIDTH = 100  # characters of a line of a row that is shown
ANSWERS = {  # what an answer is, by the name of its kind
    **{"YesNo": "yes or no", "HowMuch": "a number", "Amount": "an amount of money", "InYear": "a year"},
    **{"Ratio": "a fraction", "OnDay": "a date", "TimeOfDay": "a time of day", "OptionKind": "the letter of an option"},
    **{"OneOf": "one of a list", "SomeOf": "some of a list", "InOrder": "a list in order"},
    "WhoWhy": "a name or an outcome, and the rule that decides",
}


def kit_families() -> dict[str, type[SchemeFamily]]:
    """Return the families that are written with the kit, by name."""
    loaded = {name: plugin.load("family", name) for name in plugin.names("family")}
    return {name: family for name, family in loaded.items() if issubclass(family, SchemeFamily)}


def pages(name: str, family: type[SchemeFamily]) -> Iterator[tuple[Path, str]]:
    """Yield the pages of a family, each with its path below FOLDER."""
    rows = []
    for scheme in schemes_of(family.home).values():
        rows.append((f"[{scheme.name}]({name}/{scheme.name}.md)", _first(scheme), _kinds(scheme), _levels(scheme)))
        yield Path(name) / f"{scheme.name}.md", scheme_page(scheme)
    head = ("Scheme", "What it is", "Questions", "Levels")
    yield Path(f"{name}.md"), f"# {name}\n\n{inspect.getdoc(inspect.getmodule(family))}\n\n{table(head, rows)}\n"


def _first(scheme: ProblemScheme) -> str:
    return (inspect.getdoc(inspect.getmodule(type(scheme))) or "").partition("\n\n")[0].replace("\n", " ")


def _kinds(scheme: ProblemScheme) -> str:
    return ", ".join(map(code, scheme.asks))


def _levels(scheme: ProblemScheme) -> str:
    return f"from {min(ask.level for ask in scheme.asks.values())} to {LEVELS[-1]}"


@dataclass(slots=True)
class Listing:
    """What the cases that were drawn printed: every alternative of each bank at its first place, and facts by level.

    `values` are those of the fields of a bank with a gloss there, as they are written.
    """

    texts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    facts: dict[int, set[str]] = field(default_factory=dict)
    num_cases: int = 0


class ListedPage(Page):
    """A page that lists every alternative of each bank where it is written for the first time."""

    texts: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, str]]

    def draw(self, bank: Bank, values: Mapping[str, Any]) -> str:
        self._list(bank, values)
        return super().draw(bank, values)

    def tell(self, bank: str, **values: Any) -> Tellings:
        self._list(self.words.bank(bank), values)
        return super().tell(bank, **values)

    def _list(self, bank: Bank, values: Mapping[str, Any]) -> None:
        if bank.name not in self.texts:
            self.texts[bank.name] = ()
            self.texts[bank.name] = self.render(bank, bank.say, values)
            styles = {part.name: part.style for part in bank.parts() if isinstance(part, Field)}
            self.values[bank.name] = {
                name: self.forms[name].write(values[name], styles.get(name, ""), PrintedSoFar())
                for name in (sorted(self.words.printed(bank.name) & values.keys()) if bank.gloss else ())
            }


class AskingPage(Page):
    """A page that keeps each question that is written on it."""

    asked: list[str]

    def say(self, bank: str, **values: Any) -> str:
        text = super().say(bank, **values)
        if bank.startswith("prompt/ask"):
            self.asked.append(text)
        return text


def words_of(scheme: ProblemScheme) -> set[str]:
    """Return the names of the banks in a scheme's own word file that a case can come to."""
    banks = yaml.load(scheme.word_file.read_text("utf-8"), Loader=yaml.BaseLoader)["banks"]
    return {name for name in banks if name.startswith((*scheme.units, "steps/"))}


def listing(scheme: ProblemScheme) -> Listing:
    """Return the listing of a scheme: cases are drawn until nothing new has come for a while."""
    found, last = Listing(), 0
    wanted = words_of(scheme)
    for number in range(MAX_CASES):
        ask, rng = list(scheme.asks)[number % len(scheme.asks)], Random(f"{scheme.name}/{number}")
        level = max(LEVELS[number // len(scheme.asks) % len(LEVELS)], scheme.asks[ask].level)
        case = drawn(scheme, ask, level, rng)
        if case is None:
            continue
        before, found.num_cases = len(found.texts), number + 1
        found.facts.setdefault(level, set()).update(case.facts)
        for part in ("prompt", "trace"):
            sheet = page(scheme, case, part)
            listed = ListedPage(sheet.words, sheet.forms, sheet.pen, sheet.labels)
            listed.texts, listed.values = found.texts, found.values
            if part == "prompt":
                write_on(listed, scheme, case)
            else:
                derived(scheme, case, Work(), listed)
        last = number if len(found.texts) > before else last
        if wanted <= found.texts.keys() or number - last > PATIENCE:
            break
    return found


def scheme_page(scheme: ProblemScheme) -> str:
    """Return the page of a scheme."""
    listed = listing(scheme)
    parts = [f"# {scheme.name}", inspect.getdoc(inspect.getmodule(type(scheme))) or ""]
    head = ("Name", "Question, as a row asks it", "Answer", "From level", "Result")
    rows = [
        (code(name), inline(_asked(scheme, name)), _answer(ask.kind), str(ask.level), code(ask.result))
        for name, ask in scheme.asks.items()
    ]
    parts += ["## Questions", table(head, rows), "## What each level adds", _by_level(listed), *_row(scheme)]
    parts += ["## Every alternative, once", *_reading_list(listed)]
    unseen = sorted(words_of(scheme) - listed.texts.keys())
    if unseen:
        parts.append(f"No case of {listed.num_cases} came to: {', '.join(map(code, unseen))}.")
    return "\n\n".join(parts) + "\n"


def _asked(scheme: ProblemScheme, ask: str) -> str:
    """Return the question of one case, as its prompt prints it."""
    case = _first_case(scheme, ask, scheme.asks[ask].level)
    sheet = page(scheme, case, "prompt")
    asking = AskingPage(sheet.words, sheet.forms, sheet.pen, sheet.labels)
    asking.asked = []
    prompt = write_on(asking, scheme, case)
    return next(text for text in asking.asked if text in prompt)


def _answer(kind: Kind) -> str:
    """Return what an answer of a kind is, in plain words; the kind's name where there are none."""
    if isinstance(kind, Both):
        return f"{_answer(kind.one)}, and {_answer(kind.other)}"
    if isinstance(kind, Around):
        return f"{_answer(kind.inner)}, or none"
    names = [each.__name__ for each in type(kind).__mro__]
    return next((ANSWERS[name] for name in names if name in ANSWERS), code(names[0]))


def _first_case(scheme: ProblemScheme, ask: str, level: int) -> ProblemCase:
    cases = (drawn(scheme, ask, level, Random(f"{scheme.name}/row/{number}")) for number in range(50))
    return next(case for case in cases if case is not None)


def _by_level(listed: Listing) -> str:
    seen, rows = set[str](), []
    for level, facts in sorted(listed.facts.items()):
        rows.append((str(level), ", ".join(map(code, sorted(facts - seen))) or "nothing new: other draws"))
        seen |= facts
    return table(("Level", "Facts that come up from it on"), rows)


def _row(scheme: ProblemScheme) -> Iterator[str]:
    """Yield one row, whole: prompt, reasoning, response."""
    ask = next(iter(scheme.asks))
    case = _first_case(scheme, ask, max(2, scheme.asks[ask].level))
    telling = Telling(derived(scheme, case, Work()), Random(scheme.name))
    yield "## One row"
    texts = (write_on(page(scheme, case, "prompt"), scheme, case), telling.reasoning(), telling.response())
    for name, text in zip(("Question", "Reasoning", "Response"), texts, strict=True):
        yield f"**{name}**"
        yield fence("\n".join(line if len(line) <= WIDTH else fill(line, WIDTH) for line in text.splitlines()), "text")


def _reading_list(listed: Listing) -> Iterator[str]:
    for name, texts in sorted(listed.texts.items()):
        if not name.startswith("closing/") and texts:
            yield f"{code(name)}"
            yield "\n".join(f"- {' '.join(text.split())}" for text in texts)


def write(names: list[str]) -> None:
    """Write the pages of some families, or of all."""
    for name, family in kit_families().items():
        if not names or name in names:
            shutil.rmtree(FOLDER / name, ignore_errors=True)
            for path, text in pages(name, family):
                (FOLDER / path).parent.mkdir(parents=True, exist_ok=True)
                (FOLDER / path).write_text(text, "utf-8")


if __name__ == "__main__":
    write(sys.argv[1:])
