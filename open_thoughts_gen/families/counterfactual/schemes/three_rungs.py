"""A warning, an act and a harm: what is seen, what would come of an order, what would have been.

A cause comes with some chance; a warning of it may fail to arrive; whoever is warned acts; the act may fail, and the
harm may come without the cause as well. All chances are printed and independent, so each rung of the ladder has one
value (J. Pearl, Causality, 2nd edition 2009, chapter 7): the share among nights on which the act was seen, the share
under an order to act, and the share on one night of which something is known already.

The traps: to condition where the question is of an act; to forget, of the one night, what the evidence tells of it.
The first implementation reasons along the story; the second sums over all combinations of what chance decides.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, ExactForm, Form
from open_thoughts_gen.families.kit.kinds import Choice, Ratio, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import UnprovedError
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

CHANCES = tuple(Fraction(*pair) for pair in ((1, 2), (1, 3), (1, 4), (1, 5), (1, 6), (1, 10), (2, 3), (2, 5), (3, 4)))
MAX_DENOMINATOR = 600
HALF = Fraction(1, 2)
FEATURES = {"cause": 1, "silent": 1, "asleep": 3, "fails": 1, "backup": 4, "anyway": 2}  # from which level on


class ThreeRungs(ProblemScheme):
    """One act, one harm, and the chances that nobody controls."""

    name: ClassVar[str] = "three_rungs"
    has_fractions: ClassVar[bool] = True
    asks: ClassVar[Mapping[str, Ask]] = {
        "seen": Ask(Ratio(), "seen"),
        "done": Ask(Ratio(), "done"),
        "would": Ask(Ratio(), "would", level=2),
        "likely": Ask(YesNo(), "likely", level=2, coin="likely"),
        "which": Ask(Choice(3), "would", level=2),
    }

    def __init__(self) -> None:
        """Set the form in which each fact, and each value of a trace, is written."""
        exact = ExactForm()
        values = ("harm", "missed", "part", "calm", "other", "total", "share", "rest", "seen", "done", "would")
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys((*FEATURES, *values, "figure"), exact),
            "world": EntryForm(self.words.lists["world"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw chances whose rungs differ, are neither 0 nor 1, and have small denominators."""
        keys = [key for key, first in FEATURES.items() if level >= first]
        facts: dict[str, Any] = {
            "world": rng.choice(list(self.words.lists["world"])),
            **{key: rng.choice(CHANCES) for key in keys},
        }
        rungs = [value for key, value in self.assess(facts).items() if key != "likely" and value is not None]
        is_plain = all(0 < value < 1 and value.denominator <= MAX_DENOMINATOR for value in rungs)
        return facts if is_plain and len(set(rungs)) == len(rungs) else None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the three rungs, and whether harm was more likely than not on that night."""
        story = Story(facts, Work(is_quiet=True))
        seen, done = story.harm(), story.done()
        would = story.would() if "anyway" in facts else None
        likely = None if would is None else would > HALF
        return {"seen": seen, "done": done, "would": would, "likely": likely}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the chances in the words of the world, what is known of the one night, and the question."""
        facts, world = case.facts, case.facts["world"]
        opening = page.say(f"prompt/{world}.opening")
        chances = [page.say(f"prompt/{world}.{key}", **{key: facts[key]}) for key in FEATURES if key in facts]
        night = [page.say(f"prompt/{world}.night")] if case.asks in ("would", "likely", "which") else []
        asked = page.say(f"prompt/{world}.ask.{case.asks}")
        colour = [page.say(f"prompt/{world}.colour") for _ in range(case.pen("colour").pick("number", 1, 2, 3))]
        agreed = " ".join((*chances, page.say("prompt/apart")))
        return "\n\n".join((opening, agreed, " ".join((*night, *colour)), asked))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the rung that is asked for, and for the one night: learn, change, carry over."""
        facts, asks = case.facts, case.asks
        story = Story(facts, narrative.work)
        step, answer = (partial(tell, world=facts["world"]) for tell in (narrative.step, narrative.answer))
        step(f"rung.{asks if asks in ('seen', 'done') else 'would'}", point=0)
        harm = story.harm()
        step(f"harm.{self._ways(facts)}", point=1, harm=harm, **_chances(facts, "fails", "backup", "anyway"))
        if asks == "seen":
            answer("answer.seen", harm, seen=harm)
            return
        if asks == "done":
            step("turn.seen", harm=harm)
            narrative.work.exceeds(1, facts["cause"])
            step("refute.seen", cause=facts["cause"])
            done = story.done()
            step(
                "done" if "anyway" in facts else "done.plain",
                done=done,
                harm=harm,
                **_chances(facts, "cause", "anyway"),
            )
            answer("answer.done", done, done=done)
            return
        missed = story.missed()
        step("missed" if "asleep" in facts else "missed.plain", missed=missed, **_chances(facts, "silent", "asleep"))
        part, other, total = story.learnt()
        step("learn", point=2, part=part, other=other, total=total, missed=missed, **_chances(facts, "cause", "anyway"))
        share = narrative.work("part / total", part=part, total=total)
        step("share", share=share, part=part, total=total)
        if share != facts["cause"]:
            step("turn.any", cause=facts["cause"], harm=harm, done=story.done())
            narrative.work.exceeds(share, facts["cause"])
            step("refute.any", share=share, cause=facts["cause"])
        would = narrative.work("share * harm + 1 - share", share=share, harm=harm)
        step("carry", point=3, share=share, harm=harm, would=would)
        if asks in ("would", "which"):
            answer("answer.would", would, would=would)
            return
        likely = narrative.work.exceeds(would, HALF)
        step(f"half.{'yes' if likely else 'no'}", would=would)
        answer(f"answer.likely.{'yes' if likely else 'no'}", likely, would=would)

    def _ways(self, facts: Mapping[str, Any]) -> str:
        return "backup" if "backup" in facts else "anyway" if "anyway" in facts else "fails"

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Sum over all that chance can decide, in each world that is asked about."""
        weights = list(combinations(facts))
        if sum(weight for _, weight in weights) != 1:
            raise UnprovedError("the chances do not add up to one")
        acts = [(world, weight) for world, weight in weights if _acts(world)]
        night = [(world, weight) for world, weight in weights if not _acts(world) and _harmed(world, act=False)]
        results: dict[str, Any] = {
            "seen": _rate(acts, lambda world: _harmed(world, act=True)),
            "done": _rate(weights, lambda world: _harmed(world, act=True)),
        }
        if "anyway" in facts:
            results["would"] = _rate(night, lambda world: _harmed(world, act=True))
            results["likely"] = 2 * results["would"] > 1
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield each chance changed to another one."""
        for key in FEATURES:
            for chance in CHANCES:
                patch = {key: chance}
                if key in case.facts and chance != case.facts[key]:
                    results = self.assess({**case.facts, **patch})
                    if all(
                        value is None or value is True or value is False or 0 < value < 1 for value in results.values()
                    ):
                        yield Change(patch)

    def candidates(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield the three rungs, and what the evidence says of the cause: all of them figures that somebody computes."""
        story = Story(case.facts, Work(is_quiet=True))
        part, _, total = story.learnt()
        for figure in (story.would(), story.done(), story.harm(), part / total):
            yield Change({"figure": figure}, option="figure")


@dataclass(frozen=True, slots=True)
class Story:
    """The first implementation: each figure along the story, computed and claimed by `work`."""

    facts: Mapping[str, Any]
    work: Work

    def harm(self) -> Fraction:
        """Return the chance of harm where the cause comes and the act is done."""
        fails = self.facts["fails"]
        if "backup" in self.facts:
            fails = self.work("fails * backup", fails=fails, backup=self.facts["backup"])
        if "anyway" not in self.facts:
            return Fraction(fails)
        return self.work("fails + (1 - fails) * anyway", fails=fails, anyway=self.facts["anyway"])

    def done(self) -> Fraction:
        """Return the chance of harm under an order to act, whatever the night."""
        harm, cause, anyway = self.harm(), self.facts["cause"], self.facts.get("anyway", 0)
        return self.work("cause * harm + (1 - cause) * anyway", cause=cause, harm=harm, anyway=anyway)

    def missed(self) -> Fraction:
        """Return the chance that a warning is not acted on: it does not arrive, or nobody is awake to act on it."""
        if "asleep" not in self.facts:
            return Fraction(self.facts["silent"])
        return self.work("silent + (1 - silent) * asleep", silent=self.facts["silent"], asleep=self.facts["asleep"])

    def learnt(self) -> tuple[Fraction, Fraction, Fraction]:
        """Return the chances of the two ways to no act and harm, and of both together."""
        cause, missed = self.facts["cause"], self.missed()
        part = self.work("cause * missed", cause=cause, missed=missed)
        other = self.work("(1 - cause) * anyway", cause=cause, anyway=self.facts["anyway"])
        return part, other, self.work("part + other", part=part, other=other)

    def would(self) -> Fraction:
        """Return the chance of harm on the one night, had the act been done."""
        part, _, total = self.learnt()
        share = self.work("part / total", part=part, total=total)
        return self.work("share * harm + 1 - share", share=share, harm=self.harm())


def _chances(facts: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: facts[key] for key in keys if key in facts}


# The second implementation: every combination of what chance decides, with its weight. It shares nothing with `Story`.
World = Mapping[str, bool]


def combinations(facts: Mapping[str, Any]) -> Iterator[tuple[World, Fraction]]:
    """Yield each world and its chance."""
    keys = [key for key in FEATURES if key in facts]
    for outcome in itertools.product((True, False), repeat=len(keys)):
        weight = Fraction(1)
        for key, happens in zip(keys, outcome, strict=True):
            weight *= facts[key] if happens else 1 - facts[key]
        yield dict(zip(keys, outcome, strict=True)), weight


def _acts(world: World) -> bool:
    return world["cause"] and not world["silent"] and not world.get("asleep", False)


def _harmed(world: World, *, act: bool) -> bool:
    saved = act and not (world["fails"] and world.get("backup", True))
    return (world["cause"] and not saved) or world.get("anyway", False)


def _rate(worlds: list[tuple[World, Fraction]], happens: Callable[[World], bool]) -> Fraction:
    total = sum((weight for _, weight in worlds), Fraction(0))
    if not total:
        raise UnprovedError("the condition never holds")
    return sum((weight for world, weight in worlds if happens(world)), Fraction(0)) / total


SCHEME = ThreeRungs()
