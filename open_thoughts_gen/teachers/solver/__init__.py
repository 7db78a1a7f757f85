"""Writes a family's derivation out as reasoning: the teacher that needs no model, no key and no network."""

from open_thoughts_gen.narration.plan import listed as listed
from open_thoughts_gen.narration.telling import Telling as Telling
from open_thoughts_gen.teachers.solver.teacher import Solver as Solver
