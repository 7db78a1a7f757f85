"""Solvers that read the text of a puzzle and nothing else.

They share no code with the schemes that write puzzles: a puzzle is published only if a solver that has not seen how it
was made is forced to its answer.
"""
