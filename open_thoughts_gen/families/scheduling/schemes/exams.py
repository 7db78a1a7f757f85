"""Examinations: candidates who take several subjects, sessions, and a few rooms.

How few sessions are enough, whether so many are, whether two subjects can share one, and which candidate would have to
be excused. The trap is to count the subjects of the busiest candidate: subjects of which every two share a candidate
need as many sessions, and a ring of them may need one more than any group of that kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.case import ProblemCase
from open_thoughts_gen.families.kit.forms import EntryForm, Form, NameForm, WholeForm
from open_thoughts_gen.families.kit.kinds import HowMuch, Kind, OneOf, YesNo
from open_thoughts_gen.families.kit.page import Page
from open_thoughts_gen.families.kit.proof import least_cost
from open_thoughts_gen.families.kit.scheme import Ask, Change
from open_thoughts_gen.families.kit.telling import Narrative
from open_thoughts_gen.families.scheduling.scheme import STAFF, SchedulingScheme
from open_thoughts_gen.families.scheduling.schemes._sharing import (
    Fact,
    Sharing,
    Teller,
    argument,
    arranged,
    fewest,
    sharing_forms,
    told_leaving,
)

PROGRAM = Path(__file__).with_suffix(".lp")
SIZES = {1: (4, 3, 5), 2: (5, 4, 7), 3: (7, 6, 9), 4: (8, 8, 11)}  # subjects, and candidates from so many to so many
MOST_PEOPLE = 11
MIN_LENGTH = {1: 1, 2: 1, 3: 3, 4: 4}  # of an argument, in facts


class Exams(SchedulingScheme):
    """Subjects, candidates and sessions."""

    name: ClassVar[str] = "exams"
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("sessions"), "least"),
        "fits": Ask(YesNo(), "fits", needs=("sessions",), coin="fits"),
        "same": Ask(YesNo(), "same", level=2, needs=("sessions", "one", "other"), coin="same"),
        "excuse": Ask(OneOf(()), "excuse", level=3, needs=("sessions",)),
    }

    def __init__(self) -> None:
        """Say how each fact is written and read."""
        self.forms: Mapping[str, Form[Any]] = {
            **self.frame_forms(),
            **dict.fromkeys(("one", "other", "first", "then", "last"), EntryForm(self.words.lists["subject"])),
            **dict.fromkeys(("rooms", "sessions", "share"), WholeForm()),
            "who": NameForm(),
            **sharing_forms(self.words.lists["closed"]),
        }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw choices of subjects; from level 3 on no group of subjects alone forces the number of sessions."""
        num_subjects, few, many = SIZES[level]
        num_people = rng.randint(few, many)
        subjects = rng.sample(list(self.words.lists["subject"]), num_subjects)
        ring = rng.sample(subjects, 5) if level > 2 and rng.random() < 0.7 else []
        choices = [[subject, ring[index - 1]] for index, subject in enumerate(ring)]
        while len(choices) < num_people:
            choices.append(rng.sample(subjects, 3 if rng.random() < 0.15 * level and not ring else 2))
        if rng.random() < (
            0.35 if level < 3 else 0.55
        ):  # all but one take what somebody else takes, too: then it may be one candidate's fault
            choices += [chosen[::-1] for chosen in rng.sample(choices, len(choices) - 1)][: MOST_PEOPLE - len(choices)]
        people = [
            {"who": who, **dict(zip(("first", "then", "last"), chosen, strict=False))}
            for who, chosen in zip(rng.sample(STAFF, len(choices)), rng.sample(choices, len(choices)), strict=True)
        ]
        facts: dict[str, Any] = {"people": people, "rooms": rng.choice((2, 3, 3, 4))}
        names, sharing = sharing_of(facts)
        least = fewest(sharing)
        told = argument(sharing, least - 1)
        if len(names) < num_subjects or not 2 <= least <= 4 or told is None:
            return None
        free = [pair for pair in combinations(range(num_subjects), 2) if not sharing.is_apart(*pair)]
        tight = [pair for pair in free if arranged(merged(sharing, *pair), least) is None]
        if not free or (len(told) < MIN_LENGTH[level] and not (tight and rng.random() < 0.2)):
            return None
        one, other = (names[index] for index in rng.choice(tight if tight and rng.random() < 0.5 else free))
        return facts | {"sessions": least - rng.choice((0, 1)), "one": one, "other": other}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind with the names of this case."""
        return (
            OneOf(tuple(one["who"] for one in case.facts["people"])) if case.asks == "excuse" else super().kind_of(case)
        )

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Search for an arrangement; a no counts where an argument shows it."""
        names, sharing = sharing_of(facts)
        least = fewest(sharing)
        results: dict[str, Any] = {
            "least": least if argument(sharing, least - 1) is not None else None,
            "fits": None,
            "same": None,
        }
        num = facts.get("sessions", 0)
        if num and (num >= least or argument(sharing, num) is not None):
            results["fits"] = num >= least
        if "one" in facts and num >= least and {facts["one"], facts["other"]} <= set(names):
            pair = names.index(facts["one"]), names.index(facts["other"])
            joined = merged(sharing, *pair)
            can = arranged(joined, num) is not None
            is_told = (can or argument(joined, num) is not None) and not sharing.is_apart(*pair)
            results["same"] = can if is_told else None
        if results["fits"] is False:
            ways = excuses(facts, num)
            able = [who for who, (rest, fits) in ways.items() if fits]
            is_told = all(fits or argument(rest, num) is not None for rest, fits in ways.values())
            results["excuse"] = able[0] if len(able) == 1 and is_told and len(ways) < 4 else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the choices, the rules and the question."""
        facts, pen = case.facts, case.pen("data")
        style = pen.pick("style", "table", "line", "prose")
        rows = [page.say("prompt/table.head")] if style == "table" else []
        rows += [page.say(f"prompt/{style}.{'three' if 'last' in one else 'two'}", **one) for one in facts["people"]]
        rules = [
            page.say("prompt/rule.rooms", rooms=facts["rooms"]),
            page.say("prompt/rule.clash"),
            page.say("prompt/rule.once"),
        ]
        needed = {key: facts[key] for key in self.asks[case.asks].needs}
        return self.framed(
            case,
            page,
            scene=page.say("prompt/scene"),
            rules=pen.order("rules", rules),
            data=("\n" if style != "prose" else " ").join(rows),
            asked=page.say(f"prompt/ask.{case.asks}", **needed),
        )

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell which subjects need sessions of their own, where the others go, and an arrangement."""
        facts, asks = case.facts, case.asks
        needed = {key: facts[key] for key in self.asks[asks].needs}
        narrative.step(f"issue.{asks}", **needed)
        keys, sharing = sharing_of(facts)
        names = [self.words.lists["subject"][key][""] for key in keys]
        notes = {pair: f" ({who})" for pair, who in witnesses(facts).items()}
        teller = Teller(narrative, sharing, names, notes)
        for subject, name in enumerate(names):
            others = [names[other] for other in range(len(names)) if sharing.is_apart(subject, other)]
            narrative.step("clashes" if others else "clashes.none", thing=name, things=others)
        narrative.point = 1
        if asks == "least":
            num = teller.least()
            narrative.answer("answer.least", num, num=num)
        elif asks == "excuse":
            ways = [(who, rest, fits) for who, (rest, fits) in excuses(facts, facts["sessions"]).items()]
            helpful = told_leaving(teller, facts["sessions"], sorted(ways, key=lambda way: way[2]), "leave.others")
            narrative.answer("answer.excuse", helpful, thing=helpful)
        else:
            if asks == "same":
                narrative.step("same", **needed)
                one, other = keys.index(facts["one"]), keys.index(facts["other"])
                names[one] = f"{names[one]} with {names[other]}"
                for third in range(len(keys)):
                    pair = (min(one, third), max(one, third))
                    notes.setdefault(pair, notes.get((min(other, third), max(other, third)), ""))
                teller = Teller(narrative, merged(sharing, one, other), names, notes)
            can = arranged(teller.sharing, facts["sessions"]) is not None
            if can:
                teller.show(facts["sessions"])
                can = narrative.work.settle(True, False)
            else:
                can = not teller.rule_out(facts["sessions"])
            narrative.answer(f"answer.{asks}.{'yes' if can else 'no'}", can, **needed)

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program for one number of sessions after another."""
        least = next(num for num in range(1, 10) if is_possible(facts, num))
        results: dict[str, Any] = {"least": least}
        if "sessions" in facts:
            results["fits"] = is_possible(facts, facts["sessions"])
            if "one" in facts:
                results["same"] = is_possible(facts, facts["sessions"], together=True)
            able = [one["who"] for one in facts["people"] if is_possible(facts, facts["sessions"], excused=one["who"])]
            if not results["fits"] and len(able) == 1:
                results["excuse"] = able[0]
        return results

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another choice of one candidate, a room more or less, a session more or less."""
        facts = case.facts
        names, _ = sharing_of(facts)
        for index, one in enumerate(facts["people"]):
            for subject in names:
                other = {**one, "then": subject}
                people = [*facts["people"][:index], other, *facts["people"][index + 1 :]]
                if subject not in chosen_by(one) and set(sharing_of({**facts, "people": people})[0]) == set(names):
                    yield Change({"people": people})
        yield from (Change({"rooms": rooms}) for rooms in (2, 3) if rooms != facts["rooms"])
        if "sessions" in facts:
            yield from (
                Change({"sessions": facts["sessions"] + step}) for step in (-1, 1) if facts["sessions"] + step > 1
            )


def chosen_by(person: Mapping[str, Any]) -> list[str]:
    """Return the subjects of a candidate."""
    return [person[key] for key in ("first", "then", "last") if key in person]


def witnesses(facts: Mapping[str, Any]) -> dict[tuple[int, int], str]:
    """Return the pairs of subjects that must be kept apart, each with the candidate who takes both."""
    names = list(dict.fromkeys(subject for one in facts["people"] for subject in chosen_by(one)))
    pairs: dict[tuple[int, int], str] = {}
    for one in facts["people"]:
        for first, second in combinations(sorted(names.index(subject) for subject in chosen_by(one)), 2):
            pairs.setdefault((first, second), one["who"])
    return pairs


def sharing_of(facts: Mapping[str, Any]) -> tuple[list[str], Sharing]:
    """Return the subjects, and the same as things that share sessions."""
    names = list(dict.fromkeys(subject for one in facts["people"] for subject in chosen_by(one)))
    return names, Sharing((1,) * len(names), facts["rooms"], frozenset(witnesses(facts)))


def merged(sharing: Sharing, one: int, other: int) -> Sharing:
    """Return the same with two things made one, which keeps the number of the first."""
    apart = {tuple(sorted(one if thing == other else thing for thing in pair)) for pair in sharing.apart}
    weights = list(sharing.weights)
    weights[one], weights[other] = weights[one] + weights[other], 0
    return Sharing(
        tuple(weights), sharing.capacity, frozenset((first, second) for first, second in apart if first != second)
    )


def excuses(facts: Mapping[str, Any], num: int) -> dict[str, tuple[Sharing, bool]]:
    """Return for each candidate whose clash the argument rests on what is left without it, and whether that fits."""
    names, sharing = sharing_of(facts)
    used = {pair for fact in argument(sharing, num) or () for pair in pairs_of(fact, sharing)}
    ways: dict[str, tuple[Sharing, bool]] = {}
    for one in facts["people"]:
        others = [set(chosen_by(other)) for other in facts["people"] if other is not one]
        kept = frozenset(
            pair for pair in sharing.apart if any({names[at] for at in pair} <= chosen for chosen in others)
        )
        rest = Sharing(sharing.weights, sharing.capacity, kept)
        if (sharing.apart - kept) & used:
            ways[one["who"]] = (rest, arranged(rest, num) is not None)
    return ways


def pairs_of(fact: Fact, sharing: Sharing) -> Iterator[tuple[int, int]]:
    """Yield the clashes that a step of an argument rests on."""
    pairs = list(combinations(sorted(fact.things), 2)) if fact.kind == "clique" else []
    pairs += [(min(fact.things[0], other), max(fact.things[0], other)) for _, other, _ in fact.out if other >= 0]
    yield from (pair for pair in pairs if pair in sharing.apart)


# The second implementation.
def is_possible(facts: Mapping[str, Any], sessions: int, *, excused: str = "", together: bool = False) -> bool:
    """Return whether the sessions are enough, with a candidate excused, or two subjects in one session."""
    atoms: dict[str, object] = {
        "people": facts["people"],
        "rooms": facts["rooms"],
        "sessions": sessions,
        "excused": excused,
    }
    return least_cost(PROGRAM, atoms | ({"one": facts["one"], "other": facts["other"]} if together else {})) is not None


SCHEME = Exams()
