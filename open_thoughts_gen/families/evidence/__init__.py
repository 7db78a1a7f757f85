"""Evidence: whom and what to believe, and by how much."""

from open_thoughts_gen.families.evidence.family import Evidence as Evidence
