"""Diagrams: networks, schedules, machines, plans and more, drawn in text, and what follows from the drawing."""

from open_thoughts_gen.families.diagrams.family import Diagrams as Diagrams
