"""Notations: how a drawing is written as text, and the parser that reads it back.

A drawing is rows of short texts (an arrow: from, to, what stands on it). A notation writes rows in one of many hands:
which way the chart runs, where a box is declared, how a label stands on its arrow, what a comment says. All of them
are valid where such text is drawn: Mermaid (https://mermaid.js.org/syntax/flowchart.html), the DOT language of Graphviz
(https://graphviz.org/doc/info/lang.html), tables of Markdown. The hand decides nothing, so what is read back is rows.

A parser reads what its own notation writes in any hand, line by line, and refuses everything else. It does not cover
what else these languages have: ports, styles, several arrows in one statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from open_thoughts_gen.families.kit.pen import Pen
from open_thoughts_gen.families.kit.sheets import REMARKS, Notation, Rows


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes with what stands in them, by their names in the code, and arrows between them, each with its label."""

    captions: Mapping[str, str]
    edges: Sequence[tuple[str, str, str]]


def named(names: Sequence[str], pen: Pen) -> dict[str, str]:
    """Return what each box is called in the code: by its own name, or by a letter and a number that say nothing."""
    if pen.chance("own names", 0.35) and all(re.fullmatch(r"\w+", name) for name in names):
        return {name: name for name in names}
    numbers, letter = pen.order("numbers", range(1, len(names) + 1)), pen.pick("letter", *"knpqrsuvw")
    return {name: f"{letter}{number}" for name, number in zip(names, numbers, strict=True)}


def arrows(rows: Rows, pen: Pen) -> Graph:
    """Return the graph of rows that are arrows; boxes stand in an order that says nothing."""
    names = pen.order("names", list(dict.fromkeys(name for row in rows for name in row[:2])))
    keys = named(names, pen)
    return Graph({keys[name]: name for name in names}, [(keys[row[0]], keys[row[1]], row[2]) for row in rows])


def rows_of_arrows(graph: Graph) -> Rows:
    """Return the arrows of a graph as rows."""
    captions = graph.captions
    return tuple((captions[one], captions[other], label) for one, other, label in graph.edges)


ToGraph = Callable[[Rows, Pen], Graph]
ToRows = Callable[[Graph], Rows]


class GraphNotation(Notation):
    """A notation of boxes and arrows; with `is_declared` all boxes are declared first, in the order of the rows.

    An arrow has the groups `one`, `other`, `label` (or `text`), and what stands in its boxes, `in_one` and `in_other`.
    """

    SKIPPED: ClassVar[re.Pattern[str]]
    NODE: ClassVar[re.Pattern[str]]
    EDGE: ClassVar[re.Pattern[str]]

    def __init__(self, graph: ToGraph = arrows, rows: ToRows = rows_of_arrows, *, is_declared: bool = False) -> None:
        """Take how rows become a graph, and a graph rows again."""
        self._graph, self._rows, self._is_declared = graph, rows, is_declared

    def declared(self, graph: Graph, pen: Pen) -> list[str]:
        """Return the boxes that are declared before the arrows."""
        needs = self._is_declared or pen.chance("declared", 0.35)
        return list(graph.captions) if needs else []

    def parse(self, lines: Sequence[str]) -> Rows:
        """Return the rows of a drawing."""
        captions, edges = dict[str, str](), list[tuple[str, str, str]]()
        for line in map(str.strip, lines):
            if self.SKIPPED.fullmatch(line):
                continue
            match = self.EDGE.fullmatch(line) or self.NODE.fullmatch(line)
            if match is None:
                raise ValueError(line)
            cells = match.groupdict(default="")
            for end in ("one", "other")[: 1 + ("other" in cells)]:
                captions[cells[end]] = cells.get(f"in_{end}") or captions.get(cells[end], cells[end])
            if "other" in cells:
                edges.append((cells["one"], cells["other"], cells["label"] or cells.get("text", "")))
        return self._rows(Graph(captions, edges))


def _box(end: str) -> str:
    """Return the pattern of a box of Mermaid, perhaps with what stands in it."""
    return rf'(?P<{end}>\w+)(?:(?:\[|\(\[|\{{\{{|\()"(?P<in_{end}>[^"]*)"(?:\]\)|\]|\}}\}}|\)))?'


class Flowchart(GraphNotation):
    """A flow chart of Mermaid."""

    fence: ClassVar[str | None] = "mermaid"
    SKIPPED: ClassVar = re.compile(r"(?:flowchart|graph) (?:LR|RL|TD|TB|BT)|%% .*|subgraph \w+(?:\[\"[^\"]*\"\])?|end")
    NODE: ClassVar = re.compile(_box("one"))
    EDGE: ClassVar = re.compile(
        rf'{_box("one")} (?:-->\|"?(?P<label>[^|"]*)"?\||-- (?P<text>.+?) -->|-->) {_box("other")}'
    )
    SHAPES: ClassVar[Sequence[tuple[str, str]]] = (("[", "]"), ("([", "])"), ("(", ")"), ("{{", "}}"))

    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the chart."""
        graph, known = self._graph(rows, pen), set[str]()
        opened, closed = pen.pick("shape", *self.SHAPES)

        def box(key: str) -> str:
            caption = graph.captions[key]
            if key in known or caption == key:
                return key
            known.add(key)
            return f'{key}{opened}"{caption}"{closed}'

        link = pen.pick("link", "-->|{}|", "-- {} -->", '-->|"{}"|')
        lines = [f"{pen.pick('word', 'flowchart', 'graph')} {pen.pick('way', 'LR', 'TD', 'RL', 'BT')}"]
        lines += [f"    %% {pen.pick('remark', *REMARKS)}"] if pen.chance("comment", 0.4) else []
        boxes = [f"    {box(key)}" for key in self.declared(graph, pen)]
        if boxes and pen.chance("frame", 0.4):
            head = f'    subgraph f1["{pen.pick("frame name", *REMARKS)}"]'
            boxes = [head, *(f"    {line}" for line in boxes), "    end"]
        lines += boxes
        for one, other, label in graph.edges:
            lines.append(f"    {box(one)} {link.format(label) if label else '-->'} {box(other)}")
        return lines


class Dot(GraphNotation):
    """A directed graph in the language of Graphviz."""

    fence: ClassVar[str | None] = "dot"
    SKIPPED: ClassVar = re.compile(r"digraph \w* ?\{|\}|rankdir=\w+;?|(?:node|edge) \[.*\];?|// .*")
    NODE: ClassVar = re.compile(r'(?P<one>\w+)(?: \[label="(?P<in_one>[^"]*)"\])?;?')
    EDGE: ClassVar = re.compile(r'(?P<one>\w+) -> (?P<other>\w+)(?: \[label="?(?P<label>[^"\]]*)"?\])?;?')

    def lines(self, rows: Rows, pen: Pen) -> list[str]:
        """Return the graph."""
        graph = self._graph(rows, pen)
        stop, quotes = pen.pick("stop", ";", ""), pen.pick("quotes", '"', '"', "")
        lines = [f"digraph {pen.pick('title', 'sheet', 'net', 'G', 'plan2', 'overview')} {{"]
        lines += [f"    rankdir={pen.pick('way', 'LR', 'TB', 'RL', 'BT')}{stop}"] if pen.chance("rank", 0.6) else []
        lines += [f"    node [shape={pen.pick('shape', 'box', 'ellipse', 'plain', 'oval')}]{stop}"]
        lines += [f"    // {pen.pick('remark', *REMARKS)}"] if pen.chance("comment", 0.4) else []
        is_plain = all(key == caption for key, caption in graph.captions.items())
        declared = self.declared(graph, pen) if is_plain else list(graph.captions)
        labels = {key: "" if key == caption else f' [label="{caption}"]' for key, caption in graph.captions.items()}
        boxes = [f"    {key}{labels[key]}{stop}" for key in declared]
        arrows_ = []
        for one, other, label in graph.edges:
            mark = quotes if label.isalnum() else '"'
            arrows_.append(f"    {one} -> {other}{f' [label={mark}{label}{mark}]' if label else ''}{stop}")
        last = not self._is_declared and pen.chance("boxes last", 0.3)
        return [*lines, *(arrows_ + boxes if last else boxes + arrows_), "}"]
