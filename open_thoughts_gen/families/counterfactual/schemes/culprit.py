"""Who caused it: cords that were pulled or not, devices that set each other off, and a mishap at the end.

What counts as a cause is printed, for a definition that is not printed is an opinion: the but-for test, and a second
test that holds some devices in the state in which they in fact were (J. Halpern, Actual Causality, 2016, chapter 2, the
modified definition, for a single act). The second finds causes that the first misses: a backup that would have stepped
in, but was kept out by what it backs up.

The traps: two acts each of which was enough, where neither is a cause by the but-for test; a stopper that is itself
stopped. The first implementation runs the devices in turn, and holds what lies between act and mishap; the
second, an answer set program, settles the worlds of all sets that could be held at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import combinations
from operator import and_, gt, or_
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase, Reckoning, replaced
from open_thoughts_gen.families.kit.forms import EntryForm, Form
from open_thoughts_gen.families.kit.framing import PartedScheme, bulleted
from open_thoughts_gen.families.kit.genre import Facts
from open_thoughts_gen.families.kit.graphs import in_turn, reached
from open_thoughts_gen.families.kit.kinds import SomeOf, YesNo
from open_thoughts_gen.families.kit.proof import answer_set, named
from open_thoughts_gen.families.kit.traces import joined

NUM_PEOPLE = {1: 3, 2: 3, 3: 4, 4: 5}
NUM_DEVICES = {1: 1, 2: 3, 3: 5, 4: 7}  # besides the mishap
MAX_BETWEEN = 3  # devices that lie between an act and the mishap: eight sets to hold
WAYS = ("any", "both", "unless")
GOES: Mapping[str, Callable[..., bool]] = {"if": bool, "any": or_, "both": and_, "unless": gt}  # the one, not the other
SETS_OFF = {"any": ("one", "other"), "unless": ("one",)}  # without any of these nothing happens
TESTS: Mapping[str, Sequence[str]] = {"averted": (), "butfor": ("butfor",), "culprits": ("butfor",)}  # else both
SIGNS = {"+": "did", "-": "not", "~+": "would", "~-": "wouldnt"}  # `bell+` rang, and `bell~+` in another world
TESTED = ((False, False), (False, False), (False, True), (True, True))  # what the two tests come to, equally often
Rule = Mapping[str, Any]
States = Mapping[str, bool]  # who pulls and what goes off


class Culprit(PartedScheme):
    """Acts, devices and a mishap: which act was a cause of it, by which test."""

    name: ClassVar[str] = "culprit"
    labels: ClassVar[Sequence[str]] = ("butfor", "second")
    label_styles: ClassVar[Sequence[str]] = ("Test {}", "Rule {}", "§ {}", "Article {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "butfor": Ask(YesNo(), "butfor", until=3, needs=("person",), coin="butfor"),
        "averted": Ask(YesNo(), "averted", until=3, needs=("idle",), coin="averted"),
        "culprits": Ask(SomeOf(()), "culprits", coin="blamed", outcomes=(True, True, False)),
        "second": Ask(YesNo(), "second", 2, ("person",), "tests", TESTED, {2: TESTED[::3]}),
        "held": Ask(SomeOf(()), "held", level=3, needs=("person",)),
    }

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of devices, people and mishaps, and of the states that they can be in."""
        lists = self.words.lists
        things = {**lists["device"], **lists["harm"], **{name: _acting(name) for name in lists["person"]}}
        states = {f"{key}{sign}": {"": forms[form]} for key, forms in things.items() for sign, form in SIGNS.items()}
        return {"thing": EntryForm(things), "state": EntryForm(states)}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw devices; from level 3 on often with a backup that what it backs up keeps out."""
        people = rng.sample(list(self.words.lists["person"]), NUM_PEOPLE[level])
        devices = rng.sample(list(self.words.lists["device"]), NUM_DEVICES[level])
        harm = rng.choice(list(self.words.lists["harm"]))
        rules, free, pair = list[Rule](), list(people), list[str]()
        if level > 2 and rng.random() < 0.7:
            first, backup, joint = devices[:3]
            act, other = pair = rng.sample(people, 2)
            rules = [{"how": "if", "device": first, "one": act}]
            rules += [{"how": "unless", "device": backup, "one": other, "other": first}]
            rules += [{"how": "any", "device": joint, "one": first, "other": backup}]
            free = [joint, *(person for person in people if person not in (act, other))]
        for device in [device for device in devices if device not in {rule["device"] for rule in rules}]:
            rules.append(_rule(rng, device, free, rng.choice(("if", *WAYS))))
            free.append(device)
        if pair and rng.random() < 0.6:
            rules.append({"how": "if", "device": harm, "one": joint})
        else:
            rules.append(_rule(rng, harm, free[-3:], rng.choice(WAYS)))
        posts = [{"who": person, "did": rng.random() < (0.9 if person in pair else 0.65)} for person in people]
        rng.shuffle(posts)  # or whoever is named last would most often be the one
        facts: dict[str, Any] = {"harm": harm, "posts": posts}
        facts["rules"] = rules if level < 3 else rng.sample(rules, len(rules))
        pulled, idle = pullers(facts), [post["who"] for post in posts if not post["did"]]
        if not pulled or not Wiring(facts).run()[harm]:
            return None
        person = rng.choice([*pulled, *(name for name in pair[:1] * len(pulled) if name in pulled)])
        return {**facts, "person": person, "idle": rng.choice(idle) if idle else None}

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return the people, or the devices that could be held."""
        if case.asks != "held":
            return [post["who"] for post in case.facts["posts"]]
        return [self._noun(rule["device"]) for rule in case.facts["rules"] if rule["device"] != case.facts["harm"]]

    def _noun(self, device: str) -> str:
        return self.words.lists["device"][device]["noun"]

    def _list(self, devices: Sequence[str]) -> str:
        """Return devices in a sentence: `the bell and the red lamp`."""
        return joined([f"the {self._noun(device)}" for device in devices], nothing="")

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Run the devices once for each act that is asked about, and for each set that could be held."""
        wiring, harm = Wiring(facts), facts["harm"]
        real = wiring.run()
        causes = frozenset(name for name in pullers(facts) if not wiring.run(name)[harm])
        results: dict[str, Any] = {"culprits": causes, "blamed": bool(causes), "averted": None, "butfor": None}
        if facts.get("idle"):
            results["averted"] = not wiring.run(facts["idle"])[harm]
        if "person" in facts:
            sets = list(held_sets(facts, facts["person"]))
            spared = [each for each in sets if not wiring.run(facts["person"], {key: real[key] for key in each})[harm]]
            least = [each for each in spared if len(each) == len(spared[0])]
            results["butfor"] = facts["person"] in causes
            results["second"] = bool(spared) if len(sets) <= 2**MAX_BETWEEN else None
            results["tests"] = (results["butfor"], results["second"])
            is_plain = results["second"] and len(least) == 1 and len(least[0]) > 0
            results["held"] = frozenset(map(self._noun, least[0])) if is_plain else None
        return results

    def rules(self, case: ProblemCase, page: Page) -> Sequence[str]:
        """Return the tests that the question needs."""
        return [self.said(case, page)(test) for test in TESTS.get(case.asks, ("butfor", "second"))]

    def data(self, case: ProblemCase, page: Page) -> str:
        """Return how the devices hang on each other, and what people did."""
        rules = [page.say(f"prompt/rule.{rule['how']}", **rule) for rule in case.facts["rules"]]
        posts = [page.say(f"prompt/{('idle', 'pulled')[post['did']]}", who=post["who"]) for post in case.facts["posts"]]
        parts = [[*rules, page.say("prompt/closed")], posts]
        data = [bulleted(part, page) if case.pen("list").chance(part[0], 0.4) else " ".join(part) for part in parts]
        return "\n\n".join(case.pen("order").order("data", data))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what happened, then what would have with one act otherwise, and with what is held."""
        facts, asks, wiring = case.facts, case.asks, Wiring(case.facts, narrative.work, narrative)
        wiring.say(f"issue.{asks}")
        narrative.point = 1
        if aside := [rule["device"] for rule in facts["rules"] if rule not in in_order(facts)]:
            wiring.say("aside", names=self._list(aside))
        real = wiring.run()
        if asks == "culprits":
            causes = frozenset(name for name in pullers(facts) if not wiring.turned(name, real))
            for name in pullers(facts):
                wiring.say(f"pull.{'yes' if name in causes else 'no'}", who=name)
            wiring.answer("answer.culprits", causes, names=self.kind_of(case).canonical(causes))
            return
        is_spared = not wiring.turned(facts["idle" if asks == "averted" else "person"], real)
        if asks in ("averted", "butfor"):
            wiring.answer(f"answer.{asks}", is_spared)
            return
        spared = () if is_spared else self._spared(wiring, real)
        names = self._list(spared or ())
        if asks == "held":
            wiring.answer("answer.held", None if spared is None else frozenset(map(self._noun, spared)), names=names)
        else:
            bank = "answer.plain" if spared == () else "answer.second"
            wiring.answer(bank, spared is not None, names=names)

    def _spared(self, wiring: Wiring, real: States) -> Sequence[str] | None:
        """Tell one set after another that is held, the smallest first, and return the one without a mishap."""
        person, harm = wiring.facts["person"], wiring.facts["harm"]
        sets = list(held_sets(wiring.facts, person))
        names = self._list(sets[-1])
        bank = "between.none" if len(sets) == 1 else "between.one" if len(sets) == 2 else "between"
        wiring.say(bank, point=3, names=names, num=len(sets) - 1)
        for each in sets[1:]:
            is_harmed = wiring.run(person, {key: real[key] for key in each})[harm]
            wiring.say("try", names=self._list(each), state=f"{harm}~{'-+'[is_harmed]}")
            if not is_harmed:
                return each
        return None

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program, which numbers devices in the order of the alphabet."""
        devices = sorted({rule["device"] for rule in facts["rules"]} - {facts["harm"]})
        sets = {"held": devices, "culprits": [post["who"] for post in facts["posts"]]}
        proved = named(answer_set(self.word_file.with_suffix(".lp"), facts), **sets)
        return proved | ({"held": frozenset(map(self._noun, proved["held"]))} if "held" in proved else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one act otherwise, and one device that is set off in another way."""
        posts, rules = case.facts["posts"], case.facts["rules"]
        free = [index for index, post in enumerate(posts) if post["who"] not in map(case.facts.get, ("person", "idle"))]
        patches = [{"posts": replaced(posts, index, {"did": not posts[index]["did"]})} for index in free]
        for index, rule in enumerate(rules):
            others = [how for how in WAYS if rule["how"] not in ("if", how)]
            patches += [{"rules": replaced(rules, index, {"how": how})} for how in others]
        for patch in patches:
            if Wiring({**case.facts, **patch}).run()[case.facts["harm"]]:
                yield Change(patch)


def _acting(name: str) -> dict[str, str]:
    """Return the forms of somebody who may pull a cord."""
    forms = {"on": f"{name} pulls", "did": f"{name} pulled", "not": f"{name} held back"}
    return {**forms, "would": f"{name} would have pulled", "wouldnt": f"{name} would have held back", "": name}


def _rule(rng: Random, device: str, free: Sequence[str], how: str) -> dict[str, Any]:
    """Return a rule for a device, of things that come before it, the latest of them among these."""
    one = free[-1] if rng.random() < 0.7 else rng.choice(free)
    if how == "if":
        return {"how": how, "device": device, "one": one}
    other = rng.choice([thing for thing in free if thing != one])
    if how != "unless" and rng.random() < 0.5:
        one, other = other, one
    return {"how": how, "device": device, "one": one, "other": other}


def pullers(facts: Facts) -> list[str]:
    """Return who pulled, in printed order."""
    return [post["who"] for post in facts["posts"] if post["did"]]


def sources(rule: Rule) -> list[str]:
    """Return what a device depends on."""
    return [rule[key] for key in ("one", "other") if key in rule]


def in_order(facts: Facts) -> list[Rule]:
    """Return the rules that the mishap hangs on, each after those of the devices that it depends on; it comes last."""
    rules = {rule["device"]: rule for rule in facts["rules"]}
    needed = reached(facts["harm"], lambda thing: sources(rules.get(thing, {})))
    rows = in_turn([(thing,) for thing in needed if thing in rules], lambda row: sources(rules[row[0]]))
    return [rules[thing] for (thing,) in rows]


class Wiring(Reckoning):
    """The first implementation: the devices are run once for each act, and for each set that is held."""

    def run(self, turned: str = "", held: States | None = None, before: States | None = None) -> dict[str, bool]:
        """Return who pulls and what goes off, with one act turned round and some devices held.

        Nothing is said of a run with some held, and after the world as it was (`before`) only what is otherwise.
        """
        values = {post["who"]: bool(post["did"]) != (post["who"] == turned) for post in self.facts["posts"]}
        for rule in in_order(self.facts):
            device = rule["device"]
            if device in (held or ()):
                values[device] = (held or {})[device]
                continue
            values[device] = self.work.settle(GOES[rule["how"]](*(values[thing] for thing in sources(rule))))
            moved = [thing for thing in sources(rule) if before is not None and values[thing] != before[thing]]
            if not held and (before is None or moved):
                self._say_rule(rule, values, (*moved, device) if moved else ())
        return values

    def _say_rule(self, rule: Rule, values: States, supposed: Collection[str]) -> None:
        """Say how a device comes to its state, of what: those that are only supposed are said so."""
        things = {"state": rule["device"], "state_one": rule["one"], "state_other": rule.get("other")}
        states = {
            key: f"{thing}{'~' * (thing in supposed)}{'-+'[values[thing]]}" for key, thing in things.items() if thing
        }
        is_unset = rule["how"] in SETS_OFF and not any(values[rule[key]] for key in SETS_OFF[rule["how"]])
        self.say(f"run.{rule['how']}{'.unset' if is_unset else ''}", **states)

    def turned(self, name: str, real: States) -> bool:
        """Say the run with one act turned round, and return whether the mishap happens in it."""
        steps = self.narrative.steps if self.narrative else []
        self.say("then.idle" if real[name] else "then.pulled", point=2, who=name)
        num_steps, then, harm = len(steps), self.run(name, before=real), self.facts["harm"]
        rule = next(rule for rule in self.facts["rules"] if rule["device"] == harm)
        if len(steps) == num_steps:
            self.say("then.untouched", who=name)
        elif all(then[thing] == real[thing] for thing in sources(rule)):
            self.say("then.harm", state=f"{harm}~{'-+'[then[harm]]}")
        return then[harm]


def held_sets(facts: Facts, person: str) -> Iterator[tuple[str, ...]]:
    """Yield the sets of devices between an act and the mishap, the smallest first; no other device can matter."""
    after, between = {person}, list[str]()
    for rule in in_order(facts)[:-1]:
        if after.intersection(sources(rule)):
            after.add(rule["device"])
            between.append(rule["device"])
    for size in range(len(between) + 1):
        yield from combinations(between, size)


SCHEME = Culprit()
