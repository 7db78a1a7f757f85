"""Floor plans in letters: how many doors lie between a room and the open air, and what one locked door does to that.

The derivation reads the doors off the plan and goes inward from the exits, door by door. The second implementation goes
outward from each room, in an answer set program. The traps: rooms that share a wall and no door, and a locked door that
lengthens the way of a room far from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.scheme import DiagramScheme
from open_thoughts_gen.families.kit.authoring import Ask, Change, Narrative, ProblemCase
from open_thoughts_gen.families.kit.graphs import reached
from open_thoughts_gen.families.kit.kinds import OneOf, SomeOf, YesNo
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.sheets import Notation, Rows

OUT = "outside"
SIZES = {1: ((2, 3), (3, 2)), 2: ((2, 4), (3, 3), (4, 2)), 3: ((3, 4), (4, 3), (3, 5)), 4: ((4, 5), (5, 4), (3, 6))}
LETTERS = "BCDEFGHJKLMNPQRSTUVWXYZ"
WIDTHS, HEIGHTS = (5, 7, 9, 11), (2, 3)
Door = tuple[str, str]


class FloorPlan(Notation):
    """Rooms in rows; a gap in a wall is a door, one in an outer wall leads outside.

    Rows are ("room", names from left to right), for each row of rooms, then ("door", one, other) in the order in which
    the plan has them, with `outside` for the open air and its side: north, south, west or east.
    """

    WALLS: ClassVar = ("+-|", "###", "+=|", "*-:", "o-|", "+~!")  # a corner, and what walls are of

    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the plan."""
        rooms = [row[1:] for row in rows if row[0] == "room"]
        corner, flat, upright = [*pen.pick("walls", *self.WALLS)]
        width, height = pen.pick("width", *WIDTHS), pen.pick("height", *HEIGHTS)
        level = corner + (flat * width + corner) * len(rooms[0])
        canvas = [list(level)]
        for names in rooms:
            middle = upright + "".join(name.center(width) + upright for name in names)
            blank = upright + (" " * width + upright) * len(names)
            canvas += [list(line) for line in (blank, middle, *([blank] if height > 2 else []), level)]
        for door in (row[1:] for row in rows if row[0] == "door"):
            for line, column in gap(rooms, door, width, height):
                canvas[line][column] = " "
        return ["".join(line) for line in canvas]

    def parse(self, lines: Sequence[str]) -> Rows:
        """Return the rooms and doors of a plan."""
        spots = [(y, x) for y, line in enumerate(lines) for x, char in enumerate(line) if char.isupper()]
        tops = list(dict.fromkeys(y for y, _ in spots))
        if len(tops) < 2:
            raise ValueError("no plan of rooms")
        width, height = spots[1][1] - spots[0][1] - 1, tops[1] - tops[0] - 1
        rooms = [tuple(lines[top][x] for y, x in spots if y == top) for top in tops]
        length = 1 + len(rooms[0]) * (width + 1)
        canvas = [line.ljust(length) for line in lines]
        if len(canvas) != 1 + len(rooms) * (height + 1) or {*map(len, canvas)} != {length}:
            raise ValueError("walls that do not fit the rooms")
        places = ((door, gap(rooms, door, width, height)) for door in possible(rooms))
        doors = [door for door, gaps in places if all(canvas[line][column] == " " for line, column in gaps)]
        return (*(("room", *names) for names in rooms), *(("door", *door) for door in doors))


def possible(rooms: Sequence[Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Yield every place where a door could be, row by row: to the right, downwards, then outside."""
    for line, names in enumerate(rooms):
        for column, name in enumerate(names):
            if column + 1 < len(names):
                yield name, names[column + 1]
            if line + 1 < len(rooms):
                yield name, rooms[line + 1][column]
            sides = {"north": line == 0, "south": line == len(rooms) - 1}
            sides |= {"west": column == 0, "east": column == len(names) - 1}
            yield from ((name, OUT, side) for side, is_outer in sides.items() if is_outer)


def gap(rooms: Sequence[Sequence[str]], door: Sequence[str], width: int, height: int) -> list[tuple[int, int]]:
    """Return the lines and columns at which the wall is open for a door."""
    line, column = next((y, names.index(door[0])) for y, names in enumerate(rooms) if door[0] in names)
    side = door[2] if door[1] == OUT else "east" if door[1] in rooms[line] else "south"
    middle, centre = line * (height + 1) + 1 + height // 2, column * (width + 1) + 1 + width // 2
    if side in ("west", "east"):
        return [(middle, (column + (side == "east")) * (width + 1))]
    return [((line + (side == "south")) * (height + 1), at) for at in (centre - 1, centre, centre + 1)]


def rooms_of(chart: Rows) -> list[str]:
    """Return the rooms in printed order."""
    return [name for row in chart if row[0] == "room" for name in row[1:]]


class Floor(DiagramScheme):
    """A floor of rooms with ways out, and a door that is locked."""

    name: ClassVar[str] = "plan"
    notations: ClassVar[Sequence[str]] = ("plan",)
    sets: ClassVar[Mapping[str, str]] = {"longer": "names.c0"}
    asides: ClassVar[Sequence[int]] = (3, 4, 5)
    details: ClassVar[Mapping[str, str]] = {"locked": "one"}
    answers = staticmethod(rooms_of)
    asks: ClassVar[Mapping[str, Ask]] = {
        "farthest": Ask(OneOf(()), "farthest"),
        "within": Ask(YesNo(), "within", needs=("room", "one", "other", "limit"), coin="within"),
        "longer": Ask(SomeOf(()), "longer", 2, ("one", "other"), "some", (True, True, True, False)),
    }

    def own_notations(self) -> dict[str, Notation]:
        """Return the plan."""
        return {"plan": FloorPlan()}

    def in_words(self, row: Sequence[str]) -> str:
        """Return a row of a plan in words."""
        kind, *names = row
        if kind == "room":
            return f"a row with {', '.join(names)}"
        return f"{names[0]} to the outside, {names[2]}" if names[1] == OUT else f"{names[0]}-{names[1]}"

    def attempt(self, rng: Random, level: int) -> dict[str, Any] | None:
        """Draw a plan in which every room has a way out, and a door on somebody's way."""
        height, width = rng.choice(SIZES[level])
        names = rng.sample(LETTERS, height * width)
        rooms = [names[index * width : (index + 1) * width] for index in range(height)]
        places = list(possible(rooms))
        inner = [place for place in places if OUT not in place]
        opened = set(rng.sample([place for place in places if OUT in place], rng.choice((1, 1, 2))))
        joined, left = {names[0]}, rng.sample(inner, len(inner))
        while crossing := next((pair for pair in left if (pair[0] in joined) != (pair[1] in joined)), None):
            joined |= set(crossing)
            opened.add(crossing)
        spare = [pair for pair in inner if pair not in opened]
        opened |= set(rng.sample(spare, rng.randint(0, 1 + len(spare) // 3)))
        chart = (*(("room", *row) for row in rooms), *(("door", *place) for place in places if place in opened))
        one, other = rng.choice([place for place in inner if place in opened])
        facts: dict[str, Any] = {"chart": chart, "one": one, "other": other}
        far, now = distances(chart), distances(chart, facts)
        now = {name: now.get(name, len(far) + 1) for name in far if far[name] > level - (level > 2)}
        if len(limits := sorted({*now.values()})) < 2:
            return None
        facts["limit"], is_within = rng.choice(limits[:-1]), rng.random() < 0.5  # so that neither says the other
        pool = [name for name in now if (now[name] <= facts["limit"]) == is_within]
        felt = [name for name in pool if far[name] <= facts["limit"] and far[name] < now[name]]
        if not felt and rng.random() < 0.85:
            return None  # or whoever forgets the locked door would mostly be right
        apart = [name for name in felt if (name in (one, other)) == is_within]  # or it would be the rooms at that door
        return facts | {"room": rng.choice(rng.choice((apart, apart, felt, pool)) or felt or pool)}

    def assess(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Go inward from the exits, with all doors open and with the locked one."""
        far = distances(facts["chart"])
        longest = [name for name, doors in far.items() if doors == max(far.values())]
        results: dict[str, Any] = {"farthest": longest[0] if len(longest) == 1 else None}
        if "one" in facts:
            now = distances(facts["chart"], facts)
            results["longer"] = frozenset(name for name in far if now.get(name, len(far) + 1) > far[name])
            results["some"] = bool(results["longer"])
            if "limit" in facts:
                results["within"] = now.get(facts["room"], facts["limit"] + 1) <= facts["limit"]
        return results

    def tell(self, case: ProblemCase, narrative: Narrative) -> None:
        """Tell the doors, the layers from outside, and where the locked door is felt."""
        facts, asks, chart = case.facts, case.asks, case.facts["chart"]
        narrative.step(f"issue.{asks}", **facts)
        narrative.step("doors", names=[f"{one}-{other}" for one, other in doors_of(chart) if other != OUT])
        narrative.step("exits", others=[one for one, other in doors_of(chart) if other == OUT])
        narrative.point = 1
        if asks != "within":
            far = tell_layers(narrative, chart, None)
            if asks == "farthest":
                longest = [name for name in far if far[name] == max(far.values())]
                alone = longest[0] if len(longest) == 1 else None
                narrative.answer("answer.farthest", alone, room=alone, doors=max(far.values()))
                return
            narrative.point = 2
        narrative.step("locked", **facts)
        now = tell_layers(narrative, chart, facts, facts.get("room", ""))
        if asks == "within":
            doors = now.get(facts["room"])
            result = doors is not None and not narrative.work.exceeds(doors, facts["limit"])
            narrative.answer("answer.within.cut" if doors is None else "answer.within", result, **facts, doors=doors)
            return
        left = [name for name in rooms_of(chart) if name not in now]
        if left:
            narrative.step("left", others=left)
        longer = [name for name in rooms_of(chart) if now.get(name, len(far) + 1) > far.get(name, 0)]
        longer = narrative.work.settle(longer, longer[1:])
        narrative.answer("answer.longer", frozenset(longer), names=longer)

    def changes(self, case: ProblemCase, rng: Random) -> Iterator[Change]:
        """Yield a door walled up or broken through, another door locked, another limit."""
        facts, chart = case.facts, case.facts["chart"]
        rooms = [row[1:] for row in chart if row[0] == "room"]
        opened = {row[1:] for row in chart if row[0] == "door"}
        for place in possible(rooms):
            if len(place) == 2 and place != (facts.get("one"), facts.get("other")):
                doors = [other for other in possible(rooms) if (other in opened) != (other == place)]
                other_chart = (*(("room", *row) for row in rooms), *(("door", *door) for door in doors))
                if len(distances(other_chart)) == len(rooms_of(chart)):
                    yield Change({"chart": other_chart})
                if "one" in facts and place in opened:
                    yield Change({"one": place[0], "other": place[1]}, option="locked")


def doors_of(chart: Rows, facts: Mapping[str, Any] | None = None) -> list[Door]:
    """Return the doors, without the locked one."""
    gone = (facts["one"], facts["other"]) if facts else None
    return [(row[1], row[2]) for row in chart if row[0] == "door" and (row[1], row[2]) != gone]


def distances(chart: Rows, facts: Mapping[str, Any] | None = None) -> dict[str, int]:
    """Return how many doors each room is from outside, the nearest first; one without a way out is left out."""
    ways = [pair for one, other in doors_of(chart, facts) for pair in ((one, other), (other, one))]
    from_outside = reached(OUT, lambda room: (other for one, other in ways if one == room))
    return {name: len(way) - 1 for name, way in from_outside.items() if name != OUT}


def tell_layers(narrative: Narrative, chart: Rows, facts: Mapping[str, Any] | None, goal: str = "") -> dict[str, int]:
    """Tell the rooms one door from outside, two doors, and so on, up to the goal if there is one."""
    found, work, count, far = dict[str, int](), narrative.work, 0, distances(chart, facts)
    for _, layer in groupby(far, key=lambda name: far[name]):
        was, count, names = count, int(work("a + 1", a=count)), list(layer)
        names = work.settle(names, names[1:])
        found |= dict.fromkeys(names, count)
        bank = "layer.first" if not was else "layer" if names else "layer.none"
        narrative.step(bank, was=was, count=count, names=names)
        if goal in names:
            break
    return found


SCHEME = Floor()
