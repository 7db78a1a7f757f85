"""Ethics: what a printed framework requires of a case, never what is right.

Committees, wards, editors and councils apply texts that they did not write to cases that pull at the heart. Each case
comes with its framework printed whole: which rule speaks first, what it excepts, how options are compared. The question
is what follows from it, where two frameworks part, and on which fact.

It does not cover what is right, nor anything that would need a view of what is fair, kind or proportionate.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.ethics import schemes
from open_thoughts_gen.families.kit.family import SchemeFamily


class Ethics(SchemeFamily):
    """Charters, codes, protocols and standing orders applied to a case: what they entail, and where they part."""

    domain: ClassVar[str] = "ethics"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
