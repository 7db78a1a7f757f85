"""A thing is moved about a room while people come, go, listen and lie: who believes it to be where, and of whom.

Beliefs about beliefs, to a depth of three, in the manner of the tests of false belief (H. Wimmer and J. Perner, 1983; J.
Perner and H. Wimmer, 1985, for the second order). A printed note closes the world: eyes go before tales, those in a room
notice each other, an onlooker in hiding is known to nobody. The scene that settles a belief is part of the answer.

The traps: the reader's own knowledge; a lie told to somebody who has seen better; an onlooker of whom the others do not
know, so that their picture of him stays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.kit.authoring import Ask, Change, Page, ProblemCase, Reckoning
from open_thoughts_gen.families.kit.kinds import Both, OneOf
from open_thoughts_gen.families.kit.prose import ROMAN
from open_thoughts_gen.families.literary.scheme import ROLE_OF, ROLES, WORDS, LiteraryScheme, people
from open_thoughts_gen.families.literary.schemes._minds import Beat, Belief, believed, events

NUM_PEOPLE = {1: 3, 2: 4, 3: 4, 4: 5}
REPLY_RATE = 0.75
PARAGRAPH = "\n\n"
NUM_SCENES = {1: 3, 2: 5, 3: 8, 4: 10}
DEPTHS = {"own": 1, "second": 2, "third": 3}
PLACE = Both(OneOf(()), OneOf(ROMAN[1:]), "closing/where")


class House(LiteraryScheme):
    """A thing, a room, and what is in people's heads."""

    name: ClassVar[str] = "house"
    more_words: ClassVar[Sequence[Path]] = (WORDS / "voices.yaml", WORDS / "frame.yaml")
    asks: ClassVar[Mapping[str, Ask]] = {
        "own": Ask(PLACE, "own", 1, ("a",), "own_is_shorter", until=2),
        "second": Ask(PLACE, "second", 2, ("a", "b"), "second_is_shorter"),
        "part": Ask(OneOf(ROMAN[1:], "closing/scene"), "part", 3, ("a", "b")),
        "third": Ask(PLACE, "third", 3, ("a", "b", "c"), "third_is_shorter", (True, False, False)),
    }
    among: ClassVar[Mapping[str, str]] = dict.fromkeys(asks, "setting.where")
    pairs: ClassVar[Mapping[str, tuple[str, str]]] = {ask: (f"{ask}_where", f"{ask}_scene") for ask in DEPTHS}

    def draw(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw scene after scene: who is there, who goes or hides, who moves the thing or speaks of it."""
        setting, places = self.drawn_setting(rng, "where")
        names = people(rng, NUM_PEOPLE[level])
        beats: list[dict[str, Any]] = []
        for scene in range(1, NUM_SCENES[level] + 1):
            drawn = self._scene(rng, level, names, places, beats)
            if drawn is None:
                return None
            beats += [{"num": scene, **drawn[0]}, *drawn[1:]]
        if set(self.choices({"beats": beats}, "beats.present")) != set(names):
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
        minds = {name: believed(events(before), (name,), Reckoning({})) for name in there}
        real = next((beat["where"] for beat in reversed(before) if beat["act"] == "put"), "")
        movers = [name for name in there if not before or minds[name].where == real]
        tellers = [name for name in there if minds[name].was_seen]
        if movers and places and (not before or rng.random() < 0.6):
            time = "again" if before else "first"
            beats.append({"act": "put", "time": time, "who": rng.choice(movers), "where": places.pop()})
        elif tellers:
            teller = rng.choice(tellers)
            whom = rng.choice([name for name in there if name != teller])
            others = [beat["where"] for beat in before if beat["act"] == "put" and beat["where"] != real] + places[-1:]
            where = rng.choice(others) if level > 1 and others and rng.random() < 0.5 else minds[teller].where
            beats.append({"act": "tell", "who": teller, "whom": whom, "where": where})
            beats += [{"act": "reply", "who": whom}] if rng.random() < REPLY_RATE else []
        else:
            return None
        heard = {beat["who"] for beat in beats if beat["act"] in ("idle", "reply")}
        idle = [{"act": "idle", "who": name} for name in there if name not in heard and rng.random() < 0.25]
        return [*beats, *idle[:1]]

    def walk(self, case: Reckoning, asks: str) -> object:
        """Follow the chain of heads that is asked about to the end, or two of them until they part."""
        story, chain = events(case.facts["beats"]), [case.facts[key] for key in "abc" if key in case.facts]
        if asks in DEPTHS:
            mind = believed(story, chain[: DEPTHS[asks]], case)
            is_clear = mind.where and mind.has_one_source
            return (case.know("belief", mind.where), ROMAN[case.know("num", mind.scene)]) if is_clear else None
        one, two = Belief(), Belief()
        for event in story:
            bank, shown = one.take(event, chain[1:2], case)
            if bank:
                case.say("put.watched" if bank == "seen" else f"{event.beat['act']}.{bank}", **shown)
            if bank == "missed":
                continue
            bank, shown = two.take(event, chain[:2], case)
            if bank in ("seen", "spied", "believed"):
                bank = "shared" if one.where == two.where else "heard"
            if bank and bank != "ignored":
                case.say(f"picture.{bank}", **shown, pictured=two.where)
            if one.where != two.where and not (one.where and two.where):
                return None  # one of them has no belief yet
            if one.where != two.where:
                case.say("apart", num=event.scene, belief=one.where, pictured=two.where)
                return ROMAN[case.know("num", event.scene)]
        return None

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Return the results, and whether each place is that of a shorter chain; none at all believes what is so."""
        results, story = super().assess(facts), events(facts["beats"])
        chain = [facts[key] for key in "abc" if key in facts]
        for ask, depth in DEPTHS.items():
            shorter = [chain[start:depth] for start in range(1, max(depth, 2))]
            places = [believed(story, heads, Reckoning(facts)).where for heads in shorter if results.get(ask)]
            results[f"{ask}_is_shorter"] = results[ask][0] in places if places else None
        return results

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the note, the scenes, and the question."""
        facts, setting = case.facts, {"setting": case.facts["setting"]}
        note = [page.say("prompt/eyes"), page.say("prompt/room")]
        note += [page.say("prompt/hidden")] if "onlooker" in facts else []
        note += case.pen("note").order("end", [page.say("prompt/guess"), page.say("prompt/lie")])
        scenes, acts = list[str](), [*(beat["act"] for beat in facts["beats"]), ""]
        for index, (beat, after) in enumerate(zip(facts["beats"], acts[1:], strict=True)):
            text = page.say(bank_of(beat), **{**setting, **beat})
            is_end = beat["act"] in ("put", "tell", "reply") and after != "reply"
            if is_end and case.pen("close").chance(f"close {len(scenes)}", 0.4):
                text += f" {page.say('prompt/close')}"
            if beat["act"] == "scene":
                scenes.append(text)
            else:
                is_talk = not {"tell", "reply"}.isdisjoint(acts[index - 1 : index + 1])
                scenes[-1] += f"{PARAGRAPH if is_talk else ' '}{text}"
        story = [page.say("prompt/title", **setting), page.say("prompt/prologue", **setting)]
        story += [*scenes, page.say("prompt/end")]
        return self.framed(case, page, note=" ".join(note), story=PARAGRAPH.join(story))

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield somebody who stays, who goes without hiding, who is not there, and another thing said."""
        beats = case.facts["beats"]
        for index, beat in enumerate(beats):
            others: list[list[Beat]] = [[]] if beat["act"] in ("leave", "hide") else []
            if beat["act"] == "hide":
                others.append([{**beat, "act": "leave"}])
            if beat["act"] == "tell":
                said = dict.fromkeys(other["where"] for other in beats[:index] if other["act"] == "put")
                others += [[{**beat, "where": where}] for where in said if where != beat["where"]]
            busy = acting(beats[index + 1 :]) if len(beat.get("present", ())) > 2 else beat.get("present", ())
            for name in (name for name in beat.get("present", ()) if name not in busy):
                if sum(name in other.get("present", ()) for other in beats) > 1:
                    others.append([{**beat, "present": tuple(other for other in beat["present"] if other != name)}])
            for other in others:
                yield Change({"beats": [*beats[:index], *other, *beats[index + 1 :]]})


def bank_of(beat: Beat) -> str:
    """Return the bank that prints a beat: pastimes, news and replies are in the voice of a role."""
    act = beat["act"]
    if act not in ("idle", "tell", "reply"):
        return f"prompt/put.{beat['time']}" if act == "put" else f"prompt/{act}"
    role = ROLE_OF[beat["who"]]
    return f"prompt/{act}.{ROLES[role]['tells'] if act == 'tell' else role}"


def acting(beats: Sequence[Beat]) -> set[str]:
    """Return who does, says or is told something before the next scene."""
    scene = takewhile(lambda beat: beat["act"] != "scene", beats)
    return {beat[key] for beat in scene for key in ("who", "whom") if key in beat}


SCHEME = House()
