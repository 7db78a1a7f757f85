"""Counterfactuals: a small world runs by printed rules, one fact is changed, and the world is run again.

Everything that is not changed is held fixed, and the change travels only where the rules carry it; half of the art is
to see what it does not touch. Each world is printed whole, so that nothing but reading and reasoning is needed.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.counterfactual import schemes
from open_thoughts_gen.families.kit.family import SchemeFamily


class Counterfactual(SchemeFamily):
    """Worlds that are run twice: as they were, and with one fact changed."""

    domain: ClassVar[str] = "counterfactual"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
