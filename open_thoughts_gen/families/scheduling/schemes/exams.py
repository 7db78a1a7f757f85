"""Examinations: candidates who take several subjects, sessions, and a few rooms.

How few sessions are enough, whether a number is, and which candidate would have to be excused. The trap is to count
the subjects of the busiest candidate: subjects of which every two share a candidate need as many sessions, and a ring
of them may need one more than any group of that kind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Page, ProblemCase, nudged, replaced
from open_thoughts_gen.families.kit.kinds import HowMuch, OneOf, YesNo
from open_thoughts_gen.families.scheduling.schemes import _sharing as shares

SIZES = {1: (4, 3, 5), 2: (5, 4, 7), 3: (7, 6, 9), 4: (8, 8, 11)}  # subjects; candidates, the fewest and the most
MOST_PEOPLE = 11
LEAST = {1: (2, 3), 2: (3, 4), 3: (3, 4), 4: (3, 4)}  # sessions: each number as often as the other
OFFERS = {1: ((2, True), (2, False)), 2: ((3, True), (3, False)), 3: ((3, True), (3, False))}
KEYS = ("first", "then", "last")  # of the subjects of a candidate
MIN_LENGTH = {1: 1, 2: 1, 3: 3, 4: 4}  # of an argument, in facts
SHORTER = 0.08  # how often a shorter one will do
USUAL = {1: 0, 2: 2, 3: 10, 4: 12}  # candidates of three subjects, from level 3 on pairs of subjects that clash
PLAIN = {1: 0.1, 2: 0.4, 3: 0.3, 4: 0.3}  # how often one is kept where more, or no more, go with many, or few, sessions
DOUBLED = {1: 0.35, 2: 0.35, 3: 0.8, 4: 0.8}  # how often all candidates but one are not the only one of their kind


class Exams(shares.SharingScheme):
    """Subjects, candidates and sessions."""

    name: ClassVar[str] = "exams"
    named: ClassVar[str] = "people.who"
    places: ClassVar[str] = "sessions"
    relief: ClassVar[str] = "excuse"
    asks: ClassVar[Mapping[str, Ask]] = {
        "least": Ask(HowMuch("sessions"), "least", coin="least", outcomes_at=LEAST),
        "fits": Ask(YesNo(), "fits", until=3, needs=("sessions",), coin="sessions fits", outcomes_at=OFFERS),
        "excuse": Ask(OneOf(()), "excuse", level=3, needs=("sessions",)),
    }

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw choices of subjects; from level 3 on a group of subjects alone seldom forces the number of sessions."""
        num_subjects, few, many = SIZES[level]
        num_people = rng.randint(few, many)
        subjects = rng.sample(list(self.words.lists["subject"]), num_subjects)
        ring = rng.sample(subjects, 5) if level > 2 and rng.random() < 0.8 else []
        choices = [[subject, ring[index - 1]] for index, subject in enumerate(ring)]
        if ring and rng.random() < 0.6:  # some candidates of two subjects of the ring take the same third one
            hub, both = next(each for each in subjects if each not in ring), rng.choice(((), (1,), (1, 3), (1, 3)))
            choices = [[*chosen, hub] if index in both else chosen for index, chosen in enumerate(choices)]
            choices += [[subject, hub] for index, subject in enumerate(ring) if not {index, index + 1} & {*both}]
            choices = rng.sample(choices, len(choices) - rng.randrange(2))  # one fewer looks the same, and is easier
        share = 0.15 * level if level < 3 else rng.choice((0, 0.3, 0.6))
        choices += [rng.sample(subjects, 2 + (rng.random() < share)) for _ in range(max(1, num_people - len(choices)))]
        if rng.random() < DOUBLED[level]:  # then it may be one candidate's fault
            num_doubled = max(0, min(len(choices) - 4, MOST_PEOPLE - len(choices)))
            choices += [chosen[::-1] for chosen in rng.sample(choices, num_doubled)]
        drawn = zip(rng.sample(self.pool("staff"), len(choices)), rng.sample(choices, len(choices)), strict=True)
        people = [{"who": who, **dict(zip(KEYS, chosen, strict=False))} for who, chosen in drawn]
        facts: dict[str, Any] = {"people": people, "rooms": rng.choice((2, 3, 3, 4)[level > 2 :])}
        sharing = self.sharing_of(facts)
        if len(sharing.weights) < num_subjects or not 2 <= (least := shares.fewest(sharing)) <= 4:
            return None
        num = len(sharing.apart) if level > 2 else sum(len(chosen) > 2 for chosen in choices)
        is_plain = (num > USUAL[level]) is (least > LEAST[level][0])
        facts["sessions"] = max(2, least - rng.choice((0, 1)))
        reason = shares.argument(sharing, least - 1) or ()
        is_long = len(reason) >= MIN_LENGTH[level] or (reason and rng.random() < SHORTER)
        return facts if is_long and not (is_plain and rng.random() > PLAIN[level]) else None

    def sharing_of(self, facts: Mapping[str, Any]) -> shares.Sharing:
        """Return the subjects as things that share sessions."""
        num = len(subjects_of(facts["people"]))
        return shares.Sharing((1,) * num, facts["rooms"], frozenset(takers_of(facts["people"])))

    def ways(self, facts: Mapping[str, Any], num: int) -> Sequence[shares.Way]:
        """Return the candidates whose clash the argument rests on, those who don't help first."""
        sharing, takers, ways = self.sharing_of(facts), takers_of(facts["people"]), list[shares.Way]()
        used = {pair for fact in shares.argument(sharing, num) or () for pair in fact.pairs()}
        for who in dict.fromkeys(who for pair, (who, *more) in takers.items() if pair in used and not more):
            rest = replace(sharing, apart=frozenset(pair for pair, those in takers.items() if those != [who]))
            ways.append((who, rest, shares.arranged(rest, num) is not None))
        return sorted(ways, key=lambda way: way[2])

    def data(self, case: ProblemCase, page: Page) -> str:
        """Print the candidates with their subjects."""
        return self.rows(case, page, case.facts["people"], lambda one: "three" if "last" in one else "two")

    def tools(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is shared, the subjects, and for two of them who takes both."""
        notes = {pair: f" ({who})" for pair, (who, *_) in takers_of(facts["people"]).items()}
        return super().tools(facts) | {"names": subjects_of(facts["people"]), "notes": notes}

    def survey(self, story: shares.Packing) -> None:
        """Tell for each subject which others it shares candidates with."""
        for subject, name in enumerate(story.names):
            others = [other for number, other in enumerate(story.names) if story.sharing.is_apart(subject, number)]
            story.say("clashes" if others else "clashes.none", thing=name, things=others)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield another choice of one candidate, a room more or less, a session more or less."""
        people, names = case.facts["people"], subjects_of(case.facts["people"])
        for index, one in enumerate(people):
            for subject in names:
                changed = replaced(people, index, {"then": subject})
                if subject not in chosen_by(one) and set(subjects_of(changed)) == set(names):
                    yield Change({"people": changed})
        yield from nudged(case.facts, {"rooms": (-1, 1), "sessions": (-1, 1)}, least=2)


def chosen_by(person: Mapping[str, Any]) -> list[str]:
    """Return the subjects of a candidate."""
    return [person[key] for key in KEYS if key in person]


def subjects_of(people: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the subjects, in the order in which they are named."""
    return list(dict.fromkeys(subject for one in people for subject in chosen_by(one)))


def takers_of(people: Sequence[Mapping[str, Any]]) -> dict[tuple[int, int], list[str]]:
    """Return the pairs of subjects that must be kept apart, each with the candidates who take both."""
    names, takers = subjects_of(people), dict[tuple[int, int], list[str]]()
    for one in people:
        for pair in combinations(sorted(names.index(subject) for subject in chosen_by(one)), 2):
            takers.setdefault(pair, []).append(one["who"])
    return takers


SCHEME = Exams()
