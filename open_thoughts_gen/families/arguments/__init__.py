"""Arguments: whether a conclusion follows, what is missing, and of which type an inference is."""

from open_thoughts_gen.families.arguments.family import Arguments as Arguments
