"""What all schemes of derivations share: the genre in which a working reaches its reader, and lines that go through it.

Schemes over hosts have the facts `lines` and `result`, which are printed, and two that say how the working came about
and are not: `host`, the other family's case, whose file is printed, and `fault`, the log of what was planted. A kind of
error is drawn first, then a host that can bear it, and in a third of the rows the right working is printed in place of
the faulty one. The first implementation goes by the log; the second by what is printed, beside the right working that
it has the host derive again, and that has to end where the host's own second implementation does.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.derivations import hosts
from open_thoughts_gen.families.derivations.hosts import Host
from open_thoughts_gen.families.derivations.slips import KINDS, Slip, slips
from open_thoughts_gen.families.kit.authoring import Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import Form, LineForm, NumberedForm
from open_thoughts_gen.families.kit.genre import GenreScheme
from open_thoughts_gen.families.kit.prose import QuotedForm
from open_thoughts_gen.families.kit.reworking import replayed
from open_thoughts_gen.types import Step

FRAME, HOSTED = (Path(__file__).parent / "words" / f"{name}.yaml" for name in ("frame", "hosted"))
FAULTY_RATE, NUM_HOSTS, MAX_OTHERS = 2 / 3, 12, 3
NUM_TOGETHER = 3  # lines of a working that a paragraph goes through


class DerivationScheme(GenreScheme):
    """A scheme whose prompt hands over a working; other texts have a genre of their own."""

    more_words: ClassVar[Sequence[Path]] = (FRAME,)

    def names_of(self, case: ProblemCase) -> list[str]:
        """Return the numbers of the lines, or of the findings."""
        return [str(entry["num"]) for entry in case.facts.get("lines") or case.facts["findings"]]

    def numbered(self, page: Page, lines: Sequence[Facts], bank: str = "line") -> str:
        """Return the lines of a working, in one way of numbering them."""
        style = page.pen.pick("numbers", "", ".bracket", ".word", ".dot")
        return "\n".join(page.say(f"prompt/{bank}{style}", **line) for line in lines)


class HostedScheme(DerivationScheme):
    """A scheme over the workings of other families. `kinds` are the errors that are planted."""

    kinds: ClassVar[Sequence[str]] = [kind for kind in KINDS if kind != "circularity"]
    unprinted: ClassVar[Sequence[str]] = ("host", "fault")
    more_words: ClassVar[Sequence[Path]] = (HOSTED, FRAME)

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of a file that is quoted, of a line, and of a working."""
        return {"file": QuotedForm(), "line": LineForm(), "working": NumberedForm()}

    def traits(self, facts: Facts) -> Facts:
        """Return whose case it is, and what was planted."""
        return {"host": facts["host"]["family"], "fault": facts["fault"].get("kind", "none")}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a kind of error, a case that can bear it, and a working with it, late from level 3 on, or with none."""
        kind = rng.choice([kind for kind in self.kinds if KINDS[kind] <= level])
        is_faulty = rng.random() < FAULTY_RATE
        for _ in range(NUM_HOSTS):
            drawn = hosts.drawn(rng, level, kind)
            few = self.slips(hosts.opened(drawn), rng, kind) if drawn else ()
            planted = max(islice(few, level), key=lambda slip: slip.index, default=None)
            if drawn and planted:
                facts = self.on_host(drawn, planted if is_faulty else None, level, rng)
                if facts is not None:
                    return {"host": drawn, **facts}
        return None

    def slips(self, host: Host, rng: Random, kind: str) -> Iterator[Slip]:
        """Yield slips of a kind that the scheme can plant in a host's working."""
        return slips(host, rng, kind)

    def other_slips(self, case: ProblemCase, rng: Random, kind: str = "") -> Iterator[Slip | None]:
        """Yield what else could be the matter with a working: nothing (None), and a few slips."""
        yield None
        yield from islice(self.slips(hosts.opened(case.facts["host"]), rng, kind), MAX_OTHERS)

    @abstractmethod
    def on_host(self, host: Facts, planted: Slip | None, level: int, rng: Random) -> dict[str, Any] | None:
        """Draw the facts of a case over a host, its working included; None where they make none."""

    def working(self, host: Facts, slip: Slip | None) -> dict[str, Any]:
        """Return the facts of a working itself: its lines and its result, right or with a slip, and the log of that."""
        opened = hosts.opened(host)
        steps, answer = (opened.steps, opened.right.answer) if slip is None else (slip.steps, slip.answer)
        fault = {} if slip is None else slip.log
        said = (hosts.telling(step.texts, index, host["hand"]) for index, step in enumerate(steps))
        lines = [{"num": num, "says": says} for num, says in enumerate(said, 1)]
        return {"lines": lines, "result": answer, "fault": fault}

    def handed_over(self, case: ProblemCase, page: Page, lines: str, rules: Sequence[str]) -> dict[str, str]:
        """Return the parts of a prompt that every working has: its lines and its result, and the rules."""
        result = page.say("prompt/result", **case.facts)
        rule = " ".join(page.say(f"prompt/{bank}", **case.facts) for bank in ("wrong", *rules))
        return {"work": f"{lines}\n{result}", "rule": rule}

    def printed_facts(self, facts: Facts) -> dict[str, Any]:
        """Return what a prompt states, the host's file among it."""
        return {**super().printed_facts(facts), "file": hosts.opened(facts["host"]).file}

    def judged(self, case: ProblemCase, narrative: Narrative) -> Iterator[tuple[int, bool, str]]:
        """Do each line over, and yield its number, whether it is right (to be settled), and what it should say."""
        facts, host = case.facts, hosts.opened(case.facts["host"])
        narrative.step("issue", count=len(facts["lines"]))
        for line, step in zip(facts["lines"], host.steps, strict=False):
            num, narrative.point = line["num"], 1 + line["num"] // NUM_TOGETHER
            is_right = is_borne_out(narrative, step) and facts["fault"].get("line") != num
            yield num, is_right, host.retold(num - 1, case.wording, line["says"])

    def walked(self, case: ProblemCase, narrative: Narrative) -> tuple[int, str]:
        """Tell of each line whether it holds, down to the first that does not; return its number, or 0, and why."""
        for num, is_right, retold in self.judged(case, narrative):
            if not narrative.work.settle(is_right):
                return num, self.tell_wrong(case, narrative, num, retold)
            self.tell_right(case, narrative, num, retold)
        narrative.step("none", count=len(case.facts["lines"]))
        return 0, ""

    def tell_right(self, case: ProblemCase, narrative: Narrative, num: int, retold: str) -> None:
        """Tell that a line holds."""
        has_sum = hosts.opened(case.facts["host"]).steps[num - 1].claims
        narrative.step("line.right.sum" if has_sum else "line.right", num=num, retold=retold)

    def tell_wrong(self, case: ProblemCase, narrative: Narrative, num: int, retold: str) -> str:
        """Tell what is wrong with a line, the planted one or one that an error made here spoils; return it in brief."""
        fault = case.facts["fault"] if case.facts["fault"].get("line") == num else {"kind": "other"}
        is_alone = fault.get("other") and fault["kind"] == "unjustified leap"
        name = "alone" if is_alone else fault["kind"].rpartition(" ")[2]
        values = {**fault, "num": num, "retold": retold, "says": case.facts["lines"][num - 1]["says"]}
        narrative.step(f"wrong.{name}", **values)
        if fault.get("has"):
            narrative.step(name := "instead", **values)
        return narrative.page.say(f"why/{name}", **values)


def is_borne_out(narrative: Narrative, step: Step) -> bool:
    """Return whether all that a step claims comes out when it is computed again, and claim it."""
    return all([replayed(claim, narrative.work) is not False for claim in step.claims])
