"""Rules of a house, three to eight sorts of people, and a conclusion that follows or does not.

A valid chain is drawn, and for half of the cases one statement in it is turned round, so that the same words and the
same quantities stand in both. Asked are whether the conclusion follows, which group of people shows that it does not,
which statement turned round or sharpened repairs it, and which one could be left unsaid.

The traps: a statement read backwards, a middle that is never covered, "every" taken to promise that there is somebody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations, product
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.kinds import Keeps
from open_thoughts_gen.families.arguments.schemes import _statements as logic
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Narrative, ProblemCase
from open_thoughts_gen.families.kit.kinds import Flip, YesNo

NUM_TRAITS = {1: 3, 2: 4, 3: 5, 4: 7}
NUM_EXTRA = {1: 0, 2: 0, 3: 1, 4: 2}  # statements that nothing needs
NUM_TRIES = 60


class Sorites(logic.StatementScheme):
    """A chain of statements about sorts of people."""

    name: ClassVar[str] = "sorites"
    asks: ClassVar[Mapping[str, Ask]] = {
        "follows": Ask(YesNo(), "follows", coin="follows", until=3),
        "group": Ask(Flip(3), "refuted", level=2, coin="follows", outcomes=(False,), until=2),
        "repair": Ask(Flip(3), "follows", level=3, coin="follows", outcomes=(False,)),
        "idle": Ask(Keeps(3), "follows", level=3, coin="follows", outcomes=(True,)),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a valid argument, and turn one statement of it round in half of the cases."""
        setting, keys = self.drawn_from(rng, "setting", "trait")
        chosen, exists = keys[: NUM_TRAITS[level] + 1], rng.random() < 0.5
        by_itself = exists and level > 2 and rng.random() < 0.5
        argument = logic.drawn_argument(rng, chosen[:-1], exists=by_itself, can_be_else=level > 3)
        if argument is None:
            return None
        facts = {"setting": setting, "exists": exists, **argument}
        if rng.random() < 0.5 and not _spoil(rng, facts):
            return None
        for _ in range(NUM_EXTRA[level]):
            _add(rng, facts, chosen)
        return facts if self.assess(facts)["follows"] is not None else None

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Decide by the kinds of person that there can be, unless it takes more than three, or nobody at all, to refute."""
        group, people, result = logic.group_of(facts), logic.People(facts, denied=True), logic.follows(facts)
        is_refuted, is_small = people.are(group), result or people.group(Random(0)) is not None
        return {"follows": result if is_small else None, "refuted": is_refuted if group or not is_refuted else None}

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the chain, or a group; which group it is that an option offers is looked at option by option."""
        if case.asks == "group":
            conclusion = {key: case.facts[key] for key in ("cs", "cp")}
            narrative.step(f"seek.{case.facts['goal']}", **conclusion)
            narrative.answer("answer.seek", narrative.work.settle(False))
        else:
            logic.argued(case.facts, narrative, again=case.asks == "repair")

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Tell which ground is false of the group that an option offers, or what becomes of the conclusion."""
        if case.asks != "group":
            return super().trial(case, letter, narrative)
        facts, group, people = case.facts, logic.group_of(case.facts), logic.People(case.facts)
        narrative.step("look", letter=letter)
        missing = [key for key, bit in people.bits.items() if facts["exists"] and not any(kind & bit for kind in group)]
        false = [rule for rule in logic.grounds(facts) if not people.holds(rule, group)]
        if missing:
            narrative.step("lacks", s=missing[0], letter=letter)
        elif false:
            logic.told_false(false[0], people, group, narrative, "breach")
        elif people.holds(logic.goal(facts), group):
            narrative.step("agrees", cs=facts["cs"], cp=facts["cp"], letter=letter)
        else:
            logic.told_false(logic.goal(facts), people, group, narrative, "fails")
            narrative.step("refutes", letter=letter)
        return narrative.work.settle(logic.People(facts, denied=True).are(group))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a statement turned round, sharpened or struck out, another conclusion, or a group that nearly refutes."""
        facts, asks = case.facts, case.asks
        told = [{rule["s"], rule["p"]} for rule in facts["rules"]]
        for s, p in permutations(logic.traits(facts), 2) if asks != "follows" else ():
            if {s, p} not in told:
                yield from (Change({"edit": "test", "form": form, "s": s, "p": p}) for form in logic.OPPOSITE)
        if asks == "group":
            yield from _groups(facts, rng)
        for rule in facts["rules"]:
            edits = {"turn": ("all", "not"), "raise": ("some", "not"), "drop": (rule["form"],)}
            for edit in ("drop",) if asks == "idle" else ("turn", "raise"):
                if rule["form"] in edits[edit]:
                    yield Change({"edit": edit, **rule}, option=f"{edit}.{rule['form']}" if asks != "group" else "")


def _spoil(rng: Random, facts: dict[str, Any]) -> bool:
    """Turn one statement round so that the conclusion no longer follows; return whether there is such a one."""
    for rule in rng.sample(facts["rules"], len(facts["rules"])):
        spoilt = SCHEME.applied(facts, {"edit": "turn", **rule})
        if rule["form"] in ("all", "not") and logic.follows(spoilt) is False:
            facts["rules"] = spoilt["rules"]
            return True
    return False


def _add(rng: Random, facts: dict[str, Any], keys: list[str]) -> None:
    """Put in a statement that changes nothing."""
    before, pairs = logic.follows(facts), [{rule["s"], rule["p"]} for rule in facts["rules"]]
    for _ in range(NUM_TRIES):
        s, p = rng.sample((rng.choice(keys[:-1]), keys[-1]), 2)
        rule = {"form": rng.choice(("all", "all", "no", "some", "not")), "s": s, "p": p}
        rules = [*facts["rules"]]
        rules.insert(rng.randint(0, len(rules)), rule)
        if {s, p} not in pairs and logic.follows({**facts, "rules": rules}) == before:
            facts["rules"] = rules
            return


def _groups(facts: Facts, rng: Random) -> Iterator[Change]:
    """Yield a group that refutes the argument, and others that differ from it in one property of one person."""
    people = logic.People(facts, denied=True)
    group = people.group(rng)
    if group is None:
        return
    option, places = f"group.{logic.SIZES[len(group) - 1]}", product(range(len(group)), people.bits.values())
    near = [[*group[:at], group[at] ^ bit, *group[at + 1 :]] for at, bit in places]
    for kinds in (group, *rng.sample(near, len(near))):
        shown = rng.sample(kinds, len(kinds))
        yield Change(dict(zip(logic.ORDER, map(people.profile, shown), strict=False)), option=option)


SCHEME = Sorites()
