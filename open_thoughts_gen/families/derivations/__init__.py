"""Derivations: the first wrong step of somebody else's reasoning, and what should stand there."""

from open_thoughts_gen.families.derivations.family import Derivations as Derivations
