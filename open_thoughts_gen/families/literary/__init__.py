"""Literary: short narratives in which the text forces one reading."""

from open_thoughts_gen.families.literary.family import Literary as Literary
