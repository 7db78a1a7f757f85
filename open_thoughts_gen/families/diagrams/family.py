"""Diagrams: charts, plans and networks that are drawn in text, and what follows from them.

Mermaid, DOT, tables, listings and plans in ASCII: each drawing is written in a notation that a renderer takes, with the
order, the names and the layout of one hand or another, and is read back by a parser of the family's own before it
counts. What is asked is what people ask of a drawing: what arrives, when it is done, where it ends, what one line less
would change.

It does not cover pictures, nor the whole of any of these notations, nor drawings that leave something to the eye.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.diagrams import schemes
from open_thoughts_gen.families.kit.family import SchemeFamily


class Diagrams(SchemeFamily):
    """Networks, schedules, machines, floor plans, circuits and models of data, drawn in text."""

    domain: ClassVar[str] = "diagrams"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
