"""Chains of custody: a log of hand-overs with times and seals, and the rules by which a chain is broken.

Whether the chain of an exhibit is whole, which exhibits are good, where the first break is, who answers for it under
which rule, which corrected entry would change the result. The traps: a long stay that lay in the strong room; a wrong
seal that was made good, or almost; a name that is right for another exhibit. The log is replayed entry by entry, as the
documentation of a continuity of evidence is audited (ISO/IEC 27037:2012, 6.1, asks for just such a record).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.evidence.scheme import EvidenceScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Facts, Page, ProblemCase, Reckoning, column, patched
from open_thoughts_gen.families.kit.clock import passed
from open_thoughts_gen.families.kit.kinds import Flip, HowMuch, Kind, SomeOf, WhoWhy, YesNo
from open_thoughts_gen.families.kit.telling import NoResultError

Entry = Mapping[str, Any]
SIZES = {1: (1, 3), 2: (2, 4), 3: (2, 5), 4: (3, 5)}  # exhibits, and hand-overs of each
RULES = ("giver", "seal", "time")
SHUFFLED = ("stays", "reseals")
LIMITS = (30, 40, 45, 60, 75, 90, 120)


class Custody(EvidenceScheme):
    """Exhibits that pass from hand to hand, and a log of it."""

    name: ClassVar[str] = "custody"
    labels: ClassVar[Sequence[str]] = ("giver", "seal", "heal", "time", "store", "answers")
    label_styles: ClassVar[Sequence[str]] = ("Rule {}", "§ {}", "Section {}", "Clause {}")
    named: ClassVar[str] = "starts.exhibit"
    sets: ClassVar[Mapping[str, str]] = {"good": named}
    asks: ClassVar[Mapping[str, Ask]] = {
        "stands": Ask(YesNo(), "stands", needs=("about",), coin="stands", until=3),
        "first": Ask(HowMuch(closing="closing/entry"), "first", needs=("about",), until=3),
        "why": Ask(WhoWhy((), {}), "why", 1, ("about",), "rule", RULES, {1: RULES[:2]}, until=3),
        "good": Ask(SomeOf(()), "good", level=3),
        "turns": Ask(Flip(), "stands", level=3, needs=("about",), coin="stands"),
    }

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw the way of each exhibit, with a break or without, and what looks like a break and is none."""
        num_exhibits, num_entries = SIZES[level]
        exhibits = rng.sample(list(self.words.lists["exhibit"]), num_exhibits)
        facts: dict[str, Any] = {"setting": self.one_of("setting", rng), "starts": [], "entries": []}
        facts |= {"limit": rng.choice((40, 45, 60, 75, 90))} if level > 1 else {}
        facts |= {"stays": []} if level > 2 else {}
        facts |= {"within": rng.choice((10, 15, 20, 30)), "reseals": []} if level > 3 else {}
        names = rng.sample(self.pool("names"), 8)
        for exhibit in exhibits:
            add_way(rng, facts, exhibit, names, num_entries)
        ordered = sorted(facts["entries"], key=lambda entry: int(entry["at"]))
        if len({entry["at"] for entry in ordered}) < len(ordered) or not all(facts.get(k, 1) for k in SHUFFLED):
            return None
        for key in SHUFFLED:
            rng.shuffle(facts.get(key, []))
        entries = [{"num": num, **entry} for num, entry in enumerate(ordered, rng.choice((1, 1, 11, 21, 34)))]
        return facts | {"entries": entries, "about": rng.choice(exhibits)}

    def kind_of(self, case: ProblemCase) -> Kind:
        """Return the kind, with the people and rules of the case."""
        labels = self.labels_of(case)
        takers, rules = tuple(dict.fromkeys(column(case.facts, "entries.taker"))), {key: labels[key] for key in RULES}
        return WhoWhy(takers, rules, "closing/who_rule") if case.asks == "why" else super().kind_of(case)

    def assess(self, facts: Facts) -> dict[str, Any]:
        """Replay the log, exhibit by exhibit."""
        breaks = {exhibit: replayed(Reckoning(facts), exhibit) for exhibit in column(facts, self.named)}
        results: dict[str, Any] = dict.fromkeys(("stands", "first", "why", "rule"))
        results["good"] = frozenset(exhibit for exhibit, found in breaks.items() if found is None)
        if "about" in facts:
            found = breaks[facts["about"]]
            results["stands"] = found is None
            if found is not None:
                entry, rules = found
                results["first"] = entry["num"]
                results |= {"why": (entry["taker"], rules[0]), "rule": rules[0]} if len(rules) == 1 else {}
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the taking up of each exhibit, the log, and the question."""
        facts = case.facts
        printed = {"heal": "within", "time": "limit", "store": "stays"}  # by which fact each rule is there
        rules = [page.say(f"prompt/rule.{key}", **facts) for key in self.labels if printed.get(key, "starts") in facts]
        data = [" ".join(page.say("prompt/start", **start) for start in facts["starts"])]
        data.append(self.listed(case, page, (("entry", entry) for entry in facts["entries"])))
        more = [page.say("prompt/stay", **stay) for stay in facts.get("stays", ())]
        more += [page.say("prompt/reseal", **reseal) for reseal in facts.get("reseals", ())]
        data += [" ".join(more)] if more else []
        return self.framed(case, page, rules="\n".join(rules), data="\n\n".join(data))

    def reckon(self, asks: str, reckoning: Reckoning) -> None:
        """Replay the log of what is asked about, up to the first break."""
        facts = reckoning.facts
        if asks == "good":
            good = []
            for number, exhibit in enumerate(column(facts, self.named), start=1):
                reckoning.part(number)
                whole = replayed(reckoning, exhibit) is None
                reckoning.say("whole" if whole else "broken", exhibit=exhibit)
                good += [exhibit] * whole
            reckoning.answer("answer.good", frozenset(good), names=[f"the {exhibit}" for exhibit in good])
            return
        found = replayed(reckoning, facts["about"])
        if asks in ("stands", "turns"):
            reckoning.answer("answer.stands", found is None)
            return
        if found is None:
            raise NoResultError("the chain is whole")
        entry, rules = found
        if asks == "first":
            reckoning.answer("answer.first", entry["num"], **entry)
        else:
            why = (entry["taker"], rules[0]) if len(rules) == 1 else None
            reckoning.answer(f"answer.why.{rules[0]}", why, **entry)

    def prove(self, facts: Facts) -> Mapping[str, Any]:
        """Ask the answer set program."""
        results = {**super().prove(facts)}
        return results | ({"why": (results["taker"], results["rule"])} if "rule" in results else {})

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield an entry with another giver, another seal or another time."""
        facts = case.facts
        about = facts.get("about", facts["starts"][0]["exhibit"])
        people = sorted({entry[key] for entry in facts["entries"] for key in ("giver", "taker")})
        for entry in (entry for entry in facts["entries"] if entry["exhibit"] == about):
            before = before_of(facts, entry)
            others = {before["taker"], rng.choice(people)} - {entry["giver"], entry["taker"]}
            yield from (Change({"num": entry["num"], "giver": name}, option="giver") for name in sorted(others))
            for seal in sorted({start["first_seal"] for start in facts["starts"]} | {misread(rng, entry["seal"])}):
                if seal != entry["seal"]:
                    yield Change({"num": entry["num"], "seal": seal}, option="seal")
        limits = rng.sample(LIMITS, 1) if case.asks == "turns" else LIMITS  # one such option, or they all look alike
        yield from (Change({"limit": limit}, option="limit") for limit in limits if facts.get("limit", limit) != limit)

    def applied(self, facts: Facts, patch: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts with one entry changed, or another limit."""
        return patched(facts, "entries", patch, "num") if "num" in patch else {**facts, **patch}


def misread(rng: Random, seal: int) -> int:
    """Return a number with two neighbouring digits exchanged, or one digit off."""
    digits = list(str(seal))
    index = rng.randrange(1, len(digits) - 1)
    digits[index], digits[index + 1] = digits[index + 1], digits[index]
    swapped = int("".join(digits))
    return swapped if swapped != seal else seal + 10


def add_way(rng: Random, facts: dict[str, Any], exhibit: str, names: Sequence[str], num_entries: int) -> None:
    """Add the way of one exhibit to the facts: in every second one a chain that is broken."""
    limit, since, seal = facts.get("limit", 60), rng.randint(8, 10) * 60 + rng.randint(0, 59), rng.randint(1000, 9899)
    holder = rng.choice(names)
    facts["starts"].append({"exhibit": exhibit, "holder": holder, "since": since, "first_seal": seal})
    known = ["giver", "seal", *(["time"] if "limit" in facts else [])]
    fault, at_entry = (rng.choice(known) if rng.random() < 0.55 else ""), rng.randrange(num_entries)
    is_healed = "reseals" in facts and not fault and rng.random() < 0.5
    at, floor = since, 0
    for index in range(num_entries):
        is_here = index == at_entry
        gap = rng.choice((limit, limit - 1, rng.randint(8, limit), rng.randint(8, limit)))
        away = rng.randint(15, 50) if "stays" in facts and not floor and rng.random() < 0.35 else 0
        gap, floor = max(gap, floor), 0
        if is_here and fault == "time":
            gap = limit + rng.choice((1, 2, 5, 12))
        if away and gap > 6:
            into = at + rng.randint(2, gap - 2)
            facts["stays"].append({"exhibit": exhibit, "into": into, "out": into + away})
        at += gap + away
        giver = rng.choice([name for name in names if name != holder]) if is_here and fault == "giver" else holder
        taker = rng.choice([name for name in names if name not in (holder, giver)])
        noted = misread(rng, seal) if is_here and (fault == "seal" or is_healed) else seal
        facts["entries"].append({"exhibit": exhibit, "giver": giver, "taker": taker, "at": at, "seal": noted})
        if noted != seal and "reseals" in facts and (not fault or rng.random() < 0.7):
            slip, within = rng.choice(("by", "late", "count")) if fault else "", facts["within"]
            late = within + rng.choice((1, 3, 8)) if slip == "late" else rng.choice((within, rng.randint(2, within)))
            floor = late + 2
            by = rng.choice([name for name in names if name != taker]) if slip == "by" else taker
            seal = rng.randint(1000, 9899)
            reseal = {"exhibit": exhibit, "by": by, "resealed": at + late, "fresh": seal}
            facts["reseals"].append({**reseal, "count": 1 if slip == "count" else rng.choice((2, 2, 3))})
        holder = taker


def before_of(facts: Facts, entry: Entry) -> dict[str, Any]:
    """Return who had the exhibit before an entry, since when, and as `seal` what was last noted or put on it."""
    start = next(start for start in facts["starts"] if start["exhibit"] == entry["exhibit"])
    state = {"taker": start["holder"], "at": start["since"], "seal": start["first_seal"]}
    for other in facts["entries"]:
        if other["exhibit"] == entry["exhibit"] and other["at"] < entry["at"]:
            state |= {"taker": other["taker"], "at": other["at"]}
    for reseal in facts.get("reseals", ()):
        if reseal["exhibit"] == entry["exhibit"] and reseal["resealed"] < entry["at"]:
            state["seal"] = reseal["fresh"]
    return state


def replayed(reckoning: Reckoning, exhibit: str) -> tuple[Entry, list[str]] | None:
    """Return the first entry of an exhibit that breaks its chain, and the rules that it breaks; None where none does."""
    facts, work = reckoning.facts, reckoning.work
    reckoning.say("start", **next(start for start in facts["starts"] if start["exhibit"] == exhibit))
    for entry in (entry for entry in facts["entries"] if entry["exhibit"] == exhibit):
        before = before_of(facts, entry)
        is_other = work.settle(entry["giver"] != before["taker"])
        differs = work.settle(entry["seal"] != before["seal"])
        if is_other:
            reckoning.say("entry.giver", **entry, holder=before["taker"])
        elif not differs:
            reckoning.say("entry.fine", **entry)
        rules = ["giver"] * is_other
        if differs and not healed(reckoning, entry, before):
            rules.append("seal")
        # What is broken already is not looked at any further: but whether it is broken twice has to be known.
        if "limit" in facts and kept_too_long(Reckoning(facts, work) if rules else reckoning, entry, before):
            rules.append("time")
        if rules:
            return entry, rules
    return None


def healed(reckoning: Reckoning, entry: Entry, before: Mapping[str, Any]) -> bool:
    """Return whether a wrong seal is made good by a new one, put on in time by the taker before two others."""
    facts = reckoning.facts
    reseals = [each for each in facts.get("reseals", ()) if each["exhibit"] == entry["exhibit"]]
    reseal = next((each for each in reseals if each["resealed"] >= entry["at"]), None)
    if reseal is None:
        reckoning.say("entry.seal", **entry, expected=before["seal"])
        return False
    late = passed(entry["at"], reseal["resealed"], reckoning.work)
    is_late = reckoning.work.exceeds(late, facts["within"])
    slips = {"by": reseal["by"] != entry["taker"], "late": is_late, "count": reseal["count"] < 2}
    slip = next((key for key, is_slip in slips.items() if is_slip), "good")
    reckoning.say(f"heal.{slip}", **{**entry, **reseal}, expected=before["seal"], late=late)
    return slip == "good"


def kept_too_long(reckoning: Reckoning, entry: Entry, before: Mapping[str, Any]) -> bool:
    """Return whether somebody kept an exhibit for longer than is allowed, without its time in the strong room."""
    facts, work = reckoning.facts, reckoning.work
    gap = counted = passed(before["at"], entry["at"], work)
    here = (stay for stay in facts.get("stays", ()) if stay["exhibit"] == entry["exhibit"])
    stay = next((stay for stay in here if before["at"] <= stay["into"] <= entry["at"]), None)  # there is one at most
    shown: dict[str, Any] = {**entry, "since": before["at"], "gap": gap}
    if stay is not None:
        away = passed(stay["into"], stay["out"], work)
        counted = int(work("g - s", g=gap, s=away))
        shown |= {**stay, "away": away}
    elif facts.get("stays"):
        reckoning.say("time.out", **shown)
    is_long = work.exceeds(counted, facts["limit"])
    reckoning.say(f"time.{'stored.' if stay else ''}{'long' if is_long else 'fine'}", **shown, counted=counted)
    return is_long


SCHEME = Custody()
