"""Finance: statements, agreements and schedules that are printed whole, and figures that are worked out twice.

No real firm, standard or tariff: whatever rule a figure depends on stands in the prompt, so that nothing has to be
known and everything has to be read. What a word means (EBITDA, net debt, cost of the stock) is defined now so, now
otherwise, and an amount is asked for with its currency and scale.

It does not cover forecasts, opinions, or anything that turns on what is prudent or material.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, ClassVar

from open_thoughts_gen.families.finance import schemes
from open_thoughts_gen.families.kit.family import SchemeFamily
from open_thoughts_gen.families.kit.program import program_of
from open_thoughts_gen.plugin import Problem


class Finance(SchemeFamily):
    """Figures of invented firms: what a line must be, which clause decides, what it would take to turn the result."""

    domain: ClassVar[str] = "finance"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes

    def traits(self, problem: Problem) -> Mapping[str, Any]:
        """Return scheme, question and level, and the answer as a program in the manner of FinQA, where it is one."""
        return {**super().traits(problem), "program": program_of(self.derive(problem))}
