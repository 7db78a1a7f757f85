"""Scheduling: what has to be done, by whom and by when; the least that is possible, and why nothing less is.

The hard half of such an answer is the no: no earlier finish, no second candidate, no free hour. So every derivation
bounds from below what can be reached, or rules out one candidate after another, and then shows a plan that attains the
bound. It never asks for "a plan", of which there may be many, but for what is the same in all the best ones.

It does not cover chance, costs that trade against each other, or sizes at which nobody could follow the argument.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.kit.family import SchemeFamily
from open_thoughts_gen.families.scheduling import schemes


class Scheduling(SchemeFamily):
    """Workshops, rosters, meetings, projects, loads and examinations, each with a proof of what is possible."""

    domain: ClassVar[str] = "scheduling"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
