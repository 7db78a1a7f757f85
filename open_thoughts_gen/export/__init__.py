"""Rows in the layout that a trainer reads, and the proof that reasoning survives the template they are trained with."""
