"""A thing is moved about a room while people come, go, listen and lie: who believes it to be where, and of whom.

Beliefs about beliefs, to a depth of three, in the manner of the tests of false belief (H. Wimmer and J. Perner, 1983; J.
Perner and H. Wimmer, 1985, for the second order). A printed note closes the world: eyes go before tales, those in a room
notice each other, an onlooker in hiding is known to nobody. The scene that settles a belief is part of the answer.

The traps: the reader's own knowledge; a lie told to somebody who has seen better; an onlooker of whom the others do not
know, so that their picture of him stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, Page, ProblemCase
from open_thoughts_gen.families.kit.kinds import Both, Kind, OneOf
from open_thoughts_gen.families.kit.prose import ROMAN
from open_thoughts_gen.families.kit.work import Work
from open_thoughts_gen.families.literary.scheme import ROLE_OF, WORDS, LiteraryScheme, people
from open_thoughts_gen.families.literary.schemes._minds import Beat, Belief, believed, events

NUM_PEOPLE = {1: 3, 2: 4, 3: 4, 4: 5}
NUM_SCENES = {1: 3, 2: 5, 3: 7, 4: 8}
MANNERS = {"matron": "plain", "doctor": "plain", "girl": "quick", "cook": "quick"}  # of saying where a thing is
DEPTHS = {"own": 1, "second": 2, "third": 3}


class House(LiteraryScheme):
    """A thing, a room, and what is in people's heads."""

    name: ClassVar[str] = "house"
    more_words: ClassVar[Sequence[Path]] = (WORDS / "voices.yaml", WORDS / "frame.yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "own": Ask(OneOf(()), "own", 1, ("a",), "own_is_true", until=2),
        "second": Ask(OneOf(()), "second", 2, ("a", "b"), "second_is_true"),
        "part": Ask(OneOf(ROMAN[1:], "closing/scene"), "part", 3, ("a", "b")),
        "third": Ask(OneOf(()), "third", 3, ("a", "b", "c"), "third_is_shorter", (True, False, False)),
    }
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {ask: (f"{ask}_where", f"{ask}_scene") for ask in DEPTHS}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw scene after scene: who is there, who goes or hides, who moves the thing or speaks of it."""
        setting, places = self.drawn_setting(rng, "where")
        names, places = people(rng, NUM_PEOPLE[level]), rng.sample(places, len(places))
        beats: list[dict[str, Any]] = []
        for scene in range(1, NUM_SCENES[level] + 1):
            drawn = self._scene(rng, level, names, places, beats)
            if drawn is None:
                return None
            beats += [{"num": scene, **drawn[0]}, *drawn[1:]]
        if {name for beat in beats for name in beat.get("present", ())} != set(names):
            return None
        a, b, c = rng.sample(names, 3)
        facts = {"setting": setting, "beats": beats, "a": a, "b": b, "c": c}
        return {**facts, "onlooker": True} if level > 2 else facts

    def _scene(
        self, rng: Random, level: int, names: Sequence[str], places: list[str], before: Sequence[Beat]
    ) -> list[dict[str, Any]] | None:
        """Return the beats of one more scene."""
        present = rng.sample(names, rng.randint(2, len(names)))
        beats: list[dict[str, Any]] = [{"act": "scene", "present": tuple(present)}]
        there = list(present)
        beats += [{"act": "idle", "who": name} for name in rng.sample(there, rng.choice((0, 1, 1)))]
        if len(there) > 2 and before and rng.random() < 0.5:
            goes = there.pop(rng.randrange(len(there)))
            beats.append({"act": "hide" if level > 2 and rng.random() < 0.6 else "leave", "who": goes})
        minds = {name: believed(events(before), (name,), Work(is_quiet=True)) for name in there}
        real = next((beat["where"] for beat in reversed(before) if beat["act"] == "put"), "")
        movers = [name for name in there if not before or minds[name].where == real]
        tellers = [name for name in there if minds[name].was_seen]
        if movers and places and (not before or rng.random() < 0.6):
            time = "again" if before else "first"
            beats.append({"act": "put", "time": time, "who": rng.choice(movers), "where": places.pop()})
        elif tellers:
            teller = rng.choice(tellers)
            whom = rng.choice([name for name in there if name != teller])
            others = [
                place for place in [beat["where"] for beat in before if beat["act"] == "put"] if place != real
            ] + places[-1:]
            where = rng.choice(others) if level > 1 and others and rng.random() < 0.5 else minds[teller].where
            beats.append({"act": "tell", "who": teller, "whom": whom, "where": where})
        else:
            return None
        done = {beat.get("who") for beat in beats if beat["act"] == "idle"}
        return [
            *beats,
            *[{"act": "idle", "who": name} for name in there if name not in done and rng.random() < 0.25][:1],
        ]

    def kind_in(self, case: ProblemCase) -> Kind:
        """Return the kind of the question, with the places and the people of the case."""
        if case.asks == "part":
            return super().kind_in(case)
        places = OneOf(tuple(self.entries_of(case.facts["setting"], "where")))
        return Both(places, OneOf(ROMAN[1:]), "closing/where")

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Follow each chain of heads through the scenes that all its members share."""
        work, story = Work(is_quiet=True), events(facts["beats"])
        real = [event.beat["where"] for event in story if event.beat["act"] == "put"][-1]
        minds = {name: believed(story, (name,), work) for name in cast_of(facts)}
        results: dict[str, Any] = {}
        chain = [facts[key] for key in "abc" if key in facts]
        for ask, depth in DEPTHS.items():
            if depth <= len(chain):
                mind = believed(story, chain[:depth], work)
                results[ask] = (mind.where, ROMAN[mind.scene]) if mind.where and mind.has_one_source else None
        if len(chain) > 1:
            one, two = minds[chain[1]], believed(story, chain[:2], work)
            apart = [n for n in one.after if one.after[n] and two.after[n] and one.after[n] != two.after[n]]
            unsure = [n for n in one.after if n <= min(apart, default=0) and bool(one.after[n]) != bool(two.after[n])]
            results["part"] = ROMAN[apart[0]] if apart and not unsure else None
            results["second_is_true"] = two.where == one.where
        if len(chain) > 2:
            shorter = (minds[chain[2]].where, believed(story, chain[1:], work).where)
            results["third_is_shorter"] = results["third"] is not None and results["third"][0] in shorter
        if chain:
            results["own_is_true"] = minds[chain[0]].where == real
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the note, the scenes, and the question."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        note = [page.say("prompt/eyes"), page.say("prompt/room")]
        note += [page.say("prompt/hidden")] if "onlooker" in facts else []
        note += case.pen("note").order("end", [page.say("prompt/guess"), page.say("prompt/lie")])
        scenes: list[list[str]] = []
        for index, beat in enumerate(facts["beats"]):
            if beat["act"] == "scene":
                scenes.append([])
            text = page.say(bank_of(beat), **{**setting, **beat})
            scenes[-1].append(text)
            if beat["act"] in ("put", "tell") and case.pen("close").chance(f"close {index}", 0.4):
                scenes[-1].append(page.say("prompt/close"))
        story = "\n\n".join([page.say("prompt/title", **setting), *(" ".join(scene) for scene in scenes)])
        return self.framed(case, page, note=" ".join(note), story=story)

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Go through the scenes for each chain of heads that is asked about."""
        facts, work, story = case.facts, narrative.work, events(case.facts["beats"])
        chain = [facts[key] for key in "abc" if key in facts]
        narrative.step(f"issue.{case.asks}", **facts)
        narrative.point = 1
        if case.asks in DEPTHS:
            mind = believed(story, chain, work, narrative)
            result = (mind.where, ROMAN[mind.scene]) if mind.where else None
            narrative.answer(f"answer.{case.asks}", result, belief=mind.where, num=mind.scene, **facts)
            return
        one = believed(story, chain[1:], work, narrative)
        narrative.point = 2
        narrative.step("begin.other", **facts)
        two = believed(story, chain, work, narrative)
        narrative.point = 3
        scene = _first_apart(one, two, narrative)
        narrative.answer("answer.part", ROMAN[scene] if scene else None, num=scene, **facts)

    def stated(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the facts as the program takes them, with each head that is there at the beginning of a scene."""
        beats = [{key: value for key, value in beat.items() if key != "present"} for beat in facts["beats"]]
        present = enumerate(beat.get("present", ()) for beat in facts["beats"])
        heads = [{"beat": index, "name": name} for index, names in present for name in names]
        return {"beats": beats, "heads": heads, **{key: facts[key] for key in "abc" if key in facts}}

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield somebody who stays, who goes without hiding, who is not there, and another thing said."""
        beats = case.facts["beats"]
        for index, beat in enumerate(beats):
            if beat["act"] in ("leave", "hide"):
                yield Change({"beat": index, "act": "stay"})
            if beat["act"] == "hide":
                yield Change({"beat": index, "act": "leave"})
            if beat["act"] == "tell":
                for where in [other["where"] for other in beats[:index] if other["act"] == "put"]:
                    if where != beat["where"]:
                        yield Change({"beat": index, "where": where})
            if len(beat.get("present", ())) > 2:
                for name in sorted(set(beat["present"]) - acting(beats, index)):
                    yield Change({"beat": index, "present": tuple(other for other in beat["present"] if other != name)})

    def applied(self, facts: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
        """Change one beat, or leave it out where somebody stays."""
        index, rest = patch["beat"], {key: value for key, value in patch.items() if key != "beat"}
        changed = [] if rest.get("act") == "stay" else [{**facts["beats"][index], **rest}]
        beats = [*facts["beats"][:index], *changed, *facts["beats"][index + 1 :]]
        return {**facts, "beats": beats} if len(cast_of({"beats": beats})) == len(cast_of(facts)) else dict(facts)


def bank_of(beat: Beat) -> str:
    """Return the bank that prints a beat."""
    act = beat["act"]
    if act in ("idle", "tell"):
        role = ROLE_OF[beat["who"]]
        return f"prompt/{act}.{MANNERS.get(role, role) if act == 'tell' else role}"
    return f"prompt/put.{beat['time']}" if act == "put" else f"prompt/{act}"


def acting(beats: Sequence[Beat], head: int) -> set[str]:
    """Return who does, says or is told something in the scene that begins at a beat."""
    names: set[str] = set()
    for beat in beats[head + 1 :]:
        if beat["act"] == "scene":
            break
        names |= {beat[key] for key in ("who", "whom") if key in beat}
    return names


def cast_of(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the characters in the order in which the story names them."""
    return tuple(dict.fromkeys(name for beat in facts["beats"] for name in beat.get("present", ())))


def _first_apart(one: Belief, two: Belief, narrative: Narrative) -> int:
    """Return the first scene at whose end two beliefs differ, 0 where none does."""
    for scene, where in one.after.items():
        differs = bool(where) and bool(two.after[scene]) and where != two.after[scene]
        narrative.step("apart" if differs else "still", num=scene)
        if differs:
            return scene
    return 0


SCHEME = House()
