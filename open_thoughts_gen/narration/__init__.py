"""How a derivation becomes a text, and how such a text is read back: `plan`, `telling` and `alignment`."""
