"""An argument with one ground left out: what has to be added, what would do, and what follows as it stands.

A valid chain is drawn and one statement of it is taken away. What is offered instead is the statement, its converse,
and others over the same properties; each that fails is refuted by a group of people, often by one that refutes several.

The traps: the converse, a statement that is true of the group in which the conclusion fails, one that follows anyway.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.schemes import _statements as logic
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, ProblemCase
from open_thoughts_gen.families.kit.kinds import Flip, YesNo

NUM_TRAITS = {1: 3, 2: 4, 3: 5, 4: 6}
NUM_SWAPS = 5
NUM_OTHERS = 40  # statements that are tried as options


class Premise(logic.StatementScheme):
    """A chain of statements with one of them left out."""

    name: ClassVar[str] = "premise"
    asks: ClassVar[Mapping[str, Ask]] = {
        "enough": Ask(YesNo(), "follows", needs=("added",), coin="follows", until=2),
        "gap": Ask(Flip(), "follows", level=2),
        "implied": Ask(Flip(), "follows", level=3, until=3),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a valid argument, take one statement away, and propose one in its stead."""
        setting, keys = self.drawn_from(rng, "setting", "trait")
        chosen = keys[: NUM_TRAITS[level]]
        argument = logic.drawn_argument(rng, chosen, exists=False, can_be_else=level > 3)
        if argument is None:
            return None
        gone = rng.choice(argument["rules"])
        rules = [rule for rule in argument["rules"] if rule != gone]
        facts = {"setting": setting, "exists": rng.random() < 0.5, **argument, "rules": rules}
        if level > 2:
            facts["rules"] = rng.sample([*rules, _anything(rng, chosen)], len(rules) + 1)
        added = rng.choice((gone, gone, gone, logic.EDITS["turn"](gone), _anything(rng, chosen)))
        proposed = {**facts, "added": [dict(added)]}
        ends = {argument["cs"], argument["cp"]}  # what speaks of these settles the conclusion by itself
        is_new = gone not in facts["rules"] and added not in facts["rules"] and {added["s"], added["p"]} != ends
        is_open = set(chosen) == set(logic.traits(facts)) and self.assess(facts)["follows"] is False
        return proposed if is_new and is_open and self.assess(proposed)["follows"] is not None else None

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Decide by the kinds of person that there can be."""
        result = logic.follows(facts)
        if result is False and logic.People(facts, denied=True).group(Random(0)) is None:
            result = None  # no group that is small enough to be told
        return {"follows": result}

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell where the chain breaks off, and a group; or the chain with what is added, or to what is concluded instead."""
        if case.asks == "implied" and "letter" not in narrative.stated:
            narrative.answer("answer.implied", narrative.work.settle(False))
            return
        logic.argued(case.facts, narrative, again=case.asks == "gap")

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield statements to add, conclusions to draw instead, and statements turned round."""
        facts, keys = case.facts, logic.traits(case.facts)
        if case.asks != "enough":
            edit = "add" if case.asks == "gap" else "test"
            more = ["all", *(["else"] if case.level > 3 and edit == "add" else [])]
            for _ in range(NUM_OTHERS):
                rule = _anything(rng, keys, *more)
                if rule not in facts["rules"] and {rule["s"], rule["p"]} != {facts["cs"], facts["cp"]}:
                    yield Change({"edit": edit, **rule}, option=f"{edit}.{rule['form']}")
        for rule in facts.get("added", ()):
            yield Change({"added": [dict(logic.EDITS["turn"](rule))]})
        for at, rule in enumerate(facts["rules"] * NUM_SWAPS):
            is_turned = at < len(facts["rules"])
            other = logic.EDITS["turn"](rule) if is_turned else {**_anything(rng, keys), "form": rule["form"]}
            if other not in facts["rules"] and rule["form"] not in ("no", "some"):
                yield Change({"rules": [other if each == rule else each for each in facts["rules"]]})


def _anything(rng: Random, keys: list[str], *more: str) -> dict[str, str]:
    """Return any statement about two of these properties, of one of the common forms or of one more."""
    s, p = rng.sample(keys, 2)
    return {"form": rng.choice(("all", "no", "some", "not", *more)), "s": s, "p": p}


SCHEME = Premise()
