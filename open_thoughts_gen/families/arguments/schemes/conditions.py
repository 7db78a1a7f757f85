"""Permits and procedures in conditionals: if, only if, unless, either or; and what has happened.

The rules are about one case: an application, a shipment, a rehearsal. A chain of conditionals is drawn from a fact to a
conclusion, and for half of the cases one conditional in it is exchanged for its converse. Asked are whether the
conclusion follows, which further fact would settle it, and, of arguments of one step, which named form they have (the
definitions are printed).

The traps: "only if" read as "if", a condition taken to be the only one, "or" taken to exclude both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise, product
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.forms import profile_form
from open_thoughts_gen.families.arguments.scheme import ArgumentScheme
from open_thoughts_gen.families.arguments.schemes import _statements as logic
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Form, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm
from open_thoughts_gen.families.kit.kinds import Flip, OneOf, YesNo
from open_thoughts_gen.families.kit.proof.answer_sets import answer_set, least_cost

PROOF, NAMING = Path(__file__).with_suffix(".lp"), Path(__file__).with_name("_naming.lp")
NUM_ATOMS = {1: 3, 2: 4, 3: 5, 4: 6}
FORMS = (
    *("modus ponens", "modus tollens", "affirming the consequent", "denying the antecedent"),
    *("disjunctive syllogism", "affirming a disjunct"),
)
# Which of them an argument has: by its rule, which side of it the fact is on, what is said of that, what is inferred.
NAMED = {
    **{"if a yes yes": 0, "if b no no": 1, "if b yes yes": 2, "if a no no": 3, "or no yes": 4, "or yes no": 5},
    **{"bar a yes no": 0, "bar b yes no": 1, "bar b no yes": 2, "bar a no yes": 3},
}
# What a conditional says, as statements about whoever has one thing or another (`_statements`).
MEANS: Mapping[str, tuple[str, ...]] = {
    **{"if": ("all",), "bar": ("no",), "or": ("else",)},
    **{"iff": ("all", "converse"), "xor": ("no", "else")},
}


def statements(facts: Facts) -> list[logic.Statement]:
    """Return what the rules of a case say."""
    said = [(form, rule["a"], rule["b"]) for rule in facts["rules"] for form in MEANS[rule["form"]]]
    return [
        {"form": "all", "s": b, "p": a} if form == "converse" else {"form": form, "s": a, "p": b} for form, a, b in said
    ]


def known(facts: Facts) -> list[logic.Literal]:
    """Return what has happened and what has not."""
    return [(fact["a"], fact["was"] == "yes") for fact in facts["known"]]


def worlds(facts: Facts) -> logic.People:
    """Return every way in which the rules can be kept: a way for things to be is to them what a person is to others."""
    goal = {"goal": "some", "cs": facts["c"], "cp": facts["c"]}
    return logic.People({"rules": statements(facts), "exists": False, **goal})


def of_these(ways: logic.People, literals: Iterable[logic.Literal]) -> int:
    """Return the set of those ways in which all of this is so."""
    chosen = ways.admitted
    for name, value in literals:
        chosen &= ways.having[name] if value else ~ways.having[name]
    return chosen


def spoiling(facts: Facts, ways: logic.People) -> list[int]:
    """Return the ways that agree with what is known although the conclusion is false."""
    chosen = of_these(ways, (*known(facts), (facts["c"], facts["goal"] != "yes")))
    return [way for way in range(1 << len(ways.bits)) if chosen >> way & 1]


def named_form(facts: Facts) -> str | None:
    """Return the named form of an argument of one step; None where it has none of them."""
    (fact,) = facts["known"]
    rule = next((rule for rule in facts["rules"] if {rule["a"], rule["b"]} == {fact["a"], facts["c"]}), None)
    if rule is None:
        return None
    begins = "" if rule["form"] == "or" else "a " if fact["a"] == rule["a"] else "b "
    at = NAMED.get(f"{rule['form']} {begins}{fact['was']} {facts['goal']}")
    return None if at is None else FORMS[at]


class Conditions(ArgumentScheme):
    """Rules in conditionals, applied to one case."""

    name: ClassVar[str] = "conditions"
    asks: ClassVar[Mapping[str, Ask]] = {
        "follows": Ask(YesNo(), "follows", coin="follows"),
        "needed": Ask(Flip(3), "follows", level=3, coin="follows", outcomes=(False,)),
        "form": Ask(OneOf(FORMS, "closing/form"), "form", coin="form", outcomes=FORMS, until=2),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of what can be so, and of all that is."""
        atoms = self.words.lists["atom"]
        return {"atom": EntryForm(atoms), "atoms": profile_form(atoms, "yes", "no")}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a chain of conditionals, or an argument of one step; turn one conditional round in half of the cases."""
        (matter, chosen), is_plain = self.drawn_from(rng, "matter", "atom"), rng.random() < 0.4
        facts = _one_step(rng, chosen, level) if is_plain else _chain(rng, chosen[: NUM_ATOMS[level] + 1], level)
        if facts is None:
            return None
        facts |= {"matter": matter, "plain": is_plain}
        ways = worlds(facts)
        return facts if ways.leave_all_open() and of_these(ways, known(facts)) else None

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Decide by every way in which the rules can be kept."""
        if facts["plain"]:
            return {"form": named_form(facts), "follows": None}
        ways = worlds(facts)
        return {"form": None, "follows": not spoiling(facts, ways) if of_these(ways, known(facts)) else None}

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with something else known, or a rule turned round."""
        if "was" in patch:
            return {**facts, "known": [*facts["known"], dict(patch)]}
        old = patch["turned"]
        rules = [{**old, "a": old["b"], "b": old["a"]} if rule == old else rule for rule in facts["rules"]]
        return {**facts, "rules": rules}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, what is known, and the conclusion."""
        facts, style = case.facts, "plain" if case.facts["plain"] else "rule"
        said = [page.say(f"prompt/{style}.{rule['form']}", **rule) for rule in facts["rules"]]
        said += [page.say(f"prompt/known.{fact['was']}", **fact) for fact in facts["known"]]
        text = " ".join([page.say("prompt/matter", **facts), *self.mixed(case, page, said)])
        claim = page.say(f"prompt/thesis.{facts['goal']}", **facts, **case.cast)
        if facts["plain"]:
            return self.beside_definitions(case, page, text, claim)
        return self.framed(case, page, grounds=f"{text} {page.say('prompt/meaning')}", claim=claim)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what the rules carry the facts to, or a way to keep them all without the conclusion."""
        (self._told_form if case.asks == "form" else self._told_chain)(case.facts, narrative)

    def _told_form(self, facts: Facts, narrative: Narrative) -> None:
        fact = facts["known"][0]
        rule = next(each for each in facts["rules"] if {each["a"], each["b"]} == {fact["a"], facts["c"]})
        narrative.step(f"read.{rule['form']}", a=rule["a"], b=rule["b"])
        for other in (each for each in facts["rules"] if each != rule):
            narrative.step("other", a=other["a"], b=other["b"])
        narrative.step(f"given.{fact['was']}", a=fact["a"])
        narrative.step(f"drawn.{facts['goal']}", c=facts["c"])
        at = FORMS.index(named_form(facts) or "")
        name = narrative.work.settle(FORMS[at], FORMS[at ^ 1])
        narrative.step(f"why.{rule['form'] if at > 3 else 'if'}.{at}")
        narrative.answer("answer.form", name, name=name)

    def _told_chain(self, facts: Facts, narrative: Narrative) -> None:
        goal, wanted = {"c": facts["c"]}, (facts["c"], facts["goal"] == "yes")
        narrative.step(f"want.{facts['goal']}", **goal)
        reached, came = logic.reached(known(facts), statements(facts))
        follows = narrative.work.settle(wanted in reached)
        fact = facts["known"][0]  # that of an option has been said
        narrative.step(f"fact.{fact['was']}", a=fact["a"])
        for _, link, rule in logic.path_to([wanted], came) if wanted in reached else came.values():
            narrative.step(link, s=rule["s"], p=rule["p"])
        if not follows:
            _told_way(facts, narrative)
        narrative.answer(f"answer.{'follows' if follows else 'fails'}.{facts['goal']}", follows, **goal)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Have an answer set program look for a state of affairs, or match the argument against the definitions."""
        if facts["plain"]:
            return {"form": FORMS[int(answer_set(NAMING, facts)["form"])]}
        return {"follows": least_cost(PROOF, facts) is None}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield something else that is known, or a conditional turned round."""
        facts = case.facts
        settled = {fact["a"] for fact in facts["known"]} | {facts["c"]}
        for name, was in product(worlds(facts).bits, ("yes", "no")) if case.asks == "needed" else ():
            if name not in settled:
                yield Change({"a": name, "was": was}, option=f"known.{was}")
        yield from (Change({"turned": rule}) for rule in facts["rules"] if rule["form"] == "if")


def _told_way(facts: Facts, narrative: Narrative) -> None:
    """Tell a way to keep the rules and the facts without the conclusion, and that it does keep them."""
    ways = worlds(facts)
    spoils = spoiling(facts, ways)
    if not spoils:
        narrative.answer("answer.fails.yes", None)
        return
    before = spoiling({**facts, "known": facts["known"][:1]}, ways)[0]  # of the case without the fact of an option
    way = before if before in spoils else spoils[0]
    narrative.step("state", state=ways.profile(way))
    if way == before and len(facts["known"]) > 1:
        narrative.step("still")
    for rule in statements(facts):
        s, p, is_if = rule["s"], rule["p"], rule["form"] == "all"
        if not is_if and bool(way & ways.bits[p]) != (rule["form"] == "else"):
            s, p = p, s  # the one that keeps the rule stands last
        narrative.step(f"kept.{rule['form']}{'.void' if is_if and not way & ways.bits[s] else ''}", s=s, p=p)


def _one_step(rng: Random, names: list[str], level: int) -> dict[str, Any]:
    """Return an argument of one rule and one fact, among rules that have nothing to do with it."""
    a, b = names[:2]
    form = rng.choice(("if", "if", "or")) if level < 3 else rng.choice(("if", "bar", "or"))
    fact, end = rng.choice(((a, b), (b, a)))
    rules = [{"form": form, "a": a, "b": b}]
    for at in range(level - 1):
        pair = rng.sample((names[2 + at], rng.choice(names[:2])), 2)
        rules.append({"form": rng.choice(("if", "bar", "or")), "a": pair[0], "b": pair[1]})
    known_fact = {"a": fact, "was": rng.choice(("yes", "no"))}
    return {"rules": rng.sample(rules, len(rules)), "known": [known_fact], "c": end, "goal": rng.choice(("yes", "no"))}


def _chain(rng: Random, names: list[str], level: int) -> dict[str, Any] | None:
    """Return a chain of rules from a fact to a conclusion, with one conditional turned round in half of the cases."""
    chain = [(name, rng.random() < 0.6) for name in names[:-1]]
    rules = [_rule(rng, one, other, level) for one, other in pairwise(chain)]
    plain = [at for at, rule in enumerate(rules) if rule["form"] == "if"]
    if not plain:
        return None
    if rng.random() < 0.5:
        at = rng.choice(plain)
        rules[at] = {**rules[at], "a": rules[at]["b"], "b": rules[at]["a"]}
    if level > 2:
        pair = rng.sample((names[-1], rng.choice(names[:-1])), 2)
        rules.append({"form": rng.choice(("if", "bar", "or")), "a": pair[0], "b": pair[1]})
    (first, has), (last, end) = chain[0], chain[-1]
    fact = {"a": first, "was": "yes" if has else "no"}
    return {"rules": rng.sample(rules, len(rules)), "known": [fact], "c": last, "goal": "yes" if end else "no"}


def _rule(rng: Random, one: logic.Literal, other: logic.Literal, level: int) -> dict[str, str]:
    """Return a rule that leads from one literal to another."""
    if one[1] == other[1]:
        a, b = (one[0], other[0]) if one[1] else (other[0], one[0])
        return {"form": "iff" if level > 2 and rng.random() < 0.2 else "if", "a": a, "b": b}
    a, b = (one[0], other[0]) if one[1] else rng.sample((one[0], other[0]), 2)
    exclusive = level > 2 and rng.random() < 0.3
    return {"form": "xor" if exclusive else "bar" if one[1] else "or", "a": a, "b": b}


SCHEME = Conditions()
