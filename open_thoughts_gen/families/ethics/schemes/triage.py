"""A protocol for who is seen next: classes, time spent waiting, and what decides among equals.

People come in one after another, and one at a time is seen, at fixed times. The highest class goes first; whoever has
waited long enough counts one class higher, but perhaps not into the highest; among equals a small child goes first, or
simply who came first. The rule about waiting is then taken away, to see whom it moves.

The traps: a wait that is a minute short; a step up that is shut; whoever comes in a minute after the call; to carry a
place in the queue over, where each call asks anew.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.ethics.forms import ClockForm, ListForm
from open_thoughts_gen.families.ethics.kinds import AtTime
from open_thoughts_gen.families.ethics.scheme import EthicsScheme, patch_of
from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import Flip, InOrder, Kind, OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import answer_set
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.kit.work import Work

NAMES = (
    *("Amsel", "Bertelli", "Cardoso", "Dunne", "Ekberg", "Fiala", "Grande", "Horvat", "Iqbal", "Jovic", "Kamara"),
    *(
        "Lemaire",
        "Mbeki",
        "Nystrom",
        "Osei",
        "Pavlova",
        "Quirke",
        "Rossi",
        "Sanna",
        "Tahir",
        "Ueda",
        "Vidal",
        "Wozniak",
    ),
)
CLASSES = ("A", "B", "C")
NUM_PEOPLE = {1: 4, 2: 5, 3: 6, 4: 8}
LAYOUTS = ("log", "table", "prose")
Person = Mapping[str, Any]


class Triage(EthicsScheme):
    """Who is seen when, by a protocol of classes and waiting."""

    name: ClassVar[str] = "triage"
    labels: ClassVar[Sequence[str]] = ("classes", "waiting", "shut", "equals")
    word_file = Path(__file__).with_suffix(".yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "who": Ask(OneOf(()), "who", needs=("call",)),
        "time": Ask(AtTime(), "time", needs=("asked",)),
        "order": Ask(InOrder(()), "order"),
        "same": Ask(YesNo(), "same", level=2, needs=("asked",), coin="same"),
        "moved": Ask(SomeOf(()), "moved", level=2, coin="moves", outcomes=(True, True, True, False)),
        "turns": Ask(Flip(), "who", level=2, needs=("call",)),
    }

    def __init__(self) -> None:
        """Say how each fact is written."""
        lists, clock = self.words.lists, ClockForm()
        self.forms: Mapping[str, Form[Any]] = {
            **dict.fromkeys(("at", "call", "start", "now", "then", "moved_to"), clock),
            **dict.fromkeys(("every", "wait", "waited", "num"), WholeForm()),
            **dict.fromkeys(("name", "asked", "seen", "other", "who"), NameForm()),
            **dict.fromkeys(("names", "queue", "rivals"), ListForm()),
            **dict.fromkeys(("rank", "higher", "to"), EntryForm({letter: {"": letter} for letter in CLASSES})),
            "setting": EntryForm(lists["setting"]),
            "child": EntryForm(lists["child"]),
        }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw arrivals so that somebody is waiting at every call."""
        every, start = rng.choice((10, 12, 15, 20)), 60 * rng.randint(7, 19) + rng.choice((0, 10, 15, 30, 40))
        number = NUM_PEOPLE[level]
        times = sorted(rng.sample(range(start - 35, start + every * (number - 2)), number))
        if any(at > start + every * index for index, at in enumerate(times)):
            return None
        weights = (1, 3, 3) if level > 1 else (1, 1, 1)
        people = [
            {
                "name": name,
                "at": at,
                "rank": rng.choices(CLASSES, weights)[0],
                "child": "yes" if rng.random() < 0.35 else "no",
            }
            for name, at in zip(rng.sample(NAMES, number), times, strict=True)
        ]
        facts: dict[str, Any] = {
            "setting": rng.choice(list(self.words.lists["setting"])),
            "start": start,
            "every": every,
            "people": people,
            "ties": "child" if level > 2 else "first",
        }
        if level > 1:
            facts["wait"] = rng.choice((20, 25, 30, 35, 40))
        if level > 3:
            facts["shut"] = True
        call = start + every * rng.randrange(1, number - (level < 3))
        return {**facts, "call": call, "asked": rng.choice(people)["name"]}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the names of the case."""
        kind, names = super().kind_of(case), tuple(person["name"] for person in case.facts["people"])
        return type(kind)(names) if isinstance(kind, OneOf | InOrder | SomeOf) else kind

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Run the calls with the rule about waiting and without it."""
        work = Work(is_quiet=True)
        seen = calls(facts, work)
        results: dict[str, Any] = {"order": tuple(seen.values()), "who": seen.get(facts.get("call", 0))}
        bare = calls({**facts, "wait": None}, work)
        results["moved"] = frozenset(name for call, name in seen.items() if bare[call] != name)
        results["moves"] = bool(results["moved"])
        if "asked" in facts:
            times = {name: call for call, name in seen.items()}
            results["time"] = times[facts["asked"]]
            results["same"] = facts["asked"] not in results["moved"] if results["moved"] else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print who came when, the protocol and the question."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        layout = case.pen("layout").pick("people", *LAYOUTS)
        lines = [page.say("prompt/head.table")] if layout == "table" else []
        lines += [page.say(f"prompt/person.{layout}", **person) for person in facts["people"]]
        opening = page.say("prompt/opening", start=facts["start"], every=facts["every"], **setting)
        between = " " if layout == "prose" else "\n"
        colour = " ".join(page.say("prompt/colour") for _ in range(1 + case.pen("colour").chance("more", 0.6)))
        story = "\n\n".join((opening, between.join(lines), colour))
        rules = [page.say("prompt/classes", **setting)]
        rules += [page.say("prompt/waiting", wait=facts["wait"])] if "wait" in facts else []
        rules += [page.say("prompt/shut")] if "shut" in facts else []
        rules.append(page.say(f"prompt/equals.{facts['ties']}"))
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        ask = page.say(f"prompt/ask.{case.asks}", **needed)
        return self.framed(case, page, rules="\n".join(rules), story=story, ask=ask)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go from call to call, and then once more without the rule about waiting."""
        facts, asks, work = case.facts, case.asks, narrative.work
        narrative.step(f"issue.{asks}" if "wait" in facts else f"issue.{asks}.bare")
        narrative.point = 1
        until = facts["call"] if asks in ("who", "turns") else None
        if until is not None:
            _try_queue(narrative, facts)
        seen = calls(facts, work, narrative, until=until, find=facts["asked"] if asks == "time" else None)
        if asks in ("who", "turns"):
            narrative.answer("answer.who", seen[facts["call"]], seen=seen[facts["call"]], call=facts["call"])
            return
        if asks == "order":
            narrative.answer("answer.order", tuple(seen.values()), queue=tuple(seen.values()))
            return
        times = {name: call for call, name in seen.items()}
        if asks == "time":
            narrative.answer(
                "answer.time", times.get(facts["asked"]), asked=facts["asked"], now=times.get(facts["asked"])
            )
            return
        narrative.point = 2
        narrative.step("again")
        quiet = calls({**facts, "wait": None}, Work(is_quiet=True))
        apart = [call for call, name in quiet.items() if seen.get(call) != name]
        bare = calls({**facts, "wait": None}, work, narrative, only=apart)
        narrative.step("apart" if apart else "alike", num=len(seen) - len(apart))
        moved = tuple(name for call, name in seen.items() if bare[call] != name)
        if asks == "moved":
            bank = "answer.moved" if moved else "answer.moved.none"
            narrative.answer(bank, frozenset(moved), names=moved)
            return
        then = next(call for call, name in bare.items() if name == facts["asked"])
        now = times[facts["asked"]]
        bank = "answer.same.yes" if now == then else "answer.same.no"
        narrative.answer(bank, now == then, asked=facts["asked"], now=now, then=then)

    def trial(self, case: ProblemCase, letter: str, narrative: Narrative) -> object:
        """Run the calls once more with one entry of the list changed."""
        facts, work = case.facts, Work(is_quiet=True)
        patch = patch_of(case, letter)
        queue = calls(facts, work)
        others = [name for name in queue.values() if name != queue[facts["call"]]]
        seen = narrative.work.settle(queue[facts["call"]], *others)
        before = tuple(name for call, name in queue.items() if call < facts["call"])
        shown = {"who": patch["who"], "call": facts["call"], "queue": before, "seen": seen}
        key = "to" if "to" in patch else "moved_to"
        bank = "same" if seen == narrative.result else "other"
        narrative.step(f"trial.{key}.{bank}", letter=letter, **shown, **{key: patch[key]})
        return seen

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, call by call; an order comes as digits, a set as a sum of powers of two."""
        known = {key: value for key, value in facts.items() if key != "setting"}
        people = facts["people"]
        proved = answer_set(Path(__file__).with_suffix(".lp"), known, num_steps=len(people))
        results: dict[str, Any] = dict(proved)
        results["order"] = tuple(people[int(digit) - 1]["name"] for digit in str(results["order"]))
        bits = int(results["moved"])
        results["moved"] = frozenset(person["name"] for index, person in enumerate(people) if bits >> index & 1)
        if "asked" in facts:
            results["same"] = facts["asked"] not in results["moved"]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one person of another class, or who came some minutes sooner or later, and another time of waiting."""
        facts = case.facts
        offered = case.asks == "turns"
        times = [person["at"] for person in facts["people"]]
        for index, person in enumerate(facts["people"]):
            for rank in CLASSES:
                if rank != person["rank"]:
                    yield Change({"who": person["name"], "to": rank}, option="rank" if offered else "")
            low = times[index - 1] if index else person["at"] - 12
            high = times[index + 1] if index + 1 < len(times) else person["at"] + 12
            for at in range(low + 1, min(high, facts["start"] + facts["every"] * index + 1)):
                if at != person["at"]:
                    yield Change({"who": person["name"], "moved_to": at}, option="at" if offered else "")
        if "wait" in facts and not offered:
            for by in (-10, -5, 5, 10):
                yield Change({"wait": facts["wait"] + by})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Write another class or another time beside a person."""
        if "who" not in patch:
            return {**facts, **patch}
        new = {"rank": patch["to"]} if "to" in patch else {"at": patch["moved_to"]}
        people = [{**person, **new} if person["name"] == patch["who"] else person for person in facts["people"]]
        return {**facts, "people": people}


def calls(
    facts: Mapping[str, Any],
    work: Work,
    narrative: Narrative | None = None,
    *,
    until: int | None = None,
    find: str | None = None,
    only: Collection[int] | None = None,
) -> dict[int, str]:
    """Return who is seen at each call, up to a time or to a person; `only` these calls are told."""
    seen, told = dict[int, str](), set[str]()
    for index in range(len(facts["people"])):
        now = facts["start"] + facts["every"] * index
        waiting = [person for person in facts["people"] if person["at"] <= now and person["name"] not in seen.values()]
        if not waiting:
            break
        ranks = {person["name"]: _rank_at(facts, person, now, work, narrative, told) for person in waiting}
        name = _first(facts, waiting, ranks, now, work, narrative if only is None or now in only else None)
        seen[now] = name
        if now == until or name == find:
            break
    return seen


def _rank_at(
    facts: Mapping[str, Any], person: Person, now: int, work: Work, narrative: Narrative | None, told: set[str]
) -> str:
    """Return the class in which a person counts at a call."""
    rank, name = person["rank"], person["name"]
    if not facts.get("wait") or rank == "A":
        return str(rank)
    waited = minutes_between(person["at"], now, work)
    is_short = work.exceeds(facts["wait"], waited)
    shown = {"name": name, "at": person["at"], "now": now, "waited": waited, "rank": rank, "wait": facts["wait"]}
    if is_short:
        if narrative is not None and facts["wait"] - waited <= 4:
            narrative.step("short", **shown)
        return str(rank)
    higher = CLASSES[CLASSES.index(rank) - 1]
    if "shut" in facts and higher == "A":
        if narrative is not None and name not in told:
            narrative.step("shut", **shown)
            told.add(name)
        return str(rank)
    if narrative is not None and name not in told:
        narrative.step("up", higher=higher, **shown)
        told.add(name)
    return higher


def minutes_between(at: int, now: int, work: Work) -> int:
    """Return the minutes from one time of day to another, reckoned over the full hours as one does by the clock."""
    hours, since, left = now // 60 - at // 60, at % 60, now % 60
    if hours == 0:
        return int(work("left - since", left=left, since=since))
    if hours == 1:
        return int(work("60 - since + left", since=since, left=left))
    return int(work("60 - since + 60 * full + left", since=since, full=hours - 1, left=left))


def _first(
    facts: Mapping[str, Any],
    waiting: Sequence[Person],
    ranks: Mapping[str, str],
    now: int,
    work: Work,
    narrative: Narrative | None,
) -> str:
    """Return who is first among those who wait."""
    best = min(ranks.values())
    equals = [person for person in waiting if ranks[person["name"]] == best]
    children = [person for person in equals if person["child"] == "yes"] if facts["ties"] == "child" else []
    first = min(children or equals, key=lambda person: int(person["at"]))
    rest = [person["name"] for person in waiting if person is not first]
    name = work.settle(str(first["name"]), *rest) if rest else str(first["name"])
    if narrative is not None:
        bank = (
            "only" if len(waiting) == 1 else "class" if len(equals) == 1 else "child" if len(children) == 1 else "came"
        )
        if bank == "came" and children and len(children) < len(equals):
            bank = "child.came"
        rivals = tuple(person["name"] for person in equals if person["name"] != name)
        queue = tuple(f"{person['name']} ({ranks[person['name']]})" for person in waiting)
        narrative.step(f"call.{bank}", now=now, seen=name, queue=queue, rivals=rivals, higher=best)
    return name


def _try_queue(narrative: Narrative, facts: Mapping[str, Any]) -> None:
    """Tell the wrong turn of a plain queue, in which the one who has been there longest would be next."""
    seen = calls(facts, Work(is_quiet=True), until=facts["call"])
    call, before = facts["call"], [name for now, name in seen.items() if now != facts["call"]]
    first = next(person["name"] for person in facts["people"] if person["name"] not in before)
    if first != seen[call]:
        narrative.step("turn.queue", name=first, call=call)
        narrative.step("refute.queue")


SCHEME = Triage()
