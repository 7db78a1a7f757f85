"""One working, its lines numbered: which is the first that is wrong, of which kind, and what is right instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations import hosts
from open_thoughts_gen.families.derivations.hosts import Host
from open_thoughts_gen.families.derivations.scheme import HostedScheme
from open_thoughts_gen.families.derivations.slips import ALIKE, KINDS, Slip, kinds_by_words, slip_of
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import NONE, HowMuch, OneOf, OrNone
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.text import differing
from open_thoughts_gen.types import Step

FIRST_POINTERS, NUM_CHANGES = 2, 3
_NOTE = re.compile(r" ([^.?!]*\b[Ll]ine (\d+)[^.?!]*\.)$")
_ALONE = re.compile(r"^[^.:]*\b[Ll]ine \d+\b[^.:]*: ")  # a line that says no more than what another one is enough for
_AHEAD = re.compile(r"\b(?:will|come back)\b")


class Lines(HostedScheme):
    """A working of a case of another family, right or with one error that is carried on."""

    name = "lines"
    kinds: ClassVar[Sequence[str]] = (*KINDS, "arithmetic", "misreading")  # these twice, for the question `figure`
    asks: ClassVar[Mapping[str, Ask]] = {
        "first": Ask(OrNone(HowMuch(), "closing/first"), "first"),
        "kind": Ask(OrNone(OneOf(tuple(KINDS)), "closing/kind"), "kind", needs=("kinds",)),
        "figure": Ask(OrNone(HowMuch(), "closing/figure"), "figure", coin="faulty", outcomes=(True, True, False)),
    }

    def slips(self, host: Host, rng: Random, kind: str) -> Iterator[Slip]:
        """Yield slips of a kind; of leaps and circles first those that come of what a line says it rests on."""
        if kind in ("unjustified leap", "circularity"):
            yield from self.pointing(host, rng, kind)
        yield from super().slips(host, rng, kind)

    def pointing(self, host: Host, rng: Random, kind: str) -> Iterator[Slip]:
        """Yield a working in which two lines rest on each other, or one rests on a line that is not enough for it."""
        steps, pairs = list(host.steps), resting(host)
        starts = [index for index in range(1, len(steps) - 2) if is_not_enough(host, index)]
        if kind == "circularity" and pairs:
            early, late = rng.choice(pairs)
            for index, other in ((early, late), (late, early)):
                says = hosts.telling(steps[index].texts, index, host.hand)
                steps[index] = replace(steps[index], texts=(f"{says} {self.note('rests', host, other=other + 1)}",))
            index, other = early, late + 1
        elif kind == "unjustified leap" and starts:
            index = other = rng.choice(starts)
            steps.insert(index, Step("finding", (self.note("alone", host, other=other, result=host.right.answer),)))
        else:
            return
        slip = slip_of(host, steps, host.right.answer, kind)
        if slip is not None:
            yield replace(slip, other=other)

    def on_host(self, host: Facts, planted: Slip | None, level: int, rng: Random) -> dict[str, Any]:
        """Return the facts of a working; from level 2 on some of its lines point to others, rightly."""
        facts = self.with_pointers(self.working(host, planted), host, level)
        kinds = offered(facts["fault"].get("kind", ""), level, rng)
        return {**facts, "kinds": [{"fault_kind": kind} for kind in kinds]}

    def with_pointers(self, facts: dict[str, Any], host: Facts, level: int) -> dict[str, Any]:
        """Return a working in which up to two lines before the wrong one say rightly what they rest on."""
        lines, rng, fault = facts["lines"], Random(f"{host['hand']}/pointers"), facts["fault"]
        pairs = [pair for pair in resting(hosts.opened(host)) if pair[1] < fault.get("line", len(lines) + 1) - 1]
        for early, late in rng.sample(pairs, min(len(pairs), rng.randint(0, 2))) if level >= FIRST_POINTERS else ():
            if not _NOTE.search(lines[early]["says"]) and not _NOTE.search(lines[late]["says"]):
                back = "enough" if is_enough(hosts.opened(host), early, late) else "rests"
                at, bank, other = rng.choice(((late, back, early), (early, "needed", late)))
                lines[at]["says"] += " " + self.note(bank, hosts.opened(host), other=other + 1)
        return facts

    def note(self, bank: str, host: Host, **values: Any) -> str:  # noqa: ANN401  (as its form has it)
        """Return what a line says of another, in the words of the hand that wrote the working."""
        sheet = Page(self.words, self.known_forms, Pen(f"{host.hand}/{values['other']}"))
        return sheet.say(f"notes/{bank}", **values)

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go by the log of what was planted."""
        fault = facts["fault"]
        figure = (Fraction(fault["figure"]) if fault["figure"] else None) if fault else NONE
        known = {"first": fault.get("line", NONE), "kind": fault.get("kind", NONE)}
        return {**known, "figure": figure, "faulty": bool(fault)}

    def prove(self, facts: Facts) -> dict[str, Any]:
        """Read the lines as they are printed, beside the right tellings, knowing nothing of what was planted."""
        host = hosts.opened(facts["host"])
        wrong = first_wrong(host, facts["lines"])
        if wrong is None:
            return {"first": NONE, "kind": NONE, "figure": NONE}
        says, beside = facts["lines"][wrong - 1]["says"], host.steps[min(wrong, len(host.steps)) - 1]
        kinds = kinds_of(says, wrong - 1, host)
        kinds &= {entry["fault_kind"] for entry in facts.get("kinds", ())} or kinds
        figure = differing.difference(bare(says), beside.texts).figure
        results = {"first": wrong, "kind": next(iter(kinds)) if len(kinds) == 1 else None, "figure": figure}
        return {name: result for name, result in results.items() if result is not None}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the file, the working, and by what it is judged."""
        facts = case.facts
        rules = ["grounds"] if case.level >= FIRST_POINTERS else []
        parts = self.handed_over(case, page, self.numbered(page, facts["lines"]), rules)
        if case.asks == "kind":
            kinds = "\n".join(page.say("prompt/kind", **entry) for entry in facts["kinds"])
            parts["ask"] = f"{page.say('prompt/kinds')}\n{kinds}\n\n{page.say('prompt/ask.kind')}"
        return self.framed(case, page, **parts)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go down the lines, each done over in other words; the first that is wrong, and what it should say."""
        ask, fault, (wrong, why) = case.asks, case.facts["fault"], self.walked(case, narrative)
        result = {**self.assess(case.facts), "first": wrong}[ask] if wrong else NONE
        is_known = not wrong or ask == "first" or wrong == fault.get("line")
        values = {"num": wrong, "why": why, "fault_kind": result, "figure": result, "count": len(case.facts["lines"])}
        narrative.answer(f"answer.{ask}", result if is_known else None, **values)

    def tell_right(self, case: ProblemCase, narrative: Narrative, num: int, retold: str) -> None:
        """Tell that a line holds, and that it may point to another as it does."""
        super().tell_right(case, narrative, num, retold)
        if note := _NOTE.search(case.facts["lines"][num - 1]["says"]):
            narrative.step("refers.back" if int(note[2]) < num else "refers.on", num=num, other=int(note[2]))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the right working in place of a faulty one, and workings with other errors."""
        facts, host = case.facts, hosts.opened(case.facts["host"])
        names = [entry["fault_kind"] for entry in facts.get("kinds", ())] or offered("", case.level, rng)
        if facts["fault"]:
            yield Change(self.with_pointers(self.working(facts["host"], None), facts["host"], case.level))
        for kind in rng.sample(names, min(len(names), NUM_CHANGES)):
            for slip in islice(self.slips(host, rng, kind), 1):
                yield Change(self.working(facts["host"], slip))


def offered(kind: str, level: int, rng: Random) -> list[str]:
    """Return kinds to choose from, the right one among them, and of those that one fault could be called only one."""
    known = [name for name, least in KINDS.items() if least <= level]
    alike = kind if kind in ALIKE else rng.choice([name for name in known if name in ALIKE])
    return rng.sample(names := [name for name in known if name not in ALIKE or name == alike], len(names))


def resting(host: Host) -> list[tuple[int, int]]:
    """Return pairs of lines of the right working: the second uses what the first, and none between them, settles."""
    used = ((late, name) for late, step in enumerate(host.steps) for name in step.uses)
    settling = ((late, [index for index in range(late) if name in host.steps[index].settles]) for late, name in used)
    return list(dict.fromkeys((indices[-1], late) for late, indices in settling if indices))


def is_enough(host: Host, early: int, late: int) -> bool:
    """Return whether a line computes from the file and from nothing but what another one settles."""
    has_sum = any(" = " in claim for claim in host.steps[late].claims)
    return has_sum and {*host.steps[late].uses} <= {*host.steps[early].settles}


def is_not_enough(host: Host, num_lines: int) -> bool:
    """Return whether the right working ends on a value that lines after the first of them settle."""
    later = {name for step in host.steps[num_lines:-1] for name in step.settles}
    return bool(later & set(host.steps[-1].uses)) and any(" = " in claim for claim in host.steps[-2].claims)


def bare(says: str) -> str:
    """Return a line without what it says of another line; nothing is left of one that says no more than that."""
    return "" if _ALONE.search(says) else _NOTE.sub("", f" {says}").strip()


def first_wrong(host: Host, lines: Sequence[Facts]) -> int | None:
    """Return the number of the first line that no right telling says, or that rests on a later one."""
    wrong = host.first_wrong([{"says": bare(line["says"])} for line in lines])
    for line in lines[: wrong and wrong - 1]:
        note = _NOTE.search(line["says"])
        if note and int(note[2]) > line["num"] and not _AHEAD.search(note[1]):
            return int(line["num"])
    return wrong


def kinds_of(says: str, index: int, host: Host) -> set[str]:
    """Return which kinds the fault of a line can be called, of its words alone."""
    if not bare(says):
        return {"unjustified leap"}
    note = _NOTE.search(says)
    if note and int(note[2]) > index + 1:
        return {"circularity"}
    return kinds_by_words(bare(says), min(index, len(host.steps) - 1), host)


SCHEME = Lines()
