"""A passage, and a plan of who was where: through whom it can be told, and which sentence that person could not know.

Focalisation (G. Genette, Narrative Discourse, 1972) made decidable: sights reach the people in the room, noises those
behind one open door as well, thoughts their owner. Whose a sentence is, is decided by what a person can know, never by
its manner.

The traps: a voice that sounds like somebody; a noise from two rooms away; a person who was in the right room at the
wrong hour; a sentence that somebody had been told of later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import count, groupby, permutations
from operator import itemgetter
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Page, ProblemCase, Reckoning, replaced
from open_thoughts_gen.families.kit.kinds import Both, OneOf, SomeOf
from open_thoughts_gen.families.literary.scheme import ROLE_OF, LiteraryScheme, people

NUM_PEOPLE = {1: 3, 2: 3, 3: 4, 4: 4}
HOURS = {1: ("seven", "eight"), 2: ("seven", "eight"), 3: ("seven", "eight", "nine"), 4: ("seven", "eight", "nine")}
THOUGHT_RATE = 0.25  # of passages in which somebody thinks
NUM_LINES = {1: 3, 2: 5, 3: 8, 4: 12}
Entry = Mapping[str, Any]


class Focus(LiteraryScheme):
    """Numbered sentences, and people in rooms."""

    name: ClassVar[str] = "focus"
    asks: ClassVar[Mapping[str, Ask]] = {
        "eyes": Ask(OneOf(()), "eyes"),
        "out": Ask(SomeOf((), "closing/sentences"), "out", 1, ("focal",), "any_out", (True, True, True, False)),
        "slip": Ask(Both(OneOf(()), OneOf(()), "closing/slip"), "slip", level=2, needs=("focal",)),
    }
    among: ClassVar[Mapping[str, str]] = {"eyes": "plan.present", "out": "lines.num", "slip": "lines.num plan.present"}
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {"slip": ("number", "owner")}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw where everybody is, and a passage that somebody could tell, but for none, one or more sentences."""
        setting, rooms = self.drawn_setting(rng, "room")
        names = people(rng, NUM_PEOPLE[level])
        plan: list[dict[str, Any]] = []
        for hour in HOURS[level]:
            where = {name: rng.choice(rooms[: len(names)]) for name in names}
            for room in dict.fromkeys(where.values()):
                there = tuple(name for name in names if where[name] == room)
                plan.append({"act": "where", "hour": hour, "room": room, "present": there})
        plan += [{"act": "door", "one": rooms[i], "two": rooms[i + 1]} for i in range(rng.choice((1, 2, 2)))]
        focal, num_out = rng.choice(names), rng.choice((0, 0, 1, 1, 2, 3))
        lines = self._passage(rng, plan, focal, (NUM_LINES[level] - num_out, num_out))
        if lines is None:
            return None
        facts: dict[str, Any] = {"setting": setting, "plan": plan, "lines": lines, "focal": focal}
        if level > 2:
            facts["reports"] = True
            hour, line = rng.choice(list(timed(facts)))
            known, whom = self.knowers(Reckoning(facts), hour, line), rng.choice(names)
            if whom in known:
                return None
            plan.append({"act": "report", "who": rng.choice(known), "whom": whom, "num": line["num"]})
        return facts

    def _passage(
        self, rng: Random, plan: Sequence[Entry], focal: str, sizes: tuple[int, int]
    ) -> list[dict[str, Any]] | None:
        """Return sentences, as many that the focal person can know and cannot know; None where there are not enough."""
        rooms, thinks = dict[str, list[str]](), rng.random() < THOUGHT_RATE
        for deed, forms in self.words.lists["deed"].items():
            rooms.setdefault(forms["room"], []).append(deed)
        possible: list[dict[str, Any]] = []
        for spot in (entry for entry in plan if entry["act"] == "where"):
            possible += [{"hour": spot["hour"], "act": "line", "deed": deed} for deed in rooms[spot["room"]]]
            possible += [{"hour": spot["hour"], "act": "thought", "who": name} for name in spot["present"] if thinks]
        at_one_hour = {entry.get("deed") or entry["who"]: entry for entry in rng.sample(possible, len(possible))}
        known, out = list[Entry](), list[Entry]()
        for entry in at_one_hour.values():
            group = self.knowers(Reckoning({"plan": plan}), entry["hour"], {"num": 0, **entry})
            (known if focal in group else out).append(entry)
        if len(known) < sizes[0] or len(out) < sizes[1]:
            return None
        chosen = [*known[: sizes[0]], *out[: sizes[1]]]
        return numbered(rng.sample(chosen, len(chosen)))

    def knowers(self, case: Reckoning, hour: str, line: Entry) -> list[str]:
        """Return who can know of one sentence, and say why."""
        plan, num = case.facts["plan"], line["num"]
        known: dict[str, Any] = {"num": num, "hour": hour}
        kind, group = "thought", [line.get("who", "")]
        if line["act"] != "thought":
            deed = self.words.lists["deed"][line["deed"]]
            kind, rooms, known["room"] = "sight", {deed["room"]}, deed["room"]
            if case.work.settle(deed["noise"] == "yes"):
                kind = "noise"
                doors = [{entry["one"], entry["two"]} for entry in plan if entry["act"] == "door"]
                rooms = rooms.union(*(door for door in doors if deed["room"] in door))
            known["near"] = tuple(f"the {room}" for room in sorted(rooms))
            group = [one for at in plan if at.get("hour") == hour and at.get("room") in rooms for one in at["present"]]
        seen = (kind, hour, known.get("room", num))
        case.say(f"{kind}.same" if case.known.get("seen") == seen else kind, group=tuple(group), **known)
        case.known["seen"] = seen
        for entry in plan:
            if entry["act"] == "report" and entry["num"] == num and entry["whom"] not in group:
                group = [*group, entry["whom"]]
                case.say("told", **{**entry, "group": tuple(group)})
        return group

    def walk(self, case: Reckoning, asks: str) -> object:
        """Go through the sentences and ask of each whom it reaches."""
        focal, left = case.facts.get("focal"), self.choices(case.facts, "plan.present")
        out, owners = list[str](), tuple[str, ...]()
        if asks == "eyes" and any(line["act"] == "thought" for line in case.facts["lines"]):
            return None  # it would say at once whose eyes these are
        for part, (hour, line) in enumerate(timed(case.facts), start=1):
            case.part(part)
            case.known["missed"] = "" if focal in self.knowers(Reckoning(case.facts), hour, line) else focal
            group = self.knowers(case, hour, line)
            if asks == "eyes":
                before, left = left, tuple(name for name in left if name in group)
                if before != left:
                    case.say("left", left=left)
            elif case.work.settle(focal in group, focal not in group):
                case.say("in", num=line["num"])
            else:
                owners, out = tuple(group), [*out, str(line["num"])]
                case.say("misses", num=line["num"], group=owners)
        case.part(len(case.facts["lines"]) + 1)
        case.known |= {"left": left, "numbers": tuple(f"({num})" for num in out), "group": owners}
        if asks == "out":
            return frozenset(out)
        if asks == "eyes":
            return left[0] if len(left) == 1 else None
        return (str(case.know("num", int(out[0]))), owners[0]) if len(out) == len(owners) == 1 else None

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

    def stated(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts as the program takes them, with room and kind of each sentence, and its number as a name."""
        rows, deeds = super().stated(facts), self.words.lists["deed"]
        for line in (line for line in rows["lines"] if "num" in line):
            deed = deeds[line["deed"]] if "deed" in line else {}
            line |= {"label": str(line["num"]), **{key: deed[key] for key in ("room", "noise") if deed}}
        return rows

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield one person in another room for an hour, and a door that is shut."""
        plan = case.facts["plan"]
        spots = [(index, entry) for index, entry in enumerate(plan) if entry["act"] == "where"]
        for (one, start), (two, goal) in permutations(spots, 2):
            if start["hour"] == goal["hour"] and len(start["present"]) > 1:
                for name in start["present"]:
                    left = tuple(other for other in start["present"] if other != name)
                    there = replaced(plan, two, {"present": (*goal["present"], name)})
                    yield Change({"plan": replaced(there, one, {"present": left})})
        for index, entry in enumerate(plan):
            if entry["act"] == "door":
                yield Change({"plan": [*plan[:index], *plan[index + 1 :]]})


def timed(facts: Mapping[str, Any]) -> Iterator[tuple[str, Entry]]:
    """Yield each sentence with its hour."""
    hour = ""
    for line in facts["lines"]:
        if line["act"] == "at":
            hour = line["hour"]
        else:
            yield hour, line


def numbered(entries: Sequence[Entry]) -> list[dict[str, Any]]:
    """Return sentences in the order of their hours, each hour announced, and each sentence with its number."""
    lines, nums = list[dict[str, Any]](), count(1)
    for hour, there in groupby(sorted(entries, key=lambda entry: HOURS[4].index(entry["hour"])), itemgetter("hour")):
        lines.append({"act": "at", "hour": hour})
        lines += ({"num": next(nums), **{key: entry[key] for key in entry if key != "hour"}} for entry in there)
    return lines


SCHEME = Focus()
