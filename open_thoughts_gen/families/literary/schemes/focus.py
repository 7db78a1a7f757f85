"""A passage, and a plan of who was where: through whom it can be told, and which sentence that person could not know.

Focalisation (G. Genette, Narrative Discourse, 1972) made decidable: sights reach the people in the room, noises those
behind one open door as well, thoughts their owner. Whose a sentence is, is decided by what a person can know, never by
its manner.

The traps: a voice that sounds like somebody; a noise from two rooms away; a person who was in the right room at the
wrong hour; a sentence that somebody had been told of later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import Both, Kind, OneOf, SomeOf
from open_thoughts_gen.families.kit.reckoning import Reckoning
from open_thoughts_gen.families.literary.scheme import ROLE_OF, LiteraryScheme, people

NUM_PEOPLE = {1: 3, 2: 3, 3: 4, 4: 4}
HOURS = {1: ("seven", "eight"), 2: ("seven", "eight"), 3: ("seven", "eight", "nine"), 4: ("seven", "eight", "nine")}
NUM_LINES = {1: 4, 2: 6, 3: 7, 4: 9}
Entry = Mapping[str, Any]


class Focus(LiteraryScheme):
    """Numbered sentences, and people in rooms."""

    name: ClassVar[str] = "focus"
    asks: ClassVar[Mapping[str, Ask]] = {
        "eyes": Ask(OneOf(()), "eyes"),
        "out": Ask(SomeOf((), "closing/sentences"), "out", 1, ("focal",), "slips", (True, True, True, False)),
        "slip": Ask(OneOf(()), "slip", level=2, needs=("focal",)),
    }
    sets: ClassVar[Mapping[str, str]] = {"out": "lines.label"}
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {"slip": ("number", "owner")}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw where everybody is, and a passage that somebody could tell, but for none, one or more sentences."""
        setting, rooms = self.drawn_setting(rng, "room")
        names, rooms = people(rng, NUM_PEOPLE[level]), rng.sample(rooms, len(rooms))
        plan: list[dict[str, Any]] = []
        for hour in HOURS[level]:
            where = {name: rng.choice(rooms[: len(names)]) for name in names}
            for room in dict.fromkeys(where.values()):
                there = tuple(name for name in names if where[name] == room)
                plan.append({"act": "where", "hour": hour, "room": room, "present": there})
        plan += [{"act": "door", "one": rooms[i], "two": rooms[i + 1]} for i in range(rng.choice((1, 2, 2)))]
        focal, num_out = rng.choice(names), rng.choice((0, 0, 1, 1, 2, 3))
        lines = self._passage(rng, level, plan, focal, num_out)
        if lines is None:
            return None
        facts: dict[str, Any] = {"setting": setting, "plan": plan, "lines": lines, "focal": focal}
        if level > 2:
            facts["reports"] = True
            known = self.known(facts)
            num, whom = rng.choice(list(known)), rng.choice(names)
            if whom in known[num]:
                return None
            who = rng.choice(known[num])
            plan.append({"act": "report", "who": who, "whom": whom, "num": num})
        return facts

    def _passage(
        self, rng: Random, level: int, plan: Sequence[Entry], focal: str, num_out: int
    ) -> list[dict[str, Any]] | None:
        """Return sentences, of which the focal person cannot know `num_out`; None where there are not enough.

        No thought is that person's own, for it alone would say who it is.
        """
        deeds, entries, used = self.words.lists["deed"], list[dict[str, Any]](), set[str]()
        spots = [entry for entry in plan if entry["act"] == "where"]
        for _ in range(300):
            spot = rng.choice(spots)
            names = [deed for deed in deeds if deeds[deed]["room"] == spot["room"] and deed not in used]
            thinkers = [name for name in spot["present"] if name not in (focal, *used)]
            if names and not (thinkers and rng.random() < 0.06):
                entry = {"act": "line", "deed": rng.choice(names)}
            elif thinkers:
                entry = {"act": "thought", "who": rng.choice(thinkers)}
            else:
                continue
            at = {"act": "at", "hour": spot["hour"]}
            is_out = focal not in self.known({"plan": plan, "lines": [at, {"num": 0, **entry}]})[0]
            left = num_out - sum(each["is_out"] for each in entries)
            if (is_out and not left) or (not is_out and left >= NUM_LINES[level] - len(entries)):
                continue
            used.add(entry.get("deed") or entry["who"])
            entries.append({"hour": spot["hour"], "is_out": is_out, **entry})
            if len(entries) == NUM_LINES[level]:
                return numbered(entries, HOURS[level])
        return None

    def known(self, facts: Mapping[str, Any]) -> dict[int, list[str]]:
        """Return for each sentence who can know of it."""
        return {line["num"]: self.knowers(Reckoning(facts), hour, line) for hour, line in _timed(facts)}

    def knowers(self, case: Reckoning, hour: str, line: Entry) -> list[str]:
        """Return who can know of one sentence, and say why."""
        plan, num = case.facts["plan"], line["num"]
        kind, group, known = "thought", [line.get("who", "")], {"num": num, "hour": hour}
        if line["act"] != "thought":
            deed = self.words.lists["deed"][line["deed"]]
            kind, rooms, known["room"] = "sight", {deed["room"]}, deed["room"]
            if case.work.settle(deed["noise"] == "yes"):
                kind = "noise"
                doors = [{entry["one"], entry["two"]} for entry in plan if entry["act"] == "door"]
                rooms = rooms.union(*(door for door in doors if deed["room"] in door))
            there = (entry for entry in plan if entry.get("hour") == hour and entry.get("room") in rooms)
            group = [name for entry in there for name in entry["present"]]
        case.say(kind, group=tuple(group), **known)
        for entry in plan:
            if entry["act"] == "report" and entry["num"] == num and entry["whom"] not in group:
                group = [*group, entry["whom"]]
                case.say("told", **{**entry, "group": tuple(group)})
        return group

    def kind_in(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the people and sentences of the case."""
        if case.asks != "slip":
            return super().kind_in(case)
        return Both(OneOf(numbers_of(case.facts)), OneOf(cast_of(case.facts)), "closing/slip")

    def names_of(self, case: ProblemCase) -> tuple[str, ...]:
        """Return the people of the plan, or the numbers of the sentences."""
        return cast_of(case.facts) if case.asks == "eyes" else numbers_of(case.facts)

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Look up for each sentence whom it reaches."""
        known = self.known(facts)
        all_of_it = [name for name in cast_of(facts) if all(name in group for group in known.values())]
        is_open = any(line["act"] == "thought" for line in facts["lines"])  # it would say at once whose eyes these are
        results: dict[str, Any] = {"eyes": all_of_it[0] if len(all_of_it) == 1 and not is_open else None}
        if "focal" in facts:
            out = [num for num, group in known.items() if facts["focal"] not in group]
            results |= {"out": frozenset(map(str, out)), "slips": bool(out)}
            alone = len(out) == 1 and len(known[out[0]]) == 1
            results["slip"] = (str(out[0]), known[out[0]][0]) if alone else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the rules, the plan, the passage and the question."""
        facts, pen = case.facts, case.pen("layout")
        note = " ".join([page.say("prompt/rule"), *([page.say("prompt/reported")] if "reports" in facts else [])])
        plan = [page.say("prompt/plan", **facts)]
        plan += [page.say(f"prompt/{entry['act']}", **entry) for entry in facts["plan"] if entry["act"] != "report"]
        plan.append(page.say("prompt/shut"))
        plan += [page.say("prompt/report", **entry) for entry in facts["plan"] if entry["act"] == "report"]
        passage = [page.say("prompt/passage")]
        for line in facts["lines"]:
            bank = f"thought.{ROLE_OF[line['who']]}" if line["act"] == "thought" else line["act"]
            text = page.say(f"prompt/{bank}", **line)
            passage[-1] = f"{passage[-1]} {text}" if line["act"] != "at" else passage[-1]
            passage += [text] if line["act"] == "at" else []
        story = [pen.pick("plan", " ", "\n").join(plan), *passage]
        return self.framed(case, page, note=note, story="\n\n".join(story))

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go through the sentences and ask of each whom it reaches."""
        facts, asks, work = case.facts, case.asks, narrative.work
        reckoning = Reckoning(facts, work, narrative)
        reckoning.say(f"issue.{asks}")
        left, out, owners = list(cast_of(facts)), list[int](), list[str]()
        for narrative.point, (hour, line) in enumerate(_timed(facts), start=1):
            group = self.knowers(reckoning, hour, line)
            if asks == "eyes":
                before, left = left, [name for name in left if name in group]
                if before != left:
                    narrative.step("left", left=tuple(left))
            elif work.settle(facts["focal"] in group, facts["focal"] not in group):
                reckoning.say("in", num=line["num"])
            else:
                out.append(line["num"])
                owners = group
                reckoning.say("misses", num=line["num"])
        narrative.point += 1
        result: Any = left[0] if len(left) == 1 else None
        if asks == "out":
            result = frozenset(map(str, out))
        elif asks == "slip":
            result = (str(out[0]), owners[0]) if len(out) == len(owners) == 1 else None
        lists = {"left": tuple(left), "numbers": tuple(f"({num})" for num in out), "group": tuple(owners)}
        reckoning.answer(f"answer.{asks}", result, num=out[0] if out else 0, **lists)

    def stated(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts as the program takes them, with room and kind of each sentence."""
        deeds = self.words.lists["deed"]
        there = [entry for entry in facts["plan"] if entry["act"] == "where"]
        known = {
            "present": [{"who": n, "room": e["room"], "hour": e["hour"]} for e in there for n in e["present"]],
            "plan": [entry for entry in facts["plan"] if entry["act"] != "where"],
            "lines": [{**line, "label": str(line.get("num", ""))} for line in facts["lines"]],
        }
        for line in (line for line in known["lines"] if "deed" in line):
            line |= {key: deeds[line["deed"]][key] for key in ("room", "noise")}
        return {**known, **({"focal": facts["focal"]} if "focal" in facts else {})}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield somebody in another room for an hour, another open door, and a person whose ears a passage is for."""
        for index, entry in enumerate(case.facts["plan"]):
            for other, more in enumerate(case.facts["plan"]):
                if entry["act"] == more["act"] == "where" and entry["hour"] == more["hour"] and index != other:
                    for name in entry["present"] if len(entry["present"]) > 1 else ():
                        yield Change({"from": index, "to": other, "name": name})
            if entry["act"] == "door":
                yield Change({"shut": index})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Move one person from a room to another, or shut a door."""
        plan = list(facts["plan"])
        if "shut" in patch:
            return {**facts, "plan": [*plan[: patch["shut"]], *plan[patch["shut"] + 1 :]]}
        name, start, goal = patch["name"], plan[patch["from"]], plan[patch["to"]]
        plan[patch["from"]] = {**start, "present": tuple(each for each in start["present"] if each != name)}
        plan[patch["to"]] = {**goal, "present": (*goal["present"], name)}
        return {**facts, "plan": plan}


def _timed(facts: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Yield each sentence with its hour."""
    hour = ""
    for line in facts["lines"]:
        if line["act"] == "at":
            hour = line["hour"]
        else:
            yield hour, line


def numbered(entries: Sequence[Entry], hours: Sequence[str]) -> list[dict[str, Any]]:
    """Return sentences in the order of their hours, each hour announced, and each sentence with its number."""
    lines, num = list[dict[str, Any]](), 0
    for hour in (hour for hour in hours if hour in {entry["hour"] for entry in entries}):
        lines.append({"act": "at", "hour": hour})
        for entry in (entry for entry in entries if entry["hour"] == hour):
            num += 1
            lines.append({"num": num, **{key: entry[key] for key in entry if key not in ("hour", "is_out")}})
    return lines


def numbers_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the numbers of the sentences."""
    return tuple(str(line["num"]) for line in facts["lines"] if "num" in line)


def cast_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the people of the plan, as it names them."""
    return tuple(dict.fromkeys(name for entry in facts["plan"] for name in entry.get("present", ())))


SCHEME = Focus()
