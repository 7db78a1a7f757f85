"""Who caused it: cords that were pulled or not, devices that set each other off, and a mishap at the end.

What counts as a cause is printed, for a definition that is not printed is an opinion: the but-for test, and a second
test that holds some devices in the state in which they in fact were (J. Halpern, Actual Causality, 2016, chapter 2, the
modified definition, for a single act). The second finds causes that the first misses: a backup that would have stepped
in, but was kept out by what it backs up.

The traps: two acts each of which was enough, where neither is a cause by the but-for test; a stopper that is itself
stopped. The first implementation runs the devices for one set held after another; the second runs all sets at once, a
bit for each.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Kind, SomeOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.scheme import Ask, Change, ProblemScheme
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

PEOPLE = (
    *("Abbott", "Birch", "Coyle", "Darrow", "Egan", "Fenn", "Grady", "Hoyle", "Innes", "Judd", "Keane", "Lomas"),
    *("Moss", "Nagle", "Orme", "Pask", "Quill", "Raines", "Stott", "Tully", "Unwin", "Voss", "Wragg", "Yates"),
)
INSPECTORS = ("Ida Marsh", "Leo Brandt", "Ruth Calder", "Owen Tate", "Vera Holm", "Amos Reed", "Tilda Green")
NUM_PEOPLE = {1: 3, 2: 3, 3: 4, 4: 5}
NUM_DEVICES = {1: 2, 2: 3, 3: 4, 4: 5}  # besides the mishap
MAX_BETWEEN = 3  # devices that lie between an act and the mishap: eight sets to hold
WAYS = ("any", "both", "unless")
Rule = Mapping[str, Any]


class Culprit(ProblemScheme):
    """Acts, devices and a mishap: which act was a cause of it, by which test."""

    name: ClassVar[str] = "culprit"
    labels: ClassVar[Sequence[str]] = ("butfor", "second")
    label_styles: ClassVar[Sequence[str]] = ("Test {}", "Rule {}", "§ {}", "Article {}")
    asks: ClassVar[Mapping[str, Ask]] = {
        "butfor": Ask(YesNo(), "butfor", needs=("person",), coin="butfor"),
        "averted": Ask(YesNo(), "averted", needs=("idle",), coin="averted"),
        "culprits": Ask(SomeOf(()), "culprits"),
        "differ": Ask(SomeOf(()), "differ", needs=("person",)),
        "second": Ask(
            YesNo(),
            "second",
            level=2,
            needs=("person",),
            coin="tests",
            outcomes=((False, False), (False, False), (False, True), (True, True)),
            outcomes_at={2: ((False, False), (True, True))},
        ),
        "held": Ask(SomeOf(()), "held", level=3, needs=("person",)),
    }

    def __init__(self) -> None:
        """Say how each fact is written; a state is a thing with a sign, `bell+`, and `bell~+` in another world."""
        devices, harms = self.words.lists["device"], self.words.lists["harm"]
        things = {**devices, **harms, **{name: _acting(name) for name in PEOPLE}}
        signs = {"+": "did", "-": "not", "~+": "would", "~-": "wouldnt"}
        states = {f"{key}{sign}": {"": forms[form]} for key, forms in things.items() for sign, form in signs.items()}
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("device", "one", "other", "harm"), EntryForm(things)),
            **dict.fromkeys(("state", "state_one", "state_other"), EntryForm(states)),
            **dict.fromkeys(("who", "person", "idle", "inspector", "names"), NameForm()),
            "num": WholeForm(),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw devices; from level 3 on often with a backup that what it backs up keeps out."""
        people = rng.sample(PEOPLE, NUM_PEOPLE[level])
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
        pulled = [post["who"] for post in posts if post["did"]]
        idle = [post["who"] for post in posts if not post["did"]]
        facts: dict[str, Any] = {
            "harm": harm,
            "posts": posts,
            "rules": rules if level < 3 else rng.sample(rules, len(rules)),
        }
        if not pulled or not run(facts, acts_of(facts), {}, Work(is_quiet=True))[harm]:
            return None
        facts["person"] = rng.choice([*pulled, *(name for name in pair[:1] * len(pulled) if name in pulled)])
        facts["idle"] = rng.choice(idle) if idle else None
        return facts

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw who inquires into it."""
        return {"inspector": rng.choice(INSPECTORS)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this case: people, or devices."""
        kind = self.asks[case.asks].kind
        if case.asks in ("differ", "held"):
            return SomeOf(
                tuple(
                    self._noun(rule["device"]) for rule in case.facts["rules"] if rule["device"] != case.facts["harm"]
                )
            )
        return SomeOf(tuple(post["who"] for post in case.facts["posts"])) if isinstance(kind, SomeOf) else kind

    def _noun(self, device: str) -> str:
        return self.words.lists["device"][device]["noun"]

    def _list(self, devices: Sequence[str]) -> str:
        """Return devices in a sentence: `the bell and the red lamp`."""
        return " and ".join(f"the {self._noun(device)}" for device in devices)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Run the devices once for each act that is asked about, and for each set that could be held."""
        acts, harm, work = acts_of(facts), facts["harm"], Work(is_quiet=True)
        real = run(facts, acts, {}, work)
        causes = [name for name, did in acts.items() if did and not run(facts, {**acts, name: False}, {}, work)[harm]]
        results: dict[str, Any] = {"culprits": frozenset(causes), "averted": None, "butfor": None}
        if facts.get("idle"):
            results["averted"] = not run(facts, {**acts, facts["idle"]: True}, {}, work)[harm]
        if "person" in facts:
            person = facts["person"]
            without = {**acts, person: False}
            then = run(facts, without, {}, work)
            differ = {device for device in real if device != harm and then[device] != real[device]}
            sets = list(held_sets(facts, person))
            spared = [each for each in sets if not run(facts, without, {key: real[key] for key in each}, work)[harm]]
            least = [each for each in spared if len(each) == len(spared[0])]
            results |= {"butfor": person in causes, "differ": frozenset(map(self._noun, differ))}
            results["second"] = bool(spared) if len(sets) <= 2**MAX_BETWEEN else None
            results["tests"] = (person in causes, results["second"])
            is_plain = len(least) == 1 and len(least[0]) > 0 and len(sets) <= 2**MAX_BETWEEN
            results["held"] = frozenset(map(self._noun, least[0])) if is_plain else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the tests, how the devices hang on each other, what people did, and the question."""
        facts, asks = case.facts, case.asks
        opening = page.say("prompt/opening", harm=facts["harm"], **case.cast)
        rules = [
            page.say(f"prompt/rule.{rule['how']}", **{key: value for key, value in rule.items() if key != "how"})
            for rule in facts["rules"]
        ]
        posts = [page.say(f"prompt/{'pulled' if post['did'] else 'idle'}", who=post["who"]) for post in facts["posts"]]
        tests = [page.say("prompt/butfor")] if asks in ("butfor", "culprits", "second", "held") else []
        tests += [page.say("prompt/second")] if asks in ("second", "held") else []
        needed = {key: facts[key] for key in self.asks[asks].needs}
        asked = page.say(f"prompt/ask.{asks}", harm=facts["harm"], **needed)
        parts = [opening, " ".join((*rules, page.say("prompt/closed"))), " ".join((*posts, page.say("prompt/colour")))]
        return "\n\n".join((*parts, *(["\n".join(tests)] if tests else []), asked))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell what happened, then what would have with one act otherwise, and with what is held."""
        facts, asks, harm = case.facts, case.asks, case.facts["harm"]
        acts, work = acts_of(facts), narrative.work
        narrative.step(f"issue.{asks}", harm=harm, **{key: facts[key] for key in self.asks[asks].needs})
        narrative.point = 1
        real = run(facts, acts, {}, work, narrative)
        if asks == "culprits":
            causes = [
                name for name, did in acts.items() if did and not self._without(case, name, narrative, real)[harm]
            ]
            names = self.kind_of(case).canonical(frozenset(causes))
            narrative.answer("answer.culprits", frozenset(causes), names=names, harm=harm)
            return
        if asks == "averted":
            then = self._without(case, facts["idle"], narrative, real)
            bank = f"answer.averted.{'no' if then[harm] else 'yes'}"
            narrative.answer(bank, not then[harm], idle=facts["idle"], harm=harm)
            return
        person = facts["person"]
        then = self._without(case, person, narrative, real)
        if asks == "differ":
            differ = [device for device in real if device != harm and then[device] != real[device]]
            result, names = frozenset(map(self._noun, differ)), self._list(differ) or "none"
            narrative.answer("answer.differ", result, names=names, person=person)
        elif asks == "butfor":
            narrative.answer(f"answer.butfor.{'no' if then[harm] else 'yes'}", not then[harm], person=person, harm=harm)
        else:
            self._tell_second(case, narrative, real, is_spared=not then[harm])

    def _without(self, case: ProblemCase, name: str, narrative: Narrative, real: Mapping[str, bool]) -> dict[str, bool]:
        """Tell the run with one act otherwise than it was."""
        acts, num_steps = acts_of(case.facts), len(narrative.steps)
        narrative.point += 1
        narrative.step("then.idle" if acts[name] else "then.pulled", who=name)
        changed, before = {**acts, name: not acts[name]}, {**acts, **real}
        then = run(case.facts, changed, {}, narrative.work, narrative, before)
        if len(narrative.steps) == num_steps + 1:
            narrative.step("then.untouched", who=name)
        rule = next(rule for rule in case.facts["rules"] if rule["device"] == case.facts["harm"])
        if case.asks != "differ" and all(
            {**changed, **then}[thing] == before[thing] for thing in (rule["one"], rule.get("other", rule["one"]))
        ):
            narrative.step("then.harm", state=f"{rule['device']}~{'-+'[then[rule['device']]]}")
        return then

    def _tell_second(
        self, case: ProblemCase, narrative: Narrative, real: Mapping[str, bool], *, is_spared: bool
    ) -> None:
        """Tell what becomes of the mishap for one set after another that is held, the smallest first."""
        facts, harm, person = case.facts, case.facts["harm"], case.facts["person"]
        without = {**acts_of(facts), person: False}
        spared: Sequence[str] | None = () if is_spared else None
        narrative.point += 1
        sets = list(held_sets(facts, person))
        if spared is None:
            names = self._list(sets[-1])
            bank = "between" if names else "between.none"
            narrative.step(bank, names=names, person=person, num=len(sets) - 1)
        for each in sets[1:] if spared is None else ():
            then = run(facts, without, {key: real[key] for key in each}, narrative.work)
            state = f"{harm}~{'-+'[then[harm]]}"
            narrative.step("try", names=self._list(each), state=state)
            if not then[harm]:
                spared = each
                break
        names = self._list(spared or ())
        if case.asks == "held":
            result = None if spared is None else frozenset(map(self._noun, spared))
            narrative.answer("answer.held", result, names=names, person=person, harm=harm)
        elif spared is None:
            narrative.answer("answer.second.no", False, person=person, harm=harm)
        else:
            bank = "answer.second.yes" if spared else "answer.second.plain"
            narrative.answer(bank, True, person=person, names=names, harm=harm)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Run all sets that could be held at once."""
        did = {post["who"] for post in facts["posts"] if post["did"]}
        harm = facts["harm"]
        real, _ = all_sets(facts, did, None)
        results: dict[str, Any] = {
            "culprits": frozenset(name for name in did if not all_sets(facts, did - {name}, None)[0][harm])
        }
        if facts.get("idle"):
            results["averted"] = not all_sets(facts, did | {facts["idle"]}, None)[0][harm]
        if "person" in facts:
            then, _ = all_sets(facts, did - {facts["person"]}, None)
            differ = [device for device in real if real[device] != then[device] and device != harm]
            results |= {"butfor": not then[harm], "differ": frozenset(map(self._noun, differ))}
            harms, devices = all_sets(facts, did - {facts["person"]}, real)
            spared = [number for number in range(2 ** len(devices)) if not harms[harm] >> number & 1]
            results["second"] = bool(spared)
            fewest = min((number.bit_count() for number in spared), default=0)
            least = [number for number in spared if number.bit_count() == fewest]
            if len(least) == 1 and fewest:
                held = (device for bit, device in enumerate(devices) if least[0] >> bit & 1)
                results["held"] = frozenset(map(self._noun, held))
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one act otherwise, and one device that is set off in another way."""
        facts = case.facts
        asked = {facts.get("person"), facts.get("idle")}
        for index, post in enumerate(facts["posts"]):
            if post["who"] not in asked:
                posts = [*facts["posts"][:index], {**post, "did": not post["did"]}, *facts["posts"][index + 1 :]]
                yield from self._kept(facts, {"posts": posts})
        for index, rule in enumerate(facts["rules"]):
            for how in WAYS:
                if rule["how"] not in ("if", how):
                    rules = [*facts["rules"][:index], {**rule, "how": how}, *facts["rules"][index + 1 :]]
                    yield from self._kept(facts, {"rules": rules})

    def _kept(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> Iterator[Change]:
        """Yield a change if the mishap still happens in fact."""
        changed = {**facts, **patch}
        if run(changed, acts_of(changed), {}, Work(is_quiet=True))[facts["harm"]]:
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


def acts_of(facts: Mapping[str, Any]) -> dict[str, bool]:
    """Return who pulled and who did not."""
    return {post["who"]: bool(post["did"]) for post in facts["posts"]}


def in_turn(facts: Mapping[str, Any]) -> list[Rule]:
    """Return the rules so that each stands after those of the devices that it depends on, and the mishap at the end."""
    rules = sorted(facts["rules"], key=lambda rule: rule["device"] == facts["harm"])
    ready = {post["who"] for post in facts["posts"]}
    ordered: list[Rule] = []
    while rules:
        rule = next(rule for rule in rules if {rule["one"], rule.get("other", rule["one"])} <= ready)
        rules.remove(rule)
        ordered.append(rule)
        ready.add(rule["device"])
    return ordered


def run(
    facts: Mapping[str, Any],
    acts: Mapping[str, bool],
    held: Mapping[str, bool],
    work: Work,
    narrative: Narrative | None = None,
    before: Mapping[str, bool] | None = None,
) -> dict[str, bool]:
    """Return which devices go off, and whether the mishap happens, with some held; tell it if there is a narrative.

    After the world as it was (`before`: devices and acts) only what depends on something that is otherwise is told.
    """
    values = dict(acts)
    for rule in in_turn(facts):
        one, other = values[rule["one"]], values.get(rule.get("other", ""), False)
        if rule["device"] in held:
            values[rule["device"]] = held[rule["device"]]
            continue
        if rule["how"] == "both":
            goes = one and other
        else:
            goes = (one and not other) if rule["how"] == "unless" else (one or other)
        values[rule["device"]] = work.settle(goes)
        sources = [thing for thing in (rule["one"], rule.get("other")) if thing]
        is_moved = before is None or any(values[thing] != before[thing] for thing in sources)
        if narrative and is_moved:
            states: dict[str, Any] = {
                "state": f"{rule['device']}{'' if before is None else '~'}{'-+'[values[rule['device']]]}"
            }
            for key, thing in zip(("state_one", "state_other"), sources, strict=False):
                sign = "" if before is None or values[thing] == before[thing] else "~"
                states[key] = f"{thing}{sign}{'-+'[values[thing]]}"
            is_unset = not one and (rule["how"] == "unless" or (rule["how"] == "any" and not other))
            narrative.step(f"run.{rule['how']}{'.unset' if is_unset else ''}", **states)
    return {rule["device"]: values[rule["device"]] for rule in facts["rules"]}


def held_sets(facts: Mapping[str, Any], person: str) -> Iterator[tuple[str, ...]]:
    """Yield the sets of devices between an act and the mishap, the smallest first; no other device can matter."""
    after, before = {person}, {facts["harm"]}
    ordered = in_turn(facts)
    for rule in ordered:
        after |= {rule["device"]} if {rule["one"], rule.get("other")} & after else set()
    for rule in reversed(ordered):
        before |= {rule["one"], rule.get("other", rule["one"])} if rule["device"] in before else set()
    between = [rule["device"] for rule in ordered if rule["device"] in after & before - {facts["harm"]}]
    for size in range(len(between) + 1):
        yield from combinations(between, size)


# The second implementation.
def all_sets(
    facts: Mapping[str, Any], did: Collection[str], held: Mapping[str, int] | None
) -> tuple[dict[str, int], list[str]]:
    """Return the value of each device for every set of devices that could be held, as bits; and the devices.

    Bit s of a value is of the set whose devices are the bits of s; without `held` there is only the empty set.
    """
    devices = [rule["device"] for rule in facts["rules"] if rule["device"] != facts["harm"]] if held else []
    full = (1 << (1 << len(devices))) - 1
    bits: dict[str, int] = {post["who"]: full * (post["who"] in did) for post in facts["posts"]}
    waiting = {rule["device"]: rule for rule in facts["rules"]}
    while waiting:
        for device, rule in list(waiting.items()):
            sources = [rule[key] for key in ("one", "other") if key in rule]
            if all(source in bits for source in sources):
                one, other = bits[sources[0]], bits[sources[-1]]
                value = {"if": one, "any": one | other, "both": one & other, "unless": one & ~other}[rule["how"]]
                if held and device in devices:
                    chosen = sum(1 << s for s in range(1 << len(devices)) if s >> devices.index(device) & 1)
                    value = (value & ~chosen) | (chosen if held[device] else 0)
                bits[device] = value & full
                del waiting[device]
    return {rule["device"]: bits[rule["device"]] for rule in facts["rules"]}, devices


SCHEME = Culprit()
