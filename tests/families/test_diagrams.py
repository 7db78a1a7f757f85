"""The family of diagrams: every notation in every hand, and what its schemes come to, checked on the printed text."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

import pytest

from open_thoughts_gen.families.diagrams import Diagrams, schemes
from open_thoughts_gen.families.diagrams.schemes import circuit, gantt, pipes, plan, schema, states
from open_thoughts_gen.families.kit import gloss
from open_thoughts_gen.families.kit.family import schemes_of
from open_thoughts_gen.families.kit.forms import PrintedSoFar
from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.sheets import DrawingForm, Rows, Sheet
from open_thoughts_gen.plugin import Context

SCHEMES = schemes_of(schemes)
NUM_CHARTS, NUM_HANDS = 12, 4
# Words that end or begin something in Mermaid and in DOT, so that no box may be called so.
RESERVED = {"end", "graph", "subgraph", "flowchart", "node", "edge", "digraph", "strict", "class", "click", "style"}


def form_of(name: str) -> DrawingForm:
    form = SCHEMES[name].forms["chart"]
    assert isinstance(form, DrawingForm)
    return form


def drawings(name: str) -> Iterator[tuple[str, Rows, str]]:
    """Yield charts of a scheme in each of its notations and in several hands: notation, rows, text."""
    for index in range(NUM_CHARTS):
        facts = SCHEMES[name].draw(Random(index), 1 + index % 4)
        if facts is None:
            continue
        for notation in form_of(name).styles[1:]:
            for hand in range(NUM_HANDS):
                sheet = Sheet(facts["chart"], Pen(f"{index}/{hand}"))
                yield notation, facts["chart"], form_of(name).write(sheet, notation, PrintedSoFar())


@pytest.mark.parametrize("name", SCHEMES)
def test_a_drawing_is_read_back_in_every_notation_and_hand(name: str) -> None:
    texts = set()
    for notation, rows, text in drawings(name):
        kept = json.loads(json.dumps(text)).replace("\r", "")
        assert (len(text), rows) in list(form_of(name).read(kept + "\n\nNext.", 0, notation)), text
        texts.add(text)
    assert len(texts) > 2 * NUM_CHARTS


@pytest.mark.parametrize("name", SCHEMES)
def test_a_drawing_is_what_a_renderer_takes(name: str) -> None:
    for _, _, text in drawings(name):
        lines = [line.strip() for line in text.split("\n")]
        assert "\t" not in text
        assert all(line == line.rstrip() for line in text.split("\n"))
        if lines[0] == "```dot":
            assert re.fullmatch(r"digraph \w+ \{", lines[1])
            assert lines[-2] == "}"
        if lines[0] == "```mermaid":
            heads = "flowchart|graph|gantt|stateDiagram|erDiagram|classDiagram"
            assert re.match(rf"(?:{heads})\b", lines[1]), text
            keys = set(re.findall(r"^(\w+)", "\n".join(lines[2:-1]), re.MULTILINE)) - {"end", "subgraph"}
            assert not keys & RESERVED
            assert lines.count("end") == sum(line.startswith("subgraph") for line in lines)
        if lines[0].startswith("| "):
            assert len({line.count(" | ") for line in lines}) == 1


@pytest.mark.parametrize("name", SCHEMES)
def test_a_drawing_with_a_strange_line_is_refused(name: str) -> None:
    for notation, rows, text in drawings(name):
        lines = text.split("\n")
        spoilt = "\n".join([*lines[:-1], "??", *lines[-1:]]) if text.startswith("```") else text.replace("| ", "|", 3)
        assert rows not in [value for _, value in form_of(name).read(spoilt, 0, notation)]


@pytest.mark.parametrize("name", SCHEMES)
def test_every_sentence_says_what_the_phrase_table_has_for_it(name: str) -> None:
    scheme = SCHEMES[name]
    own = [bank for bank in scheme.words.under("prompt/") if bank.name in type(scheme.words)(scheme.word_file).banks]
    phrases = gloss.load(scheme.word_file.with_suffix(".phrases.yaml"))
    assert list(gloss.faults(scheme.words, own, phrases)) == []


def test_the_coins_are_fair() -> None:
    for ask in ("enough", "holds", "same", "within", "lit", "possible"):
        family = Diagrams(asks=(ask,)).fresh(Context())
        answers = Counter(family.derive(family.problem(Random(index))).answer for index in range(60))
        assert 15 <= answers["Yes"] <= 45, ask


def test_the_flow_of_a_textbook_network() -> None:  # Cormen et al., Introduction to Algorithms, figure 26.1
    chart = tuple(
        (one, other, str(room))
        for one, other, room in (
            *(("S", "V1", 16), ("S", "V2", 13), ("V1", "V3", 12), ("V2", "V1", 4), ("V2", "V4", 14), ("V3", "V2", 9)),
            *(("V3", "T", 20), ("V4", "V3", 7), ("V4", "T", 4)),
        )
    )
    facts = {"chart": chart, "source": "S", "sink": "T", "one": "V4", "other": "V3"}
    flow = pipes.largest(pipes.rooms(chart), "S", "T")
    assert pipes.arriving(flow, "T") == sum(much for _, much in pipes.routes(flow, "S", "T")) == 23
    assert SCHEMES["pipes"].assess(facts)["flow"] == SCHEMES["pipes"].prove(facts)["flow"] == 16


WING = (
    *(("a1", "Strip", "6", "2031-03-03"), ("a2", "Rewire", "9", "after a1"), ("a3", "Lay", "7", "after a2")),
    *(("b1", "Clean", "14", "2031-03-03"), ("b2", "Photograph", "4", "after b1"), ("b3", "Build", "10", "after a1")),
    *(("c1", "Hang", "5", "after a3 b2 b3"), ("c2", "Print", "8", "after b2"), ("c3", "Set", "3", "after c1")),
    ("c4", "Preview", "1", "after c2 c3"),
)


def test_delays_are_partly_absorbed() -> None:
    slips = [{"task": name, "by": by} for name, by in (("Clean", 6), ("Build", 5), ("Print", 1))]
    for results in (SCHEMES["gantt"].assess, SCHEMES["gantt"].prove):
        found = results({"chart": WING, "slips": slips})
        assert found["moved"] == 3
        assert found["critical"] == {"Strip", "Rewire", "Lay", "Hang", "Set", "Preview"}
        assert str(found["finish"]) == "2031-04-02"


def test_what_ends_just_in_time_is_critical_too() -> None:
    rows = (("p1", "A", "3", "2031-01-01"), ("p2", "B", "3", "2031-01-01"), ("p3", "C", "2", "after p1 p2"))
    assert SCHEMES["gantt"].assess({"chart": rows})["critical"] == {"A", "B", "C"}
    assert gantt.ends_of(rows) == {"p1": 3, "p2": 3, "p3": 5}


def test_a_task_may_be_called_by_its_name_or_by_its_key() -> None:
    family = Diagrams(schemes=("gantt",), asks=("critical",), levels=(4,)).fresh(Context())
    problem = family.problem(Random(3))
    rows, names = problem.spec["facts"]["chart"], family.derive(problem).answer.split(", ")
    keys = [key for key, name, *_ in rows if name in names]
    wrong = next(key for key, name, *_ in rows if name not in names)
    for judged in (family.check, family.read_back):
        outcomes = {}
        for answer in (", ".join(names), ", ".join(keys), ", ".join([*keys, wrong]), ", ".join([*keys, "y77"])):
            verdict = judged(problem, answer)
            assert verdict is not None
            outcomes[answer] = verdict.outcome
        assert list(outcomes.values()) == ["correct", "correct", "incorrect", "undecided"], outcomes
        mixed = judged(problem, f"{keys[0].upper()} ({names[0]}), " + " and ".join(names[1:]))
        assert mixed is not None
        assert mixed.outcome == "correct"


TURNSTILE = (
    *(("[*]", "Locked", ""), ("Locked", "Open", "coin"), ("Open", "Locked", "push"), ("Open", "[*]", "")),
    *(("Locked", "Alarm", "kick"), ("Alarm", "Locked", "key")),
)


@pytest.mark.parametrize(
    ("log", "after"), [(("coin",), "Open"), (("push", "coin", "coin", "push"), "Locked"), (("kick", "coin"), "Alarm")]
)
def test_an_event_without_an_arrow_changes_nothing(log: tuple[str, ...], after: str) -> None:
    facts = {"chart": TURNSTILE, "log": log}
    assert SCHEMES["states"].assess(facts)["after"] == SCHEMES["states"].prove(facts)["after"] == after
    assert states.Machine(TURNSTILE).run(log)[-1] == after


@pytest.mark.parametrize(("there", "tells"), [("Open", 1), ("Locked", 2), ("Alarm", None)])
def test_machines_are_told_apart_by_the_shortest_log(there: str, tells: int | None) -> None:
    facts = {"chart": TURNSTILE, "here": "Locked", "event": "kick", "there": there}
    assert SCHEMES["states"].assess(facts)["tells"] == SCHEMES["states"].prove(facts).get("tells") == tells


def test_rooms_are_as_far_as_a_walk_over_the_printed_plan_says() -> None:
    for index in range(30):
        facts = SCHEMES["plan"].draw(Random(index), 1 + index % 4)
        assert facts is not None
        text = form_of("plan").write(Sheet(facts["chart"], Pen(str(index))), "plan", PrintedSoFar())
        assert walked(text.split("\n")[1:-1]) == plan.distances(facts["chart"])


def walked(lines: list[str]) -> dict[str, int]:
    """Return the doors between each letter of a plan and its rim, by steps from character to character."""
    length = max(map(len, lines)) + 2
    canvas = [" " * length, *(f" {line}".ljust(length) for line in lines), " " * length]
    letters = [(row, column) for row, line in enumerate(canvas) for column, char in enumerate(line) if char.isupper()]
    (first, left), (_, right) = letters[:2]
    below = next(row for row, _ in letters if row > first)
    flat = range(1, len(canvas), below - first)
    upright = range(left - (right - left) // 2, length, right - left)
    found, doors, queue = {}, {(0, 0): 0}, deque([(0, 0)])
    while queue:
        row, column = queue.popleft()
        if canvas[row][column].isupper():
            found[canvas[row][column]] = doors[row, column]
        for down, over in ((0, 1), (1, 0), (0, -1), (-1, 0)):
            at = row + down, column + over
            is_inside = 0 <= at[0] < len(canvas) and 0 <= at[1] < length
            if not is_inside or not (canvas[at[0]][at[1]] == " " or canvas[at[0]][at[1]].isupper()):
                continue
            is_gap = (down != 0 and at[0] in flat) or (over != 0 and at[1] in upright)
            crossed = is_gap and 0 < at[0] < len(canvas) - 1 and 0 < at[1] < length - 1  # not outside
            if at not in doors or doors[row, column] + crossed < doors[at]:
                doors[at] = doors[row, column] + crossed
                queue.append(at)
    return found


@pytest.mark.parametrize(("on", "lit"), [("", False), ("a", True), ("b", True), ("ab", False)])
def test_four_gates_make_an_exclusive_or(on: str, lit: bool) -> None:
    chart = (("G1", "NAND", "a", "b"), ("G2", "NAND", "a", "G1"), ("G3", "NAND", "b", "G1"), ("G4", "NAND", "G2", "G3"))
    facts = {"chart": chart, "on": tuple(on), "lamp": "G4"}
    for results in (SCHEMES["circuit"].assess(facts), SCHEMES["circuit"].prove(facts)):
        assert (results["lit"], results["deciders"]) == (lit, frozenset("ab"))
    assert circuit.pins_of(chart) == ["a", "b"]


def test_links_are_counted_from_both_ends() -> None:
    chart = (("Player", "Team", "3..5", "1", "joins"), ("Team", "Trainer", "1..2", "1..3", "has"))
    facts: Mapping[str, Any] = {"chart": chart, "asked": "Trainer", "given": [{"entity": "Player", "count": 40}]}
    for results in (SCHEMES["schema"].assess(facts), SCHEMES["schema"].prove(facts)):
        assert (results["least"], results["most"]) == (4, 39)  # with 8 to 13 teams
    assert schema.range_of("3") == (3, 3)


def test_a_count_that_has_to_be_a_multiple_is_not_drawn() -> None:
    chart = (("Team", "Player", "1", "3", "has"), ("Team", "Coach", "2..3", "1", "has"))
    assert schema.bounds({"chart": chart, "asked": "Player", "given": [{"entity": "Coach", "count": 9}]}) is None
