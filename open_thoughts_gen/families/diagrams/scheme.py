"""What all schemes of diagrams share: a page around a drawing, the notations that it may be in, what a trace prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from open_thoughts_gen.families.diagrams.notation import Dot, Flowchart
from open_thoughts_gen.families.kit.authoring import Change, Form, Page, ProblemCase
from open_thoughts_gen.families.kit.forms import CountedForm, EntryForm
from open_thoughts_gen.families.kit.genre import GenreScheme
from open_thoughts_gen.families.kit.scheme import PatientScheme
from open_thoughts_gen.families.kit.sheets import DrawingForm, MarkdownTable, Notation, RowByRow, Rows, Sheet

FRAME = Path(__file__).parent / "words" / "frame.yaml"


class DiagramScheme(GenreScheme, PatientScheme):
    """A scheme whose prompt is a drawing with a story around it.

    `notations` are those that it is drawn in, the frequent ones several times; `graph` says how its rows become boxes
    and arrows, and `mermaid` how a chart of Mermaid begins that is lines by templates. `details` are banks of what is
    said beside the drawing and the rules (`prompt/rule.`), each with the fact that has to be there, or the list of
    entries, one sentence for each. The word file has the heads of its table, the templates of its lines, and in
    each world the names that may stand in a drawing.
    """

    more_words: ClassVar[Sequence[Path]] = (FRAME,)
    notations: ClassVar[Sequence[str]]
    graph: ClassVar[Mapping[str, Any]] = {}
    mermaid: ClassVar[Mapping[str, Sequence[str]]] = {}
    said: ClassVar[str] = "{0} to {1}, {2}"  # a row in words; after `~` one without its last cell
    asides: ClassVar[Sequence[int]] = (2, 3, 3, 4)  # how many sentences stand there for colour
    details: ClassVar[Mapping[str, str]] = {}

    def own_forms(self) -> Mapping[str, Form[Any]]:
        """Return the forms of the drawing, and of what traces print of it."""
        notations = {"flow": Flowchart(**self.graph), "dot": Dot(**self.graph), **self.own_notations()}
        if "table" in self.notations:
            heads = [tuple(head.split("|")) for head in self.words.lists["head"]]
            notations |= {"table": MarkdownTable(*heads), "lines": RowByRow(*self.templates("line"))}
        chart = DrawingForm(self.in_words, **{name: notations[name] for name in dict.fromkeys(self.notations)})
        known = EntryForm({name: {"": name} for world in self.words.lists["world"] for name in self.names_in(world)})
        return {**super().own_forms(), "count": CountedForm("days", "doors", "events"), "chart": chart, "known": known}

    def own_notations(self) -> dict[str, Notation]:
        """Return notations that only this scheme has."""
        extras = [f"    {line}" for line in self.words.all_lists.get("between", ())]
        return {
            name: RowByRow(*self.templates(name), fence="mermaid", head=head, extras=extras)
            for name, head in self.mermaid.items()
        }

    def templates(self, name: str) -> list[tuple[str, str]]:
        """Return the templates of a list: for a whole row, and after `~` for one without its last cell."""
        pairs = (template.partition(" ~ ") for template in self.words.lists[name])
        return [(full, bare or "-") for full, _, bare in pairs]

    def in_words(self, row: Sequence[str]) -> str:
        """Return a row of the drawing in words."""
        full, _, bare = self.said.partition(" ~ ")
        return (full if row[-1] else bare or full).format(*row)

    def cast(self, rng: Random, facts: Mapping[str, Any]) -> dict[str, Any]:
        """Draw the genre, who writes, who reads, and in which world: the one that has the names of the drawing."""
        worlds, names = self.words.lists["world"], {name for row in facts["chart"] for name in row}
        world = max(rng.sample(list(worlds), len(worlds)), key=lambda world: len(names & {*self.names_in(world)}))
        return {**super().cast(rng, facts), "world": world}

    def drawn_world(self, rng: Random) -> Mapping[str, str]:
        """Draw a world, for the names that may stand in a drawing of it."""
        return rng.choice([*self.words.lists["world"].values()])

    def names_in(self, world: str) -> list[str]:
        """Return what may stand in a drawing of a world."""
        return self.words.lists["world"][world].get("names", "").split("|")

    @staticmethod
    def answers(chart: Rows) -> Sequence[str]:
        """Return the names in a drawing among which an answer is."""
        return ()

    def names_of(self, case: ProblemCase) -> Sequence[str]:
        """Return the names in the drawing of a case."""
        return self.answers(case.facts["chart"])

    def write(self, case: ProblemCase, page: Page) -> str:
        """Print the drawing, how it is read, what else is given, and some colour."""
        pen, known = case.pen("frame"), {**case.cast, **case.facts}
        entries = [(bank, known[fact]) for bank, fact in self.details.items() if fact in known]
        rows = [(bank, row) for bank, value in entries for row in (value if isinstance(value, list) else [{}])]
        details = [page.say(f"prompt/{bank}", **{**known, **row}) for bank, row in rows]
        notation = pen.pick("notation", *self.notations)
        chart = page.say("prompt/drawing") + "\n\n"
        chart += page.say(f"prompt/drawn.{notation}", chart=Sheet(known["chart"], case.pen("hand")))
        said = [page.say(bank.name, **known) for bank in self.words.under("prompt/rule.")]
        return self.framed(
            case,
            page,
            scene=page.say("prompt/scene", **known),
            drawing=chart,
            rules=" ".join(pen.order("rules", said)),
            given=" ".join(details),
            colour=" ".join(page.say("prompt/colour") for _ in range(pen.pick("asides", *self.asides))),
        )

    def prove(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask the answer set program, which has drawings and series as rows with the cells `c0`, `c1` and so on."""
        facts = {**facts, "names": tuple(self.answers(facts["chart"]))}
        rows = {
            key: [{f"c{at}": cell for at, cell in enumerate((row,) if isinstance(row, str) else row)} for row in value]
            for key, value in facts.items()
            if isinstance(value, tuple)
        }
        return super().prove({**facts, **rows})


def redrawn(chart: Rows, index: int, row: tuple[str, ...]) -> Change:
    """Return the change of one row of a drawing."""
    return Change({"chart": (*chart[:index], row, *chart[index + 1 :])})
