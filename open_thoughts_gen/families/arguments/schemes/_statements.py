"""Arguments about sorts of people: every, no, at least one, not every; decided by the kinds of person that there can be.

A statement about everybody forbids some of the 2^n combinations of n properties; one about somebody asks for one that
is left. A conclusion follows if no group of people makes the grounds true and the conclusion false (D. Hilbert and W.
Ackermann, Grundzuege der theoretischen Logik, 1928, on monadic predicates). With two properties a statement a chain of
links finds whatever follows, so the trace can give one; where nothing follows it gives a group.

Cases in which a property is forced on everybody or on nobody, or whose grounds contradict each other, are not used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from itertools import combinations, pairwise
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.arguments.scheme import PeopleScheme, shared
from open_thoughts_gen.families.kit.authoring import Facts, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.proof.answer_sets import answer_set, least_cost

PROOF, SHOWN = Path(__file__).with_name("_statements.lp"), Path(__file__).with_name("_group.lp")
OPPOSITE = {"all": "not", "not": "all", "no": "some", "some": "no"}
SOME = ("some", "not")
ORDER = ("first", "second", "third")
SIZES = ("one", "two", "three")
Statement = Mapping[str, str]
EDITS: Mapping[str, Callable[[Statement], Statement]] = {
    "turn": lambda rule: {**rule, "s": rule["p"], "p": rule["s"]},
    "raise": lambda rule: {**rule, "form": {"some": "all", "not": "no"}[rule["form"]]},
}
Literal = tuple[str, bool]
Start = tuple[str, list[Literal], dict[str, Any]]
Chain = dict[Literal, tuple[Literal, str, Statement]]


def grounds(facts: Facts) -> list[Statement]:
    """Return the printed statements, and one that is added to them."""
    return [*facts["rules"], *facts.get("added", ())]


def goal(facts: Facts) -> Statement:
    """Return the conclusion."""
    return {"form": facts["goal"], "s": facts["cs"], "p": facts["cp"]}


def traits(facts: Facts) -> list[str]:
    """Return the properties that a case names, in alphabetical order."""
    return sorted({statement[key] for statement in (*grounds(facts), goal(facts)) for key in "sp"})


@cache
def _having(bit: int, num: int) -> int:
    """Return the set of those kinds of person that have a bit, of all with `num` properties."""
    return sum(1 << kind for kind in range(1 << num) if kind & bit)


class People:
    """The kinds of person that the grounds of a case admit, and who among them has to be there.

    A kind of person is a number whose bits are what that person has; a set of kinds is a number with a bit for each.
    """

    def __init__(self, facts: Facts, *, denied: bool = False) -> None:
        """Take a case; with `denied`, its conclusion is false."""
        self.bits = {key: 1 << index for index, key in enumerate(traits(facts))}
        self.every = (1 << (1 << len(self.bits))) - 1
        self.having = {key: _having(bit, len(self.bits)) for key, bit in self.bits.items()}
        rules = [*grounds(facts)]
        if denied:
            rules.append({**goal(facts), "form": OPPOSITE[facts["goal"]]})
        self.admitted = self.every
        for rule in rules:
            if rule["form"] not in SOME:
                self.admitted &= self.fitting(rule)
        self.wanted = [self.fitting(rule) for rule in rules if rule["form"] in SOME]
        self.wanted += list(self.having.values()) if facts["exists"] else []

    def fitting(self, rule: Statement) -> int:
        """Return the set of kinds that are as a statement wants everybody, or the one it asks for, to be."""
        s, p = self.having[rule["s"]], self.having[rule["p"]]
        sets = {"all": ~s | p, "no": ~(s & p), "else": s | p, "some": s & p, "not": s & ~p}
        return sets[rule["form"]] & self.every

    def are_possible(self) -> bool:
        """Return whether everybody who has to be there can be there."""
        return all(self.admitted & fitting for fitting in self.wanted)

    def leave_all_open(self) -> bool:
        """Return whether nobody is forced to have, or to lack, any one property."""
        return all(self.admitted & having not in (0, self.admitted) for having in self.having.values())

    def group(self, rng: Random) -> list[int] | None:
        """Return the smallest group of up to three in which all who have to be there are."""
        first = dict[frozenset[int], int]()  # of those who can stand for the same, the first will do
        kinds = [kind for kind in range(1 << len(self.bits)) if self.admitted >> kind & 1]
        for kind in rng.sample(kinds, len(kinds)):
            first.setdefault(frozenset(at for at, fitting in enumerate(self.wanted) if fitting >> kind & 1), kind)
        for size in range(1, len(SIZES) + 1):
            for group in combinations(first, size):
                if len(frozenset().union(*group)) == len(self.wanted):
                    return [first[seats] for seats in group]
        return None

    def profile(self, kind: int) -> tuple[str, ...]:
        """Return what is true of a kind of person."""
        return tuple(key if kind & bit else f"-{key}" for key, bit in self.bits.items())

    def kind(self, profile: Sequence[str]) -> int:
        """Return the kind of person of whom this is true."""
        return sum(bit for key, bit in self.bits.items() if key in profile)

    def of(self, rule: Statement, group: Sequence[int]) -> list[bool]:
        """Return of each person of a group whether they are as a statement wants everybody, or the one it asks for."""
        return [bool(self.fitting(rule) >> kind & 1) for kind in group]

    def holds(self, rule: Statement, group: Sequence[int]) -> bool:
        """Return whether a statement is true of a group."""
        return (any if rule["form"] in SOME else all)(self.of(rule, group))

    def are(self, group: Sequence[int]) -> bool:
        """Return whether everybody in a group can be there, and whoever has to be there is."""
        are_admitted = all(self.admitted >> kind & 1 for kind in group)
        return are_admitted and all(any(fitting >> kind & 1 for kind in group) for fitting in self.wanted)


def follows(facts: Facts) -> bool | None:
    """Return whether the conclusion follows; None for a case that is not used."""
    people = People(facts)
    if not (people.are_possible() and people.leave_all_open()):
        return None
    return not People(facts, denied=True).are_possible()


def group_of(facts: Facts) -> list[int]:
    """Return the group that a case puts before the reader."""
    people = People(facts)
    return [people.kind(facts[at]) for at in ORDER if at in facts]


def links(rules: Sequence[Statement]) -> Iterator[tuple[Literal, Literal, str, Statement]]:
    """Yield what follows of one person from what, with the step that says so and its statement as the step has it."""
    for rule in rules:
        s, p = rule["s"], rule["p"]
        if rule["form"] == "all":
            yield (s, True), (p, True), "link.all", rule
            yield (p, False), (s, False), "link.all.back", rule
        elif rule["form"] in ("no", "else"):
            has = rule["form"] == "no"
            for one, other in ((s, p), (p, s)):
                yield (one, has), (other, not has), f"link.{rule['form']}", {**rule, "s": one, "p": other}


def reached(start: Sequence[Literal], rules: Sequence[Statement]) -> tuple[list[Literal], Chain]:
    """Return all that is true of a person, and by which link each came in."""
    known, came, steps = list(start), Chain(), list(links(rules))
    for literal in known:
        for before, after, bank, rule in steps:
            if before == literal and after not in known:
                known.append(after)
                came[after] = (literal, bank, rule)
    return known, came


def path_to(targets: Sequence[Literal], came: Chain) -> list[tuple[Literal, str, Statement]]:
    """Return the links by which these came to be known, in the order in which they did."""
    needed, todo = set[Literal](), list(targets)
    while todo:
        literal = todo.pop()
        if literal in came and literal not in needed:
            needed.add(literal)
            todo.append(came[literal][0])
    return [came[literal] for literal in came if literal in needed]


def starts(facts: Facts) -> Iterator[Start]:
    """Yield whom one may reason about: the step that says so, what is known of them, and what the step prints."""
    if facts["goal"] in ("all", "no"):
        yield "start.any", [(facts["cs"], True)], {"cs": facts["cs"]}
        return
    for rule in grounds(facts):
        if rule["form"] in SOME:
            known = [(rule["s"], True), (rule["p"], rule["form"] == "some")]
            yield f"start.{rule['form']}", known, {"s": rule["s"], "p": rule["p"]}
    if facts["exists"]:
        for key in traits(facts):
            yield "start.exists", [(key, True)], {"s": key}


def targets(facts: Facts) -> list[Literal]:
    """Return what has to be true of the person for the conclusion to follow."""
    last = (facts["cp"], facts["goal"] in ("all", "some"))
    return [last] if facts["goal"] in ("all", "no") else [(facts["cs"], True), last]


def argued(facts: Facts, narrative: Narrative, *, again: bool = False) -> None:
    """Tell by a chain of links, which `again` a change may have closed, or by where it breaks off and a group of people."""
    added = [sorted(rule.values()) for rule in facts.get("added", ()) if again]
    conclusion = {key: facts[key] for key in ("cs", "cp")}
    narrative.step(f"want.{facts['goal']}", **conclusion)
    options = list(starts(facts))
    good = [start for start in options if set(targets(facts)) <= set(reached(start[1], grounds(facts))[0])]
    proved = narrative.work.settle(bool(good))
    for bank, first, values in (good or options)[:1]:
        narrative.step(bank.replace("start", "again") if good and again else bank, **values)
        known, came = reached(first, grounds(facts))
        for _, link, rule in path_to(targets(facts), came) if good else ():
            narrative.step(link + ".added" * (sorted(rule.values()) in added), s=rule["s"], p=rule["p"])
        if not good:
            _told_stop(known, facts, narrative)
    if not options:
        narrative.step("nobody")
    if not proved:
        _told_group(facts, narrative)
    narrative.answer(f"answer.{'follows' if proved else 'fails'}.{facts['goal']}", proved, **conclusion)


def _told_stop(known: Sequence[Literal], facts: Facts, narrative: Narrative) -> None:
    """Tell how far the links go, and a statement that would lead to the conclusion if it held the other way round."""
    has, seen = {key for key, value in known if value}, {key for key, _ in known}
    for rule in grounds(facts):
        is_way_back = rule["form"] == "all" and rule["p"] in has and rule["s"] not in seen
        if is_way_back and set(targets(facts)) <= set(reached([*known, (rule["s"], True)], grounds(facts))[0]):
            narrative.step("converse", s=rule["s"], p=rule["p"])
            break
    narrative.step("reached", known=tuple(key if value else f"-{key}" for key, value in known))


def _told_group(facts: Facts, narrative: Narrative) -> None:
    """Tell a group that makes the grounds true and the conclusion false; one for the bare grounds is used if it does."""
    rng, people = narrative.page.pen.rng("group"), People(facts, denied=True)
    bare = People({key: value for key, value in facts.items() if key != "added"}, denied=True)
    group = bare.group(rng) if bare.bits == people.bits else None
    stays = group is not None and people.are(group)
    group = group if stays else people.group(rng)
    if group is None:
        narrative.answer("answer.fails.all", None)
        return
    shown: dict[str, Any] = dict(zip(ORDER, map(people.profile, group), strict=False))
    is_trial = "letter" in narrative.stated  # of an option; what the case itself had of a group is not said again
    is_new = is_trial and not (stays and "added" in facts)
    narrative.step(f"{'case' if is_new else 'group'}.{SIZES[len(group) - 1]}", **shown)
    if facts["exists"]:
        narrative.step("group.exists")
    if is_trial and not is_new:
        narrative.step("still")
    for rule in grounds(facts):
        who = _concerned(rule, people, group)
        values: dict[str, Any] = {"s": rule["s"], "p": rule["p"], **({"who": who} if who else {})}
        narrative.step(f"holds.{'' if who else 'void.'}{rule['form']}", **values)
    told_false(goal(facts), people, group, narrative, "fails" if is_new else "false")


def told_false(
    rule: Statement, people: People, group: Sequence[int], narrative: Narrative, bank: str = "false"
) -> None:
    """Tell that a statement is not true of a group."""
    breach = next((at for at, fits in enumerate(people.of(rule, group), start=1) if not fits), 0)
    who: dict[str, Any] = {} if rule["form"] in SOME else {"who": str(breach) if len(group) > 1 else "0"}
    narrative.step(f"{bank}.{rule['form']}", s=rule["s"], p=rule["p"], **who)


def _concerned(rule: Statement, people: People, group: Sequence[int]) -> str:
    """Return who bears a true statement out, as a key of the list `who`; empty where it is about nobody there."""
    fits = people.of(rule, group)
    if rule["form"] not in SOME:
        fits = [bool(kind & people.bits[rule["s"]]) == (rule["form"] != "else") for kind in group]
    numbers = "".join(str(at) for at, fit in enumerate(fits, start=1) if fit)
    return "0" if numbers and len(group) == 1 else numbers


class StatementScheme(PeopleScheme):
    """A scheme of arguments about sorts of people; its changes are edits of one statement, or a group to look at."""

    more_words: ClassVar[Sequence[Path]] = shared("statements", "people")

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return facts with one statement added, struck out or edited, or with a group to look at."""
        if "edit" not in patch:
            return {**facts, **patch}
        rule = {key: patch[key] for key in ("form", "s", "p")}
        if patch["edit"] == "add":
            return {**facts, "added": [rule]}
        if patch["edit"] == "test":
            return {**facts, "goal": rule["form"], "cs": rule["s"], "cp": rule["p"]}
        instead = [EDITS[patch["edit"]](rule)] if patch["edit"] in EDITS else []
        return {**facts, "rules": [new for each in facts["rules"] for new in (instead if each == rule else [each])]}

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the grounds, who is spoken of, the conclusion, and what is proposed."""
        facts, pen = case.facts, case.pen("grounds")
        styles = ["bare" if pen.chance(f"bare {at}", 0.6) else "rule" for at in range(len(facts["rules"]))]
        pairs = zip(styles, facts["rules"], strict=True)
        said = [page.say(f"prompt/{style}.{rule['form']}", **rule) for style, rule in pairs]
        grounds = self.mixed(case, page, said)
        grounds.append(page.say(f"prompt/exists.{str(facts['exists']).lower()}", setting=facts["setting"]))
        claim = [page.say(f"prompt/thesis.{facts['goal']}", **facts, **case.cast)]
        claim += [page.say(f"prompt/proposed.{rule['form']}", **rule) for rule in facts.get("added", ())]
        return self.framed(case, page, grounds=" ".join(grounds), claim=" ".join(claim))

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Have clingo look for people of whom the grounds are true and the conclusion is not."""
        shown = [[key for key in facts[at] if key[0] != "-"] for at in ORDER if at in facts]
        bare = {key: value for key, value in facts.items() if key not in ORDER}
        if not shown:
            return {"follows": least_cost(PROOF, bare) is None, "refuted": False}
        people = [{"who": at, "trait": key} for at, keys in enumerate(shown) for key in (*keys, "a person")]
        return {"refuted": bool(answer_set(SHOWN, {**bare, "people": people})["refuted"])}


def drawn_argument(rng: Random, keys: Sequence[str], *, exists: bool, can_be_else: bool) -> dict[str, Any] | None:
    """Draw a valid argument whose grounds are a chain through properties; None where it has no conclusion to print."""
    if rng.random() < 0.5:
        chain = _literals(rng, keys, can_be_else=can_be_else)
        rules = [_link(rng, one, other) for one, other in pairwise(chain)]
        form, s, p = ("all" if chain[-1][1] else "no"), keys[0], keys[-1]
    else:
        middle = rng.randint(0, len(keys) - (1 if exists else 2))
        left = _literals(rng, keys[middle::-1], can_be_else=can_be_else)
        right = _literals(rng, keys[middle if exists else middle + 1 :], can_be_else=can_be_else)
        rules = [_link(rng, one, other) for side in (left, right) for one, other in pairwise(side)]
        if not exists:
            first, second = rng.sample((left[0][0], right[0][0]), 2)
            rules.append({"form": "some", "s": first, "p": second})
        ends = sorted(rng.sample((left[-1], right[-1]), 2), key=lambda end: not end[1])
        if not ends[0][1] or ends[0][0] == ends[1][0]:
            return None
        form, s, p = ("some" if ends[1][1] else "not"), ends[0][0], ends[1][0]
    return {"rules": rng.sample(rules, len(rules)), "goal": form, "cs": s, "cp": p}


def _literals(rng: Random, keys: Sequence[str], *, can_be_else: bool) -> list[Literal]:
    """Return each property with whether the chain has or lacks it; it has the first one."""
    signs = [True]
    for _ in keys[1:]:
        chance = 0.35 if signs[-1] else 0.4 * can_be_else
        signs.append(not signs[-1] if rng.random() < chance else signs[-1])
    return list(zip(keys, signs, strict=True))


def _link(rng: Random, one: Literal, other: Literal) -> dict[str, str]:
    """Return the statement that leads from one literal to another."""
    if one[1] and other[1]:
        return {"form": "all", "s": one[0], "p": other[0]}
    if not one[1] and not other[1]:
        return {"form": "all", "s": other[0], "p": one[0]}
    s, p = rng.sample((one[0], other[0]), 2)
    return {"form": "no" if one[1] else "else", "s": s, "p": p}
