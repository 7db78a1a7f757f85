"""Ethics: what a printed framework requires of a case, never what is right."""

from open_thoughts_gen.families.ethics.family import Ethics as Ethics
