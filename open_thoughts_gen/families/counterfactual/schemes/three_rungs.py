"""A warning, an act and a harm: what is seen, what would come of an order, what would have been.

A cause comes with some chance; a warning of it may fail to arrive; whoever is warned acts; the act may fail, and the
harm may come without the cause as well. All chances are printed and independent, so each rung of the ladder has one
value (J. Pearl, Causality, 2nd edition 2009, chapter 7): the share among nights on which the act was seen, the share
under an order to act, and the share on one night of which something is known already.

The traps: to condition where the question is of an act; to forget, of the one night, what the evidence tells of it.
The first implementation reasons along the story; the second sums over all combinations of what chance decides.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product
from math import prod
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.framing import PartedScheme
from open_thoughts_gen.families.kit.kinds import Choice, Ratio, YesNo
from open_thoughts_gen.families.kit.proof import UnprovedError

CHANCES = tuple(Fraction(*pair) for pair in ((1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 10), (2, 3), (2, 5), (3, 4)))
MAX_DENOMINATOR = 600
HALF = Fraction(1, 2)
NEAR = Fraction(1, 8)  # how far from one half the chance on the one night may be, or plain numbers give it away
FEATURES = {"cause": 1, "silent": 1, "asleep": 3, "fails": 1, "backup": 4, "anyway": 2}  # from which level on
World = Mapping[str, bool]


class Story(Reckoning):
    """The first implementation: each figure along the story."""

    def seen(self) -> Fraction:
        """Return the chance of harm where the cause comes and the act is done."""
        kind = "backup" if self.has("backup") else "anyway" if self.has("anyway") else "fails"
        both = self.find("both", "fails * backup") if kind == "backup" else Fraction(self.facts["fails"])
        harm = self.know("harm", both) if kind == "fails" else self.find("harm", "x + (1 - x) * anyway", x=both)
        self.say(f"harm.{kind}", point=1)
        return harm

    def done(self) -> Fraction:
        """Return the chance of harm under an order to act, whatever the night."""
        return self.find("done", "cause * harm + (1 - cause) * anyway", anyway=self.facts.get("anyway", 0))

    def ordered(self) -> Fraction:
        """Return what `done` does, after the wrong turn of taking what is seen for it."""
        self.say("turn.seen")
        self.exceeds("sure", "cause", sure=1)
        self.say("refute.seen")
        done = self.done()
        self.say("done" if self.has("anyway") else "done.plain")
        return done

    def learnt(self) -> None:
        """Find the chance of no act, harm and cause, and that of no act and harm.

        A warning is not acted on if it does not arrive, or nobody is awake to act on it.
        """
        self.know("missed", self.facts["silent"])
        if self.has("asleep"):
            self.find("missed", "missed + (1 - missed) * asleep")
        self.say("missed" if self.has("asleep") else "missed.plain")
        self.find("part", "cause * missed", "learn.part", point=2)
        self.find("other", "(1 - cause) * anyway")
        self.find("total", "part + other", "learn")

    def idle(self) -> Fraction:
        """Return the share of harm where the act is not done."""
        self.learnt()
        self.find("rest", "1 - cause * (1 - missed)", "rest")
        return self.find("idle", "total / rest", "idle")

    def would(self) -> Fraction:
        """Return the chance of harm on the one night, had the act been done."""
        self.learnt()
        share = self.find("share", "part / total", "share")
        if share != self.facts["cause"]:
            self.done()
            self.say("turn.any")
            self.exceeds("share", "cause")
            self.say("refute.any")
        return self.find("would", "share * harm + 1 - share", "carry", point=3)


class ThreeRungs(PartedScheme):
    """One act, one harm, and the chances that nobody controls."""

    name: ClassVar[str] = "three_rungs"
    has_fractions: ClassVar[bool] = True
    always: ClassVar[Sequence[str]] = ("apart", "closed")  # chances are independent, and nothing else matters
    asks: ClassVar[Mapping[str, Ask]] = {
        "seen": Ask(Ratio(), "seen", until=2),
        "done": Ask(Ratio(), "done", until=2),
        "idle": Ask(Ratio(), "idle", level=3),
        "would": Ask(Ratio(), "would", level=2),
        "likely": Ask(YesNo(), "likely", level=3, coin="likely"),
        "which": Ask(Choice(3), "would", level=3),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw chances whose rungs differ, are neither 0 nor 1, and have small denominators."""
        facts: dict[str, Any] = {"world": rng.choice(list(self.words.lists["world"]))}
        facts |= {key: rng.choice(CHANCES) for key, first in FEATURES.items() if level >= first}
        rungs = [value for key, value in self.assess(facts).items() if key != "likely"]
        is_plain = all(0 < value < 1 and value.denominator <= MAX_DENOMINATOR for value in rungs)
        is_plain = is_plain and abs(rungs[-1] - HALF) <= (NEAR if level > 1 else HALF)
        return facts if is_plain and len(set(rungs)) == len(rungs) else None

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Return the three rungs, and whether harm was more likely than not on that night."""
        story = Story(facts)
        results: dict[str, Any] = {"seen": story.seen(), "done": story.done()}
        if "anyway" in facts:
            results |= {"idle": story.idle(), "would": story.would()}
            results["likely"] = results["would"] > HALF
        return results

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return the chances in an order that tells nothing."""
        facts, said = case.facts, self.said(case, page)
        warning = [said(key) for key in ("silent", "asleep") if key in facts]
        warning.append(said("fails.backup" if "backup" in facts else "fails"))
        parts = [[said("cause")], warning, [said("anyway")] if "anyway" in facts else []]
        return " ".join(text for part in case.pen("order").order("chances", parts) for text in part)

    def asked(self, case: ProblemCase, page: Page) -> str:
        """Return what is known of the one night, and the question."""
        night = f"{self.said(case, page)('night')} " if case.asks in ("would", "likely", "which") else ""
        return f"{night}{super().asked(case, page)}"

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the rung that is asked for, and for the one night: learn, change, carry over."""
        asks, story = case.asks, Story(case.facts, narrative.work, narrative)
        story.say(f"rung.{asks if asks in ('seen', 'done', 'idle') else 'would'}", point=0)
        value: Fraction | bool = story.idle() if asks == "idle" else story.seen()
        if asks == "done":
            value = story.ordered()
        elif asks not in ("seen", "idle"):
            value = story.would()
        if asks == "likely":
            value = story.exceeds("would", "half", half=HALF)
            story.say(f"half.{'yes' if value else 'no'}")
        story.answer(f"answer.{'would' if asks == 'which' else asks}", value)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield each chance changed to another one."""
        for key, chance in product([key for key in FEATURES if key in case.facts], CHANCES):
            results = self.assess({**case.facts, key: chance})
            rungs = [value for name, value in results.items() if name != "likely"]
            if chance != case.facts[key] and all(0 < value < 1 for value in rungs):
                yield Change({key: chance})

    def candidates(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield figures that somebody computes: an order's, what the evidence says, and three that mix the rungs up."""
        story = Story(case.facts)
        figures = story.seen(), story.done(), story.would()
        (harm, done, would), share = figures, story.known["share"]
        cause, anyway = case.facts["cause"], case.facts["anyway"]
        mixed = (share * harm + (1 - share) * anyway, cause * harm + 1 - cause, 1 - share * (1 - harm) * (1 - anyway))
        yield from (Change({"figure": figure}, option="figure") for figure in (would, done, share, *mixed))

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Sum over all that chance can decide, in each world that is asked about."""
        keys = [key for key in FEATURES if key in facts]
        worlds = [dict(zip(keys, outcome, strict=True)) for outcome in product((True, False), repeat=len(keys))]
        weighed = [(world, prod(facts[key] if world[key] else 1 - facts[key] for key in keys)) for world in worlds]

        def rate(act: bool, given: Callable[[World], bool]) -> Fraction:
            """Return the share of harm among the worlds of a condition, the act done or not done in them."""
            chosen = [(world, weight) for world, weight in weighed if given(world)]
            if not chosen:
                raise UnprovedError("the condition never holds")
            harm = sum(weight for world, weight in chosen if _harmed(world, act))
            return Fraction(harm, sum(weight for _, weight in chosen))

        results: dict[str, Any] = {"seen": rate(True, _acts), "done": rate(True, lambda _: True)}
        if "anyway" in facts:
            results["idle"] = rate(False, lambda world: not _acts(world))
            results["would"] = rate(True, lambda world: not _acts(world) and _harmed(world, False))
            results["likely"] = 2 * results["would"] > 1
        return results


# The second implementation: every combination of what chance decides, with its weight. It shares nothing with `Story`.
def _acts(world: World) -> bool:
    return world["cause"] and not world["silent"] and not world.get("asleep", False)


def _harmed(world: World, act: bool) -> bool:
    saved = act and not (world["fails"] and world.get("backup", True))
    return (world["cause"] and not saved) or world.get("anyway", False)


SCHEME = ThreeRungs()
