"""A working and a mark scheme: what it earns where a mistake is carried on, and what it earns where nothing is forgiven."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations import hosts
from open_thoughts_gen.families.derivations.hosts import Host
from open_thoughts_gen.families.derivations.scheme import HostedScheme
from open_thoughts_gen.families.derivations.slips import Slip
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import HowMuch, SomeOf, YesNo
from open_thoughts_gen.families.kit.proof import UnprovedError
from open_thoughts_gen.families.kit.reworking import is_false, put_in
from open_thoughts_gen.families.kit.telling import word_of
from open_thoughts_gen.text import differing

RULES = ("carried", "strict", "stop")
WORTH = (1, 1, 2, 2, 3)


class Marks(HostedScheme):
    """A working of a case of another family, each line worth some marks, under one of three mark schemes."""

    name = "marks"
    kinds: ClassVar[list[str]] = ["arithmetic"]
    asks: ClassVar[Mapping[str, Ask]] = {
        "total": Ask(HowMuch("marks"), "total"),
        "unpaid": Ask(SomeOf((), "closing/lines"), "unpaid"),
        "passes": Ask(YesNo(), "passes", 1, ("pass_mark",), "passes"),
    }

    def slips(self, host: Host, rng: Random, kind: str) -> Iterator[Slip]:
        """Yield slips that are one wrong figure, with all that follows carried on from it."""
        return (slip for slip in super().slips(host, rng, kind) if is_carried_alone(host, slip))

    def on_host(self, host: Facts, planted: Slip | None, level: int, rng: Random) -> dict[str, Any]:
        """Draw what each line is worth, by which scheme, and how much is wanted."""
        facts = {**self.working(host, planted), "rule": rng.choice(RULES)}
        total, most = sum(paid(facts, facts["fault"]).values()), sum(line["worth"] for line in facts["lines"])
        return {**facts, "pass_mark": max(2, min(most - 1, total + rng.choice((-2, -1, 0, 1, 2, 3))))}

    def working(self, host: Facts, slip: Slip | None) -> dict[str, Any]:
        """Return the facts of a working, with what its lines are worth, and which are not as they should be."""
        facts, rng = super().working(host, slip), Random(f"{host['hand']}/worth")
        facts["lines"] = [{**line, "worth": rng.choice(WORTH)} for line in facts["lines"]]
        if slip is not None:
            pairs = enumerate(zip(hosts.opened(host).steps, slip.steps, strict=True), 1)
            facts["fault"]["off"] = [num for num, (one, other) in pairs if one.texts != other.texts]
        return facts

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go by the log: which line was changed, and which say something else because of it."""
        return concluded(facts, facts["fault"])

    def prove(self, facts: Facts) -> dict[str, Any]:
        """Find the lines that are off by their words, and the one flaw that makes all of them: so the rest is carried on."""
        host, printed = hosts.opened(facts["host"]), [line["says"] for line in facts["lines"]]
        off = [num for num, says in enumerate(printed, 1) if says not in host.steps[num - 1].texts]
        if not host.proves(host.right.answer) or (off and not is_one_flaw(host, printed, off[0] - 1)):
            raise UnprovedError("no single slip makes these lines of a working that is proved")
        return concluded(facts, {"line": off[0], "off": off} if off else {})

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the file, the working with what its lines are worth, and the mark scheme."""
        lines = "\n".join(page.say("prompt/marked", **line) for line in case.facts["lines"])
        rules = ["whole", f"rule.{case.facts['rule']}", *(["pass"] if case.asks == "passes" else [])]
        return self.framed(case, page, **self.handed_over(case, page, lines, rules))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go down all lines, each by itself and given what stands above it; then count."""
        facts, wrong, carried, why = case.facts, list[int](), list[int](), list[str]()
        for num, is_right, retold in self.judged(case, narrative):
            if not narrative.work.settle(is_right):
                wrong.append(num)
                why.append(self.tell_wrong(case, narrative, num, retold))
            elif num in facts["fault"].get("off", ()):
                carried.append(num)
                narrative.step("carried", num=num, retold=retold, other=facts["fault"]["line"])
            else:
                self.tell_right(case, narrative, num, retold)
        log = {"line": wrong[0], "off": wrong + carried} if wrong else {}
        unpaid = concluded(facts, log)["unpaid"]
        nums, bank = sorted(unpaid, key=int), f"answer.{case.asks}{'.faulty' * bool(log)}"
        values = {"nums": nums, "why": " ".join(why[:1]), "rule": facts["rule"]}
        narrative.step(f"by.{facts['rule']}" if log else "all", nums=nums)
        if case.asks == "unpaid":
            narrative.answer(bank, unpaid, **values)
            return
        marks = {f"n{num}": worth for num, worth in paid(facts, log).items()}
        total = int(narrative.work(" + ".join(marks), **marks)) if marks else 0
        narrative.step("count", total=total)
        result = not narrative.work.exceeds(facts["pass_mark"], total) if case.asks == "passes" else total
        if case.asks == "passes":
            narrative.step(f"reaches.{word_of(result)}", total=total, pass_mark=facts["pass_mark"])
        narrative.answer(bank, result, **values, total=total, pass_mark=facts.get("pass_mark"))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another mark scheme, another slip, none."""
        yield from (Change({"rule": rule}) for rule in RULES if rule != case.facts["rule"])
        for slip in self.other_slips(case, rng, "arithmetic"):
            yield Change(self.working(case.facts["host"], slip))


def is_carried_alone(host: Host, slip: Slip) -> bool:
    """Return whether a slip is one wrong figure, carried on, and each line is another in all its tellings or in none."""
    one, other = ([(step.kind, step.settles, len(step.texts)) for step in steps] for steps in (host.steps, slip.steps))
    pairs = [(set(right.texts), set(wrong.texts)) for right, wrong in zip(host.steps, slip.steps, strict=False)]
    is_figure = slip.figure is not None and one == other and all(a == b or not a & b for a, b in pairs)
    return is_figure and [index for index, step in enumerate(slip.steps) if is_false(step)] == [slip.index]


def is_one_flaw(host: Host, printed: list[str], index: int) -> bool:
    """Return whether one move that comes out as the wrong figure of a line makes all the lines that are printed."""
    differs = differing.difference(printed[index], host.steps[index].texts)
    if differs.figure is None:
        return False
    change = put_in(differs.figure, Fraction(differs.wrong[0].replace(",", "")))
    for call in range(len(host.moves)):
        flawed = host.flawed(call, change)
        steps = host.lines_of(flawed[0]) if flawed else []
        if len(steps) == len(printed) and all(says in step.texts for says, step in zip(printed, steps, strict=True)):
            return True
    return False


def paid(facts: Facts, log: Facts) -> dict[int, int]:
    """Return what each line earns by the rule of a case, those left out that earn nothing."""
    line, off, worth = log.get("line"), log.get("off", ()), {entry["num"]: entry["worth"] for entry in facts["lines"]}
    unpaid = {"carried": {line}, "strict": {*off}, "stop": {num for num in worth if line and num >= line}}
    return {num: marks for num, marks in worth.items() if num not in unpaid[facts["rule"]]}


def concluded(facts: Facts, log: Facts) -> dict[str, Any]:
    """Return all results, of the line that is wrong and of those that are off because of it."""
    marks = paid(facts, log)
    total = sum(marks.values())
    unpaid = frozenset(str(line["num"]) for line in facts["lines"] if line["num"] not in marks)
    return {"total": total, "unpaid": unpaid, "passes": total >= facts.get("pass_mark", 0)}


SCHEME = Marks()
