"""Evidence: whom and what to believe, and by how much.

Witnesses, instruments and documents whose reliability is a number, a graph or a printed protocol. What is independent
of what is said, and what each rate is a rate of, so that every answer follows from the prompt: an exact fraction, a
name, a set of names, a number, yes or no.

It does not cover how credible anybody is by manner or standing, nor whether evidence is admissible: that is a scheme of
the family `statutes`.
"""

from __future__ import annotations

from types import ModuleType
from typing import ClassVar

from open_thoughts_gen.families.evidence import schemes
from open_thoughts_gen.families.kit.family import SchemeFamily


class Evidence(SchemeFamily):
    """Reports, instruments, citations, logs and custody: what they carry, what they share, and what they leave open."""

    domain: ClassVar[str] = "evidence"
    license: ClassVar[str] = "cc0-1.0"
    home: ClassVar[ModuleType] = schemes
