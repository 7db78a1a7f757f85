"""Two workings of one case by two people: who is right, and where the first of their mistakes is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations import hosts
from open_thoughts_gen.families.derivations.scheme import NUM_TOGETHER, HostedScheme, is_borne_out
from open_thoughts_gen.families.derivations.slips import Slip
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import NONE, HowMuch, OneOf, OrNone

SIDES = ("one", "two")
BOTH, NEITHER = "both", "neither"


class Rivals(HostedScheme):
    """Two workings in two hands, each right or with one error that is carried on; in a third of the cases both right."""

    name = "rivals"
    unprinted: ClassVar[Sequence[str]] = ("host", "fault_one", "fault_two")
    asks: ClassVar[Mapping[str, Ask]] = {
        "right": Ask(OneOf((), "closing/side"), "right"),
        "part": Ask(OrNone(HowMuch(), "closing/first"), "part"),
    }

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the two, and a word for both of them and one for neither."""
        return [case.facts["one"], case.facts["two"], BOTH, NEITHER]

    def on_host(self, host: Facts, planted: Slip | None, level: int, rng: Random) -> dict[str, Any] | None:
        """Draw two people, and what each of them has written."""
        names = rng.sample([name for name in self.pool("reviewer") if name not in hosts.opened(host).file], 2)
        other = next(self.slips(hosts.opened(host), rng, ""), None)
        if other is None:
            return None
        pair = rng.sample([planted, rng.choice((None, None, other)) if planted else None], 2)
        rival = {**host, "hand": (host["hand"] + rng.randrange(1, hosts.NUM_HANDS)) % hosts.NUM_HANDS}
        works = (self.of_side(*each) for each in zip(SIDES, (host, rival), pair, strict=True))
        return {**next(works), **next(works), **dict(zip(SIDES, names, strict=True))}

    def of_side(self, side: str, host: Facts, slip: Slip | None) -> dict[str, Any]:
        """Return the facts of one side's working, right or with a slip, in the hand of that side."""
        return {f"{key}_{side}": value for key, value in self.working(host, slip).items()}

    def traits(self, facts: Facts) -> Facts:
        """Return whose case it is, and who is right."""
        side = {facts[side]: side for side in SIDES}
        right = self.assess(facts)["right"]
        return {"host": facts["host"]["family"], "fault": side.get(right, right)}

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go by the logs of what was planted in each."""
        return concluded(facts, {side: facts[f"fault_{side}"].get("line") for side in SIDES})

    def prove(self, facts: Facts) -> dict[str, Any]:
        """Read both as they are printed, beside the right tellings."""
        host = hosts.opened(facts["host"])
        return concluded(facts, {side: host.first_wrong(facts[f"lines_{side}"]) for side in SIDES})

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the file and both workings."""
        facts, works = case.facts, list[str]()
        for side in SIDES:
            lines = self.numbered(page, facts[f"lines_{side}"], f"line_{side}")
            works += [page.say(f"prompt/head.{side}", **facts), lines, page.say(f"prompt/result.{side}", **facts), ""]
        rule = f"{page.say('prompt/wrong')} {page.say('prompt/rival.rule')}"
        return self.framed(case, page, work="\n".join(works[:-1]), rule=rule)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Work line by line with both beside it, and note where each of them leaves it."""
        facts, host = case.facts, hosts.opened(case.facts["host"])
        narrative.step("two", **facts, count=max(len(facts[f"lines_{side}"]) for side in SIDES))
        lines, why = dict[str, int | None].fromkeys(SIDES), list[str]()
        for num, step in enumerate(host.steps, 1):
            if all(lines.values()) or (case.asks == "part" and any(lines.values())):
                break  # what stands below decides nothing
            narrative.point = 1 + num // NUM_TOGETHER
            holds = is_borne_out(narrative, step)
            retold = host.retold(num - 1, case.wording)
            narrative.step("retold.sum" if step.claims else "retold", num=num, retold=retold)
            for side in SIDES:
                fault, printed = facts[f"fault_{side}"], facts[f"lines_{side}"]
                if lines[side] is None and not narrative.work.settle(holds and fault.get("line") != num):
                    lines[side] = num
                    kind = fault["kind"].rpartition(" ")[2] if fault.get("line") == num else "somehow"
                    said = printed[min(num, len(printed)) - 1]["says"]
                    values = {**fault, "who": facts[side], "num": num, "says": said, "retold": retold}
                    narrative.step(f"leaves.{kind}", **values)
                    bank = ".too" if retold in " ".join(why) else ".figure"
                    why.append(narrative.page.say(f"why/side{bank * bool(fault.get('has'))}", **values))
        result = concluded(facts, lines)[case.asks]
        is_one = result in (facts["one"], facts["two"])
        if is_one or not any(lines.values()):
            narrative.step("keeps" if is_one else "keeps.both", **{**facts, "who": result})
        narrative.answer(f"answer.{case.asks}{'.who' * is_one}", result, who=result, part=result, why=" ".join(why))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield each working with its error taken out, or with another one."""
        host = case.facts["host"]
        for slip in self.other_slips(case, rng):
            for side in SIDES:
                yield Change(self.of_side(side, host, slip))


def concluded(facts: Facts, lines: Mapping[str, int | None]) -> dict[str, Any]:
    """Return all results, of the first wrong line of each."""
    right = [facts[side] for side in SIDES if lines[side] is None]
    part = min((line for line in lines.values() if line is not None), default=NONE)
    return {"right": right[0] if len(right) == 1 else BOTH if right else NEITHER, "part": part}


SCHEME = Rivals()
