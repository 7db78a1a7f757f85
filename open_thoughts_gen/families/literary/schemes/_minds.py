"""What people believe in a story: from what they have seen and heard themselves, and from what they know of others.

A chain of heads (what A takes B to believe) is followed through those events that all its members share, as far as the
ones before know: whoever looks on from hiding has seen a thing, but nobody has seen him see it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
    """What is believed so far: the place, the scene that it goes back to, whether it was seen, and the place by scene.

    If the same was said in two scenes, it has no single source.
    """

    where: str = ""
    scene: int = 0
    was_seen: bool = False
    has_one_source: bool = True
    after: dict[int, str] = field(default_factory=dict)


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
        beat, kind = event.beat, event.beat["act"]
        missing = _missing(event, chain)
        takes_part = case.work.settle(missing is None, missing is not None)
        bank, known = "missed", {"watcher": [*chain, ""][0], "missing": missing or ["", *chain][-1], "num": event.scene}
        if takes_part and (kind == "put" or not mind.was_seen):
            mind.has_one_source = beat["where"] != mind.where
            mind.where, mind.scene, mind.was_seen = beat["where"], event.scene, kind == "put"
            bank = "believed" if kind == "tell" else "spied" if event.hidden.issuperset(chain[:1]) else "seen"
        elif takes_part:
            bank = "ignored"
        elif kind == "put" and missing in event.hidden:
            bank = "unknown"
        mind.after[event.scene] = mind.where
        if bank != "ignored" or [beat["who"]] != list(chain):  # nobody is tempted by a word of his own
            case.say(f"{kind}.{bank}", **{**beat, **known, "belief": mind.where})
    return mind


def _missing(event: Event, chain: Sequence[str]) -> str | None:
    """Return the first of a chain of heads who has no part in an event as far as those before know; None if all have."""
    openly = (event.openly | event.hidden, *(event.openly for _ in chain[1:]))
    return next((name for name, group in zip(chain, openly, strict=False) if name not in group), None)
