"""What people believe in a story: from what they have seen and heard themselves, and from what they know of others.

A chain of heads (what A takes B to believe) is followed through those events that all its members share, as far as the
ones before know: whoever looks on from hiding has seen a thing, but nobody has seen him see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from open_thoughts_gen.families.kit.reckoning import Reckoning

Beat = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """A thing done or said: in which scene, the beat, who is openly there, and who looks on from hiding."""

    scene: int
    beat: Beat
    openly: frozenset[str]
    hidden: frozenset[str]


@dataclass(slots=True)
class Belief:
    """What is believed so far: the place, the scene that it goes back to, whether it was seen, and not just said twice."""

    where: str = ""
    scene: int = 0
    was_seen: bool = False
    has_one_source: bool = True

    def take(self, event: Event, chain: Sequence[str], case: Reckoning) -> tuple[str, dict[str, Any]]:
        """Take an event in if all of a chain share it; return how it is told, and with what: nothing of one's own word."""
        beat, missing = event.beat, _missing(event, chain)
        takes_part = case.work.settle(missing is None, missing is not None)
        bank = "unknown" if missing in event.hidden else "missed"
        if takes_part and (beat["act"] == "put" or not self.was_seen):
            self.has_one_source = beat["where"] != self.where
            self.where, self.scene, self.was_seen = beat["where"], event.scene, beat["act"] == "put"
            bank = "believed" if not self.was_seen else "spied" if event.hidden.issuperset(chain[:1]) else "seen"
        elif takes_part:
            bank = "ignored" if [beat["who"]] != list(chain) else ""
        shown = {"watcher": [*chain, ""][0], "missing": missing or ["", *chain][-1], "num": event.scene}
        return bank, {**beat, **shown, "belief": self.where}


def events(beats: Sequence[Beat]) -> list[Event]:
    """Return what is done and said, with its witnesses."""
    story: list[Event] = []
    scene, openly, hidden = 0, set[str](), set[str]()
    for beat in beats:
        if beat["act"] == "scene":
            scene, openly, hidden = beat.get("num", scene + 1), set(beat["present"]), set()
        elif beat["act"] in ("leave", "hide"):
            openly.discard(beat["who"])
            hidden |= {beat["who"]} if beat["act"] == "hide" else set()
        elif beat["act"] in ("put", "tell"):
            story.append(Event(scene, beat, frozenset(openly), frozenset(hidden)))
    return story


def believed(story: Sequence[Event], chain: Sequence[str], case: Reckoning) -> Belief:
    """Return what the last of a chain believes, in the opinion of those before: from what all of them share.

    Nobody misses anything if the chain is empty: it ends where the thing is.
    """
    mind = Belief()
    for event in story:
        bank, shown = mind.take(event, chain, case)
        if bank:
            case.say(f"{event.beat['act']}.{bank}", **shown)
    return mind


def _missing(event: Event, chain: Sequence[str]) -> str | None:
    """Return the first of a chain of heads who has no part in an event as far as those before know; None if all have."""
    openly = (event.openly | event.hidden, *(event.openly for _ in chain[1:]))
    return next((name for name, group in zip(chain, openly, strict=False) if name not in group), None)
