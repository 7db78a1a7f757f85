"""Literary: short narratives in which the text forces one reading, and the place in the text that forces it.

To read fiction is to keep several worlds apart: what happened, what each person believes of it and of the others, when
it was, and who tells it. Each story comes from a plot that was simulated first; the question is one that its words
decide, and where one place in the text decides it, that place is part of the answer. Verse is judged by a printed rule
and by a pronouncing dictionary.

It does not cover taste, theme or tone, nor any reading on which two careful readers could differ.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.kit.family import SchemeFamily
from open_thoughts_gen.families.literary import schemes


class Literary(SchemeFamily):
    """Who knows what, in which order it happened, who tells the truth, through whose eyes, why, and in which metre."""

    domain: ClassVar[str] = "literary"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
