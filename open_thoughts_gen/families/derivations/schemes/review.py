"""Four reviewers and one working: whose remark is right, and whose would write something wrong into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations import hosts
from open_thoughts_gen.families.derivations.hosts import Host
from open_thoughts_gen.families.derivations.scheme import HostedScheme, is_borne_out
from open_thoughts_gen.families.derivations.slips import Slip
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import OneOf, SomeOf

NUM_REMARKS, MAX_SLIPS = 3, 3
RIGHT, NEAR, HARM, IDLE = "right", "near", "harm", "idle"  # near: the right line, and something wrong put there


class Review(HostedScheme):
    """A working and four people's remarks on it: three would change a line, one would sign."""

    name = "review"
    unprinted: ClassVar[Sequence[str]] = ("host", "fault", "log")
    asks: ClassVar[Mapping[str, Ask]] = {"right": Ask(OneOf(()), "right"), "harm": Ask(SomeOf(()), "harm")}

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the reviewers."""
        return [*(entry["who"] for entry in case.facts["remarks"]), case.facts["signer"]]

    def on_host(self, host: Facts, planted: Slip | None, level: int, rng: Random) -> dict[str, Any] | None:
        """Draw what four people say of a working; `log` says of what sort each remark is."""
        opened = hosts.opened(host)
        others = list(islice(self.slips(opened, rng, ""), MAX_SLIPS))
        remarks = list(self.remarks(opened, planted, others, rng))
        if len(remarks) < NUM_REMARKS:
            return None
        chosen = rng.sample(remarks[1:], NUM_REMARKS - 1) + remarks[:1] if planted else rng.sample(remarks, NUM_REMARKS)
        rng.shuffle(chosen)  # by their lines, the right one would mostly be the last
        names = rng.sample([name for name in self.pool("reviewer") if name not in opened.file], NUM_REMARKS + 1)
        log = {name: remark.pop("log") for name, remark in zip(names, chosen, strict=False)}
        said = [{"who": name, **remark} for name, remark in zip(names, chosen, strict=False)]
        return {**self.working(host, planted), "signer": names[-1], "remarks": said, "log": log}

    def remarks(self, host: Host, planted: Slip | None, slips: Sequence[Slip], rng: Random) -> Iterator[dict[str, Any]]:
        """Yield remarks that could be made, the right one first: harmful ones, and idle ones on lines that are right."""
        seen = set[tuple[int, str]]()
        at = len(host.steps) if planted is None else planted.index
        lines = [(at, host.steps[at].texts, RIGHT)] if planted else []
        steps = planted.steps if planted else host.steps
        pairs = enumerate(zip(host.steps, steps, strict=False))
        right = [index for index, (one, other) in pairs if index != at and one.texts == other.texts]
        # a remark is made on a line that has the number which it has in the right working
        is_alike = [step.settles for step in steps] == [step.settles for step in host.steps]
        near = [slip for slip in slips if is_alike or slip.index in (at, *right)]
        lines += [(slip.index, slip.steps[slip.index].texts, NEAR if slip.index == at else HARM) for slip in near]
        lines += [(index, host.steps[index].texts, IDLE) for index in rng.sample(right, min(len(right), 2))]
        for index, texts, sort in lines:
            printed = hosts.telling(host.steps[index].texts, index, host.hand)
            says = hosts.telling(texts, index, rng.randrange(hosts.NUM_HANDS), printed)
            is_there = planted is not None and index == at and says in planted.steps[at].texts
            if (index, says) not in seen and not is_there:
                yield {"about": index + 1, "remark": says, "log": sort}
            seen.add((index, says))

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Go by the log of what was planted and of what each remark is."""
        right = [name for name, sort in facts["log"].items() if sort == RIGHT]
        harm = frozenset(name for name, sort in facts["log"].items() if sort in (HARM, NEAR))
        return {"right": right[0] if right else facts["signer"], "harm": harm}

    def prove(self, facts: Facts) -> dict[str, Any]:
        """Read lines and remarks as they are printed, beside the right tellings."""
        host = hosts.opened(facts["host"])
        wrong = host.first_wrong(facts["lines"])
        remarks = [(entry["who"], entry["about"], entry["remark"]) for entry in facts["remarks"]]
        good = {who: about for who, about, says in remarks if says in host.steps[about - 1].texts}
        fits = [facts["signer"]] if wrong is None else [who for who, about in good.items() if about == wrong]
        harm = frozenset(who for who, _, _ in remarks if who not in good)
        return {"harm": harm, **({"right": fits[0]} if len(fits) == 1 else {})}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the file, the working, the remarks and the question."""
        facts = case.facts
        parts = self.handed_over(case, page, self.numbered(page, facts["lines"]), ["remark.rule"])
        remarks = [page.say("prompt/remark", **entry) for entry in facts["remarks"]]
        remarks.insert(page.pen.rng("signs").randrange(len(remarks) + 1), page.say("prompt/signs", **facts))
        said = "\n".join([page.say("prompt/remarks"), *remarks])
        return self.framed(case, page, **{**parts, "work": f"{parts['work']}\n\n{said}"})

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go down the lines; then take the remarks one by one."""
        facts, host, (wrong, why) = case.facts, hosts.opened(case.facts["host"]), self.walked(case, narrative)
        log, harm, told = dict[str, str](), list[tuple[str, Facts]](), set[tuple[int, str]]()
        for hand, entry in enumerate(facts["remarks"], case.wording + 1):
            who, about, sort = entry["who"], entry["about"], facts["log"][entry["who"]]
            log[who] = narrative.work.settle(sort, HARM if sort in (RIGHT, IDLE) else IDLE)
            if about != wrong:
                is_borne_out(narrative, host.steps[about - 1])
            retold = host.retold(about - 1, hand, entry["remark"])
            is_carried = log[who] == HARM and is_other(host, facts, about)
            bank = "carried" if is_carried else f"{log[who]}{'.too' * ((about, retold) in told)}"
            narrative.step(f"remark.{bank}", who=who, about=about, retold=retold)
            told |= {(about, retold)} if log[who] in (HARM, IDLE) and not is_carried else set()
            if log[who] in (HARM, NEAR):
                harm.append(("why/harm.carried" if is_carried else "why/harm", {**entry, "retold": retold}))
        narrative.step("signs.wrong" if wrong else "signs.right", signer=facts["signer"])
        result = self.assess({**facts, "log": log})[case.asks]
        said = [narrative.page.say(bank if len(harm) == 1 else "why/harm.several", **of) for bank, of in harm]
        why, names = (why, [result]) if case.asks == "right" else (" ".join(said), [of["who"] for _, of in harm])
        narrative.answer(f"answer.{case.asks}{'.remark' * bool(why)}", result, why=why, names=names)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the right working in place of a faulty one, and other wordings of remarks that do what they do not."""
        facts, host = case.facts, hosts.opened(case.facts["host"])
        if facts["fault"]:
            log = {name: {NEAR: HARM, RIGHT: IDLE}.get(sort, sort) for name, sort in facts["log"].items()}
            yield Change({**self.working(facts["host"], None), "log": log})
        for entry in facts["remarks"]:
            num = entry["about"]
            if facts["log"][entry["who"]] == HARM and not is_other(host, facts, num):
                says = host.retold(num - 1, rng.randrange(hosts.NUM_HANDS), facts["lines"][num - 1]["says"])
                remarks = [{**other, "remark": says} if other is entry else other for other in facts["remarks"]]
                yield Change({"remarks": remarks, "log": {**facts["log"], entry["who"]: IDLE}})


def is_other(host: Host, facts: Facts, num: int) -> bool:
    """Return whether a line says something else than in the right working."""
    return facts["lines"][num - 1]["says"] not in host.steps[num - 1].texts


SCHEME = Review()
