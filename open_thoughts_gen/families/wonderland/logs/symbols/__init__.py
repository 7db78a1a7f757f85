"""The log of an equation puzzle in glyphs: a search over columns and products, with its whole state in sight.

Glyphs of digits are renamed A, B, C ... and operators P, Q, R, so that each is one token (`puzzle`). A world says how
numbers are read and what each operator does (`worlds`); differences are rewritten as additions. A world then is a list
of small steps of arithmetic over a few letters (`pieces`), and a search goes through them (`log`).
"""
